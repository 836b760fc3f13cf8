//! A delete: the role and all that is on it.

use serde_json::json;

use crate::fixtures::{AUDIT, DENY_ALL, EC2, GUARDRAILS, PROVIDER, READ_ONLY, read_bucket};
use crate::stack::Stack;
use crate::wire::iam::Fault;

#[tokio::test(start_paused = true)]
async fn a_delete_removes_all_that_is_on_the_role() {
    let stack = Stack::new();
    let properties = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    stack.create(properties.clone()).await;
    stack.account.edit(|aws| {
        aws.page_size = 2;
        let role = aws.role_mut("Auditor");
        role.attached_policies.extend([EC2.to_owned(), DENY_ALL.to_owned(), READ_ONLY.to_owned()]);
        role.permissions_boundary = Some(EC2.into());
        for name in ["A", "B", "C"] {
            role.inline_policies.insert(name.into(), json!({"Version": "2012-10-17", "Statement": []}).into());
        }
    });
    stack.account.clear_calls();
    assert!(stack.delete("Auditor", json!({"ExternalAwsAccountId": {"nonsense": []}})).await.succeeded());
    assert_eq!(stack.account.roles().len(), 0);
    let writes = stack.account.writes();
    let position = |needle: &str| writes.iter().position(|write| write.contains(needle)).unwrap();
    assert!(position("AWSDenyAll") > position(AUDIT), "allows are removed before denies: {writes:?}");
    assert!(position(GUARDRAILS) > position(AUDIT), "the guardrail policy is removed last: {writes:?}");
    assert!(stack.delete("Auditor", properties).await.succeeded(), "the role is already deleted");
}

#[tokio::test(start_paused = true)]
async fn a_delete_with_an_id_from_cloudformation_finds_the_role() {
    for properties in [
        json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT}),
        json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "Chosen"}),
        json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "Path": "/delegated/eu/"}),
    ] {
        let stack = Stack::new();
        stack.create(properties.clone()).await;
        assert!(stack.delete("customer-Access-1X2Y3Z4A5B6C7", properties.clone()).await.succeeded());
        assert_eq!(stack.account.roles().len(), 0, "{properties}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_profile_is_named_and_not_changed() {
    let stack = Stack::new();
    let properties = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    stack.create(properties.clone()).await;
    stack.account.edit(|aws| aws.put_instance_profile("jump-host", "Auditor"));
    let answer = stack.delete("Auditor", properties).await;
    assert!(answer.reason().contains("held by the instance profile jump-host"), "{}", answer.reason());
}

#[tokio::test(start_paused = true)]
async fn a_delete_succeeds_if_others_delete_at_the_same_time() {
    for read in ["ListRolePolicies", "ListAttachedRolePolicies", "GetRolePolicy", "ListInstanceProfilesForRole"] {
        let stack = Stack::new();
        let properties =
            json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "CustomPolicy": read_bucket()});
        stack.create(properties.clone()).await;
        if read == "ListInstanceProfilesForRole" {
            stack.account.fail(Fault::refused(409, "DeleteConflict", "Cannot delete entity.").on("DeleteRole"));
        }
        stack.account.fail(Fault::no_such_entity().on(read).first(1));
        assert!(stack.delete("Auditor", properties).await.succeeded(), "{read}");
    }
}
