//! The difference between a role as it is and as it should be, as ordered operations.
//!
//! The order is what keeps a change safe. The process may die between any two operations. So no prefix of a plan may
//! grant more than the old or the new template, or grant anything under a trust that we did not write:
//!
//! - The state tag comes first, with the tag for a pending revocation: an older request must find it even if the
//!   process dies. Only if tags of others leave no room, it comes last.
//! - A new permissions boundary comes next, alone (without it, IAM may deny all other writes). A boundary that is
//!   removed comes last.
//! - The guardrail policy comes next, and is removed with the denies: a role never has permissions while it could
//!   change its own guardrail policy. This costs a create one round trip.
//! - If the trust stays or admits fewer callers: trust, then attach, then detach, so that access has no gap.
//! - If the trust admits new callers: detach, trust, attach, so that they never have the permissions that are removed.
//! - An inline policy is replaced in place. Only if the trusts are incomparable, its allows are removed first. The old
//!   callers lose access in any case, and in-place replacement would give one side the permissions of the other.
//! - What an inline policy denies is written before anything else is granted, and removed after all other removals: a
//!   template can grant much in one policy and deny some of it in another. [`inline`] has the stages for several
//!   policies that allow and deny.
//! - If the denies of both templates do not fit together, the guardrail policy denies everything while policies change.
//! - A trust that admits fewer or other callers also ends the sessions that were issued before: first the tag for the
//!   pending revocation, then the trust, then the deny, then the tag is removed.
//! - The maximum session duration is shortened before the trust changes, and extended after it.
//! - Other tags and the description come last, so that a failure there (too many tags, for example) cannot keep a trust
//!   open. A new external ID is not lost in the meantime: until its tag is written, it is in the trust.
//! - A delete removes allows before denies.
//! - If inline policies leave no room for our denies, removed and replaced policies are removed before the denies are
//!   written.
//!
//! Operations in one step do not depend on each other and are executed concurrently.

mod attaching;
mod guarding;
mod inline;
mod leaving;
mod narrowing;
mod operation;
mod room;
mod way;

use std::collections::BTreeSet;

use self::attaching::Attaching;
use self::guarding::Guarding;
use self::inline::{Put, Stages, to_put};
use self::leaving::Leaving;
use self::narrowing::Narrowing;
pub use self::operation::{Operation, Plan};
use self::room::Room;
use self::way::Way;
use super::account_lookup::Quotas;
use super::desired::DesiredRole;
use super::guardrail_policy::{self, GUARDRAIL_POLICY};
use super::observed::LiveRole;
use super::ownership::{HAND_OVER_TAG, REVOKE_TAG, TAGS_ON_A_ROLE, Tags};
use super::previous_template::OnceDeclared;
use super::state_tag::STATE_TAG;
use super::trust::Change;
use crate::findings::Finding;

/// How the desired role is created.
pub fn to_create(desired: &DesiredRole) -> Plan {
    let guardrails = Operation::PutInline(GUARDRAIL_POLICY.to_owned(), desired.guardrails());
    let Attaching { denying, granting } = Attaching::of(None, desired);
    // Nothing stands yet, so there is nothing to keep beside it.
    let Stages { restrain, first, grant, .. } =
        Stages::of(&to_put(None, desired), !denying.is_empty()).unwrap_or_default();
    let create = Operation::Create(Box::new(desired.clone()));
    let steps = [vec![create], vec![guardrails], joined(denying, restrain), first, joined(grant, granting)];
    Plan::of(steps, Vec::new())
}

/// How a live role becomes the desired one. `once` says what an earlier template declared.
pub fn to_change(live: &LiveRole, desired: &DesiredRole, once: &OnceDeclared, quotas: Quotas) -> Plan {
    let change = live.trust.as_ref().map_or(Change::Incomparable, |trust| desired.trust.compared_with(trust));
    let guarding = Guarding::of(live, desired);
    let narrowing = Narrowing::of(live, change, desired.revoke_sessions);
    let leaving = Leaving::of(live, desired, once, !narrowing.end.is_empty());
    let (puts, attaching) = (to_put(Some(live), desired), Attaching::of(Some(live), desired));
    let room = Room::of(live, &puts, &leaving, quotas, (guarding.size, narrowing.size));
    let way = Way::of(change, live, &puts, &attaching, &room);

    let Narrowing { mut clear, mark, end, unmark, .. } = narrowing;
    let Guarding { guardrails, longer, .. } = guarding;
    let Labels { shorter, stale, coming: labels } = Labels::of(live, desired, once);
    let (new_boundary, no_boundary) = boundary_changes(live, desired);
    let trust = trust_change(live, desired);
    let after = [stale, labels, hand_over(live, desired), no_boundary];
    let (going, last) = (leaving.going(), leaving.last());
    let steps = match way {
        Way::InPlace { stages: Stages { restrain, first, grant, release, .. }, leave_first } => {
            let Attaching { denying, granting } = attaching;
            let (restrain, release) = (joined(denying, restrain), joined(release, last));
            let changes = match change {
                Change::Same | Change::Narrower | Change::Incomparable if leave_first => {
                    vec![mark, trust, end, unmark, going, restrain, first, joined(grant, granting), release]
                }
                Change::Same | Change::Narrower | Change::Incomparable => {
                    vec![mark, trust, end, unmark, restrain, first, joined(grant, granting), going, release]
                }
                // The earlier callers stay: the new template gives them what is granted now.
                Change::Wider => {
                    let (replaced, new) = grant.into_iter().partition(|operation| replaces(live, operation));
                    vec![going, restrain, first, replaced, release, trust, end, unmark, joined(new, granting)]
                }
            };
            joined(vec![new_boundary, clear, guardrails, shorter], joined(changes, vec![longer]))
        }
        Way::Stripped { denials, first } => {
            let mut stripping = joined(going, denials);
            if first {
                clear.append(&mut stripping);
            }
            let writes = puts.iter().map(Put::write).collect();
            let Attaching { denying, granting } = attaching;
            let granted = joined(writes, granting);
            vec![
                new_boundary,
                clear,
                guardrails,
                shorter,
                stripping,
                denying,
                mark,
                trust,
                end,
                unmark,
                last,
                granted,
                longer,
            ]
        }
        Way::Locked { room_first } => {
            let lock = Operation::PutInline(GUARDRAIL_POLICY.to_owned(), guardrail_policy::lock());
            let locks = live.inline.get(GUARDRAIL_POLICY).and_then(Option::as_ref) != Some(&guardrail_policy::lock());
            let unlock = Operation::PutInline(GUARDRAIL_POLICY.to_owned(), desired.guardrails());
            let (stripped, gone) = if room_first {
                let stripped = puts.iter().filter_map(Put::strip_to_own_denials).collect();
                (joined(going, stripped), joined(last, puts.iter().filter_map(Put::remove_denials).collect()))
            } else {
                (Vec::new(), joined(leaving.at_once(), puts.iter().filter_map(Put::remove).collect()))
            };
            let writes = puts.iter().map(Put::write);
            let Attaching { denying, granting } = attaching;
            let written = joined(writes.collect(), joined(denying, granting));
            let lock = if locks { vec![lock] } else { Vec::new() };
            vec![
                new_boundary,
                stripped,
                lock,
                joined(clear, gone),
                shorter,
                mark,
                trust,
                end,
                unmark,
                written,
                vec![unlock],
            ]
        }
    };
    let plan = Plan::of(steps.into_iter().chain(after), leaving.warnings);
    recorded(plan, live, desired)
}

/// Two trusts can admit the same callers in different forms. Then the desired form is written.
fn trust_change(live: &LiveRole, desired: &DesiredRole) -> Vec<Operation> {
    if live.trust.as_ref() == Some(&desired.trust) {
        Vec::new()
    } else {
        vec![Operation::SetTrust(Box::new(desired.trust.clone()))]
    }
}

fn joined<T>(mut first: Vec<T>, second: Vec<T>) -> Vec<T> {
    first.extend(second);
    first
}

/// The plan with its state tag first, so that an older request finds it even if the process dies. A plan that writes
/// nothing records nothing, unless the recorded role was never completed.
fn recorded(mut plan: Plan, live: &LiveRole, desired: &DesiredRole) -> Plan {
    let outdated = live.state().parts.is_some_and(|parts| desired.state(None).parts != Some(parts));
    if plan.is_empty() && !outdated {
        return plan;
    }
    let Some(record) = record(live, desired) else { return plan };
    if has_room_for_record(live) {
        // One call writes it together with the tag for a pending revocation.
        let mark = plan
            .steps
            .iter()
            .position(|step| matches!(&step[..], [Operation::Tag(tags)] if tags.0.contains_key(REVOKE_TAG)));
        let marks = mark.map(|at| plan.steps.remove(at)).into_iter().flatten();
        let tags = marks.chain([record]).filter_map(|operation| match operation {
            Operation::Tag(tags) => Some(tags.0),
            _ => None,
        });
        plan.steps.insert(0, vec![Operation::Tag(Tags(tags.flatten().collect()))]);
    } else {
        // Tags of others that leave no room must not keep a trust open. The plan itself may remove some of them.
        plan.steps.push(vec![record]);
    }
    plan
}

/// The plan of an update that finds the role as desired, although the template before desired another role: the request
/// for that role did not arrive yet. The state tag makes that request too old when it arrives.
pub fn to_overtake(live: &LiveRole, desired: &DesiredRole) -> Plan {
    let record = record(live, desired).filter(|_| has_room_for_record(live));
    Plan::of([record.into_iter().collect()], Vec::new())
}

fn record(live: &LiveRole, desired: &DesiredRole) -> Option<Operation> {
    let as_of = desired.as_of.or(live.state().as_of);
    let value = desired.state(as_of).to_string();
    let up_to_date = live.tags.get(STATE_TAG) == Some(&value);
    (!up_to_date).then(|| Operation::Tag(Tags([(STATE_TAG.to_owned(), value)].into())))
}

fn has_room_for_record(live: &LiveRole) -> bool {
    live.tags.get(STATE_TAG).is_some() || live.tags.0.len() < TAGS_ON_A_ROLE
}

/// The tag that handed the role over is removed after the ownership tags are written.
fn hand_over(live: &LiveRole, desired: &DesiredRole) -> Vec<Operation> {
    let handed_over = live.tags.get(HAND_OVER_TAG) == Some(&desired.resource.hand_over_mark());
    if handed_over { vec![Operation::Untag(vec![HAND_OVER_TAG.to_owned()])] } else { Vec::new() }
}

/// Why such a plan cannot be executed, if this is known before the first write.
pub fn obstacle(live: &LiveRole, desired: &DesiredRole, plan: &Plan) -> Option<Finding> {
    room::obstacle(live, desired, plan)
}

/// How a live role is removed, whatever is on it.
pub fn to_remove(live: &LiveRole) -> Plan {
    let everything = Leaving::everything(live);
    // One policy that allows and denies can go as a whole. Of several, one may deny what another allows.
    let steps = if everything.mixed.len() > 1 {
        [everything.going(), Vec::new(), everything.last()]
    } else {
        let mixed = everything.mixed.iter().map(|(name, _)| Operation::DeleteInline(name.clone())).collect();
        [everything.allows, mixed, everything.denies]
    };
    Plan::of(steps.into_iter().chain([vec![Operation::DeleteRole]]), Vec::new())
}

/// The same without any write but removals, for a role on which the function may write nothing else: one without the
/// boundary that its owner requires, for example.
pub fn to_remove_at_once(live: &LiveRole) -> Plan {
    let everything = Leaving::everything(live);
    let mixed = everything.mixed.iter().map(|(name, _)| Operation::DeleteInline(name.clone())).collect();
    Plan::of([everything.allows, mixed, everything.denies, vec![Operation::DeleteRole]], Vec::new())
}

/// Whether it replaces an existing policy.
fn replaces(live: &LiveRole, operation: &Operation) -> bool {
    matches!(operation, Operation::PutInline(name, _) if live.inline.contains_key(name))
}

fn boundary_changes(live: &LiveRole, desired: &DesiredRole) -> (Vec<Operation>, Vec<Operation>) {
    match (&live.permissions_boundary, &desired.permissions_boundary) {
        (Some(live), Some(desired)) if live == desired.as_str() => (Vec::new(), Vec::new()),
        (_, Some(desired)) => (vec![Operation::PutBoundary(desired.clone())], Vec::new()),
        (Some(_), None) => (Vec::new(), vec![Operation::DeleteBoundary]),
        (None, None) => (Vec::new(), Vec::new()),
    }
}

/// The parts of a role beside trust and permissions.
struct Labels {
    /// The settings, if the maximum session duration becomes shorter.
    shorter: Vec<Operation>,
    /// The tags to remove. They are removed first, because a role can have only 50.
    stale: Vec<Operation>,
    /// The tags to write, and the settings in all other cases.
    coming: Vec<Operation>,
}

impl Labels {
    fn of(live: &LiveRole, desired: &DesiredRole, once: &OnceDeclared) -> Self {
        let differ =
            live.description != desired.description || live.max_session_duration != desired.max_session_duration;
        let settings = Operation::SetSettings {
            description: desired.description.clone(),
            max_session_duration: desired.max_session_duration,
        };
        let settings = if differ { vec![settings] } else { Vec::new() };
        let (shorter, mut coming) = if desired.max_session_duration < live.max_session_duration {
            (settings, Vec::new())
        } else {
            (Vec::new(), settings)
        };
        let missing = desired.tags.0.iter().filter(|(key, value)| live.tags.get(key) != Some(value.as_str()));
        let missing = Tags(missing.map(|(key, value)| (key.clone(), value.clone())).collect());
        if !missing.0.is_empty() {
            coming.push(Operation::Tag(missing));
        }
        // Tag keys in IAM ignore case: a key with another case is overwritten and needs no removal.
        let wanted: BTreeSet<String> = desired.tags.0.keys().map(|key| key.to_lowercase()).collect();
        let stands_no_longer = |key: &&String| live.tags.get(key).is_some() && !wanted.contains(&key.to_lowercase());
        let stale: Vec<String> = once.tag_keys.iter().filter(stands_no_longer).cloned().collect();
        let stale = if stale.is_empty() { Vec::new() } else { vec![Operation::Untag(stale)] };
        Self { shorter, stale, coming }
    }
}
