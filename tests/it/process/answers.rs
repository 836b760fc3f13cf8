//! One process, many events: one answer to each.

use serde_json::{Value, json};

use crate::fixtures::{AUDIT, EC2, PROVIDER};
use crate::function::{Function, requests};

#[tokio::test]
async fn one_process_answers_create_update_and_delete() {
    let mut function = Function::new().await;
    let first = json!({ "ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT, EC2] });
    let second =
        json!({ "ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT], "MaxSessionDuration": "7200" });

    let created = function.create(&first).await;
    let name = created.physical_id();
    assert_eq!(function.account.role(name).unwrap().arn, created.attribute("RoleArn"));

    let updated = function.update(name, &first, &second).await;
    assert_eq!(updated.physical_id(), name);
    assert_eq!(updated.attribute("ExternalId"), created.attribute("ExternalId"));
    let role = function.account.role(name).unwrap();
    assert_eq!((role.max_session_duration, role.attached_policies), (7200, vec![AUDIT.to_owned()]));

    let deleted = function.delete(name, &second).await;
    assert!(deleted.succeeded(), "{}", deleted.reason());
    assert_eq!(function.account.roles(), [""; 0]);
    assert_eq!(requests(&function.log().await).len(), 3, "all in one process");
}

#[tokio::test]
async fn the_bucket_receives_one_put_for_each_event() {
    let mut function = Function::new().await;
    let properties = json!({ "ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT] });
    let created = function.create(&properties).await;
    // A warm function still has the open connections of the last event.
    function.update(created.physical_id(), &properties, &properties).await;
    function.delete(created.physical_id(), &properties).await;
    let received: Vec<_> = function.bucket.received().into_iter().map(|put| (put.method, put.kept)).collect();
    assert_eq!(received, vec![(hyper::Method::PUT, true); 3]);
}

#[tokio::test]
async fn the_longest_answers_are_within_cloudformations_limit() {
    let mut function = Function::new().await;
    let id = "x".repeat(1224);
    let answer = function.create(&json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": id })).await;
    assert_eq!(answer.attribute("ExternalId"), id);
    assert_eq!((answer.attribute("TerraformProvider"), answer.attribute("AwsConfigProfile")), ("", ""));
    assert_ne!(answer.attribute("Warnings"), "");

    let misspelled = (0..200).map(|n| (format!("Größe-{n}-{}", "\"é".repeat(20)), json!("x")));
    let answer = function.create(&Value::Object(misspelled.collect())).await;
    let shown = answer.reason().matches("[unknown-property]").count();
    assert!(answer.reason().ends_with(&format!(" and {} more.", 201 - 1 - shown)), "{}", answer.reason());
    // One more problem has about 170 bytes.
    assert!(answer.0.to_string().len() > 3_900, "no more is left out than necessary: {}", answer.0);
}
