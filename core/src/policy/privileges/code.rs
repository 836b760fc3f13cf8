//! The kinds of findings, and how grave one is.

use std::fmt;

/// What a document gives a third party. Its `Display` is the code, as reasons and documentation write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// Raises rights: by IAM, STS, Identity Center, identity providers, or by the code of functions and notebooks.
    Administrative,
    /// Passes or assumes roles that the owner does not list.
    PassesRole,
    /// Acts under the role of something that runs already.
    ActsAsWorkload,
    /// Shares resources or changes their policies.
    Exposes,
    /// Reads contents of everything, or obtains credentials of a service.
    ReadsData,
    /// Stops or deletes what records.
    AuditTrail,
    /// Writes to the organization.
    Organization,
    /// Every action of a service on everything of it.
    Broad,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Administrative => "administrative",
            Self::PassesRole => "passes-role",
            Self::ActsAsWorkload => "acts-as-workload",
            Self::Exposes => "exposes",
            Self::ReadsData => "reads-data",
            Self::AuditTrail => "audit-trail",
            Self::Organization => "organization",
            Self::Broad => "broad",
        })
    }
}

/// Whether a finding stops the role from being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It stops the role.
    Error,
    /// It is reported, and the role is made.
    Warning,
}
