//! Roles that an attacker changed or made so that an audit says too little, or too much.

use serde_json::{Value, json};

use super::{by_hand, found, only_role, report, stack, stack_with};
use crate::fixtures::{STATE_TAG, trust_everybody};
use crate::wire::iam::Role;

#[tokio::test(start_paused = true)]
async fn a_role_is_audited_whatever_characters_iam_allows_in_its_path() {
    for path in ["/delegated/a!b/", "/delegated//x/", "/delegated/<b>*/"] {
        let stack = stack().await;
        stack.account.edit(|aws| {
            aws.roles.clear();
        });
        let mut role = Role::named("Hidden").path(path);
        role.trust = trust_everybody().into();
        stack.account.put_role(role);
        let report = report(&stack).await;
        let codes: Vec<_> = super::findings(only_role(&report)).into_iter().map(|(code, ..)| code).collect();
        assert_eq!(codes, ["open", "unmarked"], "{path}");
    }
}

/// The trust policy with another value of this condition, on a role without a state tag, as an earlier version wrote it.
async fn with_condition(operator: &str, key: &str, value: Value) -> Value {
    let stack = stack_with(json!({"ExpiresAt": "2027-11-22T12:00:00Z"})).await;
    by_hand(&stack, |role| {
        role.tags.remove(STATE_TAG);
        let mut trust = role.trust.json().clone();
        let statement =
            if trust["Statement"].is_array() { &mut trust["Statement"][0] } else { &mut trust["Statement"] };
        statement["Condition"][operator][key] = value.clone();
        role.trust = trust.into();
    });
    only_role(&report(&stack).await).clone()
}

#[tokio::test(start_paused = true)]
async fn an_external_id_that_every_caller_can_send_is_none() {
    for id in [
        json!("${sts:ExternalId}"),
        json!("${aws:PrincipalTag/team}"),
        json!([super::ID, "${aws:PrincipalTag/team}"]),
        json!([super::ID, ""]),
    ] {
        let role = with_condition("StringEquals", "sts:ExternalId", id.clone()).await;
        assert_eq!(role["RequiresExternalId"], json!(false), "{id}");
        assert!(super::findings(&role).iter().any(|(code, ..)| code == "open"), "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_that_cannot_be_read_is_never_an_end() {
    // IAM reads the second value as seconds since 1970.
    let role = with_condition("DateLessThan", "aws:CurrentTime", json!(["2020-01-01T00:00:00Z", "4102444800"])).await;
    assert_eq!(role["ExpiresAt"], Value::Null);
    assert!(!super::findings(&role).iter().any(|(code, ..)| code == "expired"), "{role:#}");
}

#[tokio::test(start_paused = true)]
async fn an_external_id_is_hidden_in_any_letter_case_that_the_report_writes() {
    let id = "Acme-7D1C9A3E-5B2F-4C8D";
    let stack = stack_with(json!({"ExternalId": id})).await;
    by_hand(&stack, |role| {
        let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": format!("{id}:Get"), "Resource": "*"}});
        role.inline_policies.insert("Extra".into(), policy.into());
    });
    let report = report(&stack).await.to_string();
    assert!(!report.to_ascii_lowercase().contains(&id.to_ascii_lowercase()), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_principal_that_only_looks_like_an_account_is_an_opening() {
    for principal in [
        json!({"AWS": "１１１１２２２２３３３３"}),
        json!({"AWS": "AROAEXAMPLEEXAMPLE123"}),
        json!({"Federated": "arn:aws:iam::111122223333:saml-provider/x"}),
        json!({"Federated": "cognito-identity.amazonaws.com"}),
        json!({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}),
        json!({"AWS": ["arn:aws:iam::111122223333:root", "*"]}),
        json!({"AWS": "arn:aws:iam::*:root"}),
        json!({"AWS": {"x": "*"}}),
        json!({}),
        Value::Null,
    ] {
        let stack = stack().await;
        by_hand(&stack, |role| {
            role.tags.remove(STATE_TAG);
            let mut trust = role.trust.json().clone();
            let statement =
                if trust["Statement"].is_array() { &mut trust["Statement"][0] } else { &mut trust["Statement"] };
            statement["Principal"] = principal.clone();
            role.trust = trust.into();
        });
        let found = found(&stack).await;
        assert!(found.iter().any(|(code, ..)| code == "open"), "{principal}: {found:#?}");
    }
}
