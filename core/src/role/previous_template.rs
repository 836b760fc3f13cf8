//! What old properties declared, and where a role may be: read leniently, and only a hint.
//!
//! Old properties say what an earlier template declared, not what exists.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::ownership::OUR_TAGS;
use crate::identifiers::{ExternalId, PolicyArn, Region, RoleName, RolePath};
use crate::properties::{scalar, texts};

/// What an earlier template declared, read leniently.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnceDeclared {
    /// Managed policies.
    pub managed_policies: BTreeSet<PolicyArn>,
    /// Whether there was a `CustomPolicy`.
    pub custom_policy: bool,
    /// Keys of tags.
    pub tag_keys: BTreeSet<String>,
}

impl OnceDeclared {
    /// Reads what can be read.
    pub fn read(properties: &Map<String, Value>) -> Self {
        let tags = properties.get("Tags").and_then(Value::as_array).into_iter().flatten();
        Self {
            managed_policies: texts(properties.get("ManagedPolicyArns"))
                .iter()
                .filter_map(|arn| PolicyArn::parse(arn).ok())
                .collect(),
            custom_policy: properties.contains_key("CustomPolicy"),
            tag_keys: tags
                .filter_map(|tag| tag.get("Key")?.as_str())
                .filter(|key| !key.to_lowercase().starts_with(OUR_TAGS))
                .map(ToOwned::to_owned)
                .collect(),
        }
    }
}

/// The name and path in the properties, read leniently: a hint where a role may be.
pub fn name_and_path_hint(properties: &Map<String, Value>) -> (Option<RoleName>, Option<RolePath>) {
    let text = |name: &str| properties.get(name).and_then(scalar);
    (
        text("RoleName").and_then(|name| RoleName::parse(&name).ok()),
        text("Path").and_then(|path| RolePath::parse(&path).ok()),
    )
}

/// The Region whose stack manages the role, read leniently. `None` if each stack manages its own role.
pub fn home_region_hint(properties: &Map<String, Value>) -> Option<Region> {
    properties.get("HomeRegion").and_then(scalar).and_then(|region| Region::parse(&region).ok())
}

/// Whether the properties contain this external ID.
pub fn gave_external_id(properties: &Map<String, Value>, id: &ExternalId) -> bool {
    texts(properties.get("ExternalId")).iter().any(|text| text == id.expose())
}
