//! The log: one line for each request, and no secret in it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{LOG_LEVELS, check_log};
use crate::fixtures::{AUDIT, ID, OTHER_ID, PROVIDER, SCP_DENIAL, trust};
use crate::function::{Function, TIMEOUT, requests};
use crate::wire::bucket;
use crate::wire::iam::{Fault, Role};
use crate::wire::lambda::{Invocation, Lambda};

#[tokio::test]
async fn every_request_is_one_line() {
    let mut function = Function::new().await;
    let declared = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor" });
    let event = function.event("Create", json!({ "ResourceProperties": declared }));
    function.account.fail(Fault::throttled().on("CreateRole"));
    assert!(function.answer_to(&event).await.succeeded());
    let calls = function.account.calls().len();
    let failing = function.create(&json!({ "RoleName": "Auditor" })).await;
    let requests = requests(&function.log().await);

    assert_eq!(requests.len(), 2);
    let [first, second] = &requests[..] else { panic!("there are two") };
    for key in ["timestamp", "level", "target", "request_id", "stack_id", "logical_id", "duration_ms"] {
        assert!(!first[key].is_null(), "{key} is missing: {first}");
    }
    assert!(first["duration_ms"].is_u64(), "{first}");
    let logged =
        ["request_id", "request_type", "resource_type", "logical_id", "outcome", "aws_calls"].map(|key| &first[key]);
    let calls = json!(calls);
    let expected = [
        &event["RequestId"],
        &json!("Create"),
        &json!("Custom::DelegatedRole"),
        &json!("Access"),
        &json!("success"),
        &calls,
    ];
    assert_eq!(logged, expected);
    assert_eq!(calls, 3, "retries count");
    assert_eq!((&second["outcome"], second["reason"].as_str()), (&json!("failed"), Some(failing.reason())));
    assert_eq!(second["aws_calls"], 1, "it looks for a role that an earlier delivery made");
}

#[tokio::test]
async fn a_success_names_the_role_and_its_warnings() {
    let mut function = Function::new().await;
    let declared = json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": "short-one", "RoleName": "Auditor" });
    let created = function.create(&declared).await;
    let strong = json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor",
        "ManagedPolicyArns": [AUDIT] });
    assert!(function.update("Auditor", &declared, &strong).await.succeeded());
    assert!(function.delete("Auditor", &strong).await.succeeded());
    assert!(function.delete(&format!("refused-{}", "0".repeat(64)), &json!({})).await.succeeded());
    let requests = requests(&function.log().await);
    let [create, update, delete, refused] = &requests[..] else { panic!("there are four: {requests:#?}") };

    let arn = "arn:aws:iam::111111111111:role/delegated/Auditor";
    let warnings = created.attribute("Warnings");
    assert!(warnings.contains("shorter than 16 characters"), "{warnings}");
    assert_eq!((create["role"].as_str(), create["warnings"].as_str()), (Some(arn), Some(warnings)));
    assert_eq!((update["role"].as_str(), &update["warnings"]), (Some(arn), &Value::Null));
    assert_eq!((delete["role"].as_str(), &delete["warnings"]), (Some("Auditor"), &Value::Null));
    assert_eq!((&refused["role"], &refused["warnings"]), (&Value::Null, &Value::Null), "there was none");
}

#[tokio::test]
async fn no_log_level_reveals_a_secret() {
    let [trace, filters] = LOG_LEVELS;
    tokio::join!(check_secrets(trace), check_secrets(filters));
}

async fn check_secrets(level: &str) {
    let mut function = Function::with(&[("RUST_LOG", level)]).await;
    let known = [ID, OTHER_ID, "%7CAccess"].into_iter().chain(Lambda::SECRETS);
    let mut secrets: Vec<String> = known.map(str::to_owned).collect();
    let mut outputs = use_secrets(&mut function, &mut secrets).await;
    let log = function.log().await;
    assert!(requests(&log).len() >= 8, "{log:#?}");
    outputs.extend(log.clone());

    let mut function = Function::panicking().await;
    function.create(&json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": ID })).await;
    outputs.extend(function.log().await);
    check_log(level, &log, &secrets, &outputs);
}

/// Requests with secrets in many places. Adds the generated secrets to `secrets` and returns all reasons and
/// errors.
async fn use_secrets(function: &mut Function, secrets: &mut Vec<String>) -> Vec<String> {
    let mut outputs = Vec::new();
    let declared = |external_id: Value| json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": external_id });

    function.account.fail(Fault::throttled().on("CreateRole"));
    let created = function.create(&json!({ "ExternalAwsAccountId": PROVIDER })).await;
    let name = created.physical_id().to_owned();
    secrets.push(created.attribute("ExternalId").to_owned());
    assert!(function.update(&name, &json!({}), &declared(json!([ID, OTHER_ID]))).await.succeeded());

    // IAM quotes the request in its errors.
    let document = function.account.role(&name).unwrap().trust.json().to_string();
    for (action, message) in [
        (
            "UpdateAssumeRolePolicy",
            format!(
                "1 validation error detected: Value '{document}' at 'policyDocument' failed to satisfy constraint: Member must have length less than or equal to 10"
            ),
        ),
        (
            "UpdateAssumeRolePolicy",
            format!(
                "2 validation errors detected: Value '{document}' at 'policyDocument' failed to satisfy constraint: Member must not be null; Value '{OTHER_ID}' at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"
            ),
        ),
    ] {
        function.account.fail(Fault::refused(400, "ValidationError", &message).on(action));
        let failed = function.update(&name, &declared(json!([ID, OTHER_ID])), &declared(json!(ID))).await;
        assert!(failed.reason().contains("iam:UpdateAssumeRolePolicy"), "{}", failed.reason());
        outputs.push(failed.reason().to_owned());
    }
    function.account.fail(Fault::denied_because(SCP_DENIAL).on("UpdateAssumeRolePolicy"));
    outputs.push(function.update(&name, &json!({}), &declared(json!(OTHER_ID))).await.reason().to_owned());

    // Problems with an external ID, or near one, are reported without it.
    for properties in [
        declared(json!(format!("{ID} {OTHER_ID}!"))),
        declared(json!([ID, ID])),
        declared(json!([ID, OTHER_ID, "third"])),
        declared(json!({ ID: OTHER_ID })),
        json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RequireExternalId": "false" }),
        json!({ "ExternalAwsAccountId": PROVIDER, "ExternalID": ID, "external_id": OTHER_ID }),
        json!({ "ExternalAwsAccountId": ID, "ExternalId": PROVIDER }),
        json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RequireMfa": ID, "RoleName": format!("{ID}/{ID}") }),
        json!({ "ExternalAwsAccountId": PROVIDER, "RequireMfa": OTHER_ID }),
    ] {
        outputs.push(function.create(&properties).await.reason().to_owned());
    }
    function.account.put_role(Role::named("Taken").path("/delegated/").trust(trust(ID)));
    let taken = json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": OTHER_ID, "RoleName": "Taken" });
    outputs.push(function.create(&taken).await.reason().to_owned());
    let malformed =
        function.event("Create", json!({ "RequestId": { "secret": ID }, "ResourceProperties": [OTHER_ID] }));
    function.lambda.invoke(&malformed, TIMEOUT).await;
    outputs.push(function.bucket.answers().pop().unwrap().json()["Reason"].to_string());

    // Requests that cannot be answered.
    let elsewhere = function.event("Create", json!({ "ResponseURL": "https://example.com/?X-Amz-Signature=secret" }));
    outputs.push(format!("{:?}", function.lambda.invoke(&elsewhere, TIMEOUT).await));
    function.bucket.fail(bucket::Fault::status(503));
    function.bucket.fail(bucket::Fault::connection_cut().every());
    let unanswered = function.event(
        "Update",
        json!({
            "PhysicalResourceId": name, "ResourceProperties": declared(json!(ID)), "OldResourceProperties": {},
        }),
    );
    let ended = function.lambda.invoke(&unanswered, Duration::from_secs(5)).await;
    assert_ne!(ended, Invocation::Response(Value::Null), "no answer was accepted");
    outputs.push(format!("{ended:?}"));
    outputs
}
