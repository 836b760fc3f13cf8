//! What is logged of a request: one line of JSON, with its metrics in it.
//!
//! A success is logged at `info`, a failure at `warn`, and at `error` what nobody was told. The line is written
//! at every level but `off`, since CloudWatch makes the metrics from it. Never in it: the response URL, external
//! IDs, credentials.

pub mod lines;
pub mod metrics;

use std::time::{Duration, SystemTime};

use self::metrics::{FailureKind, Measured};
use crate::aws::Calls;
use crate::request::Envelope;
use crate::response::Response;

/// The target of the line, for filters.
pub const REQUEST: &str = "service_provider_access::request";

/// The field of the line that holds its metrics, until [`lines`] spreads them over it.
const METRICS: &str = "metrics";

/// The longest that any text of an event's may take in a line: all that CloudFormation makes are shorter, and
/// a line of more than 256 KB is torn apart.
const LONGEST_ECHO: usize = 512;

/// The longest reason: CloudFormation hears no more of it either.
const LONGEST_REASON: usize = 4096;

/// What became of a request.
#[derive(Debug)]
pub struct Line<'a> {
    /// What was asked.
    pub envelope: &'a Envelope,
    /// The resource type, if it is one of ours: there are only so many.
    pub resource_type: Option<&'static str>,
    /// The answer; none where nothing was done, since there was nobody to tell.
    pub response: Option<&'a Response>,
    /// Why nobody was told.
    pub unheard: Option<String>,
    /// The calls to AWS.
    pub calls: Calls,
    /// When it came.
    pub at: SystemTime,
    /// How long it took.
    pub took: Duration,
}

impl Line<'_> {
    /// Writes it.
    pub fn write(&self) {
        let Envelope { request_id, request_type, resource_type, stack_id, logical_id, .. } = self.envelope;
        let echo = |text| shortened(text, LONGEST_ECHO);
        let (request_id, request_type, resource_type) = (echo(request_id), echo(request_type), echo(resource_type));
        let (stack_id, logical_id) = (echo(stack_id), echo(logical_id));
        let (outcome, reason) = match self.response {
            Some(Response::Success { .. }) => ("success", None),
            Some(Response::Failed { reason, .. }) => ("failed", Some(reason.as_str())),
            None => ("unanswerable", self.unheard.as_deref()),
        };
        let reason = reason.map(|reason| shortened(reason, LONGEST_REASON));
        let undelivered = self.response.and(self.unheard.as_deref());
        let answered = self.unheard.is_none();
        let measured = self.measured();
        let (aws_calls, duration_ms) = (self.calls.sent, measured.duration_ms);
        let metrics = metrics::document(&measured).to_string();
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: REQUEST,
                    request_id,
                    request_type,
                    resource_type,
                    stack_id,
                    logical_id,
                    outcome,
                    reason,
                    aws_calls,
                    duration_ms,
                    answered,
                    undelivered,
                    metrics,
                    "request"
                )
            };
        }
        match (answered, outcome) {
            (false, _) => line!(error),
            (true, "success") => line!(info),
            (true, _) => line!(warn),
        }
    }

    fn measured(&self) -> Measured {
        let milliseconds = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let failure = match self.response {
            _ if self.unheard.is_some() => Some(FailureKind::Unanswered),
            Some(Response::Failed { cause, .. }) => Some(FailureKind::Answered(*cause)),
            Some(Response::Success { .. }) | None => None,
        };
        Measured {
            at_ms: milliseconds(self.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()),
            resource_type: self.resource_type,
            failure,
            calls: self.calls,
            duration_ms: milliseconds(self.took),
        }
    }
}

/// At most so many bytes from the start.
fn shortened(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_says_is_cut_between_characters() {
        assert_eq!(["short", "é", "aé", ""].map(|text| shortened(text, 5)), ["short", "é", "aé", ""]);
        assert_eq!([shortened("éé", 3), shortened("éé", 1)], ["é", ""]);
    }
}
