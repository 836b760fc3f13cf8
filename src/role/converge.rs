//! Making the role as declared, whatever exists now.
//!
//! A delegation **desires** a role, we **observe** one, **plan** the difference as data, and **execute** it. Create,
//! update and a repeated delivery of either are one idempotent operation.

use std::ops::ControlFlow;

use delegated_role_core::findings::{Code, Finding};
use delegated_role_core::identifiers::{ExternalId, RoleName};
use delegated_role_core::installation::Installation;
use delegated_role_core::owner_limits::OwnerLimits;
use delegated_role_core::role::account_lookup::{needs_quotas, policies_to_judge};
use delegated_role_core::role::declaration::{Declaration, Previous};
use delegated_role_core::role::desired::{DesiredRole, ExternalIds};
use delegated_role_core::role::goal::{Goal, other_region};
use delegated_role_core::role::guardrail_policy::GuardrailPolicy;
use delegated_role_core::role::home_region::HomeResource;
use delegated_role_core::role::name_conflict::{no_longer_managed_there, not_in_place, only_case_differs, taken};
use delegated_role_core::role::observed::{Identity, LiveRole, Observed};
use delegated_role_core::role::ownership::{Creating, is_refused_id};
use delegated_role_core::role::plan;
use delegated_role_core::role::previous_template::gave_external_id;
use delegated_role_core::role::session_revocation::standing_cut_off;
use delegated_role_core::timestamp::Timestamp;

use super::delivery;
use super::outcome::{Converged, NotConverged, outlast};
use super::remove::{take_down, take_down_newest};
use super::secondary_region::follow;
use crate::aws::{Aws, Failure, Iam, Kind, Patience};
use crate::backoff::{Schedule, poll_until};
use crate::iam::execute::{Interrupted, execute};
use crate::iam::reads::{self, ReadAttached, observe};

/// Makes the role as declared.
///
/// # Guarantees
/// - All problems that can be found before the first write are found before it, and are reported together.
/// - No prefix of the writes grants more than the template before or the new one. If the process dies, the next delivery
///   completes what was started.
/// - A role of another resource is never changed. Only a role that this request created is removed if it fails. A rollback
///   also removes what the failed replacement left.
/// - A request that is older than the state tag of the role, or that arrives late and whose operation has ended, writes
///   nothing.
///
/// # Assumptions
/// - `CloudFormation` runs one operation on a resource at a time, and signs each response URL when it sends the request.
/// - `CreateRole` with tags is atomic: a role that we create always has our tags.
///
/// # Caveats
/// - A create reads the role only after `CreateRole` answers that the name is in use. That saves a round trip.
/// - If the response URL has no date (as with an emulator), an older request cannot be distinguished from a newer one.
/// - A first delivery counts as in time for 45 seconds. If the role was deleted in these seconds, a repeated create
///   makes it again, because no role is left that shows that the request is old.
///
/// # Errors
/// A reason, and what may be left.
pub async fn ensure(
    aws: &Aws,
    declaration: &Declaration,
    installation: &Installation,
    fresh_external_id: ExternalId,
) -> Result<Converged, NotConverged> {
    let iam = &aws.iam;
    let Declaration { resource, properties, previous, .. } = declaration;
    delivery::check_operation(aws, declaration).await?;
    if let Some(previous) = previous {
        remove_abandoned_replacement(iam, declaration, previous, installation).await?;
    }
    let to_judge = policies_to_judge(properties, installation.account());
    let lookup = reads::account_lookup(iam, to_judge, needs_quotas(properties)).await?;
    let goal = Goal::read(declaration, installation, lookup, iam.now().into(), fresh_external_id)?;
    if let Some(region) = goal.managed_in() {
        let home = HomeResource { account: installation.account(), region, here: resource };
        return follow(iam, &goal, home).await;
    }
    let start = match previous {
        // Nothing is read before the first write: if the name is in use, IAM says so.
        None => Start { live: None, replaced: None, none_yet: true, may_take_down: true, made: None },
        Some(previous) => look(aws, &goal, previous).await?,
    };
    converge(iam, &goal, start).await
}

/// What exists when a create or an update begins.
struct Start {
    live: Option<Box<LiveRole>>,
    /// The role that is replaced.
    replaced: Option<Box<LiveRole>>,
    /// Whether no role was ever made for this resource.
    none_yet: bool,
    /// Whether a role that this request creates is removed if the request fails.
    may_take_down: bool,
    /// When the failed replacement was sent that created the role, if this request continues one.
    made: Option<Timestamp>,
}

/// Reads the role of an update, and the role that it replaces.
async fn look(aws: &Aws, goal: &Goal<'_>, previous: &Previous) -> Result<Start, NotConverged> {
    let Goal { declaration, installation, delegation, name, .. } = goal;
    let (iam, resource) = (&aws.iam, &declaration.resource);
    let known = RoleName::parse(&previous.physical_id).ok();
    let in_place = known.as_ref().is_some_and(|known| known.same_role(name));
    if in_place && known.as_ref() != Some(name) {
        return Err(NotConverged::untouched(only_case_differs(name, &previous.physical_id)));
    }
    let was_managed_in = other_region(&previous.properties, installation);
    let observed = observe(iam, resource, name, ReadAttached::for_update_to(delegation));
    if in_place {
        let live = ours(goal, observed.await?)?;
        if live.is_none() {
            if let Some(region) = &was_managed_in {
                return Err(NotConverged::untouched(no_longer_managed_there(name, region)));
            }
            delivery::check_missing_role(aws, declaration).await?;
        }
        return Ok(Start { live, replaced: None, none_yet: false, may_take_down: false, made: None });
    }
    let replaced = async {
        match (&known, &was_managed_in) {
            (Some(known), Some(region)) => {
                let home = HomeResource { account: installation.account(), region, here: resource };
                observe(iam, &home, known, ReadAttached::Never).await
            }
            (Some(known), None) => observe(iam, resource, known, ReadAttached::Never).await,
            (None, _) => Ok(Observed::Absent),
        }
    };
    let (observed, replaced) = tokio::try_join!(observed, replaced)?;
    let replaced = if let Observed::Ours(role) = replaced { Some(role) } else { None };
    if let Some(replaced) = &replaced {
        delivery::check_newest(replaced, declaration)?;
    }
    // The external ID of a role in another Region's stack is returned only to a stack that declares it.
    let known_before =
        |role: &LiveRole| role.tags.kept_external_id().is_some_and(|id| gave_external_id(&previous.properties, &id));
    let replaced = replaced.filter(|role| was_managed_in.is_none() || known_before(role));
    let none_yet = is_refused_id(&previous.physical_id);
    let live = ours(goal, observed)?;
    let made = live.as_ref().and_then(|live| live.made_for(&GuardrailPolicy::new(installation, resource)));
    let made = made.filter(|made| Some(*made) != declaration.sent);
    Ok(Start { live, replaced, none_yet, may_take_down: true, made })
}

/// The role, if it exists and this request may change it.
fn ours(goal: &Goal<'_>, observed: Observed) -> Result<Option<Box<LiveRole>>, NotConverged> {
    let Goal { declaration, installation, delegation, name, .. } = goal;
    match observed {
        Observed::Absent => Ok(None),
        Observed::Ours(live) => {
            delivery::check_newest(&live, declaration)?;
            match not_in_place(&live, name, &delegation.path) {
                Some(why) => Err(NotConverged::untouched(why)),
                None => Ok(Some(live)),
            }
        }
        Observed::Foreign(foreign) => {
            let home_region = delegation.home_region.as_ref();
            Err(NotConverged::nothing_left(taken(&foreign, declaration, installation, home_region)))
        }
    }
}

/// Why an attempt did not finish.
enum Stopped {
    /// `CreateRole` answered that the name is in use: by an earlier delivery of the same request, or by another role.
    NameTaken,
    /// The failure, and whether the role was created before it.
    Interrupted(Interrupted),
    /// Nothing was tried.
    Not(NotConverged),
}

async fn converge(iam: &Iam, goal: &Goal<'_>, start: Start) -> Result<Converged, NotConverged> {
    let name = &goal.name;
    let external_ids = |live: Option<&LiveRole>| goal.external_ids(live, start.replaced.as_deref(), start.none_yet);
    let ids = external_ids(start.live.as_deref());
    let stopped = match attempt(iam, goal, &start, start.live.as_deref(), &ids, Patience::Usual).await {
        Ok(converged) => return Ok(converged),
        Err(stopped) => stopped,
    };
    let (stopped, ids, made_just_now) = if let Stopped::NameTaken = stopped {
        let live = look_again(iam, goal).await?;
        let adopted = live.stood_before(goal.declaration.sent);
        let ids = external_ids(Some(&live));
        // We may have just created the role, and lost the reply.
        match attempt(iam, goal, &start, Some(&live), &ids, Patience::Settling).await {
            Ok(converged) => return Ok(converged),
            Err(Stopped::Interrupted(interrupted)) if adopted => {
                let failed = NotConverged::nothing_left(Finding::from(interrupted.failure));
                return Err(failed.without(&ids.secrets()));
            }
            // If we found nothing before, we created the role with this name.
            Err(stopped) => (stopped, ids, goal.declaration.previous.is_some()),
        }
    } else {
        (stopped, ids, false)
    };
    match stopped {
        Stopped::Not(not_converged) => Err(not_converged),
        Stopped::NameTaken => Err(NotConverged::leaving(name, does_not_show(name))),
        Stopped::Interrupted(Interrupted { failure, created }) => {
            let made = (created || made_just_now) && start.may_take_down;
            let failed = abandon(iam, goal.declaration, name, failure, made).await;
            Err(failed.without(&ids.secrets()))
        }
    }
}

/// Plans the difference between what exists and what is desired, and executes it.
async fn attempt(
    iam: &Iam,
    goal: &Goal<'_>,
    start: &Start,
    live: Option<&LiveRole>,
    external_ids: &ExternalIds,
    patience: Patience,
) -> Result<Converged, Stopped> {
    let Goal { declaration, name, lookup, .. } = goal;
    let role = DesiredRole { made: start.made, ..goal.desired(&declaration.resource, external_ids) };
    let plan = match live {
        Some(live) => plan::to_change(live, &role, &goal.once_declared(), lookup.quotas),
        None => plan::to_create(&role),
    };
    if let Some(obstacle) = live.and_then(|live| plan::obstacle(live, &role, &plan)) {
        return Err(Stopped::Not(NotConverged::untouched(obstacle)));
    }
    let plan = match live {
        Some(live) if plan.is_empty() && declaration.sent.is_some() && goal.overtakes(live) => {
            plan::to_overtake(live, &role)
        }
        _ => plan,
    };
    let done = match execute(iam, name, &plan, patience).await {
        Ok(done) => done,
        Err(interrupted) if interrupted.failure.kind == Kind::AlreadyExists => return Err(Stopped::NameTaken),
        Err(interrupted) => return Err(Stopped::Interrupted(interrupted)),
    };
    let known = || live.map(|live| Identity { arn: live.arn.clone(), id: live.id.clone() });
    let identity = reads::identity(iam, name, done.created.or_else(known))
        .await
        .map_err(|failure| Stopped::Not(NotConverged::leaving(name, Finding::from(failure))))?;
    let standing = live.and_then(|live| standing_cut_off(&live.inline));
    let ended = outlast(iam, done.sessions_ended_until.max(standing)).await;
    Ok(Converged::of(goal, &role, &identity, external_ids, ended.into_iter().chain(plan.warnings)))
}

/// Reads a role whose name `CreateRole` found in use. If it no longer exists, it is not created again: the delete that
/// removed it (of an abandoned stack, for example) would not look again.
async fn look_again(iam: &Iam, goal: &Goal<'_>) -> Result<Box<LiveRole>, NotConverged> {
    let Goal { declaration, delegation, name, .. } = goal;
    let resource = &declaration.resource;
    let schedule = Schedule::backoff().at_most(8);
    let found = poll_until(iam.deadline(), schedule, async |_| {
        let observed = if declaration.previous.is_none() {
            observe(iam, &Creating(resource), name, ReadAttached::for_update_to(delegation)).await
        } else {
            observe(iam, resource, name, ReadAttached::for_update_to(delegation)).await
        };
        match observed {
            Err(failure) => ControlFlow::Break(Err(NotConverged::leaving(name, Finding::from(failure)))),
            Ok(observed) => match ours(goal, observed) {
                Ok(None) => ControlFlow::Continue(()),
                Ok(Some(live)) => ControlFlow::Break(Ok(live)),
                Err(not_converged) => ControlFlow::Break(Err(not_converged)),
            },
        }
    });
    found.await.unwrap_or_else(|()| Err(NotConverged::leaving(name, does_not_show(name))))
}

/// Removes a role that was just created, because the rest failed. The result still names it: IAM may report that it does
/// not exist only because it does not return it yet.
async fn abandon(
    iam: &Iam,
    declaration: &Declaration,
    name: &RoleName,
    failure: Failure,
    made_just_now: bool,
) -> NotConverged {
    let mut reason = Finding::from(failure);
    let Declaration { resource, sent, .. } = declaration;
    if made_just_now && let Err(why) = take_down(iam, resource, name, *sent, Patience::Settling).await {
        reason = reason.and(format!("The role {name}, created just before, still exists: {}", why.message));
    }
    NotConverged::leaving(name, reason)
}

/// An update of a role whose old properties name another role is the rollback of a failed replacement. What the
/// replacement may have left is removed first, because no other request looks for it. Only failed replacements create such
/// a role after the last write to the role that they replace: after one that succeeded, another request writes that role.
async fn remove_abandoned_replacement(
    iam: &Iam,
    declaration: &Declaration,
    previous: &Previous,
    installation: &Installation,
) -> Result<(), NotConverged> {
    let Declaration { resource, properties, sent, .. } = declaration;
    let OwnerLimits { role_path_prefix: path, role_name_prefix: prefix, .. } = &installation.limits;
    let name_of = |properties| resource.name_hint(properties, Some(path), Some(prefix));
    let (Some(declared), Some(abandoned)) = (name_of(properties), name_of(&previous.properties)) else {
        return Ok(());
    };
    if declared.as_str() != previous.physical_id || abandoned.same_role(&declared) {
        return Ok(());
    }
    let Observed::Ours(left) = observe(iam, resource, &abandoned, ReadAttached::WhatCanBe).await? else {
        return Ok(());
    };
    let guardrails = GuardrailPolicy::new(installation, resource);
    let made = left.made_for(&guardrails);
    // Where the response URLs have no date (an emulator), nothing is known of either role.
    if made.is_none() && sent.is_some() {
        return Ok(());
    }
    if let Observed::Ours(standing) = observe(iam, resource, &declared, ReadAttached::Never).await?
        && made.zip(standing.state().as_of).is_some_and(|(made, written)| made < written)
    {
        return Ok(());
    }
    take_down_newest(iam, resource, *left, *sent, Patience::Usual).await.map_err(NotConverged::untouched)
}

fn does_not_show(name: &RoleName) -> Finding {
    let message = format!(
        "iam:CreateRole reports that the role {name} exists, but iam:GetRole does not return it: another process removed it, or \
         IAM does not show it yet. It was not created again. Try again."
    );
    Finding::failure(Code::RoleNotFound, message)
}
