//! The connections of a warm process, and what happens when they break.

use std::time::{Duration, Instant, SystemTime};

use reqwest::{Method, Request};
use serde_json::{Value, json};
use service_provider_access::connections::Connections;

use super::SHORT;
use crate::fixtures::{AUDIT, PROVIDER, read_bucket};
use crate::function::Function;
use crate::stack::Answer;
use crate::wire::bucket::{self, Bucket};
use crate::wire::iam::{Account, Policy};
use crate::wire::lambda::Invocation;

/// What a network does to the connections of a frozen process.
type Break = fn(&Function);

#[tokio::test]
async fn a_process_answers_after_a_freeze_whatever_became_of_its_connections() {
    let closed: Break = |function| {
        function.iam.close_open_connections();
        function.bucket.server().close_open_connections();
    };
    let silent: Break = |function| {
        function.iam.silence_open_connections();
        function.bucket.server().silence_open_connections();
    };
    tokio::join!(freeze_and_thaw(closed), freeze_and_thaw(silent));
}

async fn freeze_and_thaw(broken: Break) {
    let mut function = Function::new().await;
    let policy = |n| function.account.put_policy(Policy::named(&format!("Read{n}"), read_bucket()));
    let policies: Vec<String> = (0..9).map(policy).collect();
    // As many connections as a role with many policies needs.
    let properties = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": policies });
    assert!(function.create(&properties).await.succeeded());
    function.lambda.freeze().await;
    broken(&function);
    function.lambda.thaw().await;

    let changed = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": [AUDIT] });
    let started = Instant::now();
    assert!(function.update("Auditor", &properties, &changed).await.succeeded());
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert_eq!(function.account.role("Auditor").unwrap().attached_policies, [AUDIT]);
}

#[tokio::test]
async fn one_lost_answer_leaves_time_for_another() {
    let mut function = Function::new().await;
    function.bucket.fail(bucket::Fault::hang());
    let event = function.event("Create", json!({ "ResourceProperties": { "ExternalAwsAccountId": PROVIDER } }));
    assert_eq!(function.lambda.invoke(&event, SHORT).await, Invocation::Response(Value::Null));
    assert_eq!(function.bucket.answers().len(), 1);
}

#[tokio::test]
async fn a_call_without_an_answer_says_why() {
    let bucket = Bucket::start().await;
    let no_tls = bucket.origin().replace("http:", "https:");
    tokio::join!(
        fails_because("http://127.0.0.1:1", "the connection was refused"),
        fails_because("http://iam.invalid", "the host name could not be resolved"),
        fails_because(&no_tls, "the TLS handshake failed"),
    );
}

/// A function whose IAM is at this endpoint fails with this cause, and the reason contains no address.
async fn fails_because(endpoint: &str, cause: &str) {
    let account = Account::new();
    let iam = account.serve().await;
    let mut function = Function::in_account(account, iam, endpoint, &[]).await;
    let properties = json!({ "ExternalAwsAccountId": PROVIDER });
    let event = function.event("Create", json!({ "ResourceProperties": properties }));
    assert_eq!(function.lambda.invoke(&event, SHORT).await, Invocation::Response(Value::Null));
    let answer = Answer(function.bucket.answers().pop().unwrap().json());
    let reason = answer.reason();
    assert!(reason.starts_with("iam:CreateRole got no usable answer from AWS in "), "{reason}");
    assert!(reason.contains(&format!(" attempts: {cause}. ")), "{reason}");
    assert!(!reason.contains("http"), "{reason}");
}

#[tokio::test]
async fn an_answer_that_cannot_be_delivered_says_why() {
    // A bucket that was there, so that its address is accepted, and is not any more.
    let account = Account::new();
    let iam = account.serve().await;
    let endpoint = iam.origin();
    let gone = Bucket::start().await;
    let (url, origin) = (gone.url_for("Access"), gone.origin());
    drop(gone);
    let mut function = Function::in_account(account, iam, &endpoint, &[("AWS_ENDPOINT_URL", &origin)]).await;
    let properties = json!({ "ExternalAwsAccountId": PROVIDER });
    let event = function.event("Create", json!({ "ResponseURL": url, "ResourceProperties": properties }));
    let Invocation::Error(error) = function.lambda.invoke(&event, SHORT).await else { panic!("it was delivered") };
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.starts_with("the answer could not be delivered in "), "{message}");
    assert!(message.ends_with(" attempts: the connection was refused"), "{message}");
}

#[tokio::test]
async fn connections_from_before_a_freeze_are_not_used() {
    let bucket = Bucket::start().await;
    let connections = Connections::new().unwrap();
    let begun = SystemTime::now();
    // The process may have been frozen for most of the time between two events.
    for (seconds, opened) in [(0, 1), (9, 1), (18, 1), (29, 2), (30, 2), (15, 2)] {
        connections.begin_event(begun + Duration::from_secs(seconds));
        let url = bucket.url_for("Access").parse().unwrap();
        let answer = connections.send(Request::new(Method::PUT, url)).await.unwrap();
        assert_eq!((answer.status, bucket.connections()), (411, opened), "after {seconds} s");
    }
}

#[tokio::test]
async fn after_a_request_without_an_answer_no_idle_connection_to_its_host_is_used() {
    let bucket = Bucket::start().await;
    let connections = Connections::new().unwrap();
    let send = || connections.send(Request::new(Method::PUT, bucket.url_for("Access").parse().unwrap()));
    let (one, other) = tokio::join!(send(), send());
    assert_eq!((one.unwrap().status, other.unwrap().status, bucket.connections()), (411, 411, 2));

    bucket.server().silence_open_connections();
    let silent = tokio::time::timeout(Duration::from_millis(200), send()).await;
    assert!(silent.is_err(), "the first request uses a connection that is silent");
    let next = tokio::time::timeout(Duration::from_secs(5), send()).await;
    let answer = next.expect("the next one does not use the other silent connection").unwrap();
    assert_eq!((answer.status, bucket.connections()), (411, 3));
}
