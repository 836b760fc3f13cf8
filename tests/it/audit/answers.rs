//! Direct calls get an answer, whatever is wrong with them.

use serde_json::{Value, json};

use super::{ID, stack};
use crate::stack::Stack;
use crate::wire::sts::{Customer, Fault};

const VERDICT: [&str; 6] = ["AccountId", "CheckedAt", "Probes", "Reason", "RoleArn", "Verdict"];

fn refused(answer: &Value) -> &str {
    assert_eq!(answer["Verdict"], "Refused", "{answer:#}");
    answer["Reason"].as_str().unwrap()
}

fn keys(answer: &Value) -> Vec<&str> {
    answer.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn an_audit_has_no_properties() {
    let answer = stack().await.call(json!({"Audit": {"RoleName": "Auditor"}})).await;
    assert_eq!(refused(&answer), "Audit has no properties; send {\"Audit\": {}}. [malformed-request]");
    assert_eq!((&answer["Complete"], &answer["Roles"]), (&json!(false), &json!([])));
    super::schema::check(&answer);
}

#[tokio::test(start_paused = true)]
async fn with_wrong_settings_nothing_is_audited_and_the_answer_says_so() {
    for (setting, value) in
        [("MAX_SESSION_DURATION_CAP", "long"), ("UNUSED_AFTER_DAYS", "0"), ("EXPIRING_WITHIN_DAYS", "soon")]
    {
        let stack = stack().await.with(setting, value);
        let answer = stack.call(json!({"Audit": {}})).await;
        let reason = refused(&answer);
        let start = format!(
            "The function's settings are wrong, so it audits no role. Its owner must correct them. {setting} must be"
        );
        assert!(reason.starts_with(&start) && reason.ends_with("[invalid-setting]"), "{reason}");
        assert_eq!(stack.account.calls(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_serves_only_the_calls_that_it_is_installed_for() {
    let customer = Stack::new().with("RESOURCE_TYPES", "Custom::DelegatedRole");
    let answer = customer.call(json!({"AccessCheck": {}})).await;
    assert_eq!(
        refused(&answer),
        "This function is not installed for Custom::AccessCheck. Call a function that is. [wrong-function]"
    );
    let provider = Stack::new().with("RESOURCE_TYPES", "Custom::ExternalId,Custom::AccessCheck");
    let answer = provider.call(json!({"Audit": {}})).await;
    assert!(refused(&answer).starts_with("This function is not installed for Custom::DelegatedRole."));
}

#[tokio::test(start_paused = true)]
async fn a_malformed_call_is_answered() {
    for event in [json!({"Audit": null}), json!({"AccessCheck": "now"}), json!({"Audit": {}, "AccessCheck": {}})] {
        assert!(refused(&Stack::new().call(event).await).ends_with(" [malformed-request]"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_can_be_checked_now() {
    let provider = Stack::of("Custom::AccessCheck");
    provider.customer.trusts(|id| id == Some(ID));
    let answer = provider.call(json!({"AccessCheck": {"RoleArn": Customer::ROLE, "ExternalId": ID}})).await;
    assert_eq!(keys(&answer), VERDICT);
    assert_eq!((&answer["Verdict"], &answer["Reason"]), (&json!("Safe"), &json!("")), "{answer:#}");
    assert_eq!(answer["RoleArn"], Customer::ROLE);
    assert_eq!(answer["CheckedAt"], "2026-11-22T12:01:00Z");
    assert!(!answer.to_string().contains(ID));
}

#[tokio::test(start_paused = true)]
async fn an_unsafe_role_is_answered_with_its_probes_and_its_reason() {
    let provider = Stack::of("Custom::AccessCheck");
    provider.customer.trusts(|_| true);
    let answer = provider.call(json!({"AccessCheck": {"RoleArn": Customer::ROLE, "ExternalId": ID}})).await;
    assert_eq!((keys(&answer), &answer["Verdict"]), (VERDICT.to_vec(), &json!("Unsafe")));
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.contains("Unsafe") && reason.ends_with("[unsafe]"), "{reason}");
    assert!(!answer["Probes"].as_str().unwrap().is_empty());
    assert!(!answer.to_string().contains(ID));
}

#[tokio::test(start_paused = true)]
async fn bad_properties_are_refused_without_the_external_id() {
    let answer = Stack::of("Custom::AccessCheck").call(json!({"AccessCheck": {"RoleArn": ID, "ExternalId": ID}})).await;
    assert_eq!(keys(&answer), VERDICT);
    let reason = refused(&answer);
    assert!(reason.starts_with("RoleArn ") && reason.ends_with("[invalid-value]"), "{reason}");
    assert!(!reason.contains(ID), "{reason}");
    let own = json!({"RoleArn": "arn:aws:iam::111111111111:role/Own", "ExternalId": ID});
    let answer = Stack::of("Custom::AccessCheck").call(json!({"AccessCheck": own})).await;
    assert!(refused(&answer).ends_with("[own-account]"));
}

#[tokio::test(start_paused = true)]
async fn a_role_named_like_its_external_id_is_reported_by_the_name_that_was_asked_for_only() {
    let role = format!("arn:aws:iam::999999999999:role/{ID}");
    let mut answer =
        Stack::of("Custom::AccessCheck").call(json!({"AccessCheck": {"RoleArn": role, "ExternalId": ID}})).await;
    assert_eq!((&answer["Verdict"], &answer["RoleArn"]), (&json!("Shut"), &json!(role)), "{answer:#}");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.contains("arn:aws:iam::999999999999:role/(the external ID)"), "{reason}");
    answer["RoleArn"] = json!("");
    assert!(!answer.to_string().contains(ID), "{answer:#}");
}

#[tokio::test(start_paused = true)]
async fn what_aws_says_about_a_probe_is_answered_without_the_external_id() {
    let provider = Stack::of("Custom::AccessCheck");
    provider.customer.trusts(|id| id == Some(ID));
    // The probe itself has none, so nothing that it sent can be recognized in the error.
    let quoting = Fault::refused(400, "ValidationError", &format!("not without {ID}"));
    provider.customer.fail(quoting.of(|id| id.is_none()).every());
    let answer = provider.call(json!({"AccessCheck": {"RoleArn": Customer::ROLE, "ExternalId": ID}})).await;
    assert_eq!(answer["Verdict"], "Inconclusive", "{answer:#}");
    for text in ["Probes", "Reason"] {
        assert!(answer[text].as_str().unwrap().contains("not without (the external ID)"), "{answer:#}");
    }
    assert!(!answer.to_string().contains(ID), "{answer:#}");
}
