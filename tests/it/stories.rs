//! The life of a delegated role, told through whole requests.

use std::time::{Duration, SystemTime};

use expect_test::expect;
use serde_json::json;

use crate::fixtures::{AUDIT, DENY_ALL, EC2, ID, OTHER_ID, PROVIDER};
use crate::stack::Stack;
use crate::wire::iam::{Account, Fault, Policy, Role};

fn read_bucket() -> serde_json::Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}]})
}

fn trust(external_id: &str) -> serde_json::Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:aws:iam::{PROVIDER}:root")},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
        }],
    })
}

// --- Create ---

#[tokio::test(start_paused = true)]
async fn a_create_makes_the_role_in_three_rounds_and_tells_all_about_it() {
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
    let wish = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT});
    let first = stack.create(wish.clone()).await;
    stack.account.clear_calls();
    let second = stack.create(wish).await;
    assert_eq!(first, second);
    assert_eq!(stack.account.writes(), [format!("CreateRole {}", first.physical_id())]);
}

#[tokio::test(start_paused = true)]
async fn a_generated_id_is_strong_kept_and_the_only_way_in() {
    let stack = Stack::new();
    let answer = stack.create(json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT})).await;
    let id = answer.attribute("ExternalId");
    assert_eq!(id.len(), 40);
    let role = stack.account.role(answer.physical_id()).unwrap();
    assert!(role.trust == trust(id));
    assert_eq!(role.tags["service-provider-access:external-id"], id);
    let other = Stack::new().create(json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT})).await;
    assert_ne!(other.attribute("ExternalId"), id, "two customers never share one");
}

#[tokio::test(start_paused = true)]
async fn every_mistake_is_told_before_anything_is_written() {
    let stack = Stack::new().with("TRUSTED_ACCOUNT_IDS", PROVIDER);
    let answer = stack
        .create(json!({
            "ExternalAwsAccountId": "333333333333", "externalid": ID, "MaxSessionDuration": 60,
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::111111111111:policy/Gone"],
            "CustomPolicy": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:Put*", "Resource": "*"}},
        }))
        .await;
    let reason = answer.reason();
    for told in [
        "333333333333",
        "use ExternalId",
        "MaxSessionDuration is \"60\"",
        "AdministratorAccess",
        "policy/Gone, which does not exist",
        "iam:Put*",
    ] {
        assert!(reason.contains(told), "{told} is missing in: {reason}");
    }
    assert_eq!(stack.account.writes(), Vec::<String>::new());
    // The delete that follows has nothing to look for.
    stack.account.clear_calls();
    assert!(answer.physical_id().starts_with("refused-"));
    assert!(stack.delete(answer.physical_id(), json!({"ExternalAwsAccountId": "333333333333"})).await.succeeded());
    assert_eq!(stack.account.calls(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_refused_redelivery_does_not_lose_the_role_of_the_first_delivery() {
    let stack = Stack::new();
    let own = stack.account.put_policy(Policy::named("Own", read_bucket()));
    let wish = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": [own]});
    // The first delivery succeeds, but its answer is lost; then something changes that refuses the second.
    assert!(stack.create(wish.clone()).await.succeeded());
    let narrowed = stack.clone().with("TRUSTED_ACCOUNT_IDS", "333333333333");
    let misconfigured = stack.clone().with("MAX_SESSION_DURATION_CAP", "forever");
    for stack in [narrowed, misconfigured] {
        assert_eq!(stack.create(wish.clone()).await.physical_id(), "Auditor");
    }
    stack.account.fail(Fault::denied().on("GetPolicy").every());
    let answer = stack.create(wish.clone()).await;
    assert!(answer.reason().starts_with("iam:GetPolicy was denied"), "{}", answer.reason());
    assert!(stack.delete(answer.physical_id(), wish).await.succeeded());
    assert_eq!(stack.account.roles().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_iam_does_not_show_yet_is_not_taken_for_gone() {
    for blind in [
        vec![Fault::no_such_entity().on("GetRole").first(3)],
        vec![Fault::no_such_entity().on("DeleteRole").first(2)],
        vec![Fault::no_such_entity().on("ListRolePolicies").first(1)],
        vec![Fault::no_such_entity().on("GetRole").every()],
    ] {
        let stack = Stack::new();
        let told: Vec<_> = blind.iter().map(ToString::to_string).collect();
        stack.account.fail(Fault::denied().on("AttachRolePolicy").every());
        for fault in blind {
            stack.account.fail(fault);
        }
        let wish = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
        let answer = stack.create(wish.clone()).await;
        assert_eq!(answer.physical_id(), "Auditor", "{told:?}: {}", answer.reason());
        stack.account.clear_faults();
        assert!(stack.delete(answer.physical_id(), wish).await.succeeded(), "{told:?}");
        assert_eq!(stack.account.roles().len(), 0, "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_does_not_mind_that_somebody_else_deletes_too() {
    for read in ["ListRolePolicies", "ListAttachedRolePolicies", "GetRolePolicy", "ListInstanceProfilesForRole"] {
        let stack = Stack::new();
        let wish = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "CustomPolicy": read_bucket()});
        stack.create(wish.clone()).await;
        if read == "ListInstanceProfilesForRole" {
            stack.account.fail(Fault::refused(409, "DeleteConflict", "Cannot delete entity.").on("DeleteRole"));
        }
        stack.account.fail(Fault::no_such_entity().on(read).first(1));
        assert!(stack.delete("Auditor", wish).await.succeeded(), "{read}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_with_a_comma_in_its_name_is_judged_like_any_other() {
    let stack = Stack::new();
    let everything =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let own = stack.account.put_policy(Policy::named("Ops,Admin", everything));
    let answer = stack.create(json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [own]})).await;
    assert!(answer.reason().contains("administrator-equivalent"), "{}", answer.reason());
}

#[tokio::test(start_paused = true)]
async fn an_open_trust_is_shut_even_if_the_role_is_full_of_tags() {
    let stack = Stack::new();
    let old =
        json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    stack.create(old.clone()).await;
    stack.account.edit(|aws| {
        let role = aws.role_mut("Auditor");
        role.trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}).into();
        role.tags.extend((0..48).map(|number| (format!("filler-{number}"), String::new())));
    });
    let mut new = old.clone();
    new["Tags"] = json!([{"Key": "team", "Value": "a"}]);
    stack.account.clear_calls();
    assert!(stack.update("Auditor", old, new).await.reason().contains("iam:TagRole would exceed an IAM quota"));
    assert!(stack.account.role("Auditor").unwrap().trust == trust(ID));
    // Nor does it keep sessions alive: without room for the mark, they end before the trust changes and after.
    let revocation = "PutRolePolicy Auditor AWSRevokeOlderSessions";
    let writes = [revocation, "UpdateAssumeRolePolicy Auditor", revocation, "TagRole Auditor team"];
    assert_eq!(stack.account.writes(), writes);
}

#[tokio::test(start_paused = true)]
async fn longer_sessions_wait_for_the_new_trust_and_shorter_ones_do_not() {
    let stack = Stack::new();
    let short =
        json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    let long = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": OTHER_ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT, "MaxSessionDuration": 43200});
    stack.create(short.clone()).await;
    stack.account.clear_calls();
    assert!(stack.update("Auditor", short.clone(), long.clone()).await.succeeded());
    let settings_and_trust = || -> Vec<String> {
        let writes = stack.account.writes().into_iter();
        writes.filter(|write| write.starts_with("Update")).collect()
    };
    assert_eq!(settings_and_trust(), ["UpdateAssumeRolePolicy Auditor", "UpdateRole Auditor"]);
    stack.account.clear_calls();
    assert!(stack.update("Auditor", long, short).await.succeeded());
    assert_eq!(settings_and_trust(), ["UpdateRole Auditor", "UpdateAssumeRolePolicy Auditor"]);
}

#[tokio::test(start_paused = true)]
async fn a_create_that_fails_half_way_leaves_nothing() {
    let stack = Stack::new();
    let wish =
        json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT, "arn:aws:iam::aws:policy/NoSuchPolicy"]});
    let answer = stack.create(wish).await;
    assert!(
        answer.reason().contains("iam:AttachRolePolicy failed because a policy does not exist"),
        "{}",
        answer.reason()
    );
    assert_eq!(stack.account.roles().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failed_create_always_names_the_role_that_it_may_have_made() {
    for (faults, name) in [
        // The reply of the create is lost, and then the rest is denied: the role is there.
        (vec![Fault::reply_lost().on("CreateRole"), Fault::denied().on("AttachRolePolicy").every()], "Auditor"),
        // It may be there, for all that anybody knows.
        (vec![Fault::connection_cut().every()], "Auditor"),
        (vec![Fault::denied().on("CreateRole").every()], "Auditor"),
    ] {
        let stack = Stack::new();
        let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
        for fault in faults {
            stack.account.fail(fault);
        }
        let wish = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": name, "ManagedPolicyArns": AUDIT});
        let answer = stack.create(wish.clone()).await;
        assert_eq!(answer.physical_id(), name, "{told:?}: {}", answer.reason());
        stack.account.clear_faults();
        assert!(stack.delete(answer.physical_id(), wish).await.succeeded());
        assert_eq!(stack.account.roles().len(), 0, "{told:?}");
    }
    // Where the create is denied and the name is somebody else's, the delete must stay harmless.
    let stack = Stack::new();
    stack.account.put_role(Role::named("Auditor"));
    stack.account.fail(Fault::denied().on("CreateRole").every());
    let answer = stack.create(json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor"})).await;
    assert!(answer.physical_id().starts_with("refused-"), "{}", answer.reason());
}

#[tokio::test(start_paused = true)]
async fn an_external_id_that_aws_quotes_is_not_passed_on() {
    let stack = Stack::new();
    let quoting = format!("Syntax error in {{\"sts:ExternalId\":\"{ID}\"}}");
    stack.account.fail(Fault::refused(400, "MalformedPolicyDocument", &quoting).on("CreateRole").every());
    let answer = stack.create(json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID})).await;
    assert!(answer.reason().contains("(the external ID)") && !answer.reason().contains(ID), "{}", answer.reason());
}

// --- Ownership ---

#[tokio::test(start_paused = true)]
async fn a_taken_name_is_refused_and_the_role_behind_it_untouched() {
    let stack = Stack::new();
    stack.account.put_role(Role::named("Admin").attach(AUDIT));
    let before = stack.account.role("Admin");
    for name in ["Admin", "ADMIN"] {
        let wish = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": name, "ManagedPolicyArns": EC2});
        let answer = stack.create(wish.clone()).await;
        assert!(
            answer.reason().starts_with(
                "The role name Admin is taken: arn:aws:iam::111111111111:role/Admin was not made by this resource"
            ),
            "{}",
            answer.reason()
        );
        assert!(stack.delete(answer.physical_id(), wish).await.succeeded());
        assert_eq!(stack.account.role("Admin"), before);
    }
}

#[tokio::test(start_paused = true)]
async fn another_stacks_role_is_named_with_its_owner_and_never_touched() {
    let theirs = Stack::new();
    let wish = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Shared", "ManagedPolicyArns": AUDIT});
    theirs.create(wish.clone()).await;
    let before = theirs.account.role("Shared");
    let ours = Stack { id: theirs.id.replace("customer", "other"), ..theirs.clone() };

    let answer = ours.create(wish.clone()).await;
    assert!(
        answer.reason().contains(&format!("belongs to the resource Access of the stack {}", theirs.id)),
        "{}",
        answer.reason()
    );
    assert!(answer.reason().contains(&format!("service-provider-access:stack-id = {}", ours.id)));
    assert!(answer.physical_id().starts_with("refused-"));
    assert!(ours.update("Shared", wish.clone(), wish.clone()).await.reason().contains("is taken"));
    assert!(ours.delete("Shared", wish.clone()).await.succeeded());
    assert_eq!(theirs.account.role("Shared"), before);

    // Handed over by tagging it anew, it is ours.
    theirs.account.edit(|aws| {
        aws.role_mut("Shared").tags.insert("service-provider-access:stack-id".into(), ours.id.clone());
    });
    assert!(ours.update("Shared", wish.clone(), wish.clone()).await.succeeded());
    assert!(theirs.delete("Shared", wish).await.succeeded());
    assert!(ours.account.role("Shared").is_some());
}

#[tokio::test(start_paused = true)]
async fn stripped_tags_do_not_leave_a_door_open_unseen() {
    let stack = Stack::new();
    let derived = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT});
    let answer = stack.create(derived.clone()).await;
    let name = answer.physical_id();
    stack.account.edit(|aws| aws.role_mut(name).tags.clear());
    let again = stack
        .update(
            name,
            derived.clone(),
            json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "Revision": "2"}),
        )
        .await;
    assert_eq!(again.attribute("ExternalId"), answer.attribute("ExternalId"), "taken from the trust");
    assert_eq!(stack.account.role(name).unwrap().tags.len(), 3, "put back");
    stack.account.edit(|aws| aws.role_mut(name).tags.clear());
    assert!(stack.delete(name, derived).await.succeeded());
    assert!(stack.account.role(name).is_none());

    let explicit = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Chosen", "ManagedPolicyArns": AUDIT});
    stack.create(explicit.clone()).await;
    stack.account.edit(|aws| aws.role_mut("Chosen").tags.clear());
    let refused = stack.delete("Chosen", explicit).await;
    for told in [
        "The role Chosen",
        "trusts arn:aws:iam::222222222222:root",
        "service-provider-access:stack-id = arn:aws",
        "service-provider-access:logical-id = Access",
    ] {
        assert!(refused.reason().contains(told), "{told} is missing in: {}", refused.reason());
    }
    assert!(stack.account.role("Chosen").is_some());
}

// --- Update ---

#[tokio::test(start_paused = true)]
async fn an_update_that_changes_nothing_writes_nothing() {
    let stack = Stack::new();
    let wish = json!({
        "ExternalAwsAccountId": [PROVIDER, "333333333333"], "ExternalId": [ID, OTHER_ID], "RequireMfa": true, "MfaMaxAge": 600,
        "PrincipalOrgId": "o-abcdefghij", "SourceIps": ["203.0.113.0/24"], "AllowedPrincipalArns": ["arn:aws:iam::222222222222:role/ci/*"],
        "ManagedPolicyArns": [AUDIT, EC2], "CustomPolicy": read_bucket(), "MaxSessionDuration": 7200,
        "Tags": [{"Key": "team", "Value": ""}], "Description": "é",
    });
    let answer = stack.create(wish.clone()).await;
    stack.account.clear_calls();
    let mut revised = wish.clone();
    revised["Revision"] = json!("2");
    let again = stack.update(answer.physical_id(), wish, revised).await;
    assert_eq!(again, answer);
    assert_eq!(stack.account.writes(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn out_of_band_changes_are_put_right_and_denies_of_others_stay() {
    let stack = Stack::new();
    let wish = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT, "CustomPolicy": read_bucket()});
    stack.create(wish.clone()).await;
    let made = stack.account.role("Auditor").unwrap();
    let own = stack.account.put_policy(Policy::named(
        "Backdoor",
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
    ));
    stack.account.edit(|aws| {
        let role = aws.role_mut("Auditor");
        role.trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}).into();
        role.description = Some("loosened".into());
        role.max_session_duration = 43_200;
        role.attached_policies.push(own.clone());
        role.attached_policies.push(DENY_ALL.into());
        role.inline_policies.insert("CustomPolicy".into(), json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}).into());
        role.inline_policies.insert("Extra".into(), json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}).into());
        role.inline_policies.insert("Quarantine".into(), json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}).into());
        role.tags.insert("theirs".into(), "stays".into());
    });
    let mut revised = wish.clone();
    revised["Revision"] = json!("2");
    let answer = stack.update("Auditor", wish, revised).await;
    let warnings = answer.attribute("Warnings");
    assert!(warnings.contains("AWSDenyAll") && warnings.contains("Quarantine"), "{warnings}");
    let role = stack.account.role("Auditor").unwrap();
    assert!(role.trust == made.trust && role.description == made.description);
    assert_eq!(role.max_session_duration, 3600);
    assert_eq!(role.attached_policies, [AUDIT, DENY_ALL]);
    assert_eq!(
        role.inline_policies.keys().collect::<Vec<_>>(),
        ["AWSRevokeOlderSessions", "CustomPolicy", "Quarantine", "ServiceProviderAccessGuardrails"]
    );
    assert!(!warnings.contains("AWSRevokeOlderSessions"), "{warnings}");
    assert!(role.inline_policies["CustomPolicy"] == made.inline_policies["CustomPolicy"]);
    assert_eq!(role.tags["theirs"], "stays");
}

#[tokio::test(start_paused = true)]
async fn what_was_declared_and_is_no_more_goes() {
    let stack = Stack::new();
    let old = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "PolicyOwnership": "Declared",
        "ManagedPolicyArns": [AUDIT, EC2], "CustomPolicy": read_bucket(), "Tags": [{"Key": "team", "Value": "a"}, {"Key": "cost", "Value": "b"}]});
    stack.create(old.clone()).await;
    stack.account.edit(|aws| {
        aws.role_mut("Auditor").attached_policies.push("arn:aws:iam::aws:policy/ReadOnlyAccess".into());
        aws.role_mut("Auditor").tags.insert("theirs".into(), "stays".into());
    });
    let new = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "PolicyOwnership": "Declared",
        "ManagedPolicyArns": [AUDIT], "Tags": [{"Key": "team", "Value": "c"}]});
    let answer = stack.update("Auditor", old, new).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    let role = stack.account.role("Auditor").unwrap();
    assert_eq!(role.attached_policies, [AUDIT, "arn:aws:iam::aws:policy/ReadOnlyAccess"]);
    assert_eq!(role.inline_policies.keys().collect::<Vec<_>>(), ["ServiceProviderAccessGuardrails"]);
    assert_eq!((role.tags["team"].as_str(), role.tags.get("cost"), role.tags["theirs"].as_str()), ("c", None, "stays"));
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_never_meets_what_is_leaving() {
    let stack = Stack::new();
    let old =
        json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    stack.create(old.clone()).await;
    stack.account.clear_calls();
    let new = json!({"ExternalAwsAccountId": [PROVIDER, "333333333333"], "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": EC2});
    assert!(stack.update("Auditor", old.clone(), new.clone()).await.succeeded());
    let widening = [
        format!("DetachRolePolicy Auditor {AUDIT}"),
        "UpdateAssumeRolePolicy Auditor".into(),
        format!("AttachRolePolicy Auditor {EC2}"),
    ];
    assert_eq!(stack.account.writes(), widening);
    stack.account.clear_calls();
    assert!(stack.update("Auditor", new, old).await.succeeded());
    let narrowing = [
        "TagRole Auditor service-provider-access:revoke".to_owned(),
        "UpdateAssumeRolePolicy Auditor".to_owned(),
        "PutRolePolicy Auditor AWSRevokeOlderSessions".to_owned(),
        "UntagRole Auditor service-provider-access:revoke".to_owned(),
        format!("AttachRolePolicy Auditor {AUDIT}"),
        format!("DetachRolePolicy Auditor {EC2}"),
    ];
    assert_eq!(stack.account.writes(), narrowing);
}

#[tokio::test(start_paused = true)]
async fn a_boundary_comes_first_and_alone_and_goes_last() {
    let stack = Stack::new();
    stack.account.edit(|aws| aws.latency = Duration::from_millis(30));
    let free =
        json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    let mut bounded = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": OTHER_ID, "RoleName": "Auditor", "ManagedPolicyArns": EC2});
    bounded["PermissionsBoundary"] = json!(AUDIT);
    stack.create(free.clone()).await;
    stack.account.clear_calls();
    assert!(stack.update("Auditor", free.clone(), bounded.clone()).await.succeeded());
    let rounds = stack.account.rounds();
    let boundary =
        rounds.iter().position(|round| round.iter().any(|call| call.starts_with("PutRolePermissionsBoundary")));
    assert_eq!(rounds[boundary.unwrap()].len(), 1, "alone: {rounds:?}");
    assert!(stack.account.writes()[0].starts_with("PutRolePermissionsBoundary"), "{rounds:?}");
    stack.account.clear_calls();
    assert!(stack.update("Auditor", bounded, free).await.succeeded());
    let rounds = stack.account.rounds();
    assert_eq!(rounds.last().unwrap(), &["DeleteRolePermissionsBoundary Auditor"], "{rounds:?}");
}

#[tokio::test(start_paused = true)]
async fn leaving_the_external_id_out_again_brings_back_the_generated_one() {
    let stack = Stack::new();
    let generated = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT});
    let explicit = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "ExternalId": [ID, OTHER_ID]});
    let first = stack.create(generated.clone()).await;
    let name = first.physical_id().to_owned();
    assert_eq!(stack.update(&name, generated.clone(), explicit.clone()).await.attribute("ExternalId"), ID);
    let back = stack.update(&name, explicit.clone(), generated.clone()).await;
    assert_eq!(back.attribute("ExternalId"), first.attribute("ExternalId"));

    // A loosened trust does not choose the ID; the tag does.
    stack.account.edit(|aws| aws.role_mut(&name).trust = trust("chosen-by-somebody-else").into());
    let mended = stack.update(&name, explicit.clone(), generated.clone()).await;
    assert_eq!(mended.attribute("ExternalId"), first.attribute("ExternalId"));

    // With the tag gone and a trust that tells no single ID, a new one is made and told.
    stack.update(&name, generated.clone(), explicit.clone()).await;
    stack.account.edit(|aws| drop(aws.role_mut(&name).tags.remove("service-provider-access:external-id")));
    let anew = stack.update(&name, explicit, generated).await;
    assert_ne!(anew.attribute("ExternalId"), first.attribute("ExternalId"));
    assert!(anew.attribute("Warnings").contains("a new one was made"), "{}", anew.attribute("Warnings"));
}

#[tokio::test(start_paused = true)]
async fn an_explicit_id_that_is_left_out_stays_in_force() {
    let stack = Stack::new();
    let explicit = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "ExternalId": ID});
    let first = stack.create(explicit.clone()).await;
    let omitted = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT});
    let second = stack.update(first.physical_id(), explicit, omitted).await;
    assert_eq!(second.attribute("ExternalId"), ID);
    assert_eq!(stack.account.role(first.physical_id()).unwrap().tags["service-provider-access:external-id"], ID);
}

// --- Replacement ---

#[tokio::test(start_paused = true)]
async fn another_name_is_another_role_with_the_same_generated_id() {
    let stack = Stack::new();
    let old = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT});
    let new = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "Auditor"});
    let first = stack.create(old.clone()).await;
    let second = stack.update(first.physical_id(), old.clone(), new.clone()).await;
    assert_eq!(second.physical_id(), "Auditor");
    assert_eq!(second.attribute("ExternalId"), first.attribute("ExternalId"));
    assert_eq!(stack.account.roles().len(), 2);
    assert!(stack.delete(first.physical_id(), old.clone()).await.succeeded());
    assert_eq!(stack.account.roles().len(), 1);
    assert!(stack.account.role("Auditor").is_some());

    // Delivered once more, with its own role long gone, the clean-up still spares the new one.
    assert!(stack.delete(first.physical_id(), old).await.succeeded());
    assert!(stack.delete("Auditor", new).await.succeeded());
    assert_eq!(stack.account.roles().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_fails_leaves_exactly_the_old_role() {
    let stack = Stack::new();
    let old = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "Old"});
    let new = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT, "arn:aws:iam::aws:policy/NoSuchPolicy"], "RoleName": "New"});
    stack.create(old.clone()).await;
    let before = stack.account.role("Old");
    let failed = stack.update("Old", old.clone(), new.clone()).await;
    assert_eq!(failed.physical_id(), "Old");
    assert!(failed.reason().contains("NoSuchPolicy"), "{}", failed.reason());
    assert_eq!((stack.account.roles(), stack.account.role("Old")), (vec!["Old".to_owned()], before));
}

#[tokio::test(start_paused = true)]
async fn a_rollback_removes_what_a_dead_replacement_left() {
    let stack = Stack::new();
    let old = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "Old"});
    let new = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": EC2, "RoleName": "New"});
    stack.create(old.clone()).await;
    let before = stack.account.role("Old");
    // The role is made, and then the process cannot write any more, nor take it down.
    stack.account.fail(Fault::denied().on("AttachRolePolicy").every());
    stack.account.fail(Fault::denied().on("DeleteRole").every());
    let failed = stack.update("Old", old.clone(), new.clone()).await;
    assert!(failed.reason().contains("The role New, made just before, is still there"), "{}", failed.reason());
    stack.account.clear_faults();
    assert_eq!(stack.account.roles().len(), 2);
    assert!(stack.update("Old", new, old).await.succeeded());
    assert_eq!((stack.account.roles(), stack.account.role("Old")), (vec!["Old".to_owned()], before));
}

#[tokio::test(start_paused = true)]
async fn letter_case_and_path_cannot_change_under_the_same_name() {
    let stack = Stack::new();
    let old = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "Auditor"});
    stack.create(old.clone()).await;
    let before = stack.account.role("Auditor");
    let cased = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "auditor"});
    let moved = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "Auditor", "Path": "/delegated/eu/"});
    let refused = stack.update("Auditor", old.clone(), cased).await;
    assert!(refused.reason().contains("differs from Auditor in letter case only"), "{}", refused.reason());
    let refused = stack.update("Auditor", old.clone(), moved.clone()).await;
    assert!(refused.reason().contains("Change RoleName together with Path"), "{}", refused.reason());
    assert_eq!((refused.physical_id(), stack.account.role("Auditor")), ("Auditor", before));
    // A derived name follows the path, so there it is simply a replacement.
    let derived = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "Path": "/delegated/eu/"});
    assert!(stack.update("Auditor", old, derived).await.succeeded());
}

// --- Delete ---

#[tokio::test(start_paused = true)]
async fn a_delete_works_whatever_is_on_the_role() {
    let stack = Stack::new();
    let wish = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    stack.create(wish.clone()).await;
    stack.account.edit(|aws| {
        aws.page_size = 2;
        let role = aws.role_mut("Auditor");
        role.attached_policies.extend([
            EC2.to_owned(),
            DENY_ALL.to_owned(),
            "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned(),
        ]);
        role.permissions_boundary = Some(EC2.into());
        for name in ["A", "B", "C"] {
            role.inline_policies.insert(name.into(), json!({"Version": "2012-10-17", "Statement": []}).into());
        }
    });
    stack.account.clear_calls();
    assert!(stack.delete("Auditor", json!({"ExternalAwsAccountId": {"nonsense": []}})).await.succeeded());
    assert_eq!(stack.account.roles().len(), 0);
    let writes = stack.account.writes();
    let position = |needle: &str| writes.iter().position(|write| write.contains(needle)).unwrap();
    assert!(position("AWSDenyAll") > position(AUDIT), "allows go before denies: {writes:?}");
    assert!(position("ServiceProviderAccessGuardrails") > position(AUDIT), "what guards it goes last: {writes:?}");
    assert!(stack.delete("Auditor", wish).await.succeeded(), "already gone");
}

#[tokio::test(start_paused = true)]
async fn a_delete_under_a_made_up_id_finds_the_role() {
    for wish in [
        json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT}),
        json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "RoleName": "Chosen"}),
        json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "Path": "/delegated/eu/"}),
    ] {
        let stack = Stack::new();
        stack.create(wish.clone()).await;
        assert!(stack.delete("customer-Access-1X2Y3Z4A5B6C7", wish.clone()).await.succeeded());
        assert_eq!(stack.account.roles().len(), 0, "{wish}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_profile_is_named_and_left_alone() {
    let stack = Stack::new();
    let wish = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    stack.create(wish.clone()).await;
    stack.account.edit(|aws| aws.put_instance_profile("jump-host", "Auditor"));
    let answer = stack.delete("Auditor", wish).await;
    assert!(answer.reason().contains("held by the instance profile jump-host"), "{}", answer.reason());
}

// --- Faults ---

#[tokio::test(start_paused = true)]
async fn passing_faults_pass_unseen() {
    for fault in [
        Fault::throttled().on_writes().first(3),
        Fault::server_error().on_writes().first(3),
        Fault::unavailable().on_writes().first(3),
        Fault::concurrent_modification().on_writes().first(3),
        Fault::temporarily_unmodifiable().on("AttachRolePolicy").first(3),
        Fault::reply_lost().on("CreateRole").first(1),
        Fault::reply_lost().on_writes().first(4),
        Fault::connection_cut().on_writes().first(3),
        Fault::refused(
            400,
            "MalformedPolicyDocument",
            "Invalid principal in policy: \"AWS\":\"arn:aws:iam::222222222222:root\"",
        )
        .on("CreateRole")
        .first(3),
        Fault::denied().on("AttachRolePolicy").first(2),
        Fault::id_for_arn().on("GetRole").first(2),
    ] {
        let stack = Stack::new();
        stack.account.edit(|aws| aws.propagation_delay = 2);
        let told = fault.to_string();
        stack.account.fail(fault);
        let wish = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "CustomPolicy": read_bucket()});
        let answer = stack.create(wish.clone()).await;
        let role = stack.account.role(answer.physical_id()).unwrap_or_else(|| panic!("{told}: {}", answer.reason()));
        assert!(role.trust == trust(answer.attribute("ExternalId")), "{told}");
        assert_eq!((role.attached_policies.len(), role.inline_policies.len()), (1, 2), "{told}");
        let mut revised = wish.clone();
        revised["Revision"] = json!("2");
        assert!(
            stack.update(answer.physical_id(), wish.clone(), revised).await.attribute("RoleArn").starts_with("arn:"),
            "{told}"
        );
        assert!(stack.delete(answer.physical_id(), wish).await.succeeded(), "{told}");
        assert_eq!(stack.account.roles().len(), 0, "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn lasting_faults_end_in_a_sentence_before_the_deadline() {
    for (fault, sentence) in [
        (Fault::throttled().every(), "AWS throttled iam:CreateRole in"),
        (Fault::unavailable().every(), "iam:CreateRole got no usable answer from AWS in"),
        (Fault::connection_cut().every(), "iam:CreateRole got no usable answer from AWS in"),
        (Fault::hang().every(), "iam:CreateRole got no usable answer from AWS in"),
        (
            Fault::denied().on("CreateRole").every(),
            "iam:CreateRole was denied: User: arn:aws:sts::111111111111:assumed-role/",
        ),
        (Fault::denied().on("AttachRolePolicy").every(), "iam:AttachRolePolicy was denied"),
        (
            Fault::refused(400, "MalformedPolicyDocument", "Invalid principal in policy").on("CreateRole").every(),
            "iam:CreateRole failed because IAM does not know the account",
        ),
    ] {
        let stack = Stack::new();
        stack.account.fail(fault);
        let answer = stack.create(json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT})).await;
        assert!(answer.reason().starts_with(sentence), "{sentence}: {}", answer.reason());
        assert!(answer.reason().ends_with('.'), "{}", answer.reason());
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_the_true_id_is_told() {
    let stack = Stack::new();
    stack.account.fail(Fault::reply_hangs().on("CreateRole").every());
    let wish = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    let answer = stack.create(wish.clone()).await;
    assert_eq!(answer.physical_id(), "Auditor", "{}", answer.reason());
    assert!(stack.account.role("Auditor").is_some());
    assert!(stack.delete(answer.physical_id(), wish).await.succeeded());
    assert_eq!(stack.account.roles().len(), 0);
}

// --- Requests that are not for us ---

#[tokio::test(start_paused = true)]
async fn a_request_of_an_operation_that_is_over_changes_nothing() {
    let stack = Stack::new();
    let event = stack
        .event("Create", &json!({"ResourceProperties": {"ExternalAwsAccountId": PROVIDER, "ServiceTimeout": "360"}}));
    let sent = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800);
    let answer = stack.send_at(event.clone(), sent + Duration::from_secs(361)).await;
    assert_eq!(
        answer.reason(),
        "This request was sent 361 seconds ago, but its operation was over after 360 (ServiceTimeout): nothing was changed. \
         Run the operation again."
    );
    assert_eq!(stack.account.calls(), Vec::<String>::new());
    assert!(stack.send_at(event, sent + Duration::from_secs(360)).await.succeeded());
}

#[tokio::test(start_paused = true)]
async fn other_accounts_regions_and_types_are_refused_and_their_deletes_are_harmless() {
    let here = Stack::new();
    for (id, kind, told) in [
        (
            here.id.replace("111111111111", "999999999999"),
            "Custom::DelegatedRole",
            "The stack is in account 999999999999",
        ),
        (here.id.replace("us-east-1", "eu-west-1"), "Custom::DelegatedRole", "Region eu-west-1"),
        ("customer".to_owned(), "Custom::DelegatedRole", "The request's StackId is not the ARN of a stack"),
        (here.id.clone(), "Custom::Other", "Custom::Other is not a resource type of this function"),
    ] {
        let stack = Stack { account: Account::new(), id, ..here.clone() };
        let mut event = stack
            .event("Create", &json!({"ResourceType": kind, "ResourceProperties": {"ExternalAwsAccountId": PROVIDER}}));
        let answer = stack.send(event.clone()).await;
        assert!(answer.reason().contains(told), "{}", answer.reason());
        event["RequestType"] = json!("Delete");
        event["PhysicalResourceId"] = json!(answer.physical_id());
        assert!(stack.send(event).await.succeeded());
        assert_eq!(stack.account.calls(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn malformed_events_are_answered() {
    let stack = Stack::new();
    for (request, fields) in [
        ("Create", json!({})),
        ("Create", json!({"ResourceProperties": []})),
        ("Update", json!({"ResourceProperties": {}})),
        ("Update", json!({"ResourceProperties": {}, "OldResourceProperties": {}, "PhysicalResourceId": ""})),
        ("Delete", json!({})),
        ("Destroy", json!({"ResourceProperties": {}})),
        ("", json!({"ResourceProperties": {}, "RequestId": {"a": 1}})),
    ] {
        let answer = stack.send(stack.event(request, &fields.clone())).await;
        assert!(answer.reason().starts_with("The request"), "{request} {fields}: {}", answer.reason());
    }
    assert_eq!(stack.account.calls(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn settings_that_are_wrong_delegate_nothing_but_still_delete() {
    let good = Stack::new();
    let wish = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    good.create(wish.clone()).await;
    let bad = good.clone().with("MAX_SESSION_DURATION_CAP", "forever");
    assert!(bad.update("Auditor", wish.clone(), wish.clone()).await.reason().contains("MAX_SESSION_DURATION_CAP"));
    assert!(bad.create(wish.clone()).await.reason().starts_with("The function's own settings are wrong"));
    assert!(bad.delete("Auditor", wish).await.succeeded());
    assert_eq!(good.account.roles().len(), 0);
}

// --- What is shipped ---

#[tokio::test(start_paused = true)]
async fn the_shipped_events_tell_the_life_of_a_role() {
    let stack = Stack::new();
    for (file, roles) in [("create", 1), ("update", 1), ("delete", 0)] {
        let path = format!("{}/events/delegated-role-{file}.json", env!("CARGO_MANIFEST_DIR"));
        let event = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let answer = stack.send(event).await;
        assert!(answer.succeeded(), "{file}: {}", answer.reason());
        assert_eq!(stack.account.roles().len(), roles, "after {file}");
    }
}
