//! The answer to a question, as the physical ID keeps it:
//! `access-check-`, the question's hash, the verdict, and the time, with dashes between them.

use std::fmt;

use super::question::{Check, OnInconclusive};
use crate::timestamp::Timestamp;

/// The start of a physical ID.
const PREFIX: &str = "access-check-";

/// The verdict of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The right external ID gets a session, and no other probe does.
    Safe,
    /// A wrong probe gets a session.
    Unsafe,
    /// The right external ID gets no session.
    Shut,
    /// The check could not determine it.
    Inconclusive,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Safe, Self::Unsafe, Self::Shut, Self::Inconclusive];

    /// Whether the resource succeeds with it.
    pub fn succeeds(self, on_inconclusive: OnInconclusive) -> bool {
        match self {
            Self::Safe => true,
            Self::Inconclusive => on_inconclusive == OnInconclusive::Succeed,
            Self::Unsafe | Self::Shut => false,
        }
    }

    /// The value of the attribute `Verdict`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "Safe",
            Self::Unsafe => "Unsafe",
            Self::Shut => "Shut",
            Self::Inconclusive => "Inconclusive",
        }
    }
}

/// A verdict, with its question and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The question's hash.
    pub question: String,
    /// The verdict.
    pub verdict: Verdict,
    /// When the check ran, to the second.
    pub at: Timestamp,
}

impl Answer {
    /// Reads the answer in a physical ID; `None` when there is none.
    pub fn parse(physical_id: &str) -> Option<Self> {
        let mut parts = physical_id.strip_prefix(PREFIX)?.split('-');
        let (question, verdict, at) = (parts.next()?, parts.next()?, parts.next()?);
        let verdict = Verdict::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(verdict))?;
        let at = Timestamp::parse_compact(at)?;
        parts.next().is_none().then(|| Self { question: question.to_owned(), verdict, at })
    }

    /// Whether this answers the question of `check`, so that no probe has to be sent: a failed update is rolled back to
    /// the question before it. An answer with which the resource would fail is not reused.
    pub fn is_for(&self, check: &Check) -> bool {
        self.verdict.succeeds(check.on_inconclusive) && self.question == check.question.hash()
    }

    /// When the check ran, such as `2026-11-22T12:00:00Z`.
    pub fn checked_at(&self) -> String {
        self.at.to_string()
    }
}

/// The physical ID.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { question, verdict, at } = self;
        let at = at.to_compact();
        write!(f, "{PREFIX}{question}-{}-{at}", verdict.name().to_ascii_lowercase())
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
