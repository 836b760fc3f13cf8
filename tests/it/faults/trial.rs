//! One trial of the matrix.

use std::fmt;
use std::pin::Pin;

/// One operation with one fault.
pub(super) struct Trial {
    pub(super) name: Name,
    /// Whether it mostly waits.
    pub(super) waits: bool,
    /// Returns the problems, or `None` if the fault had nothing to apply to.
    pub(super) work: Work,
}

pub(super) type Work = Pin<Box<dyn Future<Output = Option<Vec<String>>> + Send>>;

/// Displays as `delete, throttled, DeleteRole Auditor (1)`.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) operation: &'static str,
    /// The fault, which has a row in the table.
    pub(super) fault: &'static str,
    /// Where exactly, if there are several places.
    pub(super) place: String,
}

/// A trial that has ended.
pub(super) struct Ended {
    pub(super) name: Name,
    /// What is not as it must be.
    pub(super) problems: Vec<String>,
}

impl Trial {
    pub(super) fn new(
        name: Name,
        waits: bool,
        work: impl Future<Output = Option<Vec<String>>> + Send + 'static,
    ) -> Self {
        Self { name, waits, work: Box::pin(work) }
    }
}

impl Ended {
    pub(super) fn survived(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, fault, place } = self;
        write!(f, "{operation}, {fault}")?;
        if place.is_empty() { Ok(()) } else { write!(f, ", {place}") }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:\n    {}", self.name, self.problems.join("\n    "))
    }
}
