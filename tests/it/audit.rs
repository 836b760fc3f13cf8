//! The audit, through the whole function: every kind of finding, in an account in memory.

mod answers;
mod drift;
mod findings;
mod hostile;
mod reach;
mod reading;
mod schema;

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::fixtures::{PROVIDER, READ_ONLY, read_bucket};
use crate::stack::Stack;
use crate::wire::iam::Role;

/// The external ID of the role. No answer may contain it.
const ID: &str = "an-external-id-that-nobody-guesses";

/// The properties of a role in which nothing is found.
fn auditor() -> Value {
    json!({
        "RoleName": "Auditor",
        "ExternalAwsAccountId": PROVIDER,
        "ExternalId": ID,
        "CustomPolicy": read_bucket(),
        "ManagedPolicyArns": [READ_ONLY],
    })
}

/// The stack that manages the role, as the role was just made.
async fn stack() -> Stack {
    stack_with(json!({})).await
}

/// The same with other properties.
async fn stack_with(properties: Value) -> Stack {
    made(Stack::new(), properties).await
}

async fn made(stack: Stack, properties: Value) -> Stack {
    let made = stack.create(crate::fixtures::merged(auditor(), &properties)).await;
    assert!(made.succeeded(), "{made:?}");
    stack.cloudformation.set("CREATE_COMPLETE", "Auditor");
    stack.account.clear_calls();
    stack
}

/// Changes the role by hand.
fn by_hand(stack: &Stack, change: impl FnOnce(&mut Role)) {
    stack.account.edit(|aws| change(aws.role_mut("Auditor")));
}

/// The report. It is checked that nothing was written, and that no external ID is in it.
async fn report(stack: &Stack) -> Value {
    let report = stack.call(json!({"Audit": {}})).await;
    checked(stack, report)
}

async fn report_at(stack: &Stack, seconds: u64) -> Value {
    let report = stack.call_at(json!({"Audit": {}}), SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).await;
    checked(stack, report)
}

fn checked(stack: &Stack, report: Value) -> Value {
    assert_eq!(stack.account.writes(), [""; 0], "an audit writes nothing");
    assert!(!report.to_string().contains(ID), "an external ID is in {report:#}");
    schema::check(&report);
    report
}

/// The only role of a complete report.
fn only_role(report: &Value) -> &Value {
    assert_eq!((&report["Complete"], &report["Gaps"]), (&json!(true), &json!([])), "{report:#}");
    let [role] = &report["Roles"].as_array().unwrap()[..] else { panic!("not one role: {report:#}") };
    role
}

/// The findings of the only role: code, severity and message.
async fn found(stack: &Stack) -> Vec<(String, String, String)> {
    findings(only_role(&report(stack).await))
}

fn findings(role: &Value) -> Vec<(String, String, String)> {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = role["Findings"].as_array().unwrap().iter();
    findings.map(|one| (text(one, "Code"), text(one, "Severity"), text(one, "Message"))).collect()
}

/// The codes of the findings of the only role.
async fn codes(stack: &Stack) -> Vec<String> {
    found(stack).await.into_iter().map(|(code, ..)| code).collect()
}
