//! Another role name or path: a new role, and the end of the old one.

use serde_json::json;

use crate::fixtures::{AUDIT, EC2, PROVIDER};
use crate::stack::Stack;
use crate::wire::iam::Fault;

#[tokio::test(start_paused = true)]
async fn another_name_is_another_role_with_the_same_generated_id() {
    let stack = Stack::new();
    let old = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT});
    let new = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "Auditor"});
    let first = stack.create(old.clone()).await;
    let second = stack.update(first.physical_id(), old.clone(), new.clone()).await;
    assert_eq!(second.physical_id(), "Auditor");
    assert_eq!(second.attribute("ExternalId"), first.attribute("ExternalId"));
    assert_eq!(stack.account.roles().len(), 2);
    assert!(stack.delete(first.physical_id(), old.clone()).await.succeeded());
    assert_eq!(stack.account.roles().len(), 1);
    assert!(stack.account.role("Auditor").is_some());

    // The delete, delivered again after its role was deleted, does not change the new role.
    assert!(stack.delete(first.physical_id(), old).await.succeeded());
    assert!(stack.delete("Auditor", new).await.succeeded());
    assert_eq!(stack.account.roles().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_fails_leaves_exactly_the_old_role() {
    let stack = Stack::new();
    let old = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "Old"});
    let new = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT, "arn:aws:iam::aws:policy/AmazonGlacierReadOnlyAccess"], "RoleName": "New"});
    stack.create(old.clone()).await;
    let before = stack.account.role("Old");
    let failed = stack.update("Old", old.clone(), new.clone()).await;
    assert_eq!(failed.physical_id(), "Old");
    assert!(failed.reason().contains("AmazonGlacierReadOnlyAccess"), "{}", failed.reason());
    assert_eq!((stack.account.roles(), stack.account.role("Old")), (vec!["Old".to_owned()], before));
}

#[tokio::test(start_paused = true)]
async fn a_rollback_removes_the_new_role_of_an_interrupted_replacement() {
    let stack = Stack::new();
    let old = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "Old"});
    let new = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": EC2, "RoleName": "New"});
    stack.create(old.clone()).await;
    let before = stack.account.role("Old");
    // The role is made, and then neither further writes nor its deletion are allowed.
    stack.account.fail(Fault::denied().on("AttachRolePolicy").every());
    stack.account.fail(Fault::denied().on("DeleteRole").every());
    let failed = stack.update("Old", old.clone(), new.clone()).await;
    assert!(failed.reason().contains("The role New, created just before, still exists"), "{}", failed.reason());
    stack.account.clear_faults();
    assert_eq!(stack.account.roles().len(), 2);
    assert!(stack.update("Old", new, old).await.succeeded());
    assert_eq!((stack.account.roles(), stack.account.role("Old")), (vec!["Old".to_owned()], before));
}

#[tokio::test(start_paused = true)]
async fn letter_case_and_path_cannot_change_under_the_same_name() {
    let stack = Stack::new();
    let old = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "Auditor"});
    stack.create(old.clone()).await;
    let before = stack.account.role("Auditor");
    let cased = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "auditor"});
    let moved = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "Auditor", "Path": "/delegated/eu/"});
    let refused = stack.update("Auditor", old.clone(), cased).await;
    assert!(refused.reason().contains("differs from Auditor in letter case only"), "{}", refused.reason());
    let refused = stack.update("Auditor", old.clone(), moved.clone()).await;
    assert!(refused.reason().contains("Change RoleName together with Path"), "{}", refused.reason());
    assert_eq!((refused.physical_id(), stack.account.role("Auditor")), ("Auditor", before));
    // A derived name depends on the path, so this is a replacement.
    let derived = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "Path": "/delegated/eu/"});
    assert!(stack.update("Auditor", old, derived).await.succeeded());
}
