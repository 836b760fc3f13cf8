//! A response bucket that fails, and places that are not the response bucket.

use serde_json::{Value, json};

use super::SHORT;
use crate::fixtures::{AUDIT, PROVIDER};
use crate::function::{Function, TIMEOUT, lines, requests};
use crate::wire::bucket::{self, Bucket};
use crate::wire::lambda::Invocation;

#[tokio::test]
async fn the_answer_is_sent_again_until_the_bucket_accepts_it() {
    let mut function = Function::new().await;
    function.bucket.fail(bucket::Fault::status(503));
    function.bucket.fail(bucket::Fault::connection_cut());
    function.bucket.fail(bucket::Fault::redirect());
    function.bucket.fail(bucket::Fault::status(403));
    function.bucket.fail(bucket::Fault::reply_lost());
    let properties = json!({ "ExternalAwsAccountId": PROVIDER });
    let event = function.event("Create", json!({ "ResourceProperties": properties }));
    let ended = function.lambda.invoke(&event, TIMEOUT).await;
    assert_eq!(ended, Invocation::Response(Value::Null));

    let received = function.bucket.received();
    assert_eq!(received.iter().map(|put| put.kept).collect::<Vec<_>>(), [false, false, false, false, true, true]);
    let mut answers = (0..received.len()).map(|nth| function.received(&event, nth));
    let first = answers.next().unwrap();
    assert!(first.succeeded(), "{}", first.reason());
    assert!(answers.all(|answer| answer == first), "the same answer each time, to the same URL");
    assert_eq!(function.account.writes().len(), 2, "the work is done once: {:?}", function.account.writes());
}

#[tokio::test]
async fn the_answer_is_sent_again_if_the_bucket_does_not_respond() {
    let mut function = Function::new().await;
    function.bucket.fail(bucket::Fault::hang());
    let answer = function.create(&json!({ "ExternalAwsAccountId": PROVIDER })).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    assert_eq!(function.bucket.received().len(), 2);
}

#[tokio::test]
async fn a_warm_function_does_its_work_even_if_the_bucket_does_not_respond() {
    let mut function = Function::new().await;
    let before = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor" });
    let properties = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": [AUDIT] });
    assert!(function.create(&before).await.succeeded());
    function.bucket.fail(bucket::Fault::hang().every());
    let fields =
        json!({ "PhysicalResourceId": "Auditor", "ResourceProperties": properties, "OldResourceProperties": before });
    let event = function.event("Update", fields);
    let ended = function.lambda.invoke(&event, SHORT).await;
    assert_ne!(ended, Invocation::Response(Value::Null), "no answer was accepted");
    assert_eq!(function.account.role("Auditor").unwrap().attached_policies, [AUDIT]);
    assert!(function.bucket.received().len() > 1);
    for nth in 1..function.bucket.received().len() {
        assert!(function.received(&event, nth).succeeded(), "the function tried to answer");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_delivered_is_an_error_for_lambda() {
    let mut function = Function::new().await;
    function.bucket.fail(bucket::Fault::status(503).every());
    let properties = json!({ "ExternalAwsAccountId": PROVIDER });
    let event = function.event("Create", json!({ "ResourceProperties": properties }));
    let Invocation::Error(error) = function.lambda.invoke(&event, SHORT).await else {
        panic!("there was no answer, and Lambda was not informed");
    };
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.starts_with("the answer could not be delivered in "), "{message}");
    assert!(message.ends_with(" attempts: HTTP status 503"), "{message}");
    let attempts = function.bucket.received().len();
    assert!(attempts >= 4, "it gives up too early: {attempts} attempts");
    let made = function.account.roles();
    assert_eq!(made.len(), 1);

    // Lambda delivers the event again, and the work is already done.
    let mut function = function.with_a_new_bucket().await;
    let again = function.event("Create", json!({ "ResourceProperties": properties }));
    let answer = function.answer_to(&again).await;
    assert_eq!([answer.attribute("RoleName")], [made[0].as_str()]);
    assert_eq!(function.account.roles(), made);
}

#[tokio::test]
async fn a_bucket_that_never_responds_is_an_error_for_lambda() {
    let mut function = Function::new().await;
    function.bucket.fail(bucket::Fault::hang().every());
    let event = function.event("Create", json!({ "ResourceProperties": { "ExternalAwsAccountId": PROVIDER } }));
    let ended = function.lambda.invoke(&event, SHORT).await;
    let log = function.log().await;
    assert!(matches!(ended, Invocation::Error(_)), "the function must end by itself: {ended:?}");
    assert_eq!(requests(&log).len(), 1, "the request is in the log: {log:#?}");
}

#[tokio::test]
async fn only_the_response_bucket_receives_answers() {
    let mut function = Function::new().await;
    let other = Bucket::start().await;
    let own = function.bucket.url_for("Access");
    let signed = own.strip_prefix(&function.bucket.origin()).unwrap();
    let regional = "cloudformation-custom-resource-response";
    let places = [
        other.url_for("Access"),
        format!("{}@{}", "http://user", &own["http://".len()..]),
        own.replace("http://", "https://"),
        format!("https://{regional}-euwest1.s3.eu-west-1.amazonaws.com{signed}"),
        format!("http://{regional}-useast1.s3.amazonaws.com{signed}"),
        format!("https://{regional}-useast1.s3.amazonaws.com.example.com{signed}"),
        signed.to_owned(),
        String::new(),
    ];
    for place in &places {
        let properties = json!({ "ExternalAwsAccountId": PROVIDER });
        let event = function.event("Create", json!({ "ResponseURL": place, "ResourceProperties": properties }));
        let ended = function.lambda.invoke(&event, TIMEOUT).await;
        let Invocation::Error(error) = ended else { panic!("{place}: {ended:?}") };
        assert!(!error.to_string().contains("X-Amz"), "{error}");
    }
    assert_eq!(function.account.calls(), [""; 0]);
    assert_eq!((other.connections(), function.bucket.received().len()), (0, 0));

    let log = function.log().await;
    let errors =
        lines(&log).into_iter().filter(|line| line["level"] == "ERROR" && line["outcome"] == "unanswerable").count();
    assert_eq!(errors, places.len(), "each is an error in the log: {log:#?}");
}

#[tokio::test]
async fn a_request_that_cannot_be_answered_is_in_the_log() {
    let mut function = Function::new().await;
    let event = function.event("Create", json!({ "ResponseURL": "https://example.com/", "ResourceProperties": {} }));
    function.lambda.invoke(&event, TIMEOUT).await;
    let log = function.log().await;
    let about: Vec<_> = lines(&log).into_iter().filter(|line| line["request_id"] == event["RequestId"]).collect();
    assert_eq!(about.len(), 1, "an operator looks for the stack that hangs: {log:#?}");
    assert_eq!(about[0]["logical_id"], "Access");
}

#[tokio::test]
async fn no_request_goes_through_a_proxy() {
    let proxy = Bucket::start().await;
    let origin = proxy.origin();
    let variables = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let mut function = Function::with(&variables.map(|variable| (variable, origin.as_str()))).await;
    assert!(function.create(&json!({ "ExternalAwsAccountId": PROVIDER })).await.succeeded());
    assert_eq!(proxy.connections(), 0);
}
