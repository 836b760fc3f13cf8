//! Whatever fails in any call of any operation: with Lambda's retries and CloudFormation's next request, the real binary
//! ends with the role as requested or exactly as before, and on the way nobody gets access that no template gives.
//!
//! `make faults` runs the whole matrix, two faults in a row included, and prints it. `cargo test` runs a third of the
//! single faults: some of them on each call, and each of them on some calls of each operation. Requests that are delivered
//! again are rows of the same table.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test insists")]

mod failure;
mod operation;
mod overlaps;
mod redelivery;
mod safety;
mod simulation;

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::failure::{ANSWER, Expected, Failure, action};
use self::operation::{GENERATED_ID, Operation, Reference, contents};
use self::simulation::{Request, Simulation, TIMEOUT};
use crate::fixtures::{AUDIT, EC2, ID, OTHER_ID, S3};
use crate::stack::Answer;

/// So short that a delete does not look long for a role that never appears.
const BRIEF: Duration = Duration::from_secs(8);

/// How many trials run at the same time that need the processor all the time.
const WORKING: usize = 8;

/// How many more run that mostly wait.
const WAITING: usize = 64;

/// One fault in one call of one operation.
struct Trial {
    operation: Arc<(Operation, Reference)>,
    call: String,
    nth: usize,
    failure: Failure,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_in_any_call_loses_a_role_or_grants_access() {
    let whole = std::env::var("FAULTS").is_ok_and(|which| which == "all");
    let mut trials = Vec::new();
    let mut operations = Vec::new();
    for operation in operation::all() {
        let reference = operation.reference().await;
        let calls = reference.calls.clone();
        let operation = Arc::new((operation, reference));
        operations.push(Arc::clone(&operation));
        let mut failures = Failure::SINGLE.to_vec();
        if whole {
            failures.extend((1..=calls.len()).flat_map(|n| [Failure::KilledTwice(n), Failure::AbandonedThenKilled(n)]));
        }
        for (call, nth) in calls.into_iter().chain([(ANSWER.to_owned(), 1)]) {
            for &failure in failures.iter().filter(|failure| failure.applies_to(&call)) {
                trials.push(Trial { operation: Arc::clone(&operation), call: call.clone(), nth, failure });
            }
        }
    }

    let mut deliveries: Vec<_> = redelivery::Kind::all()
        .flat_map(|kind| {
            operations.iter().map(move |operation| redelivery::Trial { operation: Arc::clone(operation), kind })
        })
        .filter(redelivery::Trial::is_recognizable)
        .collect();
    if !whole {
        keep_every(3, &mut trials);
        keep_every(5, &mut deliveries);
    }
    let (working, waiting) = (Arc::new(Semaphore::new(WORKING)), Arc::new(Semaphore::new(WAITING)));
    let mut running = JoinSet::new();
    for trial in trials {
        let limit = Arc::clone(if trial.failure.waits() { &waiting } else { &working });
        running.spawn(async move {
            let _permit = limit.acquire().await.unwrap();
            let problems = trial.run().await;
            problems.map(|problems| (trial, problems))
        });
    }
    let mut ended = Vec::new();
    while let Some(trial) = running.join_next().await {
        ended.extend(trial.expect("a trial does not panic"));
    }

    let mut delivered = Vec::new();
    let mut running: JoinSet<_> = deliveries
        .into_iter()
        .map(|trial| {
            let limit = Arc::clone(&working);
            async move {
                let _permit = limit.acquire().await.unwrap();
                let problems = trial.run().await;
                (trial, problems)
            }
        })
        .collect();
    while let Some(trial) = running.join_next().await {
        delivered.push(trial.expect("a trial does not panic"));
    }

    let table = table(&operations, &ended, &delivered);
    if whole {
        std::io::stdout().write_all(table.as_bytes()).unwrap();
    }
    let ended = ended.iter().map(|(trial, problems)| (trial.to_string(), problems));
    let delivered = delivered.iter().map(|(trial, problems)| (trial.to_string(), problems));
    let not_survived: Vec<String> = ended
        .chain(delivered)
        .filter(|(_, problems)| !problems.is_empty())
        .map(|(trial, problems)| format!("{trial}:\n    {}", problems.join("\n    ")))
        .collect();
    assert!(not_survived.is_empty(), "{table}\nnot survived:\n{}", not_survived.join("\n"));
}

fn keep_every<T>(nth: usize, trials: &mut Vec<T>) {
    let mut count = 0..;
    trials.retain(|_| count.next().is_some_and(|count: usize| count.is_multiple_of(nth)));
}

fn table(
    operations: &[Arc<(Operation, Reference)>],
    ended: &[(Trial, Vec<String>)],
    delivered: &[(redelivery::Trial, Vec<String>)],
) -> String {
    let mut table =
        format!("{:44} {:>9} {:>8} {:>9} {:>13}\n", "operation", "AWS calls", "faults", "survived", "not survived");
    let mut total = [0; 4];
    for operation in operations {
        let own: Vec<_> = ended.iter().filter(|(trial, _)| Arc::ptr_eq(&trial.operation, operation)).collect();
        let survived = own.iter().filter(|(_, problems)| problems.is_empty()).count();
        // The answer is a call, too.
        let row = [operation.1.calls.len() + 1, own.len(), survived, own.len() - survived];
        write_row(&mut table, operation.0.name, row);
        total = std::array::from_fn(|column| total[column] + row[column]);
    }
    for kind in redelivery::Kind::all() {
        let own: Vec<_> = delivered.iter().filter(|(trial, _)| trial.kind == kind).collect();
        let survived = own.iter().filter(|(_, problems)| problems.is_empty()).count();
        let row = [0, own.len(), survived, own.len() - survived];
        write_row(&mut table, &kind.to_string(), row);
        total = std::array::from_fn(|column| total[column] + row[column]);
    }
    write_row(&mut table, "all", total);
    table
}

fn write_row(table: &mut String, name: &str, [calls, faults, survived, not_survived]: [usize; 4]) {
    // A row for all operations has no number of calls.
    let calls = if calls == 0 { "-".to_owned() } else { calls.to_string() };
    writeln!(table, "{name:44} {calls:>9} {faults:>8} {survived:>9} {not_survived:>13}").unwrap();
}

impl Trial {
    /// Returns the problems, or `None` if there were fewer calls than the trial needs.
    async fn run(&self) -> Option<Vec<String>> {
        let (operation, reference) = &*self.operation;
        let mut simulation = Simulation::with(&reference.state).await;
        self.failure.set_up(&mut simulation, &self.call, self.nth);
        let answer = simulation.deliver(&operation.request, self.failure.timeout(&self.call)).await;
        let first_met = simulation.after_kills.is_empty();
        if !first_met || (!self.failure.has_second_fault() && !simulation.account.unused_faults().is_empty()) {
            simulation.report("the fault applied to no call");
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
        if self.failure.has_second_fault() && !simulation.account.unused_faults().is_empty() {
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
        if let (Request::Update { id, .. }, Some(answer)) = (&self.operation.0.request, answer)
            && !answer.succeeded()
            && answer.physical_id() != id
        {
            simulation.report(format!("a failed update has the ID {}", answer.physical_id()));
        }
        let succeeded = answer.map(Answer::succeeded);
        let denied = format!("iam:{} was denied", action(&self.call));
        match (self.failure.expected(&self.call), succeeded, answer) {
            (Expected::Success | Expected::Denial, Some(true), _)
            | (Expected::NoAnswer, None, _)
            | (Expected::AnyAnswer, Some(_), _) => {}
            (Expected::Denial, Some(false), Some(answer)) if answer.reason().contains(&denied) => {}
            (expected, _, answer) => {
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

impl std::fmt::Display for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { operation, call, nth, failure } = self;
        write!(f, "{}, {failure} {call} ({nth})", operation.0.name)
    }
}
