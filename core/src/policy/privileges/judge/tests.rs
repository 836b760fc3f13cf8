mod conditions;
mod raised_rights;
mod roles;
mod warnings;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::policy::Document;
use crate::policy::privileges::{Author, Code, Privilege, Severity, Terms};

const TERMS: Terms<'_> = Terms {
    partition: "aws",
    account: "111111111111",
    role_prefix: "delegated/",
    passable_roles: &[],
    required_boundary: Some("arn:aws:iam::111111111111:policy/Boundary"),
    boundary_in_force: false,
    allow_administrative: false,
};

#[expect(clippy::needless_pass_by_value, reason = "reads better where it is called")]
fn document(statements: Value) -> Document {
    Document::from_value(json!({"Version": "2012-10-17", "Statement": statements})).expect("it is a document")
}

fn shown(found: &[Privilege]) -> String {
    let line = |found: &Privilege| {
        let Privilege { code, severity, statement, further_statements, sid, actions, count, resources } = found;
        let (actions, resources) = (actions.join(", "), resources.join(", "));
        let sid = sid.as_ref().map(|sid| format!(" ({sid})")).unwrap_or_default();
        let statements = std::iter::once(statement).chain(further_statements).map(usize::to_string);
        let statements = statements.collect::<Vec<_>>().join("+");
        format!("{severity:?} {code}, statement {statements}{sid}: {count} as {actions} on {resources}\n")
    };
    found.iter().map(line).collect()
}

fn check_with(author: Author, terms: &Terms<'_>, statements: Value, expect: &Expect) {
    expect.assert_eq(&shown(&document(statements).privileges(author, terms)));
}

fn check(statements: Value, expect: &Expect) {
    check_with(Author::Customer, &TERMS, statements, expect);
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

/// The most severe finding of one action on one resource.
fn outcome(author: Author, terms: &Terms<'_>, statement: Value) -> Option<(Severity, Code)> {
    document(statement).privileges(author, terms).first().map(|found| (found.severity, found.code))
}

const ERROR: Option<(Severity, Code)> = Some((Severity::Error, Code::Administrative));

const PASSES: Option<(Severity, Code)> = Some((Severity::Error, Code::PassesRole));

#[expect(clippy::unnecessary_wraps, reason = "compared with an outcome")]
const fn warning(code: Code) -> Option<(Severity, Code)> {
    Some((Severity::Warning, code))
}

#[test]
fn errors_are_reported_by_statement_and_warnings_by_code() {
    check(
        json!([
            {"Sid": "Roles", "Effect": "Allow", "Action": ["iam:PutRolePolicy", "iam:CreateAccessKey", "iam:GetRole"],
             "Resource": ["arn:aws:iam::111111111111:role/app", "arn:aws:iam::111111111111:role/*", "arn:aws:iam::*:user/x", "*"]},
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ["arn:aws:iam::111111111111:role/b", "arn:aws:iam::111111111111:role/a*"]},
            {"Effect": "Allow", "Action": ["s3:Get*", "secretsmanager:GetSecretValue", "ssm:GetParameter*"], "Resource": "*"},
            {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": "arn:aws:dynamodb:*:*:table/*"},
            {"Effect": "Allow", "Action": "ec2:*", "Resource": "arn:aws:ec2:*:*:*"},
        ]),
        &expect![[r"
            Error administrative, statement 1 (Roles): 2 as iam:CreateAccessKey, iam:PutRolePolicy on *, arn:aws:iam::111111111111:role/*, arn:aws:iam::*:user/x, arn:aws:iam::111111111111:role/app
            Error passes-role, statement 2: 1 as iam:PassRole on arn:aws:iam::111111111111:role/a*, arn:aws:iam::111111111111:role/b
            Warning acts-as-workload, statement 5: 3 as ec2:CreateLaunchTemplateVersion + ec2:ModifyLaunchTemplate, ec2:ModifyInstanceAttribute + ec2:StartInstances + ec2:StopInstances, ec2:ReplaceIamInstanceProfileAssociation on arn:aws:ec2:*:*:*
            Warning exposes, statement 5: 21 as ec2:AttachApplianceToNatGateway, ec2:AttachResourcesToPlacementGroup, ec2:CancelImageLaunchPermission on arn:aws:ec2:*:*:*
            Warning reads-data, statement 3+4+5: 9 as secretsmanager:GetSecretValue, ssm:GetParameter, ssm:GetParameterHistory on *, arn:aws:ec2:*:*:*, arn:aws:dynamodb:*:*:table/*
            Warning broad, statement 5: 1 as ec2:* on arn:aws:ec2:*:*:*
        "]],
    );
}

#[test]
fn everything_is_one_finding() {
    check(
        json!([
            allow("*", "*"),
            allow("*:*", "arn:aws:iam::111111111111:role/app"),
            allow("*", "arn:aws:s3:::bucket/*"),
            allow("iam:*", "arn:aws:s3:::bucket"),
            {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "arn:aws:s3:::bucket"},
            {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"},
        ]),
        &expect![[r"
            Error administrative, statement 1: 1 as * on *
            Error administrative, statement 2: 1 as * on arn:aws:iam::111111111111:role/app
            Error administrative, statement 4: 1 as iam:* on arn:aws:s3:::bucket
            Error administrative, statement 5: 1 as everything but iam:*, sts:* on arn:aws:s3:::bucket
        "]],
    );
}

#[test]
fn some_actions_count_together() {
    check(
        json!([
            allow("iam:DeleteSAMLProvider", "*"),
            allow("ec2:StopInstances", "*"),
            allow("ec2:StartInstances", "*"),
            allow("ec2:ModifyInstanceAttribute", "*"),
            allow("iam:CreateSAMLProvider", "*"),
        ]),
        &expect![[r"
            Error administrative, statement 1+5: 1 as iam:CreateSAMLProvider + iam:DeleteSAMLProvider on *
            Warning acts-as-workload, statement 2+3+4: 1 as ec2:ModifyInstanceAttribute + ec2:StartInstances + ec2:StopInstances on *
        "]],
    );
    check(json!([allow("iam:CreateSAMLProvider", "*"), allow("ec2:ModifyInstanceAttribute", "*")]), &expect![[r""]]);
    check(
        json!([
            allow("ec2:CreateLaunchTemplateVersion", "*"),
            allow("ec2:ModifyLaunchTemplate", "arn:aws:ec2:*:*:launch-template/lt-1")
        ]),
        &expect![[r""]],
    );
}

#[test]
fn documents_that_iam_would_refuse_are_judged_for_the_worst_case() {
    for statement in [
        json!({"Effect": "Permit", "Action": "*", "Resource": "*"}),
        json!({"effect": "Allow", "action": "*", "resource": "*"}),
        json!({"Effect": "Allow", "Action": [["*"]], "Resource": [{}, "*"]}),
        json!({"Effect": "Allow", "Action": "*"}),
        json!({"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": []}),
        json!({"Effect": "Allow", "Action": "*RolePolicy", "Resource": "arn:aws:iam"}),
        json!({"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "arn:aws:${never closed"}),
        json!({"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "arn:*m::111111111111:role/x"}),
    ] {
        assert_eq!(outcome(Author::Customer, &TERMS, statement.clone()), ERROR, "{statement}");
    }
    for statement in [
        json!({"Effect": "Deny", "Action": "*", "Resource": "*"}),
        json!("Allow"),
        json!({"Effect": "Allow", "Action": 5}),
    ] {
        assert_eq!(outcome(Author::Customer, &TERMS, statement.clone()), None, "{statement}");
    }
}

#[test]
fn a_hostile_document_is_judged_in_bounded_time() {
    let hostile = "*?a".repeat(10_240 / 3);
    let actions: Vec<_> = (0..1_000).map(|n| format!("*:*{n}*?*a*")).chain([hostile.clone()]).collect();
    let resources: Vec<_> = (0..1_000).map(|n| format!("arn:*{n}?*")).chain([hostile]).collect();
    let statements = json!([{"Effect": "Allow", "Action": actions, "Resource": resources}, allow("iam:PassRole", "*")]);
    assert_eq!(outcome(Author::Customer, &TERMS, statements), PASSES);
}

proptest! {
    /// Another statement, a further resource, or an action pattern that covers more never makes a document look safer.
    #[test]
    fn more_rights_never_look_safer(
        action in "(iam|sts|s3|ec2|lambda|\\*):(PassRole|AssumeRole|Put\\*|Get\\*|UpdateFunctionCode|\\*)",
        resource in "(\\*|arn:aws:iam::\\*:role/a|arn:aws:iam::1:role/a\\*|arn:aws:s3:::a|arn:aws:lambda:\\*:1:function:\\*)",
        effect in "Allow|Deny",
    ) {
        let statement = allow(&action, &resource);
        let grave = |statements: Value| {
            let found = document(statements).privileges(Author::Customer, &TERMS);
            found.iter().map(|found| found.severity).min().map_or(2, |severity| severity as u8)
        };
        let alone = grave(json!([statement]));
        let other = json!({"Effect": effect, "Action": "*", "Resource": "arn:aws:s3:::b"});
        prop_assert!(grave(json!([other, statement])) <= alone);
        let wider = grave(json!([{"Effect": "Allow", "Action": [&action], "Resource": [&resource, "*"]}]));
        prop_assert!(wider <= alone);
        let more = grave(json!([{"Effect": "Allow", "Action": [&action, "*:*"], "Resource": &resource}]));
        prop_assert!(more <= alone);
    }
}
