//! Requests that Lambda delivers again, after newer requests or long after they were sent: they change nothing. The real
//! binary reads from the response URL when a request was sent.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use delegated_role_core::timestamp::Timestamp;

use super::failure::{ANSWER, Failure};
use super::operation::{Case, contents};
use super::safety;
use super::simulation::{Request, Simulation, TIMEOUT};
use super::trial::{Name, Trial};
use crate::fixtures::STATE_TAG;
use crate::stack::Answer;

/// How long before its redelivery an immediate one was sent.
const IMMEDIATE: Duration = Duration::from_secs(20);

/// How long before its redelivery a late one was sent.
const LATE: Duration = Duration::from_secs(90);

/// How long ago the newer request was sent.
const NEWER: Duration = Duration::from_secs(10);

/// How long ago the request was sent that made the role.
const LONG_AGO: Duration = Duration::from_mins(5);

/// What is delivered again.
#[derive(Clone, Copy)]
enum Which {
    /// The request of the operation, which is the newest.
    Newest,
    /// The request before it.
    Older,
    /// The request of the operation: its process was killed after its answer, and another request undid it.
    Killed,
}

/// One request of one operation, delivered again.
struct Redelivery {
    case: Arc<Case>,
    kind: Kind,
}

/// A row of the table.
#[derive(Clone, Copy)]
struct Kind {
    which: Which,
    late: bool,
}

/// Each request of each operation, delivered again.
pub(super) fn trials(cases: &[Arc<Case>]) -> Vec<Trial> {
    let kinds = [Which::Newest, Which::Older, Which::Killed];
    let kinds = kinds.into_iter().flat_map(|which| [false, true].map(|late| Kind { which, late }));
    kinds
        .flat_map(|kind| cases.iter().map(move |case| Redelivery { case: Arc::clone(case), kind }))
        .filter(Redelivery::is_recognizable)
        .map(|redelivery| {
            let operation = redelivery.case.operation.name;
            let name = Name { operation, fault: redelivery.kind.name(), place: String::new() };
            Trial::new(name, false, async move { Some(redelivery.run().await) })
        })
        .collect()
}

impl Kind {
    fn name(self) -> &'static str {
        match (self.which, self.late) {
            (Which::Newest, false) => "delivered again, at once",
            (Which::Newest, true) => "delivered again, 90 seconds late",
            (Which::Older, false) => "older request delivered again, at once",
            (Which::Older, true) => "older request delivered again, 90 seconds late",
            (Which::Killed, false) => "killed after the answer, undone, delivered again, at once",
            (Which::Killed, true) => "killed after the answer, undone, delivered again, late",
        }
    }

    fn sent(self) -> SystemTime {
        ago(if self.late { LATE } else { IMMEDIATE })
    }
}

fn ago(time: Duration) -> SystemTime {
    SystemTime::now() - time
}

impl Redelivery {
    /// Whether the function can recognize the request as old. A create within seconds after the deletion of its role looks
    /// like a first delivery, but Lambda waits a minute before it delivers a failed event again.
    fn is_recognizable(&self) -> bool {
        let Case { operation, reference } = &*self.case;
        let role_exists = || reference.after.iter().any(|role| role.name == "Auditor");
        match (self.kind.which, self.kind.late) {
            (_, true) | (Which::Newest, false) => true,
            (Which::Older, false) => !matches!(operation.older(reference), Request::Create { .. }) || role_exists(),
            (Which::Killed, false) => !matches!(operation.request, Request::Create { .. }),
        }
    }

    /// Returns the problems.
    async fn run(&self) -> Vec<String> {
        let Case { operation, reference } = &*self.case;
        let mut simulation = Simulation::with(&reference.state).await;
        match self.kind.which {
            Which::Newest => self.newest(&mut simulation).await,
            Which::Older => self.older(&mut simulation).await,
            Which::Killed => self.killed(&mut simulation).await,
        }
        let mut templates = reference.templates.clone();
        if operation.was_abandoned() {
            // The abandoned request is delivered here, and has a template, too.
            for role in contents(&simulation) {
                templates.entry(role.name.clone()).or_default().push(role);
            }
        }
        for violation in safety::violations(&simulation.account.snapshots(), &templates) {
            simulation.report(violation);
        }
        simulation.finish().await
    }

    async fn newest(&self, simulation: &mut Simulation) {
        let operation = &self.case.operation;
        written_at(simulation, ago(LONG_AGO));
        let Some(answer) = deliver_successfully(simulation, &operation.request, self.kind.sent()).await else { return };
        let event = simulation.last_event();
        unchanged(simulation, &event).await;
        end_operation(simulation, &operation.request, &answer);
        unchanged(simulation, &event).await;
        if let Some(next) = operation.next(Some(&answer)) {
            deliver_successfully(simulation, &next, SystemTime::now()).await;
            unchanged(simulation, &event).await;
        }
    }

    async fn older(&self, simulation: &mut Simulation) {
        let Case { operation, reference } = &*self.case;
        let sent = self.kind.sent();
        written_at(simulation, sent);
        let older = simulation.send(&operation.older(reference), sent);
        let Some(answer) = deliver_successfully(simulation, &operation.request, ago(NEWER)).await else { return };
        if let Some(next) = operation.next(Some(&answer)) {
            deliver_successfully(simulation, &next, SystemTime::now()).await;
        }
        unchanged(simulation, &older).await;
        end_operation(simulation, &operation.request, &answer);
        unchanged(simulation, &older).await;
    }

    async fn killed(&self, simulation: &mut Simulation) {
        let operation = &self.case.operation;
        written_at(simulation, ago(LONG_AGO));
        Failure::KilledAfter.set_up(simulation, ANSWER, 1);
        let Some(answer) = deliver_successfully(simulation, &operation.request, self.kind.sent()).await else { return };
        let event = simulation.last_event();
        if simulation.fatal_answers > 0 {
            simulation.report("the process was not killed");
        }
        simulation.bucket.clear_faults();
        simulation.forget_retries();
        let undo = operation.undo(&answer);
        let Some(undone) = deliver_successfully(simulation, &undo, ago(NEWER)).await else { return };
        unchanged(simulation, &event).await;
        end_operation(simulation, &undo, &undone);
        unchanged(simulation, &event).await;
        if let Request::Update { id, old, .. } = &undo
            && undone.physical_id() != id
        {
            let clean_up = Request::Delete { id: id.clone(), properties: old.clone() };
            deliver_successfully(simulation, &clean_up, SystemTime::now()).await;
            end_operation(simulation, &undo, &undone);
            unchanged(simulation, &event).await;
        }
    }
}

/// Changes all roles as if their last request was sent at this time.
pub(super) fn written_at(simulation: &Simulation, sent: SystemTime) {
    let as_of = format!("as-of={}", Timestamp::from(sent).to_compact());
    simulation.account.edit(|state| {
        for tag in state.roles.iter_mut().filter_map(|role| role.tags.get_mut(STATE_TAG)) {
            let fields = tag.split(' ').map(|field| if field.starts_with("as-of=") { as_of.as_str() } else { field });
            *tag = fields.collect::<Vec<_>>().join(" ");
        }
    });
}

async fn deliver_successfully(simulation: &mut Simulation, request: &Request, sent: SystemTime) -> Option<Answer> {
    let answer = simulation.deliver_sent(request, sent, TIMEOUT).await;
    match &answer {
        Some(answer) if answer.succeeded() => {}
        Some(answer) => simulation.report(format!("{request:?} failed: {}", answer.reason())),
        None => simulation.report(format!("{request:?} has no answer")),
    }
    answer.filter(Answer::succeeded)
}

/// CloudFormation reports that the operation of this request ended.
fn end_operation(simulation: &Simulation, request: &Request, answer: &Answer) {
    let status = match request {
        Request::Create { .. } => "CREATE_COMPLETE",
        Request::Update { .. } => "UPDATE_COMPLETE",
        Request::Delete { .. } => "DELETE_COMPLETE",
    };
    simulation.cloudformation.edit(|report| {
        status.clone_into(&mut report.status);
        answer.physical_id().clone_into(&mut report.physical_id);
    });
}

/// Delivers an event again, which must not change any role.
async fn unchanged(simulation: &mut Simulation, event: &serde_json::Value) {
    let before = simulation.account.roles();
    simulation.deliver_again(event).await;
    let there = simulation.account.roles();
    if there != before {
        let status = simulation.cloudformation.edit(|report| report.status.clone());
        simulation.report(format!(
            "{} delivered again, resource {status}: the roles are {there:#?}\n    instead of {before:#?}",
            event["RequestType"]
        ));
    }
}
