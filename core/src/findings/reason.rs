//! Why a request failed: its problems, and what introduces them.

use std::fmt;

use super::finding::Finding;
use super::fit::{cut, length};
use super::problems::Problems;
use crate::secrets::Secrets;

/// Why a request failed. [`Reason::within`] shortens it to the limit of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    introduction: String,
    problems: Problems,
}

impl Reason {
    /// The reason in at most this number of bytes of a JSON string. Problems that do not fit are counted.
    pub fn within(&self, room: usize) -> String {
        let Self { introduction, problems } = self;
        let introduction = if introduction.is_empty() { String::new() } else { format!("{introduction} ") };
        let problems = problems.within(room.saturating_sub(length(&introduction)));
        cut(&format!("{introduction}{problems}"), room)
    }

    /// The same reason without these secrets.
    #[must_use]
    pub fn without(self, secrets: &Secrets) -> Self {
        Self { problems: self.problems.without(secrets), ..self }
    }

    /// The same reason after an introduction.
    #[must_use]
    pub fn after(self, introduction: &str) -> Self {
        Self { introduction: introduction.to_owned(), ..self }
    }
}

/// The whole reason.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.within(usize::MAX))
    }
}

impl From<Finding> for Reason {
    fn from(finding: Finding) -> Self {
        Problems::from(finding).into()
    }
}

impl From<Problems> for Reason {
    fn from(problems: Problems) -> Self {
        Self { problems, ..Self::default() }
    }
}
