//! The provider's side of the same program: external IDs, and checks of a customer's role.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{LOG_LEVELS, SHORT, check_log};
use crate::fixtures::ID;
use crate::function::{Function, requests, until};
use crate::stack::Answer;
use crate::wire::bucket;
use crate::wire::lambda::{Invocation, Lambda};
use crate::wire::sts::{self, Customer};

fn fields(resource_type: &str, properties: &Value) -> Value {
    json!({ "ResourceType": resource_type, "ResourceProperties": properties })
}

async fn external_id(function: &mut Function, properties: Value) -> Answer {
    let event = function.event("Create", fields("Custom::ExternalId", &properties));
    function.answer_to(&event).await
}

fn check(function: &Function, external_id: &str, revision: &str) -> Value {
    let properties = json!({ "RoleArn": Customer::ROLE, "ExternalId": external_id, "Revision": revision });
    function.event("Create", fields("Custom::AccessCheck", &properties))
}

#[tokio::test]
async fn a_role_that_requires_a_generated_id_is_safe() {
    let mut function = Function::new().await;
    let made = external_id(&mut function, json!({ "Prefix": "acme" })).await;
    let id = made.attribute("ExternalId").to_owned();
    assert!(id.starts_with("acme-"), "{id}");
    let right = id.clone();
    function.customer.trusts(move |asked| asked == Some(&right));

    let event = check(&function, &id, "1");
    let checked = function.answer_to(&event).await;
    assert_eq!(checked.attribute("Verdict"), "Safe");
    assert_eq!(function.customer.requests().len(), 10);
    assert_eq!(function.sts.connections(), 1, "one after the other, over one connection");

    for (resource_type, physical_id) in
        [("Custom::AccessCheck", checked.physical_id()), ("Custom::ExternalId", made.physical_id())]
    {
        let mut delete = fields(resource_type, &json!({}));
        delete["PhysicalResourceId"] = physical_id.into();
        let event = function.event("Delete", delete);
        assert!(function.answer_to(&event).await.succeeded());
    }
    assert_eq!(function.account.calls(), [""; 0]);
    let requests = requests(&function.log().await);
    let logged: Vec<_> = requests.iter().map(|line| json!([line["resource_type"], line["aws_calls"]])).collect();
    assert_eq!(
        logged,
        [
            json!(["Custom::ExternalId", 0]),
            json!(["Custom::AccessCheck", 10]),
            json!(["Custom::AccessCheck", 0]),
            json!(["Custom::ExternalId", 0]),
        ]
    );
}

#[tokio::test]
async fn without_an_endpoint_of_its_own_sts_has_the_common_one() {
    let mut function = Function::new().await;
    let environment = function.environment.iter().map(|(name, value)| {
        let name = if name == "AWS_ENDPOINT_URL_STS" { "AWS_ENDPOINT_URL" } else { name };
        (name.to_owned(), value.clone())
    });
    let environment = environment.collect();
    function.restart(environment).await;
    function.customer.trusts(|asked| asked == Some(ID));
    let event = check(&function, ID, "1");
    assert_eq!(function.answer_to(&event).await.attribute("Verdict"), "Safe");
}

#[tokio::test]
async fn if_sts_does_not_respond_the_check_is_answered_in_time() {
    tokio::join!(check_no_response_since(1), check_no_response_since(2), check_no_response_since(10));
}

async fn check_no_response_since(request: usize) {
    let mut function = Function::new().await;
    // The time to initialize does not count.
    until("init is over", || function.iam.connections() >= 3).await;
    function.customer.trusts(|asked| asked == Some(ID));
    function.customer.fail(sts::Fault::hang().since(request));
    // There is time for a second attempt to answer, too.
    function.bucket.fail(bucket::Fault::status(503));
    let event = check(&function, ID, "1");
    let (lambda, bucket) = (&mut function.lambda, &function.bucket);
    // The real deadline is a little later: it counts from when the function takes the event.
    let deadline = Instant::now() + SHORT;
    let first_attempt = async {
        until("an answer is sent", || !bucket.received().is_empty()).await;
        Instant::now()
    };
    let (ended, sent) = tokio::join!(lambda.invoke(&event, SHORT), first_attempt);
    assert_eq!(ended, Invocation::Response(Value::Null), "no response since request {request}");
    let left = deadline.saturating_duration_since(sent);
    assert!(
        left >= Duration::from_millis(2500),
        "no response since request {request}: answered {left:?} before the end"
    );
    let answer = Answer(bucket.answers().pop().expect("the bucket kept it").json());
    assert!(answer.physical_id().contains("-inconclusive-"), "{}", answer.0);
    assert!(answer.reason().contains("no answer came"), "{}", answer.reason());

    // The same process continues.
    function.customer.clear_faults();
    let event = check(&function, ID, "1");
    assert_eq!(function.answer_to(&event).await.attribute("Verdict"), "Safe");
}

#[tokio::test]
async fn no_log_level_reveals_a_secret_of_the_provider() {
    let [trace, filters] = LOG_LEVELS;
    tokio::join!(check_secrets(trace), check_secrets(filters));
}

async fn check_secrets(level: &str) {
    let mut function = Function::with(&[("RUST_LOG", level)]).await;
    let known = Lambda::SECRETS.into_iter().chain(Customer::CREDENTIALS);
    let mut secrets: Vec<String> = known.map(str::to_owned).collect();
    let mut outputs = use_secrets(&mut function, &mut secrets).await;
    secrets.extend(function.customer.external_ids().into_iter().flatten());
    let log = function.log().await;
    assert!(requests(&log).len() >= 10, "{log:#?}");
    outputs.extend(log.clone());
    check_log(level, &log, &secrets, &outputs);
}

/// Requests with secrets in many places. Adds the generated secrets to `secrets` and returns the reasons.
async fn use_secrets(function: &mut Function, secrets: &mut Vec<String>) -> Vec<String> {
    let mut reasons = Vec::new();
    let made = external_id(function, json!({ "Prefix": "acme", "PreviousRotation": "0" })).await;
    let (handle, id) = (made.physical_id().to_owned(), made.attribute("ExternalId").to_owned());
    secrets.extend([handle.clone(), id.clone(), made.attribute("PreviousExternalId").to_owned()]);
    // Nor may they be revealed without their prefixes.
    secrets.extend([handle[12..76].to_owned(), id["acme-".len()..].to_owned()]);
    let changed = json!({
        "ResourceType": "Custom::ExternalId", "PhysicalResourceId": handle,
        "ResourceProperties": { "Prefix": "other" }, "OldResourceProperties": { "Prefix": "acme" },
    });
    let event = function.event("Update", changed);
    reasons.push(function.answer_to(&event).await.reason().to_owned());
    let rotated = json!({
        "ResourceType": "Custom::ExternalId", "PhysicalResourceId": handle,
        "ResourceProperties": { "Prefix": "acme", "Rotation": "2" }, "OldResourceProperties": { "Prefix": "acme" },
    });
    let event = function.event("Update", rotated);
    secrets.push(function.answer_to(&event).await.attribute("ExternalId").to_owned());

    let right = id.clone();
    function.customer.trusts(move |asked| asked == Some(&right));
    let event = check(function, &id, "1");
    assert_eq!(function.answer_to(&event).await.attribute("Verdict"), "Safe");
    let faults: [fn() -> sts::Fault; 6] = [
        || sts::Fault::session().every(),
        || sts::Fault::session().of(|asked| asked.is_none()).every(),
        || sts::Fault::throttled().every(),
        || sts::Fault::connection_cut().since(3),
        || sts::Fault::hang().since(3),
        || sts::Fault::refused(400, "ValidationError", "Value 'EXTERNAL-ID' at 'externalId', EXTERNAL-ID").since(2),
    ];
    for fault in faults {
        function.customer.fail(fault());
        reasons.push(failed(function, &id).await);
        function.customer.clear_faults();
    }
    function.customer.trusts(|_| false);
    reasons.push(failed(function, &id).await);
    // A problem with an ID is reported without it.
    reasons.push(failed(function, &format!("{id}!")).await);
    reasons
}

/// The reason of a failed check that had little time.
async fn failed(function: &mut Function, id: &str) -> String {
    let event = check(function, id, "1");
    let ended = function.lambda.invoke(&event, Duration::from_secs(6)).await;
    assert_eq!(ended, Invocation::Response(Value::Null));
    Answer(function.bucket.answers().pop().expect("the bucket kept it").json()).reason().to_owned()
}
