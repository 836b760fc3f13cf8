//! Removing a role, whatever is on it and whatever its properties say, and no role of another resource.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use delegated_role_core::findings::{Code, Finding};
use delegated_role_core::identifiers::{Region, RoleName, RoleNamePrefix, RolePath};
use delegated_role_core::properties::Properties;
use delegated_role_core::role::name_conflict::{not_deleted, outside_name_prefix};
use delegated_role_core::role::observed::{Foreign, LiveRole, Observed};
use delegated_role_core::role::ownership::{Claim, StackResource};
use delegated_role_core::role::plan;
use delegated_role_core::role::previous_template::home_region_hint;
use delegated_role_core::timestamp::Timestamp;
use tokio::time::Instant;

use super::delivery::overtaken;
use crate::aws::{ATTEMPT, Aws, Iam, Kind, Patience};
use crate::backoff::{Schedule, poll_until};
use crate::cloudformation::creation_began;
use crate::iam::execute::execute;
use crate::iam::reads::{ReadAttached, claim, instance_profiles, observe};

/// The search for a role ends this time before the deadline, so that a role that appears late can still be removed.
const TO_REMOVE: Duration = Duration::from_secs(3);

/// How long after its role was removed a create may still make another one: the longest attempt whose reply was lost,
/// and the pause after it.
const MADE_ANEW_WITHIN: Duration = Duration::from_secs(ATTEMPT.as_secs() + 5);

/// How long after a create began a delivery of it may still run: Lambda delivers an event for five minutes at most
/// (`MaximumEventAgeInSeconds`), and a delivery runs for a minute at most (`Timeout`).
const CREATE_MAY_RUN: Duration = Duration::from_secs(300 + 60);

/// A role to remove.
#[derive(Clone, Debug)]
pub struct Removal {
    /// The resource that the role is for.
    pub resource: StackResource,
    /// The physical ID. CloudFormation generates one if a create had no answer.
    pub physical_id: String,
    /// The properties of the resource: only hints at the name and at the home Region.
    pub properties: Properties,
    /// The owner's role path prefix, if that setting is valid.
    pub prefix: Option<RolePath>,
    /// The owner's role name prefix, if that setting is valid.
    pub name_prefix: Option<RoleNamePrefix>,
    /// The function's Region.
    pub region: Region,
    /// When CloudFormation sent the request, if it says.
    pub sent: Option<Timestamp>,
}

/// Removes the role of a resource.
///
/// # Guarantees
/// - Works whatever the properties say, whatever is on the role, and if the role no longer exists.
/// - Removes no role of another resource, no role outside the owner's prefix, no role that a newer request wrote, and no
///   role that a create of this resource took over without an answer.
/// - Removes allows before denies, so that no part of the removal grants more than the role did.
///
/// # Assumptions
/// - `CloudFormation` sends a delete when no other resource needs the role: the new role of a replacement exists by
///   then.
/// - The tags of a role under the owner's prefix are changed only by people who may hand a role over.
///
/// # Caveats
/// - If `CloudFormation` generated the ID, a delivery of the create may still be running. The delete waits for the role
///   that it may make, as long as a delivery can run.
///
/// # Errors
/// A reason: the role could not be removed, or its ownership tags are missing although it may be ours.
pub async fn remove(aws: &Aws, removal: &Removal) -> Result<(), Finding> {
    let Removal { resource, physical_id, properties, prefix, name_prefix, region, .. } = removal;
    let iam = &aws.iam;
    let name_hint = || resource.name_hint(properties, prefix.as_ref(), name_prefix.as_ref());
    let known = RoleName::parse(physical_id).ok();
    let managed_elsewhere = home_region_hint(properties).is_some_and(|home_region| home_region != *region);
    if let Some(known) = &known {
        match observe(iam, resource, known, ReadAttached::WhatCanBe).await.map_err(Finding::from)? {
            Observed::Absent => {}
            Observed::Ours(live) => {
                if is_outside(&live.path, prefix.as_ref()) {
                    return Ok(());
                }
                // The function has no rights on it. A success would leave access open that no stack knows of.
                if let Some(prefix) = name_prefix.as_ref().filter(|prefix| !prefix.begins(&live.name)) {
                    return Err(outside_name_prefix(&live.name, prefix));
                }
                return take_down_newest(iam, resource, *live, removal.sent, Patience::Usual).await;
            }
            // The role belongs to another stack.
            Observed::Foreign(_) if managed_elsewhere => return Ok(()),
            Observed::Foreign(foreign) => return leave(&foreign, removal),
        }
    }
    if managed_elsewhere {
        // No create of this stack made a role, so there is nothing to wait for. A role with the tags of this stack is
        // still removed.
        let Some(name) = name_hint().filter(|_| known.is_none()) else { return Ok(()) };
        return take_down(iam, resource, &name, removal.sent, Patience::Usual).await;
    }
    // CloudFormation generated the ID: the role, if it exists, has the name that follows from the properties. If this
    // name is the ID, the role no longer exists.
    let Some(expected) = name_hint() else {
        let message = format!(
            "There is no role {physical_id}, and since the function's ROLE_PATH_PREFIX is not valid, its name cannot be derived. \
             Ask the function's owner to correct the setting, then delete again."
        );
        return Err(Finding::failure(Code::InvalidSetting, message));
    };
    if known.is_some_and(|known| known.same_role(&expected)) {
        return Ok(());
    }
    take_down_whatever_comes(aws, removal, &expected).await
}

/// `CloudFormation` generates an ID if the create had no answer. Then a delivery of that create may still be running,
/// and may still make a role. So this looks for a role as long as a delivery can run. After a role was found and
/// removed, only a create that lost the reply to its `CreateRole` can make another one, and does so soon.
async fn take_down_whatever_comes(aws: &Aws, removal: &Removal, name: &RoleName) -> Result<(), Finding> {
    let iam = &aws.iam;
    let may_come_until = create_may_run_until(aws, &removal.resource).await;
    // One call in each attempt as long as there is no role: IAM does not know the path of a missing role, and would
    // deny others.
    let schedule = Schedule::backoff().leaving(TO_REMOVE);
    let looked = poll_until(iam.deadline(), schedule, async |attempt| {
        let may_come_until = attempt.previous.unwrap_or(may_come_until);
        match take_down_if_there(iam, removal, name).await {
            Err(reason) => return ControlFlow::Break(Err(reason)),
            Ok(Found::Nothing) if attempt.repeats_before(may_come_until) => {}
            Ok(Found::Nothing | Found::Left) => return ControlFlow::Break(Ok(())),
            Ok(Found::Removed) => return ControlFlow::Continue(Instant::now() + MADE_ANEW_WITHIN),
        }
        ControlFlow::Continue(may_come_until)
    });
    looked.await.unwrap_or(Ok(()))
}

/// What happened to the role with a name.
enum Found {
    /// It does not exist.
    Nothing,
    /// This delete may not remove it.
    Left,
    /// It was removed.
    Removed,
}

async fn take_down_if_there(iam: &Iam, removal: &Removal, name: &RoleName) -> Result<Found, Finding> {
    let resource = &removal.resource;
    if claim(iam, resource, name).await.map_err(Finding::from)?.is_none() {
        return Ok(Found::Nothing);
    }
    match observe(iam, resource, name, ReadAttached::WhatCanBe).await.map_err(Finding::from)? {
        Observed::Absent => Ok(Found::Nothing),
        Observed::Foreign(_) => Ok(Found::Left),
        // A create that did not make the role does not remove it. This is the delete of a create without an answer.
        Observed::Ours(live) if live.was_taken_over() => Ok(Found::Left),
        Observed::Ours(live) if overtaken(&live, removal.sent).is_some() => Ok(Found::Left),
        Observed::Ours(live) => {
            take_down_observed(iam, resource, *live, Patience::Settling).await.map(|()| Found::Removed)
        }
    }
}

/// Until when a delivery of the create can run. If `CloudFormation` does not say when the create began, it may run as
/// long as this delete.
async fn create_may_run_until(aws: &Aws, resource: &StackResource) -> Instant {
    let deadline = aws.iam.deadline();
    let Ok(Some(began)) = creation_began(&aws.cloudformation, resource).await else { return deadline };
    let age = began.until(Timestamp::from(aws.iam.now()));
    deadline.min(Instant::now() + CREATE_MAY_RUN.saturating_sub(age))
}

/// A role with the tags of another resource is not changed. A role without ownership tags may be ours with its tags
/// removed. Then the delete fails: a success would leave access open that no stack knows of.
fn leave(foreign: &Foreign, removal: &Removal) -> Result<(), Finding> {
    match foreign.claim {
        Claim::Others { .. } => Ok(()),
        _ if is_outside(&foreign.path, removal.prefix.as_ref()) => Ok(()),
        Claim::Ours | Claim::Unmarked => Err(not_deleted(foreign, &removal.resource)),
    }
}

/// All our roles are under the owner's prefix. A role outside is not ours, whatever its tags say.
fn is_outside(path: &RolePath, prefix: Option<&RolePath>) -> bool {
    prefix.is_some_and(|prefix| !path.is_under(prefix))
}

/// Removes the role, unless a newer request wrote it.
pub(super) async fn take_down_newest(
    iam: &Iam,
    resource: &StackResource,
    live: LiveRole,
    sent: Option<Timestamp>,
    patience: Patience,
) -> Result<(), Finding> {
    match overtaken(&live, sent) {
        Some(reason) => Err(reason),
        None => take_down_observed(iam, resource, live, patience).await,
    }
}

/// Removes the role that a request without an answer may have left under this name, if it belongs to this resource and
/// was not taken over. Waits for a role that was just created. Refuses to remove a role that a newer request wrote.
pub(super) async fn take_down(
    iam: &Iam,
    resource: &StackResource,
    name: &RoleName,
    sent: Option<Timestamp>,
    patience: Patience,
) -> Result<(), Finding> {
    let schedule = Schedule::backoff().at_most(if patience == Patience::Settling { 8 } else { 1 });
    let removed = poll_until(iam.deadline(), schedule, async |_| {
        match observe(iam, resource, name, ReadAttached::WhatCanBe).await.map_err(Finding::from) {
            Err(reason) => ControlFlow::Break(Err(reason)),
            Ok(Observed::Absent) => ControlFlow::Continue(()),
            Ok(Observed::Foreign(_)) => ControlFlow::Break(Ok(())),
            Ok(Observed::Ours(live)) if live.was_taken_over() => ControlFlow::Break(Ok(())),
            Ok(Observed::Ours(live)) => {
                ControlFlow::Break(take_down_newest(iam, resource, *live, sent, patience).await)
            }
        }
    });
    removed.await.unwrap_or(Ok(()))
}

async fn take_down_observed(
    iam: &Iam,
    resource: &StackResource,
    live: LiveRole,
    patience: Patience,
) -> Result<(), Finding> {
    let first = &live;
    let writes_denied = AtomicBool::new(false);
    let removed = poll_until(iam.deadline(), Schedule::backoff(), async |attempt| {
        let live = match attempt.previous {
            None => first.clone(),
            // Something was added to the role since we read it, or IAM does not know all removals yet.
            Some(_) => {
                match observe(iam, resource, &first.name, ReadAttached::WhatCanBe).await.map_err(Finding::from) {
                    Err(reason) => return ControlFlow::Break(Err(reason)),
                    Ok(Observed::Absent | Observed::Foreign(_)) => return ControlFlow::Break(Ok(())),
                    Ok(Observed::Ours(again)) => *again,
                }
            }
        };
        let may_write = !writes_denied.load(Ordering::Relaxed);
        let plan = if may_write { plan::to_remove(&live) } else { plan::to_remove_at_once(&live) };
        let failure = match execute(iam, &live.name, &plan, patience).await {
            Ok(_) => return ControlFlow::Break(Ok(())),
            Err(interrupted) => interrupted.failure,
        };
        // Without the boundary that the owner requires, for example, the function may only remove.
        if failure.kind == Kind::Denied && may_write && plan != plan::to_remove_at_once(&live) {
            writes_denied.store(true, Ordering::Relaxed);
            return ControlFlow::Continue(Finding::from(failure));
        }
        if failure.kind != Kind::DeleteConflict {
            return ControlFlow::Break(Err(Finding::from(failure)));
        }
        match instance_profiles(iam, &live.name).await {
            Err(failure) => ControlFlow::Break(Err(Finding::from(failure))),
            Ok(profiles) if profiles.is_empty() => ControlFlow::Continue(Finding::from(failure)),
            Ok(profiles) => ControlFlow::Break(Err(held_by(&live.name, &profiles))),
        }
    });
    removed.await.unwrap_or_else(Err)
}

fn held_by(name: &RoleName, profiles: &[String]) -> Finding {
    let message = format!(
        "The role {name} is held by the instance profile {}, which this resource did not make and does not change. Remove the role \
         from it (aws iam remove-role-from-instance-profile), then delete again.",
        profiles.join(", ")
    );
    Finding::failure(Code::RoleInUse, message)
}
