//! What is refused before anything is written.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{made, policies, properties, reads};
use crate::fixtures::{GUARDRAILS, allow, allow_everything, deny, merged};
use crate::stack::Stack;

async fn check(difference: Value, expected: Expect) {
    let stack = Stack::new();
    let answer = stack.create(properties(&difference)).await;
    expected.assert_eq(answer.reason());
    assert!(answer.physical_id().starts_with("refused-"));
    assert_eq!(stack.account.writes(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn another_form_than_that_of_the_native_role() {
    check(
        json!({"Policies": ""}),
        expect!["Policies must be a list of objects with PolicyName and PolicyDocument. [invalid-value]"],
    )
    .await;
    check(
        json!({"Policies": {"PolicyName": "A", "PolicyDocument": reads("a")}}),
        expect!["Policies must be a list of objects with PolicyName and PolicyDocument. [invalid-value]"],
    )
    .await;
    check(
        json!({"Policies": [
            "arn:aws:iam::aws:policy/SecurityAudit",
            {"PolicyName": "A", "PolicyDocument": reads("a"), "Description": "x"},
            {"Name": "B", "PolicyDocument": ""},
            {"PolicyName": "C"},
            {"PolicyName": {"Ref": "X"}, "PolicyDocument": "{"},
        ]}),
        expect!["There are 8 problems. (1) Policies[0] must be an object with PolicyName and PolicyDocument. [invalid-value] (2) Policies[1] has a key that is neither PolicyName nor PolicyDocument; remove it. [invalid-value] (3) Policies[2] has a key that is neither PolicyName nor PolicyDocument; remove it. [invalid-value] (4) Policies[2].PolicyName is missing; give the policy a name. [missing-property] (5) Policies[2].PolicyDocument is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value] (6) Policies[3].PolicyDocument is missing; give a policy document. [missing-property] (7) Policies[4].PolicyName must be a string. [invalid-value] (8) Policies[4].PolicyDocument is not valid JSON: the text ends inside an object (line 1, column 1). [invalid-policy]"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn names_that_iam_does_not_take() {
    let long = "x".repeat(129);
    check(policies([("", reads("a")), ("a b", reads("b")), (&long, reads("c")), ("Größe", reads("d"))]), expect!["There are 4 problems. (1) Policies[0].PolicyName is not well-formed; it must be 1 to 128 characters of A-Za-z0-9_+=,.@-. [invalid-value] (2) Policies[1].PolicyName is not well-formed; it must be 1 to 128 characters of A-Za-z0-9_+=,.@-. [invalid-value] (3) Policies[2].PolicyName is not well-formed; it must be 1 to 128 characters of A-Za-z0-9_+=,.@-. [invalid-value] (4) Policies[3].PolicyName is not well-formed; it must be 1 to 128 characters of A-Za-z0-9_+=,.@-. [invalid-value]"])
        .await;
}

#[tokio::test(start_paused = true)]
async fn reserved_names_in_any_letter_case() {
    check(
        policies([
            ("CustomPolicy", reads("a")),
            ("serviceprovideraccessguardrails", reads("b")),
            ("AWSREVOKEOLDERSESSIONS", reads("c")),
        ]),
        expect!["There are 3 problems. (1) Policies[0].PolicyName is CustomPolicy; CustomPolicy, ServiceProviderAccessGuardrails, AWSRevokeOlderSessions are the names of policies of this resource, choose another. [reserved-name] (2) Policies[1].PolicyName is serviceprovideraccessguardrails; CustomPolicy, ServiceProviderAccessGuardrails, AWSRevokeOlderSessions are the names of policies of this resource, choose another. [reserved-name] (3) Policies[2].PolicyName is AWSREVOKEOLDERSESSIONS; CustomPolicy, ServiceProviderAccessGuardrails, AWSRevokeOlderSessions are the names of policies of this resource, choose another. [reserved-name]"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_name_that_another_policy_has() {
    check(policies([("Reports", reads("a")), ("Reports", reads("b")), ("REPORTS", reads("c"))]), expect!["There are 2 problems. (1) Policies[1].PolicyName is the name of an earlier policy in the list (letter case does not count); give each policy its own name. [repeated-value] (2) Policies[2].PolicyName is the name of an earlier policy in the list (letter case does not count); give each policy its own name. [repeated-value]"]).await;
}

#[tokio::test(start_paused = true)]
async fn documents_are_judged_like_custom_policy() {
    check(policies([("Safe", reads("a")), ("Admin", allow_everything())]), expect!["Policies[1].PolicyDocument gives administrator-equivalent access: Admin in statement 1 allows * on *. Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's PermitAdministrativeAccess must both be true. [administrative]"]).await;
    check(
        policies([("Wrong", json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3"}]}))]),
        expect![[r#"There are 2 problems. (1) Policies[0].PolicyDocument (Wrong) would be rejected by IAM: In statement 1, "s3" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*. [invalid-policy] (2) Policies[0].PolicyDocument (Wrong) would be rejected by IAM: In statement 1, Resource is missing: add it, or NotResource. [invalid-policy]"#]],
    )
    .await;
    let stack = Stack::new();
    let broad = stack.create(properties(&policies([("Broad", allow("sqs:*", "*"))]))).await;
    expect![[r"
        Policies[0].PolicyDocument shares resources or changes their policies: Broad in statement 1 allows sqs:AddPermission, sqs:SetQueueAttributes, sqs:RemovePermission on *. [exposes]
        Policies[0].PolicyDocument is broad: Broad in statement 1 allows sqs:* on *. [broad]"]].assert_eq(broad.attribute("Warnings"));
    let nothing = Stack::new().create(properties(&policies([("Never", deny("s3:*"))]))).await;
    expect!["The role grants nothing: set CustomPolicy or ManagedPolicyArns. [grants-nothing]"]
        .assert_eq(nothing.attribute("Warnings"));
}

/// A policy of this size, counted as IAM does.
fn sized(size: usize) -> Value {
    let shortest = allow("s3:GetObject", "arn:aws:s3:::").to_string().len();
    allow("s3:GetObject", &format!("arn:aws:s3:::{}", "b".repeat(size - shortest)))
}

#[tokio::test(start_paused = true)]
async fn all_inline_policies_together_have_10240_characters_at_most() {
    let stack = made(&json!({})).await;
    let guardrails = stack.account.role("Auditor").unwrap().inline_policies[GUARDRAILS].size();
    // What the policy that ends sessions takes.
    let left = 10_240 - guardrails - 167;
    let with_custom = |policies: Value| merged(policies, &json!({"CustomPolicy": sized(2_000)}));
    made(&with_custom(policies([("A", sized(3_000)), ("B", sized(left - 5_000))]))).await;
    for (difference, subject) in [
        (
            with_custom(policies([("A", sized(3_000)), ("B", sized(left - 4_999))])),
            "CustomPolicy and Policies together have",
        ),
        (policies([("A", sized(5_000)), ("B", sized(left - 4_999))]), "Policies have"),
    ] {
        let stack = Stack::new();
        let answer = stack.create(properties(&difference)).await;
        let problem = format!(
            "{subject} {} characters without white space, 1 more than the {left} that are left for them: IAM allows 10240 for all \
             inline policies of a role, ServiceProviderAccessGuardrails needs {guardrails} of them, and AWSRevokeOlderSessions may \
             need 167. Move statements to an AWS::IAM::ManagedPolicy in the same template (6,144 characters each) and add its Ref \
             to ManagedPolicyArns. [quota-exceeded]",
            left + 1
        );
        assert_eq!(answer.reason(), problem);
        assert_eq!(stack.account.writes(), Vec::<String>::new());
    }
}
