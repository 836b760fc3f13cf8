//! The log line of a request: JSON, with its metrics in it.
//!
//! A success is logged at `info`, a failure at `warn`, and a request that got no answer at `error`. The line is written
//! at every level but `off`, because CloudWatch makes the metrics from it. It never contains the response URL, external
//! IDs or credentials.

pub mod finding;
pub mod lines;
pub mod metrics;

use std::time::{Duration, SystemTime};

pub use self::lines::REQUEST;
use self::metrics::{Counted, FailureKind, Measured};
use delegated_role_core::findings::cut;
use delegated_role_core::role::attributes::WARNINGS;
use delegated_role_core::role::ownership::is_refused_id;

use crate::aws::Calls;
use crate::request::Envelope;
use crate::response::Response;

/// The longest text of an event in a line, in bytes. CloudFormation's own are shorter, and CloudWatch splits a line of
/// more than 256 KB.
const LONGEST_ECHO: usize = 512;

/// The longest reason, in bytes: no more fits into an answer.
const LONGEST_REASON: usize = 4096;

/// The longest ARN or name of a role, in bytes: a path has 512 characters.
const LONGEST_ROLE: usize = 1024;

/// The resource type whose physical ID is the name of a role.
const DELEGATED_ROLE: &str = "Custom::DelegatedRole";

/// The attribute that names the role.
const ROLE_ARN: &str = "RoleArn";

/// The result of a request.
#[derive(Debug)]
pub struct Line<'a> {
    /// The request.
    pub envelope: &'a Envelope,
    /// The resource type, if it is one that the function knows.
    pub resource_type: Option<&'static str>,
    /// The answer. `None` if nothing was done because the request cannot be answered.
    pub response: Option<&'a Response>,
    /// Why the answer was not delivered.
    pub undelivered: Option<String>,
    /// The calls to AWS.
    pub calls: Calls,
    /// When the request came.
    pub at: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// What an audit or an access check found.
    pub counted: Option<Counted>,
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
            Some(Response::Failed { reason, .. }) => ("failed", Some(reason.within(LONGEST_REASON))),
            None => ("unanswerable", self.undelivered.as_deref().map(|why| cut(why, LONGEST_REASON))),
        };
        let role = self.role().map(|role| shortened(role, LONGEST_ROLE));
        let warnings = self.attribute(WARNINGS).map(|warnings| cut(warnings, LONGEST_REASON));
        let undelivered = self.response.and(self.undelivered.as_deref());
        let answered = self.undelivered.is_none();
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
                    role,
                    warnings,
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

    /// The role of a success: that of the attributes, or the one that a delete removed.
    fn role(&self) -> Option<&str> {
        let Some(Response::Success { physical_id, .. }) = self.response else { return None };
        // The IDs of other resources may be secrets, or are no role's.
        let removed = self.envelope.resource_type == DELEGATED_ROLE && !is_refused_id(physical_id);
        self.attribute(ROLE_ARN).or(removed.then_some(physical_id))
    }

    /// An attribute of a success, if it has text.
    fn attribute(&self, name: &str) -> Option<&str> {
        let Some(Response::Success { attributes, .. }) = self.response else { return None };
        attributes.values.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    fn measured(&self) -> Measured {
        let milliseconds = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let failure = match self.response {
            _ if self.undelivered.is_some() => Some(FailureKind::Unanswered),
            Some(Response::Failed { cause, .. }) => Some(FailureKind::Answered(*cause)),
            Some(Response::Success { .. }) | None => None,
        };
        Measured {
            at_ms: milliseconds(self.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()),
            resource_type: self.resource_type,
            failure,
            calls: self.calls,
            duration_ms: milliseconds(self.took),
            counted: self.counted.clone(),
        }
    }
}

/// At most this number of bytes from the start of a text.
fn shortened(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(["short", "é", "aé", ""].map(|text| shortened(text, 5)), ["short", "é", "aé", ""]);
        assert_eq!([shortened("éé", 3), shortened("éé", 1)], ["é", ""]);
    }
}
