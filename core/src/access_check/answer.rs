//! The answer to a question, as the physical ID keeps it:
//! `access-check-`, the question's hash, the verdict, and the time, with dashes between.

use std::fmt;

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::question::{Check, OnInconclusive};

/// How a physical ID begins.
const PREFIX: &str = "access-check-";

const COMPACT: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
const READABLE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The right external ID opens the role, nothing else that was tried does.
    Safe,
    /// Something opens it that must not.
    Unsafe,
    /// Not even the right external ID opens it.
    Shut,
    /// That could not be told.
    Inconclusive,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Safe, Self::Unsafe, Self::Shut, Self::Inconclusive];

    /// Whether a stack goes on with it.
    pub fn lets_go_on(self, on_inconclusive: OnInconclusive) -> bool {
        match self {
            Self::Safe => true,
            Self::Inconclusive => on_inconclusive == OnInconclusive::Succeed,
            Self::Unsafe | Self::Shut => false,
        }
    }

    /// As the attribute `Verdict` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "Safe",
            Self::Unsafe => "Unsafe",
            Self::Shut => "Shut",
            Self::Inconclusive => "Inconclusive",
        }
    }
}

/// What was answered, to which question, when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The question's hash.
    pub question: String,
    /// What came of it.
    pub outcome: Outcome,
    /// When it was asked, to the second.
    pub at: OffsetDateTime,
}

impl Answer {
    /// The answer in a physical ID; none when it holds none.
    pub fn parse(physical_id: &str) -> Option<Self> {
        let mut parts = physical_id.strip_prefix(PREFIX)?.split('-');
        let (question, outcome, at) = (parts.next()?, parts.next()?, parts.next()?);
        let outcome = Outcome::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(outcome))?;
        let at = PrimitiveDateTime::parse(at, COMPACT).ok()?.assume_utc();
        parts.next().is_none().then(|| Self { question: question.to_owned(), outcome, at })
    }

    /// Whether this is the answer to a question that comes again: a failed update is rolled back to the one
    /// before. Only what let a stack go on then lets it go on now.
    pub fn settles(&self, check: &Check) -> bool {
        self.outcome.lets_go_on(check.on_inconclusive) && self.question == check.question.hash()
    }

    /// When it was asked, such as `2026-11-22T12:00:00Z`.
    pub fn checked_at(&self) -> String {
        self.at.format(READABLE).unwrap_or_default()
    }
}

/// As the physical ID.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { question, outcome, at } = self;
        let at = at.format(COMPACT).unwrap_or_default();
        write!(f, "{PREFIX}{question}-{}-{at}", outcome.name().to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_back_from_its_physical_id() {
        let id = format!("access-check-{}-inconclusive-20261122T120001Z", "0123456789abcdef".repeat(4));
        let answer = Answer::parse(&id);
        assert_eq!(answer.as_ref().map(ToString::to_string), Some(id.clone()));
        assert_eq!(answer.map(|answer| answer.checked_at()), Some("2026-11-22T12:00:01Z".to_owned()));
        for other in
            ["", "access-check-", "role", &id[1..], &format!("{id}-"), &id.replace("inc", "un"), &id[..id.len() - 1]]
        {
            assert_eq!(Answer::parse(other), None, "{other}");
        }
    }
}
