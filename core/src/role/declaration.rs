//! What a template declares about a role, as CloudFormation sends it.

use super::ownership::StackResource;
use super::previous_template::name_and_path_hint;
use crate::identifiers::{RoleName, RoleNamePrefix, RolePath};
use crate::properties::Properties;
use crate::timestamp::Timestamp;

/// A role as a template declares it. The properties are not validated yet.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The resource that the role is for.
    pub resource: StackResource,
    /// Its properties.
    pub properties: Properties,
    /// The template before, for an update. `None` on create.
    pub previous: Option<Previous>,
    /// When CloudFormation sent the request: the `X-Amz-Date` of its response URL. `None` for an emulator without that
    /// date.
    pub sent: Option<Timestamp>,
}

/// The template before an update.
#[derive(Clone, Debug)]
pub struct Previous {
    /// The physical ID: the name of the role, or the ID of a create that was refused.
    pub physical_id: String,
    /// The properties of the template before. They say what was declared, not what exists.
    pub properties: Properties,
}

impl StackResource {
    /// The role name that follows from the properties before they are validated: the given one, or the derived one.
    /// `None` if neither a path nor the owner's prefix is known.
    pub fn name_hint(
        &self,
        properties: &Properties,
        path_prefix: Option<&RolePath>,
        name_prefix: Option<&RoleNamePrefix>,
    ) -> Option<RoleName> {
        let (name, path) = name_and_path_hint(properties);
        name.or_else(|| Some(self.derived_name(path.as_ref().or(path_prefix)?, name_prefix?)))
    }
}
