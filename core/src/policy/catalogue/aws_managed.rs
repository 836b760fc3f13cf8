//! What AWS's own managed policies amount to, by name: judged in advance by the very rules of `privileges`.
//!
//! Each line of the table is a policy: how many characters its name shares with the line before, the rest of its
//! name, and the letters of what was found in its document.

use crate::policy::privileges::code::{Code, Severity};

const TABLE: &str = include_str!("aws_managed.txt");

/// What an AWS-managed policy amounts to when it is named by its ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByArn {
    /// What is found in its document.
    pub code: Code,
    /// How grave that is for a policy that AWS wrote, where no boundary of the owner is in force.
    pub severity: Severity,
}

impl ByArn {
    /// Whether it is a reason to say that the policy makes administrators.
    pub(in crate::policy) fn makes_administrators(self) -> bool {
        self.code == Code::Administrative && self.severity == Severity::Error
    }
}

/// What the AWS-managed policy of this name amounts to, gravest first; nothing for a name that the table does not know.
///
/// Names are compared without regard to letter case, as IAM keeps them unique.
pub fn aws_managed(name: &str) -> Option<Vec<ByArn>> {
    entries().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, letters)| read(letters))
}

/// Names and letters of the table.
pub(super) fn entries() -> impl Iterator<Item = (String, &'static str)> {
    let mut name = String::new();
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(move |line| {
        let (shared, rest) = line.split_at_checked(2)?;
        let (rest, letters) = rest.split_once(' ').unwrap_or((rest, ""));
        name.truncate(shared.parse().ok()?);
        name.push_str(rest);
        Some((name.clone(), letters))
    })
}

const LETTERS: [(char, Code, Severity); 10] = [
    ('A', Code::Administrative, Severity::Error),
    ('P', Code::PassesRole, Severity::Error),
    ('a', Code::Administrative, Severity::Warning),
    ('p', Code::PassesRole, Severity::Warning),
    ('w', Code::ActsAsWorkload, Severity::Warning),
    ('x', Code::Exposes, Severity::Warning),
    ('r', Code::ReadsData, Severity::Warning),
    ('t', Code::AuditTrail, Severity::Warning),
    ('o', Code::Organization, Severity::Warning),
    ('b', Code::Broad, Severity::Warning),
];

fn read(letters: &str) -> Vec<ByArn> {
    let known = |letter| LETTERS.iter().find(|(known, ..)| *known == letter);
    letters.chars().filter_map(known).map(|&(_, code, severity)| ByArn { code, severity }).collect()
}

#[cfg(test)]
pub(super) mod making {
    //! The other direction, for the test that makes the table anew.

    use super::{ByArn, LETTERS};

    /// The table of these policies, which must be in order of their names.
    pub(crate) fn table<'n>(policies: impl Iterator<Item = (&'n str, Vec<ByArn>)>) -> String {
        let mut before = "";
        let line = |(name, found): (&'n str, Vec<ByArn>)| {
            let shared = before.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
            before = name;
            let is_found =
                |(_, code, severity): &(char, _, _)| found.iter().any(|f| (f.code, f.severity) == (*code, *severity));
            let letters: String = LETTERS.iter().filter(|known| is_found(known)).map(|(letter, ..)| *letter).collect();
            let space = if letters.is_empty() { "" } else { " " };
            format!("{shared:02}{}{space}{letters}\n", &name[shared..])
        };
        policies.map(line).collect()
    }
}
