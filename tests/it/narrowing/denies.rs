//! The denies of a template, and policies that would be refused.

use serde_json::{Value, json};

use super::{change, inline, made, narrower, properties, role};
use crate::fixtures::{AUDIT, EC2, GUARDRAILS, OTHER_ID, allow, merged, policy};
use crate::stack::Stack;
use crate::wire::iam::Fault;

/// A custom policy that allows one action and denies this one.
fn denying(action: &str) -> Value {
    json!({"CustomPolicy": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"},
        {"Effect": "Deny", "Action": action, "Resource": "*"},
    ]}})
}

/// IAM would refuse these only after the trust changed and sessions ended.
#[tokio::test(start_paused = true)]
async fn a_policy_that_iam_would_refuse_changes_nothing() {
    let allowing = |resource: &str| json!({"CustomPolicy": allow("iam:GetRole", resource), "ExternalId": OTHER_ID});
    for (resource, problem) in [
        (
            "arn:aws:iam:us-east-1:111111111111:role/x",
            "has a Region, but ARNs of iam have none: leave the fourth part empty.",
        ),
        (
            "arn:aws-us-gov:iam::111111111111:role/x",
            "names the partition \"aws-us-gov\": write aws, the partition of this account.",
        ),
        (
            "arn:aws:iam::111111111111:*/*",
            "does not name a type of IAM resource: let its sixth part be *, or start with a type such as role/, user/ or policy/.",
        ),
    ] {
        let stack = made(&json!({})).await;
        let before = role(&stack);
        let (answer, _) = change(&stack, &json!({}), &allowing(resource)).await;
        let sentence = format!("CustomPolicy would be rejected by IAM: In statement 1, \"{resource}\" {problem}");
        assert!(!answer.succeeded() && answer.reason().contains(&sentence), "{}", answer.reason());
        assert_eq!(stack.account.writes(), Vec::<String>::new());
        assert_eq!(role(&stack).trust.json(), before.trust.json());
    }
}

#[tokio::test(start_paused = true)]
async fn the_denies_of_a_template_come_before_its_allows() {
    let stack = Stack::new();
    assert!(stack.create(properties(&denying("s3:GetObject"))).await.succeeded());
    let puts = |policy: &str| format!("PutRolePolicy Auditor {policy}");
    assert_eq!(
        stack.account.writes(),
        ["CreateRole Auditor", &puts(GUARDRAILS), &puts("CustomPolicy"), &format!("AttachRolePolicy Auditor {AUDIT}")]
    );

    // It must succeed: without it, nothing is granted.
    let stack = Stack::new();
    stack.account.fail(Fault::denied().on("PutRolePolicy").naming("CustomPolicy").every());
    assert!(!stack.create(properties(&denying("s3:GetObject"))).await.succeeded());
    assert!(!stack.account.calls().iter().any(|call| call.starts_with("Attach")), "{:?}", stack.account.calls());

    // The denies of both templates apply while the trust changes.
    let old = denying("s3:GetObject");
    for new in [merged(denying("s3:PutObject"), &json!({"ExternalId": OTHER_ID})), json!({"ExternalId": OTHER_ID})] {
        let stack = made(&old).await;
        stack.account.fail(Fault::denied().on("UpdateAssumeRolePolicy").every());
        assert!(!change(&stack, &old, &new).await.0.succeeded());
        let denied = inline(&stack, "CustomPolicy").unwrap()["Statement"].as_array().unwrap().clone();
        assert!(denied.iter().all(|statement| statement["Effect"] == "Deny"), "{denied:?}");
        assert!(denied.iter().any(|statement| statement["Action"] == "s3:GetObject"), "{denied:?}");
        let both = new.get("CustomPolicy").is_some();
        assert_eq!(denied.iter().any(|statement| statement["Action"] == "s3:PutObject"), both, "{denied:?}");
        stack.account.clear_faults();
        assert!(change(&stack, &old, &new).await.0.succeeded());
        assert_eq!(inline(&stack, "CustomPolicy").is_some(), both);
    }

    // Old policies are removed before the policy that denied parts of them changes.
    let stack = made(&old).await;
    assert!(
        change(&stack, &old, &merged(denying("s3:PutObject"), &json!({"ManagedPolicyArns": EC2}))).await.0.succeeded()
    );
    let writes = stack.account.writes();
    let position = |call: &str| writes.iter().position(|write| write.starts_with(call)).unwrap();
    assert!(position("DetachRolePolicy") < position(&puts("CustomPolicy")), "{writes:?}");
    assert!(position(&puts("CustomPolicy")) < position("AttachRolePolicy"), "{writes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_role_without_room_for_the_revocation_is_refused_before_the_trust_changes() {
    let declared = |more: Value| merged(more, &json!({"PolicyOwnership": "Declared"}));
    let stack = made(&declared(json!({}))).await;
    let theirs =
        |size: usize| policy(json!({"Sid": "x".repeat(size), "Effect": "Deny", "Action": "s3:*", "Resource": "*"}));
    // There is room for 100 characters. The revocation needs more.
    let taken = inline(&stack, GUARDRAILS).unwrap().to_string().len() + theirs(0).to_string().len() + 100;
    let full = theirs(10_240 - taken);
    stack.account.edit(|aws| aws.role_mut("Auditor").inline_policies.insert("Theirs".into(), full.into()));
    stack.account.clear_calls();
    let (answer, _) = change(&stack, &declared(json!({})), &declared(narrower())).await;
    assert!(answer.reason().contains(" Theirs, which the template does not declare, has "), "{}", answer.reason());
    assert_eq!(stack.account.writes(), [""; 0]);
    // The rollback has nothing to write.
    assert!(change(&stack, &declared(narrower()), &declared(json!({}))).await.0.succeeded());
}
