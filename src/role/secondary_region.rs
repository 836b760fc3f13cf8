//! Waiting for a role that the stack of another Region manages. It only reads.

use std::ops::ControlFlow;
use std::time::Duration;

use delegated_role_core::findings::{Code, Finding};
use delegated_role_core::role::goal::Goal;
use delegated_role_core::role::home_region::{HomeResource, differences};
use delegated_role_core::role::name_conflict::not_managed_there;
use delegated_role_core::role::observed::{Identity, LiveRole, Observed};
use delegated_role_core::role::ownership::{Claim, StackResource};
use delegated_role_core::role::plan;
use delegated_role_core::role::previous_template::home_region_hint;
use delegated_role_core::role::session_revocation::standing_cut_off;

use super::outcome::{Converged, NotConverged, outlast};
use crate::aws::{Failure, Iam};
use crate::backoff::{Schedule, poll_until};
use crate::iam::reads::{ReadAttached, claim, observe};

/// How long one look at the role takes.
const TO_LOOK: Duration = Duration::from_secs(2);

/// What a look at the role found.
enum Seen {
    /// It is managed there, and is as declared here.
    Alike(Converged),
    /// Not yet, for this reason.
    NotYet(Finding),
    /// It never will be, because the role would have to move.
    Never(Finding),
}

/// Waits until the stack of the home Region manages the role and the role is as this declaration desires it.
///
/// # Guarantees
/// - Writes nothing, and leaves nothing that the delete of this stack may remove.
/// - Returns the same attributes as the stack of the home Region.
///
/// # Assumptions
/// - The stack in the home Region gives the resource the same logical ID.
///
/// # Caveats
/// - The rollback of an update cannot be distinguished from an update that comes before that of the home Region. Both
///   fail, and the reason says how to continue the rollback.
///
/// # Errors
/// A reason: the stack of the home Region did not manage the role in time, or the role differs.
pub(super) async fn follow(iam: &Iam, goal: &Goal<'_>, home: HomeResource<'_>) -> Result<Converged, NotConverged> {
    // The stack of the home Region needs time for its create or update, and each look needs several calls.
    let schedule = Schedule::backoff().slower(2).leaving(TO_LOOK);
    let result =
        poll_until(iam.deadline(), schedule, async |attempt| match (look(iam, goal, home).await, attempt.previous) {
            (Ok(Seen::Alike(converged)), _) => ControlFlow::Break(Ok(converged)),
            (Ok(Seen::Never(reason)), _) => ControlFlow::Break(Err(NotConverged::nothing_left(reason))),
            (Ok(Seen::NotYet(reason)), _) => ControlFlow::Continue(reason),
            (Err(failure), Some(before)) => {
                let before: Finding = before;
                ControlFlow::Break(Err(NotConverged::nothing_left(
                    before.and(format!("Looking again failed: {failure}")),
                )))
            }
            (Err(failure), None) => ControlFlow::Break(Err(NotConverged::nothing_left(Finding::from(failure)))),
        });
    result.await.unwrap_or_else(|not_yet| Err(NotConverged::nothing_left(with_a_way_back(goal, not_yet))))
}

async fn look(iam: &Iam, goal: &Goal<'_>, home: HomeResource<'_>) -> Result<Seen, Failure> {
    let Goal { delegation, name, .. } = goal;
    // One call as long as there is no role: IAM does not know its path, and would deny other calls.
    if claim(iam, &home, name).await?.is_none() {
        return Ok(Seen::NotYet(not_there(goal, home)));
    }
    Ok(match observe(iam, &home, name, ReadAttached::for_update_to(delegation)).await? {
        Observed::Absent => Seen::NotYet(not_there(goal, home)),
        Observed::Foreign(foreign) if would_have_to_move(goal, home, &foreign.claim) => {
            Seen::Never(not_managed_there(&foreign, home))
        }
        Observed::Foreign(foreign) => Seen::NotYet(not_managed_there(&foreign, home)),
        Observed::Ours(live) => match home.manager(&live.tags) {
            Some(manager) => compare(iam, goal, home, &live, &manager).await.map_or_else(Seen::NotYet, Seen::Alike),
            None => Seen::NotYet(not_there(goal, home)),
        },
    })
}

/// Whether this stack owns the role, or `HomeRegion` was changed for a role that does not exist.
fn would_have_to_move(goal: &Goal<'_>, home: HomeResource<'_>, claim: &Claim) -> bool {
    let Claim::Others { stack_id, .. } = claim else { return false };
    let before = goal.declaration.previous.as_ref().map(|previous| home_region_hint(&previous.properties));
    *stack_id == home.here.stack_id || before.is_some_and(|before| before.as_ref() != Some(home.region))
}

/// What the stack of the home Region would answer about the role, or why the role is not yet as declared here.
async fn compare(
    iam: &Iam,
    goal: &Goal<'_>,
    home: HomeResource<'_>,
    live: &LiveRole,
    manager: &StackResource,
) -> Result<Converged, Finding> {
    let external_ids = goal.external_ids(Some(live), None, false);
    let role = goal.desired(manager, &external_ids);
    let plan = plan::to_change(live, &role, &goal.once_declared(), goal.lookup.quotas);
    let differences = differences(live, &role, &plan);
    if !differences.is_empty() {
        return Err(not_alike(goal, home, &differences.into_iter().collect::<Vec<_>>().join("; "), manager));
    }
    let identity = Identity { arn: live.arn.clone(), id: live.id.clone() };
    // The stack of the home Region waits until new sessions are valid, and so does this one.
    let ended = outlast(iam, standing_cut_off(&live.inline)).await;
    Ok(Converged::of(goal, &role, &identity, &external_ids, ended.into_iter().chain(plan.warnings)))
}

fn not_there(goal: &Goal<'_>, home: HomeResource<'_>) -> Finding {
    because(format!(
        "HomeRegion is {}, and the stack there has not made the role {} yet. Deploy the home Region first, with the same \
         RoleName and a resource called {}, and then this stack again.",
        home.region, goal.name, home.here.logical_id
    ))
}

fn not_alike(goal: &Goal<'_>, home: HomeResource<'_>, differences: &str, manager: &StackResource) -> Finding {
    let region = home.region;
    because(format!(
        "HomeRegion is {region}, and the role {}, which the stack {} manages there, is not what this stack declares. What differs: \
         {differences}. Give both stacks the same properties, the one in {region} first. If the role was changed by hand, \
         change Revision there.",
        goal.name, manager.stack_id
    ))
}

fn because(message: String) -> Finding {
    Finding::error(Code::HomeRegion, "HomeRegion", message)
}

/// An update may be the rollback of one that the home Region's stack completed.
fn with_a_way_back(goal: &Goal<'_>, reason: Finding) -> Finding {
    if goal.declaration.previous.is_none() {
        return reason;
    }
    reason.and(format!(
        "If this is a rollback, nothing here has to be rolled back: continue it without this resource (aws \
         cloudformation continue-update-rollback --resources-to-skip {}).",
        goal.declaration.resource.logical_id
    ))
}
