//! What may go wrong with one call of an operation, and what may come of it.

use std::fmt;
use std::time::Duration;

use super::world::{USUAL, World};
use crate::wire::bucket;
use crate::wire::iam::Fault;

/// The call that carries the answer to CloudFormation's bucket.
pub(super) const ANSWER: &str = "the answer";

/// So short that one silence uses the time up.
const SHORT: Duration = Duration::from_secs(10);

/// How often what passes strikes.
const A_FEW: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mishap {
    /// The process is killed when it makes the call, before AWS does anything.
    KilledBefore,
    /// The process is killed when AWS has done it.
    KilledAfter,
    /// The same, and again at once each time Lambda delivers the event: nobody is ever answered.
    GivenUp,
    /// AWS does it and never says so, until the time is over.
    Silent,
    /// AWS does it and never says so, and there is time to ask again.
    ReplyLost,
    /// The connection breaks before AWS does anything.
    CutBefore,
    /// The connection breaks when AWS has done it.
    CutAfter,
    /// Throttled a few times.
    Throttled,
    /// An error of AWS's own, a few times.
    ServerError,
    /// Another change is under way, a few times.
    Busy,
    /// The function's role lacks the permission, for good.
    Denied,
    /// Killed after the call, and again by the next delivery after so many of its own.
    KilledTwice(usize),
    /// Given up as above, and then what CloudFormation asks for next is killed after so many calls.
    GivenUpThenKilled(usize),
}

/// What CloudFormation must hear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Hears {
    Success,
    Nothing,
    /// Either, but something.
    Anything,
    /// A reason that names the permission, unless it could be done without.
    Denial,
}

impl Mishap {
    /// Each of those that are tried everywhere.
    pub(super) const SINGLE: [Self; 11] = [
        Self::KilledBefore,
        Self::KilledAfter,
        Self::GivenUp,
        Self::Silent,
        Self::ReplyLost,
        Self::CutBefore,
        Self::CutAfter,
        Self::Throttled,
        Self::ServerError,
        Self::Busy,
        Self::Denied,
    ];

    /// Whether it can happen to such a call.
    pub(super) fn can_meet(self, call: &str) -> bool {
        let reads = call.starts_with("Get") || call.starts_with("List");
        match self {
            Self::Busy => !reads && call != ANSWER,
            _ if self.strikes_again() => call != ANSWER,
            _ => true,
        }
    }

    pub(super) fn hears(self, call: &str) -> Hears {
        match self {
            Self::GivenUp | Self::GivenUpThenKilled(_) => Hears::Nothing,
            Self::Denied if call == ANSWER => Hears::Nothing,
            Self::Denied => Hears::Denial,
            Self::Silent => Hears::Anything,
            _ => Hears::Success,
        }
    }

    /// Whether there is a second fault, which waits for a call that need not come.
    pub(super) fn strikes_again(self) -> bool {
        matches!(self, Self::KilledTwice(_) | Self::GivenUpThenKilled(_))
    }

    /// Whether most of it is waiting.
    pub(super) fn takes_long(self) -> bool {
        matches!(self, Self::Silent | Self::ReplyLost | Self::Denied)
    }

    /// The function's timeout while it meets this.
    pub(super) fn timeout(self, call: &str) -> Duration {
        match self {
            Self::Silent => SHORT,
            Self::Denied if call == ANSWER => SHORT,
            _ => USUAL,
        }
    }

    /// Makes it happen to the call, which is the `nth` like it.
    pub(super) fn arrange(self, world: &mut World, call: &str, nth: usize) {
        if call == ANSWER {
            return self.arrange_for_the_answer(world);
        }
        let death = world.death.clone();
        let once = |fault: Fault| fault.on_call(call).nth(nth);
        let fault = match self {
            Self::KilledBefore => once(Fault::hang()).notifying(&death),
            Self::KilledAfter | Self::GivenUp | Self::KilledTwice(_) | Self::GivenUpThenKilled(_) => {
                once(Fault::reply_hangs()).notifying(&death)
            }
            Self::Silent | Self::ReplyLost => once(Fault::reply_hangs()),
            Self::CutBefore => once(Fault::connection_cut()),
            Self::CutAfter => once(Fault::reply_lost()),
            Self::Throttled => Fault::throttled().on_call(call).run(nth, A_FEW),
            Self::ServerError => Fault::server_error().on_call(call).run(nth, A_FEW),
            Self::Busy => Fault::concurrent_modification().on_call(call).run(nth, A_FEW),
            Self::Denied => Fault::denied().on(action(call)).every(),
        };
        world.account.fail(fault);
        let at_once = || Fault::hang().notifying(&death);
        match self {
            Self::GivenUp => world.after_deaths.extend([at_once(), at_once()]),
            Self::KilledTwice(calls) => world.after_deaths.push_back(Fault::reply_hangs().nth(calls).notifying(&death)),
            Self::GivenUpThenKilled(calls) => {
                let then = Fault::reply_hangs().nth(calls).notifying(&death);
                world.after_deaths.extend([at_once(), at_once(), then]);
            }
            _ => {}
        }
    }

    fn arrange_for_the_answer(self, world: &mut World) {
        let (fault, times) = match self {
            Self::KilledBefore => (bucket::Fault::hang(), 1),
            Self::KilledAfter | Self::Silent | Self::ReplyLost => (bucket::Fault::reply_hangs(), 1),
            Self::GivenUp => (bucket::Fault::hang(), 3),
            Self::CutBefore => (bucket::Fault::connection_cut(), 1),
            Self::CutAfter => (bucket::Fault::reply_lost(), 1),
            Self::Throttled => (bucket::Fault::status(503), A_FEW),
            Self::ServerError => (bucket::Fault::status(500), A_FEW),
            Self::Denied => (bucket::Fault::status(403), 1000),
            Self::Busy | Self::KilledTwice(_) | Self::GivenUpThenKilled(_) => panic!("{self} cannot meet an answer"),
        };
        world.bucket.fail(fault.first(times));
        if matches!(self, Self::KilledBefore | Self::KilledAfter | Self::GivenUp) {
            world.deadly_answers = times;
        }
    }
}

/// `AttachRolePolicy` of a call's line.
pub(super) fn action(call: &str) -> &str {
    call.split(' ').next().unwrap()
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KilledBefore => f.write_str("killed before"),
            Self::KilledAfter => f.write_str("killed after"),
            Self::GivenUp => f.write_str("killed in every delivery, first after"),
            Self::Silent => f.write_str("reply lost, no time left, in"),
            Self::ReplyLost => f.write_str("reply lost in"),
            Self::CutBefore => f.write_str("connection cut before"),
            Self::CutAfter => f.write_str("connection cut after"),
            Self::Throttled => f.write_str("throttled in"),
            Self::ServerError => f.write_str("server error in"),
            Self::Busy => f.write_str("concurrent modification in"),
            Self::Denied => f.write_str("denied for good,"),
            Self::KilledTwice(calls) => write!(f, "killed again by the next delivery's call {calls}, first after"),
            Self::GivenUpThenKilled(calls) => {
                write!(f, "killed in every delivery, what follows by its call {calls}, first after")
            }
        }
    }
}
