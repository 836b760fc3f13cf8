//! The resource types: the properties and attributes of each, as a table.
//!
//! The names, ranges and counts by which [`Reader`](crate::properties::Reader) judges properties are those of the table.
//! The [JSON schemas](ResourceType::json_schema) are written from it, and tests hold them equal to what the code accepts.

mod delegated_role;
mod form;
mod json_schema;
mod other_tools;
mod provider;
mod resource_type;
#[cfg(test)]
mod tests;
mod text;

use self::delegated_role::{ATTRIBUTES, PROPERTIES, RELATIONS};
pub use self::form::{Form, Property, Relation};
pub use self::resource_type::ResourceType;
pub use self::text::Text;
use crate::findings::{Code, Finding};
use crate::values::plain;

/// The customer's role for a provider.
pub static DELEGATED_ROLE: ResourceType = ResourceType {
    name: "Custom::DelegatedRole",
    summary: "An IAM role that a service provider can assume, within the limits of the function's owner.",
    reference: "The name of the role.",
    own: PROPERTIES,
    relations: RELATIONS,
    attributes: ATTRIBUTES,
    other_names: other_tools::OF_ROLES,
};

/// The provider's external ID for one customer.
pub static EXTERNAL_ID: ResourceType = ResourceType {
    name: "Custom::ExternalId",
    summary: "A provider's external ID for one customer: random, unique, and chosen by no one.",
    reference: "The handle from which the external ID is derived. It is as confidential as the external ID.",
    own: provider::EXTERNAL_ID,
    relations: &[],
    attributes: provider::EXTERNAL_ID_ATTRIBUTES,
    other_names: &[],
};

/// The provider's check of a customer's role.
pub static ACCESS_CHECK: ResourceType = ResourceType {
    name: "Custom::AccessCheck",
    summary: "Proves that a customer's role opens with the right external ID, and with nothing less.",
    reference: "The question, the verdict and the time of the check.",
    own: provider::ACCESS_CHECK,
    relations: &[],
    attributes: provider::ACCESS_CHECK_ATTRIBUTES,
    other_names: &[],
};

impl ResourceType {
    /// All of them.
    pub const ALL: [&'static Self; 3] = [&DELEGATED_ROLE, &EXTERNAL_ID, &ACCESS_CHECK];

    /// The resource type of this name, with or without `Custom::`.
    pub fn named(name: &str) -> Option<&'static Self> {
        let short = |name: &'static str| name.strip_prefix("Custom::").unwrap_or(name);
        Self::ALL.into_iter().find(|known| known.name == name || short(known.name) == name)
    }

    /// The resource type that a misspelled name means, if it is similar to one.
    pub fn meant_by(name: &str) -> Option<&'static Self> {
        let written = plain(&name.chars().take(100).collect::<String>());
        let likeness = |known: &Self| strsim::normalized_damerau_levenshtein(&written, &plain(known.name));
        Self::ALL.into_iter().find(|known| likeness(known) >= 0.85)
    }

    /// Why a request about a resource of this type is refused: it is none of them.
    pub fn unknown(name: &str) -> Finding {
        let name = if name.is_empty() { "(none)" } else { name };
        let message = format!(
            "{name} is not a resource type of this function; use Custom::DelegatedRole, Custom::ExternalId or Custom::AccessCheck."
        );
        Finding::failure(Code::UnknownResourceType, message)
    }
}
