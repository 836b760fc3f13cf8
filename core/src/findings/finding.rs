//! One finding.

use std::fmt;

use super::code::Code;
use super::fit::{cut, length};

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It is allowed, but a person should look at it.
    Warning,
    /// The request is refused.
    Error,
}

impl Severity {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that is wrong, or that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of finding it is.
    pub code: Code,
    /// How serious it is.
    pub severity: Severity,
    /// The property, or the setting of the function's owner. Empty: none, the finding is about the role as a whole.
    pub property: String,
    /// What is wrong, where, and what to do: whole sentences.
    pub message: String,
    /// The policy document and the number of its statement, where the finding is about one. 0: the document as a whole.
    pub(super) statement: Option<(String, usize)>,
}

impl Finding {
    /// A problem: the request is refused.
    pub fn error(code: Code, property: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, property.into(), message.into())
    }

    /// Why a request failed, if no property is the cause.
    pub fn failure(code: Code, message: impl Into<String>) -> Self {
        Self::error(code, "", message)
    }

    /// A warning.
    pub fn warning(code: Code, property: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, property.into(), message.into())
    }

    fn new(severity: Severity, code: Code, property: String, message: String) -> Self {
        Self { code, severity, property, message, statement: None }
    }

    /// The same finding, about one statement of a policy document. Problems list such findings last, by statement.
    #[must_use]
    pub fn in_statement(self, document: impl Into<String>, number: usize) -> Self {
        Self { statement: Some((document.into(), number)), ..self }
    }

    /// The number of its statement, counted from 1. `None` if it is not about a single statement.
    pub fn statement_number(&self) -> Option<usize> {
        self.statement.as_ref().map(|(_, number)| *number).filter(|number| *number > 0)
    }

    /// The same finding, followed by more sentences.
    #[must_use]
    pub fn and(self, sentences: impl fmt::Display) -> Self {
        Self { message: format!("{} {sentences}", self.message), ..self }
    }

    /// The same finding in other words.
    #[must_use]
    pub fn saying(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// The finding in at most this number of bytes of a JSON string. The code is kept.
    pub(super) fn within(&self, room: usize) -> String {
        let text = self.to_string();
        let code = format!(" [{}]", self.code);
        match text.strip_suffix(&code) {
            Some(message) if length(&text) > room => {
                format!("{}{code}", cut(message, room.saturating_sub(length(&code))))
            }
            _ => text,
        }
    }

    /// The sentence without the advice that other findings share.
    pub(super) fn without_advice(&self) -> String {
        format!("{} [{}]", self.message, self.code)
    }
}

/// The message, what to do, and the code.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code.advice().filter(|_| self.severity == Severity::Error) {
            Some(advice) => write!(f, "{} {advice} [{}]", self.message, self.code),
            None => f.write_str(&self.without_advice()),
        }
    }
}
