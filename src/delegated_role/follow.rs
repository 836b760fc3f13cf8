//! Waiting for a role that the stack of another Region keeps. Reads, and never writes.

use std::time::Duration;

use tokio::time::sleep;

use super::cage::Cage;
use super::delegation::Delegation;
use super::desired::{ExternalIds, desired};
use super::facts::Quotas;
use super::home_region::{Elsewhere, differences};
use super::observed::{Identity, LiveRole, Observed, observe};
use super::past::OnceDeclared;
use super::taken::not_kept_there;
use super::{Fulfilled, LeftBehind, Surroundings, Unfulfilled, Wish, check_same_place, finished, plan, what_to_read};
use crate::identifiers::RoleName;
use crate::patience::pause_after;

/// What looking once more takes of the time.
const TO_LOOK: Duration = Duration::from_secs(2);

/// Waits until the role is there and is what this wish would have made it.
///
/// # Errors
/// A reason: the role is not kept by the home Region's stack, or was not there or not alike in time. Nothing was
/// written, and nothing is left behind.
pub(super) async fn follow(
    wish: &Wish,
    around: &Surroundings<'_>,
    delegation: &Delegation,
    quotas: Quotas,
    name: &RoleName,
    elsewhere: Elsewhere<'_>,
) -> Result<Fulfilled, Unfulfilled> {
    let iam = around.iam;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let observed = observe(iam, &elsewhere, name, what_to_read(delegation)).await;
        let observed = observed.map_err(|failure| nothing_left(failure.to_string()))?;
        let not_yet = match &observed {
            Observed::Foreign(foreign) => return Err(nothing_left(not_kept_there(foreign, elsewhere))),
            Observed::Absent => not_there(name, elsewhere),
            Observed::Ours(live) => {
                check_same_place(live, name, &delegation.path).map_err(|mismatch| nothing_left(mismatch.reason))?;
                match told_of(live, wish, around, delegation, quotas, elsewhere) {
                    Ok(fulfilled) => return Ok(fulfilled),
                    Err(not_alike) => not_alike,
                }
            }
        };
        let pause = pause_after(attempt);
        if !iam.has_time_for(pause + TO_LOOK) {
            return Err(nothing_left(not_yet));
        }
        sleep(pause).await;
    }
}

/// What the home Region's own stack would tell of the role; why it is not yet what is wished here.
fn told_of(
    live: &LiveRole,
    wish: &Wish,
    around: &Surroundings<'_>,
    delegation: &Delegation,
    quotas: Quotas,
    elsewhere: Elsewhere<'_>,
) -> Result<Fulfilled, String> {
    let Surroundings { home, guardrails, function, fresh_external_id, .. } = around;
    let Some(keeper) = elsewhere.keeper(&live.tags) else { return Err(not_there(&live.name, elsewhere)) };
    let external_ids = ExternalIds::choose(&delegation.external_id, Some(live), None, fresh_external_id.clone(), false);
    let cage = Cage::new(function, guardrails, home, &keeper);
    let role = desired(delegation, live.name.clone(), &keeper, home, &external_ids, cage);
    let once = wish.before.as_ref().map(|before| OnceDeclared::read(&before.properties)).unwrap_or_default();
    let plan = plan::to_change(live, &role, &once, quotas);
    let differences = differences(live, &role, &plan);
    if !differences.is_empty() {
        return Err(not_alike(
            &differences.into_iter().collect::<Vec<_>>().join("; "),
            &keeper.stack_id,
            live,
            elsewhere,
        ));
    }
    let identity = Identity { arn: live.arn.clone(), id: live.id.clone() };
    let notes = [external_ids.warning.clone(), role.warnings()].into_iter().flatten();
    let warnings: Vec<String> = delegation.warnings.iter().cloned().chain(notes).chain(plan.warnings).collect();
    Ok(finished(&role, &identity, &delegation.accounts, &external_ids, &warnings))
}

fn not_there(name: &RoleName, Elsewhere { region, here, .. }: Elsewhere<'_>) -> String {
    format!(
        "HomeRegion is {region}, and the stack there has not made the role {name} yet. Deploy the stack of {region} first, with the \
         same RoleName and a resource called {}, and then this one again.",
        here.logical_id
    )
}

fn not_alike(differences: &str, stack: &str, live: &LiveRole, Elsewhere { region, .. }: Elsewhere<'_>) -> String {
    format!(
        "HomeRegion is {region}, and the role {} that the stack {stack} keeps there is not what this stack says. What differs: \
         {differences}. Update the stack of {region} first, with the same properties as this one, and then this one again.",
        live.name
    )
}

/// A role of another Region's is never this stack's to delete.
fn nothing_left(reason: String) -> Unfulfilled {
    Unfulfilled { reason, left_behind: LeftBehind::Nothing }
}
