//! The three conditions that lower a finding.

use serde_json::{Value, json};

use super::{ERROR, PASSES, TERMS, outcome, warning};
use crate::policy::privileges::{Author, Code};

#[test]
fn three_conditions_lower_a_finding() {
    let limited = |action: &str, operator: &str, key: &str, value: Value| json!({"Effect": "Allow", "Action": action, "Resource": "*", "Condition": {operator: {key: value}}});
    let lowered = warning(Code::Administrative);
    let aws = |name: &str| json!(format!("arn:aws:iam::aws:policy/{name}"));
    let boundary = json!("arn:aws:iam::111111111111:policy/Boundary");
    for (statement, expected) in [
        (limited("iam:AttachRolePolicy", "ArnEquals", "iam:PolicyARN", aws("SecurityAudit")), lowered),
        (
            limited(
                "iam:AttachUserPolicy",
                "StringLike",
                "IAM:policyarn",
                json!([aws("SecurityAudit"), aws("job-function/ViewOnlyAccess")]),
            ),
            lowered,
        ),
        (limited("iam:AttachRolePolicy", "ArnEquals", "iam:PolicyARN", aws("AdministratorAccess")), ERROR),
        (
            limited(
                "iam:AttachRolePolicy",
                "ArnEquals",
                "iam:PolicyARN",
                json!([aws("SecurityAudit"), aws("PowerUserAccess")]),
            ),
            ERROR,
        ),
        (limited("iam:AttachRolePolicy", "ArnLike", "iam:PolicyARN", aws("*")), ERROR),
        (limited("iam:AttachRolePolicy", "ArnEquals", "iam:PolicyARN", aws("NoSuchPolicy")), ERROR),
        (
            limited("iam:AttachRolePolicy", "ArnLike", "iam:PolicyARN", json!("arn:aws:iam::*:policy/SecurityAudit")),
            ERROR,
        ),
        (limited("iam:AttachRolePolicy", "ArnEqualsIfExists", "iam:PolicyARN", aws("SecurityAudit")), ERROR),
        (limited("iam:AttachRolePolicy", "ForAllValues:ArnEquals", "iam:PolicyARN", aws("SecurityAudit")), ERROR),
        (limited("iam:AttachRolePolicy", "ArnNotEquals", "iam:PolicyARN", aws("AdministratorAccess")), ERROR),
        (limited("iam:AttachRolePolicy", "ArnEquals", "iam:PolicyARN", json!([])), ERROR),
        (limited("iam:PutRolePolicy", "ArnEquals", "iam:PolicyARN", aws("SecurityAudit")), ERROR),
        (limited("iam:PutRolePolicy", "StringEquals", "iam:PermissionsBoundary", boundary.clone()), lowered),
        (limited("iam:AttachRolePolicy", "ArnEquals", "iam:PermissionsBoundary", boundary.clone()), lowered),
        (limited("iam:PutRolePolicy", "StringEquals", "iam:PermissionsBoundary", aws("SecurityAudit")), ERROR),
        (limited("iam:UpdateAssumeRolePolicy", "StringEquals", "iam:PermissionsBoundary", boundary.clone()), ERROR),
        (limited("iam:PutRolePolicy", "StringEquals", "aws:PrincipalTag/Team", json!("admins")), ERROR),
        (limited("iam:PutRolePolicy", "Bool", "aws:MultiFactorAuthPresent", json!("true")), ERROR),
        (limited("iam:PassRole", "StringEquals", "iam:PassedToService", json!("rds.amazonaws.com")), PASSES),
    ] {
        assert_eq!(outcome(Author::Customer, &TERMS, statement.clone()), expected, "{statement}");
    }
    // Of two elements that IAM might read as one, neither counts.
    let twice = json!({"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "*", "condition": {},
        "Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary}}});
    assert_eq!(outcome(Author::Customer, &TERMS, twice), ERROR);
    // AWS limits its own policies to boundaries of its own.
    let own = limited("iam:PutRolePolicy", "StringEquals", "iam:PermissionsBoundary", aws("SecurityAudit"));
    assert_eq!(outcome(Author::Aws, &TERMS, own), lowered);
}
