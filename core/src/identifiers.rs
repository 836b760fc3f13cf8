//! Validated names; holding one is proof that it is well-formed.
//!
//! The forms and limits are those of the [IAM and STS quotas] and of the API references of
//! `CreateRole` and `AssumeRole`. Every `parse` answers with what is allowed, never with what was
//! given: whether that may be repeated is for the caller to know.
//!
//! [IAM and STS quotas]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html

/// A type whose text anybody may read.
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

mod arn;
mod external_id;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use sha2::{Digest, Sha256};

pub use self::arn::{FunctionArn, PolicyArn, PrincipalArn, RoleArn, StackArn};
pub use self::external_id::{ExternalId, ExternalIdPrefix};

/// Why a text is not the identifier that it should be: a phrase that goes on from "must be …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);

impl Invalid {
    pub(crate) fn new(allowed: impl Into<String>) -> Self {
        Self(allowed.into())
    }
}

/// The characters that IAM allows in names, paths and external IDs, beside letters and digits.
const NAME_PUNCTUATION: &str = "_+=,.@-";

fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || NAME_PUNCTUATION.contains(character)
}

/// An AWS account: 12 digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountId(String);
text!(AccountId);

impl AccountId {
    /// Reads 12 ASCII digits.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("an AWS account ID of 12 digits, in quotes where it starts with 0"))
        }
    }
}

/// A partition of AWS, the second part of every ARN: `aws`, `aws-cn`, `aws-us-gov`, ….
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition(String);
text!(Partition);

impl Partition {
    /// Reads `aws` or `aws-` and lower-case letters and dashes.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let known = text == "aws" || text.strip_prefix("aws-").is_some_and(|rest| !rest.is_empty());
        if known && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("an AWS partition such as aws"))
        }
    }
}

/// An AWS account and the partition that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The partition.
    pub partition: Partition,
    /// The account's ID.
    pub id: AccountId,
}

/// A Region of AWS, such as `eu-west-1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region(String);
text!(Region);

impl Region {
    /// Reads lower-case words between dashes, and a number at the end.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
        let well_formed = text.rsplit_once('-').is_some_and(|(words, number)| {
            words.contains('-')
                && words.split('-').all(word)
                && (1..=2).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        if well_formed { Ok(Self(text.to_owned())) } else { Err(Invalid::new("a Region, such as eu-west-1")) }
    }
}

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

    /// Whether AWS services or the CDK keep names of this form for their own roles.
    pub fn is_reserved(&self) -> bool {
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

/// An AWS organization: `o-` and 10 to 32 of `a-z0-9`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationId(String);
text!(OrganizationId);

impl OrganizationId {
    /// Reads an organization's ID.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let well_formed = text.strip_prefix("o-").is_some_and(|rest| {
            (10..=32).contains(&rest.len())
                && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("an organization's ID: o- followed by 10 to 32 of a-z0-9"))
        }
    }
}

/// A range of public IP addresses in CIDR notation: the value of an `IpAddress` condition on `aws:SourceIp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicCidr(IpNet);

impl PublicCidr {
    /// Reads a network without host bits that holds no private, loopback, link-local or multicast address.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if let Ok(address) = text.parse::<IpAddr>() {
            let whole = if address.is_ipv4() { 32 } else { 128 };
            return Err(Invalid::new(format!("a range in CIDR notation: for this one address, {address}/{whole}")));
        }
        let network: IpNet = text
            .parse()
            .map_err(|_| Invalid::new("a range of public IP addresses in CIDR notation, such as 203.0.113.0/24"))?;
        if network.trunc() != network {
            return Err(Invalid::new(format!("the network's first address with its length: {}", network.trunc())));
        }
        if never_public().iter().any(|reserved| reserved.contains(&network) || network.contains(reserved)) {
            return Err(Invalid::new(
                "a range of public addresses only: AWS sees the caller's public address, never a private one",
            ));
        }
        Ok(Self(network))
    }

    /// Whether every address of `other` is in this range.
    pub fn contains(&self, other: &Self) -> bool {
        self.0.contains(&other.0)
    }
}

impl fmt::Display for PublicCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// RFC 1918, 6598, 3927, 4193 and their like: no request reaches AWS's public endpoints from there.
fn never_public() -> [IpNet; 11] {
    let v4 = |a, b, c, d, length| IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length));
    let v6 = |first, length| IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0), length));
    [
        v4(0, 0, 0, 0, 8),
        v4(10, 0, 0, 0, 8),
        v4(100, 64, 0, 0, 10),
        v4(127, 0, 0, 0, 8),
        v4(169, 254, 0, 0, 16),
        v4(172, 16, 0, 0, 12),
        v4(192, 168, 0, 0, 16),
        v4(224, 0, 0, 0, 3),
        v6(0, 8),
        v6(0xfc00, 7),
        v6(0xfe80, 9),
    ]
}

/// What IAM lets a tag hold: `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
pub(crate) fn is_tag_character(character: char) -> bool {
    character.is_alphanumeric()
        || (character.is_whitespace() && !character.is_control())
        || "_.:/=+-@".contains(character)
}

/// The SHA-256 hash of several texts, in 64 hexadecimal digits; where one ends and the next begins matters.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hexadecimal(&hash.finalize())
}

/// Lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: fmt::Debug>(read: Result<T, Invalid>) -> String {
        read.expect_err("should be refused").to_string()
    }

    #[test]
    fn names_hold_what_iam_allows_and_nothing_else() {
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
    fn an_external_id_is_checked_without_being_told() {
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
    fn easily_guessed_external_ids_are_told() {
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
