//! Nothing lost, nothing opened: whatever happens to any call of any operation, the real binary under Lambda's
//! ways with failures and CloudFormation's follow-up ends where it was wished or exactly where it was before,
//! and opens to nobody on the way.
//!
//! `make faults` runs the whole matrix, two faults in a row included, and prints it; `cargo test` runs a third of
//! the single faults: some of them on each call, and each of them on some calls of each operation. Requests that are
//! delivered again are rows of the same table.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test insists")]

mod again;
mod mishap;
mod operation;
mod safety;
mod stories;
mod world;

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::mishap::{ANSWER, Hears, Mishap, action};
use self::operation::{MADE_UP, Operation, Undisturbed, contents};
use self::world::{Request, USUAL, World};
use crate::fixtures::{AUDIT, EC2, ID, OTHER_ID, S3};
use crate::stack::Answer;

/// So short that a role that never comes is not looked for long.
const NOT_LONG: Duration = Duration::from_secs(8);

/// How many trials run at once that work all the time.
const WORKING: usize = 8;

/// How many besides that wait for seconds, most of their time.
const WAITING: usize = 64;

/// One fault in one call of one operation.
struct Trial {
    operation: Arc<(Operation, Undisturbed)>,
    call: String,
    nth: usize,
    mishap: Mishap,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_to_any_call_nothing_is_lost_and_nothing_opened() {
    let whole = std::env::var("FAULTS").is_ok_and(|which| which == "all");
    let mut trials = Vec::new();
    let mut operations = Vec::new();
    for operation in operation::all() {
        let undisturbed = operation.undisturbed().await;
        let calls = undisturbed.calls.clone();
        let operation = Arc::new((operation, undisturbed));
        operations.push(Arc::clone(&operation));
        let mut mishaps = Mishap::SINGLE.to_vec();
        if whole {
            mishaps.extend((1..=calls.len()).flat_map(|n| [Mishap::KilledTwice(n), Mishap::GivenUpThenKilled(n)]));
        }
        for (call, nth) in calls.into_iter().chain([(ANSWER.to_owned(), 1)]) {
            for &mishap in mishaps.iter().filter(|mishap| mishap.can_meet(&call)) {
                trials.push(Trial { operation: Arc::clone(&operation), call: call.clone(), nth, mishap });
            }
        }
    }

    let mut deliveries: Vec<_> = again::Kind::all()
        .flat_map(|kind| {
            operations.iter().map(move |operation| again::Trial { operation: Arc::clone(operation), kind })
        })
        .filter(again::Trial::can_be_told)
        .collect();
    if !whole {
        keep_every(3, &mut trials);
        keep_every(5, &mut deliveries);
    }
    let (working, waiting) = (Arc::new(Semaphore::new(WORKING)), Arc::new(Semaphore::new(WAITING)));
    let mut running = JoinSet::new();
    for trial in trials {
        let room = Arc::clone(if trial.mishap.takes_long() { &waiting } else { &working });
        running.spawn(async move {
            let _place = room.acquire().await.unwrap();
            let complaints = trial.run().await;
            complaints.map(|complaints| (trial, complaints))
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
            let room = Arc::clone(&working);
            async move {
                let _place = room.acquire().await.unwrap();
                let complaints = trial.run().await;
                (trial, complaints)
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
    let ended = ended.iter().map(|(trial, complaints)| (trial.to_string(), complaints));
    let delivered = delivered.iter().map(|(trial, complaints)| (trial.to_string(), complaints));
    let lost: Vec<String> = ended
        .chain(delivered)
        .filter(|(_, complaints)| !complaints.is_empty())
        .map(|(trial, complaints)| format!("{trial}:\n    {}", complaints.join("\n    ")))
        .collect();
    assert!(lost.is_empty(), "{table}\nnot survived:\n{}", lost.join("\n"));
}

fn keep_every<T>(nth: usize, trials: &mut Vec<T>) {
    let mut count = 0..;
    trials.retain(|_| count.next().is_some_and(|count: usize| count.is_multiple_of(nth)));
}

fn table(
    operations: &[Arc<(Operation, Undisturbed)>],
    ended: &[(Trial, Vec<String>)],
    delivered: &[(again::Trial, Vec<String>)],
) -> String {
    let mut table =
        format!("{:44} {:>9} {:>8} {:>9} {:>13}\n", "operation", "AWS calls", "faults", "survived", "not survived");
    let mut total = [0; 4];
    for operation in operations {
        let own: Vec<_> = ended.iter().filter(|(trial, _)| Arc::ptr_eq(&trial.operation, operation)).collect();
        let survived = own.iter().filter(|(_, complaints)| complaints.is_empty()).count();
        // The answer is a call, too.
        let row = [operation.1.calls.len() + 1, own.len(), survived, own.len() - survived];
        write_row(&mut table, operation.0.name, row);
        total = std::array::from_fn(|column| total[column] + row[column]);
    }
    for kind in again::Kind::all() {
        let own: Vec<_> = delivered.iter().filter(|(trial, _)| trial.kind == kind).collect();
        let survived = own.iter().filter(|(_, complaints)| complaints.is_empty()).count();
        let row = [0, own.len(), survived, own.len() - survived];
        write_row(&mut table, &kind.to_string(), row);
        total = std::array::from_fn(|column| total[column] + row[column]);
    }
    write_row(&mut table, "all", total);
    table
}

fn write_row(table: &mut String, name: &str, [calls, faults, survived, lost]: [usize; 4]) {
    // Of a row for all operations together, no calls are counted.
    let calls = if calls == 0 { "-".to_owned() } else { calls.to_string() };
    writeln!(table, "{name:44} {calls:>9} {faults:>8} {survived:>9} {lost:>13}").unwrap();
}

impl Trial {
    /// Returns what was not as it must be; nothing at all, where there were not as many calls as it needs.
    async fn run(&self) -> Option<Vec<String>> {
        let (operation, undisturbed) = &*self.operation;
        let mut world = World::with(&undisturbed.state).await;
        self.mishap.arrange(&mut world, &self.call, self.nth);
        let answer = world.deliver(&operation.request, self.mishap.timeout(&self.call)).await;
        let first_met = world.after_deaths.is_empty();
        if !first_met || (!self.mishap.strikes_again() && !world.account.unused_faults().is_empty()) {
            world.complain("the fault met no call");
        }
        self.judge(&mut world, answer.as_ref());
        world.bucket.clear_faults();
        world.deadly_answers = 0;

        let end = operation.end(answer.as_ref(), undisturbed);
        if let Some(next) = operation.next(answer.as_ref()) {
            let mut last = world.deliver(&next, time_for(&next)).await;
            if self.mishap == Mishap::Denied && last.as_ref().is_some_and(|answer| !answer.succeeded()) {
                // What follows may need the same permission: then it says so, and somebody gives it back.
                self.judge(&mut world, last.as_ref());
                world.account.clear_faults();
                last = world.deliver(&next, time_for(&next)).await;
            }
            match last {
                Some(answer) if answer.succeeded() => {}
                Some(answer) => world.complain(format!("{next:?} failed: {}", answer.reason())),
                None => world.complain(format!("{next:?} was never answered")),
            }
        }
        world.settle().await;
        if self.mishap.strikes_again() && !world.account.unused_faults().is_empty() {
            return None;
        }
        let there = contents(&world);
        if there != end {
            world.complain(format!("in the end there is {there:#?}\n    and not {end:#?}"));
        }
        for danger in safety::dangers(&world.account.snapshots(), &undisturbed.templates) {
            world.complain(danger);
        }
        Some(world.finish().await)
    }

    fn judge(&self, world: &mut World, answer: Option<&Answer>) {
        if let (Request::Update { id, .. }, Some(answer)) = (&self.operation.0.request, answer)
            && !answer.succeeded()
            && answer.physical_id() != id
        {
            world.complain(format!("a failed update has the ID {}", answer.physical_id()));
        }
        let succeeded = answer.map(Answer::succeeded);
        let denied = format!("iam:{} was denied", action(&self.call));
        match (self.mishap.hears(&self.call), succeeded, answer) {
            (Hears::Success | Hears::Denial, Some(true), _)
            | (Hears::Nothing, None, _)
            | (Hears::Anything, Some(_), _) => {}
            (Hears::Denial, Some(false), Some(answer)) if answer.reason().contains(&denied) => {}
            (hears, _, answer) => {
                world.complain(format!("CloudFormation hears {:?} and not {hears:?}", answer.map(|answer| &answer.0)));
            }
        }
    }
}

fn time_for(request: &Request) -> Duration {
    match request {
        Request::Delete { id, .. } if id == MADE_UP => NOT_LONG,
        _ => USUAL,
    }
}

impl std::fmt::Display for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { operation, call, nth, mishap } = self;
        write!(f, "{}, {mishap} {call} ({nth})", operation.0.name)
    }
}
