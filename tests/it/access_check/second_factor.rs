//! Roles that must require MFA, which no function can present: no request may be able to assume them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::verdicts::{inconclusive, openings};
use super::*;

#[tokio::test(start_paused = true)]
async fn a_role_that_requires_mfa_is_inconclusive() {
    let stack = || {
        let stack = checking(no_id);
        stack.customer.fail(Fault::denied().nth(1));
        stack
    };
    inconclusive(stack, json!({ "RequireMfa": true }), expect!["Inconclusive: could not determine whether role arn:aws:iam::999999999999:role/delegated/ProviderAccess is safe: no probe opened it, which is right where MFA is required; but a function has no MFA, so the check cannot show that the right external ID opens it. Set OnInconclusive to Succeed to accept this. [inconclusive]"], expect![[r"
        the right external ID: denied
        no external ID: denied
        a random external ID of the same length: denied
        the first character changed: denied
        the middle character changed: denied
        the last character changed: denied
        the letters' case flipped: denied
        a character appended: denied
        a character prepended: denied
        the right external ID again: denied
        Inconclusive: no probe opened it, which is right where MFA is required; but a function has no MFA, so the check cannot show that the right external ID opens it.
        Not visible from outside: a second external ID that the role accepts, other principals that it trusts, and access under conditions that this check does not meet."]]).await;

    let stack = checking(no_id);
    create(&stack, question(&json!({ "RequireMfa": true }))).await;
    let requests = stack.customer.requests();
    assert_eq!(requests.len(), 10, "each probe is sent once");
    assert_eq!(requests[9].at, Duration::ZERO, "and there is nothing to wait for");
}

#[tokio::test(start_paused = true)]
async fn a_role_that_can_be_assumed_without_mfa_is_unsafe() {
    let with_mfa = || question(&json!({ "RequireMfa": true }));
    // Bool is missing.
    let answer = reason(&checking(exactly), with_mfa(), expect![[r#"Unsafe: the role arn:aws:iam::999999999999:role/delegated/ProviderAccess opens without MFA, so do not use it. It opened with the right external ID: the trust policy does not require MFA (the condition Bool aws:MultiFactorAuthPresent is missing); and so with the right external ID again. The customer must replace every statement of the role's trust policy that allows account 111111111111 by this one, with the agreed external ID filled in; further conditions that only narrow it may stay: {"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"StringEquals":{"sts:ExternalId":"THE-EXTERNAL-ID"}},"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"}} [unsafe]"#]]).await;
    assert_eq!(verdict(&answer), "unsafe");
    let several = create(&checking(|_| true), with_mfa()).await;
    expect!["(1) the right external ID: the trust policy does not require MFA (the condition Bool aws:MultiFactorAuthPresent is missing); (2) no external ID: the trust policy does not require the ID (no condition on sts:ExternalId, an operator that ends in IfExists, a negated operator, or another statement without the condition); and so with a random external ID of the same length, the first character changed, the middle character changed, the last character changed, the letters' case flipped, a character appended, a character prepended, the right external ID again"].assert_eq(openings(&several));
    let other = create(&checking(none), with_mfa()).await;
    expect!["no external ID: the trust policy does not require the ID (no condition on sts:ExternalId, an operator that ends in IfExists, a negated operator, or another statement without the condition)"].assert_eq(openings(&other));
}

#[tokio::test(start_paused = true)]
async fn a_fluke_is_no_opening_without_a_second_factor_either() {
    let stack = checking(no_id);
    stack.customer.fail(Fault::session().of(right).nth(1));
    let answer = create(&stack, question(&json!({ "RequireMfa": true }))).await;
    assert_eq!(verdict(&answer), "inconclusive");
    assert_eq!(stack.customer.requests().len(), 10 + 1 + 10);
}

#[tokio::test(start_paused = true)]
async fn a_right_id_that_works_late_without_mfa_is_unsafe() {
    let stack = checking(exactly);
    // The first probe of each round is denied. The last one gets a session, twice.
    let seen = AtomicUsize::new(0);
    let first = move |id: Option<&str>| right(id) && seen.fetch_add(1, Ordering::Relaxed).is_multiple_of(3);
    stack.customer.fail(Fault::denied().of(first).every());
    let answer = create(&stack, question(&json!({ "RequireMfa": true, "OnInconclusive": "Succeed" }))).await;
    assert_eq!(verdict(&answer), "unsafe", "{}", answer.0);
}
