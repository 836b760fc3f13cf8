//! Events that are late, not for this function, or malformed; invalid settings; the example events.

use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::fixtures::{ACCOUNT, AUDIT, PROVIDER};
use crate::stack::Stack;
use crate::wire::iam::Account;

#[tokio::test(start_paused = true)]
async fn a_request_after_the_end_of_its_operation_changes_nothing() {
    let stack = Stack::new();
    let event = stack
        .event("Create", &json!({"ResourceProperties": {"ExternalAwsAccountId": PROVIDER, "ServiceTimeout": "360"}}));
    let sent = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800);
    let answer = stack.send_at(event.clone(), sent + Duration::from_secs(361)).await;
    assert_eq!(
        answer.reason(),
        "This request was sent 361 seconds ago, but its operation timed out after 360 (ServiceTimeout). Nothing was changed. Run \
         the operation again. [late-request]"
    );
    assert_eq!(stack.account.calls(), Vec::<String>::new());
    assert!(stack.send_at(event, sent + Duration::from_secs(360)).await.succeeded());
}

#[tokio::test(start_paused = true)]
async fn other_accounts_regions_and_types_are_refused_and_their_deletes_are_harmless() {
    let own = Stack::new();
    for (id, resource_type, expected) in [
        (own.id.replace(ACCOUNT, "999999999999"), "Custom::DelegatedRole", "The stack is in account 999999999999"),
        (own.id.replace("us-east-1", "eu-west-1"), "Custom::DelegatedRole", "Region eu-west-1"),
        ("customer".to_owned(), "Custom::DelegatedRole", "The request's StackId is not the ARN of a stack"),
        // It would be a pattern in the guardrail policy, which denies changes of this stack.
        (
            own.id.replace("/customer/", "/*/"),
            "Custom::DelegatedRole",
            "The request's StackId is not the ARN of a stack",
        ),
        (own.id.clone(), "Custom::Other", "Custom::Other is not a resource type of this function"),
    ] {
        let stack = Stack { account: Account::new(), id, ..own.clone() };
        let mut event = stack.event(
            "Create",
            &json!({"ResourceType": resource_type, "ResourceProperties": {"ExternalAwsAccountId": PROVIDER}}),
        );
        let answer = stack.send(event.clone()).await;
        assert!(answer.reason().contains(expected), "{}", answer.reason());
        event["RequestType"] = json!("Delete");
        event["PhysicalResourceId"] = json!(answer.physical_id());
        assert!(stack.send(event).await.succeeded());
        assert_eq!(stack.account.calls(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn malformed_events_are_answered() {
    let stack = Stack::new();
    for (request, fields) in [
        ("Create", json!({})),
        ("Create", json!({"ResourceProperties": []})),
        ("Update", json!({"ResourceProperties": {}})),
        ("Update", json!({"ResourceProperties": {}, "OldResourceProperties": {}, "PhysicalResourceId": ""})),
        ("Delete", json!({})),
        ("Destroy", json!({"ResourceProperties": {}})),
        ("", json!({"ResourceProperties": {}, "RequestId": {"a": 1}})),
    ] {
        let answer = stack.send(stack.event(request, &fields.clone())).await;
        assert!(answer.reason().starts_with("The request"), "{request} {fields}: {}", answer.reason());
    }
    assert_eq!(stack.account.calls(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn with_invalid_settings_the_function_delegates_nothing_but_deletes() {
    let good = Stack::new();
    let properties = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    good.create(properties.clone()).await;
    let bad = good.clone().with("MAX_SESSION_DURATION_CAP", "forever");
    assert!(
        bad.update("Auditor", properties.clone(), properties.clone())
            .await
            .reason()
            .contains("MAX_SESSION_DURATION_CAP")
    );
    assert!(bad.create(properties.clone()).await.reason().starts_with("The function's settings are wrong"));
    assert!(bad.delete("Auditor", properties).await.succeeded());
    assert_eq!(good.account.roles().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_example_events_create_update_and_delete_a_role() {
    let stack = Stack::new();
    for (file, roles) in [("create", 1), ("update", 1), ("delete", 0)] {
        let path = format!("{}/events/delegated-role-{file}.json", env!("CARGO_MANIFEST_DIR"));
        let event = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let answer = stack.send(event).await;
        assert!(answer.succeeded(), "{file}: {}", answer.reason());
        assert_eq!(stack.account.roles().len(), roles, "after {file}");
    }
}
