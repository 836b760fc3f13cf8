//! What must hold at the end of a plan, and on the way.

use delegated_role_core::policy::Document;
use delegated_role_core::role::delegation::{PolicyOwnership, RevokeSessions};
use delegated_role_core::role::desired::DesiredRole;
use delegated_role_core::role::guardrail_policy::GUARDRAIL_POLICY;
use delegated_role_core::role::ownership::REVOKE_TAG;
use delegated_role_core::role::previous_template::OnceDeclared;
use delegated_role_core::role::session_revocation::REVOCATION_POLICY;
use delegated_role_core::role::trust::Change;
use proptest::prelude::*;

use super::arbitrary::NOON;
use super::callers::admitted;
use super::model::Model;

pub(super) fn check_end(
    end: &Model,
    before: Option<&Model>,
    role: &DesiredRole,
    once: &OnceDeclared,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(end.trust.as_ref(), Some(&role.trust));
    prop_assert_eq!(&end.boundary, &role.permissions_boundary.as_ref().map(ToString::to_string));
    prop_assert_eq!((&end.description, end.max_session_duration), (&role.description, role.max_session_duration));
    for (key, value) in &role.tags.0 {
        prop_assert_eq!(end.tags.get(key), Some(value));
    }
    for key in &once.tag_keys {
        prop_assert!(
            role.tags.0.contains_key(key) || !end.tags.contains_key(key),
            "the tag {} is no longer declared",
            key
        );
    }
    for (name, policy) in &role.inline {
        prop_assert_eq!(end.inline.get(name), Some(policy));
    }
    for arn in &role.attached {
        prop_assert!(end.attached.contains(arn.as_str()));
    }
    // All else on the role was there before and may stay.
    let exclusive = role.policy_ownership == PolicyOwnership::Exclusive;
    for arn in end.attached.iter().filter(|arn| !role.attached.iter().any(|wanted| wanted.as_str() == *arn)) {
        prop_assert!(before.is_some_and(|before| before.attached.contains(arn)));
        prop_assert!(
            !once.managed_policies.iter().any(|once| once.as_str() == arn),
            "{} was declared before and is still attached",
            arn
        );
        prop_assert!(!exclusive || arn.ends_with("AWSDenyAll"), "{} is still there", arn);
    }
    prop_assert_eq!(
        end.inline.get(GUARDRAIL_POLICY),
        Some(&role.guardrail_policy.policy(role.trust.conditions.expires_at))
    );
    prop_assert!(!end.has_tag(), "the tag is still there");
    let of_ours = |name: &str| [GUARDRAIL_POLICY, REVOCATION_POLICY].contains(&name) || role.inline.contains_key(name);
    for (name, policy) in end.inline.iter().filter(|(name, _)| !of_ours(name)) {
        prop_assert!(before.is_some_and(|before| before.inline.get(name) == Some(policy)));
        prop_assert!(!once.inline_policies.contains(name), "{} was declared before and is still there", name);
        prop_assert!(!exclusive || policy.only_denies(), "{} is still there", name);
    }
    if let Some(before) = before {
        let ours = |key: &String| role.tags.0.contains_key(key) || once.tag_keys.contains(key) || key == REVOKE_TAG;
        let others = before.tags.iter().filter(|(key, _)| !ours(key));
        for (key, value) in others {
            prop_assert_eq!(end.tags.get(key), Some(value), "a tag of others is gone");
        }
        let kept = |name: &String| !once.inline_policies.contains(name) && !of_ours(name);
        for (name, policy) in before.inline.iter().filter(|(name, policy)| policy.only_denies() && kept(name)) {
            prop_assert_eq!(end.inline.get(name), Some(policy), "a deny of others is gone");
        }
        check_sessions(before, end, role)?;
    }
    Ok(())
}

/// What happened to the sessions of the old trust.
pub(super) fn check_sessions(before: &Model, end: &Model, role: &DesiredRole) -> Result<(), TestCaseError> {
    let (old, new) = (before.inline.get(REVOCATION_POLICY), end.inline.get(REVOCATION_POLICY));
    prop_assert!(end.ended_until() >= before.ended_until(), "the cut-off moved back");
    let denied = |policy: &Document| policy.members()["Statement"].as_array().unwrap().clone();
    if let Some(old) = old.filter(|old| old.only_denies()) {
        let new = new.map(denied).unwrap_or_default();
        let others = denied(old).into_iter().filter(|statement| statement["Condition"].is_null());
        prop_assert!(others.into_iter().all(|statement| new.contains(&statement)), "a deny of others is gone");
    }
    let narrows = before.trust != end.trust
        && excludes_callers(before, end)
        && role.revoke_sessions == RevokeSessions::OnNarrowing;
    if narrows || before.has_tag() {
        prop_assert!(end.ended_until().as_str() > NOON, "old sessions are not ended: {}", end.ended_until());
    } else if new != old {
        let exclusive = role.policy_ownership == PolicyOwnership::Exclusive;
        let replaced = old.is_some_and(|old| exclusive && !old.only_denies());
        // The comparison of trusts may be too strict.
        let careful = before
            .trust
            .as_ref()
            .is_none_or(|trust| matches!(role.trust.compared_with(trust), Change::Narrower | Change::Incomparable));
        prop_assert!(replaced || careful, "sessions ended without a reason");
    }
    Ok(())
}

/// Whether a caller was admitted before and is not admitted now.
pub(super) fn excludes_callers(before: &Model, after: &Model) -> bool {
    before.trust != after.trust && !admitted(before.trust.as_ref()).is_subset(&admitted(after.trust.as_ref()))
}

/// Nothing is granted on a role that could change its own guardrail policy, and nothing is restored after its expiry.
pub(super) fn check_guardrails(
    before: &Model,
    states: &[Option<Model>],
    role: &DesiredRole,
) -> Result<(), TestCaseError> {
    let end = states.last().unwrap().clone().unwrap();
    let lets_in = excludes_callers(&end, before);
    for state in states.iter().flatten() {
        prop_assert!(state.trust == before.trust || state.trust == end.trust, "a trust of neither template");
        let granted = !state.permissions().is_subset(&before.permissions());
        let newcomers = lets_in && state.trust != before.trust;
        prop_assert!(
            !(granted || newcomers) || state.is_guarded(role) || state.is_locked(),
            "granted on a role without its guardrail policy"
        );
        // No expiry is later than any expiry.
        let later = before.expires_at().is_some_and(|over| state.expires_at().is_none_or(|now| now > over));
        let wanted = state.permissions().is_subset(&end.permissions()) && state.trust == end.trust;
        prop_assert!(!later || wanted || state.is_locked(), "an expired session gets back what the plan removes");
    }
    Ok(())
}

/// Wherever a caller is excluded, its sessions are ended, or the tag says that they must end.
pub(super) fn check_tag(before: &Model, states: &[Option<Model>], role: &DesiredRole) -> Result<(), TestCaseError> {
    let narrows = excludes_callers(before, states.last().unwrap().as_ref().unwrap());
    for state in states.iter().flatten() {
        let ended = state.ended_until().as_str() > NOON;
        prop_assert!(state.ended_until() >= before.ended_until(), "the cut-off moved back");
        prop_assert!(!before.has_tag() || state.has_tag() || ended, "the tag is gone before the sessions ended");
        let narrowed = narrows && state.trust != before.trust;
        let must_end = narrowed && role.revoke_sessions == RevokeSessions::OnNarrowing;
        prop_assert!(!must_end || state.has_tag() || ended, "a process that dies here leaves sessions that must end");
    }
    Ok(())
}
