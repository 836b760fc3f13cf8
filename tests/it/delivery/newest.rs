//! The newest request decides: an older one that arrives later changes nothing.

use serde_json::json;

use super::{FIRST, Request, SECOND, declared, external_id};
use crate::fixtures::SCP_DENIAL;
use crate::stack::Stack;
use crate::wire::iam::Fault;

#[tokio::test(start_paused = true)]
async fn an_older_request_changes_nothing_and_deletes_nothing() {
    let stack = Stack::new();
    let create = Request::create(&stack, 0, &declared(FIRST));
    assert!(create.delivered_after(&stack, 1).await.succeeded());
    let update = Request::update(&stack, 20, &declared(FIRST), &declared(SECOND));
    assert!(update.delivered_after(&stack, 1).await.succeeded());
    let standing = stack.account.role("Auditor");
    stack.account.clear_calls();
    for older in [create, Request::delete(&stack, 10, "Auditor", &declared(FIRST))] {
        let answer = older.delivered_after(&stack, 30).await;
        let expected = format!(
            "This request was sent at 2026-11-22T12:00:{:02}Z, but the role Auditor was written by a request sent later, at \
             2026-11-22T12:00:20Z. Nothing was changed. [late-request]",
            older.sent
        );
        assert_eq!(answer.reason(), expected);
    }
    // A create looks by calling CreateRole, which finds that the name is in use.
    assert_eq!(stack.account.writes(), ["CreateRole Auditor"]);
    assert_eq!(stack.account.role("Auditor"), standing);
    assert_eq!(external_id(&stack), SECOND);
    // The newest request, delivered again, has the same answer.
    assert!(update.delivered_after(&stack, 40).await.succeeded());
    assert_eq!(external_id(&stack), SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_first_delete_delivered_again_leaves_the_role_of_a_later_create() {
    let stack = Stack::new();
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    let delete = Request::delete(&stack, 10, "Auditor", &declared(FIRST));
    assert!(delete.delivered_after(&stack, 1).await.succeeded());
    assert!(Request::create(&stack, 20, &declared(SECOND)).delivered_after(&stack, 1).await.succeeded());
    assert!(!delete.delivered_after(&stack, 30).await.succeeded());
    assert_eq!(external_id(&stack), SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_update_that_arrives_after_its_rollback_changes_nothing() {
    let stack = Stack::new();
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    let lost = Request::update(&stack, 10, &declared(FIRST), &declared(SECOND));
    let rollback = Request::update(&stack, 20, &declared(SECOND), &declared(FIRST));
    stack.account.clear_calls();
    assert!(rollback.delivered_after(&stack, 1).await.succeeded());
    assert_eq!(stack.account.writes(), ["TagRole Auditor service-provider-access:state"], "the role is as declared");
    assert!(!lost.delivered_after(&stack, 30).await.succeeded());
    assert_eq!(external_id(&stack), FIRST);
}

#[tokio::test(start_paused = true)]
async fn an_older_rollback_leaves_the_role_of_a_newer_replacement() {
    let stack = Stack::new();
    let (old, mut new) = (declared(FIRST), declared(FIRST));
    new["RoleName"] = json!("Reviewer");
    assert!(Request::create(&stack, 0, &old).delivered_after(&stack, 1).await.succeeded());
    let rollback = Request::update(&stack, 10, &new, &old);
    assert!(rollback.delivered_after(&stack, 1).await.succeeded());
    let replaced = Request::update(&stack, 20, &old, &new).delivered_after(&stack, 1).await;
    assert_eq!(replaced.physical_id(), "Reviewer");
    let standing = stack.account.roles();
    assert_eq!(
        rollback.delivered_after(&stack, 30).await.reason(),
        "This request was sent at 2026-11-22T12:00:10Z, but the role Reviewer was written by a request sent later, at \
         2026-11-22T12:00:20Z. Nothing was changed. [late-request]"
    );
    assert_eq!(stack.account.roles(), standing);
}

#[tokio::test(start_paused = true)]
async fn an_update_that_changes_nothing_writes_nothing() {
    let stack = Stack::new();
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    stack.account.clear_calls();
    let mut revised = declared(FIRST);
    revised["Revision"] = json!("2");
    let update = Request::update(&stack, 10, &declared(FIRST), &revised);
    assert!(update.delivered_after(&stack, 1).await.succeeded());
    assert_eq!(stack.account.writes(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_record_is_written_before_anything_else() {
    let stack = Stack::new();
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    let written = |stack: &Stack| stack.account.role("Auditor").unwrap().tags["service-provider-access:state"].clone();
    assert!(written(&stack).starts_with("as-of=20261122T120000Z trust="), "{}", written(&stack));
    stack.account.fail(Fault::denied_because(SCP_DENIAL).on("UpdateAssumeRolePolicy").every());
    let update = Request::update(&stack, 20, &declared(FIRST), &declared(SECOND));
    assert!(!update.delivered_after(&stack, 1).await.succeeded());
    assert!(written(&stack).starts_with("as-of=20261122T120020Z trust="), "{}", written(&stack));
    stack.account.clear_faults();
    // So an older request is too late, although this one changed nothing yet.
    let older = Request::update(&stack, 10, &declared(FIRST), &declared("a-third-external-id-3"));
    assert!(older.delivered_after(&stack, 30).await.reason().contains("written by a request sent later"));
}
