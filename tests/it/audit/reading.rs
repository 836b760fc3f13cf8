//! What is read, and what is said when it could not be read.

use std::time::Duration;

use serde_json::json;

use super::{ID, auditor, codes, findings, only_role, report, stack, stack_with};
use crate::fixtures::{LOGICAL_ID_TAG, PROVIDER, READ_ONLY, SCP_DENIAL, STACK_TAG, trust};
use crate::stack::Stack;
use crate::wire::iam::{Fault, Role};

#[tokio::test(start_paused = true)]
async fn a_role_as_it_was_made_has_no_findings() {
    let stack = stack_with(json!({"RequireMfa": true, "ExpiresAt": "2027-11-22T12:00:00Z"})).await;
    let report = report(&stack).await;
    assert_eq!(
        report,
        json!({
            "Version": 1,
            "AuditedAt": "2026-11-22T12:01:00Z",
            "AccountId": "111111111111",
            "Region": "us-east-1",
            "Complete": true,
            "Gaps": [],
            "Roles": [{
                "RoleName": "Auditor",
                "RoleArn": "arn:aws:iam::111111111111:role/delegated/Auditor",
                "StackId": stack.id,
                "LogicalId": "Access",
                "ExternalAwsAccountIds": [PROVIDER],
                "RequiresExternalId": true,
                "RequiresMfa": true,
                "MaxSessionDuration": 3600,
                "ExpiresAt": "2027-11-22T12:00:00Z",
                "CreatedAt": "2026-11-22T12:00:01Z",
                "LastUsedAt": null,
                "Policies": ["CustomPolicy", "ServiceProviderAccessGuardrails", READ_ONLY],
                "Reach": {"Level": "sensitive", "Privileges": ["reads-data"], "Services": ["s3"]},
                "Findings": [],
            }],
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_generated_external_id_is_not_in_the_report() {
    let stack = stack_with(json!({"ExternalId": null})).await;
    let id = stack.account.role("Auditor").unwrap().tags["service-provider-access:external-id"].clone();
    // A person who may change the role may also write the ID where the report quotes a tag, or a name.
    stack.account.edit(|aws| {
        let role = aws.role_mut("Auditor");
        role.tags.insert(LOGICAL_ID_TAG.into(), id.clone());
        role.inline_policies.insert(id.clone(), crate::fixtures::allow(&format!("{id}:Read"), "*").into());
    });
    assert!(!report(&stack).await.to_string().contains(&id));
}

#[tokio::test(start_paused = true)]
async fn all_pages_of_roles_are_read_and_only_those_under_the_prefix() {
    let stack = stack().await;
    stack.account.edit(|aws| aws.page_size = 2);
    for n in 1..=5 {
        stack.account.put_role(Role::named(&format!("Other{n}")).path("/delegated/eu/"));
    }
    stack.account.put_role(Role::named("Elsewhere").path("/service-role/"));
    let report = report(&stack).await;
    let names: Vec<_> = report["Roles"].as_array().unwrap().iter().map(|role| &role["RoleName"]).collect();
    assert_eq!(names, ["Auditor", "Other1", "Other2", "Other3", "Other4", "Other5"]);
    assert_eq!(report["Complete"], true);
}

#[tokio::test(start_paused = true)]
async fn with_a_name_prefix_only_roles_with_that_prefix_are_audited() {
    let stack = Stack::new().with("ROLE_PATH_PREFIX", "/").with("ROLE_NAME_PREFIX", "acme-");
    for (name, path) in [("acme-Auditor", "/"), ("Other", "/"), ("Acme-Other", "/"), ("acme-Below", "/below/")] {
        stack.account.put_role(Role::named(name).path(path));
    }
    assert_eq!(only_role(&report(&stack).await)["RoleName"], "acme-Auditor");
}

#[tokio::test(start_paused = true)]
async fn a_role_that_cannot_be_read_makes_the_audit_incomplete() {
    let stack = stack().await;
    stack.account.fail(Fault::denied_because(SCP_DENIAL).on("GetRolePolicy"));
    let report = report(&stack).await;
    assert_eq!((&report["Complete"], &report["Roles"]), (&json!(false), &json!([])));
    let gap = report["Gaps"][0].as_str().unwrap();
    assert!(gap.starts_with("The role Auditor was not audited. iam:GetRolePolicy was denied"), "{gap}");
}

#[tokio::test(start_paused = true)]
async fn roles_that_cannot_be_listed_make_the_audit_incomplete() {
    let stack = stack().await;
    stack.account.fail(Fault::denied_because(SCP_DENIAL).on("ListRoles"));
    let report = report(&stack).await;
    assert_eq!((&report["Complete"], &report["Roles"]), (&json!(false), &json!([])));
    let gap = report["Gaps"][0].as_str().unwrap();
    assert!(gap.starts_with("The roles could not all be listed. iam:ListRoles was denied"), "{gap}");
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_deleted_during_the_audit_is_left_out() {
    let stack = stack().await;
    stack.account.fail(Fault::no_such_entity().on("ListAttachedRolePolicies"));
    let report = report(&stack).await;
    assert_eq!((&report["Complete"], &report["Roles"]), (&json!(true), &json!([])), "{report:#}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_read_in_time_is_said() {
    let stack = stack().await;
    for n in 1..=100 {
        stack.account.put_role(Role::named(&format!("Other{n}")).path("/delegated/"));
    }
    stack.account.edit(|aws| aws.latency = Duration::from_secs(8));
    let report = report(&stack).await;
    let read = report["Roles"].as_array().unwrap().len();
    assert!((1..101).contains(&read), "{read}");
    assert_eq!(report["Complete"], false);
    let gaps: Vec<_> = report["Gaps"].as_array().unwrap().iter().map(|gap| gap.as_str().unwrap()).collect();
    assert!(gaps.iter().any(|gap| gap.starts_with("The time was over before these roles were audited: ")), "{gaps:#?}");
}

#[tokio::test(start_paused = true)]
async fn two_hundred_roles_are_audited_in_time_and_each_managed_policy_is_read_once() {
    let stack = stack().await;
    let own = stack.account.put_policy(crate::wire::iam::Policy::named("Own", crate::fixtures::read_bucket()));
    for n in 1..200 {
        let name = format!("Role{n}");
        let role = Role::named(&name).path("/delegated/").trust(trust(ID)).attach(&own);
        stack.account.put_role(role.tag(STACK_TAG, &stack.id).tag(LOGICAL_ID_TAG, &name));
        let resource = (stack.id.clone(), name.clone());
        stack.cloudformation.edit(|report| report.others.insert(resource, ("CREATE_COMPLETE".into(), name)));
    }
    stack.account.edit(|aws| aws.latency = Duration::from_millis(30));
    let started = tokio::time::Instant::now();
    let report = report(&stack).await;
    assert_eq!((&report["Complete"], report["Roles"].as_array().unwrap().len()), (&json!(true), 200));
    assert!(started.elapsed() < Duration::from_secs(45), "{:?}", started.elapsed());
    let at_a_time = stack.account.max_in_flight();
    assert!(at_a_time <= 25, "IAM throttles a caller that makes many calls at a time: {at_a_time}");
    let reads = stack.account.calls().into_iter().filter(|call| call.starts_with("GetPolicy ")).count();
    assert_eq!(reads, 1);
}

#[tokio::test(start_paused = true)]
async fn a_denied_look_up_is_no_orphan_and_is_said() {
    let stack = stack().await;
    stack.cloudformation.edit(|report| report.denied = true);
    let report = report(&stack).await;
    assert_eq!(report["Complete"], false);
    assert_eq!(findings(&report["Roles"][0]), []);
    let gap = report["Gaps"][0].as_str().unwrap();
    let expected = "It is not known whether a stack still manages the role Auditor. cloudformation:DescribeStackResource was denied";
    assert!(gap.starts_with(expected), "{gap}");
}

#[tokio::test(start_paused = true)]
async fn a_stack_of_another_region_is_left_to_the_function_there() {
    let stack = stack().await;
    // This would be an orphan, and over the limits, if the stack were here.
    let other = stack.in_region("eu-west-1").with("TRUSTED_ACCOUNT_IDS", "");
    other.cloudformation.set("", "");
    assert_eq!(codes(&other).await, [""; 0]);
    assert_eq!(other.cloudformation.edit(|report| report.calls.clone()), [""; 0]);
    assert_eq!(auditor()["RoleName"], "Auditor");
}
