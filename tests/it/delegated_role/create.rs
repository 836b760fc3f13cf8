//! A create: the role, the answer, and what a failed create leaves.

use std::time::Duration;

use expect_test::expect;
use serde_json::json;

use crate::fixtures::{AUDIT, EC2, ID, OTHER_PROVIDER, PROVIDER, allow_everything, read_bucket, trust};
use crate::stack::Stack;
use crate::wire::iam::{Fault, Policy, Role};

#[tokio::test(start_paused = true)]
async fn a_create_makes_the_role_in_three_rounds_and_returns_all_attributes() {
    let stack = Stack::new();
    stack.account.edit(|aws| aws.latency = Duration::from_millis(30));
    let answer = stack
        .create(json!({
            "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor",
            "ManagedPolicyArns": [AUDIT, EC2], "CustomPolicy": read_bucket(),
            "Tags": [{"Key": "team", "Value": "platform"}], "Description": "for the auditor",
        }))
        .await;
    let mut rounds = stack.account.rounds();
    for round in &mut rounds {
        round.sort();
    }
    assert_eq!(
        rounds,
        [
            vec!["CreateRole Auditor".to_owned()],
            vec!["PutRolePolicy Auditor ServiceProviderAccessGuardrails".to_owned()],
            vec![
                format!("AttachRolePolicy Auditor {EC2}"),
                format!("AttachRolePolicy Auditor {AUDIT}"),
                "PutRolePolicy Auditor CustomPolicy".to_owned(),
            ],
        ]
    );
    let role = stack.account.role("Auditor").unwrap();
    assert!(role.trust == trust(ID), "{}", role.trust.json());
    expect![[r#"
        {
          "Data": {
            "Arn": "arn:aws:iam::111111111111:role/delegated/Auditor",
            "AwsConfigProfile": "[profile Auditor]\nrole_arn = arn:aws:iam::111111111111:role/delegated/Auditor\nsource_profile = default\nexternal_id = an-external-id-of-the-provider\n",
            "ExternalAwsAccountId": "222222222222",
            "ExternalId": "an-external-id-of-the-provider",
            "MaxSessionDuration": "3600",
            "RoleArn": "arn:aws:iam::111111111111:role/delegated/Auditor",
            "RoleId": "<id>",
            "RoleName": "Auditor",
            "SwitchRoleUrl": "",
            "TerraformProvider": "provider \"aws\" {\n  assume_role {\n    role_arn    = \"arn:aws:iam::111111111111:role/delegated/Auditor\"\n    external_id = \"an-external-id-of-the-provider\"\n  }\n}\n",
            "Warnings": ""
          },
          "LogicalResourceId": "Access",
          "PhysicalResourceId": "Auditor",
          "RequestId": "request-1",
          "StackId": "arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555",
          "Status": "SUCCESS"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&answer.0).unwrap().replace(&role.id, "<id>"));
}

#[tokio::test(start_paused = true)]
async fn a_create_delivered_twice_is_one_create() {
    let stack = Stack::new();
    let properties = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT});
    let first = stack.create(properties.clone()).await;
    stack.account.clear_calls();
    let second = stack.create(properties).await;
    assert_eq!(first, second);
    assert_eq!(stack.account.writes(), [format!("CreateRole {}", first.physical_id())]);
}

#[tokio::test(start_paused = true)]
async fn all_problems_are_reported_before_anything_is_written() {
    let stack = Stack::new().with("TRUSTED_ACCOUNT_IDS", PROVIDER);
    let answer = stack
        .create(json!({
            "ExternalAwsAccountId": OTHER_PROVIDER, "externalid": ID, "MaxSessionDuration": 60,
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::111111111111:policy/Gone"],
            "CustomPolicy": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:Put*", "Resource": "*"}},
        }))
        .await;
    let reason = answer.reason();
    for part in [
        OTHER_PROVIDER,
        "use ExternalId",
        "MaxSessionDuration is \"60\"",
        "AdministratorAccess",
        "policy/Gone, which does not exist",
        "iam:PutRolePolicy",
    ] {
        assert!(reason.contains(part), "{part} is missing in: {reason}");
    }
    assert_eq!(stack.account.writes(), Vec::<String>::new());
    // The delete that follows looks for nothing.
    stack.account.clear_calls();
    assert!(answer.physical_id().starts_with("refused-"));
    assert!(stack.delete(answer.physical_id(), json!({"ExternalAwsAccountId": OTHER_PROVIDER})).await.succeeded());
    assert_eq!(stack.account.calls(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_policy_with_a_comma_in_its_name_is_checked_like_any_other() {
    let stack = Stack::new();
    let everything = allow_everything();
    let own = stack.account.put_policy(Policy::named("Ops,Admin", everything));
    let answer = stack.create(json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [own]})).await;
    assert!(answer.reason().contains("administrator-equivalent"), "{}", answer.reason());
}

#[tokio::test(start_paused = true)]
async fn a_refused_redelivery_keeps_the_id_of_the_role_of_the_first_delivery() {
    let stack = Stack::new();
    let own = stack.account.put_policy(Policy::named("Own", read_bucket()));
    let properties = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": [own]});
    // The first delivery succeeds, but its answer is lost. Then something changes, and the second is refused.
    assert!(stack.create(properties.clone()).await.succeeded());
    let narrowed = stack.clone().with("TRUSTED_ACCOUNT_IDS", OTHER_PROVIDER);
    let misconfigured = stack.clone().with("MAX_SESSION_DURATION_CAP", "forever");
    for stack in [narrowed, misconfigured] {
        assert_eq!(stack.create(properties.clone()).await.physical_id(), "Auditor");
    }
    stack.account.fail(Fault::denied().on("GetPolicy").every());
    let answer = stack.create(properties.clone()).await;
    assert!(answer.reason().starts_with("iam:GetPolicy was denied"), "{}", answer.reason());
    assert!(stack.delete(answer.physical_id(), properties).await.succeeded());
    assert_eq!(stack.account.roles().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_new_role_that_iam_does_not_find_yet_is_not_lost() {
    for faults in [
        vec![Fault::no_such_entity().on("GetRole").first(3)],
        vec![Fault::no_such_entity().on("DeleteRole").first(2)],
        vec![Fault::no_such_entity().on("ListRolePolicies").first(1)],
        vec![Fault::no_such_entity().on("GetRole").every()],
    ] {
        let stack = Stack::new();
        let case: Vec<_> = faults.iter().map(ToString::to_string).collect();
        stack.account.fail(Fault::denied().on("AttachRolePolicy").every());
        for fault in faults {
            stack.account.fail(fault);
        }
        let properties = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
        let answer = stack.create(properties.clone()).await;
        assert_eq!(answer.physical_id(), "Auditor", "{case:?}: {}", answer.reason());
        stack.account.clear_faults();
        assert!(stack.delete(answer.physical_id(), properties).await.succeeded(), "{case:?}");
        assert_eq!(stack.account.roles().len(), 0, "{case:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_fails_half_way_leaves_no_role() {
    let stack = Stack::new();
    let properties = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT, "arn:aws:iam::aws:policy/AmazonGlacierReadOnlyAccess"]});
    let answer = stack.create(properties).await;
    assert!(
        answer.reason().contains("iam:AttachRolePolicy failed because a policy does not exist"),
        "{}",
        answer.reason()
    );
    assert_eq!(stack.account.roles().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failed_create_has_the_id_of_the_role_that_it_may_have_made() {
    for (faults, name) in [
        // The reply to the create is lost, and then the rest is denied: the role exists.
        (vec![Fault::reply_lost().on("CreateRole"), Fault::denied().on("AttachRolePolicy").every()], "Auditor"),
        // The role may exist.
        (vec![Fault::connection_cut().every()], "Auditor"),
        (vec![Fault::denied().on("CreateRole").every()], "Auditor"),
    ] {
        let stack = Stack::new();
        let case: Vec<_> = faults.iter().map(ToString::to_string).collect();
        for fault in faults {
            stack.account.fail(fault);
        }
        let properties = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": name, "ManagedPolicyArns": AUDIT});
        let answer = stack.create(properties.clone()).await;
        assert_eq!(answer.physical_id(), name, "{case:?}: {}", answer.reason());
        stack.account.clear_faults();
        assert!(stack.delete(answer.physical_id(), properties).await.succeeded());
        assert_eq!(stack.account.roles().len(), 0, "{case:?}");
    }
    // If the create is denied and the name belongs to another role, the delete must change nothing.
    let stack = Stack::new();
    stack.account.put_role(Role::named("Auditor"));
    stack.account.fail(Fault::denied().on("CreateRole").every());
    let answer = stack.create(json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor"})).await;
    assert!(answer.physical_id().starts_with("refused-"), "{}", answer.reason());
}
