//! A create takes over only a role that was handed over to it, and a create that did not make the role never removes it.

use serde_json::{Value, json};

use super::{FIRST, Request, declared, external_id};
use crate::fixtures::{LOGICAL_ID_TAG, SCP_DENIAL, STACK_TAG};
use crate::stack::Stack;
use crate::wire::iam::{Fault, Role};

const HAND_OVER: &str = "service-provider-access:hand-over-to";

fn handed_over(stack: &Stack) -> Role {
    let mark = "customer/Access".to_owned();
    stack.account.put_role(Role::named("Auditor").path("/delegated/"));
    stack.account.edit(|aws| aws.role_mut("Auditor").tags.insert(HAND_OVER.to_owned(), mark));
    stack.account.role("Auditor").unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_create_takes_over_a_role_that_was_handed_over_to_it() {
    let stack = Stack::new();
    let before = handed_over(&stack);
    let created = Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await;
    assert_eq!(created.physical_id(), "Auditor");
    let role = stack.account.role("Auditor").unwrap();
    assert_eq!((role.id, external_id(&stack)), (before.id, FIRST.to_owned()));
    assert_eq!(role.tags["service-provider-access:stack-id"], stack.id);
    assert!(!role.tags.contains_key(HAND_OVER), "the marks have taken its place");
    // From then on, the role belongs to the stack.
    assert!(Request::delete(&stack, 20, "Auditor", &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    assert!(stack.account.role("Auditor").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_role_that_was_handed_over_to_another_resource_is_not_changed() {
    for mark in ["customer/Other", "other/Access", "Access", ""] {
        let stack = Stack::new();
        handed_over(&stack);
        stack.account.edit(|aws| aws.role_mut("Auditor").tags.insert(HAND_OVER.to_owned(), mark.to_owned()));
        let before = stack.account.role("Auditor");
        let answer = Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await;
        assert!(answer.reason().contains("tag the role service-provider-access:hand-over-to = customer/Access"));
        assert_eq!(stack.account.role("Auditor"), before, "{mark}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_existing_role_survives_the_failure_of_the_create_that_takes_it_over() {
    let mistakes = [
        json!({"MaxSessionDuration": "1"}),
        json!({"Path": "/delegated/elsewhere/"}),
        json!({"CustomPolicy": "not JSON"}),
    ];
    for mistake in mistakes {
        let stack = Stack::new();
        handed_over(&stack);
        let mut wrong = declared(FIRST);
        wrong.as_object_mut().unwrap().extend(mistake.as_object().unwrap().clone());
        check_survives(&stack, &wrong).await;
    }
    for call in ["TagRole", "UpdateAssumeRolePolicy", "AttachRolePolicy", "PutRolePolicy", "UntagRole"] {
        let stack = Stack::new();
        handed_over(&stack);
        stack.account.fail(Fault::denied_because(SCP_DENIAL).on(call).every());
        check_survives(&stack, &declared(FIRST)).await;
    }
    // With the tags of this resource instead of handed over.
    let marked = || {
        let stack = Stack::new();
        handed_over(&stack);
        stack.account.edit(|aws| {
            let tags = &mut aws.role_mut("Auditor").tags;
            tags.insert(STACK_TAG.into(), stack.id.clone());
            tags.insert(LOGICAL_ID_TAG.into(), "Access".into());
        });
        stack
    };
    let stack = marked();
    stack.account.fail(Fault::denied_because(SCP_DENIAL).on("AttachRolePolicy").every());
    check_survives(&stack, &declared(FIRST)).await;
    let mut wrong = declared(FIRST);
    wrong["MaxSessionDuration"] = json!("1");
    let stack = marked();
    let failed = Request::create(&stack, 0, &wrong).delivered_after(&stack, 1).await;
    assert!(failed.physical_id().starts_with("refused-"), "{}", failed.0);
}

/// The create fails, and its delete changes nothing.
async fn check_survives(stack: &Stack, properties: &Value) {
    let failed = Request::create(stack, 0, properties).delivered_after(stack, 1).await;
    assert!(!failed.succeeded() && failed.physical_id().starts_with("refused-"), "{properties}: {}", failed.0);
    stack.account.clear_faults();
    stack.account.clear_calls();
    for id in [failed.physical_id(), "customer-Access-MADEUP"] {
        assert!(Request::delete(stack, 10, id, properties).delivered_after(stack, 1).await.succeeded());
    }
    assert_eq!(stack.account.writes(), [""; 0], "{properties}");
    assert!(stack.account.role("Auditor").is_some(), "{properties}");
}

#[tokio::test(start_paused = true)]
async fn a_role_outside_the_prefix_cannot_be_taken_over_and_no_reason_suggests_it() {
    let stack = Stack::new();
    stack.account.put_role(Role::named("Auditor"));
    let answer = Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await;
    assert!(
        answer.reason().ends_with(
            "It was not changed. Choose another RoleName. A role outside /delegated/ (RolePathPrefix) cannot be taken over, and \
             role names are unique across paths. [name-taken]"
        ),
        "{}",
        answer.reason()
    );
    stack.account.edit(|aws| {
        let tags = &mut aws.role_mut("Auditor").tags;
        tags.insert("service-provider-access:stack-id".into(), stack.id.clone());
        tags.insert("service-provider-access:logical-id".into(), "Access".into());
    });
    stack.account.clear_calls();
    assert!(Request::delete(&stack, 10, "Auditor", &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    assert_eq!(stack.account.writes(), [""; 0], "a role at the root path is never removed, whatever its tags say");
}
