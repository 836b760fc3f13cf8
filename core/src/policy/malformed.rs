//! Why a text or a value is not a policy document.

use thiserror::Error;

/// How deep a document may be nested. A policy needs six levels: document, statements, statement, condition, operator,
/// values.
pub(super) const MAX_NESTING: usize = 16;

/// Why a text or a value is not a policy document. The name of the property comes before it:
/// "`CustomPolicy` is not valid JSON: …".
///
/// It quotes keys but never values, which may be external IDs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Malformed {
    /// There is no text.
    #[error("is empty: write a policy, or remove the property")]
    Empty,
    /// The text is not JSON.
    #[error("is not valid JSON: {detail} (line {line}, column {column})")]
    NotJson {
        /// What the parser reports.
        detail: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// Parsers differ in which of the two values they keep.
    #[error("has the key \"{key}\" twice in the same object (the second at line {line}, column {column}): keep one")]
    RepeatedKey {
        /// Shortened for a sentence.
        key: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// JSON, but a list or a scalar.
    #[error("must be a JSON object, but is {0}")]
    NotAnObject(&'static str),
    /// The limit bounds the stack and the time of everything that walks through a document.
    #[error("is nested more than {MAX_NESTING} levels deep: a policy needs 6 levels")]
    TooDeep,
    /// The percent-encoded bytes are not UTF-8.
    #[error("is not UTF-8 text after percent-decoding")]
    NotUtf8,
}
