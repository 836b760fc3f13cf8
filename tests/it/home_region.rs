//! One role for several Regions, in whole requests: the stack of the home Region keeps the role, and the stacks of other
//! Regions wait for it, return its attributes and never change it.

mod create;
mod delete;
mod differences;
mod external_id;
mod moving;
mod ownership;
mod update;

use std::time::Duration;

use expect_test::Expect;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fixtures::{AUDIT, ID, PROVIDER, merged};
use crate::stack::{Answer, Stack};
use crate::wire::iam::Role;

/// The properties of the role, with these differences; null removes a property.
fn properties(difference: &Value) -> Value {
    let properties = json!({
        "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "HomeRegion": "us-east-1",
        "ManagedPolicyArns": [AUDIT], "Description": "for the auditor", "Tags": [{"Key": "team", "Value": "platform"}],
    });
    merged(properties, difference)
}

fn unchanged() -> Value {
    properties(&json!({}))
}

/// The stacks of the home Region and of another Region. Neither has a role yet.
fn two_regions() -> (Stack, Stack) {
    let home = Stack::new();
    let other = home.in_region("eu-west-1");
    (home, other)
}

/// The same, after the stack of the home Region made the role.
async fn created_at_home() -> (Stack, Stack) {
    let (home, other) = two_regions();
    let made = home.create(unchanged()).await;
    assert!(made.succeeded(), "{}", made.reason());
    home.account.clear_calls();
    (home, other)
}

/// The answer, and how long it took.
async fn timed(answer: impl Future<Output = Answer>) -> (Answer, Duration) {
    let started = Instant::now();
    (answer.await, started.elapsed())
}

/// A refusal that comes at once and changes nothing.
async fn check_refused_at_once(stack: &Stack, answer: impl Future<Output = Answer>, expected: Expect) {
    let took = check_refused(stack, answer, expected).await;
    assert!(took < Duration::from_secs(1), "after {took:?}");
}

/// A refusal that comes at the deadline, after waiting for a change, and changes nothing.
async fn check_refused_at_the_deadline(stack: &Stack, answer: impl Future<Output = Answer>, expected: Expect) {
    let took = check_refused(stack, answer, expected).await;
    assert!(took > Duration::from_secs(45), "it waits until the deadline: {took:?}");
    let calls = stack.account.calls().len();
    assert!(calls < 130, "{calls} calls");
}

async fn check_refused(stack: &Stack, answer: impl Future<Output = Answer>, expected: Expect) -> Duration {
    let before = stack.account.role("Auditor");
    stack.account.clear_calls();
    let (answer, took) = timed(answer).await;
    expected.assert_eq(answer.reason());
    check_untouched(stack, before.as_ref());
    took
}

fn check_untouched(stack: &Stack, before: Option<&Role>) {
    assert_eq!(stack.account.writes(), Vec::<String>::new());
    assert_eq!(stack.account.role("Auditor").as_ref(), before);
}
