//! The policies of the role: custom, managed, the boundary, and the warnings about them.

use serde_json::{Value, json};

use super::{
    BOUNDARY, check_all_made, check_all_refused, check_made, check_refused, check_refuses_empty_and_compound_values,
    made, observed, plain, plain_role, with_settings,
};
use crate::fixtures::{AUDIT, EC2, allow, merged, policy, read_bucket};
use crate::stack::Stack;
use crate::wire::iam::Policy;

#[tokio::test(start_paused = true)]
async fn custom_policy() {
    let inline = || json!({"inline": {"CustomPolicy": read_bucket()}});
    let single = json!({"Version": "2012-10-17", "Statement": {"Sid": "One", "Effect": "Allow", "Action": ["s3:Get*", "s3:List*"],
        "Resource": ["arn:aws:s3:::reports", "arn:aws:s3:::reports/*"], "Condition": {"Bool": {"aws:SecureTransport": "true"}}}});
    check_all_made([
        (json!({"CustomPolicy": read_bucket()}), inline()),
        (json!({"CustomPolicy": read_bucket().to_string()}), inline()),
        (json!({"CustomPolicy": format!("{:#}\n", read_bucket())}), inline()),
        (json!({"CustomPolicy": single}), json!({"inline": {"CustomPolicy": single}})),
        (
            json!({"CustomPolicy": read_bucket(), "ManagedPolicyArns": null}),
            json!({"inline": {"CustomPolicy": read_bucket()}, "attached": []}),
        ),
    ])
    .await;

    let by_iam = "would be rejected by IAM:";
    check_all_refused(
        "CustomPolicy",
        [
            (json!(""), "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"),
            (json!(" \n"), "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"),
            (json!("Allow"), "is not valid JSON: expected value (line 1, column 1). [invalid-policy]"),
            (json!("[]"), "must be a JSON object, but is a list. [invalid-policy]"),
            (json!([]), "must be a JSON object, but is a list. [invalid-policy]"),
            (json!({}), &format!("{by_iam} The policy has no Statement: add at least one statement. [invalid-policy]")),
            (json!({"Statement": []}), &format!("{by_iam} Statement is an empty list: add at least one statement. [invalid-policy]")),
            (
                json!({"Version": "2026-01-01", "Statement": read_bucket()["Statement"]}),
                &format!("{by_iam} Version is \"2026-01-01\": write \"2012-10-17\", the current policy language. [invalid-policy]"),
            ),
            (
                policy(json!({"Effect": "Allow", "Action": "s3:GetObject"})),
                &format!("{by_iam} In statement 1, Resource is missing: add it, or NotResource. [invalid-policy]"),
            ),
            (
                policy(json!({"Effect": "Allow", "Action": "GetObject", "Resource": "*"})),
                &format!(
                    "{by_iam} In statement 1, \"GetObject\" is not an action: write a service and an action name, such as \
                     s3:GetObject or s3:Get*. [invalid-policy]"
                ),
            ),
            (
                policy(json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"})),
                &format!(
                    "{by_iam} In statement 1, Principal is given: remove it, because the policy of a role applies to that role. [invalid-policy]"
                ),
            ),
            (
                allow("s3:GetObject", "arn:aws:s3:::reports“1”"),
                &format!(
                    "{by_iam} In statement 1, Resource has the character U+201C: write a straight quotation mark (\"). [invalid-policy]"
                ),
            ),
            (
                json!("{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"s3:Get*\", \"Resource\": \"arn:aws:s3:::a\\u2028b\"}}"),
                &format!("{by_iam} In statement 1, Resource has the character U+2028: write a space. [invalid-policy]"),
            ),
            (
                allow("s3:GetObject", "arn:aws-cn:s3:::reports/*"),
                &format!(
                    "{by_iam} In statement 1, \"arn:aws-cn:s3:::reports/*\" names the partition \"aws-cn\": write aws, the partition \
                     of this account. [invalid-policy]"
                ),
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_repeated_key_in_a_policy_is_refused() {
    for (text, key, column) in [
        (
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}"#,
            "Effect",
            62,
        ),
        (
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","\u0041ction":"*","Resource":"*"}]}"#,
            "Action",
            87,
        ),
        (r#"{"Version":"2012-10-17","Statement":[],"Statement":[]}"#, "Statement", 50),
    ] {
        let sentence = format!(
            "CustomPolicy has the key \"{key}\" twice in the same object (the second at line 1, column {column}): keep one. [invalid-policy]"
        );
        check_refused(Stack::new(), json!({"CustomPolicy": text}), &[sentence]).await;
    }
    // Administrators cannot repeat a key either.
    let permitted = with_settings(&[("PERMIT_ADMINISTRATIVE_ACCESS", "true")]);
    let twice = r#"{"Statement":[],"Statement":[]}"#;
    check_refused(
        permitted,
        json!({"CustomPolicy": twice, "AllowAdministrativeAccess": true}),
        &["CustomPolicy has the key \"Statement\" twice in the same object (the second at line 1, column 27): keep one. [invalid-policy]"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn managed_policy_arns() {
    let stack = Stack::new();
    let own = stack.account.put_policy(Policy::named("Read", read_bucket()).path("/team/"));
    check_made(stack, json!({"ManagedPolicyArns": [own, AUDIT]}), json!({"attached": [own, AUDIT]})).await;
    let nothing = "The role grants nothing: set CustomPolicy or ManagedPolicyArns. [grants-nothing]";
    check_all_made([
        (json!({"ManagedPolicyArns": [AUDIT]}), json!({})),
        (json!({"ManagedPolicyArns": [AUDIT, EC2]}), json!({"attached": [EC2, AUDIT]})),
        (json!({"ManagedPolicyArns": format!("{AUDIT},{EC2}")}), json!({"attached": [EC2, AUDIT]})),
        (json!({"ManagedPolicyArns": format!(" {AUDIT} , {EC2} ")}), json!({"attached": [EC2, AUDIT]})),
        (
            json!({"ManagedPolicyArns": "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"}),
            json!({"attached": ["arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"]}),
        ),
        (json!({"ManagedPolicyArns": null}), json!({"attached": [], "answer": {"Warnings": [nothing]}})),
        (json!({"ManagedPolicyArns": []}), json!({"attached": [], "answer": {"Warnings": [nothing]}})),
    ])
    .await;

    let empty = "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]";
    let arn = "it must be the ARN of a managed policy, such as arn:aws:iam::aws:policy/SecurityAudit. [invalid-value]";
    check_all_refused(
        "ManagedPolicyArns",
        [
            (json!(""), empty),
            (json!(format!("{AUDIT},")), empty),
            (json!([AUDIT, ""]), empty),
            (json!({"Arn": AUDIT}), "is an object; give one value, not a list or an object. [invalid-value]"),
            (json!([AUDIT, AUDIT]), "contains the same value twice; give each value once. [repeated-value]"),
            (json!(format!("{AUDIT},{AUDIT}")), "contains the same value twice; give each value once. [repeated-value]"),
            (json!("SecurityAudit"), &format!("is \"SecurityAudit\"; {arn}")),
            (json!("arn:aws:iam::aws:policy/*"), &format!("is \"arn:aws:iam::aws:policy/*\"; {arn}")),
            (json!("arn:aws:iam::111111111111:role/Read"), &format!("is \"arn:aws:iam::111111111111:role/Read\"; {arn}")),
            (
                json!("arn:aws:iam::333333333333:policy/Read"),
                "contains arn:aws:iam::333333333333:policy/Read of another account; only policies of this account and of AWS can be attached. [other-account]",
            ),
            (
                json!("arn:aws-cn:iam::aws:policy/SecurityAudit"),
                "contains arn:aws-cn:iam::aws:policy/SecurityAudit, which is not in this partition (aws). [other-partition]",
            ),
            (
                json!("arn:aws:iam::111111111111:policy/Gone"),
                "contains arn:aws:iam::111111111111:policy/Gone, which does not exist; create it first or remove it. [policy-not-found]",
            ),
            (
                json!(format!("{AUDIT},arn:aws:iam::111111111111:policy/Gone")),
                "contains arn:aws:iam::111111111111:policy/Gone, which does not exist; create it first or remove it. [policy-not-found]",
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn permissions_boundary() {
    for arn in [BOUNDARY, AUDIT] {
        let stack = Stack::new();
        stack.account.put_policy(Policy::named("Boundary", allow("*", "*")));
        check_made(stack, json!({"PermissionsBoundary": arn}), json!({"boundary": arn})).await;
    }
    check_refuses_empty_and_compound_values("PermissionsBoundary").await;
    check_all_refused(
        "PermissionsBoundary",
        [
            (
                json!("Boundary"),
                "is \"Boundary\"; it must be the ARN of a managed policy, such as arn:aws:iam::aws:policy/SecurityAudit. [invalid-value]",
            ),
            (
                json!("arn:aws:iam::333333333333:policy/Boundary"),
                "is arn:aws:iam::333333333333:policy/Boundary of another account; give a policy of this account or of AWS. [other-account]",
            ),
            (
                json!("arn:aws-cn:iam::aws:policy/SecurityAudit"),
                "is arn:aws-cn:iam::aws:policy/SecurityAudit, which is not in this partition (aws). [other-partition]",
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn policy_ownership() {
    for (ownership, others_stay) in [(Value::Null, false), (json!("Exclusive"), false), (json!("Declared"), true)] {
        let stack = Stack::new();
        let properties = json!({"PolicyOwnership": ownership, "CustomPolicy": read_bucket()});
        made(&stack, &properties).await;
        stack.account.edit(|aws| {
            let role = aws.role_mut("Auditor");
            role.attached_policies.push(EC2.into());
            role.inline_policies.insert("Other".into(), read_bucket().into());
        });
        let properties = merged(plain(), &properties);
        let answer = stack.update("Auditor", properties.clone(), merged(properties, &json!({"Revision": "2"}))).await;
        assert!(answer.succeeded(), "{}", answer.reason());
        let expected = if others_stay {
            json!({"inline": {"CustomPolicy": read_bucket(), "Other": read_bucket()}, "attached": [EC2, AUDIT]})
        } else {
            json!({"inline": {"CustomPolicy": read_bucket()}, "answer": {"Warnings": [
                format!("{EC2} was on the role but is not declared, so it was removed (PolicyOwnership: Exclusive). [policy-removed]"),
                "Other was on the role but is not declared, so it was removed (PolicyOwnership: Exclusive). [policy-removed]",
            ]}})
        };
        assert_eq!(
            observed(&stack.account.role("Auditor").unwrap(), &answer.0["Data"]),
            merged(plain_role(), &expected),
            "{ownership}"
        );
    }
    check_refuses_empty_and_compound_values("PolicyOwnership").await;
    for bad in ["exclusive", "Shared", "true"] {
        let sentence = format!("PolicyOwnership is \"{bad}\"; it must be Exclusive or Declared. [invalid-value]");
        check_refused(Stack::new(), json!({"PolicyOwnership": bad}), &[sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn broad_policies_cause_a_warning() {
    let read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let read_all = format!("ManagedPolicyArns reads data or obtains credentials: {read_only}. [reads-data]");
    check_made(
        Stack::new(),
        json!({"ManagedPolicyArns": [read_only]}),
        json!({"attached": [read_only], "answer": {"Warnings": [read_all]}}),
    )
    .await;
    for (action, resource) in [("ce:*", "*"), ("pricing:*", "arn:*")] {
        let custom = allow(action, resource);
        let broad = format!("statement 1 allows {action} on {resource}. [broad]");
        // IAM accepts only the first of them.
        if resource == "*" {
            let warning = format!("CustomPolicy is broad: {broad}");
            check_made(
                Stack::new(),
                json!({"CustomPolicy": custom}),
                json!({"inline": {"CustomPolicy": custom}, "answer": {"Warnings": [warning]}}),
            )
            .await;
        }
        let stack = Stack::new();
        let own = stack.account.put_policy(Policy::named("Own", custom));
        check_made(
            stack,
            json!({"ManagedPolicyArns": own}),
            json!({"attached": [own], "answer": {"Warnings": [format!("ManagedPolicyArns is broad: {own} in {broad}")]}}),
        )
        .await;
    }
    let bucket = allow("s3:*", "arn:aws:s3:::reports/*");
    check_made(Stack::new(), json!({"CustomPolicy": bucket}), json!({"inline": {"CustomPolicy": bucket}})).await;
}

const GRANTS_NOTHING: &str = "The role grants nothing: set CustomPolicy or ManagedPolicyArns. [grants-nothing]";

#[tokio::test(start_paused = true)]
async fn a_role_that_grants_nothing_causes_a_warning() {
    let deny = policy(json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}));
    check_all_made([
        (json!({"ManagedPolicyArns": null}), json!({"attached": [], "answer": {"Warnings": [GRANTS_NOTHING]}})),
        (
            json!({"ManagedPolicyArns": null, "CustomPolicy": deny}),
            json!({"attached": [], "inline": {"CustomPolicy": deny}, "answer": {"Warnings": [GRANTS_NOTHING]}}),
        ),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_role_whose_managed_policies_only_deny_grants_nothing() {
    let stack = Stack::new();
    let deny = policy(json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}));
    let own = stack.account.put_policy(Policy::named("NoBuckets", deny));
    check_made(
        stack,
        json!({"ManagedPolicyArns": own}),
        json!({"attached": [own], "answer": {"Warnings": [GRANTS_NOTHING]}}),
    )
    .await;
}
