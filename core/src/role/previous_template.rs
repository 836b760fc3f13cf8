//! What old properties declared, and where a role may be: read leniently, and only a hint.
//!
//! Old properties say what an earlier template declared, not what exists.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::ownership::OUR_TAGS;
use super::policy_names::{CUSTOM_POLICY, is_reserved};
use crate::identifiers::{ExternalId, PolicyArn, PolicyName, Region, RoleName, RolePath};
use crate::properties::{scalar, texts};

/// What an earlier template declared, read leniently.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnceDeclared {
    /// Managed policies.
    pub managed_policies: BTreeSet<PolicyArn>,
    /// Names of inline policies: `CustomPolicy`, and those of `Policies`.
    pub inline_policies: BTreeSet<String>,
    /// Keys of tags.
    pub tag_keys: BTreeSet<String>,
}

impl OnceDeclared {
    /// Reads what can be read.
    pub fn read(properties: &Map<String, Value>) -> Self {
        let custom_policy = properties.get("CustomPolicy").map(|_| CUSTOM_POLICY.to_owned()).into_iter();
        let policies = properties.get("Policies").and_then(Value::as_array).into_iter().flatten();
        // A template that gave a reserved name was refused, and the policy of this name is another.
        let policies = policies
            .filter_map(|policy| policy.get("PolicyName").and_then(scalar))
            .filter(|name| PolicyName::parse(name).is_ok() && !is_reserved(name));
        let tags = properties.get("Tags").and_then(Value::as_array).into_iter().flatten();
        Self {
            managed_policies: texts(properties.get("ManagedPolicyArns"))
                .iter()
                .filter_map(|arn| PolicyArn::parse(arn).ok())
                .collect(),
            inline_policies: custom_policy.chain(policies).collect(),
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
