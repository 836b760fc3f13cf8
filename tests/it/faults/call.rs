//! One failure in one call of one operation.

use std::sync::Arc;
use std::time::Duration;

use super::failure::{ANSWER, Expected, Failure, action};
use super::operation::{Case, GENERATED_ID, contents};
use super::safety;
use super::simulation::{Request, Simulation, TIMEOUT};
use super::trial::{Name, Trial};
use crate::stack::Answer;

/// So short that a delete does not look long for a role that never appears, and long enough for a busy machine.
const BRIEF: Duration = Duration::from_secs(12);

struct Fault {
    case: Arc<Case>,
    call: String,
    /// Which of the calls with the same line.
    nth: usize,
    failure: Failure,
}

/// All failures in all calls, and pairs of failures if asked for.
pub(super) fn trials(cases: &[Arc<Case>], pairs: bool) -> Vec<Trial> {
    let mut trials = Vec::new();
    for case in cases {
        let calls = &case.reference.calls;
        let mut failures = Failure::SINGLE.to_vec();
        if pairs {
            failures.extend((1..=calls.len()).flat_map(|n| [Failure::KilledTwice(n), Failure::AbandonedThenKilled(n)]));
        }
        for (call, nth) in calls.iter().cloned().chain([(ANSWER.to_owned(), 1)]) {
            for &failure in failures.iter().filter(|failure| failure.applies_to(&call)) {
                trials.push(Fault { case: Arc::clone(case), call: call.clone(), nth, failure }.trial());
            }
        }
    }
    trials
}

impl Fault {
    fn trial(self) -> Trial {
        let Self { case, call, nth, failure } = &self;
        let second = failure.second_call().map_or_else(String::new, |second| format!(", then in call {second}"));
        let place = format!("{call} ({nth}){second}");
        let name = Name { operation: case.operation.name, fault: failure.name(), place };
        Trial::new(name, failure.waits(), async move { self.run().await })
    }

    /// Returns the problems, or `None` if there were fewer calls than the second fault needs.
    async fn run(&self) -> Option<Vec<String>> {
        let Case { operation, reference } = &*self.case;
        let has_second_fault = self.failure.second_call().is_some();
        let mut simulation = Simulation::with(&reference.state).await;
        self.failure.set_up(&mut simulation, &self.call, self.nth);
        let answer = simulation.deliver(&operation.request, self.failure.timeout(&self.call)).await;
        let first_met = simulation.after_kills.is_empty();
        if !first_met || (!has_second_fault && !simulation.account.unused_faults().is_empty()) {
            simulation.report("the fault applied to no call");
        }
        if !simulation.bucket.unused_faults().is_empty() {
            simulation.report("the fault applied to no answer");
        }
        if let Some(expected) = self.failure.deliveries(&self.call)
            && simulation.deliveries != expected
        {
            simulation.report(format!("{} deliveries instead of {expected}", simulation.deliveries));
        }
        self.judge(&mut simulation, answer.as_ref());
        simulation.bucket.clear_faults();
        simulation.fatal_answers = 0;

        let end = operation.end(answer.as_ref(), reference);
        if let Some(next) = operation.next(answer.as_ref()) {
            let mut last = simulation.deliver(&next, timeout_of(&next)).await;
            if self.failure == Failure::Denied && last.as_ref().is_some_and(|answer| !answer.succeeded()) {
                // The next request may need the same permission. Then it fails with a reason, and gets the permission back.
                self.judge(&mut simulation, last.as_ref());
                simulation.account.clear_faults();
                last = simulation.deliver(&next, timeout_of(&next)).await;
            }
            match last {
                Some(answer) if answer.succeeded() => {}
                Some(answer) => simulation.report(format!("{next:?} failed: {}", answer.reason())),
                None => simulation.report(format!("{next:?} has no answer")),
            }
        }
        simulation.settle().await;
        if has_second_fault && !simulation.account.unused_faults().is_empty() {
            return None;
        }
        let there = contents(&simulation);
        if there != end {
            simulation.report(format!("the roles at the end are {there:#?}\n    instead of {end:#?}"));
        }
        for violation in safety::violations(&simulation.account.snapshots(), &reference.templates) {
            simulation.report(violation);
        }
        Some(simulation.finish().await)
    }

    fn judge(&self, simulation: &mut Simulation, answer: Option<&Answer>) {
        if let (Request::Update { id, .. }, Some(answer)) = (&self.case.operation.request, answer)
            && !answer.succeeded()
            && answer.physical_id() != id
        {
            simulation.report(format!("a failed update has the ID {}", answer.physical_id()));
        }
        let action = action(&self.call);
        let (denied, blocked) =
            (format!("iam:{action} was denied"), format!("iam:{action} failed: HTTP status 403, and no error message"));
        let reason = answer.filter(|answer| !answer.succeeded()).map(Answer::reason);
        match (self.failure.expected(&self.call), answer, reason) {
            (Expected::Success | Expected::Denial | Expected::Blocked, Some(_), None)
            | (Expected::NoAnswer, None, _)
            | (Expected::AnyAnswer, Some(_), _) => {}
            (Expected::Denial, _, Some(reason)) if reason.contains(&denied) => {}
            (Expected::Blocked, _, Some(reason)) if reason.contains(&blocked) => {}
            (expected, answer, _) => {
                simulation.report(format!(
                    "CloudFormation receives {:?} instead of {expected:?}",
                    answer.map(|answer| &answer.0)
                ));
            }
        }
    }
}

fn timeout_of(request: &Request) -> Duration {
    match request {
        Request::Delete { id, .. } if id == GENERATED_ID => BRIEF,
        _ => TIMEOUT,
    }
}
