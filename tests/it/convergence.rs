//! Any well-formed delegation and any role: the plan ends at the delegation, a second plan is empty, and no prefix of a
//! plan (the process may die at any time) allows anyone what neither template allows, grants anything on a role that
//! could change its own guardrail policy, or forgets sessions that must end.
//!
//! The plan is applied to a small model of IAM that knows nothing of plans. The operations of one step are concurrent, so
//! each subset of a step counts as a prefix.

mod arbitrary;
mod callers;
mod invariants;
mod model;
mod permissions;

use std::collections::BTreeSet;

use delegated_role_core::identifiers::ExternalId;
use delegated_role_core::role::account_lookup::Quotas;
use delegated_role_core::role::delegation::Delegation;
use delegated_role_core::role::desired::{DesiredRole, ExternalIds, desired};
use delegated_role_core::role::guardrail_policy::GUARDRAIL_POLICY;
use delegated_role_core::role::home_region::differences;
use delegated_role_core::role::observed::LiveRole;
use delegated_role_core::role::ownership::REVOKE_TAG;
use delegated_role_core::role::plan::{Operation, Plan, to_change, to_create, to_remove};
use delegated_role_core::role::previous_template::OnceDeclared;
use delegated_role_core::role::state_tag::STATE_TAG;
use delegated_role_core::role::trust::{Change, Trust};
use proptest::prelude::*;

use self::arbitrary::{
    TAGS, any_change, any_change_of_policies, any_delegation, any_role, any_trust, installation, owner,
};
use self::callers::admitted;
use self::invariants::{check_end, check_guardrails, check_sessions, check_tag};
use self::model::Model;

fn desired_role(delegation: &Delegation, live: Option<&LiveRole>) -> DesiredRole {
    let fresh = ExternalId::from_random([7; ExternalId::RANDOM_BYTES]);
    let ids = ExternalIds::choose(&delegation.external_id, live, None, fresh, live.is_none());
    let name = delegation.role_name.as_ref().unwrap();
    desired(delegation, name, &owner(), &installation(), &ids, None)
}

/// Each state in which the process can leave the role: after each step, and after any part of the next step.
fn states_on_the_way(start: Option<&Model>, plan: &Plan) -> Vec<Option<Model>> {
    let mut state = start.cloned();
    let mut states = vec![state.clone()];
    for step in &plan.steps {
        let most = step.len().min(5);
        // The empty subset is the state before, the full one the state after.
        let all = u32::from(step.len() == most);
        for subset in 1..(1_u32 << most) - all {
            let mut partial = state.clone();
            for (index, operation) in step.iter().enumerate() {
                if index >= most || subset & (1 << index) != 0 {
                    Model::apply(&mut partial, operation);
                }
            }
            states.push(partial);
        }
        for operation in step {
            Model::apply(&mut state, operation);
        }
        states.push(state.clone());
    }
    states
}

/// The state after the whole plan.
fn after_plan(start: &Model, plan: &Plan) -> Model {
    let mut state = Some(start.clone());
    plan.steps.iter().flatten().for_each(|operation| Model::apply(&mut state, operation));
    state.unwrap()
}

/// Operations that are planned only together with another difference.
fn follows_from_another(operation: &Operation) -> bool {
    match operation {
        Operation::EndSessions(_) => true,
        Operation::Tag(tags) => tags.0.keys().eq([REVOKE_TAG]),
        Operation::Untag(keys) => keys == &[REVOKE_TAG],
        _ => false,
    }
}

/// The plan of a change ends at the delegation and is safe at each prefix. After it, nothing is planned.
fn check_change(before: &Model, once: &OnceDeclared, delegation: &Delegation) -> Result<(), TestCaseError> {
    let role = desired_role(delegation, Some(&before.live()));
    let plan = to_change(&before.live(), &role, once, Quotas::default());
    let states = states_on_the_way(Some(before), &plan);
    let end = states.last().unwrap().clone().unwrap();
    check_end(&end, Some(before), &role, once)?;
    prop_assert_eq!(to_change(&end.live(), &role, once, Quotas::default()).steps, Vec::<Vec<Operation>>::new());

    let (old, new) = (before.exposure(), end.exposure());
    let mut seen: Vec<(&Option<Trust>, BTreeSet<String>, u32)> = Vec::new();
    for state in states.iter().flatten() {
        let looks = (&state.trust, state.permissions(), state.max_session_duration);
        if !seen.contains(&looks) {
            seen.push(looks);
            let exposure = state.exposure();
            let beyond = exposure.beyond(&old, &new);
            prop_assert!(beyond.is_none(), "on the way, {:?} is possible, which no template allows", beyond);
            prop_assert!(
                exposure.longer(&old, &new).is_none(),
                "on the way, sessions are longer than any template allows"
            );
        }
        if before.trust.is_none() && state.trust.is_none() {
            prop_assert!(state.permissions().is_subset(&before.permissions()), "granted under a trust of others");
        }
    }
    check_guardrails(before, &states, &role)?;
    check_tag(before, &states, &role)?;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_change_is_safe_at_each_prefix_and_ends_at_the_delegation((before, once, delegation) in any_change()) {
        check_change(&before, &once, &delegation)?;
    }

    #[test]
    fn differences_are_reported_exactly_if_the_home_region_would_change_something((before, once, delegation) in any_change()) {
        let live = before.live();
        let role = desired_role(&delegation, Some(&live));
        let plan = to_change(&live, &role, &once, Quotas::default());
        let guards = |operation: &Operation| matches!(operation, Operation::PutInline(name, _) if name == GUARDRAIL_POLICY);
        let (guarding, changing): (Vec<_>, Vec<_>) = plan.steps.iter().flatten().partition(|operation| guards(operation));
        // The record of the last write is not part of what the role is.
        let records = |operation: &Operation| {
            matches!(operation, Operation::Tag(tags) if tags.0.keys().all(|key| [STATE_TAG, REVOKE_TAG].contains(&key.as_str())))
        };
        let changing: Vec<_> = changing.into_iter().filter(|operation| !records(operation)).collect();
        let reported = differences(&live, &role, &plan);
        for operation in changing.iter().filter(|operation| !follows_from_another(operation)) {
            let alone = Plan { steps: vec![vec![(*operation).clone()]], warnings: Vec::new() };
            prop_assert!(!differences(&live, &role, &alone).is_empty(), "not reported: {:?}", operation);
        }
        prop_assert!(changing.is_empty() || !reported.is_empty(), "not reported: {:?}", changing);
        prop_assert!(!(changing.is_empty() && guarding.is_empty()) || reported.is_empty(), "nothing changes: {:?}", reported);
        if guarding.is_empty() {
            prop_assert!(!reported.contains(GUARDRAIL_POLICY));
        }
        let end = after_plan(&before, &plan).live();
        let rest = to_change(&end, &role, &once, Quotas::default());
        prop_assert!(differences(&end, &role, &rest).is_empty());
    }

    #[test]
    fn without_room_for_tags_the_trust_changes_and_sessions_end((mut before, once, delegation) in any_change()) {
        before.tags.remove(REVOKE_TAG);
        let free = TAGS - before.tags.len();
        before.tags.extend((0..free).map(|number| (format!("filler-{number}"), String::new())));
        let role = desired_role(&delegation, Some(&before.live()));
        let mut plan = to_change(&before.live(), &role, &once, Quotas::default());
        // There is no room for our tags, which come last: IAM refuses them, and all before has its effect.
        let tags = |step: &Vec<Operation>| step.iter().any(|operation| matches!(operation, Operation::Tag(_)));
        let refused = plan.steps.iter().position(tags).unwrap();
        plan.steps.truncate(refused);
        let states = states_on_the_way(Some(&before), &plan);
        let end = states.last().unwrap().clone().unwrap();
        prop_assert_eq!(end.trust.as_ref(), Some(&role.trust));
        check_tag(&before, &states, &role)?;
        check_sessions(&before, &end, &role)?;
    }

    #[test]
    fn a_create_ends_at_the_delegation_and_never_allows_more(delegation in any_delegation()) {
        let role = desired_role(&delegation, None);
        let states = states_on_the_way(None, &to_create(&role));
        let end = states.last().unwrap().clone().unwrap();
        check_end(&end, None, &role, &OnceDeclared::default())?;
        for state in states.iter().flatten() {
            prop_assert!(state.permissions().is_subset(&end.permissions()));
            prop_assert_eq!(state.trust.as_ref(), Some(&role.trust));
            let guarded = state.inline.get(GUARDRAIL_POLICY) == Some(&role.guardrails());
            prop_assert!(guarded || state.allowing().is_empty(), "granted on a role without its guardrail policy");
        }
        prop_assert!(to_change(&end.live(), &role, &OnceDeclared::default(), Quotas::default()).is_empty());
    }

    #[test]
    fn a_removal_leaves_nothing_and_removes_allows_before_denies(before in any_role()) {
        let states = states_on_the_way(Some(&before), &to_remove(&before.live()));
        prop_assert!(states.last().unwrap().is_none());
        let denies = |model: &Model| {
            model.attached.iter().filter(|arn| arn.ends_with("AWSDenyAll")).count()
                + model.inline.values().filter(|policy| policy.only_denies()).count()
        };
        for state in states.iter().flatten() {
            prop_assert!(state.allowing().is_empty() || denies(state) >= denies(&before), "a deny was removed before an allow");
            prop_assert!(state.permissions().is_subset(&before.permissions()), "the removal of a policy allows something");
        }
    }

    #[test]
    fn a_trust_is_read_as_it_was_written(trust in any_trust()) {
        prop_assert_eq!(Trust::from_document(&trust.to_document()), Some(trust));
    }

    #[test]
    fn trusts_compare_as_the_callers_they_admit(one in any_trust(), other in any_trust()) {
        let (now, earlier) = (admitted(Some(&one)), admitted(Some(&other)));
        // The comparison may be too strict, but never too permissive.
        match one.compared_with(&other) {
            Change::Same => prop_assert_eq!(now, earlier),
            Change::Narrower => prop_assert!(now.is_subset(&earlier)),
            Change::Wider => prop_assert!(earlier.is_subset(&now)),
            Change::Incomparable => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn policies_that_change_together_never_grant_more((before, once, delegation) in any_change_of_policies()) {
        check_change(&before, &once, &delegation)?;
    }
}

proptest! {
    // Each case has many: one for each state in which the process can die.
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_next_delivery_completes_any_interrupted_plan((before, once, delegation) in any_change()) {
        let role = desired_role(&delegation, Some(&before.live()));
        let plan = to_change(&before.live(), &role, &once, Quotas::default());
        let old = before.exposure();
        let mut seen: Vec<(Option<Trust>, BTreeSet<String>)> = Vec::new();
        for left in states_on_the_way(Some(&before), &plan).into_iter().flatten() {
            // The next delivery observes the role and knows nothing of the plan.
            let role = desired_role(&delegation, Some(&left.live()));
            let again = to_change(&left.live(), &role, &once, Quotas::default());
            let end = after_plan(&left, &again);
            let new = end.exposure();
            for state in states_on_the_way(Some(&left), &again).into_iter().flatten() {
                let looks = (state.trust.clone(), state.permissions());
                if !seen.contains(&looks) {
                    let exposure = state.exposure();
                    let beyond = exposure.beyond(&old, &new);
                    prop_assert!(beyond.is_none(), "on the way of the next delivery, {:?} is possible", beyond);
                    seen.push(looks);
                }
            }
            check_end(&end, Some(&left), &role, &once)?;
            check_sessions(&before, &end, &role)?;
        }
    }
}
