//! What was changed by hand, by part, and what the message names.

use serde_json::{Value, json};

use super::{by_hand, found, made, stack, stack_with};
use crate::fixtures::{EC2, PROVIDER, READ_ONLY, REVOCATION, S3, allow_everything, deny, read_bucket, trust};
use crate::stack::Stack;
use crate::wire::iam::{Policy, Role};

/// What the only `drifted` finding says after the change.
async fn drift(stack: Stack, change: impl FnOnce(&mut Role)) -> String {
    by_hand(&stack, change);
    let found = found(&stack).await;
    let drifted: Vec<_> = found.iter().filter(|(code, ..)| code == "drifted").collect();
    let [(_, _, message)] = drifted[..] else { panic!("not one: {found:#?}") };
    let (part, what) =
        message.split_once(" changed since the function wrote the role on 2026-11-22T12:00:00Z: ").unwrap();
    let (what, _) = what.split_once(". To restore it, change Revision and update the stack.").unwrap();
    format!("{part}: {what}")
}

/// The trust policy with this change.
fn trusting(role: &mut Role, change: impl FnOnce(&mut Value)) {
    let mut trust = role.trust.json();
    change(&mut trust);
    role.trust = trust.into();
}

/// The first statement, in whatever form IAM keeps it.
fn statement(trust: &mut Value) -> &mut Value {
    match &mut trust["Statement"] {
        Value::Array(statements) => &mut statements[0],
        one => one,
    }
}

#[tokio::test(start_paused = true)]
async fn the_trust_policy() {
    let mfa = json!({"RequireMfa": true, "ExternalId": null});
    let what = drift(stack_with(mfa.clone()).await, |role| {
        trusting(role, |trust| drop(statement(trust)["Condition"].as_object_mut().unwrap().remove("Bool")));
    });
    assert_eq!(what.await, "The trust policy: the condition on MFA was removed");

    let permissive = Stack::new().with("PERMIT_MISSING_EXTERNAL_ID", "true");
    let what = drift(made(permissive, mfa).await, |role| {
        trusting(role, |trust| drop(statement(trust)["Condition"].as_object_mut().unwrap().remove("StringEquals")));
    });
    assert_eq!(what.await, "The trust policy: the condition on the external ID was removed");

    let what = drift(stack().await, |role| {
        trusting(role, |trust| {
            let provider = format!("arn:aws:iam::{PROVIDER}:root");
            statement(trust)["Principal"]["AWS"] = json!([provider, "arn:aws:iam::999999999999:root"]);
        });
    });
    assert_eq!(what.await, "The trust policy: account 999999999999 was added");

    let what = drift(stack().await, |role| {
        trusting(role, |trust| {
            let own = statement(trust).clone();
            let other = json!({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"});
            trust["Statement"] = json!([own, other]);
        });
    });
    assert_eq!(what.await, "The trust policy: statement 2 was added");

    let what = drift(stack_with(json!({"ExpiresAt": "2027-11-22T12:00:00Z"})).await, |role| {
        trusting(role, |trust| drop(statement(trust)["Condition"].as_object_mut().unwrap().remove("DateLessThan")));
    });
    assert_eq!(what.await, "The trust policy: the end of the access was removed");

    let what = drift(stack().await, |role| role.trust = trust("another-external-id").into());
    assert_eq!(what.await, "The trust policy: it is another one");
}

#[tokio::test(start_paused = true)]
async fn another_spelling_is_no_drift() {
    let stack = stack().await;
    by_hand(&stack, |role| {
        trusting(role, |trust| {
            let action = &mut statement(trust)["Action"];
            *action = if action.is_array() { action[0].clone() } else { json!([action.clone()]) };
        });
    });
    assert_eq!(found(&stack).await, []);
}

#[tokio::test(start_paused = true)]
async fn the_inline_policies() {
    let add =
        |role: &mut Role, name: &str, policy: Value| drop(role.inline_policies.insert(name.into(), policy.into()));
    let what = drift(stack().await, |role| add(role, "More", read_bucket()));
    assert_eq!(what.await, "The inline policies: More was added");
    let what = drift(stack().await, |role| {
        add(role, "More", read_bucket());
        add(role, "Denied", deny("s3:*"));
    });
    assert_eq!(what.await, "The inline policies: Denied, More were added");
    let what = drift(stack().await, |role| add(role, "CustomPolicy", deny("s3:*")));
    assert_eq!(what.await, "The inline policies: CustomPolicy was changed");
    let what = drift(stack().await, |role| drop(role.inline_policies.remove("CustomPolicy")));
    assert_eq!(what.await, "The inline policies: CustomPolicy was removed");
    let guardrails = "ServiceProviderAccessGuardrails";
    let what = drift(stack().await, |role| drop(role.inline_policies.remove(guardrails)));
    assert_eq!(what.await, format!("The inline policies: {guardrails} was changed or removed"));
    let what = drift(stack().await, |role| {
        role.inline_policies.remove(guardrails);
        add(role, "More", read_bucket());
    });
    assert_eq!(what.await, format!("The inline policies: {guardrails} was changed or removed, and More was added"));
}

#[tokio::test(start_paused = true)]
async fn ended_sessions_are_no_drift_but_a_grant_under_that_name_is() {
    let stack = stack().await;
    by_hand(&stack, |role| drop(role.inline_policies.insert(REVOCATION.into(), deny("*").into())));
    assert_eq!(found(&stack).await, [], "an operator pressed \"Revoke active sessions\"");
    let what = drift(stack.clone(), |role| drop(role.inline_policies.insert(REVOCATION.into(), read_bucket().into())));
    assert_eq!(what.await, format!("The inline policies: {REVOCATION} does not only deny"));
}

#[tokio::test(start_paused = true)]
async fn the_attached_policies() {
    let what = drift(stack().await, |role| role.attached_policies.push(S3.into()));
    assert_eq!(what.await, format!("The attached policies: {S3} was added"));
    let what = drift(stack().await, |role| role.attached_policies.extend([S3.into(), EC2.into()]));
    assert_eq!(what.await, format!("The attached policies: {EC2}, {S3} were added"));
    let what = drift(stack().await, |role| role.attached_policies.clear());
    assert_eq!(what.await, "The attached policies: all of them were detached");
    let what = drift(stack().await, |role| role.attached_policies = vec![S3.into()]);
    assert_eq!(what.await, format!("The attached policies: some were detached or exchanged; attached are now {S3}"));
    assert_eq!(READ_ONLY, "arn:aws:iam::aws:policy/ReadOnlyAccess");
}

#[tokio::test(start_paused = true)]
async fn the_permissions_boundary() {
    let what = drift(stack().await, |role| role.permissions_boundary = Some(S3.into()));
    assert_eq!(what.await, format!("The permissions boundary: {S3} was added"));
    let bounded = async || {
        let stack = Stack::new();
        let most = stack.account.put_policy(Policy::named("Most", allow_everything()));
        made(stack, json!({"PermissionsBoundary": most})).await
    };
    let what = drift(bounded().await, |role| role.permissions_boundary = None);
    assert_eq!(what.await, "The permissions boundary: it was removed");
    let what = drift(bounded().await, |role| role.permissions_boundary = Some(S3.into()));
    assert_eq!(what.await, format!("The permissions boundary: it is now {S3}"));
}

#[tokio::test(start_paused = true)]
async fn the_settings_are_a_warning() {
    let stack = stack().await;
    by_hand(&stack, |role| role.max_session_duration = 7_200);
    let found_in = found(&stack).await;
    let [(code, severity, message)] = &found_in[..] else { panic!("{found_in:#?}") };
    assert_eq!((code.as_str(), severity.as_str()), ("drifted", "warning"));
    assert!(message.contains("the longest session, which is now 7200 seconds"), "{message}");
    by_hand(&stack, |role| {
        role.max_session_duration = 3_600;
        role.description = Some("by hand".into());
    });
    assert_eq!(found(&stack).await[0].0, "drifted");
}

#[tokio::test(start_paused = true)]
async fn what_others_may_add_is_no_drift() {
    let stack = stack().await;
    by_hand(&stack, |role| drop(role.tags.insert("cost-center".into(), "7".into())));
    assert_eq!(found(&stack).await, []);
}
