//! Deletes, and what an update never removes.

use std::time::{Duration, SystemTime};

use serde_json::json;

use super::{FIRST, Request, SECOND, declared};
use crate::fixtures::{AUDIT, DENY_ALL, SCP_DENIAL};
use crate::stack::Stack;
use crate::wire::iam::Fault;

#[tokio::test(start_paused = true)]
async fn a_delete_with_an_id_from_cloudformation_waits_only_while_a_create_can_still_run() {
    let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800);
    for (began_before, waits) in [(10, true), (361, false), (3_600, false)] {
        let stack = Stack::new();
        let began = noon - Duration::from_secs(began_before);
        stack.cloudformation.edit(|report| report.creation_began = Some(began));
        let started = tokio::time::Instant::now();
        let delete = Request::delete(&stack, 0, "customer-Access-MADEUP", &declared(FIRST));
        assert!(delete.delivered_after(&stack, 0).await.succeeded());
        assert_eq!(started.elapsed() > Duration::from_secs(40), waits, "{began_before}: {:?}", started.elapsed());
        assert!(stack.account.calls().len() < 40, "{}", stack.account.calls().len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_an_unknown_type_succeeds() {
    let stack = Stack { resource_type: "Custom::DelegatedRoll", ..Stack::new() };
    let deleted = Request::delete(&stack, 0, "whatever", &json!({})).delivered_after(&stack, 1).await;
    assert!(deleted.succeeded(), "{}", deleted.0);
    assert_eq!(stack.account.calls(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_a_later_update_wrote_is_deleted_by_its_stack_whatever_home_region_the_template_names() {
    let stack = Stack::new();
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    let update = Request::update(&stack, 20, &declared(FIRST), &declared(SECOND));
    assert!(update.delivered_after(&stack, 1).await.succeeded());
    let mut elsewhere = declared(SECOND);
    elsewhere["HomeRegion"] = json!("eu-west-1");
    let delete = Request::delete(&stack, 40, "Auditor", &elsewhere);
    assert!(delete.delivered_after(&stack, 1).await.succeeded());
    assert_eq!(stack.account.roles(), [""; 0], "no role is left without a stack");
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_cannot_be_read_is_never_removed_by_an_update() {
    let stack = Stack::new();
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    let emergency = "arn:aws:iam::111111111111:policy/Emergency";
    for (attached, warning) in [
        (
            DENY_ALL,
            "arn:aws:iam::aws:policy/AWSDenyAll is on the role but not declared. It only denies, so it was not removed",
        ),
        (
            emergency,
            "arn:aws:iam::111111111111:policy/Emergency is attached to the role but not declared, and it could not be read",
        ),
    ] {
        stack.account.edit(|aws| aws.role_mut("Auditor").attached_policies = vec![AUDIT.into(), attached.into()]);
        stack.account.fail(Fault::denied_because(SCP_DENIAL).on("GetPolicyVersion").every());
        stack.account.fail(Fault::denied_because(SCP_DENIAL).on("GetPolicy").every());
        let mut revised = declared(FIRST);
        revised["Revision"] = json!("2");
        let update = Request::update(&stack, 10, &declared(FIRST), &revised).delivered_after(&stack, 1).await;
        assert!(update.attribute("Warnings").starts_with(warning), "{}", update.attribute("Warnings"));
        assert_eq!(stack.account.role("Auditor").unwrap().attached_policies, [AUDIT, attached]);
        stack.account.clear_faults();
    }
}
