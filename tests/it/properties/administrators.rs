//! Policies that make an administrator.

use serde_json::json;

use super::{
    NAME_ROLES, NARROW, PASSES, administrator_by_custom_policy, administrator_by_managed_policy, administrator_by_name,
    check_all_refused, check_made, check_refused, check_refuses_empty_and_compound_values, made,
    passes_roles_by_custom_policy, with_settings,
};
use crate::fixtures::{ADMINISTRATOR, AUDIT, allow, policy, read_bucket};
use crate::stack::Stack;
use crate::wire::iam::Policy;

#[tokio::test(start_paused = true)]
async fn customer_managed_policies_are_checked_before_the_first_write() {
    for (document, code, finding) in [
        (allow("*", "*"), "administrative", "in statement 1 allows * on *"),
        (
            policy(json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})),
            "administrative",
            "in statement 1 allows everything but iam:* on *",
        ),
        (
            allow("sts:AssumeRole", "arn:aws:iam::*:role/*"),
            "passes-role",
            "in statement 1 allows sts:AssumeRole on arn:aws:iam::*:role/*",
        ),
    ] {
        let stack = Stack::new();
        // The default version counts.
        let arn = stack.account.put_policy(Policy::named("Own", read_bucket()).version(document.clone()));
        let listed = json!({"ManagedPolicyArns": format!("{AUDIT},{arn}")});
        let (refusal, amounts_to) = if code == "administrative" {
            (administrator_by_managed_policy(&arn, finding), "may give administrator-equivalent access")
        } else {
            (format!("ManagedPolicyArns {PASSES}: {arn} {finding}. {NAME_ROLES} [passes-role]"), PASSES)
        };
        check_refused(stack.clone(), listed, &[refusal]).await;
        // If both permit it, it causes a warning.
        let permitted = stack.with("PERMIT_ADMINISTRATIVE_ACCESS", "true");
        let warning = format!("ManagedPolicyArns {amounts_to}: {arn} {finding}. [{code}]");
        check_made(
            permitted,
            json!({"ManagedPolicyArns": arn, "AllowAdministrativeAccess": true}),
            json!({"attached": [arn], "answer": {"Warnings": [warning]}}),
        )
        .await;
    }
    let stack = Stack::new();
    let tamed = stack.account.put_policy(Policy::named("Tamed", allow("*", "*")).version(read_bucket()));
    check_made(stack, json!({"ManagedPolicyArns": [tamed]}), json!({"attached": [tamed]})).await;
}

#[tokio::test(start_paused = true)]
async fn aws_policies_for_administrators_are_refused() {
    for name in ["AdministratorAccess", "administratoraccess", "PowerUserAccess", "IAMFullAccess"] {
        let arn = format!("arn:aws:iam::aws:policy/{name}");
        check_refused(Stack::new(), json!({"ManagedPolicyArns": arn}), &[administrator_by_name(&arn)]).await;
    }
}

/// IAM knows whether a policy exists whose name is not in the catalogue. It is read before anything is written.
#[tokio::test(start_paused = true)]
async fn an_aws_policy_with_an_unknown_name_is_read_first() {
    let arn = "arn:aws:iam::aws:policy/SecurityAudti";
    let missing = format!(
        "ManagedPolicyArns contains {arn}, which does not exist; create it first or remove it. [policy-not-found]"
    );
    check_refused(Stack::new(), json!({"ManagedPolicyArns": arn}), &[missing]).await;
    // A name in the catalogue needs no call.
    let stack = Stack::new();
    made(&stack, &json!({})).await;
    assert!(!stack.account.calls().iter().any(|call| call.contains("GetPolicy")), "{:?}", stack.account.calls());
}

#[tokio::test(start_paused = true)]
async fn no_spelling_of_a_policy_avoids_the_check() {
    let administrator = administrator_by_custom_policy;
    let passes = passes_roles_by_custom_policy;
    for (statement, finding) in [
        (json!({"Effect": "Allow", "Action": "*", "Resource": "*"}), administrator("statement 1 allows * on *")),
        (
            json!({"Effect": "Allow", "Action": "*", "Resource": "arn:*:iam:*"}),
            administrator("statement 1 allows * on arn:*:iam:*"),
        ),
        (
            json!({"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::111111111111:role/One"}),
            administrator("statement 1 allows iam:* on arn:aws:iam::111111111111:role/One"),
        ),
        (
            json!({"Effect": "Allow", "Action": "IAM:PUTROLEPOL*", "Resource": "*"}),
            administrator("statement 1 allows iam:PutRolePolicy on *"),
        ),
        (
            json!({"Effect": "Allow", "Action": "iam:PutR*Policy", "Resource": "arn:aws:iam::111111111111:role/*"}),
            administrator("statement 1 allows iam:PutRolePolicy on arn:aws:iam::111111111111:role/*"),
        ),
        (
            json!({"Effect": "Allow", "Action": ["ec2:RunInstances", "iam:?assRole"], "Resource": ["arn:aws:s3:::a", "arn:aws:iam:*"]}),
            passes("statement 1 allows iam:PassRole on arn:aws:iam:*"),
        ),
        (
            json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
                "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}}),
            passes("statement 1 allows iam:PassRole on *"),
        ),
        // One role, by its whole ARN.
        (
            json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111111111111:role/One"}),
            passes("statement 1 allows iam:PassRole on arn:aws:iam::111111111111:role/One"),
        ),
        (
            json!({"Effect": "Allow", "Action": "sts:AssumeRole", "NotResource": "arn:aws:iam::111111111111:role/One"}),
            passes("statement 1 allows sts:AssumeRole on everything but arn:aws:iam::111111111111:role/One"),
        ),
        (
            json!({"Effect": "Allow", "NotAction": "s3:*", "Resource": "arn:aws:s3:::a"}),
            administrator("statement 1 allows everything but s3:* on arn:aws:s3:::a"),
        ),
        (
            json!({"Effect": "Allow", "Action": "iam:CreateAccessKey", "Resource": "arn:aws:iam::*:user/app"}),
            administrator("statement 1 allows iam:CreateAccessKey on arn:aws:iam::*:user/app"),
        ),
        (
            json!({"Sid": "Innocent", "Effect": "Allow", "Action": "lambda:UpdateFunctionCode", "Resource": "*"}),
            administrator("statement 1 (Sid Innocent) allows lambda:UpdateFunctionCode on *"),
        ),
    ] {
        let warning = finding
            .replace(&format!(" {NARROW}"), "")
            .replace(&format!(" {NAME_ROLES}"), "")
            .replace("CustomPolicy gives", "CustomPolicy may give");
        let problems = [finding];
        check_refused(Stack::new(), json!({"CustomPolicy": policy(statement.clone())}), &problems).await;
        check_refused(Stack::new(), json!({"CustomPolicy": policy(statement.clone()).to_string()}), &problems).await;
        // If both permit it, it is written unchanged, and causes a warning.
        let permitted = with_settings(&[("PERMIT_ADMINISTRATIVE_ACCESS", "true")]);
        check_made(
            permitted,
            json!({"CustomPolicy": policy(statement.clone()), "AllowAdministrativeAccess": true}),
            json!({"inline": {"CustomPolicy": policy(statement)}, "answer": {"Warnings": [warning]}}),
        )
        .await;
    }
    // A policy that IAM would refuse is checked, too.
    let by_iam =
        |problem: &str| format!("CustomPolicy would be rejected by IAM: In statement 1, {problem} [invalid-policy]");
    let part = |arn: &str| {
        by_iam(&format!(
            "\"{arn}\" has no full service name in its third part: write one without wildcards, such as s3."
        ))
    };
    for (custom, problems, finding) in [
        (
            allow("i?m:*", "*"),
            vec![by_iam("\"i?m:*\" has a wildcard in the service: write its full name, as in s3:Get*.")],
            administrator("statement 1 allows iam:* on *"),
        ),
        (
            allow("*:*", "arn:*"),
            vec![by_iam("\"*:*\" has a wildcard in the service: write *."), part("arn:*")],
            administrator("statement 1 allows * on arn:*"),
        ),
        (
            policy(
                json!({"Effect": "Allow", "Action": ["ec2:RunInstances", "iam:?assRole"], "Resource": ["arn:aws:s3:::a", "arn:*"]}),
            ),
            vec![part("arn:*")],
            passes("statement 1 allows iam:PassRole on arn:*"),
        ),
    ] {
        let problems = [problems, vec![finding]].concat();
        check_refused(Stack::new(), json!({"CustomPolicy": custom}), &problems).await;
    }
    // Reads of IAM are no escalation, and neither is a deny.
    for harmless in [
        json!({"Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "*"}),
        json!({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}),
    ] {
        let custom = policy(harmless);
        check_made(Stack::new(), json!({"CustomPolicy": custom}), json!({"inline": {"CustomPolicy": custom}})).await;
    }
}

#[tokio::test(start_paused = true)]
async fn allow_administrative_access() {
    check_refuses_empty_and_compound_values("AllowAdministrativeAccess").await;
    check_all_refused(
        "AllowAdministrativeAccess",
        [(json!("yes"), "is \"yes\"; it must be true or false. [invalid-value]")],
    )
    .await;
    let not_permitted = "AllowAdministrativeAccess is true, which the function's owner does not permit (PermitAdministrativeAccess). [not-permitted-by-owner]";
    check_refused(Stack::new(), json!({"AllowAdministrativeAccess": true}), &[not_permitted]).await;
    let administrator = administrator_by_name(ADMINISTRATOR);
    check_refused(
        Stack::new(),
        json!({"AllowAdministrativeAccess": true, "ManagedPolicyArns": ADMINISTRATOR}),
        &[not_permitted, &administrator],
    )
    .await;
    let permitted = || with_settings(&[("PERMIT_ADMINISTRATIVE_ACCESS", "true")]);
    for asked in [
        json!({"ManagedPolicyArns": ADMINISTRATOR}),
        json!({"ManagedPolicyArns": ADMINISTRATOR, "AllowAdministrativeAccess": false}),
    ] {
        check_refused(permitted(), asked, &[&administrator]).await;
    }
    check_made(
        permitted(),
        json!({"AllowAdministrativeAccess": true, "ManagedPolicyArns": ADMINISTRATOR}),
        json!({"attached": [ADMINISTRATOR], "answer": {"Warnings": [format!(
            "ManagedPolicyArns may give administrator-equivalent access: {ADMINISTRATOR}. [administrative]"
        )]}}),
    )
    .await;
}
