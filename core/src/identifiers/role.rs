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

    /// Whether a template may not give it: AWS, the CDK or this function has roles with names of this form.
    pub fn is_reserved(&self) -> bool {
        self.is_reserved_by_others() || self.0.to_ascii_lowercase().starts_with("service-provider-access")
    }

    /// Whether AWS services or the CDK reserve names of this form for their own roles. A derived name may begin like the
    /// function's role, because it ends in a hash.
    pub fn is_reserved_by_others(&self) -> bool {
        const STARTS: [&str; 4] = ["awsservicerolefor", "awsreservedsso_", "stacksets-exec-", "cdk-"];
        const NAMES: [&str; 2] = ["organizationaccountaccessrole", "awscontroltowerexecution"];
        let name = self.0.to_ascii_lowercase();
        STARTS.iter().any(|start| name.starts_with(start)) || NAMES.contains(&name.as_str())
    }

    /// Whether IAM takes both for the same role.
    pub fn same_role(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
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
