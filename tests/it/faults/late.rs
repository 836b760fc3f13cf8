//! A request that is delivered late asks CloudFormation whether its operation is still in progress, and this call fails. A
//! failure that passes does not matter; one that stays changes no role.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::operation::{Case, contents};
use super::redelivery::written_at;
use super::safety;
use super::simulation::{Request, Simulation, TIMEOUT};
use super::trial::{Name, Trial};
use crate::stack::Answer;
use crate::wire::ClockError;
use crate::wire::cloudformation::Fault;

/// How long ago the request was sent.
const LATE: Duration = Duration::from_secs(60);

/// How long ago the request was sent that made the role.
const LONG_AGO: Duration = Duration::from_mins(5);

const DENIED: &str = "because no identity-based policy allows the cloudformation:DescribeStackResource action";

struct Late {
    case: Arc<Case>,
    passes: bool,
    fault: Fault,
}

/// All failures of the call, each in all operations that make it.
pub(super) fn trials(cases: &[Arc<Case>]) -> Vec<Trial> {
    let asking = |case: &&Arc<Case>| !matches!(case.operation.request, Request::Delete { .. });
    let passing: [fn() -> Fault; 9] = [
        || Fault::throttled().first(3),
        || Fault::server_error().first(3),
        || Fault::connection_cut(),
        || Fault::hang(),
        || Fault::html(502).first(3),
        || Fault::wrong_clock(ClockError::SignatureExpired).first(3),
        || Fault::wrong_clock(ClockError::RequestTimeTooSkewed).first(3),
        || Fault::wrong_clock(ClockError::InvalidSignature).first(3),
        || Fault::denied_because(DENIED).first(5),
    ];
    let lasting: [fn() -> Fault; 1] = [|| Fault::denied_because(DENIED).every()];
    let faults = passing.map(|fault| (true, fault)).into_iter().chain(lasting.map(|fault| (false, fault)));
    faults
        .flat_map(|(passes, fault)| {
            cases.iter().filter(asking).map(move |case| Late { case: Arc::clone(case), passes, fault: fault() })
        })
        .map(|late| {
            let fault = if late.passes {
                "late, CloudFormation fails at first"
            } else {
                "late, CloudFormation always denies the call"
            };
            let name = Name { operation: late.case.operation.name, fault, place: late.fault.to_string() };
            Trial::new(name, true, async move { Some(late.run().await) })
        })
        .collect()
}

impl Late {
    async fn run(self) -> Vec<String> {
        let Case { operation, reference } = &*self.case;
        let mut simulation = Simulation::with(&reference.state).await;
        written_at(&simulation, SystemTime::now() - LONG_AGO);
        let before = simulation.account.roles();
        simulation.cloudformation.fail(self.fault);
        let sent = SystemTime::now() - LATE;
        let answer = simulation.deliver_sent(&operation.request, sent, TIMEOUT).await;
        match answer.as_ref().filter(|_| simulation.deliveries == 1) {
            Some(answer) if self.passes && answer.succeeded() => {}
            Some(answer) if !self.passes && !answer.succeeded() && answer.reason().contains(DENIED) => {
                let there = simulation.account.roles();
                if there != before {
                    simulation.report(format!("the roles are {there:#?}\n    instead of {before:#?}"));
                }
            }
            _ => {
                let answer = answer.as_ref().map(|answer| &answer.0);
                simulation.report(format!("answered after {} deliveries: {answer:?}", simulation.deliveries));
            }
        }
        if !simulation.cloudformation.unused_faults().is_empty() {
            simulation.report("the fault applied to no call");
        }
        simulation.cloudformation.clear_faults();
        if let Some(next) = operation.next(answer.as_ref()) {
            let last = simulation.deliver(&next, TIMEOUT).await;
            if !last.as_ref().is_some_and(Answer::succeeded) {
                simulation.report(format!("{next:?} is answered {:?}", last.map(|answer| answer.0)));
            }
        }
        let (there, end) = (contents(&simulation), operation.end(answer.as_ref(), reference));
        if there != end {
            simulation.report(format!("the roles at the end are {there:#?}\n    instead of {end:#?}"));
        }
        for violation in safety::violations(&simulation.account.snapshots(), &reference.templates) {
            simulation.report(violation);
        }
        simulation.finish().await
    }
}
