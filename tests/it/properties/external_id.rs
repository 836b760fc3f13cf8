//! The external ID: given, generated, or not required.

use serde_json::{Value, json};

use super::{
    SHARED, check_all_made, check_all_refused, check_made, check_refused, check_refuses_empty_and_compound_values,
    in_order, made, observed, plain, plain_role, with_settings,
};
use crate::fixtures::{AUDIT, EXTERNAL_ID_TAG, ID, OTHER_PROVIDER, PROVIDER, allow, merged};
use crate::stack::Stack;

#[tokio::test(start_paused = true)]
async fn external_id() {
    let one = |id: &str| json!({"trust": {"Condition": {"StringEquals": {"sts:ExternalId": id}}}, "answer": {"ExternalId": id}});
    let punctuated = "Az09_+=,.@:/-and-some-more";
    check_all_made([
        (json!({"ExternalId": punctuated}), one(punctuated)),
        (json!({"ExternalId": [ID]}), json!({})),
        (
            json!({"ExternalId": ["the-second-comes-first", ID]}),
            json!({
                "trust": {"Condition": {"StringEquals": {"sts:ExternalId": [ID, "the-second-comes-first"]}}},
                "answer": {"ExternalId": "the-second-comes-first"},
            }),
        ),
        (json!({"RequireExternalId": true}), json!({})),
    ])
    .await;

    let hidden =
        "is not well-formed (its value is not repeated here); it must be 2 to 1224 characters of A-Za-z0-9_+=,.@:/-";
    check_all_refused(
        "ExternalId",
        [
            (json!(""), "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"),
            (json!("s"), &format!("{hidden} (it has 1). [invalid-value]")),
            (json!(7), &format!("{hidden} (it has 1). [invalid-value]")),
            (json!("x".repeat(1225)), &format!("{hidden} (it has 1225). [invalid-value]")),
            (json!("a secret with spaces"), &format!("{hidden} (character 2 of 20 is none of them). [invalid-value]")),
            (json!("secret-of-acme*"), &format!("{hidden} (character 15 of 15 is none of them). [invalid-value]")),
            (
                json!("sécret-of-the-provider"),
                &format!("{hidden} (character 2 of 22 is none of them). [invalid-value]"),
            ),
            (
                json!("secret-of-the-provider\n"),
                &format!("{hidden} (character 23 of 23 is none of them). [invalid-value]"),
            ),
            (json!([]), "has 0 values; give 1 to 2. [invalid-value]"),
            (
                json!([ID, "another-of-the-provider", "a-third-of-the-provider"]),
                "has 3 values; give 1 to 2. [invalid-value]",
            ),
            (json!([ID, ID]), "contains the same value twice; give each value once. [repeated-value]"),
            (json!([ID, {}]), "is an object; give one value, not a list or an object. [invalid-value]"),
        ],
    )
    .await;
}

/// Places where the author of a template could put the external ID by mistake.
#[tokio::test(start_paused = true)]
async fn a_misplaced_external_id_is_not_in_the_reason() {
    let random = "acme-7d1c9a3e-5b2f-4c8d";
    let long = format!("{}-{random}", "acme".repeat(30));
    for id in [ID, random, &long] {
        // Swapped with the account.
        let swapped = json!({"ExternalAwsAccountId": id, "ExternalId": PROVIDER});
        check_hidden(id, Stack::new().create(swapped).await.reason());
        for property in
            ["RequireMfa", "RequireExternalId", "MfaMaxAge", "MaxSessionDuration", "PolicyOwnership", "RevokeSessions"]
        {
            let properties = merged(plain(), &json!({"ExternalId": null, property: id}));
            check_hidden(id, Stack::new().create(properties).await.reason());
        }
        // Given twice: its own property makes it known, so it is hidden in the other property, in every spelling.
        for properties in [
            json!({"AllowedPrincipalArns": id}),
            json!({"ManagedPolicyArns": [AUDIT, id]}),
            json!({"PermissionsBoundary": format!("arn:aws:iam::aws:policy/{id}/")}),
            json!({"AllowedPrincipalArns": format!("arn:aws:iam::222222222222:role/{id}*x")}),
            json!({"SourceIps": id}),
            json!({"PrincipalOrgId": id}),
            json!({"HomeRegion": id}),
            json!({"ExpiresAt": id}),
            json!({"Path": id}),
            json!({"Path": format!("/{id}/{id}/")}),
            json!({"Tags": [{"Key": format!("aws:{id}"), "Value": ""}]}),
            json!({id: "x"}),
            json!({"CustomPolicy": allow(id, "*")}),
            json!({"CustomPolicy": allow("s3:*", id)}),
            json!({"CustomPolicy": {id: id}}),
            json!({"CustomPolicy": allow("iam:*", &format!("arn:aws:iam::111111111111:role/{id}"))}),
        ] {
            let properties = merged(plain(), &merged(json!({"ExternalId": id}), &properties));
            check_hidden(id, Stack::new().create(properties).await.reason());
        }
    }
    // A value that looks like an external ID is hidden in properties that expect something else.
    for property in ["AllowedPrincipalArns", "SourceIps", "PrincipalOrgId", "HomeRegion", "ExpiresAt", "Path"] {
        let properties = merged(plain(), &json!({"ExternalId": null, property: random}));
        check_hidden(random, Stack::new().create(properties).await.reason());
    }
}

fn check_hidden(id: &str, reason: &str) {
    let start: String = id.chars().take(12).collect();
    assert!(!reason.contains(&start), "{id}: {reason}");
}

#[tokio::test(start_paused = true)]
async fn an_external_id_can_be_as_short_and_as_long_as_sts_accepts() {
    let short = "ExternalId is shorter than 16 characters, which is easily guessed. Let the provider generate a random one, or leave \
                 ExternalId out. [weak-external-id]";
    check_made(
        Stack::new(),
        json!({"ExternalId": "ab"}),
        json!({
            "trust": {"Condition": {"StringEquals": {"sts:ExternalId": "ab"}}},
            "answer": {"ExternalId": "ab", "Warnings": [short]},
        }),
    )
    .await;

    let longest = "x".repeat(1224);
    let (role, data) = made(&Stack::new(), &json!({"ExternalId": longest})).await;
    assert_eq!(role.trust.json()["Statement"][0]["Condition"], json!({"StringEquals": {"sts:ExternalId": longest}}));
    let emptied = "TerraformProvider and AwsConfigProfile left empty, because the answer to CloudFormation would have been too long. [answer-shortened]";
    for (attribute, value) in
        [("ExternalId", longest.as_str()), ("TerraformProvider", ""), ("AwsConfigProfile", ""), ("Warnings", emptied)]
    {
        assert_eq!(data[attribute], value);
    }
}

#[tokio::test(start_paused = true)]
async fn an_external_id_that_is_left_out_is_generated_and_stored() {
    let stack = Stack::new();
    let (role, data) = made(&stack, &json!({"ExternalId": null})).await;
    let id = data["ExternalId"].as_str().unwrap();
    assert!(
        id.len() >= 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
        "{} characters",
        id.len()
    );
    let expected = json!({
        "tags": {EXTERNAL_ID_TAG: id},
        "trust": {"Condition": {"StringEquals": {"sts:ExternalId": id}}},
        "answer": {"ExternalId": id},
    });
    assert_eq!(observed(&role, &data), merged(plain_role(), &expected));
}

#[tokio::test(start_paused = true)]
async fn several_external_ids_for_several_accounts_cause_a_warning() {
    let two = json!(["the-second-comes-first", ID]);
    for (accounts, ids, warning) in [
        (json!([PROVIDER, OTHER_PROVIDER]), two.clone(), SHARED),
        (json!([PROVIDER, OTHER_PROVIDER]), json!(ID), ""),
        (json!(PROVIDER), two, ""),
    ] {
        let (_, data) = made(&Stack::new(), &json!({"ExternalAwsAccountId": accounts, "ExternalId": ids})).await;
        assert_eq!(data["Warnings"], warning);
    }
}

const WHOLE_ACCOUNT: &str = "RequireExternalId is false and AllowedPrincipalArns is not given: every user and role of the account that its \
                             own policies allow to call sts:AssumeRole can assume this role, for any customer of the provider. \
                             [no-external-id]";

#[tokio::test(start_paused = true)]
async fn require_external_id() {
    check_refuses_empty_and_compound_values("RequireExternalId").await;
    check_all_refused("RequireExternalId", [(json!("yes"), "is \"yes\"; it must be true or false. [invalid-value]")])
        .await;
    let permitted = || with_settings(&[("PERMIT_MISSING_EXTERNAL_ID", "true")]);
    check_made(
        permitted(),
        json!({"RequireExternalId": false, "ExternalId": null}),
        json!({
            "trust": {"Condition": null},
            "answer": {
                "ExternalId": "",
                "SwitchRoleUrl": "https://signin.aws.amazon.com/switchrole?account=111111111111&roleName=delegated/Auditor",
                "Warnings": [WHOLE_ACCOUNT],
            },
        }),
    )
    .await;
    // Named roles and users are not the whole account.
    let only = "arn:aws:iam::222222222222:role/ci/*";
    let (_, data) =
        made(&permitted(), &json!({"RequireExternalId": false, "ExternalId": null, "AllowedPrincipalArns": [only]}))
            .await;
    assert_eq!(data["Warnings"], "");
    check_made(permitted(), json!({"RequireExternalId": true}), json!({})).await;
    check_refused(
        permitted(),
        json!({"RequireExternalId": false}),
        &["RequireExternalId is false, but ExternalId is given; remove one of them. [conflicting-properties]"],
    )
    .await;
    check_refused(
        Stack::new(),
        json!({"RequireExternalId": false, "ExternalId": null}),
        &["RequireExternalId is false, which the function's owner does not permit (PermitMissingExternalId). Without an external \
           ID, another customer of the provider could make the provider use this role. [not-permitted-by-owner]"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_external_id_that_is_easily_guessed_causes_a_warning() {
    let advice = "Let the provider generate a random one, or leave ExternalId out. [weak-external-id]";
    for (id, why) in [
        ("fifteen-letters", "is shorter than 16 characters, which is easily guessed"),
        ("222222222222", "looks like an account ID, which is no secret and easily guessed"),
        ("arn:aws:iam::222222222222:role/Deploy", "is an ARN, which others can know or guess"),
        ("person@example.com", "looks like an e-mail address, which others know"),
        ("1234567890123456", "is made of digits only, which is easily guessed"),
        ("1.234567890123456E15", "looks like a number that YAML reformatted: put it in quotes in the template"),
        ("1.2345678901234567e+22", "looks like a number that YAML reformatted: put it in quotes in the template"),
        ("1234567890123456.0", "looks like a number that YAML reformatted: put it in quotes in the template"),
    ] {
        let trust = |ids: Value| json!({"Condition": {"StringEquals": {"sts:ExternalId": ids}}});
        check_made(
            Stack::new(),
            json!({"ExternalId": id}),
            json!({"trust": trust(json!(id)), "answer": {"ExternalId": id, "Warnings": [format!("ExternalId {why}. {advice}")]}}),
        )
        .await;
        check_made(
            Stack::new(),
            json!({"ExternalId": [ID, id]}),
            json!({
                "trust": trust(in_order(json!([ID, id]))),
                "answer": {"Warnings": [format!("ExternalId (number 2) {why}. {advice}")]},
            }),
        )
        .await;
    }
    let sixteen = "sixteen--letters";
    check_made(
        Stack::new(),
        json!({"ExternalId": sixteen}),
        json!({"trust": {"Condition": {"StringEquals": {"sts:ExternalId": sixteen}}}, "answer": {"ExternalId": sixteen}}),
    )
    .await;
}
