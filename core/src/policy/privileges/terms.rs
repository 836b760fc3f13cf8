//! What the judgement needs beside the document.

use crate::identifiers::RolePattern;

/// Who wrote a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The customer or the provider: an inline policy, or a managed policy of the account.
    Customer,
    /// AWS: a managed policy that is named by its ARN.
    Aws,
}

/// What the judgement needs beside the document.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The partition of the account.
    pub partition: &'a str,
    /// The account that the role is in.
    pub account: &'a str,
    /// The start of the path and name of the function's roles: the owner's path prefix without its first slash.
    pub role_prefix: &'a str,
    /// ARNs and patterns of the roles that may be passed or assumed.
    pub passable_roles: &'a [RolePattern],
    /// The boundary that every role must have.
    pub required_boundary: Option<&'a str>,
    /// Whether that is the boundary that the function's template ships, under which IAM denies passing other roles.
    pub boundary_in_force: bool,
    /// Whether template and owner permit administrators: errors become warnings.
    pub allow_administrative: bool,
}
