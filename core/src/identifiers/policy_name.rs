//! The name of an inline policy.

use std::fmt;

use super::text::{Invalid, is_name_character};

/// The name of an inline policy: 1 to 128 of `A-Za-z0-9_+=,.@-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyName(String);
text!(PolicyName);

impl PolicyName {
    /// Reads a policy name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if (1..=128).contains(&text.len()) && text.chars().all(is_name_character) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("1 to 128 characters of A-Za-z0-9_+=,.@-"))
        }
    }

    /// Whether IAM may take both for the same policy. Its documentation does not say whether letter case counts here.
    pub fn may_be(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}
