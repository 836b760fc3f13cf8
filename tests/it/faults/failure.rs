//! What can fail in one call of an operation, and what CloudFormation must receive then.

use std::fmt;
use std::time::Duration;

use super::simulation::{Simulation, TIMEOUT};
use crate::wire::bucket;
use crate::wire::iam::Fault;

/// The call that sends the answer to the response bucket.
pub(super) const ANSWER: &str = "the answer";

/// So short that one missing reply uses all the time.
const SHORT: Duration = Duration::from_secs(10);

/// How often a temporary failure occurs.
const SOME: usize = 3;

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
    /// The role of the function never has the permission.
    Denied,
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
}

impl Failure {
    /// The failures that are tried in each call.
    pub(super) const SINGLE: [Self; 11] = [
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
        Self::Denied,
    ];

    /// Whether it can occur in such a call.
    pub(super) fn applies_to(self, call: &str) -> bool {
        let reads = call.starts_with("Get") || call.starts_with("List");
        match self {
            Self::Busy => !reads && call != ANSWER,
            _ if self.has_second_fault() => call != ANSWER,
            _ => true,
        }
    }

    pub(super) fn expected(self, call: &str) -> Expected {
        match self {
            Self::Abandoned | Self::AbandonedThenKilled(_) => Expected::NoAnswer,
            Self::Denied if call == ANSWER => Expected::NoAnswer,
            Self::Denied => Expected::Denial,
            Self::NoReply => Expected::AnyAnswer,
            _ => Expected::Success,
        }
    }

    /// Whether there is a second fault, whose call need not occur.
    pub(super) fn has_second_fault(self) -> bool {
        matches!(self, Self::KilledTwice(_) | Self::AbandonedThenKilled(_))
    }

    /// Whether a trial with it mostly waits.
    pub(super) fn waits(self) -> bool {
        matches!(self, Self::NoReply | Self::ReplyLost | Self::Denied)
    }

    /// The timeout of the function while this fails.
    pub(super) fn timeout(self, call: &str) -> Duration {
        match self {
            Self::NoReply => SHORT,
            Self::Denied if call == ANSWER => SHORT,
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
            Self::Denied => Fault::denied().on(action(call)).every(),
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

    fn set_up_for_the_answer(self, simulation: &mut Simulation) {
        let (fault, times) = match self {
            Self::KilledBefore => (bucket::Fault::hang(), 1),
            Self::KilledAfter | Self::NoReply | Self::ReplyLost => (bucket::Fault::reply_hangs(), 1),
            Self::Abandoned => (bucket::Fault::hang(), 3),
            Self::CutBefore => (bucket::Fault::connection_cut(), 1),
            Self::CutAfter => (bucket::Fault::reply_lost(), 1),
            Self::Throttled => (bucket::Fault::status(503), SOME),
            Self::ServerError => (bucket::Fault::status(500), SOME),
            Self::Denied => (bucket::Fault::status(403), 1000),
            Self::Busy | Self::KilledTwice(_) | Self::AbandonedThenKilled(_) => {
                panic!("{self} cannot apply to an answer")
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

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KilledBefore => f.write_str("killed before"),
            Self::KilledAfter => f.write_str("killed after"),
            Self::Abandoned => f.write_str("killed in every delivery, first after"),
            Self::NoReply => f.write_str("reply lost, no time left, in"),
            Self::ReplyLost => f.write_str("reply lost in"),
            Self::CutBefore => f.write_str("connection cut before"),
            Self::CutAfter => f.write_str("connection cut after"),
            Self::Throttled => f.write_str("throttled in"),
            Self::ServerError => f.write_str("server error in"),
            Self::Busy => f.write_str("concurrent modification in"),
            Self::Denied => f.write_str("always denied,"),
            Self::KilledTwice(calls) => write!(f, "killed again in call {calls} of the next delivery, first after"),
            Self::AbandonedThenKilled(calls) => {
                write!(f, "killed in every delivery, and in call {calls} of the next request, first after")
            }
        }
    }
}
