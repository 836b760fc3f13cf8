//! What is known of a resource type.

use std::fmt;

use super::form::{OF_CLOUDFORMATION, Property, Relation};
use crate::values::plain;

/// A resource type.
pub struct ResourceType {
    /// Its name in a template.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// What `Ref` returns.
    pub reference: &'static str,
    /// What `Fn::GetAtt` returns, with the meaning of each.
    pub attributes: &'static [(&'static str, &'static str)],
    /// How properties depend on each other.
    pub relations: &'static [Relation],
    /// Its own properties.
    pub(super) own: &'static [Property],
    /// Names that users know from other tools, and what to do instead.
    pub(super) other_names: &'static [(&'static str, &'static str)],
}

impl ResourceType {
    /// Its properties, those of CloudFormation included.
    pub fn properties(&self) -> impl Iterator<Item = &'static Property> + use<> {
        self.own.iter().chain(OF_CLOUDFORMATION)
    }

    /// The property of this name.
    pub fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties().find(|property| property.name == name)
    }

    /// What to do instead of giving a property that users know from other tools.
    pub fn instead_of(&self, name: &str) -> Option<&'static str> {
        let name = plain(name);
        self.other_names.iter().find(|(other, _)| plain(other) == name).map(|(_, instead)| *instead)
    }
}

impl fmt::Debug for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
