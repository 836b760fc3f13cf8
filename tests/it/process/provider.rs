//! The provider's side of the same program: external IDs, and checks of a customer's role.

use super::*;
use crate::wire::sts;

fn about(resource_type: &str, properties: &Value) -> Value {
    json!({ "ResourceType": resource_type, "ResourceProperties": properties })
}

async fn external_id(function: &mut Installed, properties: Value) -> Answer {
    let event = function.event("Create", about("Custom::ExternalId", &properties));
    function.answer_to(&event).await
}

fn check(function: &Installed, external_id: &str, revision: &str) -> Value {
    let properties = json!({ "RoleArn": Customer::ROLE, "ExternalId": external_id, "Revision": revision });
    function.event("Create", about("Custom::AccessCheck", &properties))
}

#[tokio::test]
async fn an_id_is_made_and_the_role_that_asks_for_it_is_safe() {
    let mut function = Installed::new().await;
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
        let mut fields = about(resource_type, &json!({}));
        fields["PhysicalResourceId"] = physical_id.into();
        let event = function.event("Delete", fields);
        assert!(function.answer_to(&event).await.succeeded());
    }
    assert_eq!(function.account.calls(), [""; 0]);
    let requests = requests(&function.log().await);
    let told: Vec<_> = requests.iter().map(|line| json!([line["resource_type"], line["aws_calls"]])).collect();
    assert_eq!(
        told,
        [
            json!(["Custom::ExternalId", 0]),
            json!(["Custom::AccessCheck", 10]),
            json!(["Custom::AccessCheck", 0]),
            json!(["Custom::ExternalId", 0]),
        ]
    );
}

#[tokio::test]
async fn without_an_address_of_its_own_sts_is_where_everything_is() {
    let mut function = Installed::new().await;
    function.lambda.kill().await;
    let environment = function.environment.iter().map(|(name, value)| {
        let name = if name == "AWS_ENDPOINT_URL_STS" { "AWS_ENDPOINT_URL" } else { name };
        (name.to_owned(), value.clone())
    });
    function.lambda = started(&environment.collect::<Vec<_>>()).await;
    function.customer.trusts(|asked| asked == Some(ID));
    let event = check(&function, ID, "1");
    assert_eq!(function.answer_to(&event).await.attribute("Verdict"), "Safe");
}

#[tokio::test]
async fn when_sts_is_silent_it_is_told_in_time() {
    tokio::join!(silent_since(1), silent_since(2), silent_since(10));
}

async fn silent_since(request: usize) {
    let mut function = Installed::new().await;
    // Init is not what is measured.
    until("init is over", || function.iam.connections() >= 3).await;
    function.customer.trusts(|asked| asked == Some(ID));
    function.customer.fail(sts::Fault::hang().since(request));
    // There is time for a second try, too.
    function.bucket.fail(bucket::Fault::status(503));
    let event = check(&function, ID, "1");
    let (lambda, bucket) = (&mut function.lambda, &function.bucket);
    // The deadline counts from when the event is taken: it is a little later than this.
    let deadline = Instant::now() + SHORT;
    let first_try = async {
        until("an answer is sent", || !bucket.received().is_empty()).await;
        Instant::now()
    };
    let (ended, sent) = tokio::join!(lambda.invoke(&event, SHORT), first_try);
    assert_eq!(ended, Invocation::Response(Value::Null), "silent since request {request}");
    let left = deadline.saturating_duration_since(sent);
    assert!(left >= Duration::from_millis(2500), "silent since request {request}: answered {left:?} before the end");
    let answer = Answer(bucket.answers().pop().expect("it was kept").json());
    assert!(answer.physical_id().contains("-inconclusive-"), "{}", answer.0);
    assert!(answer.reason().contains("no answer came"), "{}", answer.reason());

    // The same process goes on.
    function.customer.clear_faults();
    let event = check(&function, ID, "1");
    assert_eq!(function.answer_to(&event).await.attribute("Verdict"), "Safe");
}

#[tokio::test]
async fn no_secret_of_the_providers_is_told_at_any_level() {
    for level in ["trace", "trace,lambda_runtime=trace,reqwest=trace,hyper=trace,aws_smithy_runtime=trace"] {
        let mut function = Installed::with(&[("RUST_LOG", level)]).await;
        let known = Lambda::SECRETS.into_iter().chain(Customer::CREDENTIALS);
        let mut secrets: Vec<String> = known.map(str::to_owned).collect();
        let mut told = vivid_life(&mut function, &mut secrets).await;
        secrets.extend(function.customer.external_ids().into_iter().flatten());
        let log = function.log().await;
        assert!(requests(&log).len() >= 10, "{log:#?}");
        let repeated = lines(&log).iter().any(|line| line["message"] == "trying again");
        assert_eq!(repeated, level == "trace", "what is told at lower levels is among it: {log:#?}");
        told.extend(log);
        for secret in &secrets {
            assert!(secret.len() >= 6, "{secret} may stand anywhere");
            let leak = told.iter().find(|line| line.contains(secret.as_str()));
            assert_eq!(leak, None, "{secret} is told");
        }
    }
}

/// All that may happen to them: `secrets` learns those that are made on the way. Returns the reasons.
async fn vivid_life(function: &mut Installed, secrets: &mut Vec<String>) -> Vec<String> {
    let mut told = Vec::new();
    let made = external_id(function, json!({ "Prefix": "acme", "PreviousRotation": "0" })).await;
    let (handle, id) = (made.physical_id().to_owned(), made.attribute("ExternalId").to_owned());
    secrets.extend([handle.clone(), id.clone(), made.attribute("PreviousExternalId").to_owned()]);
    // Neither is told without its prefix.
    secrets.extend([handle[12..76].to_owned(), id["acme-".len()..].to_owned()]);
    let changed = json!({
        "ResourceType": "Custom::ExternalId", "PhysicalResourceId": handle,
        "ResourceProperties": { "Prefix": "other" }, "OldResourceProperties": { "Prefix": "acme" },
    });
    let event = function.event("Update", changed);
    told.push(function.answer_to(&event).await.reason().to_owned());
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
    let disturbances: [fn() -> sts::Fault; 6] = [
        || sts::Fault::session().every(),
        || sts::Fault::session().of(|asked| asked.is_none()).every(),
        || sts::Fault::throttled().every(),
        || sts::Fault::connection_cut().since(3),
        || sts::Fault::hang().since(3),
        || sts::Fault::refused(400, "ValidationError", "Value 'EXTERNAL-ID' at 'externalId', EXTERNAL-ID").since(2),
    ];
    for disturbance in disturbances {
        function.customer.fail(disturbance());
        told.push(failed(function, &id).await);
        function.customer.clear_faults();
    }
    function.customer.trusts(|_| false);
    told.push(failed(function, &id).await);
    // What is wrong with an ID is told without it.
    told.push(failed(function, &format!("{id}!")).await);
    told
}

/// Why a check failed that had little time.
async fn failed(function: &mut Installed, id: &str) -> String {
    let event = check(function, id, "1");
    let ended = function.lambda.invoke(&event, Duration::from_secs(6)).await;
    assert_eq!(ended, Invocation::Response(Value::Null));
    Answer(function.bucket.answers().pop().expect("it was kept").json()).reason().to_owned()
}
