//! Access that becomes less: sessions of an earlier trust policy end, access expires, and the guardrail policy keeps a role
//! from undoing either.

mod denies;
mod expiry;
mod guardrail_policy;
mod revocation;
mod sessions;

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fixtures::{AUDIT, ID, OTHER_PROVIDER, PROVIDER, REVOCATION, REVOKE_TAG, merged};
use crate::stack::{Answer, Stack};
use crate::wire::iam::Role;

/// The properties of a role for two providers, with these differences; null removes a property.
fn properties(difference: &Value) -> Value {
    let properties = json!({
        "ExternalAwsAccountId": [PROVIDER, OTHER_PROVIDER], "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT,
    });
    merged(properties, difference)
}

/// One provider less.
fn narrower() -> Value {
    json!({"ExternalAwsAccountId": PROVIDER})
}

/// A stack with a role that has these differences.
async fn made(difference: &Value) -> Stack {
    let stack = Stack::new().with("PERMIT_MISSING_EXTERNAL_ID", "true");
    let answer = stack.create(properties(difference)).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    stack.account.clear_calls();
    stack
}

/// An update from one difference to another, and how long it took.
async fn change(stack: &Stack, old: &Value, new: &Value) -> (Answer, Duration) {
    let started = Instant::now();
    (stack.update("Auditor", properties(old), properties(new)).await, started.elapsed())
}

/// Like [`change`], this number of seconds after noon.
async fn change_after(stack: &Stack, seconds: u64, old: &Value, new: &Value) -> Answer {
    let fields = json!({
        "PhysicalResourceId": "Auditor", "ResourceProperties": properties(new), "OldResourceProperties": properties(old),
    });
    let mut event = stack.event("Update", &fields);
    // Without its date, the request is never too old.
    event["ResponseURL"] = json!(event["ResponseURL"].as_str().unwrap().replace("X-Amz-Date", "X-Unknown"));
    stack.send_at(event, noon() + Duration::from_secs(seconds)).await
}

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800)
}

fn role(stack: &Stack) -> Role {
    stack.account.role("Auditor").unwrap()
}

/// The policy as the console writes it.
fn revocation(cut_off: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": {"DateLessThan": {"aws:TokenIssueTime": cut_off}},
    }]})
}

fn inline(stack: &Stack, name: &str) -> Option<Value> {
    let policies = role(stack).inline_policies;
    Some(policies.get(name)?.json())
}

/// The time before which sessions are ended. Checks that the policy does nothing else.
fn cut_off(stack: &Stack) -> Option<String> {
    let policy = inline(stack, REVOCATION)?;
    let date = policy["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"].as_str().unwrap().to_owned();
    assert_eq!(policy, revocation(&date));
    Some(date)
}

fn is_tagged(stack: &Stack) -> bool {
    role(stack).tags.contains_key(REVOKE_TAG)
}
