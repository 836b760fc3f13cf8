//! `AllowSessionTags` and `AllowSourceIdentity`: a second statement in the trust policy, for the same callers.

use expect_test::expect;
use serde_json::{Value, json};

use crate::fixtures::{
    AUDIT, EC2, ID, OTHER_ID, OTHER_PROVIDER, PROVIDER, RECORD, RECORD_AND_MARK, REVOCATION, merged, trust,
};
use crate::stack::Stack;
use crate::wire::iam::Role;

/// The properties of the role, with these differences; null removes a property.
fn properties(difference: &Value) -> Value {
    let properties = json!({
        "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": [AUDIT],
    });
    merged(properties, difference)
}

fn tags() -> Value {
    json!({"AllowSessionTags": true})
}

fn source_identity() -> Value {
    json!({"AllowSourceIdentity": true})
}

fn both() -> Value {
    json!({"AllowSessionTags": true, "AllowSourceIdentity": true})
}

/// The trust of the plain role, with a second statement for these actions.
fn with_second_statement(actions: &Value) -> Value {
    let mut trust = trust(ID);
    let second =
        json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{PROVIDER}:root")}, "Action": actions});
    trust["Statement"].as_array_mut().unwrap().push(second);
    trust
}

/// A stack with a role that has these differences.
async fn made(difference: &Value) -> Stack {
    let stack = Stack::new();
    let answer = stack.create(properties(difference)).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    assert_eq!(answer.attribute("Warnings"), "");
    stack.account.clear_calls();
    stack
}

fn role(stack: &Stack) -> Role {
    stack.account.role("Auditor").unwrap()
}

/// An update from one difference to another, and the writes that it takes.
async fn writes(stack: &Stack, old: &Value, new: &Value) -> Vec<String> {
    stack.account.clear_calls();
    let answer = stack.update("Auditor", properties(old), properties(new)).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    stack.account.writes()
}

#[tokio::test(start_paused = true)]
async fn each_property_allows_one_action_to_the_same_callers() {
    for (difference, expected) in [
        (json!({"AllowSessionTags": false, "AllowSourceIdentity": "false"}), trust(ID)),
        (tags(), with_second_statement(&json!("sts:TagSession"))),
        (source_identity(), with_second_statement(&json!("sts:SetSourceIdentity"))),
        (both(), with_second_statement(&json!(["sts:TagSession", "sts:SetSourceIdentity"]))),
        (json!({"AllowSessionTags": "True"}), with_second_statement(&json!("sts:TagSession"))),
    ] {
        assert_eq!(role(&made(&difference).await).trust.json(), expected, "{difference}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_second_statement_has_the_conditions_whose_keys_its_requests_carry() {
    let stack = made(&merged(
        both(),
        &json!({
            "ExternalId": [ID, OTHER_ID], "RequireMfa": true, "MfaMaxAge": 3600,
            "AllowedPrincipalArns": ["arn:aws:iam::222222222222:role/support/*"], "PrincipalOrgId": "o-a1b2c3d4e5",
            "SourceIps": ["203.0.113.0/24"], "ExpiresAt": "2027-01-31T18:00:00Z",
        }),
    ))
    .await;
    let carried = json!({
        "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/support/*"},
        "DateLessThan": {"aws:CurrentTime": "2027-01-31T18:00:00Z"},
        "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
        "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
    });
    let only_to_assume = json!({
        "StringEquals": {"sts:ExternalId": [ID, OTHER_ID]},
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThanEquals": {"aws:MultiFactorAuthAge": "3600"},
    });
    let principal = json!({"AWS": "arn:aws:iam::222222222222:root"});
    assert_eq!(
        role(&stack).trust.json(),
        json!({"Version": "2012-10-17", "Statement": [
            {
                "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole",
                "Condition": merged(carried.clone(), &only_to_assume),
            },
            {
                "Effect": "Allow", "Principal": principal, "Action": ["sts:TagSession", "sts:SetSourceIdentity"],
                "Condition": carried,
            },
        ]})
    );
}

#[tokio::test(start_paused = true)]
async fn other_values_than_true_and_false_are_refused() {
    let stack = Stack::new();
    let refused = stack.create(properties(&json!({"AllowSessionTags": "yes", "AllowSourceIdentity": ""}))).await;
    expect![[
        r#"There are 2 problems. (1) AllowSessionTags is "yes"; it must be true or false. [invalid-value] (2) AllowSourceIdentity is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"#
    ]]
    .assert_eq(refused.reason());
    let misspelled = stack.create(properties(&json!({"AllowSessionTag": true}))).await;
    expect![[r#""AllowSessionTag" is not a property of this resource: use AllowSessionTags. [unknown-property]"#]]
        .assert_eq(misspelled.reason());
    assert_eq!(stack.account.roles(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn allowing_an_action_ends_no_session_and_disallowing_it_ends_the_tagged_ones() {
    let ended = [
        RECORD_AND_MARK.to_owned(),
        "UpdateAssumeRolePolicy Auditor".to_owned(),
        format!("PutRolePolicy Auditor {REVOCATION}"),
        "UntagRole Auditor service-provider-access:revoke".to_owned(),
    ];
    let kept = [RECORD, "UpdateAssumeRolePolicy Auditor"].map(ToOwned::to_owned);
    for (old, new, expected) in [
        (json!({}), tags(), kept.as_slice()),
        (tags(), both(), &kept),
        (both(), source_identity(), &ended),
        (tags(), json!({}), &ended),
        // One action is added, and the other is removed.
        (tags(), source_identity(), &ended),
    ] {
        let stack = made(&old).await;
        assert_eq!(writes(&stack, &old, &new).await, expected, "{old} {new}");
        assert_eq!(role(&stack).trust, made(&new).await.account.role("Auditor").unwrap().trust.json(), "{old} {new}");
        assert_eq!(writes(&stack, &new, &new).await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn removed_policies_are_detached_before_tagged_sessions_are_allowed() {
    let stack = made(&json!({})).await;
    let new = merged(tags(), &json!({"ManagedPolicyArns": [EC2]}));
    assert_eq!(
        writes(&stack, &json!({}), &new).await,
        [
            RECORD.to_owned(),
            format!("DetachRolePolicy Auditor {AUDIT}"),
            "UpdateAssumeRolePolicy Auditor".to_owned(),
            format!("AttachRolePolicy Auditor {EC2}"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_statement_that_others_changed_is_corrected() {
    let second = |change: fn(&mut Value)| {
        let mut trust = with_second_statement(&json!("sts:TagSession"));
        change(&mut trust["Statement"]);
        trust
    };
    let rewritten: [(&str, Value); 7] = [
        ("removed", trust(ID)),
        (
            "another account",
            second(|statements| {
                statements[1]["Principal"]["AWS"] = json!(format!("arn:aws:iam::{OTHER_PROVIDER}:root"));
            }),
        ),
        ("everybody", second(|statements| statements[1]["Principal"] = json!("*"))),
        (
            "one action more",
            second(|statements| statements[1]["Action"] = json!(["sts:TagSession", "sts:SetSourceIdentity"])),
        ),
        ("another action", second(|statements| statements[1]["Action"] = json!(["sts:TagSession", "sts:SetContext"]))),
        (
            "a role that opens without the external ID",
            second(|statements| statements[1]["Action"] = json!(["sts:TagSession", "sts:AssumeRole"])),
        ),
        (
            "a third statement",
            second(|statements| {
                let third = statements[1].clone();
                statements.as_array_mut().unwrap().push(third);
            }),
        ),
    ];
    for (what, changed) in rewritten {
        let stack = made(&tags()).await;
        let wanted = role(&stack).trust;
        stack.account.edit(|aws| aws.role_mut("Auditor").trust = changed.into());
        let writes = writes(&stack, &tags(), &tags()).await;
        assert!(writes.contains(&"UpdateAssumeRolePolicy Auditor".to_owned()), "{what}: {writes:?}");
        assert_eq!(role(&stack).trust, wanted.json(), "{what}");
    }
    // The order of the statements and the spelling of an action do not matter to IAM.
    let stack = made(&tags()).await;
    let mut alike = with_second_statement(&json!(["STS:tagsession"]));
    alike["Statement"].as_array_mut().unwrap().reverse();
    stack.account.edit(|aws| aws.role_mut("Auditor").trust = alike.into());
    assert_eq!(writes(&stack, &tags(), &tags()).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn another_region_compares_both_properties() {
    let home = Stack::new();
    let other = home.in_region("eu-west-1");
    let shared = |difference: &Value| merged(properties(&json!({"HomeRegion": "us-east-1"})), difference);
    assert!(home.create(shared(&tags())).await.succeeded());
    let differs = other.create(shared(&source_identity())).await;
    assert!(
        differs.reason().contains("What differs: AllowSessionTags; AllowSourceIdentity. Give both"),
        "{}",
        differs.reason()
    );
    assert!(other.create(shared(&tags())).await.succeeded());
}

/// Ten accounts: about 430 characters.
fn many_accounts() -> Vec<String> {
    (1..=10).map(|number| format!("2222222222{number:02}")).collect()
}

/// Principals of about 60 characters each.
fn principals(count: usize) -> Value {
    let name = "x".repeat(25);
    (0..count).map(|number| format!("arn:aws:iam::222222222201:role/{name}-{number:03}")).collect()
}

#[tokio::test(start_paused = true)]
async fn the_second_statement_counts_for_the_length_of_the_trust() {
    let long = json!({"ExternalAwsAccountId": many_accounts(), "AllowedPrincipalArns": principals(14)});
    assert!(Stack::new().create(properties(&long)).await.succeeded(), "one statement fits");
    let stack = Stack::new();
    let refused = stack.create(properties(&merged(long.clone(), &both()))).await;
    expect!["ExternalAwsAccountId, ExternalId, AllowedPrincipalArns and SourceIps together make a trust policy of 2783 characters (AllowSessionTags and AllowSourceIdentity add a second statement), 735 more than the 2048 that IAM allows in this account; shorten one of them, or raise the quota. [quota-exceeded]"].assert_eq(refused.reason());
    assert_eq!(stack.account.roles(), Vec::<String>::new());

    let raised = Stack::new();
    raised.account.edit(|aws| aws.quotas.trust_size = 8_192);
    let fits = raised.create(properties(&merged(long, &both()))).await;
    assert!(fits.succeeded(), "{}", fits.reason());
    assert!(role(&raised).trust.size() > 2_048);
}

#[tokio::test(start_paused = true)]
async fn a_raised_quota_is_read_before_the_second_statement_is_judged() {
    for count in 1..16 {
        let stack = Stack::new();
        stack.account.edit(|aws| aws.quotas.trust_size = 8_192);
        let long = json!({"ExternalAwsAccountId": many_accounts(), "AllowedPrincipalArns": principals(count)});
        let answer = stack.create(properties(&merged(long, &both()))).await;
        assert!(answer.succeeded(), "{count}: {}", answer.reason());
    }
}

#[tokio::test(start_paused = true)]
async fn a_usual_role_with_session_actions_takes_no_further_call() {
    let stack = Stack::new();
    assert!(stack.create(properties(&both())).await.succeeded());
    assert_eq!(
        stack.account.calls(),
        [
            "CreateRole Auditor".to_owned(),
            "PutRolePolicy Auditor ServiceProviderAccessGuardrails".to_owned(),
            format!("AttachRolePolicy Auditor {AUDIT}"),
        ]
    );
}
