//! Whatever fails in any call of any operation: with Lambda's retries and CloudFormation's next request, the real binary
//! ends with the role as requested or exactly as before, and on the way no caller gets access that no template gives.
//!
//! `make faults` runs the whole matrix, two faults in a row included, and prints it; `make faults ROW="signature expired"`
//! runs only the trials whose name contains this text. `cargo test` runs a part: some of the faults in each call, and each
//! of the faults in some calls of each operation.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test insists")]

mod call;
mod endurance;
mod failure;
mod freeze;
mod late;
mod operation;
mod overlaps;
mod redelivery;
mod replacements;
mod safety;
mod simulation;
mod table;
mod trial;

use std::io::Write as _;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::operation::Case;
use self::trial::{Ended, Trial};
use crate::fixtures::{AUDIT, EC2, ID, OTHER_ID, S3};

/// How many trials run at the same time that need the processor most of the time.
const WORKING: usize = 12;

/// How many more run that mostly wait.
const WAITING: usize = 64;

/// Which trials run: the variable `FAULTS`.
enum Selection {
    /// A part of them.
    Part,
    /// All, or those whose name contains this text.
    Matching(String),
}

impl Selection {
    fn read() -> Self {
        match std::env::var("FAULTS") {
            Err(_) => Self::Part,
            Ok(all) if all == "all" => Self::Matching(String::new()),
            Ok(text) => Self::Matching(text),
        }
    }

    /// Those of the trials that run: in a part, each `nth`.
    fn of(&self, nth: usize, mut trials: Vec<Trial>) -> Vec<Trial> {
        match self {
            Self::Part => trials.into_iter().step_by(nth).collect(),
            Self::Matching(text) => {
                let text = text.to_lowercase();
                trials.retain(|trial| trial.name.to_string().to_lowercase().contains(&text));
                trials
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_in_any_call_loses_a_role_or_grants_access() {
    let selection = Selection::read();
    let whole = matches!(selection, Selection::Matching(_));
    let cases = cases().await;
    let trials = [
        selection.of(4, call::trials(&cases, whole)),
        selection.of(5, late::trials(&cases)),
        selection.of(5, redelivery::trials(&cases)),
        selection.of(5, freeze::trials(&cases)),
        selection.of(1, endurance::trials()),
    ];
    let ended = run(trials.into_iter().flatten()).await;
    assert!(!ended.is_empty(), "no trial has a name that contains the text in FAULTS");
    let tables = table::tables(&cases, &ended);
    if whole {
        std::io::stdout().write_all(tables.as_bytes()).unwrap();
    }
    let not_survived: Vec<String> = ended.iter().filter(|trial| !trial.survived()).map(ToString::to_string).collect();
    assert!(not_survived.is_empty(), "{tables}\nnot survived:\n{}", not_survived.join("\n"));
}

/// All operations, each with what it does without faults.
async fn cases() -> Vec<Arc<Case>> {
    let running: Vec<_> = operation::all().into_iter().map(|operation| tokio::spawn(Case::of(operation))).collect();
    let mut cases = Vec::new();
    for case in running {
        cases.push(Arc::new(case.await.expect("an operation without faults succeeds")));
    }
    cases
}

async fn run(trials: impl Iterator<Item = Trial>) -> Vec<Ended> {
    let (working, waiting) = (Arc::new(Semaphore::new(WORKING)), Arc::new(Semaphore::new(WAITING)));
    let mut running = JoinSet::new();
    for Trial { name, waits, work } in trials {
        let limit = Arc::clone(if waits { &waiting } else { &working });
        running.spawn(async move {
            let _permit = limit.acquire().await.unwrap();
            work.await.map(|problems| Ended { name, problems })
        });
    }
    running.join_all().await.into_iter().flatten().collect()
}
