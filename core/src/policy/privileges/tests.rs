mod escalations;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Author, Code, Severity, Terms};
use crate::policy::document::Document;

const TERMS: Terms<'_> = Terms {
    partition: "aws",
    account: "123456789012",
    role_prefix: "delegated/",
    passable_roles: &[],
    required_boundary: None,
    boundary_in_force: false,
    allow_administrative: false,
};

fn findings(document: &Document) -> String {
    let found = document.privileges(Author::Customer, &TERMS);
    let lines = found.iter().map(|found| {
        let level = if found.severity == Severity::Error { "error" } else { "warning" };
        let sid = found.sid.as_ref().map(|sid| format!(" (Sid {sid})")).unwrap_or_default();
        let (actions, resources) = (found.actions.join(", "), found.resources.join(", "));
        format!("{level}: {}, statement {}{sid}: {actions} on {resources}", found.code, found.statement)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The codes of errors.
fn errors(document: &Document) -> Vec<Code> {
    let found = document.privileges(Author::Customer, &TERMS);
    found.iter().filter(|found| found.severity == Severity::Error).map(|found| found.code).collect()
}

fn check_document(document: &Value, expect: &Expect) {
    let document = Document::from_value(document.clone()).expect("it is a document");
    expect.assert_eq(&findings(&document));
}

/// One statement per pair of actions and resources, all of them allowed.
fn check<const N: usize>(grants: [(Value, Value); N], expect: &Expect) {
    let statements =
        grants.into_iter().map(|(action, resource)| json!({"Effect": "Allow", "Action": action, "Resource": resource}));
    expect.assert_eq(&findings(&Document::new(statements.collect())));
}

fn is_administrative(action: &str, resource: &str) -> bool {
    let statement = json!({"Effect": "Allow", "Action": action, "Resource": resource});
    !errors(&Document::new(vec![statement])).is_empty()
}

#[test]
fn everything_on_everything_however_written() {
    check(
        [
            (json!("*"), json!("*")),
            (json!("*:*"), json!("*")),
            (json!("**"), json!("arn:*")),
            (json!("?*"), json!("arn:aws:iam::*:*")),
            (json!("*:?*"), json!("arn:*:iam::*:*")),
            (json!([["*"]]), json!([["*"]])),
            (json!(" * "), json!("\t*\n")),
            // One role is less than everything, but everything that IAM can do with it.
            (json!("*"), json!("arn:aws:iam::123456789012:role/app")),
        ],
        &expect![[r"
            error: administrative, statement 1: * on *
            error: administrative, statement 2: * on *
            error: administrative, statement 3: * on arn:*
            error: administrative, statement 4: * on arn:aws:iam::*:*
            error: administrative, statement 5: * on arn:*:iam::*:*
            error: administrative, statement 6: * on *
            error: administrative, statement 7: * on *
            error: administrative, statement 8: * on arn:aws:iam::123456789012:role/app"]],
    );
}

#[test]
fn everything_on_something_harmless() {
    check(
        [
            (json!("*"), json!("arn:aws:s3:::bucket/*")),
            (json!("*:*"), json!(["arn:aws:s3:::bucket", "arn:aws:sqs:*:*:*"])),
            // A key of a bucket may look like a role.
            (json!("*"), json!("arn:aws:s3:::*:iam::1:role/x")),
        ],
        &expect![[r"
            warning: exposes, statement 2: sqs:AddPermission, sqs:SetQueueAttributes, sqs:RemovePermission on arn:aws:sqs:*:*:*
            warning: broad, statement 2: *:* on arn:aws:sqs:*:*:*"]],
    );
}

#[test]
fn everything_of_iam_on_any_resource() {
    check(
        [
            (json!("iam:*"), json!("*")),
            (json!("IAM:*"), json!("arn:aws:iam::123456789012:role/app")),
            (json!("i?m:*"), json!("arn:aws:iam::123456789012:user/me")),
            (json!("*m:**"), json!("arn:aws:s3:::bucket")),
            (json!("???:?*"), json!(["arn:aws:s3:::a", "arn:aws:s3:::b"])),
        ],
        &expect![[r"
            error: administrative, statement 1: iam:* on *
            error: administrative, statement 2: iam:* on arn:aws:iam::123456789012:role/app
            error: administrative, statement 3: iam:* on arn:aws:iam::123456789012:user/me
            error: administrative, statement 4: iam:* on arn:aws:s3:::bucket
            error: administrative, statement 5: iam:* on arn:aws:s3:::a, arn:aws:s3:::b"]],
    );
}

#[test]
fn not_action_with_allow() {
    check_document(
        &json!({"Statement": [
            {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
            {"Effect": "Allow", "NotAction": ["iam:*", "sts:*", "sso:*"], "Resource": "arn:aws:s3:::a"},
            {"Effect": "Allow", "NotAction": [], "Resource": "*"},
            {"Effect": "Deny", "NotAction": "s3:Get*", "Resource": "*"},
        ]}),
        &expect![[r"
            error: administrative, statement 1: everything but iam:* on *
            error: administrative, statement 2: everything but iam:*, sts:*, sso:* on arn:aws:s3:::a
            error: administrative, statement 3: everything but  on *"]],
    );
}

#[test]
fn escalating_actions_on_everything() {
    check(
        [
            (json!("iam:PassRole"), json!("*")),
            (json!("sts:AssumeRole"), json!("*")),
            (json!("iam:Put*"), json!("*")),
            (json!(["IAM:ATTACHROLEPOLICY", "iam:AttachRolePolicy"]), json!("*")),
            (json!("*:PassRole"), json!("*")),
            (json!("iam:?assRole"), json!("*")),
            (json!("sts:*"), json!("*")),
            (json!("*Role"), json!("*")),
            (json!("lambda:*"), json!("*")),
            (json!(["s3:GetObject", "iam:CreateAccessKey", "ec2:Describe*"]), json!("*")),
        ],
        &expect![[r"
            error: passes-role, statement 1: iam:PassRole on *
            error: passes-role, statement 2: sts:AssumeRole on *
            error: administrative, statement 3: iam:PutGroupPolicy, iam:PutRolePermissionsBoundary, iam:PutRolePolicy, iam:PutUserPermissionsBoundary, iam:PutUserPolicy on *
            error: administrative, statement 4: iam:AttachRolePolicy on *
            error: passes-role, statement 5: iam:PassRole on *
            error: passes-role, statement 6: iam:PassRole on *
            error: administrative, statement 7: sts:AssumeRoot on *
            error: passes-role, statement 7: sts:AssumeRole on *
            error: passes-role, statement 8: iam:PassRole, sts:AssumeRole on *
            error: administrative, statement 9: lambda:UpdateFunctionCode, lambda:UpdateFunctionConfiguration on *
            error: administrative, statement 10: iam:CreateAccessKey on *
            warning: administrative, statement 8: iam:TagRole, iam:UntagRole on *
            warning: exposes, statement 9: lambda:AddLayerVersionPermission, lambda:AddPermission, lambda:CreateFunctionUrlConfig on *
            warning: reads-data, statement 10: s3:GetObject on *"]],
    );
}

#[test]
fn a_resource_pattern_that_can_match_an_identity_counts_as_everything() {
    let everything = [
        "*",
        "**",
        "?*",
        "arn:*",
        "ARN:*",
        "arn:aws:iam::*:*",
        "arn:*:iam::*:*",
        "arn:aws:iam::*:role/*",
        "arn:aws:iam::123456789012:role/*",
        "arn:aws:iam::123456789012:role/app-*",
        "arn:aws:iam::123456789012:role/ap?",
        "arn:aws:iam::12345678901?:role/app",
        "arn:aws-cn:iam::*:role/me",
        "arn:aws-us-gov:iam::123456789012:role/*",
        "arn:aws:iam::123456789012:role/${aws:PrincipalTag/team}",
        "arn:aws:iam::123456789012:role/${*}",
        "arn:aws:iam::123456789012:${never-closed",
        "${aws:PrincipalTag/anything}",
        "arn:a*e/app",
        "*role*",
    ];
    for resource in everything {
        assert!(is_administrative("iam:PassRole", resource), "{resource}");
    }
    // A single role counts, too, where the owner does not list it.
    for resource in ["arn:aws:iam::123456789012:role/app", "arn:aws:iam::123456789012:role/path/app"] {
        assert!(is_administrative("iam:PassRole", resource), "{resource}");
    }
    for resource in [
        "arn:aws:iam::123456789012:user/me",
        "arn:aws:iam::123456789012:mfa/*",
        "arn:aws:iam::123456789012:policy/*",
        "arn:aws:s3:::bucket/*",
        "arn:aws:s3:::*",
        "arn:aws:lambda:*:*:function:*",
        "arn:aws:sts::*:assumed-role/*",
    ] {
        assert!(!is_administrative("iam:PassRole", resource), "{resource}");
    }
}

#[test]
fn some_actions_have_targets_of_their_own() {
    check(
        [
            (json!("iam:CreatePolicyVersion"), json!("arn:aws:iam::123456789012:policy/app-*")),
            (json!("iam:SetDefaultPolicyVersion"), json!("arn:aws:iam::*:policy/app")),
            (json!("sts:AssumeRoot"), json!("arn:aws:iam::*:root")),
            (json!("iam:UpdateSAMLProvider"), json!("arn:aws:iam::123456789012:saml-provider/*")),
            (json!("lambda:UpdateFunctionCode"), json!("arn:aws:lambda:*:*:function:*")),
            (json!("lambda:Update*"), json!("arn:aws:lambda:eu-west-1:123456789012:*")),
            (json!("sso:PutInline*"), json!("arn:aws:sso:::permissionSet/ssoins-1/*")),
            (json!("iam:AddClientID*"), json!("arn:aws:iam::123456789012:oidc-provider/*")),
            (json!("glue:*"), json!("arn:aws:glue:*:*:devEndpoint/*")),
            (json!("sagemaker:*"), json!("arn:aws:sagemaker:*:*:notebook-instance/*")),
            (json!("identitystore:*"), json!("arn:aws:identitystore:::group/*")),
        ],
        &expect![[r"
            error: administrative, statement 1: iam:CreatePolicyVersion on arn:aws:iam::123456789012:policy/app-*
            error: administrative, statement 2: iam:SetDefaultPolicyVersion on arn:aws:iam::*:policy/app
            error: administrative, statement 3: sts:AssumeRoot on arn:aws:iam::*:root
            error: administrative, statement 4: iam:UpdateSAMLProvider on arn:aws:iam::123456789012:saml-provider/*
            error: administrative, statement 5: lambda:UpdateFunctionCode on arn:aws:lambda:*:*:function:*
            error: administrative, statement 6: lambda:UpdateFunctionCode, lambda:UpdateFunctionConfiguration on arn:aws:lambda:eu-west-1:123456789012:*
            error: administrative, statement 7: sso:PutInlinePolicyToPermissionSet on arn:aws:sso:::permissionSet/ssoins-1/*
            error: administrative, statement 8: iam:AddClientIDToOpenIDConnectProvider on arn:aws:iam::123456789012:oidc-provider/*
            error: administrative, statement 9: glue:UpdateDevEndpoint on arn:aws:glue:*:*:devEndpoint/*
            error: administrative, statement 10: sagemaker:CreatePresignedNotebookInstanceUrl on arn:aws:sagemaker:*:*:notebook-instance/*
            error: administrative, statement 11: identitystore:CreateGroupMembership on arn:aws:identitystore:::group/*
            warning: exposes, statement 6: lambda:UpdateFunctionUrlConfig on arn:aws:lambda:eu-west-1:123456789012:*"]],
    );
    check(
        [
            (json!("iam:CreatePolicyVersion"), json!("arn:aws:iam::123456789012:policy/app")),
            (json!("iam:CreatePolicyVersion"), json!("arn:aws:s3:::*")),
            (json!("sts:AssumeRoot"), json!("arn:aws:iam::123456789012:root")),
            (json!("lambda:UpdateFunctionCode"), json!("arn:aws:lambda:*:*:function:vendor-*")),
            (json!("lambda:InvokeFunction"), json!("*")),
        ],
        &expect![[r"
            error: administrative, statement 1: iam:CreatePolicyVersion on arn:aws:iam::123456789012:policy/app
            error: administrative, statement 3: sts:AssumeRoot on arn:aws:iam::123456789012:root"]],
    );
}

#[test]
fn not_resource_and_a_missing_resource_are_no_limit() {
    check_document(
        &json!({"Statement": [
            {"Effect": "Allow", "Action": "iam:PassRole", "NotResource": "arn:aws:iam::*:role/admin"},
            {"Effect": "Allow", "Action": "lambda:UpdateFunctionCode", "NotResource": ["a", "b"]},
            {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::a", "Resource": "arn:aws:s3:::b"},
            {"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::a"},
            {"Effect": "Allow", "Action": "sts:AssumeRole"},
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": 5},
            {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::a"},
        ]}),
        &expect![[r"
            error: passes-role, statement 1: iam:PassRole on everything but arn:aws:iam::*:role/admin
            error: administrative, statement 2: lambda:UpdateFunctionCode on everything but a, b
            error: administrative, statement 3: * on everything but arn:aws:s3:::a
            error: passes-role, statement 5: sts:AssumeRole on *
            error: passes-role, statement 6: sts:AssumeRole on *
            warning: exposes, statement 4: s3:AssociateAccessGrantsIdentityCenter, s3:BypassGovernanceRetention, s3:CreateAccessGrant on everything but arn:aws:s3:::a
            warning: reads-data, statement 4: s3:GetObject, s3:GetObjectVersion on everything but arn:aws:s3:::a
            warning: broad, statement 4: s3:* on everything but arn:aws:s3:::a"]],
    );
}

#[test]
fn denies_and_conditions_make_nothing_look_safer() {
    check_document(
        &json!({"Statement": [
            {"Effect": "Deny", "Action": "*", "Resource": "*"},
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
             "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}},
        ]}),
        &expect!["error: passes-role, statement 2: iam:PassRole on *"],
    );
}

#[test]
fn documents_that_iam_would_refuse_are_judged_for_the_worst() {
    for statement in [
        json!({"Effect": "allow", "Action": "*", "Resource": "*"}),
        json!({"Effect": "ALLOW", "Action": "*", "Resource": "*"}),
        json!({"Effect": "Permit", "Action": "*", "Resource": "*"}),
        json!({"Effect": ["Deny"], "Action": "*", "Resource": "*"}),
        json!({"Effect": "Deny", "effect": "Allow", "Action": "*", "Resource": "*"}),
        json!({"Action": "*", "Resource": "*"}),
        json!({"effect": "Allow", "action": "*", "resource": "*"}),
        json!({"Effect": "Allow", "Action": "s3:Get*", "ACTION": "*", "Resource": "*"}),
        json!({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::a", "RESOURCE": "*"}),
        json!({"Effect": "Allow", "Action": ["s3:Get*", ["*"]], "Resource": [["*"]]}),
        json!({"Effect": "Allow", "Action": [7, null, "*"], "Resource": [{}, "*"]}),
        json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]),
    ] {
        for document in [
            json!({"Version": "2012-10-17", "Statement": statement}),
            json!({"Version": "2012-10-17", "Statement": ["nonsense", statement]}),
            json!({"statement": statement}),
        ] {
            let document = Document::from_value(document).expect("it is a document");
            let findings = errors(&document);
            assert_eq!(findings, [Code::Administrative], "{}", document.to_json());
            assert!(!document.grants_nothing(), "{}", document.to_json());
            assert!(!document.only_denies(), "{}", document.to_json());
        }
    }
    // What is no action allows nothing.
    check([(json!(5), json!("*")), (json!({"a": "*"}), json!("*"))], &expect![[""]]);
    check_document(&json!({"Statement": "Allow * on *"}), &expect![[""]]);
    check_document(&json!({}), &expect![[""]]);
}

#[test]
fn escapes_in_json_hide_nothing() {
    let text = r#"{"Statement":{"Effect":"\u0041llow","\u0041ction":"\u0069am:\u002a","Resource":"\u002a"}}"#;
    let document = Document::parse(text).expect("it is a document");
    expect!["error: administrative, statement 1: iam:* on *"].assert_eq(&findings(&document));
}

#[test]
fn a_whole_service_on_everything_is_a_warning() {
    check(
        [
            (json!(["ec2:*", "s3:*", "logs:*", "S3:*", "s3:**"]), json!("*")),
            (json!("e*:*"), json!(["arn:aws:ec2:*:*:*", "arn:*"])),
            (json!("s3:*"), json!("*")),
        ],
        &expect![[r"
            warning: acts-as-workload, statement 1: ec2:CreateLaunchTemplateVersion + ec2:ModifyLaunchTemplate, ec2:ModifyInstanceAttribute + ec2:StartInstances + ec2:StopInstances, ec2:ReplaceIamInstanceProfileAssociation on *, arn:*, arn:aws:ec2:*:*:*
            warning: exposes, statement 1: s3:AssociateAccessGrantsIdentityCenter, s3:BypassGovernanceRetention, s3:CreateAccessGrant on *, arn:*, arn:aws:ec2:*:*:*
            warning: reads-data, statement 1: s3:GetObject, s3:GetObjectVersion, ec2:GetPasswordData on *, arn:*, arn:aws:ec2:*:*:*
            warning: organization, statement 1: ec2:EnableIpamOrganizationAdminAccount, eks:AssociateAccessPolicy, eks:CreateAccessEntry on *, arn:*
            warning: broad, statement 1: s3:*, ec2:*, e*:* on *, arn:*, arn:aws:ec2:*:*:*"]],
    );
    check(
        [
            (json!("s3:*"), json!("arn:aws:s3:::bucket/*")),
            (json!(["s3:Get*", "ec2:Describe*", "*:Describe*", "logs:*Events"]), json!("*")),
        ],
        &expect!["warning: reads-data, statement 2: s3:GetObject, s3:GetObjectVersion on *"],
    );
}

#[test]
fn a_finding_is_one_readable_line() {
    check_document(
        &json!({"Statement": {"Sid": "A\nB", "Effect": "Allow",
            "Action": format!("iam:{}", "*".repeat(500)), "Resource": "*\u{7}"}}),
        &expect![[r"error: administrative, statement 1 (Sid A\nB): iam:* on *\u{7}"]],
    );
}

#[test]
fn a_huge_document_is_judged_in_bounded_time() {
    let hostile = "*?a".repeat(10_240 / 3);
    let actions: Vec<_> = (0..1_000).map(|n| format!("*{n}*?*a*")).chain([hostile.clone()]).collect();
    let resources: Vec<_> = (0..1_000).map(|n| format!("arn:*{n}?*")).chain([hostile]).collect();
    let document = Document::new(vec![
        json!({"Effect": "Allow", "Action": actions, "Resource": resources}),
        json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}),
    ]);
    assert!(!errors(&document).is_empty());
}

#[test]
fn only_a_document_of_plain_denies_only_denies() {
    for (document, only_denies, grants_nothing) in [
        (json!({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}), true, true),
        (json!({"Statement": [{"Effect": "Deny", "NotAction": "a:b", "NotResource": "*"}]}), true, true),
        (json!({"Statement": [{"Effect": "Deny"}, {"Effect": "Deny"}]}), true, true),
        (json!({"Statement": [{"Effect": "Deny"}, {"Effect": "Allow"}]}), false, false),
        (json!({"Statement": [{"Effect": "Deny"}, {}]}), false, false),
        (json!({"Statement": [{"Effect": "Deny"}, "text"]}), false, true),
        (json!({"Statement": [{"Effect": "Deny"}, [{"Effect": "Deny"}]]}), false, true),
        (json!({"Statement": {"Effect": "deny"}}), false, true),
        (json!({"Statement": {"effect": "Deny"}}), false, true),
        (json!({"statement": {"Effect": "Deny"}}), false, true),
        (json!({"Statement": {"Effect": "Deny"}, "statement": {"Effect": "Allow"}}), false, false),
        (json!({"Statement": {"Effect": "Deny"}, "STATEMENT": {"Effect": "Deny"}}), false, true),
        (json!({"Statement": {"Effect": "Deny", "effect": "Deny"}}), false, false),
        (json!({"Statement": ["x", [{"Effect": "Deny"}, {"Effect": "Deny"}]]}), false, true),
        (json!({"Statement": []}), false, true),
        (json!({"Statement": "Deny"}), false, true),
        (json!({}), false, true),
    ] {
        let document = Document::from_value(document).expect("it is a document");
        assert_eq!(document.only_denies(), only_denies, "{}", document.to_json());
        assert_eq!(document.grants_nothing(), grants_nothing, "{}", document.to_json());
    }
}

proptest! {
    /// Adding a statement, or widening one, never makes a document look safer.
    #[test]
    fn more_rights_never_look_safer(
        action in "(iam|sts|s3|\\*):(PassRole|Assume\\*|Get\\*|\\*)",
        resource in "(\\*|arn:aws:iam::\\*:role/a|arn:aws:iam::1:role/a|arn:aws:s3:::a)",
        effect in "Allow|Deny",
    ) {
        let statement = json!({"Effect": "Allow", "Action": &action, "Resource": &resource});
        let alone = errors(&Document::new(vec![statement.clone()])).len();
        let other = json!({"Effect": effect, "Action": "s3:GetObject", "Resource": "*"});
        let with_other = errors(&Document::new(vec![other, statement])).len();
        prop_assert_eq!(with_other, alone);
        let widened = json!({"Effect": "Allow", "Action": [&action], "Resource": [&resource, "*"]});
        prop_assert!(errors(&Document::new(vec![widened])).len() >= alone);
    }
}
