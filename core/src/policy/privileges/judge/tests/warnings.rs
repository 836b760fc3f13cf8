//! Actions that cause only a warning, and errors that a permit lowers to one.

use expect_test::expect;
use serde_json::json;

use super::{TERMS, allow, check_with, outcome, warning};
use crate::policy::privileges::{Author, Code, Terms};

#[test]
fn warnings_are_about_everything() {
    for (action, resource, expected) in [
        ("ssm:SendCommand", "arn:aws:ec2:*:111111111111:instance/*", warning(Code::ActsAsWorkload)),
        ("ssm:SendCommand", "arn:aws:ec2:*:111111111111:instance/i-1", None),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:*", warning(Code::ReadsData)),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:vendor/*", None),
        ("s3:GetObject", "arn:aws:s3:::*/*", warning(Code::ReadsData)),
        ("s3:GetObject", "arn:aws:s3:::bucket/*", None),
        ("s3:Put*", "arn:aws:s3:::*", warning(Code::Exposes)),
        ("kms:PutKeyPolicy", "arn:aws:kms:*:*:key/*", warning(Code::Exposes)),
        ("kms:PutKeyPolicy", "arn:aws:kms:*:*:key/1", None),
        ("kms:Decrypt", "*", None),
        ("ram:CreateResourceShare", "*", warning(Code::Exposes)),
        ("cloudtrail:StopLogging", "arn:aws:cloudtrail:us-east-1:111111111111:trail/main", warning(Code::AuditTrail)),
        ("organizations:LeaveOrganization", "*", warning(Code::Organization)),
        ("eks:AssociateAccessPolicy", "*", warning(Code::Organization)),
        ("eks:*", "arn:aws:eks:*:*:cluster/*", warning(Code::Organization)),
        ("sqs:*", "arn:aws:sqs:*:*:*", warning(Code::Exposes)),
        ("polly:*", "*", warning(Code::Broad)),
        ("apigateway:*", "arn:aws:apigateway:*::/usageplans/*", warning(Code::Broad)),
        ("apigateway:*", "arn:aws:apigateway:*::/usageplans/1", None),
        ("s3:*", "arn:aws:s3:::bucket/*", None),
        ("*:List*", "*", None),
        ("*:Describe*", "*", None),
        ("*:GetO*", "*", warning(Code::ReadsData)),
    ] {
        assert_eq!(outcome(Author::Customer, &TERMS, allow(action, resource)), expected, "{action} on {resource}");
    }
    let not_resource = json!({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::bucket/*"});
    assert_eq!(outcome(Author::Customer, &TERMS, not_resource), warning(Code::ReadsData));
}

#[test]
fn a_permit_turns_errors_into_warnings() {
    let terms = Terms { allow_administrative: true, ..TERMS };
    let statements = json!([allow("*", "*"), allow("iam:PassRole", "*"), allow("iam:Put*", "*")]);
    check_with(
        Author::Customer,
        &terms,
        statements,
        &expect![[r"
            Warning administrative, statement 1+3: 6 as *, iam:PutGroupPolicy, iam:PutRolePermissionsBoundary on *
            Warning passes-role, statement 2: 1 as iam:PassRole on *
        "]],
    );
}
