//! What a document grants in the worst case: denies never make it look safer, but three conditions do.

pub(super) mod code;
mod conditions;
mod found;
mod judge;
mod privilege;
mod reach;
mod roles;
mod terms;

use std::collections::BTreeSet;

use serde_json::Value;

use super::catalogue::aws_managed;
use super::document::Document;
use super::statement::{Statement, statements};

pub use code::{Code, Severity};
pub(super) use judge::judge;
pub use privilege::Privilege;
pub use terms::{Author, Terms};

impl Document {
    /// What it grants, judged for the worst case. Denies never lower a finding. Three conditions do:
    /// `iam:PolicyARN`, `iam:PermissionsBoundary` and `iam:PassedToService`.
    pub fn privileges(&self, author: Author, terms: &Terms<'_>) -> Vec<Privilege> {
        let administrative = |name: &str| Some(aws_managed(name)?.iter().any(|found| found.makes_administrators()));
        judge(self, author, terms, &administrative)
    }

    /// Whether it can only remove rights: every statement has the effect `Deny`, without any doubt.
    pub fn only_denies(&self) -> bool {
        let written = self.statements();
        let found = statements(self);
        !written.is_empty()
            && written.iter().all(Value::is_object)
            // None was found in a wrong place.
            && found.len() == written.len()
            && found.iter().all(Statement::plainly_denies)
    }

    /// The services of the actions that it may allow, as written but in lower case. `*` is any.
    pub fn services(&self) -> BTreeSet<String> {
        let mut services = BTreeSet::new();
        for statement in statements(self).iter().filter(|statement| statement.may_allow()) {
            if statement.has("NotAction") {
                services.insert("*".to_owned());
            }
            for action in statement.strings("Action") {
                let service = action.split_once(':').map_or("*", |(service, _)| service);
                services.insert(service.to_ascii_lowercase());
            }
        }
        services
    }

    /// Whether nothing in it could allow anything.
    pub fn grants_nothing(&self) -> bool {
        !statements(self).iter().any(Statement::may_allow)
    }
}

#[cfg(test)]
mod tests;
