//! Validated names: a value of these types is always well-formed.
//!
//! The forms and limits are those of the [IAM and STS quotas] and of the API references of
//! `CreateRole` and `AssumeRole`. The error of each `parse` says what is allowed, never what was given: only the caller
//! knows whether the value may be repeated.
//!
//! [IAM and STS quotas]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html

/// A type whose text may be printed.
macro_rules! text {
    ($name:ident) => {
        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

mod account;
mod arn;
mod external_id;
mod network;
mod partition;
mod pattern;
mod policy_name;
mod role;
mod text;

pub use self::account::{Account, AccountId, Region};
pub use self::arn::{FunctionArn, PolicyArn, PrincipalArn, RoleArn, StackArn};
pub use self::external_id::{ExternalId, ExternalIdPrefix};
pub use self::network::{OrganizationId, PublicCidr};
pub use self::partition::Partition;
pub use self::pattern::{BucketPrefix, RolePattern, StackNamePattern};
pub use self::policy_name::PolicyName;
pub use self::role::{RoleName, RoleNamePrefix, RolePath};
pub use self::text::Invalid;
pub(crate) use self::text::{digest, hexadecimal, is_tag_character};

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    fn refused<T: fmt::Debug>(read: Result<T, Invalid>) -> String {
        read.expect_err("should be refused").to_string()
    }

    #[test]
    fn names_contain_only_what_iam_allows() {
        for good in ["a", "A_+=,.@-9", &"x".repeat(64)] {
            assert_eq!(RoleName::parse(good).map(|name| name.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "a b", "a/b", "ä", "a*", "a\n", &"x".repeat(65)] {
            assert_eq!(refused(RoleName::parse(bad)), "1 to 64 characters of A-Za-z0-9_+=,.@-", "{bad:?}");
        }
        for good in ["/", "/delegated/", "/a/b.c/"] {
            assert!(RolePath::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "//", "delegated/", "/delegated", "/a//b/", "/a b/", "/ä/", &format!("/{}/", "x".repeat(511))]
        {
            assert!(RolePath::parse(bad).is_err(), "{bad:?}");
        }
        for bad in ["", "12345678901", "1234567890123", "12345678901a", "１２３４５６７８９０１２"] {
            assert!(AccountId::parse(bad).is_err(), "{bad:?}");
        }
        for bad in ["o-123456789", "o-ABCDEFGHIJ", "ou-abcdefghij", &format!("o-{}", "a".repeat(33))] {
            assert!(OrganizationId::parse(bad).is_err(), "{bad:?}");
        }
        assert!(OrganizationId::parse("o-a1b2c3d4e5").is_ok());
    }

    #[test]
    fn only_public_ranges_are_source_ips() {
        for good in ["203.0.113.0/24", "8.8.8.8/32", "2001:db8::/32"] {
            assert_eq!(PublicCidr::parse(good).map(|cidr| cidr.to_string()), Ok(good.to_owned()));
        }
        for bad in ["10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0", "::/0", "127.0.0.1/32", "172.16.0.0/11", "fd00::/8", "x"]
        {
            assert!(PublicCidr::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(
            refused(PublicCidr::parse("203.0.113.7")),
            "a range in CIDR notation: for this one address, 203.0.113.7/32"
        );
        assert_eq!(
            refused(PublicCidr::parse("203.0.113.7/24")),
            "the network's first address with its length: 203.0.113.0/24"
        );
    }

    #[test]
    fn an_external_id_is_checked_but_not_repeated() {
        let longest = "x".repeat(1224);
        for good in ["ab", "A-Za-z0-9_+=,.@:/-", &longest] {
            assert!(ExternalId::parse(good).is_ok(), "{good}");
        }
        assert_eq!(refused(ExternalId::parse("s")), "2 to 1224 characters of A-Za-z0-9_+=,.@:/- (it has 1)");
        assert_eq!(
            refused(ExternalId::parse("sésame")),
            "2 to 1224 characters of A-Za-z0-9_+=,.@:/- (character 2 of 6 is none of them)"
        );
        assert!(ExternalId::parse(&"x".repeat(1225)).is_err());
        let id = ExternalId::from_random([0xab; 20]);
        assert_eq!((id.expose().len(), id.weakness()), (40, None));
        assert_eq!(format!("{id:?}"), "ExternalId(hidden)");
    }

    #[test]
    fn easily_guessed_external_ids_cause_a_warning() {
        for (id, why) in [
            ("123456789012", "account ID"),
            ("arn:aws:iam::123456789012:role/x", "ARN"),
            ("someone@example.com", "e-mail"),
            ("12345678901234567890", "digits only"),
            ("short-one", "shorter than 16"),
        ] {
            let weakness = ExternalId::parse(id).ok().and_then(|id| id.weakness()).unwrap_or_default();
            assert!(weakness.contains(why), "{id}: {weakness}");
        }
    }
}
