//! Why a request failed: a sentence, a list of problems, or both.

use std::fmt;

use super::finding::Finding;
use super::fit::{cut, length};
use super::problems::Problems;
use crate::secrets::Secrets;

/// Why a request failed. How much of it fits is known only where it is sent: [`Reason::within`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    text: String,
    problems: Problems,
}

impl Reason {
    /// The reason in at most so many bytes of a JSON string. Problems that do not fit are counted.
    pub fn within(&self, room: usize) -> String {
        let Self { text, problems } = self;
        if problems.is_empty() {
            return cut(text, room);
        }
        let text = if text.is_empty() { String::new() } else { format!("{text} ") };
        cut(&format!("{text}{}", problems.within(room.saturating_sub(length(&text)))), room)
    }

    /// The same reason without these secrets.
    #[must_use]
    pub fn without(self, secrets: &Secrets) -> Self {
        Self { text: secrets.hidden_in(&self.text), problems: self.problems.without(secrets) }
    }

    /// The same reason after an introduction.
    #[must_use]
    pub fn after(self, introduction: &str) -> Self {
        let text = format!("{introduction} {}", self.text).trim_end().to_owned();
        Self { text, ..self }
    }
}

/// The whole reason.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.within(usize::MAX))
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        text.to_owned().into()
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
