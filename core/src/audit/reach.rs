//! What a role may do, in the worst case: the judgement of its policies, as a summary.
//!
//! The judgement is that of a template. Denies, the permissions boundary and the guardrail policy do not count: they can
//! only take away from it.

use std::collections::BTreeSet;
use std::fmt;

use super::inspected::Inspected;
use crate::identifiers::PolicyArn;
use crate::installation::Installation;
use crate::policy::{Author, Code, Document, Severity, aws_managed};
use crate::role::account_lookup::AccountLookup;

/// How far the policies of a role reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// They grant nothing.
    #[default]
    Nothing,
    /// The judgement finds nothing in what they grant.
    Limited,
    /// The judgement finds what a reviewer should know.
    Sensitive,
    /// A policy could not be judged. What is found in the others is in the report.
    Unknown,
    /// An administrator, or someone who can become one.
    Administrator,
}

impl Level {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 5] = [Self::Nothing, Self::Limited, Self::Sensitive, Self::Unknown, Self::Administrator];

    /// The name in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Limited => "limited",
            Self::Sensitive => "sensitive",
            Self::Unknown => "unknown",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the policies of a role allow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// How far they reach.
    pub level: Level,
    /// What the judgement finds in them.
    pub privileges: BTreeSet<Code>,
    /// The services of the actions that they name; `*` is any. An AWS managed policy that is judged by its name adds none.
    pub services: BTreeSet<String>,
}

impl Reach {
    /// What this role may do. `lookup` is about the policies that must be read to judge it.
    pub fn of(role: &Inspected, installation: &Installation, lookup: &AccountLookup) -> Self {
        let mut reach = Self::default();
        for policy in role.inline.values() {
            match policy {
                Some(policy) => reach.add(policy, Author::Customer, installation),
                None => reach.at_least(Level::Unknown),
            }
        }
        for arn in &role.attached {
            match PolicyArn::parse(arn) {
                Ok(arn) => reach.add_attached(&arn, installation, lookup),
                Err(_) => reach.at_least(Level::Unknown),
            }
        }
        reach
    }

    fn add_attached(&mut self, arn: &PolicyArn, installation: &Installation, lookup: &AccountLookup) {
        let of_aws = arn.owner() == "aws";
        if arn.denies_everything() {
            return;
        }
        match (lookup.policies.get(arn), aws_managed(arn.name()).filter(|_| of_aws)) {
            (Some(Some(document)), _) => {
                let author = if of_aws { Author::Aws } else { Author::Customer };
                self.add(document, author, installation);
            }
            (None, Some(found)) => {
                self.at_least(Level::Limited);
                for found in found {
                    self.found(found.code, found.severity);
                }
            }
            _ => self.at_least(Level::Unknown),
        }
    }

    fn add(&mut self, policy: &Document, author: Author, installation: &Installation) {
        if policy.grants_nothing() {
            return;
        }
        self.at_least(Level::Limited);
        self.services.extend(policy.services());
        // What the owner permits is still an administrator.
        let prefix = installation.role_prefix();
        for privilege in policy.privileges(author, &installation.terms(&prefix, false)) {
            self.found(privilege.code, privilege.severity);
        }
    }

    fn found(&mut self, code: Code, severity: Severity) {
        let administrator = code == Code::Administrative && severity == Severity::Error;
        self.at_least(if administrator { Level::Administrator } else { Level::Sensitive });
        self.privileges.insert(code);
    }

    fn at_least(&mut self, level: Level) {
        self.level = self.level.max(level);
    }
}
