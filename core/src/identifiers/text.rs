//! What the identifiers share: the error, the characters that IAM allows, and hashes.

use std::fmt;

use sha2::{Digest, Sha256};

/// Why a text is not the identifier that it should be: a phrase that continues "must be …".
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

pub(crate) fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || NAME_PUNCTUATION.contains(character)
}

/// What IAM lets a tag hold: `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
pub(crate) fn is_tag_character(character: char) -> bool {
    character.is_alphanumeric()
        || (character.is_whitespace() && !character.is_control())
        || "_.:/=+-@".contains(character)
}

/// The SHA-256 hash of several texts, in 64 hexadecimal digits. Other borders between the texts give another hash.
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
