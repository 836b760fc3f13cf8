//! For security reviews: the policies of the function and of its roles, as they are sent to IAM.
//! `UPDATE_EXPECT=1 cargo test` writes them again.

use expect_test::{ExpectFile, expect_file};
use serde_json::{Value, json};

use super::{deployed, with_all_limits, without_boundary};
use crate::fixtures::PROVIDER;
use crate::stack::Stack;

#[expect(clippy::needless_pass_by_value, reason = "as `expect_file!` makes it")]
fn check(document: &Value, expected: ExpectFile) {
    expected.assert_eq(&(serde_json::to_string_pretty(document).unwrap() + "\n"));
}

/// The trust of the role that a template with these properties makes.
async fn trust(properties: Value) -> Value {
    let stack = Stack::new();
    let answer = stack.create(properties).await;
    assert!(answer.succeeded(), "{}", answer.0);
    let mut trust = stack.account.role(answer.physical_id()).unwrap().trust.json();
    // IAM returns principals in another order.
    for statement in trust["Statement"].as_array_mut().unwrap() {
        if let Some(principals) = statement["Principal"]["AWS"].as_array_mut() {
            principals.sort_by_key(ToString::to_string);
        }
    }
    trust
}

/// The inline policy of this name of a role that a template with these properties makes, by a function with this
/// environment.
async fn inline(environment: &[(&'static str, &str)], properties: Value, name: &str) -> Value {
    let stack = environment.iter().fold(Stack::new(), |stack, (name, value)| stack.with(name, value));
    let before =
        json!({"ExternalAwsAccountId": [PROVIDER, "333333333333"], "ExternalId": "an-external-id-of-the-provider"});
    let made = stack.create(before.clone()).await;
    let answer = stack.update(made.physical_id(), before, properties).await;
    assert!(answer.succeeded(), "{}", answer.0);
    stack.account.role(answer.physical_id()).unwrap().inline_policies[name].json()
}

#[tokio::test(start_paused = true)]
async fn the_guardrail_policy_of_a_role() {
    const GUARDRAILS: &str = "ServiceProviderAccessGuardrails";
    let simplest = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": "an-external-id-of-the-provider"});
    check(&inline(&[], simplest.clone(), GUARDRAILS).await, expect_file!["../golden/guardrails-simplest.json"]);
    let environment = deployed().environment();
    let known = ["FUNCTION_ROLE_ARN", "FUNCTION_STACK_ID"].map(|name| (name, environment[name].as_str()));
    let mut everything = simplest.clone();
    everything["ExpiresAt"] = json!("2027-01-31T18:00:00Z");
    check(&inline(&known, everything, GUARDRAILS).await, expect_file!["../golden/guardrails-everything.json"]);
    let revocation = inline(&[], simplest, "AWSRevokeOlderSessions").await;
    check(&revocation, expect_file!["../golden/revocation.json"]);
}

#[test]
fn the_policy_of_the_function() {
    check(&deployed().policy(), expect_file!["../golden/function-policy-default.json"]);
    check(&without_boundary().policy(), expect_file!["../golden/function-policy-without-boundary.json"]);
    check(&with_all_limits().policy(), expect_file!["../golden/function-policy-all-limits.json"]);
}

#[test]
fn the_most_that_its_roles_may_do() {
    let passing =
        deployed().with("PassableRoleArns", "arn:aws:iam::111111111111:role/app/*,arn:aws:iam::*:role/worker");
    let boundary = passing.resolved("/Resources/Boundary/Properties");
    check(&boundary, expect_file!["../golden/boundary.json"]);
}

#[test]
fn the_function_has_this_policy_and_no_other() {
    let mut role = deployed().resolved("/Resources/FunctionRole/Properties");
    let role = role.as_object_mut().unwrap();
    let policies = role.remove("Policies").unwrap();
    assert_eq!(policies.as_array().unwrap().len(), 1);
    role.remove("Description");
    assert_eq!(
        Value::Object(role.clone()),
        json!({"AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
        }})
    );
    let function = deployed().declared("/Resources/Function/Properties").clone();
    assert_eq!(function["Role"], json!({"Fn::GetAtt": ["FunctionRole", "Arn"]}));
    let types = deployed().declared("/Resources").as_object().unwrap().clone();
    let of_iam: Vec<_> = types
        .iter()
        .filter(|(_, resource)| resource["Type"].as_str().unwrap().starts_with("AWS::IAM::"))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(of_iam, ["Boundary", "FunctionRole", "FunctionRoleGuard"]);
}

#[tokio::test(start_paused = true)]
async fn the_trust_policy_of_a_role() {
    let simplest = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": "an-external-id-of-the-provider"});
    check(&trust(simplest).await, expect_file!["../golden/trust-simplest.json"]);
    let everything = json!({
        "ExternalAwsAccountId": [PROVIDER, "333333333333"],
        "ExternalId": ["an-external-id-of-the-provider", "the-next-external-id-of-theirs"],
        "RequireMfa": true,
        "MfaMaxAge": 3600,
        "AllowedPrincipalArns": [
            "arn:aws:iam::222222222222:user/on-call/auditor",
            "arn:aws:iam::333333333333:role/support/*",
        ],
        "PrincipalOrgId": "o-a1b2c3d4e5",
        "SourceIps": ["203.0.113.0/24", "2001:db8::/32"],
        "ExpiresAt": "2027-01-31T18:00:00Z",
        "AllowSessionTags": true,
        "AllowSourceIdentity": true,
    });
    check(&trust(everything).await, expect_file!["../golden/trust-everything.json"]);
}
