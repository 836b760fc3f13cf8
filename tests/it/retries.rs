//! Temporary failures: which calls are retried, and for how long.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use service_provider_access::handler::Invocation;
use tokio::time::Instant;

use crate::fixtures::{FUNCTION, PROVIDER};
use crate::stack::{Answer, Stack};
use crate::wire::bucket::Bucket;
use crate::wire::iam::Fault;
use crate::wire::sts::{self, Customer};

/// Errors that AWS returns if the clock of the caller is wrong, for example after a freeze.
const CLOCK_ERRORS: [(u16, &str, &str); 4] = [
    (
        403,
        "SignatureDoesNotMatch",
        "Signature expired: 20261122T114000Z is now earlier than 20261122T114500Z (20261122T120000Z - 15 min.)",
    ),
    (
        403,
        "SignatureDoesNotMatch",
        "Signature not yet current: 20261122T122000Z is still later than 20261122T121500Z (20261122T120000Z + 15 min.)",
    ),
    (403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    (403, "InvalidSignatureException", "Signature expired"),
];

fn properties() -> Value {
    json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor" })
}

/// The answer to a create, and how long it took.
async fn create(stack: &Stack, properties: Value) -> (Answer, Duration) {
    let started = Instant::now();
    let answer = stack.create(properties).await;
    (answer, started.elapsed())
}

fn checking() -> (Stack, Value) {
    let stack = Stack::of("Custom::AccessCheck");
    stack.customer.trusts(|id| id == Some("Acme-7f3c.90b2"));
    (stack, json!({ "RoleArn": Customer::ROLE, "ExternalId": "Acme-7f3c.90b2" }))
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_signature_is_invalid_because_of_the_clock_is_retried() {
    for (status, code, message) in CLOCK_ERRORS {
        let stack = Stack::new();
        stack.account.fail(Fault::refused(status, code, message).on("CreateRole").first(3));
        let (answer, took) = create(&stack, properties()).await;
        assert!(answer.succeeded(), "{code}: {}", answer.0);
        assert!(took < Duration::from_secs(2), "{code}: {took:?}");

        let (stack, question) = checking();
        stack.customer.fail(sts::Fault::refused(status, code, message).first(3));
        assert_eq!(stack.create(question).await.attribute("Verdict"), "Safe", "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_stays_wrong_is_reported() {
    for (status, code, message) in CLOCK_ERRORS {
        let stack = Stack::new();
        stack.account.fail(Fault::refused(status, code, message).on("CreateRole").every());
        let (answer, _) = create(&stack, properties()).await;
        let reason = answer.reason();
        assert!(reason.starts_with("iam:CreateRole failed in "), "{reason}");
        assert!(reason.contains(" attempts because the function's clock differs from that of AWS: "), "{reason}");
        assert!(reason.contains(message.split(':').next().unwrap()) || reason.contains(code), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_signature_is_invalid_for_another_reason_is_not_retried() {
    let stack = Stack::new();
    let message = "The request signature we calculated does not match the signature you provided.";
    stack.account.fail(Fault::refused(403, "SignatureDoesNotMatch", message).on("CreateRole").every());
    let (answer, took) = create(&stack, properties()).await;
    assert!(answer.reason().starts_with("iam:CreateRole failed: SignatureDoesNotMatch"), "{}", answer.0);
    assert_eq!(stack.account.calls().iter().filter(|call| call.starts_with("CreateRole")).count(), 1);
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_denial_by_the_functions_own_policy_is_retried_for_ten_seconds() {
    // The stack operation that sends the request may have just changed that policy.
    for failures in [1, 4, 6] {
        let stack = Stack::new();
        stack.account.fail(Fault::denied().on("CreateRole").first(failures));
        let (answer, took) = create(&stack, properties()).await;
        assert!(answer.succeeded(), "{failures}: {}", answer.0);
        assert!(took < Duration::from_secs(10), "{failures}: {took:?}");
    }
    for own in [
        "because no identity-based policy allows the ACTION action",
        "with an explicit deny in an identity-based policy",
    ] {
        let stack = Stack::new();
        stack.account.fail(Fault::denied_because(own).every());
        let (answer, took) = create(&stack, properties()).await;
        assert!(answer.reason().starts_with("iam:CreateRole was denied: "), "{}", answer.0);
        let expected = Duration::from_secs(7)..=Duration::from_secs(10);
        assert!(expected.contains(&took), "the window is for the whole request, not for each call: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_denial_by_any_other_policy_is_final() {
    for other in [
        "with an explicit deny in a service control policy",
        "because no permissions boundary allows the ACTION action",
        "because no session policy allows the ACTION action",
        "",
    ] {
        let stack = Stack::new();
        stack.account.fail(Fault::denied_because(other).on("CreateRole").every());
        let (answer, took) = create(&stack, properties()).await;
        assert!(answer.reason().starts_with("iam:CreateRole was denied: "), "{}", answer.0);
        assert!(took < Duration::from_secs(1), "{other}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_waits_for_the_functions_own_policy() {
    let own = "because no identity-based policy allows the sts:AssumeRole action";
    let (stack, question) = checking();
    stack.customer.fail(sts::Fault::denied_because(own).first(5));
    assert_eq!(stack.create(question).await.attribute("Verdict"), "Safe");

    let (stack, question) = checking();
    stack.customer.fail(sts::Fault::denied_because(own).every());
    let (answer, took) = create(&stack, question).await;
    assert!(answer.reason().starts_with("Inconclusive: "), "{}", answer.0);
    assert!(answer.reason().contains(own), "{}", answer.0);
    assert!(took < Duration::from_secs(45), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_of_aws_is_reported_with_its_status() {
    let stack = Stack::new();
    stack.account.fail(Fault::html(403).on("CreateRole").every());
    let (answer, took) = create(&stack, properties()).await;
    assert_eq!(answer.reason(), "iam:CreateRole failed: HTTP status 403, and no error message from AWS. [call-failed]");
    assert!(took < Duration::from_secs(1), "{took:?}");

    let stack = Stack::new();
    stack.account.fail(Fault::html(502).on("CreateRole").every());
    let (answer, _) = create(&stack, properties()).await;
    let reason = answer.reason();
    assert!(reason.starts_with("iam:CreateRole got no usable answer from AWS in "), "{reason}");
    assert!(
        reason.ends_with(" attempts: HTTP status 502, and no error message from AWS. Try again later. [unavailable]"),
        "{reason}"
    );
}

#[tokio::test]
async fn an_answer_is_sent_even_when_the_clock_says_that_the_time_is_over() {
    let bucket = Bucket::start().await;
    let stack = Stack::new();
    let mut event = stack.event("Create", &json!({ "ResourceProperties": properties() }));
    event["ResponseURL"] = bucket.url_for("Access").into();
    let mut handler = stack.handler();
    handler.emulators = vec![bucket.origin()];
    for over in [Duration::ZERO, Duration::from_secs(5), Duration::from_hours(1)] {
        let deadline = Instant::now() - over;
        let invocation = Invocation { function_arn: FUNCTION.to_owned(), deadline, now: SystemTime::now() };
        let before = bucket.answers().len();
        handler.handle(event.clone(), invocation).await.expect("the answer is delivered");
        assert_eq!(bucket.answers().len(), before + 1, "{over:?}");
    }
}
