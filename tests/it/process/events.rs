//! Events that are refused, and how.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::fixtures::{ACCOUNT, OTHER_PROVIDER, PROVIDER};
use crate::function::{Function, TIMEOUT};
use crate::stack::Answer;
use crate::wire::lambda::Invocation;

#[tokio::test]
async fn a_stack_of_another_account_or_region_is_refused() {
    let mut function = Function::new().await;
    let declared = json!({ "ExternalAwsAccountId": PROVIDER });
    for (account, region) in [(OTHER_PROVIDER, "us-east-1"), (ACCOUNT, "eu-west-1")] {
        let stack = format!("arn:aws:cloudformation:{region}:{account}:stack/other/1");
        let fields = |rest: Value| {
            let mut fields = json!({ "StackId": stack, "ResourceProperties": declared });
            fields.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            fields
        };
        let refused = function.answer_to(&function.event("Create", fields(json!({})))).await;
        let expected = format!("The stack is in account {account} and Region {region}, but this function works for");
        assert!(refused.reason().starts_with(&expected), "{}", refused.reason());
        let gone = fields(json!({ "PhysicalResourceId": refused.physical_id() }));
        assert!(
            function.answer_to(&function.event("Delete", gone)).await.succeeded(),
            "the delete that follows changes nothing"
        );
    }
    assert_eq!(function.account.calls(), [""; 0]);
}

#[tokio::test]
async fn malformed_events_are_answered_and_do_not_end_the_process() {
    let mut function = Function::new().await;
    let declared = json!({ "ExternalAwsAccountId": PROVIDER });
    for fields in [
        json!({ "RequestType": "Destroy", "ResourceProperties": declared }),
        json!({ "RequestType": null, "ResourceProperties": declared }),
        json!({ "RequestType": ["Create"], "ResourceProperties": declared }),
        json!({ "ResourceType": "Custom::Other", "ResourceProperties": declared }),
        json!({ "ResourceType": 1, "ResourceProperties": declared }),
        json!({ "StackId": "customer", "ResourceProperties": declared }),
        json!({ "StackId": {}, "ResourceProperties": declared }),
        json!({ "LogicalResourceId": 7, "ResourceProperties": declared }),
        json!({ "RequestId": null, "ResourceProperties": declared }),
        json!({ "ResourceProperties": "ExternalAwsAccountId" }),
        json!({ "ResourceProperties": null }),
        json!({}),
        json!({ "RequestType": "Update", "ResourceProperties": declared }),
        json!({ "RequestType": "Update", "PhysicalResourceId": "", "ResourceProperties": declared, "OldResourceProperties": declared }),
        json!({ "RequestType": "Update", "PhysicalResourceId": "x", "ResourceProperties": declared, "OldResourceProperties": [] }),
        json!({ "RequestType": "Delete" }),
    ] {
        let event = function.event("Create", fields);
        let ended = function.lambda.invoke(&event, TIMEOUT).await;
        assert_eq!(ended, Invocation::Response(Value::Null), "{event}");
        let answer = Answer(function.bucket.answers().pop().expect("there is an answer").json());
        assert_ne!(answer.reason(), "", "{event}");
        assert_ne!(answer.physical_id(), "", "{event}");
        // What could be read is echoed.
        for echo in ["StackId", "RequestId", "LogicalResourceId"] {
            assert_eq!(answer.0[echo], event[echo].as_str().unwrap_or_default(), "{event}");
        }
    }
    for nonsense in [json!(null), json!([]), json!("Create"), json!({})] {
        let ended = function.lambda.invoke(&nonsense, TIMEOUT).await;
        assert!(matches!(ended, Invocation::Error(_)), "{nonsense}: {ended:?}");
    }
    assert_eq!(function.account.calls(), [""; 0]);
    assert!(function.create(&declared).await.succeeded(), "the process still works");
}

#[tokio::test]
async fn a_delivery_after_the_end_of_the_operation_writes_nothing() {
    let mut function = Function::new().await;
    let url = function.bucket.url_signed_at("Access", SystemTime::now() - Duration::from_secs(400));
    let properties = json!({ "ExternalAwsAccountId": PROVIDER, "ServiceTimeout": "360" });
    let event = function.event("Create", json!({ "ResponseURL": url, "ResourceProperties": properties }));
    let answer = function.answer_to(&event).await;
    assert!(answer.reason().contains("ServiceTimeout"), "{}", answer.reason());
    assert_eq!(function.account.writes(), [""; 0]);
}

#[tokio::test]
async fn invalid_settings_are_reported_to_the_stack() {
    let mut function = Function::with(&[("MAX_SESSION_DURATION_CAP", "an hour")]).await;
    let answer = function.create(&json!({ "ExternalAwsAccountId": PROVIDER })).await;
    assert!(answer.reason().contains("MAX_SESSION_DURATION_CAP"), "{}", answer.reason());
    assert!(function.delete(answer.physical_id(), &json!({})).await.succeeded());
}
