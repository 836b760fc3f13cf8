//! Roles of the kinds that vendors ask for. Each is declared as a customer would write it and goes through the whole
//! handler; what is compared is the whole answer: every warning, or the whole reason.

mod aws_policies;
mod monitoring;
mod operations;
mod scanning;
mod size;
mod trust;

use expect_test::Expect;
use serde_json::{Value, json};

use crate::fixtures::{GUARDRAILS, ID, PROVIDER, merged};
use crate::stack::Stack;
use crate::wire::iam::Role;

/// A vendor's role with these properties, besides the account and the external ID of the vendor.
fn role(properties: &Value) -> Value {
    let every = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Vendor"});
    merged(every, properties)
}

/// The role is made, under exactly these warnings.
async fn check_made(stack: &Stack, properties: &Value, warnings: &Expect) -> Role {
    let answer = stack.create(role(properties)).await;
    warnings.assert_eq(answer.attribute("Warnings"));
    let made = stack.account.role(answer.physical_id()).unwrap();
    assert!(made.inline_policies.contains_key(GUARDRAILS));
    made
}

/// The role is refused with exactly this reason, before anything is written.
async fn check_refused(stack: &Stack, properties: &Value, reason: &Expect) {
    let answer = stack.create(role(properties)).await;
    // Each problem on a line of its own.
    let problems =
        (1..).map_while(|number| Some(format!(" ({number}) ")).filter(|item| answer.reason().contains(item)));
    let lines = problems
        .fold(answer.reason().to_owned(), |reason, item| reason.replace(&item, &format!("\n{}", item.trim_start())));
    reason.assert_eq(&lines);
    assert_eq!(stack.account.writes(), Vec::<String>::new());
    assert!(answer.physical_id().starts_with("refused-"));
}

/// What is attached to a role, in order of the ARNs: the attachments are made side by side.
fn attached(role: &Role) -> Vec<&str> {
    let mut arns: Vec<_> = role.attached_policies.iter().map(String::as_str).collect();
    arns.sort_unstable();
    arns
}

fn document(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}
