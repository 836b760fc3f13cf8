//! The kinds of findings, and their severity.

use std::fmt;

/// What a document gives a third party. Its `Display` is the code, as reasons and documentation write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// Raises rights: by IAM, STS, Identity Center, identity providers, or by the code of functions and notebooks.
    Administrative,
    /// Passes or assumes roles that the owner does not list.
    PassesRole,
    /// Acts with the role of an existing workload.
    ActsAsWorkload,
    /// Shares resources or changes their policies.
    Exposes,
    /// Reads contents of everything, or obtains credentials of a service.
    ReadsData,
    /// Stops or deletes audit trails.
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

/// Whether a finding prevents the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The role is refused.
    Error,
    /// It is reported, and the role is still made.
    Warning,
}
