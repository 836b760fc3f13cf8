//! Requests that Lambda delivers again, after newer requests or long after they were sent: they change nothing. The real
//! binary reads from the response URL when a request was sent.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use delegated_role_core::timestamp::Timestamp;

use super::failure::{ANSWER, Failure};
use super::operation::{Operation, Reference, contents};
use super::safety;
use super::simulation::{Request, Simulation, TIMEOUT};
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Which {
    /// The request of the operation, which is the newest.
    Newest,
    /// The request before it.
    Older,
    /// The request of the operation: its process was killed after its answer, and another request undid it.
    Killed,
}

/// One request of one operation, delivered again.
pub(super) struct Trial {
    pub(super) operation: Arc<(Operation, Reference)>,
    pub(super) kind: Kind,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kind {
    which: Which,
    late: bool,
}

impl Kind {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let kinds = [Which::Newest, Which::Older, Which::Killed];
        kinds.into_iter().flat_map(|which| [false, true].map(|late| Self { which, late }))
    }

    fn sent(self) -> SystemTime {
        ago(if self.late { LATE } else { IMMEDIATE })
    }
}

fn ago(time: Duration) -> SystemTime {
    SystemTime::now() - time
}

impl Trial {
    /// Whether the function can recognize the request as old. A create within seconds after the deletion of its role looks
    /// like a first delivery, but Lambda waits a minute before it delivers a failed event again.
    pub(super) fn is_recognizable(&self) -> bool {
        let (operation, reference) = &*self.operation;
        let role_exists = || reference.after.iter().any(|role| role.name == "Auditor");
        match (self.kind.which, self.kind.late) {
            (_, true) | (Which::Newest, false) => true,
            (Which::Older, false) => !matches!(operation.older(reference), Request::Create { .. }) || role_exists(),
            (Which::Killed, false) => !matches!(operation.request, Request::Create { .. }),
        }
    }

    /// Returns the problems.
    pub(super) async fn run(&self) -> Vec<String> {
        let (operation, reference) = &*self.operation;
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
        let operation = &self.operation.0;
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
        let (operation, reference) = &*self.operation;
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
        let operation = &self.operation.0;
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
fn written_at(simulation: &Simulation, sent: SystemTime) {
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

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.which {
            Which::Newest => "delivered again",
            Which::Older => "older request delivered again",
            Which::Killed => "killed after the answer, undone, delivered again",
        })?;
        f.write_str(if self.late { ", late" } else { ", immediately" })
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.operation.0.name, self.kind)
    }
}
