//! The forms of strings, as patterns that ECMAScript, Python and Rust read alike.

use std::ops::RangeInclusive;

/// The form of a string.
#[derive(Debug)]
pub struct Text {
    /// A regular expression for the whole string, without its anchors.
    pub pattern: &'static str,
    /// How many characters it can have.
    pub length: RangeInclusive<usize>,
    /// The numbers that need no quotes in a template, if any.
    pub integers: Option<RangeInclusive<u64>>,
    /// What it must be, in words.
    pub must_be: &'static str,
}

/// One segment of a path, or a name.
macro_rules! segment {
    () => {
        "[A-Za-z0-9_+=,.@-]+"
    };
}

/// Everything in an ARN of IAM before the account.
macro_rules! iam {
    () => {
        "arn:(?:aws|aws-cn|aws-us-gov|aws-eusc|aws-iso|aws-iso-b|aws-iso-e|aws-iso-f):iam::"
    };
}

pub(super) const ACCOUNT: Text = Text {
    pattern: "[0-9]{12}",
    length: 12..=12,
    integers: Some(100_000_000_000..=999_999_999_999),
    must_be: "an AWS account ID of 12 digits, in quotes where it starts with 0",
};

pub(super) const EXTERNAL_ID: Text = Text {
    pattern: "[A-Za-z0-9_+=,.@:/-]+",
    length: 2..=1_224,
    integers: Some(10..=u64::MAX),
    must_be: "2 to 1224 characters of A-Za-z0-9_+=,.@:/-",
};

pub(super) const EXTERNAL_ID_PREFIX: Text = Text {
    pattern: "[A-Za-z0-9-]+",
    length: 1..=32,
    integers: Some(0..=u64::MAX),
    must_be: "1 to 32 characters of A-Za-z0-9-",
};

pub(super) const ROLE_NAME: Text = Text {
    pattern: segment!(),
    length: 1..=64,
    integers: Some(0..=u64::MAX),
    must_be: "1 to 64 characters of A-Za-z0-9_+=,.@-",
};

pub(super) const POLICY_NAME: Text = Text {
    pattern: segment!(),
    length: 1..=128,
    integers: Some(0..=u64::MAX),
    must_be: "1 to 128 characters of A-Za-z0-9_+=,.@-",
};

pub(super) const ROLE_PATH: Text = Text {
    pattern: concat!("/(?:", segment!(), "/)*"),
    length: 1..=512,
    integers: None,
    must_be: "a path of up to 512 characters that starts and ends in a slash, such as /delegated/",
};

pub(super) const ROLE_ARN: Text = Text {
    pattern: concat!(iam!(), "[0-9]{12}:role/(?:", segment!(), "/)*[A-Za-z0-9_+=,.@-]{1,64}"),
    length: 1..=2_048,
    integers: None,
    must_be: "the ARN of a role, such as arn:aws:iam::111122223333:role/NAME",
};

pub(super) const PRINCIPAL_ARN: Text = Text {
    pattern: concat!(iam!(), "[0-9]{12}:(?:role|user)/(?:", segment!(), "(?:/", segment!(), ")*(?:/?\\*)?|\\*)"),
    length: 1..=2_048,
    integers: None,
    must_be: "the ARN of a role or user, such as arn:aws:iam::111122223333:role/Deploy, with at most one *, at its end",
};

pub(super) const POLICY_ARN: Text = Text {
    pattern: concat!(iam!(), "(?:aws|[0-9]{12}):policy/(?:", segment!(), "/)*", segment!()),
    length: 1..=2_048,
    integers: None,
    must_be: "the ARN of a managed policy, such as arn:aws:iam::aws:policy/SecurityAudit",
};

pub(super) const ORGANIZATION: Text = Text {
    pattern: "o-[a-z0-9]{10,32}",
    length: 12..=34,
    integers: None,
    must_be: "an organization's ID: o- followed by 10 to 32 of a-z0-9",
};

/// Wider than the code, which knows private ranges and host bits.
pub(super) const PUBLIC_CIDR: Text = Text {
    pattern: "[0-9A-Fa-f:.]+/[0-9]{1,3}",
    length: 1..=49,
    integers: None,
    must_be: "a range of public IP addresses in CIDR notation, such as 203.0.113.0/24",
};

/// Wider than the code, which knows how many days a month has.
pub(super) const TIMESTAMP: Text = Text {
    pattern: "(?:19[7-9][0-9]|[2-9][0-9]{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])\
              T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z",
    length: 20..=20,
    integers: None,
    must_be: "a time in UTC, in a year from 1970 to 9999, written like 2027-01-31T18:00:00Z",
};

pub(super) const REGION: Text = Text {
    pattern: "[a-z]+(?:-[a-z]+)+-[0-9]{1,2}",
    length: 1..=64,
    integers: None,
    must_be: "a Region, such as eu-west-1",
};

pub(super) const DESCRIPTION: Text = Text {
    pattern: "[\\t\\n\\r -~\\u00a1-\\u00ff]*",
    length: 1..=1_000,
    integers: Some(0..=u64::MAX),
    must_be: "1 to 1000 characters of Latin-1 (up to U+00FF) without control characters",
};
