//! What a template declares of a role, as CloudFormation sends it.

use super::ownership::StackResource;
use super::previous_template::name_and_path_hint;
use crate::identifiers::{RoleName, RolePath};
use crate::properties::Properties;
use crate::timestamp::Timestamp;

/// A role as a template declares it. The properties are not validated yet.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The resource that the role is for.
    pub resource: StackResource,
    /// Its properties.
    pub properties: Properties,
    /// What an update starts from; none on create.
    pub previous: Option<Previous>,
    /// When CloudFormation sent the request: the `X-Amz-Date` of its response URL. None on an emulator that does not say.
    pub sent: Option<Timestamp>,
}

/// What an update starts from.
#[derive(Clone, Debug)]
pub struct Previous {
    /// The physical ID: the name of the role, or the ID of a create that was refused.
    pub physical_id: String,
    /// The properties of the template before. They say what was once declared, never what exists.
    pub properties: Properties,
}

impl StackResource {
    /// The name that properties lead to, as far as it is known before they are validated: the one given, or the
    /// derived one. None when neither a path nor the owner's prefix is known.
    pub fn name_hint(&self, properties: &Properties, prefix: Option<&RolePath>) -> Option<RoleName> {
        let (name, path) = name_and_path_hint(properties);
        name.or_else(|| Some(self.derived_name(path.as_ref().or(prefix)?)))
    }
}
