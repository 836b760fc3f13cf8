//! Each kind of finding beside `drifted`.

use serde_json::json;

use super::{by_hand, codes, findings, found, made, only_role, report, report_at, stack, stack_with};
use crate::fixtures::{
    GUARDRAILS, LOGICAL_ID_TAG, PROVIDER, REVOKE_TAG, STACK_TAG, STATE_TAG, allow_everything, trust_everybody,
};
use crate::stack::Stack;
use crate::wire::iam::{Policy, Role};

const NOON: u64 = 1_795_348_800;
const DAY: u64 = 86_400;

#[tokio::test(start_paused = true)]
async fn open() {
    let stack = stack().await;
    by_hand(&stack, |role| role.trust = trust_everybody().into());
    let report = report(&stack).await;
    let role = only_role(&report);
    assert_eq!(
        (&role["ExternalAwsAccountIds"], &role["RequiresExternalId"]),
        (&json!(["*"]), &json!(false)),
        "{role:#}"
    );
    let found = findings(role);
    assert_eq!(
        found[0],
        (
            "open".into(),
            "error".into(),
            "The trust policy lets in more than a trust policy of this function: it admits everyone. Change Revision and update the \
             stack at once, and find out who used the role."
                .into()
        )
    );
    assert_eq!(found[1..].iter().map(|(code, ..)| code.as_str()).collect::<Vec<_>>(), ["drifted"]);
}

#[tokio::test(start_paused = true)]
async fn every_statement_of_a_trust_policy_is_read() {
    let stack = stack().await;
    by_hand(&stack, |role| {
        let own = role.trust.json()["Statement"].clone();
        let own = if own.is_array() { own[0].clone() } else { own };
        let everyone = trust_everybody()["Statement"][0].clone();
        role.trust = json!({"Version": "2012-10-17", "Statement": [own, everyone]}).into();
    });
    let found = found(&stack).await;
    let open = found.iter().find(|(code, ..)| code == "open").unwrap_or_else(|| panic!("{found:#?}"));
    assert!(open.2.contains("it admits everyone"), "{open:?}");
}

#[tokio::test(start_paused = true)]
async fn a_role_without_an_external_id_is_open_unless_the_owner_permits_it() {
    let loose = json!({"ExternalId": null, "RequireExternalId": false});
    let stack = made(Stack::new().with("PERMIT_MISSING_EXTERNAL_ID", "true"), loose).await;
    assert_eq!(codes(&stack).await, [""; 0]);
    let stack = stack.with("PERMIT_MISSING_EXTERNAL_ID", "false");
    assert_eq!(codes(&stack).await, ["open", "over-limits"]);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_accepts_the_start_of_an_external_id_is_open() {
    let stack = stack().await;
    by_hand(&stack, |role| {
        role.trust = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:aws:iam::{PROVIDER}:root")},
            "Action": "sts:AssumeRole",
            "Condition": {"StringLike": {"sts:ExternalId": format!("{}*", super::ID)}},
        }})
        .into();
    });
    let found = found(&stack).await;
    assert_eq!(
        found[0].2,
        "The trust policy lets in more than a trust policy of this function: it does not require an external ID that is compared \
         exactly (StringEquals), as the function's owner demands. Change Revision and update the stack at once, and find out who used \
         the role."
    );
}

#[tokio::test(start_paused = true)]
async fn guardrails_missing() {
    for (what, policy) in [
        ("is missing", None),
        ("was changed", Some(allow_everything())),
        ("was changed", Some(json!({"Version": "2012-10-17", "Statement": []}))),
    ] {
        let stack = stack().await;
        by_hand(&stack, |role| {
            role.inline_policies.remove(GUARDRAILS);
            role.inline_policies.extend(policy.map(|policy| (GUARDRAILS.to_owned(), policy.into())));
        });
        let found = found(&stack).await;
        let missing = found.iter().find(|(code, ..)| code == "guardrails-missing").unwrap();
        let start = format!("The inline policy {GUARDRAILS} {what}, so sessions of the role may");
        assert!(missing.1 == "error" && missing.2.starts_with(&start), "{missing:?}");
        assert!(found.iter().any(|(code, _, message)| code == "drifted" && message.contains(GUARDRAILS)), "{found:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn guardrails_that_follow_older_settings_are_a_warning() {
    let stack = stack().await.with("PROTECTED_STACK_NAMES", "network-*");
    let found = found(&stack).await;
    let [(code, severity, message)] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((code.as_str(), severity.as_str()), ("guardrails-missing", "warning"));
    assert!(message.contains("does not protect exactly what the settings of the function protect today"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn over_the_limits_of_today() {
    let stack = stack_with(json!({"MaxSessionDuration": 43200})).await;
    for (setting, value, part) in [
        ("TRUSTED_ACCOUNT_IDS", "999999999999", "TrustedAccountIds"),
        ("MAX_SESSION_DURATION_CAP", "3600", "MaxSessionDurationCap"),
        ("ALLOWED_MANAGED_POLICY_ARNS", "arn:aws:iam::aws:policy/SecurityAudit", "AllowedManagedPolicyArns"),
        ("MIN_EXTERNAL_ID_LENGTH", "100", "MinExternalIdLength"),
        ("REQUIRED_PERMISSIONS_BOUNDARY", "arn:aws:iam::111111111111:policy/Most", "RequiredPermissionsBoundary"),
    ] {
        let found = found(&stack.clone().with(setting, value)).await;
        let [(code, severity, message)] = &found[..] else { panic!("{setting}: {found:#?}") };
        assert_eq!((code.as_str(), severity.as_str()), ("over-limits", "error"));
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_the_owner_does_not_permit_is_found_in_a_trust_policy_of_any_form() {
    for (account, why) in [("999999999999", "does not allow roles to trust"), ("111111111111", "which is this account")]
    {
        let stack = stack().await.with("TRUSTED_ACCOUNT_IDS", PROVIDER);
        by_hand(&stack, |role| {
            role.tags.remove(STATE_TAG);
            role.trust = json!({"Version": "2012-10-17", "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": format!("arn:aws:iam::{account}:role/Anyone")},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": super::ID}},
            }})
            .into();
        });
        let found = found(&stack).await;
        let [_, (code, severity, message)] = &found[..] else { panic!("{found:#?}") };
        assert_eq!((code.as_str(), severity.as_str()), ("over-limits", "error"));
        assert!(message.contains(&format!("ExternalAwsAccountId is {account}")) && message.contains(why), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_managed_policy_is_judged_as_it_is_now() {
    let stack = Stack::new();
    let own = stack.account.put_policy(Policy::named("Own", crate::fixtures::read_bucket()));
    let stack = made(stack, json!({"ManagedPolicyArns": [own]})).await;
    assert_eq!(codes(&stack).await, [""; 0]);
    stack.account.put_policy(Policy::named("Own", crate::fixtures::read_bucket()).version(allow_everything()));
    let found = found(&stack).await;
    let [(code, _, message)] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(code, "over-limits");
    assert!(message.contains("policy/Own") && message.ends_with("[administrative]"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn an_inline_policy_that_was_added_is_judged_too() {
    let stack = stack().await;
    by_hand(&stack, |role| drop(role.inline_policies.insert("Backdoor".into(), allow_everything().into())));
    let found = found(&stack).await;
    let judged = found.iter().find(|(code, ..)| code == "over-limits").unwrap();
    assert!(judged.2.contains("The inline policy Backdoor ") && judged.2.ends_with("[administrative]"), "{judged:?}");
}

#[tokio::test(start_paused = true)]
async fn orphaned() {
    for (status, physical_id, why) in [
        ("", "", "its stack does not exist, or no longer has the resource Access"),
        ("DELETE_COMPLETE", "Auditor", "its stack, or the resource Access in it, was deleted"),
        ("DELETE_SKIPPED", "Auditor", "its stack, or the resource Access in it, was deleted"),
        ("UPDATE_COMPLETE", "Successor", "the resource Access of its stack is now the role Successor"),
    ] {
        let stack = stack().await;
        stack.cloudformation.set(status, physical_id);
        let found = found(&stack).await;
        let [(code, severity, message)] = &found[..] else { panic!("{status}: {found:#?}") };
        assert_eq!((code.as_str(), severity.as_str()), ("orphaned", "error"));
        assert!(message.starts_with(&format!("No stack manages the role: {why}. ")), "{message}");
    }
    let stack = stack().await;
    stack.cloudformation.set("UPDATE_ROLLBACK_COMPLETE", "auditor");
    assert_eq!(codes(&stack).await, [""; 0], "IAM ignores the letter case of names");
}

#[tokio::test(start_paused = true)]
async fn a_stack_of_another_account_manages_nothing_here() {
    let stack = stack().await;
    let foreign = stack.id.replace("111111111111", "222222222222");
    by_hand(&stack, |role| drop(role.tags.insert(STACK_TAG.into(), foreign)));
    assert!(codes(&stack).await.contains(&"orphaned".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn unmarked() {
    for tag in [STACK_TAG, LOGICAL_ID_TAG] {
        let stack = stack().await;
        by_hand(&stack, |role| drop(role.tags.remove(tag)));
        let found = found(&stack).await;
        let [(code, severity, message)] = &found[..] else { panic!("{found:#?}") };
        assert_eq!((code.as_str(), severity.as_str()), ("unmarked", "error"));
        assert!(message.contains(&format!("It trusts {PROVIDER}. ")), "{message}");
    }
    let stack = stack().await;
    by_hand(&stack, |role| drop(role.tags.insert(STACK_TAG.into(), "not-a-stack".into())));
    assert_eq!(codes(&stack).await, ["unmarked"]);
    stack.account.edit(|aws| aws.roles.clear());
    stack.account.put_role(Role::named("Build").path("/delegated/"));
    let report = report(&stack).await;
    assert_eq!(only_role(&report)["ExternalAwsAccountIds"], json!(["ec2.amazonaws.com"]));
    let found = findings(only_role(&report));
    let [(open, _, message), (unmarked, ..)] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((open.as_str(), unmarked.as_str()), ("open", "unmarked"));
    assert_eq!(
        message,
        "The trust policy lets in more than a trust policy of this function: it admits the principal ec2.amazonaws.com (Service). \
         Correct it or remove the role by hand at once, and find out who used the role."
    );
}

#[tokio::test(start_paused = true)]
async fn revocation_pending() {
    let stack = stack().await;
    by_hand(&stack, |role| drop(role.tags.insert(REVOKE_TAG.into(), "pending".into())));
    let found_in = found(&stack).await;
    let [(code, severity, message)] = &found_in[..] else { panic!("{found_in:#?}") };
    assert_eq!((code.as_str(), severity.as_str()), ("revocation-pending", "error"));
    assert!(!message.contains("in progress"), "{message}");
    stack.cloudformation.set("UPDATE_IN_PROGRESS", "Auditor");
    let found_in = found(&stack).await;
    assert!(
        found_in[0].2.ends_with(" A stack operation on the role is in progress; audit it again when that is complete."),
        "{found_in:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn unused() {
    let stack = stack().await;
    let codes_at = async |seconds| {
        let report = report_at(&stack, seconds).await;
        findings(only_role(&report)).into_iter().map(|(code, ..)| code).collect::<Vec<_>>()
    };
    assert_eq!(codes_at(NOON + 90 * DAY).await, [""; 0], "not older than that");
    assert_eq!(codes_at(NOON + 91 * DAY).await, ["unused"], "never used");
    by_hand(&stack, |role| role.last_used = Some(NOON + 10 * DAY));
    assert_eq!(codes_at(NOON + 100 * DAY).await, [""; 0]);
    assert_eq!(codes_at(NOON + 100 * DAY + 1).await, ["unused"]);
    let report = report_at(&stack.clone().with("UNUSED_AFTER_DAYS", "100"), NOON + 101 * DAY).await;
    assert_eq!(only_role(&report)["LastUsedAt"], "2026-12-02T12:00:00Z");
    assert_eq!(only_role(&report)["Findings"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn expiring_and_expired() {
    let stack = stack_with(json!({"ExpiresAt": "2026-12-22T12:00:00Z"})).await;
    let codes_at = async |stack: &Stack, days| {
        let report = report_at(stack, NOON + days * DAY).await;
        findings(only_role(&report)).into_iter().map(|(code, ..)| code).collect::<Vec<_>>()
    };
    assert_eq!(codes_at(&stack, 15).await, [""; 0]);
    assert_eq!(codes_at(&stack, 16).await, ["expiring"]);
    assert_eq!(codes_at(&stack.clone().with("EXPIRING_WITHIN_DAYS", "13"), 16).await, [""; 0]);
    assert_eq!(codes_at(&stack, 30).await, ["expired"]);
}

#[tokio::test(start_paused = true)]
async fn a_role_of_an_earlier_version_is_not_recorded_yet_and_not_drifted() {
    let stack = stack().await;
    by_hand(&stack, |role| {
        role.tags.remove(STATE_TAG);
        role.description = Some("changed by hand".to_owned());
    });
    let found = found(&stack).await;
    let [(code, severity, message)] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((code.as_str(), severity.as_str()), ("not-recorded", "warning"));
    assert!(message.starts_with("The role has no tag service-provider-access:state that can be read"), "{message}");
}
