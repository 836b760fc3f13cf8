//! An update: what changes, in which order, and what stays.

use std::time::Duration;

use serde_json::json;

use crate::fixtures::{
    AUDIT, DENY_ALL, EC2, GUARDRAILS, ID, OTHER_ID, OTHER_PROVIDER, PROVIDER, READ_ONLY, RECORD, RECORD_AND_MARK,
    REVOCATION, REVOKE_TAG, allow, allow_everything, deny, read_bucket, trust, trust_everybody,
};
use crate::stack::Stack;
use crate::wire::iam::Policy;

#[tokio::test(start_paused = true)]
async fn an_update_that_changes_nothing_writes_nothing() {
    let stack = Stack::new();
    let properties = json!({
        "ExternalAwsAccountId": [PROVIDER, OTHER_PROVIDER], "ExternalId": [ID, OTHER_ID], "RequireMfa": true, "MfaMaxAge": 600,
        "PrincipalOrgId": "o-abcdefghij", "SourceIps": ["203.0.113.0/24"], "AllowedPrincipalArns": ["arn:aws:iam::222222222222:role/ci/*"],
        "ManagedPolicyArns": [AUDIT, EC2], "CustomPolicy": read_bucket(), "MaxSessionDuration": 7200,
        "Tags": [{"Key": "team", "Value": ""}], "Description": "é",
    });
    let answer = stack.create(properties.clone()).await;
    stack.account.clear_calls();
    let mut revised = properties.clone();
    revised["Revision"] = json!("2");
    let again = stack.update(answer.physical_id(), properties, revised).await;
    assert_eq!(again, answer);
    assert_eq!(stack.account.writes(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn changes_by_others_are_reverted_but_their_denies_stay() {
    let stack = Stack::new();
    let properties = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT, "CustomPolicy": read_bucket()});
    stack.create(properties.clone()).await;
    let made = stack.account.role("Auditor").unwrap();
    let own = stack.account.put_policy(Policy::named("Backdoor", allow_everything()));
    stack.account.edit(|aws| {
        let role = aws.role_mut("Auditor");
        role.trust = trust_everybody().into();
        role.description = Some("loosened".into());
        role.max_session_duration = 43_200;
        role.attached_policies.push(own.clone());
        role.attached_policies.push(DENY_ALL.into());
        role.inline_policies.insert("CustomPolicy".into(), allow("s3:*", "*").into());
        role.inline_policies.insert("Extra".into(), allow_everything().into());
        role.inline_policies.insert("Quarantine".into(), deny("*").into());
        role.tags.insert("other".into(), "stays".into());
    });
    let mut revised = properties.clone();
    revised["Revision"] = json!("2");
    let answer = stack.update("Auditor", properties, revised).await;
    let warnings = answer.attribute("Warnings");
    assert!(warnings.contains("AWSDenyAll") && warnings.contains("Quarantine"), "{warnings}");
    let role = stack.account.role("Auditor").unwrap();
    assert!(role.trust == made.trust && role.description == made.description);
    assert_eq!(role.max_session_duration, 3600);
    assert_eq!(role.attached_policies, [AUDIT, DENY_ALL]);
    assert_eq!(role.inline_policies.keys().collect::<Vec<_>>(), [REVOCATION, "CustomPolicy", "Quarantine", GUARDRAILS]);
    assert!(!warnings.contains(REVOCATION), "{warnings}");
    assert!(role.inline_policies["CustomPolicy"] == made.inline_policies["CustomPolicy"]);
    assert_eq!(role.tags["other"], "stays");
}

#[tokio::test(start_paused = true)]
async fn what_the_template_no_longer_declares_is_removed() {
    let stack = Stack::new();
    let old = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "PolicyOwnership": "Declared",
        "ManagedPolicyArns": [AUDIT, EC2], "CustomPolicy": read_bucket(), "Tags": [{"Key": "team", "Value": "a"}, {"Key": "cost", "Value": "b"}]});
    stack.create(old.clone()).await;
    stack.account.edit(|aws| {
        aws.role_mut("Auditor").attached_policies.push(READ_ONLY.into());
        aws.role_mut("Auditor").tags.insert("other".into(), "stays".into());
    });
    let new = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "PolicyOwnership": "Declared",
        "ManagedPolicyArns": [AUDIT], "Tags": [{"Key": "team", "Value": "c"}]});
    let answer = stack.update("Auditor", old, new).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    let role = stack.account.role("Auditor").unwrap();
    assert_eq!(role.attached_policies, [AUDIT, READ_ONLY]);
    assert_eq!(role.inline_policies.keys().collect::<Vec<_>>(), [GUARDRAILS]);
    assert_eq!((role.tags["team"].as_str(), role.tags.get("cost"), role.tags["other"].as_str()), ("c", None, "stays"));
}

#[tokio::test(start_paused = true)]
async fn old_policies_are_detached_before_the_trust_widens_and_new_ones_attached_after_it() {
    let stack = Stack::new();
    let old =
        json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    stack.create(old.clone()).await;
    stack.account.clear_calls();
    let new = json!({"ExternalAwsAccountId": [PROVIDER, OTHER_PROVIDER], "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": EC2});
    assert!(stack.update("Auditor", old.clone(), new.clone()).await.succeeded());
    let widening = [
        RECORD.to_owned(),
        format!("DetachRolePolicy Auditor {AUDIT}"),
        "UpdateAssumeRolePolicy Auditor".into(),
        format!("AttachRolePolicy Auditor {EC2}"),
    ];
    assert_eq!(stack.account.writes(), widening);
    stack.account.clear_calls();
    assert!(stack.update("Auditor", new, old).await.succeeded());
    let narrowing = [
        RECORD_AND_MARK.to_owned(),
        "UpdateAssumeRolePolicy Auditor".to_owned(),
        "PutRolePolicy Auditor AWSRevokeOlderSessions".to_owned(),
        format!("UntagRole Auditor {REVOKE_TAG}"),
        format!("AttachRolePolicy Auditor {AUDIT}"),
        format!("DetachRolePolicy Auditor {EC2}"),
    ];
    assert_eq!(stack.account.writes(), narrowing);
}

#[tokio::test(start_paused = true)]
async fn a_boundary_is_put_first_and_alone_and_deleted_last() {
    let stack = Stack::new();
    stack.account.edit(|aws| aws.latency = Duration::from_millis(30));
    let unbounded =
        json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    let mut bounded = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": OTHER_ID, "RoleName": "Auditor", "ManagedPolicyArns": EC2});
    bounded["PermissionsBoundary"] = json!(AUDIT);
    stack.create(unbounded.clone()).await;
    stack.account.clear_calls();
    assert!(stack.update("Auditor", unbounded.clone(), bounded.clone()).await.succeeded());
    let rounds = stack.account.rounds();
    let boundary =
        rounds.iter().position(|round| round.iter().any(|call| call.starts_with("PutRolePermissionsBoundary")));
    assert_eq!(rounds[boundary.unwrap()].len(), 1, "the boundary is alone in its round: {rounds:?}");
    assert_eq!(stack.account.writes()[0], RECORD_AND_MARK, "the request is recorded first");
    assert!(stack.account.writes()[1].starts_with("PutRolePermissionsBoundary"), "{rounds:?}");
    stack.account.clear_calls();
    assert!(stack.update("Auditor", bounded, unbounded).await.succeeded());
    let rounds = stack.account.rounds();
    assert_eq!(rounds.last().unwrap(), &["DeleteRolePermissionsBoundary Auditor"], "{rounds:?}");
}

#[tokio::test(start_paused = true)]
async fn longer_sessions_are_allowed_after_the_new_trust_and_shorter_ones_before_it() {
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
async fn a_changed_trust_is_reverted_even_if_the_role_has_no_room_for_tags() {
    let stack = Stack::new();
    let old =
        json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    stack.create(old.clone()).await;
    stack.account.edit(|aws| {
        let role = aws.role_mut("Auditor");
        role.trust = trust_everybody().into();
        role.tags.extend((0..48).map(|number| (format!("filler-{number}"), String::new())));
    });
    let mut new = old.clone();
    new["Tags"] = json!([{"Key": "team", "Value": "a"}]);
    stack.account.clear_calls();
    assert!(stack.update("Auditor", old, new).await.reason().contains("iam:TagRole would exceed an IAM quota"));
    assert!(stack.account.role("Auditor").unwrap().trust == trust(ID));
    // Sessions end, too: without room for the tag, before and after the trust changes.
    let revocation = "PutRolePolicy Auditor AWSRevokeOlderSessions";
    let writes = [revocation, "UpdateAssumeRolePolicy Auditor", revocation, "TagRole Auditor team"];
    assert_eq!(stack.account.writes(), writes);
}
