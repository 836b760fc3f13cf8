//! The permissions boundary of the examples, for service providers who make roles: it propagates itself, and is otherwise
//! the one that the template ships.

use std::collections::BTreeMap;

use serde_json::Value;

use super::judge::{Call, Judge};
use super::{catalogue, deployed};
use crate::template::Deployment;

const BOUNDARY: &str = "arn:aws:iam::111111111111:policy/boundaries/ServiceProviderBoundary";
const OTHER: &str = "arn:aws:iam::111111111111:policy/boundaries/Other";

fn judge() -> Judge {
    let boundary = Deployment::of_boundary_template();
    Judge::of(&boundary.resolved("/Resources/Boundary/Properties/PolicyDocument"))
}

#[test]
fn it_is_the_policy_that_it_names() {
    let boundary = Deployment::of_boundary_template();
    let [path, name] =
        ["Path", "ManagedPolicyName"].map(|key| boundary.resolved(&format!("/Resources/Boundary/Properties/{key}")));
    let arn = format!("arn:aws:iam::111111111111:policy{}{}", path.as_str().unwrap(), name.as_str().unwrap());
    assert_eq!(arn, BOUNDARY);
    assert!(deployed().accepts("RequiredPermissionsBoundary", BOUNDARY));
}

#[test]
fn it_is_the_shipped_boundary_and_two_statements_more() {
    let of = |deployment: &Deployment| -> BTreeMap<String, Value> {
        let document = deployment.resolved("/Resources/Boundary/Properties/PolicyDocument");
        let statements = document["Statement"].as_array().unwrap().iter();
        statements.map(|statement| (statement["Sid"].as_str().unwrap().to_owned(), statement.clone())).collect()
    };
    let roles = "arn:aws:iam::111111111111:role/app/*,arn:aws:iam::111111111111:role/worker";
    let mut here = of(&Deployment::of_boundary_template().with("PassableRoleArns", roles));
    let mut shipped = of(&deployed().with("PassableRoleArns", roles));
    for more in ["AllowCreatingRolesUnderThisBoundary", "AllowKeepingThoseRoles"] {
        here.remove(more).unwrap();
    }
    // Their own roles may be passed, too.
    let listed = here.get_mut("DenyUsingOtherRoles").unwrap()["NotResource"].as_array_mut().unwrap();
    assert_eq!(listed.remove(0), "arn:aws:iam::111111111111:role/bounded/*");
    // It knows the function's role by its usual name only.
    let changing = shipped.get_mut("DenyChangingTheFunction").unwrap()["Resource"].as_array_mut().unwrap();
    changing
        .retain(|resource| resource != "arn:aws:iam::111111111111:role/service-provider-access-FunctionRole-AbCdEf");
    assert_eq!(here, shipped);
}

#[test]
fn it_is_short_enough() {
    let roles = ["arn:*:iam::*:role/a"; 50].join(",");
    let example = Deployment::of_boundary_template().with("PassableRoleArns", &roles).in_partition("aws-us-gov");
    let document = example.resolved("/Resources/Boundary/Properties/PolicyDocument").to_string();
    assert!(document.chars().filter(|character| !character.is_whitespace()).count() <= 6_144);
}

#[test]
fn no_other_identity_changes() {
    let judge = judge();
    for action in ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy"] {
        judge.must_deny(&Call::on(action, BOUNDARY));
    }
    for action in catalogue::actions("ABDRM") {
        for call in action.calls() {
            judge.must_deny(&call.boundary(Some(BOUNDARY)));
        }
    }
}

#[test]
fn a_role_that_they_make_is_under_it_too() {
    let judge = judge();
    let widening = [
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
    ];
    for action in widening {
        let call = |role: &str, boundary| Call::on_role(action, role).boundary(boundary);
        judge.must_allow(&call("/bounded/worker", Some(BOUNDARY)));
        judge.must_deny(&call("/bounded/worker", Some(OTHER)));
        judge.must_deny(&call("/bounded/worker", None));
        judge.must_deny(&call("/worker", Some(BOUNDARY)));
        judge.must_deny(&call("/delegated/acme", Some(BOUNDARY)));
    }
    judge.must_deny(&Call::on_role("iam:DeleteRolePermissionsBoundary", "/bounded/worker").boundary(Some(BOUNDARY)));
    judge.must_allow(&Call::on_role("iam:PassRole", "/bounded/worker"));
    for role in ["/admin", "/delegated/acme", "/service-provider-access-FunctionRole-AbCdEf"] {
        judge.must_deny(&Call::on_role("iam:PassRole", role));
        judge.must_deny(&Call::on_role("iam:DeleteRole", role));
    }
}
