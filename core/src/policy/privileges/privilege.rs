//! What the judgement of a document says.

use super::code::{Code, Severity};

/// What a document gives: for errors one per code and statement, for warnings one per code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Privilege {
    /// What it amounts to.
    pub code: Code,
    /// Its severity.
    pub severity: Severity,
    /// The statement, or the first of them, counted from 1.
    pub statement: usize,
    /// The others, for a warning that covers several.
    pub further_statements: Vec<usize>,
    /// The `Sid` of the first, fit for a sentence.
    pub sid: Option<String>,
    /// The actions as AWS writes them, worst first: all of an error, a few examples of a warning.
    pub actions: Vec<String>,
    /// How many actions there are.
    pub count: usize,
    /// The resources as written, the widest first, fit for a sentence.
    pub resources: Vec<String>,
}
