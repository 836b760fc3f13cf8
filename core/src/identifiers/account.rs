//! Accounts and Regions.

use std::fmt;

use super::partition::Partition;
use super::text::Invalid;

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
