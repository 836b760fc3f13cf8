//! The provider's function can assume roles of customers, and nothing else.

use std::collections::BTreeSet;

use expect_test::expect_file;
use serde_json::json;

use super::actions;
use super::judge::{Call, Judge};
use crate::fixtures::ACCOUNT;
use crate::template::Deployment;

const OWN_ORGANIZATION: &str = "o-a1b2c3d4e5";
const OTHER_ORGANIZATION: &str = "o-z9y8x7w6v5";

fn deployed() -> Deployment {
    Deployment::of_provider_template()
}

/// The policy of a provider in this organization, or in none. The evaluator does not replace variables in conditions, so
/// this is done here. As in IAM, a comparison with a variable without a value is false.
fn judge(deployment: &Deployment, organization: Option<&str>) -> Judge {
    let own = organization.unwrap_or("(none)");
    let policy = deployment.policy().to_string().replace("${aws:PrincipalOrgID}", own);
    assert!(!policy.contains("${"), "a variable that is not known here: {policy}");
    Judge::of(&serde_json::from_str(&policy).unwrap())
}

/// Assuming a role that is in this organization, or in none.
fn assuming(role: &str, organization: Option<&str>) -> Call {
    organization.iter().fold(Call::on("sts:AssumeRole", role), |call, id| call.with("aws:ResourceOrgID", id))
}

#[test]
fn the_policy_of_the_providers_function() {
    let policy = serde_json::to_string_pretty(&deployed().policy()).unwrap() + "\n";
    expect_file!["../golden/provider-function-policy.json"].assert_eq(&policy);
}

#[test]
fn the_policy_allows_what_the_code_calls_and_nothing_else() {
    let needed = ["logs:CreateLogStream", "logs:PutLogEvents", "sts:AssumeRole"].map(str::to_owned);
    assert_eq!(actions(&deployed().policy(), "Allow"), BTreeSet::from(needed));
    // A rule of the architecture: only this file calls STS.
    let ask = include_str!("../../../src/access_check/ask.rs");
    assert_eq!(ask.matches(".call(").count(), 1, "a call that this test does not know");
    assert!(ask.contains(r#".call("sts:AssumeRole""#));
}

#[test]
fn only_roles_of_customers_can_be_assumed() {
    for partition in super::PARTITIONS {
        let deployed = deployed().in_partition(partition);
        let role = |account: &str, name: &str| format!("arn:{partition}:iam::{account}:role/{name}");
        for (own, customers) in [
            (None, None),
            (None, Some(OTHER_ORGANIZATION)),
            (Some(OWN_ORGANIZATION), None),
            (Some(OWN_ORGANIZATION), Some(OTHER_ORGANIZATION)),
        ] {
            let judge = judge(&deployed, own);
            for name in ["Acme", "delegated/Acme", "service-role/x"] {
                judge.must_allow(&assuming(&role("999999999999", name), customers));
                judge.must_deny(&assuming(&role(ACCOUNT, name), customers));
            }
        }
        let judge = judge(&deployed, Some(OWN_ORGANIZATION));
        judge.must_deny(&assuming(&role("999999999999", "Acme"), Some(OWN_ORGANIZATION)));
        for action in
            ["sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity", "iam:GetRole", "iam:PassRole"]
        {
            judge.must_deny(&Call::on(action, &role("999999999999", "Acme")));
            judge.must_deny(&Call::on(action, &role(ACCOUNT, "Acme")));
        }
    }
}

#[test]
fn no_condition_hides_what_the_customers_role_accepts() {
    let policy = deployed().policy();
    for statement in policy["Statement"].as_array().unwrap() {
        let conditions = statement["Condition"].to_string();
        assert!(!conditions.contains("sts:ExternalId"), "an unsafe role would look safe: {statement}");
        assert!(statement["Effect"] == "Deny" || statement["Condition"].is_null(), "{statement}");
    }
}

#[test]
fn the_role_has_this_policy_and_no_other_and_a_fixed_name() {
    let mut role = deployed().resolved("/Resources/CheckingRole/Properties");
    let role = role.as_object_mut().unwrap();
    let policies = role.remove("Policies").unwrap();
    assert_eq!(policies.as_array().unwrap().len(), 1);
    role.remove("Description");
    assert_eq!(
        json!(role),
        json!({
            "RoleName": "service-provider-access-checker-us-east-1",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
                ],
            },
        })
    );
    let deployed = deployed();
    let function = deployed.declared("/Resources/Function/Properties");
    assert_eq!(function["Role"], json!({"Fn::GetAtt": ["CheckingRole", "Arn"]}));
    assert_eq!(function["FunctionName"], "service-provider-access-provider");
    let resources = deployed.declared("/Resources").as_object().unwrap();
    let of_iam = resources.values().filter(|resource| resource["Type"].as_str().unwrap().starts_with("AWS::IAM::"));
    assert_eq!(of_iam.count(), 1);
}
