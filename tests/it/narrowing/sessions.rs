//! Which changes end the sessions of the old trust policy.

use std::time::Duration;

use serde_json::json;

use super::{change, cut_off, inline, is_tagged, made, narrower, properties};
use crate::fixtures::{AUDIT, EC2, GUARDRAILS, ID, OTHER_ID, OTHER_PROVIDER, PROVIDER, RECORD, REVOCATION, policy};

#[tokio::test(start_paused = true)]
async fn sessions_end_when_the_trust_excludes_callers() {
    let narrow = json!({
        "RequireMfa": true, "MfaMaxAge": 600, "PrincipalOrgId": "o-aaaaaaaaaa", "SourceIps": ["203.0.113.0/24"],
        "AllowedPrincipalArns": ["arn:aws:iam::222222222222:role/ci/*"], "ExpiresAt": "2027-06-01T00:00:00Z",
    });
    for (old, new) in [
        (json!({}), narrower()),
        (json!({}), json!({"ExternalAwsAccountId": "444444444444"})),
        (json!({}), json!({"ExternalId": OTHER_ID})),
        (json!({"ExternalId": [ID, OTHER_ID]}), json!({})),
        (json!({"ExternalId": null, "RequireExternalId": false}), json!({})),
        (json!({}), json!({"RequireMfa": true})),
        (json!({"RequireMfa": true}), json!({"RequireMfa": true, "MfaMaxAge": 600})),
        (json!({}), json!({"AllowedPrincipalArns": ["arn:aws:iam::222222222222:role/ci/*"]})),
        (json!({}), json!({"PrincipalOrgId": "o-aaaaaaaaaa"})),
        (json!({}), json!({"SourceIps": ["203.0.113.0/24"]})),
        (json!({}), json!({"ExpiresAt": "2027-06-01T00:00:00Z"})),
        (json!({"ExpiresAt": "2027-06-01T00:00:00Z"}), json!({"ExpiresAt": "2027-05-31T00:00:00Z"})),
        // More callers in one way and fewer in another.
        (narrow.clone(), json!({"SourceIps": ["198.51.100.0/24"]})),
    ] {
        let stack = made(&old).await;
        let (answer, took) = change(&stack, &old, &new).await;
        assert_eq!(answer.attribute("Warnings"), "", "{new}");
        // The clock starts one second after noon. The answer comes when new sessions work.
        assert_eq!(cut_off(&stack).as_deref(), Some("2026-11-22T12:00:06.000Z"), "{new}");
        assert!(took >= Duration::from_secs(5) && took < Duration::from_secs(6), "{took:?}");
        assert!(!is_tagged(&stack));
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_stay_when_the_trust_excludes_no_caller() {
    let narrow = json!({
        "ExternalAwsAccountId": PROVIDER, "RequireMfa": true, "MfaMaxAge": 600, "PrincipalOrgId": "o-aaaaaaaaaa",
        "SourceIps": ["203.0.113.0/28"], "AllowedPrincipalArns": ["arn:aws:iam::222222222222:role/ci/*"],
        "ExpiresAt": "2027-06-01T00:00:00Z",
    });
    for (old, new) in [
        (json!({}), json!({"Description": "for the auditor"})),
        (json!({}), json!({"Tags": [{"Key": "team", "Value": "a"}]})),
        (json!({"MaxSessionDuration": 43200}), json!({})),
        (json!({}), json!({"ManagedPolicyArns": EC2})),
        (json!({}), json!({"ManagedPolicyArns": []})),
        (json!({}), json!({"PermissionsBoundary": AUDIT})),
        (json!({}), json!({"Revision": "2", "PolicyOwnership": "Declared", "RevokeSessions": "Never"})),
        (narrower(), json!({})),
        (json!({}), json!({"ExternalId": [ID, OTHER_ID]})),
        (json!({}), json!({"ExternalId": null, "RequireExternalId": false})),
        (narrow, json!({})),
        (json!({"ExpiresAt": "2027-06-01T00:00:00Z"}), json!({"ExpiresAt": "2027-06-01T00:00:01Z"})),
    ] {
        let stack = made(&old).await;
        let (answer, took) = change(&stack, &old, &new).await;
        assert!(answer.succeeded(), "{new}: {}", answer.reason());
        assert_eq!((inline(&stack, REVOCATION), is_tagged(&stack)), (None, false), "{new}");
        assert!(took < Duration::from_secs(1), "{new}: there is nothing to wait for, but it took {took:?}");
        let revoking = stack.account.writes().into_iter().find(|write| write.contains("evoke"));
        assert_eq!(revoking, None, "{new}");
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_of_a_changed_trust_end_when_it_is_reverted() {
    for tampered in [
        json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}),
        json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{PROVIDER}:root")}, "Action": "sts:AssumeRole",
            "Condition": {"StringLike": {"sts:ExternalId": "*"}}}),
        json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{OTHER_PROVIDER}:root")}, "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": ID}}}),
    ] {
        let stack = made(&narrower()).await;
        stack.account.edit(|aws| {
            aws.role_mut("Auditor").trust = policy(tampered.clone()).into();
        });
        let revised = json!({"ExternalAwsAccountId": PROVIDER, "Revision": "2"});
        assert!(change(&stack, &narrower(), &revised).await.0.succeeded());
        assert!(cut_off(&stack).is_some(), "{tampered}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_revoke_sessions_never_no_session_ends() {
    let stack = made(&json!({})).await;
    let never = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": OTHER_ID, "RevokeSessions": "Never"});
    let (answer, took) = change(&stack, &json!({}), &never).await;
    assert!(answer.succeeded() && took < Duration::from_secs(1), "{took:?}");
    assert_eq!(stack.account.writes(), [RECORD, "UpdateAssumeRolePolicy Auditor"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_role_ends_no_sessions() {
    let stack = made(&json!({})).await;
    // Delivered twice, and replaced by a role that trusts fewer callers.
    assert!(stack.create(properties(&json!({}))).await.succeeded());
    let renamed = properties(&json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Reviewer"}));
    assert_eq!(stack.update("Auditor", properties(&json!({})), renamed).await.physical_id(), "Reviewer");
    assert_eq!(inline(&stack, REVOCATION), None);
    assert_eq!(stack.account.role("Reviewer").unwrap().inline_policies.keys().collect::<Vec<_>>(), [GUARDRAILS]);
}
