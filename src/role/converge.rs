//! The delegated role: what it should be, making it so, taking it away.
//!
//! A delegation **desires** a role, we **observe** one, **plan** the difference as data, and
//! **execute** it. Create, update and a repeated delivery of either are one idempotent wish.

use std::collections::BTreeMap;

use delegated_role_core::identifiers::{AccountId, ExternalId, Home, RoleName, RolePath};
use delegated_role_core::owner_limits::OwnerLimits;
use delegated_role_core::properties::Problems;
use delegated_role_core::role::account_lookup::{Quotas, needs_quotas, policies_to_judge};
use delegated_role_core::role::delegation::{Delegation, PolicyOwnership, Terms};
use delegated_role_core::role::desired::{DesiredRole, ExternalIds, desired};
use delegated_role_core::role::guardrail_policy::GuardrailPolicy;
use delegated_role_core::role::home_region::Elsewhere;
use delegated_role_core::role::name_conflict::{no_longer_kept_there, only_case_differs, taken};
use delegated_role_core::role::observed::{Identity, LiveRole, Observed};
use delegated_role_core::role::ownership::StackResource;
use delegated_role_core::role::previous_template::{OnceDeclared, home_region_hint, name_and_path_hint};
use delegated_role_core::role::session_revocation::{REVOCATION_POLICY, standing_cut_off};
use delegated_role_core::role::{attributes, ownership, plan};
use delegated_role_core::timestamp::Timestamp;
use serde_json::{Map, Value};

use super::remove::take_down;
use super::secondary_region::Following;
use crate::aws::{Failure, Iam, Kind, Patience};
use crate::backoff::pause_after;
use crate::iam::execute::execute;
use crate::iam::reads::{self, ReadAttached, observe};

/// A role that should be, as its properties say.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Whose it is to be.
    pub resource: StackResource,
    /// What it should be.
    pub properties: Map<String, Value>,
    /// What there was; none when it is wished for the first time.
    pub before: Option<Before>,
}

/// What an update starts from.
#[derive(Clone, Debug)]
pub struct Before {
    /// The name under which the role is known.
    pub physical_id: String,
    /// What was wished then. Says only what was once ours, never what exists.
    pub properties: Map<String, Value>,
}

/// What a wish is judged and fulfilled with.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// IAM, until the deadline.
    pub iam: &'a Iam,
    /// The account.
    pub home: &'a Home,
    /// The Region of stack and function.
    pub region: &'a str,
    /// The owner's limits.
    pub limits: &'a OwnerLimits,
    /// The function's own ARN, without a qualifier.
    pub function: &'a str,
    /// A new external ID, in case one is needed.
    pub fresh_external_id: ExternalId,
}

/// A role that is as wished.
#[derive(Debug)]
pub struct Fulfilled {
    /// Its name.
    pub name: RoleName,
    /// What the stack is told of it.
    pub attributes: BTreeMap<&'static str, String>,
}

/// A wish that could not be fulfilled.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Unfulfilled {
    /// What happened and what to do.
    pub reason: String,
    /// What may have been left of it.
    pub left_behind: LeftBehind,
}

/// What a wish that failed may have left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftBehind {
    /// Nothing: the name is somebody else's.
    Nothing,
    /// Nothing by this delivery; an earlier one of the same wish may have come further.
    Unknown,
    /// Possibly a role of this name.
    Role(RoleName),
}

impl From<Failure> for Unfulfilled {
    /// A read that failed: nothing was written.
    fn from(failure: Failure) -> Self {
        Self::untouched(failure.to_string())
    }
}

impl From<Problems> for Unfulfilled {
    fn from(problems: Problems) -> Self {
        Self::untouched(problems.to_string())
    }
}

impl Unfulfilled {
    /// Nothing was written this time.
    pub fn untouched(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), left_behind: LeftBehind::Unknown }
    }

    /// The role may be there.
    fn leaving(name: &RoleName, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), left_behind: LeftBehind::Role(name.clone()) }
    }
}

/// The name that properties ask for, as far as it can be known before they are judged.
pub fn expected_name(
    resource: &StackResource,
    properties: &Map<String, Value>,
    prefix: Option<&RolePath>,
) -> Option<RoleName> {
    let (name, path) = name_and_path_hint(properties);
    name.or_else(|| Some(resource.derived_name(path.as_ref().or(prefix)?)))
}

/// Makes the role as wished, whatever there is now.
///
/// # Errors
/// A reason; everything that can be found wrong before the first write is found before it.
pub async fn ensure(wish: &Wish, around: &Surroundings<'_>) -> Result<Fulfilled, Unfulfilled> {
    let Surroundings { iam, home, limits, function, .. } = around;
    if let Some(before) = &wish.before {
        remove_abandoned_replacement(wish, before, around).await?;
    }
    let to_judge = policies_to_judge(&wish.properties, home);
    let facts = reads::facts(iam, to_judge, needs_quotas(&wish.properties)).await?;
    let guardrail_policy = &GuardrailPolicy::new(function, limits, home, &wish.resource);
    let kept_elsewhere = |properties| home_region_hint(properties).filter(|region| region.as_str() != around.region);
    // A role that another Region's stack made long ago is not wished for the first time.
    let first_time = wish.before.is_none() && kept_elsewhere(&wish.properties).is_none();
    let now = iam.now().into();
    let terms = Terms { home, limits, facts: &facts, guardrail_policy, now, first_time };
    let delegation = Delegation::read(&wish.properties, terms)?;
    let wished = Wished { delegation: &delegation, guardrail_policy, quotas: facts.quotas };
    let name = delegation.role_name.clone().unwrap_or_else(|| wish.resource.derived_name(&delegation.path));

    if let Some(region) = delegation.home_region.as_ref().filter(|region| region.as_str() != around.region) {
        let elsewhere = Elsewhere { home, region, here: &wish.resource };
        let following = Following { wish, delegation: &delegation, quotas: facts.quotas, name: &name, elsewhere };
        return following.wait(around).await;
    }
    let Some(before) = &wish.before else {
        // Nothing is read before the first write: if the name is taken after all, IAM says so.
        let start = Start { observed: Observed::Absent, replaced: None, first_time: true, may_take_down: true };
        return fulfil(wish, around, &wished, &name, start).await;
    };
    let known = RoleName::parse(&before.physical_id).ok();
    let in_place = known.as_ref().is_some_and(|known| known.same_role(&name));
    if in_place && known.as_ref() != Some(&name) {
        return Err(Unfulfilled::untouched(only_case_differs(&name, &before.physical_id)));
    }
    let was_kept_in = kept_elsewhere(&before.properties);
    let observed = observe(iam, &wish.resource, &name, what_to_read(&delegation));
    let start = if in_place {
        let observed = observed.await?;
        if let (Observed::Absent, Some(region)) = (&observed, &was_kept_in) {
            return Err(Unfulfilled::untouched(no_longer_kept_there(&name, region)));
        }
        Start { observed, replaced: None, first_time: false, may_take_down: false }
    } else {
        let replaced = async {
            match (&known, &was_kept_in) {
                (Some(known), Some(region)) => {
                    let elsewhere = Elsewhere { home, region, here: &wish.resource };
                    observe(iam, &elsewhere, known, ReadAttached::Never).await
                }
                (Some(known), None) => observe(iam, &wish.resource, known, ReadAttached::Never).await,
                (None, _) => Ok(Observed::Absent),
            }
        };
        let (observed, replaced) = tokio::try_join!(observed, replaced)?;
        let replaced = if let Observed::Ours(role) = replaced { Some(role) } else { None };
        Start { observed, replaced, first_time: ownership::is_refused_id(&before.physical_id), may_take_down: true }
    };
    fulfil(wish, around, &wished, &name, start).await
}

/// Others' policies are read only where they might have to go.
pub(super) fn what_to_read(delegation: &Delegation) -> ReadAttached<'_> {
    match delegation.policy_ownership {
        PolicyOwnership::Exclusive => ReadAttached::AllBut(&delegation.managed_policies),
        PolicyOwnership::Declared => ReadAttached::Never,
    }
}

/// A wish that was found to be one that can be fulfilled.
struct Wished<'a> {
    delegation: &'a Delegation,
    guardrail_policy: &'a GuardrailPolicy,
    quotas: Quotas,
}

/// Where the way to a wished role begins.
struct Start {
    observed: Observed,
    /// The role whose place it takes.
    replaced: Option<Box<LiveRole>>,
    /// Whether no role was ever made for this resource.
    first_time: bool,
    /// Whether a role made on the way is removed again when the way cannot be finished.
    may_take_down: bool,
}

async fn fulfil(
    wish: &Wish,
    around: &Surroundings<'_>,
    wished: &Wished<'_>,
    name: &RoleName,
    start: Start,
) -> Result<Fulfilled, Unfulfilled> {
    let Surroundings { iam, home, fresh_external_id, .. } = around;
    let Wished { delegation, guardrail_policy, quotas } = *wished;
    let once = wish.before.as_ref().map(|before| OnceDeclared::read(&before.properties)).unwrap_or_default();
    let mut observed = start.observed;
    let mut attempt = 0;
    loop {
        let live = match &observed {
            Observed::Absent => None,
            Observed::Ours(live) => Some(live.as_ref()),
            Observed::Foreign(foreign) => {
                let reason = taken(foreign, &wish.resource, around.region, delegation.home_region.as_ref());
                return Err(Unfulfilled { reason, left_behind: LeftBehind::Nothing });
            }
        };
        if let Some(live) = live {
            check_same_place(live, name, &delegation.path)?;
        }
        let external_ids = ExternalIds::choose(
            &delegation.external_id,
            live,
            start.replaced.as_deref(),
            fresh_external_id.clone(),
            start.first_time,
        );
        let role = desired(delegation, name.clone(), &wish.resource, home, &external_ids, guardrail_policy.clone());
        let plan = match live {
            Some(live) => plan::to_change(live, &role, &once, quotas),
            None => plan::to_create(&role),
        };
        if let Some(obstacle) = live.and_then(|live| plan::obstacle(live, &role, &plan)) {
            return Err(Unfulfilled::untouched(obstacle));
        }
        // A create that was answered "exists" may have been our own a moment ago, its reply lost.
        let patience = if attempt > 0 { Patience::Settling } else { Patience::Usual };
        match execute(iam, name, &plan, patience).await {
            Ok(done) => {
                let known = || live.map(|live| Identity { arn: live.arn.clone(), id: live.id.clone() });
                let identity = reads::identity(iam, name, done.created.or_else(known))
                    .await
                    .map_err(|failure| Unfulfilled::leaving(name, failure.to_string()))?;
                let standing = live.and_then(|live| standing_cut_off(&live.inline));
                let ended = outlast(iam, done.sessions_ended_until.max(standing)).await;
                let further = ended.into_iter().chain(plan.warnings);
                return Ok(finished(&role, &identity, delegation, &external_ids, further));
            }
            // Taken, by an earlier delivery of the same wish or by somebody else: look whose it is.
            Err(interrupted) if interrupted.failure.kind == Kind::AlreadyExists => {
                attempt += 1;
                observed = observe(iam, &wish.resource, name, what_to_read(delegation))
                    .await
                    .map_err(|failure| Unfulfilled::leaving(name, failure.to_string()))?;
                while matches!(observed, Observed::Absent) {
                    // It is there but not to be seen yet, or it was removed under our hands. It is never made
                    // anew: whoever removed it (the delete of a stack that was given up, say) would not look again.
                    attempt += 1;
                    if attempt > 8 || !iam.has_time_for(pause_after(attempt)) {
                        return Err(Unfulfilled::leaving(name, not_to_be_seen(name)));
                    }
                    tokio::time::sleep(pause_after(attempt)).await;
                    observed = observe(iam, &wish.resource, name, what_to_read(delegation))
                        .await
                        .map_err(|failure| Unfulfilled::leaving(name, failure.to_string()))?;
                }
            }
            Err(interrupted) => {
                // Where we had looked and seen nothing, a name that was then taken was taken by ourselves.
                let made_just_now = interrupted.created || (wish.before.is_some() && attempt > 0);
                let made = made_just_now && start.may_take_down;
                let mut unfulfilled = abandon(iam, &wish.resource, name, interrupted.failure, made).await;
                unfulfilled.reason = external_ids.hidden_in(&unfulfilled.reason);
                return Err(unfulfilled);
            }
        }
    }
}

/// Waits until sessions that are handed out live: whoever hears of the finished role may use it at once. A
/// warning where the deadline does not leave the time.
pub(super) async fn outlast(iam: &Iam, sessions_ended_until: Option<Timestamp>) -> Option<String> {
    let until = sessions_ended_until?;
    let pause = Timestamp::from(iam.now()).until(until);
    if pause.is_zero() || iam.has_time_for(pause) {
        tokio::time::sleep(pause).await;
        return None;
    }
    Some(format!(
        "Sessions that are handed out before {until} can do nothing: {REVOCATION_POLICY} ends them, and there was no time to \
         wait for that moment."
    ))
}

/// What is left of a wish that cannot be fulfilled: a role that was made for it just now goes again. It is
/// named all the same, since IAM may say that it is gone only because it does not show it yet.
async fn abandon(
    iam: &Iam,
    resource: &StackResource,
    name: &RoleName,
    failure: Failure,
    made_just_now: bool,
) -> Unfulfilled {
    let reason = failure.to_string();
    if made_just_now {
        return match take_down(iam, resource, name, Patience::Settling).await {
            Ok(()) => Unfulfilled::leaving(name, reason),
            Err(why) => {
                Unfulfilled::leaving(name, format!("{reason} The role {name}, made just before, is still there: {why}"))
            }
        };
    }
    Unfulfilled::leaving(name, reason)
}

/// What the stack is told, with what is `further` worth a second look.
pub(super) fn finished(
    role: &DesiredRole,
    identity: &Identity,
    delegation: &Delegation,
    external_ids: &ExternalIds,
    further: impl Iterator<Item = String>,
) -> Fulfilled {
    let Identity { arn, id } = identity;
    let accounts: Vec<_> = delegation.accounts.iter().map(AccountId::as_str).collect();
    let notes = [external_ids.warning.clone(), role.warnings()].into_iter().flatten();
    let warnings: Vec<String> = delegation.warnings.iter().cloned().chain(notes).chain(further).collect();
    let attributes =
        attributes::attributes(role, arn, id, &accounts.join(","), external_ids.in_force.first(), &warnings);
    Fulfilled { name: role.name.clone(), attributes }
}

/// An update of the same role whose old properties name another one is the rollback of a replacement
/// that failed: what that may have left behind goes first, since nobody else will ever look for it.
async fn remove_abandoned_replacement(
    wish: &Wish,
    before: &Before,
    around: &Surroundings<'_>,
) -> Result<(), Unfulfilled> {
    let name_of = |properties| expected_name(&wish.resource, properties, Some(&around.limits.role_path_prefix));
    let (Some(wished), Some(abandoned)) = (name_of(&wish.properties), name_of(&before.properties)) else {
        return Ok(());
    };
    if wished.as_str() == before.physical_id && !abandoned.same_role(&wished) {
        take_down(around.iam, &wish.resource, &abandoned, Patience::Usual).await.map_err(Unfulfilled::untouched)?;
    }
    Ok(())
}

fn check_same_place(live: &LiveRole, name: &RoleName, path: &RolePath) -> Result<(), Unfulfilled> {
    if live.name != *name {
        return Err(Unfulfilled::untouched(only_case_differs(name, live.name.as_str())));
    }
    if live.path != *path {
        return Err(Unfulfilled::untouched(format!(
            "Path is {path}, but the role {name} is under {}, and IAM cannot move a role. Change RoleName together with \
             Path, so that a new role replaces this one.",
            live.path
        )));
    }
    Ok(())
}

fn not_to_be_seen(name: &RoleName) -> String {
    format!(
        "iam:CreateRole found the role {name} there already, but then it was not to be seen: something else removed it, or IAM \
         does not show it yet. It was not made again. Try again."
    )
}
