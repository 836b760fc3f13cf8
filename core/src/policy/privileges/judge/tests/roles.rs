//! Roles that are passed or assumed.

use serde_json::json;

use super::{PASSES, TERMS, allow, outcome, warning};
use crate::identifiers::RolePattern;
use crate::policy::privileges::{Author, Code, Terms};

#[test]
fn roles_may_be_passed_as_the_owner_lists_them() {
    let listed = [
        "arn:aws:iam::111111111111:role/app-*",
        "arn:aws:iam::111111111111:role/*-app",
        "arn:aws:iam::111111111111:role/ci/*",
        "arn:aws:iam::111111111111:role/cdk-deploy",
    ]
    .map(|role| RolePattern::parse(role).expect("a role"));
    let terms = Terms { passable_roles: &listed, ..TERMS };
    let role = |name: &str| format!("arn:aws:iam::111111111111:role/{name}");
    for (action, resource, expected) in [
        ("iam:PassRole", role("app-1"), None),
        ("iam:PassRole", role("app-*"), None),
        ("iam:PassRole", role("app-?x*"), None),
        ("sts:AssumeRole", role("app-1"), None),
        ("iam:PassRole", role("app*"), PASSES),
        ("iam:PassRole", role("other"), PASSES),
        ("iam:PassRole", role("APP-1"), PASSES),
        ("iam:PassRole", "*".to_owned(), PASSES),
        ("iam:Pass*", role("*"), PASSES),
        // PassRole works only within an account, so any account means the own one. AssumeRole works across accounts.
        ("iam:PassRole", "arn:*:iam::*:role/app-1".to_owned(), None),
        ("iam:PassRole", "arn:aws:iam::222222222222:role/app-1".to_owned(), PASSES),
        ("sts:AssumeRole", "arn:aws:iam::*:role/app-1".to_owned(), PASSES),
        ("iam:PassRole", role("app-${aws:PrincipalTag/Team}"), None),
        ("iam:PassRole", role("${aws:PrincipalTag/Role}"), PASSES),
        // Reserved names are listed exactly.
        ("iam:PassRole", role("cdk-deploy"), None),
        ("iam:PassRole", role("cdk-deploy*"), PASSES),
        ("iam:PassRole", role("ci/cdk-deploy"), PASSES),
        // A pattern that can match a reserved role must be listed exactly.
        ("iam:PassRole", role("*-app"), None),
        ("iam:PassRole", "arn:aws:iam::*:role/*-app".to_owned(), None),
        ("iam:PassRole", role("*-my-app"), PASSES),
        ("iam:PassRole", role("x*-app"), None),
        ("iam:PassRole", role("ci/*/x"), None),
        ("iam:PassRole", role("ci/team/*"), None),
        // An incomplete ARN, which IAM completes, is not in the owner's list.
        ("iam:PassRole", "arn:aws:iam::111111111111:*/app-1".to_owned(), PASSES),
        ("iam:PassRole", "arn:aws:iam::${aws:PrincipalAccount}:role/app-1".to_owned(), None),
        ("iam:PassRole", "arn:aws:iam::*:role/aws-service-role/spot.amazonaws.com/*".to_owned(), None),
        ("iam:PassRole", "arn:aws:iam::*:instance-profile/*".to_owned(), None),
    ] {
        assert_eq!(outcome(Author::Customer, &terms, allow(action, &resource)), expected, "{action} on {resource}");
    }
    let everything = [RolePattern::parse("arn:aws:iam::111111111111:role/*").expect("a pattern")];
    let terms = Terms { passable_roles: &everything, ..TERMS };
    assert_eq!(outcome(Author::Customer, &terms, allow("iam:PassRole", &role("*"))), None);
    for reserved in [
        "OrganizationAccountAccessRole",
        "AWSControlTowerExecution",
        "cdk*",
        "?dk-*",
        "*-deploy-role-*",
        "stacksets-exec-1",
        "aws-reserved/*",
        "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_1",
    ] {
        assert_eq!(outcome(Author::Customer, &terms, allow("iam:PassRole", &role(reserved))), PASSES, "{reserved}");
    }
}

#[test]
fn policies_of_aws_pass_roles_as_far_as_names_and_services_go() {
    let pass = |resource: &str, service: &str| {
        json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": resource,
            "Condition": {"StringEquals": {"iam:PassedToService": service}}})
    };
    let in_force = Terms { boundary_in_force: true, ..TERMS };
    for (resource, service, expected) in [
        ("*", "rds.amazonaws.com", warning(Code::PassesRole)),
        ("*", "ec2.amazonaws.com", PASSES),
        ("arn:aws:iam::*:role/*", "cognito-identity.amazonaws.com", PASSES),
        ("*", "unheard-of.amazonaws.com", PASSES),
        ("arn:aws:iam::*:role/b*", "ec2.amazonaws.com", PASSES),
        ("arn:aws:iam::*:role/AWSBatch*", "ec2.amazonaws.com", warning(Code::PassesRole)),
        ("arn:aws:iam::*:role/cdk-*", "rds.amazonaws.com", PASSES),
    ] {
        assert_eq!(outcome(Author::Aws, &TERMS, pass(resource, service)), expected, "{resource} to {service}");
        assert_eq!(outcome(Author::Aws, &in_force, pass(resource, service)), warning(Code::PassesRole));
        assert_eq!(outcome(Author::Customer, &in_force, pass(resource, service)), PASSES);
    }
    let if_exists = json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
        "Condition": {"StringEqualsIfExists": {"iam:PassedToService": "rds.amazonaws.com"}}});
    assert_eq!(outcome(Author::Aws, &TERMS, if_exists), PASSES);
}
