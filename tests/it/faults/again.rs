//! Requests that Lambda delivers again, after CloudFormation went on or long after they were sent: they change
//! nothing. By the real binary, which reads in the response URL when a request was sent.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use delegated_role_core::timestamp::Timestamp;

use super::mishap::{ANSWER, Mishap};
use super::operation::{Operation, Undisturbed, contents};
use super::safety;
use super::world::{Request, USUAL, World};
use crate::fixtures::STATE_TAG;
use crate::stack::Answer;

/// When a request that is delivered again at once was sent.
const AT_ONCE: Duration = Duration::from_secs(20);

/// When a late one was sent.
const LATE: Duration = Duration::from_secs(90);

/// When the request was sent that overtakes it.
const NEWER: Duration = Duration::from_secs(10);

/// When the request was sent that made what is there before.
const LONG_AGO: Duration = Duration::from_mins(5);

/// What is delivered again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Which {
    /// The operation's own request, which is the newest.
    Newest,
    /// The request before it.
    Older,
    /// The operation's own request, whose process was killed when its answer was taken, and which was undone since.
    Killed,
}

/// One request of one operation, delivered again.
pub(super) struct Trial {
    pub(super) operation: Arc<(Operation, Undisturbed)>,
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
        ago(if self.late { LATE } else { AT_ONCE })
    }
}

fn ago(time: Duration) -> SystemTime {
    SystemTime::now() - time
}

impl Trial {
    /// Whether anything tells that the request is an old one. A create within seconds after its role was deleted looks
    /// like a first delivery; Lambda waits a minute before it delivers a failed one again.
    pub(super) fn can_be_told(&self) -> bool {
        let (operation, undisturbed) = &*self.operation;
        let is_there = || undisturbed.after.iter().any(|role| role.name == "Auditor");
        match (self.kind.which, self.kind.late) {
            (_, true) | (Which::Newest, false) => true,
            (Which::Older, false) => !matches!(operation.older(undisturbed), Request::Create { .. }) || is_there(),
            (Which::Killed, false) => !matches!(operation.request, Request::Create { .. }),
        }
    }

    /// Returns what was not as it must be.
    pub(super) async fn run(&self) -> Vec<String> {
        let (operation, undisturbed) = &*self.operation;
        let mut world = World::with(&undisturbed.state).await;
        match self.kind.which {
            Which::Newest => self.newest(&mut world).await,
            Which::Older => self.older(&mut world).await,
            Which::Killed => self.killed(&mut world).await,
        }
        let mut templates = undisturbed.templates.clone();
        if operation.was_given_up() {
            // What was given up is asked for again here, and has a template, too.
            for role in contents(&world) {
                templates.entry(role.name.clone()).or_default().push(role);
            }
        }
        for danger in safety::dangers(&world.account.snapshots(), &templates) {
            world.complain(danger);
        }
        world.finish().await
    }

    async fn newest(&self, world: &mut World) {
        let operation = &self.operation.0;
        written_at(world, ago(LONG_AGO));
        let Some(answer) = succeeds(world, &operation.request, self.kind.sent()).await else { return };
        let event = world.last_event();
        unchanged(world, &event).await;
        over(world, &operation.request, &answer);
        unchanged(world, &event).await;
        if let Some(next) = operation.next(Some(&answer)) {
            succeeds(world, &next, SystemTime::now()).await;
            unchanged(world, &event).await;
        }
    }

    async fn older(&self, world: &mut World) {
        let (operation, undisturbed) = &*self.operation;
        let sent = self.kind.sent();
        written_at(world, sent);
        let older = world.send(&operation.older(undisturbed), sent);
        let Some(answer) = succeeds(world, &operation.request, ago(NEWER)).await else { return };
        if let Some(next) = operation.next(Some(&answer)) {
            succeeds(world, &next, SystemTime::now()).await;
        }
        unchanged(world, &older).await;
        over(world, &operation.request, &answer);
        unchanged(world, &older).await;
    }

    async fn killed(&self, world: &mut World) {
        let operation = &self.operation.0;
        written_at(world, ago(LONG_AGO));
        Mishap::KilledAfter.arrange(world, ANSWER, 1);
        let Some(answer) = succeeds(world, &operation.request, self.kind.sent()).await else { return };
        let event = world.last_event();
        if world.deadly_answers > 0 {
            world.complain("the process was not killed");
        }
        world.bucket.clear_faults();
        world.forget_owed();
        let undo = operation.undo(&answer);
        let Some(undone) = succeeds(world, &undo, ago(NEWER)).await else { return };
        unchanged(world, &event).await;
        over(world, &undo, &undone);
        unchanged(world, &event).await;
        if let Request::Update { id, old, .. } = &undo
            && undone.physical_id() != id
        {
            let clean_up = Request::Delete { id: id.clone(), wish: old.clone() };
            succeeds(world, &clean_up, SystemTime::now()).await;
            over(world, &undo, &undone);
            unchanged(world, &event).await;
        }
    }
}

/// Lets all roles be as a request wrote them that was sent at this time.
fn written_at(world: &World, sent: SystemTime) {
    let as_of = format!("as-of={}", Timestamp::from(sent).to_compact());
    world.account.edit(|state| {
        for tag in state.roles.iter_mut().filter_map(|role| role.tags.get_mut(STATE_TAG)) {
            let fields = tag.split(' ').map(|field| if field.starts_with("as-of=") { as_of.as_str() } else { field });
            *tag = fields.collect::<Vec<_>>().join(" ");
        }
    });
}

async fn succeeds(world: &mut World, request: &Request, sent: SystemTime) -> Option<Answer> {
    let answer = world.deliver_sent(request, sent, USUAL).await;
    match &answer {
        Some(answer) if answer.succeeded() => {}
        Some(answer) => world.complain(format!("{request:?} failed: {}", answer.reason())),
        None => world.complain(format!("{request:?} was never answered")),
    }
    answer.filter(Answer::succeeded)
}

/// CloudFormation reports that the operation of a request has ended.
fn over(world: &World, request: &Request, answer: &Answer) {
    let status = match request {
        Request::Create { .. } => "CREATE_COMPLETE",
        Request::Update { .. } => "UPDATE_COMPLETE",
        Request::Delete { .. } => "DELETE_COMPLETE",
    };
    world.cloudformation.edit(|report| {
        status.clone_into(&mut report.status);
        answer.physical_id().clone_into(&mut report.physical_id);
    });
}

/// Delivers it again, which must not touch any role.
async fn unchanged(world: &mut World, event: &serde_json::Value) {
    let before = world.account.roles();
    world.deliver_again(event).await;
    let there = world.account.roles();
    if there != before {
        let status = world.cloudformation.edit(|report| report.status.clone());
        world.complain(format!(
            "{} delivered again, resource {status}: there is {there:#?}\n    and not {before:#?}",
            event["RequestType"]
        ));
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.which {
            Which::Newest => "delivered again",
            Which::Older => "older request delivered again",
            Which::Killed => "killed after answer, undone, again",
        })?;
        f.write_str(if self.late { ", 90 s late" } else { ", at once" })
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.operation.0.name, self.kind)
    }
}
