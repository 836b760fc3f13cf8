//! `Policies`: further inline policies under their own names.

mod changes;
mod refused;

use serde_json::{Value, json};

use crate::fixtures::{GUARDRAILS, ID, PROVIDER, REVOCATION, allow, merged};
use crate::stack::Stack;
use crate::wire::iam::Role;

/// The properties of a role without managed policies, with these differences; null removes a property.
fn properties(difference: &Value) -> Value {
    merged(json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor"}), difference)
}

/// `Policies` with these names and documents.
fn policies<const N: usize>(policies: [(&str, Value); N]) -> Value {
    let policy = |(name, document): (&str, Value)| json!({"PolicyName": name, "PolicyDocument": document});
    json!({"Policies": policies.map(policy).to_vec()})
}

/// Lets the provider read a bucket.
fn reads(bucket: &str) -> Value {
    allow("s3:GetObject", &format!("arn:aws:s3:::{bucket}/*"))
}

/// Allows one action on one bucket, and denies another on everything.
fn reads_but_never(bucket: &str, denied: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*")},
        {"Effect": "Deny", "Action": denied, "Resource": "*"},
    ]})
}

/// A stack with a role that has these differences.
async fn made(difference: &Value) -> Stack {
    let stack = Stack::new();
    let answer = stack.create(properties(difference)).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    stack
}

/// An update from one difference to another, its warnings, and the writes that it took.
async fn change(stack: &Stack, old: &Value, new: &Value) -> (String, Vec<String>) {
    stack.account.clear_calls();
    let answer = stack.update("Auditor", properties(old), properties(new)).await;
    (answer.attribute("Warnings").to_owned(), stack.account.writes())
}

fn role(stack: &Stack) -> Role {
    stack.account.role("Auditor").unwrap()
}

/// The inline policies of the role but the two that every role can have.
fn inline(stack: &Stack) -> Value {
    let policies = role(stack).inline_policies;
    let ours = |name: &String| ![GUARDRAILS, REVOCATION].contains(&name.as_str());
    policies.iter().filter(|(name, _)| ours(name)).map(|(name, policy)| (name.clone(), policy.json())).collect()
}

fn puts(policy: &str) -> String {
    format!("PutRolePolicy Auditor {policy}")
}

fn deletes(policy: &str) -> String {
    format!("DeleteRolePolicy Auditor {policy}")
}
