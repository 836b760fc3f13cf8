//! The external ID: the value that a provider and one customer share.

use std::fmt;

use super::account::AccountId;
use super::text::{Invalid, hexadecimal, is_name_character};

/// The value that the provider must send to assume the role: 2 to 1224 of `A-Za-z0-9_+=,.@:/-`.
///
/// AWS does not treat it as a secret, but we do: it has no `Display`, and its `Debug` hides it.
/// See [third-party access] in the IAM user guide.
///
/// [third-party access]: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExternalId(String);

impl ExternalId {
    /// How many random bytes [`from_random`](Self::from_random) wants: 160 bits.
    pub const RANDOM_BYTES: usize = 20;

    /// Reads an external ID. The error says nothing about the value but its length and a character
    /// that is not allowed.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let length = text.chars().count();
        let wrong = text.chars().position(|character| !is_name_character(character) && !":/".contains(character));
        match wrong {
            None if (2..=1224).contains(&length) => Ok(Self(text.to_owned())),
            None => Err(Invalid::new(format!("2 to 1224 characters of A-Za-z0-9_+=,.@:/- (it has {length})"))),
            Some(at) => Err(Invalid::new(format!(
                "2 to 1224 characters of A-Za-z0-9_+=,.@:/- (character {} of {length} is none of them)",
                at + 1
            ))),
        }
    }

    /// A new one: 40 hexadecimal digits of 160 random bits.
    pub fn from_random(bytes: [u8; Self::RANDOM_BYTES]) -> Self {
        Self(hexadecimal(&bytes))
    }

    /// One that was derived: 64 hexadecimal digits after the prefix, if there is one, and a dash.
    pub fn derived(prefix: Option<&ExternalIdPrefix>, bytes: [u8; 32]) -> Self {
        let digits = hexadecimal(&bytes);
        Self(prefix.map_or_else(|| digits.clone(), |prefix| format!("{prefix}-{digits}")))
    }

    /// The value itself, for the trust policy, the tag, and the answer. Never for a log or a reason.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Why this ID is easy to guess or to confuse with another, if it is. AWS asks providers for IDs that are
    /// unique per customer and cannot be guessed.
    pub fn weakness(&self) -> Option<&'static str> {
        let text = &self.0;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if AccountId::parse(text).is_ok() {
            Some("looks like an account ID, which is no secret and easily guessed")
        } else if text.starts_with("arn:") {
            Some("is an ARN, which others can know or guess")
        } else if text.split_once('@').is_some_and(|(user, domain)| !user.is_empty() && domain.contains('.')) {
            Some("looks like an e-mail address, which others know")
        } else if is_number_of_yaml(text) {
            Some("looks like a number that YAML reformatted: put it in quotes in the template")
        } else if digits {
            Some("is made of digits only, which is easily guessed")
        } else if text.len() < 16 {
            Some("is shorter than 16 characters, which is easily guessed")
        } else {
            None
        }
    }
}

/// Whether a text is a number as `CloudFormation` writes a long one that has no quotes in the template:
/// `1.234567890123456E15`.
fn is_number_of_yaml(text: &str) -> bool {
    let number = text.parse::<f64>().is_ok() && text.starts_with(|first: char| first.is_ascii_digit());
    number && text.contains(['.', 'e', 'E'])
}

impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExternalId(hidden)")
    }
}

/// The start of a provider's external IDs: 1 to 32 of `A-Za-z0-9-`. It only says whose they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalIdPrefix(String);

impl ExternalIdPrefix {
    /// Reads a prefix.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("1 to 32 characters of A-Za-z0-9-"))
        }
    }
}

impl fmt::Display for ExternalIdPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
