//! What a test wants to go wrong: which failure, on which calls, how often.

use std::fmt::{self, Display};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use hyper::Response;
use tokio::sync::Notify;

use super::actions;
use super::query::{self, Call, Refusal, Xml};
use super::state::State;

/// A failure and the calls that meet it. Unless said otherwise it meets the first call that comes:
/// `Fault::throttled().on("CreateRole").first(2)`.
pub(crate) struct Fault {
    failure: Failure,
    action: Option<&'static str>,
    writes_only: bool,
    naming: Option<String>,
    line: Option<String>,
    strikes: Strikes,
    told: Option<Arc<Notify>>,
    seen: usize,
    struck: bool,
}

pub(crate) enum Failure {
    /// Nothing happens, and AWS says why.
    Refused(Refusal),
    /// Nothing happens: the caller may not do it. The text is AWS's reason.
    Denied(String),
    /// Nothing happens: the role is not there, whatever the account holds.
    RoleUnseen,
    /// The connection breaks, before or after AWS did what was asked.
    ConnectionLost { done: bool },
    /// No answer ever comes, before or after AWS did what was asked.
    Silence { done: bool },
    /// All goes well, but the answer has the role's unique ID where its ARN belongs.
    IdForArn,
}

/// Which of the calls that fit, counted from one.
enum Strikes {
    First(usize),
    Nth(usize),
    Since(usize),
    Within(Range<usize>),
}

/// What reaches the caller.
pub(crate) enum Outcome {
    Answer(Response<Bytes>),
    Cut,
    Silence,
}

impl Fault {
    // --- Which failure ---

    pub(crate) fn throttled() -> Self {
        Self::refused(400, "Throttling", "Rate exceeded")
    }

    pub(crate) fn server_error() -> Self {
        Self::refused(500, "InternalFailure", "The request processing has failed because of an unknown error.")
    }

    pub(crate) fn unavailable() -> Self {
        Self::refused(503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
    }

    pub(crate) fn concurrent_modification() -> Self {
        Self::refused(
            409,
            "ConcurrentModification",
            "The request was rejected because multiple requests to change this object were submitted simultaneously. \
             Wait a few minutes and submit your request again.",
        )
    }

    pub(crate) fn temporarily_unmodifiable() -> Self {
        Self::refused(
            409,
            "EntityTemporarilyUnmodifiable",
            "The request was rejected because it referenced an entity that is temporarily unmodifiable. \
             The request is likely to succeed if you try again after waiting several minutes.",
        )
    }

    /// The function's own role lacks the permission.
    pub(crate) fn denied() -> Self {
        Self::new(Failure::Denied("because no identity-based policy allows the ACTION action".to_owned()))
    }

    /// Denied with a reason of AWS's others, such as `with an explicit deny in a service control policy`.
    pub(crate) fn denied_because(reason: &str) -> Self {
        Self::new(Failure::Denied(reason.to_owned()))
    }

    /// The role is not seen, as just after its creation.
    pub(crate) fn no_such_entity() -> Self {
        Self::new(Failure::RoleUnseen)
    }

    /// AWS did it, but the connection broke before the answer came.
    pub(crate) fn reply_lost() -> Self {
        Self::new(Failure::ConnectionLost { done: true })
    }

    /// The connection broke before AWS did anything.
    pub(crate) fn connection_cut() -> Self {
        Self::new(Failure::ConnectionLost { done: false })
    }

    /// Nothing happens and no answer comes.
    pub(crate) fn hang() -> Self {
        Self::new(Failure::Silence { done: false })
    }

    /// AWS did it, but no answer comes.
    pub(crate) fn reply_hangs() -> Self {
        Self::new(Failure::Silence { done: true })
    }

    /// The role's ARN is not known yet: its unique ID (`AROA...`) stands where it belongs.
    pub(crate) fn id_for_arn() -> Self {
        Self::new(Failure::IdForArn)
    }

    /// Any other refusal of AWS's.
    pub(crate) fn refused(status: u16, code: &'static str, message: &str) -> Self {
        Self::new(Failure::Refused(Refusal::new(status, code, message)))
    }

    // --- On which calls ---

    pub(crate) fn on(mut self, action: &str) -> Self {
        let action =
            actions::find(action).unwrap_or_else(|| panic!("no fault can strike {action}: it is no known action"));
        self.action = Some(action.name);
        self
    }

    pub(crate) fn on_writes(mut self) -> Self {
        self.writes_only = true;
        self
    }

    /// Only calls whose line in [`calls`](super::Account::calls) contains the text.
    pub(crate) fn naming(mut self, text: &str) -> Self {
        self.naming = Some(text.to_owned());
        self
    }

    /// Only calls whose line in [`calls`](super::Account::calls) is the text.
    pub(crate) fn on_call(mut self, line: &str) -> Self {
        self.line = Some(line.to_owned());
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

    /// This one, counted from one, and `count - 1` that follow.
    pub(crate) fn run(mut self, n: usize, count: usize) -> Self {
        self.strikes = Strikes::Within(n..n + count);
        self
    }

    /// Says so at once to who waits for it, for instance in order to kill the caller.
    pub(crate) fn telling(mut self, who: &Arc<Notify>) -> Self {
        self.told = Some(Arc::clone(who));
        self
    }

    // --- Striking ---

    /// The failure if this call meets it. Counts the call if it fits.
    pub(super) fn strike(&mut self, call: &Call) -> Option<&Failure> {
        let fits = self.action.is_none_or(|action| action == call.action.name)
            && (!self.writes_only || call.action.writes)
            && self.naming.as_ref().is_none_or(|text| call.line().contains(text.as_str()))
            && self.line.as_ref().is_none_or(|line| call.line() == *line);
        if !fits {
            return None;
        }
        self.seen += 1;
        let strikes = match self.strikes {
            Strikes::First(count) => self.seen <= count,
            Strikes::Nth(n) => self.seen == n,
            Strikes::Since(n) => self.seen >= n,
            Strikes::Within(ref run) => run.contains(&self.seen),
        };
        if strikes && let Some(told) = &self.told {
            told.notify_one();
        }
        self.struck |= strikes;
        strikes.then_some(&self.failure)
    }

    pub(super) fn has_struck(&self) -> bool {
        self.struck
    }

    fn new(failure: Failure) -> Self {
        Self {
            failure,
            action: None,
            writes_only: false,
            naming: None,
            line: None,
            told: None,
            strikes: Strikes::First(1),
            seen: 0,
            struck: false,
        }
    }
}

impl Failure {
    /// What becomes of a call that met this failure; `perform` does what would be done without it.
    pub(crate) fn outcome(
        &self,
        state: &mut State,
        call: &Call,
        request_id: &str,
        perform: fn(&mut State, &Call) -> Result<Xml, Refusal>,
    ) -> Outcome {
        let refuse = |refusal| Outcome::Answer(query::answer(call, Err(refusal), request_id));
        match self {
            Self::Refused(refusal) => refuse(refusal.clone()),
            Self::Denied(reason) => refuse(access_denied(state, call, reason)),
            Self::RoleUnseen => refuse(Refusal::no_such_role(call.optional("RoleName").unwrap_or_default())),
            Self::ConnectionLost { done } | Self::Silence { done } => {
                if *done {
                    // Whether IAM agreed is what the caller will not learn.
                    let _ = perform(state, call);
                }
                if matches!(self, Self::Silence { .. }) { Outcome::Silence } else { Outcome::Cut }
            }
            Self::IdForArn => {
                let answer = query::answer(call, perform(state, call), request_id);
                let role = call.optional("RoleName").and_then(|name| state.role(name));
                Outcome::Answer(match role {
                    Some(role) => answer.map(|body| replace(&body, &role.arn, &role.id)),
                    None => answer,
                })
            }
        }
    }
}

/// The whole text of an element, so that an ARN within a document stays.
fn replace(body: &Bytes, element: &str, by: &str) -> Bytes {
    let body = String::from_utf8_lossy(body);
    body.replace(&format!(">{element}<"), &format!(">{by}<")).into()
}

/// IAM names the resource of a role that it is asked for by name as `role NAME`; only of one that is to be
/// made does it say the ARN.
fn access_denied(state: &State, call: &Call, reason: &str) -> Refusal {
    let action = format!("iam:{}", call.action.name);
    let role = call.optional("RoleName").unwrap_or_default();
    let resource = match call.action.name {
        "CreateRole" => state.arn("role", call.optional("Path").unwrap_or("/"), role),
        "GetPolicy" | "GetPolicyVersion" => format!("policy {}", call.optional("PolicyArn").unwrap_or_default()),
        "GetAccountSummary" => "*".to_owned(),
        _ => format!("role {role}"),
    };
    let caller = state.caller();
    let reason = reason.replace("ACTION", &action);
    Refusal::new(
        403,
        "AccessDenied",
        format!("User: {caller} is not authorized to perform: {action} on resource: {resource} {reason}"),
    )
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            Failure::Refused(refusal) => write!(f, "{refusal}")?,
            Failure::Denied(reason) => write!(f, "denied {reason}")?,
            Failure::RoleUnseen => f.write_str("role unseen")?,
            Failure::ConnectionLost { done: false } => f.write_str("connection cut")?,
            Failure::ConnectionLost { done: true } => f.write_str("reply lost")?,
            Failure::Silence { done: false } => f.write_str("hang")?,
            Failure::Silence { done: true } => f.write_str("reply hangs")?,
            Failure::IdForArn => f.write_str("ID for ARN")?,
        }
        write!(f, " on {}", self.action.unwrap_or(if self.writes_only { "writes" } else { "any call" }))?;
        match self.naming.as_ref().or(self.line.as_ref()) {
            Some(text) => write!(f, " naming {text}"),
            None => Ok(()),
        }
    }
}
