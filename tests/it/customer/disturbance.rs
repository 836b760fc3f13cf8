//! What a test wants to happen to requests, whatever the trust says: what, to which ones, how often.

use super::service::Predicate;

/// An effect and the requests that meet it. Unless said otherwise it meets the first one that comes:
/// `Disturbance::throttled().of(|id| id.is_none()).first(2)`.
pub(crate) struct Disturbance {
    effect: Effect,
    of: Predicate,
    strikes: Strikes,
    seen: usize,
    struck: bool,
}

pub(crate) enum Effect {
    /// A session is handed out.
    Opened,
    /// Access is denied; the text is AWS's reason, if it gives one.
    Denied(String),
    /// Any other refusal. `EXTERNAL-ID` in the message is the one that was sent.
    Refused { status: u16, code: &'static str, message: String },
    /// The connection breaks.
    Cut,
    /// No answer ever comes.
    Silence,
}

/// Which of the requests that fit, counted from one.
enum Strikes {
    First(usize),
    Nth(usize),
    Since(usize),
}

impl Disturbance {
    // --- What ---

    pub(crate) fn opened() -> Self {
        Self::new(Effect::Opened)
    }

    pub(crate) fn denied() -> Self {
        Self::denied_because("")
    }

    /// Such as `because no identity-based policy allows the sts:AssumeRole action`.
    pub(crate) fn denied_because(reason: &str) -> Self {
        Self::new(Effect::Denied(reason.to_owned()))
    }

    pub(crate) fn throttled() -> Self {
        Self::refused(400, "Throttling", "Rate exceeded")
    }

    pub(crate) fn server_error() -> Self {
        let message = "The request processing has failed because of an unknown error, exception or failure.";
        Self::refused(500, "InternalFailure", message)
    }

    pub(crate) fn unavailable() -> Self {
        let message = "The request has failed due to a temporary failure of the server.";
        Self::refused(503, "ServiceUnavailable", message)
    }

    pub(crate) fn refused(status: u16, code: &'static str, message: &str) -> Self {
        Self::new(Effect::Refused { status, code, message: message.to_owned() })
    }

    pub(crate) fn cut() -> Self {
        Self::new(Effect::Cut)
    }

    pub(crate) fn silence() -> Self {
        Self::new(Effect::Silence)
    }

    // --- To which requests ---

    /// Only to requests whose external ID, or none, is like this.
    pub(crate) fn of(mut self, of: impl Fn(Option<&str>) -> bool + Send + 'static) -> Self {
        self.of = Box::new(of);
        self
    }

    // --- How often ---

    pub(crate) fn first(mut self, count: usize) -> Self {
        self.strikes = Strikes::First(count);
        self
    }

    /// Only this one, counted from one.
    pub(crate) fn nth(mut self, n: usize) -> Self {
        self.strikes = Strikes::Nth(n);
        self
    }

    /// This one, counted from one, and all that follow.
    pub(crate) fn since(mut self, n: usize) -> Self {
        self.strikes = Strikes::Since(n);
        self
    }

    pub(crate) fn every(self) -> Self {
        self.since(1)
    }

    // --- Striking ---

    /// The effect if this request meets it. Counts the request if it fits.
    pub(super) fn strike(&mut self, external_id: Option<&str>) -> Option<&Effect> {
        if !(self.of)(external_id) {
            return None;
        }
        self.seen += 1;
        let strikes = match self.strikes {
            Strikes::First(count) => self.seen <= count,
            Strikes::Nth(n) => self.seen == n,
            Strikes::Since(n) => self.seen >= n,
        };
        self.struck |= strikes;
        strikes.then_some(&self.effect)
    }

    pub(super) fn has_struck(&self) -> bool {
        self.struck
    }

    fn new(effect: Effect) -> Self {
        Self { effect, of: Box::new(|_| true), strikes: Strikes::First(1), seen: 0, struck: false }
    }
}
