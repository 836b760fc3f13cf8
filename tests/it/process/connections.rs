//! How many connections the function opens, and when.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::SHORT;
use crate::fixtures::{AUDIT, EC2, PROVIDER, read_bucket};
use crate::function::{Function, until};
use crate::wire::iam::Fault;

#[tokio::test]
async fn a_cold_create_finds_its_connections_open() {
    let mut function = Function::new().await;
    until("three connections to IAM are open before any event", || function.iam.connections() == 3).await;
    assert_eq!(function.account.calls(), [""; 0], "no request is sent before the first event");

    // Slow enough that all calls that can be concurrent are.
    function.account.edit(|aws| aws.latency = Duration::from_millis(100));
    let properties = json!({
        "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": [AUDIT, EC2],
        "CustomPolicy": read_bucket(),
    });
    assert!(function.create(&properties).await.succeeded());
    assert_eq!(function.account.max_in_flight(), 3);
    assert_eq!(function.iam.connections(), 3, "no more are opened, and all are used");
    assert_eq!(function.bucket.connections(), 1);
    let calls = function.account.calls();
    assert_eq!((calls.len(), calls[0].as_str()), (5, "CreateRole Auditor"));
    // The account panics when it is dropped if anything else was sent over them.
}

#[tokio::test]
async fn the_connection_for_the_answer_is_opened_during_the_calls_to_iam() {
    let mut function = Function::new().await;
    function.account.fail(Fault::hang().every());
    let event = function.event("Create", json!({ "ResourceProperties": { "ExternalAwsAccountId": PROVIDER } }));
    let (lambda, bucket) = (&mut function.lambda, &function.bucket);
    let watch = async {
        until("the connection is open", || bucket.connections() == 1).await;
        // IAM does not respond until seconds before the deadline, so there is no answer for a long time.
        sleep(Duration::from_millis(300)).await;
        bucket.received().len()
    };
    let (_, sent) = tokio::join!(lambda.invoke(&event, SHORT), watch);
    assert_eq!(sent, 0, "the connection is open before there is an answer");
    assert_eq!(bucket.connections(), 1, "the answer uses that connection");
}

#[tokio::test]
async fn a_warm_function_opens_no_more_connections_than_it_needs() {
    let mut function = Function::new().await;
    let properties = json!({ "ExternalAwsAccountId": PROVIDER });
    let name = function.create(&properties).await.physical_id().to_owned();
    let rounds = 5;
    for _ in 0..rounds {
        function.update(&name, &properties, &properties).await;
    }
    assert!(function.iam.connections() <= 4, "{} connections to IAM", function.iam.connections());
    assert!(function.bucket.connections() <= 1 + rounds, "{} to the bucket", function.bucket.connections());
}

#[tokio::test]
async fn a_function_can_read_the_root_certificates_of_the_operating_system() {
    let mut function = Function::with(&[("SSL_CERT_FILE", "")]).await;
    assert!(function.create(&json!({ "ExternalAwsAccountId": PROVIDER })).await.succeeded());
}
