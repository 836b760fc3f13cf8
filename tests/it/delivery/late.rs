//! A late request asks whether its operation is still in progress, and so does an update that finds no role.

use super::{FIRST, Request, SECOND, declared, external_id};
use crate::stack::Stack;

#[tokio::test(start_paused = true)]
async fn a_late_request_whose_operation_ended_writes_nothing() {
    for (status, physical_id) in [
        ("CREATE_COMPLETE", "Auditor"),
        ("CREATE_FAILED", ""),
        ("DELETE_IN_PROGRESS", "Auditor"),
        ("DELETE_COMPLETE", "Auditor"),
        ("UPDATE_IN_PROGRESS", "Auditor"),
        ("", ""),
    ] {
        let stack = Stack::new();
        stack.cloudformation.set(status, physical_id);
        let answer = Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 60).await;
        assert!(!answer.succeeded(), "{status}");
        assert_eq!((stack.account.writes(), stack.account.roles()), (Vec::new(), Vec::new()), "{status}");
        assert!(answer.physical_id().starts_with("refused-"), "{status}");
    }
    let stack = Stack::new();
    stack.cloudformation.set("DELETE_COMPLETE", "Auditor");
    assert_eq!(
        Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 60).await.reason(),
        "This request belongs to an operation that is over, so nothing was changed: CloudFormation reports the resource Access as \
         DELETE_COMPLETE, and the creation that the request was sent for is no longer in progress. [late-request]"
    );
}

#[tokio::test(start_paused = true)]
async fn a_late_update_is_done_only_while_the_resource_is_being_updated() {
    for (status, physical_id, carried_out) in [
        ("UPDATE_IN_PROGRESS", "Auditor", true),
        ("UPDATE_IN_PROGRESS", "Successor", false),
        ("UPDATE_COMPLETE", "Auditor", false),
        ("UPDATE_FAILED", "Auditor", false),
        ("CREATE_IN_PROGRESS", "Auditor", false),
    ] {
        let stack = Stack::new();
        assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
        stack.cloudformation.set(status, physical_id);
        let update = Request::update(&stack, 10, &declared(FIRST), &declared(SECOND));
        assert_eq!(update.delivered_after(&stack, 46).await.succeeded(), carried_out, "{status} {physical_id}");
        assert_eq!(external_id(&stack) == SECOND, carried_out, "{status} {physical_id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_request_writes_nothing_if_cloudformation_does_not_answer() {
    let stack = Stack::new();
    stack.cloudformation.edit(|report| report.denied = true);
    let answer = Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 46).await;
    assert!(
        answer.reason().starts_with(
            "This request was sent 46 seconds ago, and whether its operation is still in progress could not be determined, so \
             nothing was changed. cloudformation:DescribeStackResource was denied"
        ),
        "{}",
        answer.reason()
    );
    assert_eq!(stack.account.writes(), [""; 0]);
    // In time, there is no call to CloudFormation.
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 44).await.succeeded());
    assert_eq!(stack.cloudformation.edit(|report| report.calls.len()), 1);
}

#[tokio::test(start_paused = true)]
async fn an_update_makes_a_missing_role_again_only_while_it_is_in_progress() {
    for (status, made_again) in [("UPDATE_IN_PROGRESS", true), ("UPDATE_COMPLETE", false)] {
        let stack = Stack::new();
        stack.cloudformation.set(status, "Auditor");
        let update = Request::update(&stack, 0, &declared(FIRST), &declared(SECOND));
        assert_eq!(update.delivered_after(&stack, 1).await.succeeded(), made_again, "{status}");
        assert_eq!(stack.account.role("Auditor").is_some(), made_again, "{status}");
    }
}
