//! Patterns that the function's owner lists. Each one means all that it matches.

use std::fmt;

use super::account::AccountId;
use super::partition::Partition;
use super::text::Invalid;

/// The ARN of a role, or a pattern of such ARNs: `arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME`. Partition and account
/// may be `*`; path and name may contain `*` and `?`.
///
/// It is part of IAM policies, too, so it holds nothing that IAM would read in another way: no other part has a
/// wildcard, and there is no variable. A list of them is separated by commas, so a comma in a name is written as `?`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RolePattern(String);
text!(RolePattern);

impl RolePattern {
    /// Reads an ARN or a pattern.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let any_or = |part: &str, known: bool| part == "*" || known;
        let name = |c: char| c.is_ascii_alphanumeric() || "_+=.@-/*?".contains(c);
        let well_formed = match text.splitn(6, ':').collect::<Vec<_>>()[..] {
            ["arn", partition, "iam", "", account, resource] => {
                any_or(partition, Partition::parse(partition).is_ok())
                    && any_or(account, AccountId::parse(account).is_ok())
                    && resource.strip_prefix("role/").is_some_and(|role| !role.is_empty() && role.chars().all(name))
            }
            _ => false,
        };
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "the ARN of a role or a pattern of such ARNs, such as arn:aws:iam::111122223333:role/app-*",
            ))
        }
    }
}

/// The name of a stack or a pattern of such names, with `*` and `?`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StackNamePattern(String);
text!(StackNamePattern);

impl StackNamePattern {
    /// Reads a name or a pattern.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '*' | '?');
        if (1..=128).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "the name of a stack or a pattern of 1 to 128 characters of A-Za-z0-9-*?, such as network-*",
            ))
        }
    }
}

/// The start of the names of some buckets. A dash and the Region follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketPrefix(String);
text!(BucketPrefix);

impl BucketPrefix {
    /// Reads a prefix. With the longest Region name, the bucket's name has the maximum length.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (3..=48).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with('-') && !text.ends_with('-')
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("3 to 48 characters of a-z0-9- that neither begin nor end with a dash"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_roles_is_an_arn_of_roles_in_every_part() {
        for good in [
            "arn:aws:iam::111122223333:role/Deploy",
            "arn:aws-us-gov:iam::111122223333:role/ci/*/a_+=.@-9",
            "arn:*:iam::*:role/app-?",
        ] {
            assert_eq!(RolePattern::parse(good).map(|pattern| pattern.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "*",
            "Deploy",
            "arn:*",
            "arn:aws:iam::*",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role*",
            "arn:aws:iam::111122223333:user/Deploy",
            "arn:aws:iam::1111*:role/Deploy",
            "arn:aws*:iam::111122223333:role/Deploy",
            "arn:aws:i*m::111122223333:role/Deploy",
            "arn:aws:iam:*:111122223333:role/Deploy",
            "arn:aws:iam::111122223333:role/${aws:username}",
            "arn:aws:iam::111122223333:role/a:b",
            "arn:aws:iam::111122223333:role/a b",
        ] {
            assert!(RolePattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pattern_of_stacks_stays_within_their_name() {
        for good in ["n", "network", "network-*", "?etwork", "*", &"n".repeat(128)] {
            assert_eq!(StackNamePattern::parse(good).map(|pattern| pattern.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "a/*", "a b", "a_b", "${aws:username}", "a:b", &"n".repeat(129)] {
            assert!(StackNamePattern::parse(bad).is_err(), "{bad}");
        }
    }
}
