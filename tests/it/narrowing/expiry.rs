//! `ExpiresAt`: access that ends at a time.

use std::time::Duration;

use serde_json::json;

use super::{change, change_after, inline, made, noon, properties, role};
use crate::fixtures::{AUDIT, EC2, GUARDRAILS, RECORD, RECORD_AND_MARK};

#[tokio::test(start_paused = true)]
async fn a_time_in_the_past_ends_the_access_of_an_existing_role() {
    let end = |end: &str| json!({"ExpiresAt": end});
    let stack = made(&end("2026-11-22T12:00:10Z")).await;
    let warned = |end: &str| {
        format!(
            "ExpiresAt is {end}, which is in the past: the role is closed, and sessions that it issued can do nothing. [expired]"
        )
    };
    // An update of another property after the expiry, and an earlier expiry.
    let other = json!({"ExpiresAt": "2026-11-22T12:00:10Z", "Description": "over"});
    let answer = change_after(&stack, 10, &end("2026-11-22T12:00:10Z"), &other).await;
    assert_eq!(answer.attribute("Warnings"), warned("2026-11-22T12:00:10Z"));
    assert_eq!(role(&stack).description.as_deref(), Some("over"));
    let answer = change_after(&stack, 20, &other, &end("2020-01-01T00:00:00Z")).await;
    assert_eq!(answer.attribute("Warnings"), warned("2020-01-01T00:00:00Z"));
    let condition = role(&stack).trust.json()["Statement"][0]["Condition"]["DateLessThan"].clone();
    assert_eq!(condition, json!({"aws:CurrentTime": "2020-01-01T00:00:00Z"}));
    // A replacement is an update, too.
    let mut renamed = properties(&end("2020-01-01T00:00:00Z"));
    renamed["RoleName"] = json!("Reviewer");
    let answer = stack.update("Auditor", properties(&end("2020-01-01T00:00:00Z")), renamed).await;
    assert_eq!(
        (answer.physical_id(), answer.attribute("Warnings")),
        ("Reviewer", warned("2020-01-01T00:00:00Z").as_str())
    );
}

#[tokio::test(start_paused = true)]
async fn an_earlier_end_is_written_first_and_a_later_end_last() {
    let soon = json!({"ExpiresAt": "2026-12-01T00:00:00Z"});
    let later = json!({"ExpiresAt": "2027-12-01T00:00:00Z", "ManagedPolicyArns": EC2});
    let stack = made(&soon).await;
    // Sessions that expired must not get permissions back that the update removes.
    assert!(change(&stack, &soon, &later).await.0.succeeded());
    let longer = [
        RECORD.to_owned(),
        format!("DetachRolePolicy Auditor {AUDIT}"),
        "UpdateAssumeRolePolicy Auditor".to_owned(),
        format!("AttachRolePolicy Auditor {EC2}"),
        format!("PutRolePolicy Auditor {GUARDRAILS}"),
    ];
    assert_eq!(stack.account.writes(), longer);
    stack.account.clear_calls();
    assert!(change(&stack, &later, &soon).await.0.succeeded());
    assert_eq!(
        stack.account.writes()[..2],
        [RECORD_AND_MARK.to_owned(), format!("PutRolePolicy Auditor {GUARDRAILS}")]
    );
    let never = properties(&json!({}));
    assert!(stack.update("Auditor", properties(&soon), never.clone()).await.succeeded());
    let (trust, guardrails) = (role(&stack).trust.json(), inline(&stack, GUARDRAILS).unwrap());
    assert!(!trust.to_string().contains("CurrentTime") && !guardrails.to_string().contains("CurrentTime"));
}

#[tokio::test(start_paused = true)]
async fn a_create_delivered_again_after_its_expiry_keeps_the_id_of_the_role() {
    let stack = made(&json!({"ExpiresAt": "2026-11-22T12:01:00Z"})).await;
    let before = role(&stack);
    let event = stack
        .event("Create", &json!({"ResourceProperties": properties(&json!({"ExpiresAt": "2026-11-22T12:01:00Z"}))}));
    let late = stack.send_at(event, noon() + Duration::from_secs(90)).await;
    assert_eq!(
        (late.reason(), late.physical_id()),
        (
            "ExpiresAt is 2026-11-22T12:01:00Z, but it is 2026-11-22T12:01:30Z now; it must be in the future. [in-the-past]",
            "Auditor"
        )
    );
    assert_eq!((stack.account.writes(), role(&stack)), (Vec::new(), before));
    assert!(stack.delete(late.physical_id(), properties(&json!({}))).await.succeeded());
    assert_eq!(stack.account.roles(), [""; 0]);
}
