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
//!   template can grant much in one policy and deny some of it in another.
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

mod guarding;
mod leaving;
mod narrowing;
mod operation;

use std::collections::BTreeSet;

use self::guarding::Guarding;
use self::leaving::{Denials, Leaving, crowded, has_room_for, no_room_beside};
use self::narrowing::Narrowing;
pub use self::operation::{Operation, Plan};
use super::account_lookup::Quotas;
use super::desired::DesiredRole;
use super::guardrail_policy::GUARDRAIL_POLICY;
use super::observed::LiveRole;
use super::ownership::{HAND_OVER_TAG, REVOKE_TAG, TAGS_ON_A_ROLE, Tags};
use super::previous_template::OnceDeclared;
use super::state_tag::STATE_TAG;
use super::trust::Change;
use crate::findings::Finding;
use crate::policy::Document;

/// How the desired role is created.
pub fn to_create(desired: &DesiredRole) -> Plan {
    let guardrails = Operation::PutInline(GUARDRAIL_POLICY.to_owned(), desired.guardrails());
    let permissions = inline_to_put(desired, |_| true).chain(desired.attached.iter().cloned().map(Operation::Attach));
    let (restraining, granting) = permissions.partition(restrains);
    let steps = [vec![Operation::Create(Box::new(desired.clone()))], vec![guardrails], restraining, granting];
    Plan::of(steps, Vec::new())
}

/// How a live role becomes the desired one. `once` says what an earlier template declared.
pub fn to_change(live: &LiveRole, desired: &DesiredRole, once: &OnceDeclared, quotas: Quotas) -> Plan {
    let change = live.trust.as_ref().map_or(Change::Incomparable, |trust| desired.trust.compared_with(trust));
    let Guarding { guardrails, longer, size: guarding } = Guarding::of(live, desired);
    let Narrowing { mut clear, mark, end, unmark, size: revocation } =
        Narrowing::of(live, change, desired.revoke_sessions);
    let denials = Denials { guardrails: guarding, revocation };
    let crowded = crowded(live, denials);
    let Leaving { mut allows, denies, warnings, .. } = Leaving::of(live, desired, once, !end.is_empty(), crowded);
    let Labels { shorter, stale, coming: labels } = Labels::of(live, desired, once);
    let (new_boundary, no_boundary) = boundary_changes(live, desired);
    // Two trusts can admit the same callers in different forms. Then the desired form is written.
    let trust = if live.trust.as_ref() == Some(&desired.trust) {
        Vec::new()
    } else {
        vec![Operation::SetTrust(Box::new(desired.trust.clone()))]
    };
    let differs = |name: &str| live.inline.get(name).is_some_and(|policy| policy.as_ref() != desired.inline.get(name));
    let loses_denials = live.inline.iter().any(|(name, policy)| {
        desired.inline.contains_key(name) && differs(name) && policy.as_ref().and_then(Document::denials).is_some()
    });
    let replaced: Vec<_> = inline_to_put(desired, differs).collect();
    let attached: Vec<_> = desired
        .attached
        .iter()
        .filter(|arn| !live.attached.contains_key(arn.as_str()))
        .cloned()
        .map(Operation::Attach)
        .chain(inline_to_put(desired, |name| !live.inline.contains_key(name)))
        .collect();

    if crowded || change == Change::Incomparable {
        allows.extend(
            desired.inline.iter().filter_map(|(name, wanted)| only_denials_of_both(live, name, wanted, denials)),
        );
    }
    if crowded {
        clear.append(&mut allows);
    }
    let no_room = no_room_beside(live, desired, &attached, quotas, denials);
    let (restraining, coming): (Vec<_>, Vec<_>) = replaced.into_iter().chain(attached).partition(restrains);
    let steps = match change {
        Change::Same | Change::Narrower if no_room || loses_denials => {
            vec![mark, trust, end, unmark, allows, denies, restraining, coming]
        }
        Change::Same | Change::Narrower => vec![mark, trust, end, unmark, restraining, coming, allows, denies],
        // The earlier callers stay: the new template gives them what is granted now.
        Change::Wider => {
            let (replaced, attached) = coming.into_iter().partition(|operation| replaces(live, operation));
            vec![allows, denies, restraining, replaced, trust, end, unmark, attached]
        }
        Change::Incomparable => vec![allows, mark, trust, end, unmark, denies, restraining, coming],
    };
    let before = [new_boundary, clear, guardrails, shorter];
    let after = [longer, stale, labels, hand_over(live, desired), no_boundary];
    let plan = Plan::of(before.into_iter().chain(steps).chain(after), warnings);
    recorded(plan, live, desired)
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
    leaving::obstacle(live, desired, plan)
}

/// How a live role is removed, whatever is on it.
pub fn to_remove(live: &LiveRole) -> Plan {
    let everything = Leaving::everything(live);
    Plan::of([everything.allows, everything.mixed, everything.denies, vec![Operation::DeleteRole]], Vec::new())
}

/// The policy under this name while neither side may have what it grants the other: all that the old or the new policy
/// denies, if there is room for it.
fn only_denials_of_both(live: &LiveRole, name: &str, wanted: &Document, denials: Denials) -> Option<Operation> {
    let standing = live.inline.get(name);
    let [old, new] = [standing.and_then(Option::as_ref), Some(wanted)].map(|policy| policy?.denials());
    let both = match (old, new) {
        (Some(old), Some(new)) => Some(old.joined(&new)),
        (old, new) => old.or(new),
    };
    match both.filter(|both| has_room_for(live, both, denials)) {
        _ if standing.is_some_and(|standing| standing.as_ref() == Some(wanted)) => None,
        Some(both) if standing.is_some_and(|standing| standing.as_ref() == Some(&both)) => None,
        Some(both) => Some(Operation::PutInline(name.to_owned(), both)),
        None => standing.map(|_| Operation::DeleteInline(name.to_owned())),
    }
}

/// Whether it writes a policy that denies something. It comes before the permissions that it denies.
fn restrains(operation: &Operation) -> bool {
    matches!(operation, Operation::PutInline(_, policy) if policy.denials().is_some())
}

/// Whether it replaces an existing policy.
fn replaces(live: &LiveRole, operation: &Operation) -> bool {
    matches!(operation, Operation::PutInline(name, _) if live.inline.contains_key(name))
}

fn inline_to_put(desired: &DesiredRole, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = Operation> {
    let policies = desired.inline.iter().filter(move |(name, _)| wanted(name));
    policies.map(|(name, policy)| Operation::PutInline(name.clone(), policy.clone()))
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
