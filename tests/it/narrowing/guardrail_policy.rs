//! The guardrail policy comes before everything that it guards.

use serde_json::json;

use super::{change, inline, made, role};
use crate::fixtures::{
    AUDIT, EC2, GUARDRAILS, ID, OTHER_ID, RECORD, RECORD_AND_MARK, REVOCATION, allow, allow_everything,
};
use crate::wire::iam::Fault;

#[tokio::test(start_paused = true)]
async fn a_role_without_the_guardrail_policy_gets_it_before_anything_else() {
    for ownership in ["Exclusive", "Declared"] {
        let declared = json!({"PolicyOwnership": ownership});
        let stack = made(&declared).await;
        let guardrails = inline(&stack, GUARDRAILS);
        stack.account.edit(|aws| aws.role_mut("Auditor").inline_policies.clear());
        let next =
            json!({"PolicyOwnership": ownership, "ManagedPolicyArns": [AUDIT, EC2], "ExternalId": [ID, OTHER_ID]});
        assert!(change(&stack, &declared, &next).await.0.succeeded());
        assert_eq!(stack.account.writes()[..2], [RECORD.to_owned(), format!("PutRolePolicy Auditor {GUARDRAILS}")]);
        assert_eq!(inline(&stack, GUARDRAILS), guardrails);
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_guardrail_policy_is_reverted() {
    for ownership in ["Exclusive", "Declared"] {
        let declared = json!({"PolicyOwnership": ownership});
        let stack = made(&declared).await;
        let guardrails = inline(&stack, GUARDRAILS);
        stack.account.edit(|aws| {
            aws.role_mut("Auditor").inline_policies.insert(GUARDRAILS.into(), allow_everything().into());
        });
        let revised = json!({"PolicyOwnership": ownership, "Revision": "2"});
        assert_eq!(change(&stack, &declared, &revised).await.0.attribute("Warnings"), "");
        assert_eq!(inline(&stack, GUARDRAILS), guardrails);
        // It was sent at the same time and desires the same, so there is nothing else to record.
        assert_eq!(stack.account.writes(), [format!("PutRolePolicy Auditor {GUARDRAILS}")]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_required_boundary_comes_before_the_guardrail_policy() {
    let stack = made(&json!({})).await;
    stack.account.edit(|aws| aws.role_mut("Auditor").inline_policies.clear());
    let stack = stack.with("REQUIRED_PERMISSIONS_BOUNDARY", AUDIT);
    stack.account.fail(Fault::denied().on("PutRolePolicy").first(2));
    let (answer, _) = change(&stack, &json!({}), &json!({"Revision": "2"})).await;
    assert!(answer.succeeded(), "IAM applies the boundary only after some time: {}", answer.reason());
    let [record, boundary, guardrails @ ..] = &stack.account.writes()[..] else { panic!("nothing was written") };
    assert_eq!(record, RECORD);
    assert_eq!(boundary, &format!("PutRolePermissionsBoundary Auditor {AUDIT}"));
    assert_eq!(guardrails, vec![format!("PutRolePolicy Auditor {GUARDRAILS}"); 3]);
}

#[tokio::test(start_paused = true)]
async fn a_role_without_room_for_the_guardrail_policy_makes_room_first() {
    let policy = |size: usize| allow("s3:GetObject", &format!("arn:aws:s3:::{}", "b".repeat(size)));
    let before = json!({"CustomPolicy": policy(100)});
    let stack = made(&before).await;
    stack.account.edit(|aws| {
        let role = aws.role_mut("Auditor");
        role.inline_policies.clear();
        role.inline_policies.insert("CustomPolicy".into(), policy(10_100).into());
    });
    let after = json!({"CustomPolicy": policy(8_000), "ExternalId": OTHER_ID});
    let (answer, _) = change(&stack, &before, &after).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    let first = [
        RECORD_AND_MARK.to_owned(),
        "DeleteRolePolicy Auditor CustomPolicy".to_owned(),
        format!("PutRolePolicy Auditor {GUARDRAILS}"),
    ];
    assert_eq!(stack.account.writes()[..3], first);
    assert_eq!(role(&stack).inline_policies.keys().collect::<Vec<_>>(), [REVOCATION, "CustomPolicy", GUARDRAILS]);
}
