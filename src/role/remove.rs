//! Removing a role: whatever is on it, whatever its properties say, and no role but this resource's.

use std::ops::ControlFlow;
use std::time::Duration;

use delegated_role_core::findings::{Code, Finding};
use delegated_role_core::identifiers::{Region, RoleName, RolePath};
use delegated_role_core::properties::Properties;
use delegated_role_core::role::name_conflict::not_deleted;
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

/// How much of the time is left when looking for a role ends, so that one that appears at last can still be removed.
const TO_REMOVE: Duration = Duration::from_secs(3);

/// How long after its role was removed a create may still make another: as long as an attempt whose answer was lost is
/// waited for, and the pause after it.
const MADE_ANEW_WITHIN: Duration = Duration::from_secs(ATTEMPT.as_secs() + 5);

/// How long after a create began a delivery of it may still run: Lambda delivers an event for five minutes at most
/// (`MaximumEventAgeInSeconds`), and a delivery runs for a minute at most (`Timeout`).
const CREATE_MAY_RUN: Duration = Duration::from_secs(300 + 60);

/// A role to remove.
#[derive(Clone, Debug)]
pub struct Removal {
    /// The resource that the role is for.
    pub resource: StackResource,
    /// The ID that the resource is known by. CloudFormation makes one up when a create was never answered.
    pub physical_id: String,
    /// The resource's properties: hints at the name and at the home Region, nothing more.
    pub properties: Properties,
    /// The owner's role path prefix, if that setting is valid.
    pub prefix: Option<RolePath>,
    /// The function's Region.
    pub region: Region,
    /// When CloudFormation sent the request, if it says.
    pub sent: Option<Timestamp>,
}

/// Removes the role that a resource is known by.
///
/// # Guarantees
/// - Works whatever the properties say, whatever is on the role, and when the role is already gone.
/// - Removes no role of another resource, none outside the owner's prefix, none that a newer request wrote, and none
///   that a create of this resource took over but never answered for.
/// - Permissions go before denies, so that no part of the removal grants more than the role did.
///
/// # Assumptions
/// - `CloudFormation` sends a delete once nothing else needs the role: the new role of a replacement stands by then.
///
/// # Caveats
/// - Under an ID that `CloudFormation` made up, a delivery of the create may still be running. The role that it makes is
///   waited for, as long as one can run.
///
/// # Errors
/// A reason: the role could not be removed, or it bears no mark although it may be ours.
pub async fn remove(aws: &Aws, removal: &Removal) -> Result<(), Finding> {
    let Removal { resource, physical_id, properties, prefix, region, .. } = removal;
    let iam = &aws.iam;
    let name_hint = || resource.name_hint(properties, prefix.as_ref());
    let known = RoleName::parse(physical_id).ok();
    let managed_elsewhere = home_region_hint(properties).is_some_and(|home_region| home_region != *region);
    if let Some(known) = &known {
        match observe(iam, resource, known, ReadAttached::WhatCanBe).await.map_err(Finding::from)? {
            Observed::Absent => {}
            Observed::Ours(live) => {
                if is_outside(&live.path, prefix.as_ref()) {
                    return Ok(());
                }
                return take_down_newest(iam, resource, *live, removal.sent, Patience::Usual).await;
            }
            // The role is another stack's, whatever becomes of it there.
            Observed::Foreign(_) if managed_elsewhere => return Ok(()),
            Observed::Foreign(foreign) => return leave(&foreign, removal),
        }
    }
    if managed_elsewhere {
        // No create of this stack made a role, so none is waited for. A role that bears this stack's mark goes all the same.
        let Some(name) = name_hint().filter(|_| known.is_none()) else { return Ok(()) };
        return take_down(iam, resource, &name, removal.sent, Patience::Usual).await;
    }
    // An ID that CloudFormation made up: the role, if there is one, has the name that the properties lead to. Where they
    // lead to the ID itself, the role is just gone.
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

/// `CloudFormation` makes an ID up when no answer to the create came, and then a delivery of that create may still be
/// running: where there is no role yet, one may come. It is looked for as long as a delivery can run. Once a role was
/// found and removed, only a create that never heard of having made it can make another, and does so soon.
async fn take_down_whatever_comes(aws: &Aws, removal: &Removal, name: &RoleName) -> Result<(), Finding> {
    let iam = &aws.iam;
    let may_come_until = create_may_run_until(aws, &removal.resource).await;
    // One call an attempt as long as there is nothing: IAM knows no path of an absent role, and would deny the others.
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

/// What became of the role of a name.
enum Found {
    /// There is none.
    Nothing,
    /// It is not this delete's to remove.
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
        // A create that did not make the role does not remove it, and this is the delete of one that never answered.
        Observed::Ours(live) if live.was_taken_over() => Ok(Found::Left),
        Observed::Ours(live) if overtaken(&live, removal.sent).is_some() => Ok(Found::Left),
        Observed::Ours(live) => {
            take_down_observed(iam, resource, *live, Patience::Settling).await.map(|()| Found::Removed)
        }
    }
}

/// Until when a delivery of the create can run. Where `CloudFormation` does not say when the create began, it may run as
/// long as this delete.
async fn create_may_run_until(aws: &Aws, resource: &StackResource) -> Instant {
    let deadline = aws.iam.deadline();
    let Ok(Some(began)) = creation_began(&aws.cloudformation, resource).await else { return deadline };
    let age = began.until(Timestamp::from(aws.iam.now()));
    deadline.min(Instant::now() + CREATE_MAY_RUN.saturating_sub(age))
}

/// A role that bears another resource's marks is left alone. One that bears none may be ours with its tags removed:
/// leaving it without a word would leave access open that no stack knows of.
fn leave(foreign: &Foreign, removal: &Removal) -> Result<(), Finding> {
    match foreign.claim {
        Claim::Others { .. } => Ok(()),
        _ if is_outside(&foreign.path, removal.prefix.as_ref()) => Ok(()),
        Claim::Ours | Claim::Unmarked => Err(not_deleted(foreign, &removal.resource)),
    }
}

/// Every role of ours is under the owner's prefix. One outside is not ours, whatever its tags say.
fn is_outside(path: &RolePath, prefix: Option<&RolePath>) -> bool {
    prefix.is_some_and(|prefix| !path.is_under(prefix))
}

async fn take_down_newest(
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

/// Removes the role that an unanswered request may have left under this name, if it is this resource's and was not taken
/// over. A role that was made a moment ago is
/// waited for. A role that a newer request wrote is refused.
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
    let removed = poll_until(iam.deadline(), Schedule::backoff(), async |attempt| {
        let live = match attempt.previous {
            None => first.clone(),
            // Something was put on the role since we looked, or IAM has not heard of all removals yet.
            Some(_) => {
                match observe(iam, resource, &first.name, ReadAttached::WhatCanBe).await.map_err(Finding::from) {
                    Err(reason) => return ControlFlow::Break(Err(reason)),
                    Ok(Observed::Absent | Observed::Foreign(_)) => return ControlFlow::Break(Ok(())),
                    Ok(Observed::Ours(again)) => *again,
                }
            }
        };
        let failure = match execute(iam, &live.name, &plan::to_remove(&live), patience).await {
            Ok(_) => return ControlFlow::Break(Ok(())),
            Err(interrupted) => interrupted.failure,
        };
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
