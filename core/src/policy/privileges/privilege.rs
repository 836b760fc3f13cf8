//! What the judgement of a document says, and what it has to know.

use std::fmt;

use super::judge::judge;
use crate::policy::Document;
use crate::policy::catalogue::aws_managed;

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

/// Who wrote a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The customer or the provider: an inline policy, or a managed policy of the account.
    Customer,
    /// AWS: a managed policy that is named by its ARN.
    Aws,
}

/// What the judgement needs to know besides the document.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The partition of the account.
    pub partition: &'a str,
    /// The account that the role is in.
    pub account: &'a str,
    /// What the function's roles are called: the owner's path prefix without its first slash, and the name prefix.
    pub role_prefix: &'a str,
    /// ARNs and patterns of the roles that may be passed or assumed.
    pub passable_roles: &'a [String],
    /// The boundary that every role must have.
    pub required_boundary: Option<&'a str>,
    /// Whether that is the boundary that the function's template ships, under which IAM denies passing other roles.
    pub boundary_in_force: bool,
    /// Whether template and owner permit administrators: errors become warnings.
    pub allow_administrative: bool,
}

/// What a document gives: for errors one per code and statement, for warnings one per code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Privilege {
    /// What it amounts to.
    pub code: Code,
    /// How grave that is.
    pub severity: Severity,
    /// The statement, or the first of them, counted from 1.
    pub statement: usize,
    /// Its `Sid`, fit for a sentence.
    pub sid: Option<String>,
    /// The actions as AWS writes them, worst first: all of an error, a few examples of a warning.
    pub actions: Vec<String>,
    /// How many actions there are.
    pub count: usize,
    /// The resources as written, the widest first, fit for a sentence.
    pub resources: Vec<String>,
}

impl Document {
    /// What it grants, judged for the worst case. Denies never lower a finding. Three conditions do:
    /// `iam:PolicyARN`, `iam:PermissionsBoundary` and `iam:PassedToService`.
    pub fn privileges(&self, author: Author, terms: &Terms<'_>) -> Vec<Privilege> {
        let administrative = |name: &str| Some(aws_managed(name)?.iter().any(|found| found.makes_administrators()));
        judge(self, author, terms, &administrative)
    }
}
