//! What a test makes fail: which failure, on which calls, how often.

use std::fmt::{self, Display};
use std::ops::Range;
use std::sync::Arc;

use tokio::sync::Notify;

use super::fake::Service;
use super::query::Refusal;

/// A failure and the calls that it applies to. Without further limits it applies to the next call:
/// `Fault::throttled().on("CreateRole").first(2)`.
pub(crate) struct Fault<S: Service> {
    failure: Failure<S::Special>,
    conditions: Vec<Condition<S::Call>>,
    /// Which of the calls that fulfil the conditions, counted from one.
    calls: Range<usize>,
    /// How many calls fulfilled the conditions so far.
    seen: usize,
    used: bool,
    notify: Option<Arc<Notify>>,
}

pub(crate) enum Failure<X> {
    /// Nothing happens, and AWS says why.
    Refused(Refusal),
    /// Nothing happens, because the caller has no permission. The text is AWS's reason.
    Denied(String),
    /// Nothing happens, and something on the way answers with a page of HTML.
    Html(u16),
    /// The connection breaks, before or after the service did what the call asks for.
    ConnectionLost { done: bool },
    /// There is never an answer, before or after the service did what the call asks for.
    Silence { done: bool },
    /// A failure that only this service has.
    Special(X),
}

/// How AWS rejects a signature with another time than its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ClockError {
    SignatureExpired,
    RequestTimeTooSkewed,
    InvalidSignature,
}

impl ClockError {
    /// The code, or the code and how the message starts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SignatureExpired => "SignatureDoesNotMatch: Signature expired",
            Self::RequestTimeTooSkewed => "RequestTimeTooSkewed",
            Self::InvalidSignature => "InvalidSignatureException",
        }
    }
}

struct Condition<C> {
    description: String,
    holds: Box<dyn Fn(&C) -> bool + Send + Sync>,
}

impl<S: Service> Fault<S> {
    pub(super) fn new(failure: Failure<S::Special>) -> Self {
        Self { failure, conditions: Vec::new(), calls: 1..2, seen: 0, used: false, notify: None }
    }

    // --- Which failure ---

    pub(crate) fn throttled() -> Self {
        Self::refused(400, "Throttling", "Rate exceeded")
    }

    pub(crate) fn server_error() -> Self {
        let message = "The request processing has failed because of an unknown error, exception or failure.";
        Self::refused(500, "InternalFailure", message)
    }

    pub(crate) fn unavailable() -> Self {
        Self::refused(503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
    }

    /// Any other refusal of AWS.
    pub(crate) fn refused(status: u16, code: &'static str, message: &str) -> Self {
        Self::new(Failure::Refused(Refusal::new(status, code, message)))
    }

    /// AWS rejects the time in the signature.
    pub(crate) fn wrong_clock(error: ClockError) -> Self {
        let (code, message) = match error {
            ClockError::SignatureExpired => (
                "SignatureDoesNotMatch",
                "Signature expired: 20261122T114000Z is now earlier than 20261122T114500Z (20261122T120000Z - 15 min.)",
            ),
            ClockError::RequestTimeTooSkewed => {
                ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
            }
            ClockError::InvalidSignature => ("InvalidSignatureException", "Signature expired"),
        };
        Self::refused(403, code, message)
    }

    /// Denied with this reason of AWS, such as `with an explicit deny in a service control policy`.
    pub(crate) fn denied_because(reason: &str) -> Self {
        Self::new(Failure::Denied(reason.to_owned()))
    }

    /// A proxy or firewall on the way answers with a page of HTML.
    pub(crate) fn html(status: u16) -> Self {
        Self::new(Failure::Html(status))
    }

    /// The connection breaks before AWS does anything.
    pub(crate) fn connection_cut() -> Self {
        Self::new(Failure::ConnectionLost { done: false })
    }

    /// AWS does what the call asks for, but the connection breaks before the answer.
    pub(crate) fn reply_lost() -> Self {
        Self::new(Failure::ConnectionLost { done: true })
    }

    /// Nothing happens, and there is no answer.
    pub(crate) fn hang() -> Self {
        Self::new(Failure::Silence { done: false })
    }

    /// AWS does what the call asks for, but there is no answer.
    pub(crate) fn reply_hangs() -> Self {
        Self::new(Failure::Silence { done: true })
    }

    // --- On which calls ---

    /// Applies only to calls that fulfil this condition, too.
    pub(super) fn when(
        mut self,
        description: String,
        holds: impl Fn(&S::Call) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.conditions.push(Condition { description, holds: Box::new(holds) });
        self
    }

    // --- How often ---

    pub(crate) fn first(self, count: usize) -> Self {
        self.run(1, count)
    }

    /// Only this call, counted from one.
    pub(crate) fn nth(self, n: usize) -> Self {
        self.run(n, 1)
    }

    /// This call, counted from one, and the `count - 1` after it.
    pub(crate) fn run(mut self, n: usize, count: usize) -> Self {
        self.calls = n..n.saturating_add(count);
        self
    }

    /// This call, counted from one, and all after it.
    pub(crate) fn since(self, n: usize) -> Self {
        self.run(n, usize::MAX)
    }

    pub(crate) fn every(self) -> Self {
        self.since(1)
    }

    /// Notifies this waiter when the fault applies, for example to kill the caller.
    pub(crate) fn notifying(mut self, waiter: &Arc<Notify>) -> Self {
        self.notify = Some(Arc::clone(waiter));
        self
    }

    // --- Applying it ---

    /// The failure, if this call meets it. Counts the call if it fulfils the conditions.
    pub(super) fn failure_of(&mut self, call: &S::Call) -> Option<&Failure<S::Special>> {
        if !self.conditions.iter().all(|condition| (condition.holds)(call)) {
            return None;
        }
        self.seen += 1;
        if !self.calls.contains(&self.seen) {
            return None;
        }
        if let Some(waiter) = &self.notify {
            waiter.notify_one();
        }
        self.used = true;
        Some(&self.failure)
    }

    pub(super) fn was_used(&self) -> bool {
        self.used
    }
}

/// `503 ServiceUnavailable on CreateRole`.
impl<S: Service> Display for Fault<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            Failure::Refused(refusal) => write!(f, "{refusal}")?,
            Failure::Denied(reason) => write!(f, "denied {reason}")?,
            Failure::Html(status) => write!(f, "{status} HTML")?,
            Failure::ConnectionLost { done: false } => f.write_str("connection cut")?,
            Failure::ConnectionLost { done: true } => f.write_str("reply lost")?,
            Failure::Silence { done: false } => f.write_str("hang")?,
            Failure::Silence { done: true } => f.write_str("reply hangs")?,
            Failure::Special(_) => f.write_str("special failure")?,
        }
        for condition in &self.conditions {
            write!(f, " {}", condition.description)?;
        }
        Ok(())
    }
}
