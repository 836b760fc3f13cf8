//! Taking a role away: whatever is on it, whatever its properties say, and no role but this owner's.

use std::time::Duration;

use delegated_role_core::identifiers::{RoleName, RolePath};
use delegated_role_core::role::name_conflict::not_deleted;
use delegated_role_core::role::observed::{Foreign, LiveRole, Observed};
use delegated_role_core::role::ownership::{Claim, StackResource};
use delegated_role_core::role::plan;
use delegated_role_core::role::previous_template::home_region_hint;
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};

use super::converge::expected_name;
use crate::aws::{ATTEMPT, Iam, Kind, Patience};
use crate::backoff::pause_after;
use crate::iam::execute::execute;
use crate::iam::reads::{ReadAttached, instance_profiles, observe};

/// What looking for a role leaves of the time, so that one that appears at last can still be removed.
const TO_REMOVE: Duration = Duration::from_secs(3);

/// How long after its role was removed a create may still make another: as long as an attempt whose answer
/// was lost is waited for, and the pause after it.
const MADE_ANEW_WITHIN: Duration = Duration::from_secs(ATTEMPT.as_secs() + 5);

/// Removes the role that a resource is known by. Works whatever the properties say, whatever is on the
/// role, and when it is already gone; touches no role but this owner's. `region` is the one here.
///
/// # Errors
/// A reason, when the role could not be removed or bears no mark although it may well be ours.
pub async fn remove(
    iam: &Iam,
    resource: &StackResource,
    physical_id: &str,
    properties: &Map<String, Value>,
    prefix: Option<&RolePath>,
    region: &str,
) -> Result<(), String> {
    let known = RoleName::parse(physical_id).ok();
    if home_region_hint(properties).is_some_and(|home_region| home_region.as_str() != region) {
        // The role is another stack's, whatever becomes of it there: unless it bears this one's mark after all.
        let Some(name) = known.or_else(|| expected_name(resource, properties, prefix)) else { return Ok(()) };
        return take_down(iam, resource, &name, Patience::Usual).await;
    }
    if let Some(known) = &known {
        match observe(iam, resource, known, ReadAttached::WhatCanBe).await.map_err(|failure| failure.to_string())? {
            Observed::Absent => {}
            Observed::Ours(live) => return take_down_observed(iam, resource, *live, Patience::Usual).await,
            Observed::Foreign(foreign) => return leave(&foreign, resource),
        }
    }
    // An ID that CloudFormation made up: the role, if there is one, has the name that the properties lead
    // to. Where they lead to the ID itself, it is just gone.
    let Some(expected) = expected_name(resource, properties, prefix) else {
        return Err(format!(
            "There is no role {physical_id}, and since the function's ROLE_PATH_PREFIX is wrong, its name cannot be derived. \
             Have the function's owner correct the setting, then delete again."
        ));
    };
    if known.is_some_and(|known| known.same_role(&expected)) {
        return Ok(());
    }
    take_down_whatever_comes(iam, resource, &expected).await
}

/// CloudFormation makes an ID up when no answer to the create ever came, and then that create may still be
/// running: where there is no role yet, one may come. It is looked for until our time is over, which is later
/// than that of the create, since that was called before us. Once a role was found and removed, only a
/// create that never heard of having made it can make another, and does so soon.
async fn take_down_whatever_comes(iam: &Iam, resource: &StackResource, name: &RoleName) -> Result<(), String> {
    let mut attempt = 0;
    let mut may_come_until = None;
    loop {
        attempt += 1;
        match observe(iam, resource, name, ReadAttached::WhatCanBe).await.map_err(|failure| failure.to_string())? {
            Observed::Absent => {}
            Observed::Ours(live) => {
                take_down_observed(iam, resource, *live, Patience::Settling).await?;
                may_come_until = Some(Instant::now() + MADE_ANEW_WITHIN);
            }
            Observed::Foreign(_) => return Ok(()),
        }
        let pause = pause_after(attempt);
        let too_late = may_come_until.is_some_and(|until| Instant::now() + pause > until);
        if too_late || !iam.has_time_for(pause + TO_REMOVE) {
            return Ok(());
        }
        sleep(pause).await;
    }
}

/// A role that bears somebody else's mark is theirs. One that bears none may be ours with its tags
/// stripped: leaving it silently would leave a door open that nobody remembers.
fn leave(foreign: &Foreign, resource: &StackResource) -> Result<(), String> {
    match foreign.claim {
        Claim::Others { .. } => Ok(()),
        Claim::Ours | Claim::Unmarked => Err(not_deleted(foreign, resource)),
    }
}

/// Removes the role of this name if it is this owner's; any other is left alone. A role that was made a
/// moment ago is waited for.
pub(super) async fn take_down(
    iam: &Iam,
    resource: &StackResource,
    name: &RoleName,
    patience: Patience,
) -> Result<(), String> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match observe(iam, resource, name, ReadAttached::WhatCanBe).await.map_err(|failure| failure.to_string())? {
            Observed::Ours(live) => return take_down_observed(iam, resource, *live, patience).await,
            Observed::Absent
                if patience == Patience::Settling && attempt < 8 && iam.has_time_for(pause_after(attempt)) =>
            {
                sleep(pause_after(attempt)).await;
            }
            Observed::Absent | Observed::Foreign(_) => return Ok(()),
        }
    }
}

async fn take_down_observed(
    iam: &Iam,
    resource: &StackResource,
    mut live: LiveRole,
    patience: Patience,
) -> Result<(), String> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let failure = match execute(iam, &live.name, &plan::to_remove(&live), patience).await {
            Ok(_) => return Ok(()),
            Err(interrupted) => interrupted.failure,
        };
        if failure.kind != Kind::DeleteConflict {
            return Err(failure.to_string());
        }
        let profiles = instance_profiles(iam, &live.name).await.map_err(|failure| failure.to_string())?;
        if !profiles.is_empty() {
            return Err(format!(
                "The role {} is held by the instance profile {}, which this resource did not make and does not change. \
                 Remove the role from it (aws iam remove-role-from-instance-profile), then delete again.",
                live.name,
                profiles.join(", ")
            ));
        }
        // Something was put on the role since we looked, or IAM has not heard of all removals yet.
        if !iam.has_time_for(pause_after(attempt)) {
            return Err(failure.to_string());
        }
        sleep(pause_after(attempt)).await;
        match observe(iam, resource, &live.name, ReadAttached::WhatCanBe)
            .await
            .map_err(|failure| failure.to_string())?
        {
            Observed::Absent | Observed::Foreign(_) => return Ok(()),
            Observed::Ours(again) => live = *again,
        }
    }
}
