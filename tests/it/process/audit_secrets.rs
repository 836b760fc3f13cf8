//! No answer and no log line of an audit or a direct check contains an external ID, wherever it stands in the account.

use serde_json::{Value, json};

use super::audit::Audited;
use crate::fixtures::{
    EXTERNAL_ID_TAG, ID, LOGICAL_ID_TAG, OTHER_ID, PROVIDER, STACK_TAG, allow_everything, policy, trust,
};
use crate::function::{Function, TIMEOUT};
use crate::wire::cloudformation;
use crate::wire::iam::{Document, Fault, Policy, Role};
use crate::wire::lambda::Invocation;
use crate::wire::sts::{self, Customer};

/// What stands for an external ID.
const HIDDEN: &str = "(the external ID)";

/// Checks all outputs of the function. Each of the texts is in them: what would contain the ID is said without it.
async fn check(mut function: Function, answers: Vec<Value>, secrets: &[&str], said: &[&str]) {
    let mut outputs = function.log().await;
    assert!(outputs.len() >= answers.len(), "{outputs:#?}");
    let answers: Vec<String> = answers.iter().map(ToString::to_string).collect();
    for text in said {
        assert!(answers.iter().any(|answer| answer.contains(text)), "{text:?} is not in {answers:#?}");
    }
    outputs.extend(answers);
    for secret in secrets {
        let leak = outputs.iter().find(|line| line.contains(secret));
        assert_eq!(leak, None, "{secret} is revealed");
    }
}

#[tokio::test]
async fn external_ids_are_hidden_wherever_they_stand_in_a_role() {
    const FIRST: &str = "first-8d1f70c2a4";
    const SECOND: &str = "second-07be55d19c";
    const PATTERN: &str = "third-55aa01c3e7";
    const OTHER_CASE: &str = "fourth-9c2e77b0d1";
    const KEPT: &str = "fifth-1f2e3d4c5b";
    let mut audited = Audited::new().await;
    audited.make("Auditor", &json!({"ExternalId": [FIRST, SECOND]})).await;
    let account = audited.function.account.clone();
    let attached = [SECOND, PATTERN].map(|name| account.put_policy(Policy::named(name, allow_everything())));
    audited.by_hand("Auditor", |role| {
        let mut statement = role.trust.json()["Statement"].clone();
        if let Value::Array(statements) = &mut statement {
            statement = statements.remove(0);
        }
        let changed = json!({
            "Sid": FIRST,
            "Effect": "Allow",
            "Principal": {"Federated": format!("arn:aws:iam::111111111111:saml-provider/{FIRST}")},
            "Action": ["sts:AssumeRole", format!("sts:{SECOND}")],
            "Condition": {
                "StringLike": {"sts:externalid": format!("{PATTERN}*")},
                "ForAnyValue:StringEqualsIgnoreCase": {"sts:ExternalId": [OTHER_CASE]},
            },
        });
        role.trust = json!({"Version": "2012-10-17", "Statement": [statement, changed]}).into();
        role.description = Some(format!("opens with {PATTERN}"));
        role.permissions_boundary = Some(format!("arn:aws:iam::111111111111:policy/{OTHER_CASE}"));
        role.tags.insert(EXTERNAL_ID_TAG.into(), KEPT.into());
        role.tags.insert("ticket".into(), FIRST.into());
        let named = json!({"Sid": KEPT, "Effect": "Allow", "Action": format!("{PATTERN}:*"), "Resource": format!("arn:aws:s3:::{KEPT}")});
        role.inline_policies.insert(FIRST.into(), policy(named).into());
        role.inline_policies.insert(KEPT.into(), allow_everything().into());
        role.attached_policies.extend(attached);
    });
    let report = audited.audit().await;
    let found = &report["Roles"][0];
    assert_eq!((&report["Complete"], &found["RoleName"]), (&json!(true), &json!("Auditor")), "{report:#}");
    let accounts = json!([PROVIDER, format!("arn:aws:iam::111111111111:saml-provider/{HIDDEN}")]);
    assert_eq!(found["ExternalAwsAccountIds"], accounts);
    let attached = "arn:aws:iam::111111111111:policy/(the external ID)";
    let policies = ["ServiceProviderAccessGuardrails", HIDDEN, HIDDEN, attached, attached];
    assert_eq!(found["Policies"], json!(policies));
    let said = [
        "it admits the principal arn:aws:iam::111111111111:saml-provider/(the external ID) (Federated); it allows sts:(the external ID)",
        "The inline policies changed since the function wrote the role",
        "arn:aws:iam::111111111111:policy/(the external ID), arn:aws:iam::111111111111:policy/(the external ID) were added",
        "The inline policy (the external ID)",
    ];
    check(audited.function, vec![report], &[FIRST, SECOND, PATTERN, OTHER_CASE, KEPT], &said).await;
}

#[tokio::test]
async fn external_ids_are_hidden_in_the_marks_of_a_role() {
    const LOGICAL: &str = "first8d1f70c2a4";
    const STACK: &str = "second-07be55d19c";
    const UNMARKED: &str = "third-55aa01c3e7";
    let audited = Audited::new().await;
    let account = audited.function.account.clone();
    let stack = |name: &str| {
        format!("arn:aws:cloudformation:us-east-1:111111111111:stack/{name}/11111111-2222-3333-4444-555555555555")
    };
    let role = |name: &str, id: &str| Role::named(name).path("/delegated/").trust(trust(id));
    account.put_role(role("Logical", LOGICAL).tag(STACK_TAG, &stack("customer")).tag(LOGICAL_ID_TAG, LOGICAL));
    account.put_role(role("Stack", STACK).tag(STACK_TAG, &stack(STACK)).tag(LOGICAL_ID_TAG, "Access"));
    let principal = json!({"AWS": format!("arn:aws:iam::{PROVIDER}:user/{UNMARKED}")});
    let condition = json!({"StringEquals": {"sts:ExternalId": UNMARKED}});
    let unmarked =
        json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition});
    let federated = json!({"Effect": "Allow", "Principal": {"Federated": UNMARKED}, "Action": "sts:AssumeRole"});
    let both = json!({"Version": "2012-10-17", "Statement": [unmarked, federated]});
    account.put_role(role("Unmarked", UNMARKED).trust(both).tag(STACK_TAG, UNMARKED));
    audited.function.cloudformation.edit(|report| report.status.clear());
    let mut audited = audited;
    let report = audited.audit().await;
    assert_eq!(report["Roles"].as_array().unwrap().len(), 3, "{report:#}");
    let said = [
        "its stack does not exist, or no longer has the resource (the external ID)",
        "the tags name Access in arn:aws:cloudformation:us-east-1:111111111111:stack/(the external ID)/11111111",
        "It trusts 222222222222, (the external ID). ",
    ];
    check(audited.function, vec![report], &[LOGICAL, STACK, UNMARKED], &said).await;
}

#[tokio::test]
async fn external_ids_are_hidden_in_documents_that_cannot_be_read() {
    const TRUSTED: &str = "first-8d1f70c2a4";
    const TWICE: &str = "second-07be55d19c";
    let mut audited = Audited::new().await;
    audited.make("Auditor", &json!({"ExternalId": TRUSTED})).await;
    audited.by_hand("Auditor", |role| {
        let twice = format!(
            r#"{{"Statement": [{{"Condition": {{"StringEquals": {{"sts:ExternalId": "{TRUSTED}", "sts:ExternalId": ["{TWICE}"]}}}}}}]}}"#
        );
        role.trust = Document::broken(&twice);
        role.inline_policies.insert(TWICE.into(), Document::broken(&format!("no JSON: {TRUSTED}")));
    });
    let report = audited.audit().await;
    let said = [
        "The trust policy lets in more than a trust policy of this function: it cannot be read.",
        "The inline policy (the external ID) cannot be read, so it was not judged.",
    ];
    check(audited.function, vec![report], &[TRUSTED, TWICE], &said).await;
}

#[tokio::test]
async fn external_ids_are_hidden_in_what_aws_says_of_a_failed_call() {
    const INLINE: &str = "first-8d1f70c2a4";
    const MANAGED: &str = "second-07be55d19c";
    const LOOKED_UP: &str = "third-55aa01c3e7";
    let mut audited = Audited::new().await;
    let quoting = |id: &str| format!("Not that: {}", trust(id));
    let account = audited.function.account.clone();
    let own = account.put_policy(Policy::named("Own", allow_everything()));
    for (name, id) in [("Inline", INLINE), ("Managed", MANAGED), ("LookedUp", LOOKED_UP), ("Other", OTHER_ID)] {
        audited.make(name, &json!({"ExternalId": id})).await;
    }
    audited.by_hand("Managed", |role| role.attached_policies.push(own.clone()));
    account.fail(Fault::refused(400, "InvalidInput", &quoting(INLINE)).on("GetRolePolicy").naming("Inline").every());
    account.fail(Fault::refused(400, "InvalidInput", &quoting(MANAGED)).on("GetPolicy").every());
    let failing = cloudformation::Fault::refused(400, "ValidationError", &quoting(LOOKED_UP)).every();
    audited.function.cloudformation.fail(failing);
    let report = audited.audit().await;
    assert_eq!(report["Complete"], false, "{report:#}");
    let said = [
        "The role Inline was not audited. iam:GetRolePolicy failed: Not that: ",
        "The role Managed was not audited. iam:GetPolicy failed: Not that: ",
        // AWS quotes the ID of another role.
        "It is not known whether a stack still manages the role Other. cloudformation:DescribeStackResource failed: Not that: ",
        "It is not known whether a stack still manages the role LookedUp. cloudformation:DescribeStackResource failed: Not that: ",
        "(the external ID)",
    ];
    check(audited.function, vec![report], &[INLINE, MANAGED, LOOKED_UP], &said).await;
}

#[tokio::test]
async fn no_answer_and_no_log_line_of_a_direct_check_contains_the_external_id() {
    let mut function = Function::with(&[("RUST_LOG", "trace")]).await;
    function.customer.trusts(|id| id == Some(ID));
    let right = json!({"RoleArn": Customer::ROLE, "ExternalId": ID});
    let quoted = sts::Fault::refused(400, "ValidationError", "1 validation error: EXTERNAL-ID is not that").every();
    let mut answers = Vec::new();
    for (event, fault) in [
        (json!({"AccessCheck": right}), None),
        (json!({"AccessCheck": right}), Some(quoted)),
        (json!({"AccessCheck": {"RoleArn": ID, "ExternalId": ID}}), None),
        (json!({"AccessCheck": {"RoleArn": format!("arn:aws:iam::111111111111:role/{ID}"), "ExternalId": ID}}), None),
        (json!({"AccessCheck": {"RoleArn": format!("arn:aws:iam::999999999999:user/{ID}"), "ExternalId": ID}}), None),
        (json!({"AccessCheck": {"RoleArn": Customer::ROLE, "ExternalId": [ID, ID]}}), None),
        (json!({"AccessCheck": {"RoleArn": Customer::ROLE, "ExternalID": ID, "Revision": {"a": ID}}}), None),
        (json!({"AccessCheck": {"RoleArn": Customer::ROLE, "ExternalId": ID, "CustomerAccountId": ID}}), None),
        (json!({"AccessCheck": {"RoleArn": Customer::ROLE, "ExternalId": ID, ID: ID}}), None),
        (json!({"AccessCheck": ID}), None),
        (json!({"AccessCheck": right, ID: ID}), None),
    ] {
        function.customer.clear_faults();
        if let Some(fault) = fault {
            function.customer.fail(fault);
        }
        match function.lambda.invoke(&event, TIMEOUT).await {
            Invocation::Response(answer) => answers.push(answer),
            other => panic!("{other:?}"),
        }
    }
    let verdicts: Vec<_> = answers.iter().map(|answer| answer["Verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts[..2], ["Safe", "Inconclusive"]);
    assert!(verdicts[2..].iter().all(|verdict| *verdict == "Refused"), "{verdicts:?}");
    check(function, answers, &[ID], &["(the external ID) is not that"]).await;
}
