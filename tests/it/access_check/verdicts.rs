//! Every row of the table: what a role does, and what its check says of it.

use super::*;

/// What opened, as the reason counts it.
pub(super) fn openings(answer: &Answer) -> &str {
    let (_, rest) = answer.reason().split_once("It opened with ").unwrap();
    rest.split_once(". The customer must").unwrap().0
}

async fn unsafe_by(trust: impl Fn(Option<&str>) -> bool + Send + 'static, expected: Expect) {
    let answer = create(&checking(trust), usual()).await;
    assert_eq!(verdict(&answer), "unsafe");
    expected.assert_eq(openings(&answer));
}

// --- Unsafe ---

#[tokio::test(start_paused = true)]
async fn the_reason_for_an_unsafe_role_says_what_the_customer_must_do() {
    let stack = checking(|id| exactly(id) || none(id));
    let answer = reason(&stack, usual(), expect![[r#"Unsafe: the role arn:aws:iam::999999999999:role/delegated/ProviderAccess opens with less than its external ID, so do not use it. It opened with no external ID: the trust policy does not require the ID (no condition on sts:ExternalId, an operator that ends in IfExists, a negated operator, or another statement without the condition). The customer must replace every statement of the role's trust policy that allows account 111111111111 by this one, with the agreed external ID filled in; further conditions that only narrow it may stay: {"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"THE-EXTERNAL-ID"}},"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"}} [unsafe]"#]]).await;
    assert_eq!(answered(&answer), Some(("unsafe".into(), "20261122T120001Z".into())));
}

#[tokio::test(start_paused = true)]
async fn every_trust_that_asks_for_less_is_unsafe() {
    // No condition at all.
    unsafe_by(|_| true, expect!["no external ID: the trust policy does not require the ID (no condition on sts:ExternalId, an operator that ends in IfExists, a negated operator, or another statement without the condition); and so with a random external ID of the same length, the first character changed, the middle character changed, the last character changed, the letters' case flipped, a character appended, a character prepended"]).await;
    // StringEqualsIfExists.
    unsafe_by(|id| id.is_none_or(|id| id == RIGHT), expect!["no external ID: the trust policy does not require the ID (no condition on sts:ExternalId, an operator that ends in IfExists, a negated operator, or another statement without the condition)"]).await;
    // StringEqualsIgnoreCase.
    unsafe_by(
        |id| id.is_some_and(|id| id.eq_ignore_ascii_case(RIGHT)),
        expect!["the letters' case flipped: letter case is not compared (StringEqualsIgnoreCase)"],
    )
    .await;
    // StringLike "*".
    unsafe_by(|id| id.is_some(), expect!["a random external ID of the same length: the trust policy accepts any ID (a wildcard, or a negated operator); and so with the first character changed, the middle character changed, the last character changed, the letters' case flipped, a character appended, a character prepended"]).await;
    // StringLike "Acme-*".
    unsafe_by(|id| id.is_some_and(|id| id.starts_with("Acme-")), expect!["(1) the middle character changed: the middle of the ID is not compared (StringLike with * or ? in the middle); (2) the last character changed: the end of the ID is not compared (StringLike with * or ? at the end); (3) a character appended: anything may follow the ID (StringLike with * at the end)"]).await;
    // StringLike "Acme-7f3c.90b2+E4d1*".
    unsafe_by(
        |id| id.is_some_and(|id| id.starts_with(RIGHT)),
        expect!["a character appended: anything may follow the ID (StringLike with * at the end)"],
    )
    .await;
    // StringLike "*Acme-7f3c.90b2+E4d1".
    unsafe_by(
        |id| id.is_some_and(|id| id.ends_with(RIGHT)),
        expect!["a character prepended: anything may precede the ID (StringLike with * at the start)"],
    )
    .await;
    // StringLike "*E4d1".
    unsafe_by(|id| id.is_some_and(|id| id.ends_with("E4d1")), expect!["(1) the first character changed: the start of the ID is not compared (StringLike with * or ? at the start); (2) the middle character changed: the middle of the ID is not compared (StringLike with * or ? in the middle); (3) a character prepended: anything may precede the ID (StringLike with * at the start)"]).await;
    // StringLike "?cme-7f3c.90b2+E4d1".
    unsafe_by(
        |id| id.is_some_and(|id| id.len() == RIGHT.len() && id[1..] == RIGHT[1..]),
        expect![
            "the first character changed: the start of the ID is not compared (StringLike with * or ? at the start)"
        ],
    )
    .await;
    // StringLike "Acme-*+E4d1".
    unsafe_by(
        |id| id.is_some_and(|id| id.starts_with("Acme-") && id.ends_with("+E4d1")),
        expect![
            "the middle character changed: the middle of the ID is not compared (StringLike with * or ? in the middle)"
        ],
    )
    .await;
    // StringNotEquals "something".
    unsafe_by(|id| id != Some("something"), expect!["no external ID: the trust policy does not require the ID (no condition on sts:ExternalId, an operator that ends in IfExists, a negated operator, or another statement without the condition); and so with a random external ID of the same length, the first character changed, the middle character changed, the last character changed, the letters' case flipped, a character appended, a character prepended"]).await;
    // ForAllValues:StringEquals lets those in who send none.
    unsafe_by(|id| id.is_none() || exactly(id), expect!["no external ID: the trust policy does not require the ID (no condition on sts:ExternalId, an operator that ends in IfExists, a negated operator, or another statement without the condition)"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_role_that_all_but_the_right_id_can_assume_is_unsafe() {
    unsafe_by(none, expect!["no external ID: the trust policy does not require the ID (no condition on sts:ExternalId, an operator that ends in IfExists, a negated operator, or another statement without the condition)"]).await;
    unsafe_by(
        |id| id == Some("aCME-7F3C.90B2+e4D1"),
        expect!["the letters' case flipped: letter case is not compared (StringEqualsIgnoreCase)"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_unexpected_session_decides_even_if_other_probes_failed() {
    // The results of the other probes are unknown, but they do not matter.
    let stack = checking(|id| exactly(id) || none(id));
    stack.customer.fail(Fault::throttled().of(|id| id.is_some() && !exactly(id)).every());
    let answer = create(&stack, question(&json!({ "OnInconclusive": "Succeed" }))).await;
    assert_eq!(verdict(&answer), "unsafe");

    let stack = checking(|id| exactly(id) || none(id));
    stack.customer.fail(Fault::hang().of(right).since(2));
    let answer = create(&stack, question(&json!({ "OnInconclusive": "Succeed" }))).await;
    assert_eq!(verdict(&answer), "unsafe", "{}", answer.0);
}

#[tokio::test(start_paused = true)]
async fn an_opening_outweighs_a_round_that_is_not_finished() {
    // The answers contradict each other, so there is another round, which gets no answer.
    let stack = checking(|id| exactly(id) || none(id));
    stack.customer.fail(Fault::denied().of(right).nth(2));
    stack.customer.fail(Fault::hang().since(12));
    let answer = create(&stack, question(&json!({ "OnInconclusive": "Succeed" }))).await;
    assert_eq!(verdict(&answer), "unsafe", "{}", answer.0);
}

// --- Shut ---

#[tokio::test(start_paused = true)]
async fn the_reason_for_a_role_that_denies_the_right_id_lists_the_causes() {
    let stack = checking(no_id);
    let answer = reason(&stack, question(&json!({ "OnInconclusive": "Succeed" })), expect![[r#"Shut: the role arn:aws:iam::999999999999:role/delegated/ProviderAccess did not open with the right external ID. sts:AssumeRole answered "User: arn:aws:sts::111111111111:assumed-role/service-provider-access-checker-us-east-1/service-provider-access-provider is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::999999999999:role/delegated/ProviderAccess" (AWS request ID …). Possible causes: the role does not exist, or its name or path is different; its trust policy requires another external ID, or names another account than 111111111111; its conditions (AllowedPrincipalArns, PrincipalOrgId, SourceIps, an expiry) do not match the role that AWS's answer names; it requires MFA (then set RequireMfa); or a policy of the customer's organization denies it. Compare with the customer, then change Revision to check again. [shut]"#]]).await;
    assert_eq!(answered(&answer), Some(("shut".into(), "20261122T120001Z".into())));
}

#[tokio::test(start_paused = true)]
async fn a_role_that_does_not_exist_denies_the_right_id() {
    let stack = checking(exactly);
    let answer = create(&stack, question(&json!({ "RoleArn": "arn:aws:iam::999999999999:role/Misspelt" }))).await;
    assert_eq!(verdict(&answer), "shut");
}

#[tokio::test(start_paused = true)]
async fn a_denial_by_a_policy_of_the_customer_is_not_inconclusive() {
    for because in [
        "because no resource-based policy allows the sts:AssumeRole action",
        "with an explicit deny in a resource-based policy",
        "with an explicit deny in a resource control policy",
    ] {
        let stack = checking(exactly);
        stack.customer.fail(Fault::denied_because(because).every());
        let answer = create(&stack, question(&json!({ "OnInconclusive": "Succeed" }))).await;
        assert_eq!(verdict(&answer), "shut", "{because}: {}", answer.0);
        assert!(answer.reason().contains(because), "{}", answer.reason());
    }
}

// --- Inconclusive ---

/// Fails with the expected reason, or succeeds with the expected probes.
pub(super) async fn inconclusive(stack: impl Fn() -> Stack, further: Value, fails: Expect, goes_on: Expect) {
    let mut properties = question(&further);
    let first = stack();
    let failed = reason(&first, properties.clone(), fails).await;
    assert_eq!(verdict(&failed), "inconclusive");
    assert!(first.customer.unused_faults().is_empty());
    properties["OnInconclusive"] = "Fail".into();
    assert_eq!(verdict(&create(&stack(), properties.clone()).await), "inconclusive");

    properties["OnInconclusive"] = "Succeed".into();
    let tolerated = create(&stack(), properties).await;
    assert_eq!((tolerated.attribute("Verdict"), verdict(&tolerated)), ("Inconclusive", "inconclusive".to_owned()));
    goes_on.assert_eq(&without_request_ids(tolerated.attribute("Probes")));
}

fn with_fault(fault: impl Fn() -> Fault) -> impl Fn() -> Stack {
    move || {
        let stack = checking(exactly);
        stack.customer.fail(fault());
        stack
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_each_request_is_inconclusive() {
    // How often it was tried is left to chance.
    for (fault, words) in [
        ((|| Fault::throttled().every()) as fn() -> Fault, "Rate exceeded"),
        (|| Fault::server_error().every(), "because of an unknown error, exception or failure"),
        (|| Fault::unavailable().every(), "due to a temporary failure of the server"),
        (|| Fault::connection_cut().every(), "no answer came"),
        (|| Fault::hang().every(), "no answer came"),
    ] {
        let answer = create(&with_fault(fault)(), usual()).await;
        assert_eq!(verdict(&answer), "inconclusive");
        assert!(answer.reason().contains(words), "{}", answer.reason());
        let answer = create(&with_fault(fault)(), question(&json!({ "OnInconclusive": "Succeed" }))).await;
        assert_eq!(answer.attribute("Verdict"), "Inconclusive");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_one_probe_is_inconclusive() {
    let last = || Fault::throttled().of(appended).every();
    inconclusive(with_fault(last), json!({}), expect![[r#"Inconclusive: could not determine whether role arn:aws:iam::999999999999:role/delegated/ProviderAccess is safe: sts:AssumeRole with a character appended got no usable answer: "Rate exceeded" (AWS request ID …). Change Revision to check again, or set OnInconclusive to Succeed to continue without a result. [inconclusive]"#]], expect![[r#"
        the right external ID: opened
        no external ID: denied
        a random external ID of the same length: denied
        the first character changed: denied
        the middle character changed: denied
        the last character changed: denied
        the letters' case flipped: denied
        a character appended: unclear (Rate exceeded)
        a character prepended: denied
        the right external ID again: opened
        Inconclusive: sts:AssumeRole with a character appended got no usable answer: "Rate exceeded" (AWS request ID …).
        Not visible from outside: a second external ID that the role accepts, other principals that it trusts, and access under conditions that this check does not meet."#]]).await;
    let silent = || Fault::hang().since(4);
    inconclusive(with_fault(silent), json!({}), expect!["Inconclusive: could not determine whether role arn:aws:iam::999999999999:role/delegated/ProviderAccess is safe: sts:AssumeRole with the first character changed got no usable answer: no answer came. Change Revision to check again, or set OnInconclusive to Succeed to continue without a result. [inconclusive]"], expect![[r"
        the right external ID: opened
        no external ID: denied
        a random external ID of the same length: denied
        the first character changed: unclear (no answer came)
        the middle character changed: not sent, because the function ran out of time
        the last character changed: not sent, because the function ran out of time
        the letters' case flipped: not sent, because the function ran out of time
        a character appended: not sent, because the function ran out of time
        a character prepended: not sent, because the function ran out of time
        the right external ID again: not sent, because the function ran out of time
        Inconclusive: sts:AssumeRole with the first character changed got no usable answer: no answer came.
        Not visible from outside: a second external ID that the role accepts, other principals that it trusts, and access under conditions that this check does not meet."]]).await;
    // Of the right one, when it closes the round.
    let closing = || Fault::connection_cut().of(right).since(2);
    inconclusive(with_fault(closing), json!({}), expect!["Inconclusive: could not determine whether role arn:aws:iam::999999999999:role/delegated/ProviderAccess is safe: sts:AssumeRole with the right external ID again got no usable answer: no answer came. Change Revision to check again, or set OnInconclusive to Succeed to continue without a result. [inconclusive]"], expect![[r"
        the right external ID: opened
        no external ID: denied
        a random external ID of the same length: denied
        the first character changed: denied
        the middle character changed: denied
        the last character changed: denied
        the letters' case flipped: denied
        a character appended: denied
        a character prepended: denied
        the right external ID again: unclear (no answer came)
        Inconclusive: sts:AssumeRole with the right external ID again got no usable answer: no answer came.
        Not visible from outside: a second external ID that the role accepts, other principals that it trusts, and access under conditions that this check does not meet."]]).await;
}

#[tokio::test(start_paused = true)]
async fn an_unexpected_session_without_confirmation_is_inconclusive() {
    let stack = checking(|id| exactly(id) || none(id));
    stack.customer.fail(Fault::hang().of(none).since(2));
    assert_eq!(verdict(&create(&stack, usual()).await), "inconclusive");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_another_reason_is_inconclusive() {
    let region = "STS is not activated in this region for account:111111111111. Your account administrator can activate \
                  STS in this region using the IAM Console.";
    let refused = move || Fault::refused(403, "RegionDisabledException", region).every();
    inconclusive(with_fault(refused), json!({}), expect![[r#"Inconclusive: could not determine whether role arn:aws:iam::999999999999:role/delegated/ProviderAccess is safe: sts:AssumeRole with the right external ID got no usable answer: "STS is not activated in this region for account:111111111111. Your account administrator can activate STS in this region using the IAM Console" (AWS request ID …). Change Revision to check again, or set OnInconclusive to Succeed to continue without a result. [inconclusive]"#]], expect![[r#"
        the right external ID: unclear (STS is not activated in this region for account:111111111111. Your account administrator can activat)
        no external ID: unclear (STS is not activated in this region for account:111111111111. Your account administrator can activat)
        a random external ID of the same length: unclear (STS is not activated in this region for account:111111111111. Your account administrator can activat)
        the first character changed: unclear (STS is not activated in this region for account:111111111111. Your account administrator can activat)
        the middle character changed: unclear (STS is not activated in this region for account:111111111111. Your account administrator can activat)
        the last character changed: unclear (STS is not activated in this region for account:111111111111. Your account administrator can activat)
        the letters' case flipped: unclear (STS is not activated in this region for account:111111111111. Your account administrator can activat)
        a character appended: unclear (STS is not activated in this region for account:111111111111. Your account administrator can activat)
        a character prepended: unclear (STS is not activated in this region for account:111111111111. Your account administrator can activat)
        the right external ID again: unclear (STS is not activated in this region for account:111111111111. Your account administrator can activat)
        Inconclusive: sts:AssumeRole with the right external ID got no usable answer: "STS is not activated in this region for account:111111111111. Your account administrator can activate STS in this region using the IAM Console" (AWS request ID …).
        Not visible from outside: a second external ID that the role accepts, other principals that it trusts, and access under conditions that this check does not meet."#]]).await;
    let expired = || Fault::refused(403, "ExpiredTokenException", "The security token is expired").since(3);
    inconclusive(with_fault(expired), json!({}), expect![[r#"Inconclusive: could not determine whether role arn:aws:iam::999999999999:role/delegated/ProviderAccess is safe: sts:AssumeRole with a random external ID of the same length got no usable answer: "The security token is expired" (AWS request ID …). Change Revision to check again, or set OnInconclusive to Succeed to continue without a result. [inconclusive]"#]], expect![[r#"
        the right external ID: opened
        no external ID: denied
        a random external ID of the same length: unclear (The security token is expired)
        the first character changed: unclear (The security token is expired)
        the middle character changed: unclear (The security token is expired)
        the last character changed: unclear (The security token is expired)
        the letters' case flipped: unclear (The security token is expired)
        a character appended: unclear (The security token is expired)
        a character prepended: unclear (The security token is expired)
        the right external ID again: unclear (The security token is expired)
        Inconclusive: sts:AssumeRole with a random external ID of the same length got no usable answer: "The security token is expired" (AWS request ID …).
        Not visible from outside: a second external ID that the role accepts, other principals that it trusts, and access under conditions that this check does not meet."#]]).await;
}

#[tokio::test(start_paused = true)]
async fn a_denial_by_a_policy_of_the_provider_is_inconclusive() {
    let every = || Fault::denied_because(OWN_POLICY).every();
    inconclusive(with_fault(every), json!({}), expect![[r#"Inconclusive: could not determine whether role arn:aws:iam::999999999999:role/delegated/ProviderAccess is safe: a policy of the function's own account or organization denied sts:AssumeRole: "User: arn:aws:sts::111111111111:assumed-role/service-provider-access-checker-us-east-1/service-provider-access-provider is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::999999999999:role/delegated/ProviderAccess because no identity-based policy allows the sts:AssumeRole action" (AWS request ID …). The function's role needs sts:AssumeRole on the customer's role; it does not have it on roles of its own organization. Change Revision to check again, or set OnInconclusive to Succeed to continue without a result. [inconclusive]"#]], expect![[r#"
        the right external ID: denied by a policy on the function's side
        no external ID: denied by a policy on the function's side
        a random external ID of the same length: denied by a policy on the function's side
        the first character changed: denied by a policy on the function's side
        the middle character changed: denied by a policy on the function's side
        the last character changed: denied by a policy on the function's side
        the letters' case flipped: denied by a policy on the function's side
        a character appended: denied by a policy on the function's side
        a character prepended: denied by a policy on the function's side
        the right external ID again: denied by a policy on the function's side
        Inconclusive: a policy of the function's own account or organization denied sts:AssumeRole: "User: arn:aws:sts::111111111111:assumed-role/service-provider-access-checker-us-east-1/service-provider-access-provider is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::999999999999:role/delegated/ProviderAccess because no identity-based policy allows the sts:AssumeRole action" (AWS request ID …). The function's role needs sts:AssumeRole on the customer's role; it does not have it on roles of its own organization.
        Not visible from outside: a second external ID that the role accepts, other principals that it trusts, and access under conditions that this check does not meet."#]]).await;
    for because in [
        "with an explicit deny in an identity-based policy",
        "because no permissions boundary allows the sts:AssumeRole action",
        "because no session policy allows the sts:AssumeRole action",
        "with an explicit deny in a service control policy",
        "because no VPC endpoint policy allows the sts:AssumeRole action",
    ] {
        for fault in [
            Fault::denied_because(because).every(),
            Fault::denied_because(because).of(none).every(),
            Fault::denied_because(because).of(appended).every(),
        ] {
            let stack = checking(exactly);
            stack.customer.fail(fault);
            let answer = create(&stack, usual()).await;
            assert_eq!(verdict(&answer), "inconclusive", "{because}: {}", answer.0);
            assert!(answer.reason().contains(because), "{}", answer.reason());
        }
    }
    // An unexpected session still counts.
    let stack = checking(|id| exactly(id) || appended(id));
    stack.customer.fail(Fault::denied_because(OWN_POLICY).of(none).every());
    assert_eq!(verdict(&create(&stack, usual()).await), "unsafe");
}

// --- Secrets and size ---

#[tokio::test(start_paused = true)]
async fn an_external_id_that_sts_quotes_is_not_in_the_reason() {
    for message in [
        "Invalid external ID: EXTERNAL-ID",
        "1 validation error detected: Value 'EXTERNAL-ID' at 'externalId' failed to satisfy constraint",
        "\"EXTERNAL-ID\" and EXTERNAL-ID",
    ] {
        for fault in [
            Fault::refused(400, "ValidationError", message).every(),
            Fault::refused(400, "ValidationError", message).since(3),
            Fault::refused(400, "ValidationError", message).of(appended).every(),
            Fault::denied_because(message).every(),
        ] {
            let stack = checking(exactly);
            stack.customer.fail(fault);
            // That no ID is in an answer is what every answer is checked for.
            create(&stack, usual()).await;
            create(&stack, question(&json!({ "OnInconclusive": "Succeed" }))).await;
        }
    }
}

// That an answer has at most 4,096 bytes is what the stack insists on.

#[tokio::test(start_paused = true)]
async fn the_longest_reasons_are_complete() {
    for id in [RIGHT.to_owned(), "x".repeat(1224)] {
        for fault in
            [|| Fault::session().every(), || Fault::denied().every(), || Fault::denied().of(|id| id.is_none()).every()]
        {
            for mfa in [true, false] {
                let stack = checking(|_| true);
                stack.customer.fail(fault());
                let properties = json!({ "RoleArn": longest_role(), "ExternalId": id, "RequireMfa": mfa });
                let answer = create(&stack, properties).await;
                assert!(!answer.reason().ends_with('…'), "nothing is lost: {}", answer.reason());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_longest_messages_of_aws_leave_the_answer_within_the_limit() {
    let words = "\"é\"\\\n".repeat(2_000);
    for since in [1, 2, 9] {
        let stack = checking(exactly);
        stack.customer.fail(Fault::session().first(1));
        stack.customer.fail(Fault::refused(400, "ValidationError", &words).since(since));
        let asked = |further: Value| {
            let mut properties = question(&json!({ "RoleArn": longest_role(), "Revision": words }));
            properties.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
            properties
        };
        assert_eq!(verdict(&create(&stack, asked(json!({}))).await), "inconclusive");
        let tolerated = create(&stack, asked(json!({ "OnInconclusive": "Succeed" }))).await;
        assert_eq!(tolerated.attribute("RoleArn"), longest_role());
        assert_ne!(tolerated.attribute("Probes"), "");
    }
}

fn longest_role() -> String {
    format!("arn:aws:iam::999999999999:role/{}/{}", "p".repeat(510), "n".repeat(64))
}
