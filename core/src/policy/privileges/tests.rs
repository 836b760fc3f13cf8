use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Document;

fn findings(document: &Document) -> String {
    let administrative = document.administrative().into_iter().map(|finding| ("error", finding));
    let broad = document.broad().into_iter().map(|finding| ("warning", finding));
    administrative.chain(broad).map(|(level, finding)| format!("{level}: {finding}")).collect::<Vec<_>>().join("\n")
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
    !Document::new(vec![statement]).administrative().is_empty()
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
            error: statement 1 allows * on *, which is everything an administrator can do
            error: statement 2 allows *:* on *, which is everything an administrator can do
            error: statement 3 allows ** on arn:*, which is everything an administrator can do
            error: statement 4 allows ?* on arn:aws:iam::*:*, which is everything an administrator can do
            error: statement 5 allows *:?* on arn:*:iam::*:*, which is everything an administrator can do
            error: statement 6 allows * on *, which is everything an administrator can do
            error: statement 7 allows * on *, which is everything an administrator can do
            error: statement 8 allows * on arn:aws:iam::123456789012:role/app, which includes every action of IAM on it"]],
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
        &expect![[""]],
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
            error: statement 1 allows iam:* on *, which is every action of IAM and can raise its own rights
            error: statement 2 allows IAM:* on arn:aws:iam::123456789012:role/app, which is every action of IAM and can raise its own rights
            error: statement 3 allows i?m:* on arn:aws:iam::123456789012:user/me, which is every action of IAM and can raise its own rights
            error: statement 4 allows *m:** on arn:aws:s3:::bucket, which is every action of IAM and can raise its own rights
            error: statement 5 allows ???:?* on arn:aws:s3:::a and 1 more, which is every action of IAM and can raise its own rights"]],
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
            error: statement 1 allows NotAction iam:*, which is every other action of every service, future ones included
            error: statement 2 allows NotAction iam:* and 2 more, which is every other action of every service, future ones included
            error: statement 3 allows NotAction (empty), which is every other action of every service, future ones included"]],
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
            error: statement 1 allows iam:PassRole on *, which can hand a role to a service and act with it
            error: statement 2 allows sts:AssumeRole on *, which can take on a role that trusts this account
            error: statement 3 allows iam:Put* on *, which can raise its own rights through iam:PutRolePolicy
            error: statement 4 allows IAM:ATTACHROLEPOLICY on *, which can raise its own rights
            error: statement 5 allows *:PassRole on *, which can hand a role to a service and act with it through iam:PassRole
            error: statement 6 allows iam:?assRole on *, which can hand a role to a service and act with it through iam:PassRole
            error: statement 7 allows sts:* on *, which can take on a role that trusts this account through sts:AssumeRole
            error: statement 8 allows *Role on *, which can hand a role to a service and act with it through iam:PassRole
            error: statement 9 allows lambda:* on *, which can run its own code under the role of a function through lambda:UpdateFunctionCode
            error: statement 10 allows iam:CreateAccessKey on *, which can make itself an access key of a user"]],
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
        "arn:aws-cn:iam::*:user/me",
        "arn:aws-us-gov:iam::123456789012:group/*",
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
    for resource in [
        "arn:aws:iam::123456789012:role/app",
        "arn:aws:iam::123456789012:role/path/app",
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
            error: statement 1 allows iam:CreatePolicyVersion on arn:aws:iam::123456789012:policy/app-*, which can rewrite a policy that it holds
            error: statement 2 allows iam:SetDefaultPolicyVersion on arn:aws:iam::*:policy/app, which can bring back a wider version of a policy that it holds
            error: statement 3 allows sts:AssumeRoot on arn:aws:iam::*:root, which can act as the root user of member accounts
            error: statement 4 allows iam:UpdateSAMLProvider on arn:aws:iam::123456789012:saml-provider/*, which can sign in as anyone whom an identity provider vouches for
            error: statement 5 allows lambda:UpdateFunctionCode on arn:aws:lambda:*:*:function:*, which can run its own code under the role of a function
            error: statement 6 allows lambda:Update* on arn:aws:lambda:eu-west-1:123456789012:*, which can run its own code under the role of a function through lambda:UpdateFunctionCode
            error: statement 7 allows sso:PutInline* on arn:aws:sso:::permissionSet/ssoins-1/*, which can raise the rights of anyone who comes from IAM Identity Center through sso:PutInlinePolicyToPermissionSet
            error: statement 8 allows iam:AddClientID* on arn:aws:iam::123456789012:oidc-provider/*, which can sign in with tokens made for another application through iam:AddClientIDToOpenIDConnectProvider
            error: statement 9 allows glue:* on arn:aws:glue:*:*:devEndpoint/*, which can log in to a development endpoint and act as its role through glue:UpdateDevEndpoint
            error: statement 10 allows sagemaker:* on arn:aws:sagemaker:*:*:notebook-instance/*, which can open a notebook and act as its role through sagemaker:CreatePresignedNotebookInstanceUrl
            error: statement 11 allows identitystore:* on arn:aws:identitystore:::group/*, which can put anyone into a group of IAM Identity Center through identitystore:CreateGroupMembership"]],
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
            error: statement 1 allows iam:CreatePolicyVersion on arn:aws:iam::123456789012:policy/app, which can rewrite a policy that it holds
            error: statement 3 allows sts:AssumeRoot on arn:aws:iam::123456789012:root, which can act as the root user of member accounts"]],
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
            error: statement 1 allows iam:PassRole on everything but NotResource arn:aws:iam::*:role/admin, which can hand a role to a service and act with it
            error: statement 2 allows lambda:UpdateFunctionCode on everything but NotResource a and 1 more, which can run its own code under the role of a function
            error: statement 3 allows * on everything but NotResource arn:aws:s3:::a, which is everything an administrator can do
            error: statement 5 allows sts:AssumeRole on everything (it names no Resource), which can take on a role that trusts this account
            error: statement 6 allows sts:AssumeRole on everything (it names no Resource), which can take on a role that trusts this account
            warning: statement 4 allows s3:* on everything but NotResource arn:aws:s3:::a, which is every action of the service on every resource"]],
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
        &expect!["error: statement 2 allows iam:PassRole on *, which can hand a role to a service and act with it"],
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
            let findings = document.administrative();
            assert_eq!(findings.len(), 1, "{}", document.to_json());
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
    expect!["error: statement 1 allows iam:* on *, which is every action of IAM and can raise its own rights"]
        .assert_eq(&findings(&document));
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
            warning: statement 1 allows ec2:* on *, which is every action of the service on every resource
            warning: statement 1 allows s3:* on *, which is every action of the service on every resource
            warning: statement 1 allows logs:* on *, which is every action of the service on every resource
            warning: statement 1 allows s3:** on *, which is every action of the service on every resource
            warning: statement 2 allows e*:* on arn:*, which is every action of the service on every resource"]],
    );
    check(
        [
            (json!("s3:*"), json!("arn:aws:s3:::bucket/*")),
            (json!(["s3:Get*", "ec2:Describe*", "*:Describe*", "logs:*Events"]), json!("*")),
        ],
        &expect![[""]],
    );
}

#[test]
fn a_finding_is_one_readable_line() {
    check_document(
        &json!({"Statement": {"Sid": "A\nB", "Effect": "Allow",
            "Action": format!("iam:{}", "*".repeat(500)), "Resource": "*\u{7}"}}),
        &expect![[
            r"error: statement 1 (Sid A\nB) allows iam:************************************************************************************************… on *\u{7}, which is every action of IAM and can raise its own rights"
        ]],
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
    assert!(!document.administrative().is_empty());
    assert!(document.broad().is_empty());
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
        let alone = Document::new(vec![statement.clone()]).administrative().len();
        let other = json!({"Effect": effect, "Action": "s3:GetObject", "Resource": "*"});
        let with_other = Document::new(vec![other, statement]).administrative().len();
        prop_assert_eq!(with_other, alone);
        let widened = json!({"Effect": "Allow", "Action": [&action], "Resource": [&resource, "*"]});
        prop_assert!(Document::new(vec![widened]).administrative().len() >= alone);
    }
}
