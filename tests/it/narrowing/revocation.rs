//! How sessions end: the tag, the deny and its cut-off.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{change, change_after, cut_off, inline, is_tagged, made, narrower, revocation, role};
use crate::fixtures::{AUDIT, EC2, OTHER_ID, PROVIDER, RECORD, RECORD_AND_MARK, REVOCATION, REVOKE_TAG, allow, deny};
use crate::stack::Stack;
use crate::wire::iam::Fault;

#[tokio::test(start_paused = true)]
async fn the_tag_is_there_from_before_the_trust_until_after_the_deny() {
    let stack = made(&json!({})).await;
    assert!(change(&stack, &json!({}), &json!({"ExternalId": OTHER_ID, "ManagedPolicyArns": EC2})).await.0.succeeded());
    let writes = [
        RECORD_AND_MARK.to_owned(),
        format!("DetachRolePolicy Auditor {AUDIT}"),
        "UpdateAssumeRolePolicy Auditor".to_owned(),
        format!("PutRolePolicy Auditor {REVOCATION}"),
        format!("UntagRole Auditor {REVOKE_TAG}"),
        format!("AttachRolePolicy Auditor {EC2}"),
    ];
    assert_eq!(stack.account.writes(), writes);
}

#[tokio::test(start_paused = true)]
async fn each_update_that_finds_the_tag_ends_the_sessions() {
    for next in [
        // The same again, only another revision, the rollback, and RevokeSessions: Never.
        narrower(),
        json!({"ExternalAwsAccountId": PROVIDER, "Revision": "2"}),
        json!({}),
        json!({"RevokeSessions": "Never"}),
        json!({"ExternalAwsAccountId": PROVIDER, "RevokeSessions": "Never"}),
    ] {
        let stack = made(&json!({})).await;
        stack.account.fail(Fault::denied().on("PutRolePolicy").every());
        let (failed, _) = change(&stack, &json!({}), &narrower()).await;
        assert!(failed.reason().starts_with("iam:PutRolePolicy was denied"), "{}", failed.reason());
        assert_eq!((is_tagged(&stack), inline(&stack, REVOCATION)), (true, None));
        assert_eq!(role(&stack).tags[REVOKE_TAG], "pending");
        stack.account.clear_faults();
        let (answer, took) = change(&stack, &narrower(), &next).await;
        assert!(answer.succeeded(), "{next}: {}", answer.reason());
        assert!(cut_off(&stack).is_some() && !is_tagged(&stack) && took >= Duration::from_secs(5), "{next}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_ends_no_sessions_and_restores_none() {
    let stack = made(&json!({})).await;
    assert!(change(&stack, &json!({}), &narrower()).await.0.succeeded());
    let cut_off = cut_off(&stack);
    stack.account.clear_calls();
    assert_eq!(change_after(&stack, 60, &narrower(), &json!({})).await.attribute("Warnings"), "");
    assert_eq!(stack.account.writes(), [RECORD, "UpdateAssumeRolePolicy Auditor"]);
    assert_eq!(self::cut_off(&stack), cut_off);
}

#[tokio::test(start_paused = true)]
async fn a_cut_off_never_moves_back() {
    let stack = made(&json!({})).await;
    for (seconds, expected) in [
        (100, "2026-11-22T12:01:45.000Z"),
        // A clock that is slow.
        (50, "2026-11-22T12:01:45.000Z"),
        (200, "2026-11-22T12:03:25.000Z"),
    ] {
        assert!(change_after(&stack, seconds, &json!({}), &narrower()).await.succeeded());
        assert_eq!(cut_off(&stack).as_deref(), Some(expected));
        assert!(change_after(&stack, seconds, &narrower(), &json!({})).await.succeeded());
        assert_eq!(cut_off(&stack).as_deref(), Some(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_cut_off_by_others_stays() {
    for ownership in ["Exclusive", "Declared"] {
        for next in
            [json!({"Revision": "2"}), narrower(), json!({"ExternalAwsAccountId": PROVIDER, "RevokeSessions": "Never"})]
        {
            let stack = made(&json!({})).await;
            let far = "2030-01-01T00:00:00.000Z";
            stack.account.edit(|aws| {
                aws.role_mut("Auditor").inline_policies.insert(REVOCATION.into(), revocation(far).into());
            });
            let mut next = next.clone();
            next["PolicyOwnership"] = json!(ownership);
            let (answer, took) = change(&stack, &json!({}), &next).await;
            assert_eq!(
                answer.attribute("Warnings"),
                "Sessions issued before 2030-01-01T00:00:00Z can do nothing: AWSRevokeOlderSessions ends them, \
                 and there was no time to wait for that moment. [sessions-ending]",
                "{next}"
            );
            assert!(took < Duration::from_secs(1), "this time is not waited for: {took:?}");
            assert_eq!((cut_off(&stack).as_deref(), is_tagged(&stack)), (Some(far), false), "{next}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_denies_in_a_policy_with_the_name_of_the_revocation_stay() {
    let (denying, allowing) = (deny("s3:*"), allow("s3:*", "*"));
    let warned = "AWSRevokeOlderSessions is on the role but not declared. It only denies, so it was not removed; remove it when it is \
                  no longer needed. [policy-kept]";
    let removed = "AWSRevokeOlderSessions was on the role but is not declared, so it was removed (PolicyOwnership: Exclusive). [policy-removed]";
    let ending = revocation("2026-11-22T12:00:06.000Z")["Statement"][0].clone();
    let both = json!({"Version": "2012-10-17", "Statement": [denying["Statement"][0], ending]});
    let only = revocation("2026-11-22T12:00:06.000Z");
    let again = json!({"Revision": "2"});
    for (ownership, existing, next, expected, warning) in [
        ("Exclusive", denying.clone(), &again, Some(denying.clone()), warned),
        ("Exclusive", denying.clone(), &narrower(), Some(both.clone()), ""),
        ("Exclusive", allowing.clone(), &again, None, removed),
        ("Exclusive", allowing.clone(), &narrower(), Some(only.clone()), ""),
        ("Declared", denying.clone(), &again, Some(denying.clone()), ""),
        ("Declared", denying.clone(), &narrower(), Some(both), ""),
        ("Declared", allowing.clone(), &again, Some(allowing.clone()), ""),
        ("Declared", allowing.clone(), &narrower(), Some(only), ""),
    ] {
        let stack = made(&json!({})).await;
        stack.account.edit(|aws| {
            aws.role_mut("Auditor").inline_policies.insert(REVOCATION.into(), existing.clone().into());
        });
        let mut next = next.clone();
        next["PolicyOwnership"] = json!(ownership);
        let (answer, _) = change(&stack, &json!({}), &next).await;
        assert_eq!(answer.attribute("Warnings"), warning, "{ownership} {existing} {next}");
        assert_eq!(inline(&stack, REVOCATION), expected, "{ownership} {existing} {next}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_allow_in_the_revocation_is_removed_and_its_cut_off_stays() {
    let stack = made(&json!({})).await;
    let mut mixed = revocation("2026-11-22T11:00:00.000Z");
    mixed["Statement"].as_array_mut().unwrap().push(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}));
    stack.account.edit(|aws| aws.role_mut("Auditor").inline_policies.insert(REVOCATION.into(), mixed.into()));
    assert!(change(&stack, &json!({}), &json!({"Description": "x"})).await.0.succeeded());
    assert_eq!(cut_off(&stack).as_deref(), Some("2026-11-22T11:00:00.000Z"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_wait_for_the_cut_off_warns() {
    let stack = Stack { timeout: Duration::from_secs(8), ..made(&json!({})).await };
    let (answer, took) = change(&stack, &json!({}), &narrower()).await;
    assert_eq!(
        answer.attribute("Warnings"),
        "Sessions issued before 2026-11-22T12:00:06Z can do nothing: AWSRevokeOlderSessions ends them, and there \
         was no time to wait for that moment. [sessions-ending]"
    );
    assert!(took < Duration::from_secs(1), "{took:?}");
    // The same event, delivered again, waits for the remaining time and writes nothing.
    let stack = Stack { timeout: Duration::from_secs(60), ..stack };
    stack.account.clear_calls();
    let started = Instant::now();
    assert_eq!(change_after(&stack, 3, &json!({}), &narrower()).await.attribute("Warnings"), "");
    assert_eq!((stack.account.writes(), started.elapsed().as_secs()), (Vec::new(), 3));
}

#[tokio::test(start_paused = true)]
async fn the_cut_off_counts_from_the_write_of_the_trust() {
    let stack = made(&json!({})).await;
    stack.account.edit(|aws| aws.latency = Duration::from_secs(2));
    let (answer, took) = change(&stack, &json!({}), &narrower()).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    // Two rounds of reads, the tag, the trust: nine seconds after noon.
    assert_eq!(cut_off(&stack).as_deref(), Some("2026-11-22T12:00:14.000Z"));
    // The writes that follow take part of the waiting time.
    assert_eq!(took.as_secs(), 13);
}

#[tokio::test(start_paused = true)]
async fn a_role_with_all_tags_that_a_template_can_set_has_room_for_the_tag() {
    let tags: Vec<Value> = (0..45).map(|n| json!({"Key": format!("k{n}"), "Value": "v"})).collect();
    let others: Vec<Value> = (0..45).map(|n| json!({"Key": format!("l{n}"), "Value": "v"})).collect();
    let before = json!({"ExternalId": null, "Tags": tags});
    let stack = made(&before).await;
    assert_eq!(role(&stack).tags.len(), 49);
    let after = json!({"ExternalId": OTHER_ID, "Tags": others});
    let (answer, _) = change(&stack, &before, &after).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    assert_eq!((role(&stack).tags.len(), is_tagged(&stack)), (49, false));
    assert!(cut_off(&stack).is_some());
}
