//! What an audit says.

use std::cmp::Reverse;

use delegated_role_core::audit::reach::Level;
use delegated_role_core::findings::Severity;
use delegated_role_core::timestamp::Timestamp;

/// An audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// When it ran.
    pub at: Timestamp,
    /// The account of the roles, if it is known.
    pub account: Option<String>,
    /// The Region from which the roles were audited, if it is known.
    pub region: Option<String>,
    /// What could not be read. Empty: the audit is complete.
    pub gaps: Vec<String>,
    /// The roles, the worst first.
    pub roles: Vec<Role>,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The ID of its stack, if a tag names one.
    pub stack_id: Option<String>,
    /// Its resource in the stack, if a tag names one.
    pub logical_id: Option<String>,
    /// The accounts and other principals that it admits.
    pub accounts: Vec<String>,
    /// Whether every way in requires an external ID.
    pub requires_external_id: bool,
    /// Whether every way in requires MFA.
    pub requires_mfa: bool,
    /// The longest session, in seconds.
    pub longest_session: u64,
    /// When the access ends. `None`: never.
    pub ends: Option<Timestamp>,
    /// When the role was made, if that is known.
    pub created: Option<Timestamp>,
    /// When it was last used, if IAM knows of a use.
    pub last_used: Option<Timestamp>,
    /// Names and ARNs of its policies.
    pub policies: Vec<String>,
    /// What they allow.
    pub reach: Reach,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
}

/// What the policies of a role allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// How far they reach.
    pub level: Level,
    /// What is found in them.
    pub privileges: Vec<String>,
    /// The services that they name.
    pub services: Vec<String>,
}

/// What was found in a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind it is.
    pub code: String,
    /// How grave it is.
    pub severity: Severity,
    /// What was found.
    pub message: String,
}

impl Audited {
    /// Whether everything was read.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }

    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.roles.iter().map(|role| role.count(severity)).sum()
    }

    /// How many findings there are, in words.
    pub fn findings_in_words(&self) -> String {
        in_words(self.count(Severity::Error), self.count(Severity::Warning))
    }
}

impl Role {
    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// How many findings there are, in words.
    pub fn findings_in_words(&self) -> String {
        in_words(self.count(Severity::Error), self.count(Severity::Warning))
    }

    /// The gravest severity. `None`: nothing was found.
    pub fn severity(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// What sorts the worst role first.
    pub(super) fn order(&self) -> impl Ord + use<'_> {
        let count = |severity| Reverse(self.count(severity));
        (count(Severity::Error), count(Severity::Warning), Reverse(self.reach.level), &self.name)
    }
}

/// A number and a noun that goes with it.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn in_words(errors: usize, warnings: usize) -> String {
    let words = |number, one| (number > 0).then(|| counted(number, one, &format!("{one}s")));
    let words: Vec<String> = [words(errors, "error"), words(warnings, "warning")].into_iter().flatten().collect();
    if words.is_empty() { "no findings".to_owned() } else { words.join(", ") }
}
