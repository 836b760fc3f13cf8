//! The sessions of the role: MFA, duration, expiry and revocation.

use serde_json::json;

use super::{
    check_all_made, check_all_refused, check_made, check_refused, check_refuses_empty_and_compound_values, expiry,
    guardrails, made,
};
use crate::fixtures::GUARDRAILS;
use crate::stack::Stack;

#[tokio::test(start_paused = true)]
async fn require_mfa_and_its_age() {
    let mfa = json!({"trust": {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}});
    let within = |seconds: &str| {
        json!({"trust": {"Condition": {
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "NumericLessThanEquals": {"aws:MultiFactorAuthAge": seconds},
        }}})
    };
    check_all_made([
        (json!({"RequireMfa": false}), json!({})),
        (json!({"RequireMfa": true}), mfa),
        (json!({"RequireMfa": true, "MfaMaxAge": 1}), within("1")),
        (json!({"RequireMfa": true, "MfaMaxAge": 129_600}), within("129600")),
    ])
    .await;
    let (_, data) = made(&Stack::new(), &json!({"RequireMfa": true})).await;
    assert!(data["AwsConfigProfile"].as_str().unwrap().contains("mfa_serial"), "{}", data["AwsConfigProfile"]);

    check_refuses_empty_and_compound_values("RequireMfa").await;
    check_all_refused(
        "RequireMfa",
        [
            (json!("yes"), "is \"yes\"; it must be true or false. [invalid-value]"),
            (json!(1), "is \"1\"; it must be true or false. [invalid-value]"),
            (json!(" true"), "is \" true\"; it must be true or false. [invalid-value]"),
        ],
    )
    .await;
    for (bad, sentence) in [
        (
            json!(""),
            "MfaMaxAge is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]",
        ),
        (json!([60]), "MfaMaxAge is a list; give one value, not a list or an object. [invalid-value]"),
        (json!(0), "MfaMaxAge is \"0\"; it must be a whole number from 1 to 129600 (seconds). [invalid-value]"),
        (
            json!(129_601),
            "MfaMaxAge is \"129601\"; it must be a whole number from 1 to 129600 (seconds). [invalid-value]",
        ),
        (json!(-60), "MfaMaxAge is \"-60\"; it must be a whole number from 1 to 129600 (seconds). [invalid-value]"),
        (json!(1.5), "MfaMaxAge is \"1.5\"; it must be a whole number from 1 to 129600 (seconds). [invalid-value]"),
        (
            json!("1 hour"),
            "MfaMaxAge is \"1 hour\"; it must be a whole number from 1 to 129600 (seconds). [invalid-value]",
        ),
    ] {
        check_refused(Stack::new(), json!({"RequireMfa": true, "MfaMaxAge": bad}), &[sentence]).await;
    }
    for without in [json!({"MfaMaxAge": 60}), json!({"RequireMfa": false, "MfaMaxAge": 60})] {
        let sentence = "MfaMaxAge has no effect without RequireMfa; set RequireMfa to true or remove MfaMaxAge. [conflicting-properties]";
        check_refused(Stack::new(), without, &[sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn max_session_duration() {
    let chained = |seconds: u32| {
        format!(
            "MaxSessionDuration is {seconds} seconds, but a provider that calls from a role session (role chaining) gets one hour \
             at most. [role-chaining]"
        )
    };
    check_all_made([
        (json!({"MaxSessionDuration": 3600}), json!({})),
        (json!({"MaxSessionDuration": 3601}), json!({"session": 3601, "answer": {"Warnings": [chained(3601)]}})),
        (json!({"MaxSessionDuration": 43_200}), json!({"session": 43_200, "answer": {"Warnings": [chained(43_200)]}})),
    ])
    .await;
    check_refuses_empty_and_compound_values("MaxSessionDuration").await;
    for bad in
        [json!(3599), json!(43_201), json!(0), json!(-3600), json!(3600.5), json!("1h"), json!("+3600"), json!(" 3600")]
    {
        let given = bad.as_str().map_or_else(|| bad.to_string(), ToOwned::to_owned);
        let sentence = format!(
            "MaxSessionDuration is \"{given}\"; it must be a whole number from 3600 to 43200 (seconds). [invalid-value]"
        );
        check_refused(Stack::new(), json!({"MaxSessionDuration": bad}), &[sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn expires_at() {
    for end in ["2027-01-31T18:00:00Z", "2026-11-22T12:00:02Z", "2028-02-29T23:59:59Z", "9999-12-31T23:59:59Z"] {
        let expected = json!({
            "inline": {GUARDRAILS: guardrails(&[expiry(end)])},
            "trust": {"Condition": {"DateLessThan": {"aws:CurrentTime": end}}},
        });
        check_made(Stack::new(), json!({"ExpiresAt": end}), expected).await;
    }
    check_refuses_empty_and_compound_values("ExpiresAt").await;
    for bad in [
        "2027-01-31",
        "2027-01-31T18:00Z",
        "2027-01-31T18:00:00",
        "2027-01-31T18:00:00.000Z",
        "2027-01-31T18:00:00+00:00",
        "2027-01-31 18:00:00Z",
        "2027-02-29T00:00:00Z",
        "2027-01-31T24:00:00Z",
        "+2027-01-31T18:00:00Z",
        "-9999-01-31T18:00:00Z",
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1801411200",
        "never",
    ] {
        let sentence = format!(
            "ExpiresAt is \"{bad}\"; it must be a time in UTC that exists, in a year from 1970 to 9999, written like 2027-01-31T18:00:00Z. [invalid-value]"
        );
        check_refused(Stack::new(), json!({"ExpiresAt": bad}), &[sentence]).await;
    }
    // The clock is at one second after noon.
    for past in ["2026-11-22T12:00:01Z", "2026-11-22T12:00:00Z", "1970-01-01T00:00:00Z"] {
        let sentence =
            format!("ExpiresAt is {past}, but it is 2026-11-22T12:00:01Z now; it must be in the future. [in-the-past]");
        check_refused(Stack::new(), json!({"ExpiresAt": past}), &[sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn revoke_sessions() {
    check_all_made([
        (json!({"RevokeSessions": "OnNarrowing"}), json!({})),
        (json!({"RevokeSessions": "Never"}), json!({})),
    ])
    .await;
    check_refuses_empty_and_compound_values("RevokeSessions").await;
    for bad in ["never", "Always", "OnNarrowing ", "true"] {
        let sentence = format!("RevokeSessions is \"{bad}\"; it must be OnNarrowing or Never. [invalid-value]");
        check_refused(Stack::new(), json!({"RevokeSessions": bad}), &[sentence]).await;
    }
}
