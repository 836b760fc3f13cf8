//! Whether a customer's role is safe, in whole requests to a fake STS.

mod asked;
mod life;
mod refused;
mod second_factor;
mod verdicts;

use expect_test::{Expect, expect};
use regex_lite::Regex;
use serde_json::{Value, json};

use crate::stack::{Answer, Stack};
use crate::wire::sts::{Customer, Fault};

/// With letters in both cases, digits, and characters that have a meaning in patterns.
const RIGHT: &str = "Acme-7f3c.90b2+E4d1";

/// The reason of AWS when its own policy denies the provider.
const OWN_POLICY: &str = "because no identity-based policy allows the sts:AssumeRole action";

/// A provider's stack that checks the role of a customer with this trust.
fn checking(trust: impl Fn(Option<&str>) -> bool + Send + 'static) -> Stack {
    let stack = Stack::of("Custom::AccessCheck");
    stack.customer.trusts(trust);
    stack
}

/// As a customer should have it.
fn exactly(external_id: Option<&str>) -> bool {
    external_id == Some(RIGHT)
}

fn no_id(_: Option<&str>) -> bool {
    false
}

fn right(external_id: Option<&str>) -> bool {
    external_id == Some(RIGHT)
}

fn none(external_id: Option<&str>) -> bool {
    external_id.is_none()
}

fn appended(external_id: Option<&str>) -> bool {
    external_id.is_some_and(|id| id.len() == RIGHT.len() + 1 && id.starts_with(RIGHT))
}

/// The properties of a check of the customer's role, and further ones.
fn question(further: &Value) -> Value {
    let mut properties = json!({ "RoleArn": Customer::ROLE, "ExternalId": RIGHT });
    properties.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    properties
}

fn usual() -> Value {
    question(&json!({}))
}

async fn create(stack: &Stack, properties: Value) -> Answer {
    let answer = checked(stack, stack.create(properties).await);
    if let Some((verdict, _)) = answered(&answer).filter(|_| !answer.succeeded()) {
        let (word, _) = answer.reason().split_once(": ").unwrap_or_default();
        assert_eq!(word.to_ascii_lowercase(), verdict, "the reason names the verdict: {}", answer.0);
    }
    answer
}

async fn update(stack: &Stack, physical_id: &str, old: Value, new: Value) -> Answer {
    let answer = checked(stack, stack.update(physical_id, old, new).await);
    if !answer.succeeded() {
        assert_eq!(answer.physical_id(), physical_id, "a failed update keeps its ID");
    }
    answer
}

async fn delete(stack: &Stack, physical_id: &str, properties: Value) -> Answer {
    checked(stack, stack.delete(physical_id, properties).await)
}

/// What holds for every answer.
fn checked(stack: &Stack, answer: Answer) -> Answer {
    assert_eq!(stack.account.calls(), [""; 0], "IAM is not asked");
    let text = answer.0.to_string();
    let asked = stack.customer.external_ids().into_iter().flatten();
    for secret in asked.chain(Customer::CREDENTIALS.map(str::to_owned)).chain([RIGHT.to_owned()]) {
        // Shorter text can occur anywhere.
        assert!(secret.len() < 6 || !text.contains(&secret), "{secret} is revealed: {text}");
    }
    if answer.succeeded() && answer.0["Data"] != json!({}) {
        let keys: Vec<_> = answer.0["Data"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["AccountId", "CheckedAt", "Probes", "RoleArn", "Verdict"]);
        assert!(["Safe", "Inconclusive"].contains(&answer.attribute("Verdict")), "{text}");
        assert!(answered(&answer).is_some(), "{text}");
    }
    answer
}

/// The verdict in a physical ID, and the time.
fn answered(answer: &Answer) -> Option<(String, String)> {
    let form = Regex::new("^access-check-[0-9a-f]{64}-(safe|unsafe|shut|inconclusive)-([0-9]{8}T[0-9]{6}Z)$").unwrap();
    let parts = form.captures(answer.physical_id())?;
    Some((parts[1].to_owned(), parts[2].to_owned()))
}

fn verdict(answer: &Answer) -> String {
    answered(answer).unwrap_or_else(|| panic!("{} is no answer", answer.physical_id())).0
}

/// How the external ID of a request differs from the right one.
fn difference(right: &str, asked: Option<&str>) -> String {
    let Some(asked) = asked else { return "none".into() };
    let longer = asked.len() == right.len() + 1;
    let swapped = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    let different: Vec<usize> =
        asked.char_indices().zip(right.chars()).filter(|((_, a), b)| a != b).map(|((index, _), _)| index).collect();
    if asked == right {
        "right".into()
    } else if longer && asked.starts_with(right) {
        "one more at the end".into()
    } else if longer && asked.ends_with(right) {
        "one more at the start".into()
    } else if asked.len() != right.len() {
        format!("{} instead of {} characters", asked.len(), right.len())
    } else if right.chars().map(swapped).collect::<String>() == asked {
        "case".into()
    } else if let [index] = different[..] {
        let kept = |a: &str, b: &str| a[index..=index].eq_ignore_ascii_case(&b[index..=index]);
        assert!(!kept(asked, right), "another probe changes only the letter case");
        format!("character {} of {}", index + 1, right.len())
    } else {
        format!("{} characters of {}", different.len(), right.len())
    }
}

fn all_differences(stack: &Stack, right: &str) -> Vec<String> {
    stack.customer.external_ids().iter().map(|asked| difference(right, asked.as_deref())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_role_that_only_the_right_id_can_assume_is_safe() {
    let stack = checking(exactly);
    let answer = create(&stack, usual()).await;
    assert_eq!(answered(&answer), Some(("safe".into(), "20261122T120001Z".into())));
    expect![[r#"
        {
          "AccountId": "999999999999",
          "CheckedAt": "2026-11-22T12:00:01Z",
          "Probes": "the right external ID: opened\nno external ID: denied\na random external ID of the same length: denied\nthe first character changed: denied\nthe middle character changed: denied\nthe last character changed: denied\nthe letters' case flipped: denied\na character appended: denied\na character prepended: denied\nthe right external ID again: opened\nNot visible from outside: a second external ID that the role accepts, other principals that it trusts, and access under conditions that this check does not meet.",
          "RoleArn": "arn:aws:iam::999999999999:role/delegated/ProviderAccess",
          "Verdict": "Safe"
        }"#]].assert_eq(&serde_json::to_string_pretty(&answer.0["Data"]).unwrap());
    let asked = all_differences(&stack, RIGHT);
    expect![[r"
        right
        none
        19 characters of 19
        character 1 of 19
        character 10 of 19
        character 19 of 19
        case
        one more at the end
        one more at the start
        right"]]
    .assert_eq(&asked.join("\n"));
    assert!(stack.customer.requests().iter().all(|request| request.role == Customer::ROLE));
}

async fn reason(stack: &Stack, properties: Value, expected: Expect) -> Answer {
    let answer = create(stack, properties).await;
    expected.assert_eq(&without_request_ids(answer.reason()));
    answer
}

/// The number of the request depends on the number of retries, which is random.
fn without_request_ids(text: &str) -> String {
    let request_id = Regex::new(r"\(AWS request ID [0-9a-f-]{36}\)").unwrap();
    request_id.replace_all(text, "(AWS request ID …)").into_owned()
}
