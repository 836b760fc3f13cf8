//! Waiting for a role that the stack of another Region keeps. Reads, and never writes.

use std::time::Duration;

use delegated_role_core::identifiers::RoleName;
use delegated_role_core::role::account_lookup::Quotas;
use delegated_role_core::role::delegation::Delegation;
use delegated_role_core::role::desired::{ExternalIds, desired};
use delegated_role_core::role::guardrail_policy::GuardrailPolicy;
use delegated_role_core::role::home_region::{Elsewhere, differences};
use delegated_role_core::role::name_conflict::not_kept_there;
use delegated_role_core::role::observed::{Identity, LiveRole, Observed};
use delegated_role_core::role::ownership::{Claim, StackResource};
use delegated_role_core::role::plan;
use delegated_role_core::role::previous_template::{OnceDeclared, home_region_hint};
use delegated_role_core::role::session_revocation::standing_cut_off;
use tokio::time::sleep;

use super::converge::{Fulfilled, LeftBehind, Surroundings, Unfulfilled, Wish, finished, outlast, what_to_read};
use crate::aws::Failure;
use crate::backoff::pause_after;
use crate::iam::reads::{claim, observe};

/// What looking once more takes of the time.
const TO_LOOK: Duration = Duration::from_secs(2);

/// A wish for a role that another Region's stack keeps.
pub(super) struct Following<'a> {
    pub(super) wish: &'a Wish,
    pub(super) delegation: &'a Delegation,
    pub(super) quotas: Quotas,
    pub(super) name: &'a RoleName,
    pub(super) elsewhere: Elsewhere<'a>,
}

/// What a look at the role found.
enum Seen {
    /// It is kept there, and is what is wished here.
    Alike(Fulfilled),
    /// Not yet, for this reason.
    NotYet(String),
    /// It never will be: somebody would have to move it.
    Elsewhere(String),
}

impl Following<'_> {
    /// Waits until the role is there and is what this wish would have made it.
    ///
    /// # Errors
    /// A reason: the role was not kept by the home Region's stack in time, or is not alike. Nothing was written,
    /// and nothing is left behind.
    pub(super) async fn wait(&self, around: &Surroundings<'_>) -> Result<Fulfilled, Unfulfilled> {
        let iam = around.iam;
        let mut attempt = 0;
        let mut last = None;
        loop {
            attempt += 1;
            let not_yet = match (self.look(around).await, last.take()) {
                (Ok(Seen::Alike(fulfilled)), _) => return Ok(fulfilled),
                (Ok(Seen::Elsewhere(reason)), _) => return Err(nothing_left(reason)),
                (Ok(Seen::NotYet(reason)), _) => reason,
                (Err(failure), Some(before)) => {
                    return Err(nothing_left(format!("{before} To look again failed: {failure}")));
                }
                (Err(failure), None) => return Err(nothing_left(failure.to_string())),
            };
            // A stack that is being made or changed takes its time, and each look several calls.
            let pause = pause_after(attempt) * 2;
            if !iam.has_time_for(pause + TO_LOOK) {
                return Err(nothing_left(self.with_a_way_back(not_yet)));
            }
            last = Some(not_yet);
            sleep(pause).await;
        }
    }

    async fn look(&self, around: &Surroundings<'_>) -> Result<Seen, Failure> {
        let Self { name, elsewhere, .. } = self;
        // One call as long as there is no role: IAM knows no path of it, and would deny the others.
        if claim(around.iam, elsewhere, name).await?.is_none() {
            return Ok(Seen::NotYet(self.not_there()));
        }
        Ok(match observe(around.iam, elsewhere, name, what_to_read(self.delegation)).await? {
            Observed::Absent => Seen::NotYet(self.not_there()),
            Observed::Foreign(foreign) if self.would_have_to_move(&foreign.claim) => {
                Seen::Elsewhere(not_kept_there(&foreign, *elsewhere))
            }
            Observed::Foreign(foreign) => Seen::NotYet(not_kept_there(&foreign, *elsewhere)),
            Observed::Ours(live) => match elsewhere.keeper(&live.tags) {
                Some(keeper) => self.told_of(&live, &keeper, around).await.map_or_else(Seen::NotYet, Seen::Alike),
                None => Seen::NotYet(self.not_there()),
            },
        })
    }

    /// Whether the role is this stack's own, or another `HomeRegion` was given for a role that is not there.
    fn would_have_to_move(&self, claim: &Claim) -> bool {
        let Claim::Others { stack_id, .. } = claim else { return false };
        let before = self.wish.before.as_ref().map(|before| home_region_hint(&before.properties));
        *stack_id == self.wish.resource.stack_id
            || before.is_some_and(|before| before.as_ref() != Some(self.elsewhere.region))
    }

    /// What the home Region's own stack would tell of the role; why it is not yet what is wished here.
    async fn told_of(
        &self,
        live: &LiveRole,
        keeper: &StackResource,
        around: &Surroundings<'_>,
    ) -> Result<Fulfilled, String> {
        let Surroundings { iam, home, limits, function, fresh_external_id, .. } = around;
        let Self { wish, delegation, quotas, name, .. } = self;
        let external_ids =
            ExternalIds::choose(&delegation.external_id, Some(live), None, fresh_external_id.clone(), false);
        let guardrail_policy = GuardrailPolicy::new(function, limits, home, keeper);
        let role = desired(delegation, (*name).clone(), keeper, home, &external_ids, guardrail_policy);
        let once = wish.before.as_ref().map(|before| OnceDeclared::read(&before.properties)).unwrap_or_default();
        let plan = plan::to_change(live, &role, &once, *quotas);
        let differences = differences(live, &role, &plan);
        if !differences.is_empty() {
            return Err(self.not_alike(&differences.into_iter().collect::<Vec<_>>().join("; "), keeper));
        }
        let identity = Identity { arn: live.arn.clone(), id: live.id.clone() };
        // It waits for sessions that live, and so it is done here.
        let ended = outlast(iam, standing_cut_off(&live.inline)).await;
        Ok(finished(&role, &identity, delegation, &external_ids, ended.into_iter().chain(plan.warnings)))
    }

    fn not_there(&self) -> String {
        let Self { name, elsewhere: Elsewhere { region, here, .. }, .. } = self;
        format!(
            "HomeRegion is {region}, and the stack there has not made the role {name} yet. Deploy the home Region first, with the \
             same RoleName and a resource called {}, and then this stack again.",
            here.logical_id
        )
    }

    fn not_alike(&self, differences: &str, keeper: &StackResource) -> String {
        let Self { name, elsewhere: Elsewhere { region, .. }, .. } = self;
        format!(
            "HomeRegion is {region}, and the role {name} that the stack {} keeps there is not what this stack says. What differs: \
             {differences}. Give both stacks the same properties, that of {region} first; where somebody else changed the role, \
             change Revision there.",
            keeper.stack_id
        )
    }

    /// An update may be the rollback of one that the home Region's stack completed.
    fn with_a_way_back(&self, reason: String) -> String {
        if self.wish.before.is_none() {
            return reason;
        }
        format!(
            "{reason} If this is a rollback, nothing here has to go back: continue it without this resource (aws cloudformation \
             continue-update-rollback --resources-to-skip {}).",
            self.wish.resource.logical_id
        )
    }
}

/// A role of another Region's is never this stack's to delete.
fn nothing_left(reason: String) -> Unfulfilled {
    Unfulfilled { reason, left_behind: LeftBehind::Nothing }
}
