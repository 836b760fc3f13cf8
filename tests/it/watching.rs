//! The example that sends a message for each use of a role: which events it takes, what it passes on, who may send.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::fixtures::{ACCOUNT, merged};
use crate::template::Deployment;

/// A use of a role, as the trail of the customer's account records it.
fn used(changes: &Value) -> Value {
    let event = json!({
        "source": "aws.sts",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventVersion": "1.08",
            "userIdentity": {
                "type": "AWSAccount",
                "principalId": "AROAEXAMPLE:provider-session",
                "accountId": "222222222222",
            },
            "eventTime": "2026-11-22T12:00:00Z",
            "eventSource": "sts.amazonaws.com",
            "eventName": "AssumeRole",
            "awsRegion": "us-east-1",
            "sourceIPAddress": "203.0.113.9",
            "userAgent": "aws-cli/2",
            "requestParameters": {
                "roleArn": format!("arn:aws:iam::{ACCOUNT}:role/delegated/Auditor"),
                "roleSessionName": "provider",
                "externalId": "an-external-id-of-the-provider",
            },
            "eventID": "11111111-2222-3333-4444-555555555555",
        },
    });
    merged(event, changes)
}

/// Whether `EventBridge` would take the event: what a pattern names must be as it says.
fn takes(pattern: &Value, event: Option<&Value>) -> bool {
    match pattern {
        Value::Object(members) => {
            members.iter().all(|(name, pattern)| takes(pattern, event.and_then(|event| event.get(name))))
        }
        Value::Array(any) => any.iter().any(|one| match one {
            Value::String(text) => event.is_some_and(|event| event == text),
            one if one.get("prefix").is_some() => {
                let text = event.and_then(Value::as_str);
                text.is_some_and(|text| text.starts_with(one["prefix"].as_str().unwrap()))
            }
            one if one.get("exists") == Some(&json!(false)) => event.is_none(),
            other => panic!("unknown: {other}"),
        }),
        other => panic!("unknown: {other}"),
    }
}

fn deployed() -> Deployment {
    Deployment::of_watch_template()
}

fn watches(deployment: &Deployment, changes: &Value) -> bool {
    takes(&deployment.resolved("/Resources/Rule/Properties/EventPattern"), Some(&used(changes)))
}

fn assuming(role: &str) -> Value {
    json!({"detail": {"requestParameters": {"roleArn": role}}})
}

#[test]
fn each_use_of_a_role_under_the_prefix_is_watched_and_nothing_else() {
    assert!(watches(&deployed(), &json!({})));
    assert!(watches(&deployed(), &assuming("arn:aws:iam::111111111111:role/delegated/eu/Auditor")));
    for role in [
        "arn:aws:iam::111111111111:role/Auditor",
        "arn:aws:iam::111111111111:role/service-role/delegated/Auditor",
        "arn:aws:iam::222222222222:role/delegated/Auditor",
    ] {
        assert!(!watches(&deployed(), &assuming(role)), "{role}");
    }
    for other in [
        json!({"detail": {"eventName": "GetCallerIdentity"}}),
        json!({"detail": {"errorCode": "AccessDenied"}}),
        json!({"source": "aws.iam"}),
    ] {
        assert!(!watches(&deployed(), &other), "{other}");
    }
    let named = deployed().with("RolePathPrefix", "/").with("RoleNamePrefix", "acme-");
    assert!(watches(&named, &assuming("arn:aws:iam::111111111111:role/acme-Auditor")));
    assert!(!watches(&named, &assuming("arn:aws:iam::111111111111:role/Auditor")));
    let china = deployed().in_partition("aws-cn");
    assert!(watches(&china, &assuming("arn:aws-cn:iam::111111111111:role/delegated/Auditor")));
}

#[test]
fn a_message_says_who_used_which_role_when_and_from_where_and_not_with_which_id() {
    let transformer = deployed().resolved("/Resources/Rule/Properties/Targets/0/InputTransformer");
    let (paths, template) =
        (transformer["InputPathsMap"].as_object().unwrap(), transformer["InputTemplate"].as_str().unwrap());
    let event = used(&json!({}));
    let mut message = template.to_owned();
    for (name, path) in paths {
        let pointer = path.as_str().unwrap().strip_prefix('$').unwrap().replace('.', "/");
        let value = event.pointer(&pointer).unwrap_or_else(|| panic!("the event has no {path}"));
        assert!(message.contains(&format!("<{name}>")), "{name} is not used");
        message = message.replace(&format!("<{name}>"), value.as_str().unwrap());
    }
    assert_eq!(
        message,
        r#""A role for a service provider was assumed."
"Who: account 222222222222, principal AROAEXAMPLE:provider-session"
"Role: arn:aws:iam::111111111111:role/delegated/Auditor, session provider"
"When: 2026-11-22T12:00:00Z"
"From: 203.0.113.9"
"Region of STS: us-east-1"
"Event ID in CloudTrail: 11111111-2222-3333-4444-555555555555""#
    );
}

#[test]
fn only_eventbridge_may_publish_and_encrypt() {
    let policy = deployed().resolved("/Resources/TopicPolicy/Properties/PolicyDocument/Statement");
    assert_eq!(
        policy,
        json!([{
            "Sid": "EventBridgePublishes",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": "arn:aws:sns:us-east-1:111111111111:watch-Topic-AbCdEf",
        }])
    );
    let key = deployed().resolved("/Resources/Key/Properties/KeyPolicy/Statement");
    let services: BTreeSet<_> = key.as_array().unwrap().iter().map(|one| one["Principal"].to_string()).collect();
    let root = r#"{"AWS":"arn:aws:iam::111111111111:root"}"#;
    assert_eq!(services, BTreeSet::from([root.to_owned(), r#"{"Service":"events.amazonaws.com"}"#.to_owned()]));
    // EventBridge passes neither the account nor the rule to KMS and SNS: such a condition would lose every message.
    assert!(!key.to_string().contains("aws:Source"), "{key}");
    let topic = |deployment: Deployment| deployment.resolved("/Resources/Topic/Properties/KmsMasterKeyId");
    assert_eq!(topic(deployed()), "11111111-2222-3333-4444-555555555555");
    assert!(deployed().named_condition_holds("MakesKey"));
    let own = "arn:aws:kms:us-east-1:111111111111:key/66666666-2222-3333-4444-555555555555";
    assert_eq!(topic(deployed().with("KmsKeyArn", own)), own);
    assert!(!deployed().with("KmsKeyArn", own).named_condition_holds("MakesKey"));
}
