//! AWS fails: temporary failures are retried, others end in a reason before the deadline.

use serde_json::json;

use crate::fixtures::{AUDIT, PROVIDER, read_bucket, trust};
use crate::stack::Stack;
use crate::wire::iam::Fault;

#[tokio::test(start_paused = true)]
async fn temporary_faults_do_not_fail_a_request() {
    for fault in [
        Fault::throttled().on_writes().first(3),
        Fault::server_error().on_writes().first(3),
        Fault::unavailable().on_writes().first(3),
        Fault::concurrent_modification().on_writes().first(3),
        Fault::temporarily_unmodifiable().on("AttachRolePolicy").first(3),
        Fault::reply_lost().on("CreateRole").first(1),
        Fault::reply_lost().on_writes().first(4),
        Fault::connection_cut().on_writes().first(3),
        Fault::refused(
            400,
            "MalformedPolicyDocument",
            "Invalid principal in policy: \"AWS\":\"arn:aws:iam::222222222222:root\"",
        )
        .on("CreateRole")
        .first(3),
        Fault::denied().on("AttachRolePolicy").first(2),
        Fault::id_for_arn().on("GetRole").first(2),
    ] {
        let stack = Stack::new();
        stack.account.edit(|aws| aws.propagation_delay = 2);
        let case = fault.to_string();
        stack.account.fail(fault);
        let properties =
            json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "CustomPolicy": read_bucket()});
        let answer = stack.create(properties.clone()).await;
        let role = stack.account.role(answer.physical_id()).unwrap_or_else(|| panic!("{case}: {}", answer.reason()));
        assert!(role.trust == trust(answer.attribute("ExternalId")), "{case}");
        assert_eq!((role.attached_policies.len(), role.inline_policies.len()), (1, 2), "{case}");
        let mut revised = properties.clone();
        revised["Revision"] = json!("2");
        assert!(
            stack
                .update(answer.physical_id(), properties.clone(), revised)
                .await
                .attribute("RoleArn")
                .starts_with("arn:"),
            "{case}"
        );
        assert!(stack.delete(answer.physical_id(), properties).await.succeeded(), "{case}");
        assert_eq!(stack.account.roles().len(), 0, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn permanent_faults_end_in_a_reason_before_the_deadline() {
    for (fault, reason, code) in [
        (Fault::throttled().every(), "AWS throttled iam:CreateRole in", "throttled"),
        (Fault::unavailable().every(), "iam:CreateRole got no usable answer from AWS in", "unavailable"),
        (Fault::connection_cut().every(), "iam:CreateRole got no usable answer from AWS in", "unavailable"),
        (Fault::hang().every(), "iam:CreateRole got no usable answer from AWS in", "unavailable"),
        (
            Fault::denied().on("CreateRole").every(),
            "iam:CreateRole was denied: User: arn:aws:sts::111111111111:assumed-role/",
            "denied",
        ),
        (Fault::denied().on("AttachRolePolicy").every(), "iam:AttachRolePolicy was denied", "denied"),
        (
            Fault::refused(400, "MalformedPolicyDocument", "Invalid principal in policy").on("CreateRole").every(),
            "iam:CreateRole failed because IAM does not know the account",
            "unknown-account",
        ),
    ] {
        let stack = Stack::new();
        stack.account.fail(fault);
        let answer = stack.create(json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT})).await;
        assert!(answer.reason().starts_with(reason), "{reason}: {}", answer.reason());
        assert!(answer.reason().ends_with(&format!(". [{code}]")), "{}", answer.reason());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_at_the_deadline_has_the_id_of_the_role() {
    let stack = Stack::new();
    stack.account.fail(Fault::reply_hangs().on("CreateRole").every());
    let properties = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    let answer = stack.create(properties.clone()).await;
    assert_eq!(answer.physical_id(), "Auditor", "{}", answer.reason());
    assert!(stack.account.role("Auditor").is_some());
    assert!(stack.delete(answer.physical_id(), properties).await.succeeded());
    assert_eq!(stack.account.roles().len(), 0);
}
