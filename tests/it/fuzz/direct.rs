//! Direct calls: any input, and audits of any role.

use std::time::{Duration, SystemTime};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt;

use super::event::any_fuzzed;
use super::json::{any_json, any_policy, any_text};
use super::{Log, SECRET, SECRETS, WithMetrics, cases};
use crate::stack::Stack;
use crate::wire::iam::{Document, Role};

/// The answer, after a check of what holds for each answer and each log.
fn call(stack: &Stack, event: Value) -> Result<Value, TestCaseError> {
    let log = Log::default();
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(log.clone());
    let _listening = tracing::subscriber::set_default(
        tracing_subscriber::registry().with(lines.map_event_format(WithMetrics)).with(
            tracing_subscriber::filter::Targets::new().with_target("service_provider_access", tracing::Level::TRACE),
        ),
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_860);
    let answer = runtime.block_on(stack.call_at(event, now));
    prop_assert!(answer.is_object(), "{answer}");
    let mut said = answer.clone();
    // It is what was asked for.
    said["RoleArn"] = Value::Null;
    let lines = log.take();
    prop_assert!(!said.to_string().contains("[internal-error]"), "a panic: {answer}");
    prop_assert!(lines.contains(r#""_aws":{"#), "its metrics are missing: {lines}");
    for secret in SECRETS {
        prop_assert!(!said.to_string().contains(secret), "{secret} is revealed: {answer}");
        prop_assert!(!lines.contains(secret), "{secret} is logged: {lines}");
    }
    Ok(answer)
}

#[test]
fn any_direct_check_is_answered_with_a_verdict() {
    let more = prop_oneof![4 => Just(None), 1 => any_json().prop_map(Some)];
    cases("any direct check", 200, (any_fuzzed(), more), |(fuzzed, more)| {
        let stack = Stack::of("Custom::AccessCheck");
        stack.customer.trusts(|id| id.is_some());
        let properties = (fuzzed.event)("Auditor")["ResourceProperties"].take();
        let event = json!({"AccessCheck": more.unwrap_or(properties)});
        let answer = call(&stack, event)?;
        let verdict = answer["Verdict"].as_str().unwrap_or_default();
        prop_assert!(["Safe", "Unsafe", "Shut", "Inconclusive", "Refused"].contains(&verdict), "{answer}");
        prop_assert_eq!(answer["Reason"] == "", verdict == "Safe", "{}", answer);
        Ok(())
    });
}

#[test]
fn an_audit_of_any_role_is_complete_and_reveals_no_external_id() {
    let document = || prop_oneof![2 => any_policy(), 2 => any_json()].prop_map(|document| document.to_string());
    let document = move || prop_oneof![6 => document(), 1 => any_text()];
    // As far as IAM accepts a character.
    let accepted =
        |text: String| text.chars().filter(|c| matches!(c, ' '..='~' | '\u{a1}'..='\u{ff}')).collect::<String>();
    let names = vec(any_text().prop_map(accepted), 6);
    cases(
        "any role",
        150,
        (document(), document(), names, any::<(bool, bool)>()),
        |(trust, inline, mut names, (marked, known))| {
            let stack = Stack::new();
            let mut role = Role::named("Auditor").path("/delegated/").description(&names[0]);
            role.trust = Document::broken(&trust);
            if known {
                let operator = ["StringEquals", "StringLike", "StringNotEqualsIgnoreCase"][names[0].len() % 3];
                let way = json!({
                    "Effect": "Allow",
                    "Principal": {"Federated": format!("{}{SECRET}", names[0])},
                    "Action": ["sts:AssumeRole", SECRET],
                    "Condition": {operator: {"sts:ExternalId": [SECRET]}},
                });
                role.trust = json!({"Statement": [way]}).into();
                names[1..5].iter_mut().for_each(|name| name.push_str(SECRET));
                role.inline_policies.insert(SECRET.to_owned(), Document::broken(&inline));
            }
            role.inline_policies.insert("CustomPolicy".into(), Document::broken(&inline));
            role.inline_policies.insert("ServiceProviderAccessGuardrails".into(), Document::broken(&inline));
            role.permissions_boundary = Some(names[1].clone()).filter(|name| !name.is_empty());
            role = role.attach(&format!("arn:aws:iam::aws:policy/{}", names[2]));
            for (tag, value) in ["state", "external-id", "revoke"].iter().zip(&names[3..]) {
                role = role.tag(&format!("service-provider-access:{tag}"), value);
            }
            if marked {
                role = role.tag("service-provider-access:stack-id", &stack.id);
                role = role.tag("service-provider-access:logical-id", "Access");
            }
            stack.account.put_role(role);
            let report = call(&stack, json!({"Audit": {}}))?;
            prop_assert_eq!(report["Roles"].as_array().map(Vec::len), Some(1), "{}", report);
            prop_assert_eq!(stack.account.writes(), Vec::<String>::new());
            Ok(())
        },
    );
}
