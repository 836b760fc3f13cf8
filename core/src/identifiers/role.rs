//! The name and the path of an IAM role.

use std::fmt;

use super::text::{Invalid, is_name_character};

/// The name of an IAM role: 1 to 64 of `A-Za-z0-9_+=,.@-`. IAM's names ignore case, this type does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleName(String);
text!(RoleName);

impl RoleName {
    /// The longest name, in characters.
    pub const LONGEST: usize = 64;

    /// Reads a role name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if (1..=Self::LONGEST).contains(&text.len()) && text.chars().all(is_name_character) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("1 to 64 characters of A-Za-z0-9_+=,.@-"))
        }
    }

    /// Whether templates cannot use it, because AWS, the CDK or this function has roles with names of this form.
    pub fn is_reserved(&self) -> bool {
        self.is_reserved_by_others() || self.0.to_ascii_lowercase().starts_with(OUR_OWN)
    }

    /// Whether AWS services or the CDK reserve names of this form for their own roles. A derived name may begin like the
    /// function's role, because it ends in a hash.
    pub fn is_reserved_by_others(&self) -> bool {
        let name = self.0.to_ascii_lowercase();
        RESERVED_STARTS.iter().any(|start| name.starts_with(start)) || RESERVED_NAMES.contains(&name.as_str())
    }

    /// Whether IAM takes both for the same role.
    pub fn same_role(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

/// How names begin that AWS services and the CDK reserve, in lower case.
const RESERVED_STARTS: [&str; 4] = ["awsservicerolefor", "awsreservedsso_", "stacksets-exec-", "cdk-"];
/// Names that AWS services reserve, in lower case.
const RESERVED_NAMES: [&str; 2] = ["organizationaccountaccessrole", "awscontroltowerexecution"];
/// How the names of the function's own roles begin.
const OUR_OWN: &str = "service-provider-access";

/// What the names of the function's roles begin with; empty: anything.
///
/// A prefix that a reserved name begins with, or that begins as one, is none: the function's rights are limited by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleNamePrefix(String);
text!(RoleNamePrefix);

impl RoleNamePrefix {
    /// The longest prefix, in characters. It leaves room for a derived name.
    pub const LONGEST: usize = 32;

    /// Reads a prefix.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let lower = text.to_ascii_lowercase();
        let reserved = RESERVED_STARTS.iter().chain(&RESERVED_NAMES).chain([&OUR_OWN]);
        let collides = reserved.into_iter().any(|name| name.starts_with(&lower) || lower.starts_with(name));
        if (1..=Self::LONGEST).contains(&text.len()) && text.chars().all(is_name_character) && !collides {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "1 to 32 characters of A-Za-z0-9_+=,.@- that begin no name which AWS, the CDK or this function reserves \
                 (such as cdk- or service-provider-access)",
            ))
        }
    }

    /// Whether the owner sets none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a name begins so. Letter case counts: it does in the IAM policy that limits the function.
    pub fn begins(&self, name: &RoleName) -> bool {
        name.0.starts_with(&self.0)
    }
}

/// The path of an IAM role: `/`, or segments of `A-Za-z0-9_+=,.@-` between slashes, up to 512 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePath(String);
text!(RolePath);

impl RolePath {
    /// Reads a path that starts and ends in a slash and has no empty segment.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let inner = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let segments =
            |inner: &str| inner.split('/').all(|segment| !segment.is_empty() && segment.chars().all(is_name_character));
        if text == "/" || (text.len() <= 512 && inner.is_some_and(segments)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "a path of up to 512 characters that starts and ends in a slash, with segments of A-Za-z0-9_+=,.@- \
                 between, such as /delegated/",
            ))
        }
    }

    /// Whether this path lies under `prefix`, or is it.
    pub fn is_under(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }
}
