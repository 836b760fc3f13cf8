//! The quotas of IAM, with the arithmetic.

use serde_json::{Map, Value, json};

use super::{check_made, check_refused, expiry, guardrails, made, plain, plain_role};
use crate::fixtures::{allow, merged, policy, read_bucket};
use crate::stack::Stack;
use crate::wire::iam::Policy;

fn customer_managed_policies(stack: &Stack, count: usize) -> Vec<String> {
    (0..count).map(|number| stack.account.put_policy(Policy::named(&format!("Own{number}"), read_bucket()))).collect()
}

/// A policy of this size, without white space.
fn policy_of(size: usize) -> Value {
    let shortest = allow("s3:GetObject", "arn:aws:s3:::").to_string().len();
    allow("s3:GetObject", &format!("arn:aws:s3:::{}", "b".repeat(size - shortest)))
}

#[tokio::test(start_paused = true)]
async fn inline_policies_have_at_most_10240_characters_and_two_are_our_own() {
    let own = guardrails(&[]).to_string().len();
    let revocation = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-11-22T12:00:00.000Z"}}}]}"#.len();
    let left = 10_240 - own - revocation;
    let fits = policy_of(left);
    let inline = json!({"inline": {"CustomPolicy": fits}});
    check_made(Stack::new(), json!({"CustomPolicy": fits}), inline.clone()).await;
    check_made(Stack::new(), json!({"CustomPolicy": format!("{fits:#}")}), inline).await;
    let sentence = |size: usize, left: usize, own: usize| {
        format!(
            "CustomPolicy has {size} characters without white space, {} more than the {left} that are left for it: IAM allows \
             10240 for all inline policies of a role, ServiceProviderAccessGuardrails needs {own} of them, and \
             AWSRevokeOlderSessions may need {revocation}. Move statements to a managed policy and add it to \
             ManagedPolicyArns. [quota-exceeded]",
            size - left
        )
    };
    for size in [left + 1, 10_240, 12_000] {
        let problems = [sentence(size, left, own)];
        check_refused(Stack::new(), json!({"CustomPolicy": policy_of(size)}), &problems).await;
    }
    // ExpiresAt needs characters, too.
    let end = guardrails(&[expiry("2027-01-31T18:00:00Z")]).to_string().len() - own;
    let problems = [sentence(left, left - end, own + end)];
    let properties = json!({"CustomPolicy": policy_of(left), "ExpiresAt": "2027-01-31T18:00:00Z"});
    check_refused(Stack::new(), properties, &problems).await;
    // A policy that is never written needs no characters.
    let left = 10_240 - own;
    let fits = policy_of(left);
    let never = json!({"CustomPolicy": fits, "RevokeSessions": "Never"});
    let stack = Stack::new();
    check_made(stack.clone(), never.clone(), json!({"inline": {"CustomPolicy": fits}})).await;
    // An update that narrows the trust can use them, too.
    let (before, after) = (merged(plain(), &never), merged(plain(), &merged(never, &json!({"RequireMfa": true}))));
    let answer = stack.update("Auditor", before, after).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    // And an update that writes the guardrail policy again, with another ExpiresAt.
    let until =
        |time: &str| json!({"CustomPolicy": policy_of(left - end), "RevokeSessions": "Never", "ExpiresAt": time});
    let [before, after] = ["2027-01-31T18:00:00Z", "2027-02-28T18:00:00Z"].map(|time| merged(plain(), &until(time)));
    let stack = Stack::new();
    assert!(stack.create(before.clone()).await.succeeded());
    let answer = stack.update("Auditor", before, after).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    let problems = [format!(
        "CustomPolicy has {} characters without white space, 1 more than the {left} that are left for it: IAM allows 10240 for all \
         inline policies of a role, ServiceProviderAccessGuardrails needs {own} of them. Move statements to a managed policy and \
         add it to ManagedPolicyArns. [quota-exceeded]",
        left + 1
    )];
    let properties = json!({"CustomPolicy": policy_of(left + 1), "RevokeSessions": "Never"});
    check_refused(Stack::new(), properties, &problems).await;
}

#[tokio::test(start_paused = true)]
async fn a_role_has_at_most_as_many_managed_policies_as_the_quota_of_the_account() {
    for (quota, fits) in [(10, 10), (20, 20), (25, 25)] {
        let stack = Stack::new();
        stack.account.edit(|aws| aws.quotas.attached_policies_per_role = quota);
        let mut arns = customer_managed_policies(&stack, fits + 1);
        let sentence = format!(
            "ManagedPolicyArns contains {} policies, 1 more than the {quota} that IAM allows on a role in this account; combine \
             some, or raise the quota. [quota-exceeded]",
            fits + 1
        );
        check_refused(stack.clone(), json!({"ManagedPolicyArns": arns}), &[&sentence]).await;
        check_refused(stack.clone(), json!({"ManagedPolicyArns": arns.join(",")}), &[&sentence]).await;
        arns.pop();
        let difference = json!({"ManagedPolicyArns": arns});
        arns.sort();
        check_made(stack, difference, json!({"attached": arns})).await;
    }
}

/// The size of the trust policy of a role with this difference from the plain one.
fn trust_size(difference: &Value) -> usize {
    policy(merged(plain_role(), difference)["trust"].clone()).to_string().len()
}

#[tokio::test(start_paused = true)]
async fn a_trust_policy_is_at_most_as_long_as_the_quota_of_the_account() {
    let ids = |length: usize| [format!("A{}", "x".repeat(length - 1)), format!("B{}", "x".repeat(length - 1))];
    let trust = |length| json!({"trust": {"Condition": {"StringEquals": {"sts:ExternalId": ids(length)}}}});
    let sentence = |size: usize, quota: usize| {
        format!(
            "ExternalAwsAccountId, ExternalId, AllowedPrincipalArns and SourceIps together make a trust policy of {size} \
             characters, {} more than the {quota} that IAM allows in this account; shorten one of them, or raise the quota. [quota-exceeded]",
            size - quota
        )
    };
    // The longest pair that fits.
    let longest = (1..1224).take_while(|length| trust_size(&trust(*length)) <= 2_048).last().unwrap();
    let (role, data) = made(&Stack::new(), &json!({"ExternalId": ids(longest)})).await;
    assert_eq!(role.trust.json()["Statement"][0]["Condition"], trust(longest)["trust"]["Condition"]);
    assert_eq!(data["ExternalId"], json!(ids(longest)[0]));

    let size = trust_size(&trust(longest + 1));
    check_refused(Stack::new(), json!({"ExternalId": ids(longest + 1)}), &[sentence(size, 2_048)]).await;

    let raised = Stack::new();
    raised.account.edit(|aws| aws.quotas.trust_size = 2_600);
    let (role, _) = made(&raised, &json!({"ExternalId": ids(1_150)})).await;
    assert_eq!(role.trust.json()["Statement"][0]["Condition"], trust(1_150)["trust"]["Condition"]);
    let (size, raised) = (trust_size(&trust(1_224)), Stack::new());
    raised.account.edit(|aws| aws.quotas.trust_size = 2_600);
    check_refused(raised, json!({"ExternalId": ids(1_224)}), &[sentence(size, 2_600)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_raised_quota_applies_whatever_makes_the_trust_long() {
    let stack = Stack::new();
    stack.account.edit(|aws| aws.quotas.trust_size = 8_192);
    let accounts: Vec<String> = (1..=10).map(|number| format!("2222222222{number:02}")).collect();
    let ranges: Vec<String> = (100..195).map(|number| format!("8.8.{number}.0/24")).collect();
    let long = json!({
        "ExternalAwsAccountId": accounts, "SourceIps": ranges, "RequireMfa": true, "MfaMaxAge": 3600,
        "PrincipalOrgId": "o-a1b2c3d4e5",
    });
    let (role, _) = made(&stack, &long).await;
    assert!(role.trust.size() > 2_048, "{} characters are no proof", role.trust.size());
}

#[tokio::test(start_paused = true)]
async fn a_template_can_set_at_most_45_tags() {
    let some =
        |count: usize| -> Vec<Value> { (0..count).map(|n| json!({"Key": format!("k{n}"), "Value": "v"})).collect() };
    let all: Map<String, Value> = (0..45).map(|n| (format!("k{n}"), json!("v"))).collect();
    check_made(Stack::new(), json!({"Tags": some(45)}), json!({"tags": all})).await;
    check_refused(
        Stack::new(),
        json!({"Tags": some(46)}),
        &["Tags has 46 tags; IAM allows 50 on a role, and this resource needs 5 of them, so give at most 45. [quota-exceeded]"],
    )
    .await;
}
