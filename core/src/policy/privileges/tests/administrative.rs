//! Which actions on which resources make an administrator.

use expect_test::expect;
use serde_json::json;

use super::{check, check_document, is_administrative};

#[test]
fn everything_on_everything_in_any_spelling() {
    check(
        [
            (json!("*"), json!("*")),
            (json!("*:*"), json!("*")),
            (json!("**"), json!("arn:*")),
            (json!("?*"), json!("arn:aws:iam::*:*")),
            (json!("*:?*"), json!("arn:*:iam::*:*")),
            (json!([["*"]]), json!([["*"]])),
            (json!(" * "), json!("\t*\n")),
            // It names one role only, but allows all actions of IAM on it.
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
            // The key of an object can look like a role.
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
            error: administrative, statement 3: everything on *"]],
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
fn not_resource_and_a_missing_resource_limit_nothing() {
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
