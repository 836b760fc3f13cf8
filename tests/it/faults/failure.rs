//! What can fail in one call of an operation, and what CloudFormation must receive then.

use std::time::Duration;

use super::simulation::{Simulation, TIMEOUT};
use crate::wire::ClockError;
use crate::wire::bucket;
use crate::wire::iam::Fault;

/// The call that sends the answer to the response bucket.
pub(super) const ANSWER: &str = "the answer";

/// So short that one missing reply uses all the time, and long enough for a busy machine.
const SHORT: Duration = Duration::from_secs(14);

/// So short that an attempt to answer which takes as long as it likes may be the only one.
const FOR_TWO_ANSWERS: Duration = Duration::from_secs(12);

/// How often a temporary failure occurs.
const SOME: usize = 3;

/// How often a call is denied until the policy of the function's role allows it: for one to three seconds.
const SECONDS: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Failure {
    /// The process is killed when it makes the call, before AWS does anything.
    KilledBefore,
    /// The process is killed after AWS did it.
    KilledAfter,
    /// The same, and again at once in each retry of Lambda: there is no answer.
    Abandoned,
    /// AWS does it, but there is no reply until the deadline.
    NoReply,
    /// AWS does it, but there is no reply, and there is time for a retry.
    ReplyLost,
    /// The connection breaks before AWS does anything.
    CutBefore,
    /// The connection breaks after AWS did it.
    CutAfter,
    /// Throttled a few times.
    Throttled,
    /// A server error, a few times.
    ServerError,
    /// A concurrent modification, a few times.
    Busy,
    /// AWS does not accept the time in the signature, a few times.
    WrongClock(ClockError),
    /// A proxy or firewall answers with a page of HTML that says 502, a few times.
    ProxyError,
    /// It answers with a page of HTML that says 403, once.
    Blocked,
    /// The role of the function has the permission a few seconds later.
    DeniedAtFirst,
    /// The role of the function never has the permission.
    Denied,
    /// The first answer is lost on the way, and there is a short time to send it again.
    Swallowed,
    /// Killed after the call, and again in the next delivery, after this number of calls.
    KilledTwice(usize),
    /// Abandoned as above, and the next request of CloudFormation is killed after this number of calls.
    AbandonedThenKilled(usize),
}

/// What CloudFormation must receive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Expected {
    Success,
    NoAnswer,
    /// Any answer.
    AnyAnswer,
    /// A reason that names the permission, or success without the permission.
    Denial,
    /// A reason that says that AWS did not answer, or success without this call.
    Blocked,
}

impl Failure {
    /// The failures that are tried in each call.
    pub(super) const SINGLE: [Self; 18] = [
        Self::KilledBefore,
        Self::KilledAfter,
        Self::Abandoned,
        Self::NoReply,
        Self::ReplyLost,
        Self::CutBefore,
        Self::CutAfter,
        Self::Throttled,
        Self::ServerError,
        Self::Busy,
        Self::WrongClock(ClockError::SignatureExpired),
        Self::WrongClock(ClockError::RequestTimeTooSkewed),
        Self::WrongClock(ClockError::InvalidSignature),
        Self::ProxyError,
        Self::Blocked,
        Self::DeniedAtFirst,
        Self::Denied,
        Self::Swallowed,
    ];

    /// Whether it can occur in such a call.
    pub(super) fn applies_to(self, call: &str) -> bool {
        let reads = call.starts_with("Get") || call.starts_with("List");
        match self {
            Self::Busy => !reads && call != ANSWER,
            Self::DeniedAtFirst | Self::KilledTwice(_) | Self::AbandonedThenKilled(_) => call != ANSWER,
            Self::Swallowed => call == ANSWER,
            _ => true,
        }
    }

    pub(super) fn expected(self, call: &str) -> Expected {
        match self {
            Self::Abandoned | Self::AbandonedThenKilled(_) => Expected::NoAnswer,
            Self::Denied if call == ANSWER => Expected::NoAnswer,
            Self::Denied => Expected::Denial,
            Self::Blocked if call != ANSWER => Expected::Blocked,
            Self::NoReply => Expected::AnyAnswer,
            _ => Expected::Success,
        }
    }

    /// How often Lambda must deliver the event; `None` if the process is killed.
    pub(super) fn deliveries(self, call: &str) -> Option<usize> {
        match self {
            Self::KilledBefore
            | Self::KilledAfter
            | Self::Abandoned
            | Self::KilledTwice(_)
            | Self::AbandonedThenKilled(_) => None,
            Self::Denied if call == ANSWER => Some(3),
            _ => Some(1),
        }
    }

    /// The call in which a second fault occurs, if there is one.
    pub(super) fn second_call(self) -> Option<usize> {
        match self {
            Self::KilledTwice(call) | Self::AbandonedThenKilled(call) => Some(call),
            _ => None,
        }
    }

    /// Whether a trial with it mostly waits.
    pub(super) fn waits(self) -> bool {
        matches!(
            self,
            Self::Abandoned | Self::NoReply | Self::ReplyLost | Self::DeniedAtFirst | Self::Denied | Self::Swallowed
        )
    }

    /// The timeout of the function while this fails.
    pub(super) fn timeout(self, call: &str) -> Duration {
        match self {
            Self::NoReply => SHORT,
            Self::Denied if call == ANSWER => SHORT,
            Self::Swallowed => FOR_TWO_ANSWERS,
            _ => TIMEOUT,
        }
    }

    /// Makes it occur in the call, the `nth` with the same line.
    pub(super) fn set_up(self, simulation: &mut Simulation, call: &str, nth: usize) {
        if call == ANSWER {
            return self.set_up_for_the_answer(simulation);
        }
        let kill = simulation.kill.clone();
        let once = |fault: Fault| fault.on_call(call).nth(nth);
        let fault = match self {
            Self::KilledBefore => once(Fault::hang()).notifying(&kill),
            Self::KilledAfter | Self::Abandoned | Self::KilledTwice(_) | Self::AbandonedThenKilled(_) => {
                once(Fault::reply_hangs()).notifying(&kill)
            }
            Self::NoReply | Self::ReplyLost => once(Fault::reply_hangs()),
            Self::CutBefore => once(Fault::connection_cut()),
            Self::CutAfter => once(Fault::reply_lost()),
            Self::Throttled => Fault::throttled().on_call(call).run(nth, SOME),
            Self::ServerError => Fault::server_error().on_call(call).run(nth, SOME),
            Self::Busy => Fault::concurrent_modification().on_call(call).run(nth, SOME),
            Self::WrongClock(error) => Fault::wrong_clock(error).on_call(call).run(nth, SOME),
            Self::ProxyError => Fault::html(502).on_call(call).run(nth, SOME),
            Self::Blocked => once(Fault::html(403)),
            Self::DeniedAtFirst => Fault::denied().on_call(call).run(nth, SECONDS),
            Self::Denied => Fault::denied().on(action(call)).every(),
            Self::Swallowed => panic!("{self:?} applies to an answer"),
        };
        simulation.account.fail(fault);
        let at_once = || Fault::hang().notifying(&kill);
        match self {
            Self::Abandoned => simulation.after_kills.extend([at_once(), at_once()]),
            Self::KilledTwice(calls) => {
                simulation.after_kills.push_back(Fault::reply_hangs().nth(calls).notifying(&kill));
            }
            Self::AbandonedThenKilled(calls) => {
                let then = Fault::reply_hangs().nth(calls).notifying(&kill);
                simulation.after_kills.extend([at_once(), at_once(), then]);
            }
            _ => {}
        }
    }

    /// Its row in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::KilledBefore => "killed before the call",
            Self::KilledAfter => "killed after the call",
            Self::Abandoned => "killed in every delivery",
            Self::NoReply => "no reply, and no time left",
            Self::ReplyLost => "reply lost",
            Self::CutBefore => "connection cut before the call",
            Self::CutAfter => "connection cut after the call",
            Self::Throttled => "throttled",
            Self::ServerError => "server error",
            Self::Busy => "concurrent modification",
            Self::WrongClock(error) => error.name(),
            Self::ProxyError => "HTML page of a proxy, status 502",
            Self::Blocked => "HTML page of a firewall, status 403",
            Self::DeniedAtFirst => "denied by the function's own policy for seconds",
            Self::Denied => "always denied by the function's own policy",
            Self::Swallowed => "first answer swallowed, 12 seconds left",
            Self::KilledTwice(_) => "killed, and again in the next delivery",
            Self::AbandonedThenKilled(_) => "killed in every delivery, and in the next request",
        }
    }

    fn set_up_for_the_answer(self, simulation: &mut Simulation) {
        let (fault, times) = match self {
            Self::KilledBefore | Self::Swallowed => (bucket::Fault::hang(), 1),
            Self::KilledAfter | Self::NoReply | Self::ReplyLost => (bucket::Fault::reply_hangs(), 1),
            Self::Abandoned => (bucket::Fault::hang(), 3),
            Self::CutBefore => (bucket::Fault::connection_cut(), 1),
            Self::CutAfter => (bucket::Fault::reply_lost(), 1),
            Self::Throttled => (bucket::Fault::status(503), SOME),
            Self::ServerError => (bucket::Fault::status(500), SOME),
            Self::WrongClock(error) => (bucket::Fault::wrong_clock(error), SOME),
            Self::ProxyError => (bucket::Fault::html(502), SOME),
            Self::Blocked => (bucket::Fault::html(403), SOME),
            Self::Denied => (bucket::Fault::status(403), 1000),
            Self::Busy | Self::DeniedAtFirst | Self::KilledTwice(_) | Self::AbandonedThenKilled(_) => {
                panic!("{self:?} cannot apply to an answer")
            }
        };
        simulation.bucket.fail(fault.first(times));
        if matches!(self, Self::KilledBefore | Self::KilledAfter | Self::Abandoned) {
            simulation.fatal_answers = times;
        }
    }
}

/// `AttachRolePolicy` of a call's line.
pub(super) fn action(call: &str) -> &str {
    call.split(' ').next().unwrap()
}
