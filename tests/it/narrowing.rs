//! Access that gets less: sessions that end with the trust they came from, access that ends at a time, and
//! the policy that keeps a role from undoing either.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fixtures::{AUDIT, EC2, GUARDRAILS, ID, OTHER_ID, OTHER_PROVIDER, PROVIDER, REVOCATION, REVOKE_TAG};
use crate::stack::{Answer, Stack};
use crate::wire::iam::{Fault, Role};

/// A role for two accounts; null takes a property away.
fn wish(difference: &Value) -> Value {
    let mut wish = json!({
        "ExternalAwsAccountId": [PROVIDER, OTHER_PROVIDER], "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT,
    });
    for (property, value) in difference.as_object().unwrap() {
        match value {
            Value::Null => drop(wish.as_object_mut().unwrap().remove(property)),
            value => wish[property] = value.clone(),
        }
    }
    wish
}

/// One account fewer.
fn narrower() -> Value {
    json!({"ExternalAwsAccountId": PROVIDER})
}

/// A stack whose role was made by the wish that differs so.
async fn made(difference: &Value) -> Stack {
    let stack = Stack::new().with("PERMIT_MISSING_EXTERNAL_ID", "true");
    let answer = stack.create(wish(difference)).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    stack.account.clear_calls();
    stack
}

/// The change from one wish to another, and how long it took.
async fn change(stack: &Stack, old: &Value, new: &Value) -> (Answer, Duration) {
    let started = Instant::now();
    (stack.update("Auditor", wish(old), wish(new)).await, started.elapsed())
}

/// As [`change`], so many seconds later than the clock of [`Stack::send`] says.
async fn change_after(stack: &Stack, seconds: u64, old: &Value, new: &Value) -> Answer {
    let fields = json!({
        "PhysicalResourceId": "Auditor", "ResourceProperties": wish(new), "OldResourceProperties": wish(old),
    });
    let mut event = stack.event("Update", &fields);
    // It was sent just now.
    event["ResponseURL"] = json!(event["ResponseURL"].as_str().unwrap().replace("X-Amz-Date", "X-Unknown"));
    stack.send_at(event, noon() + Duration::from_secs(seconds)).await
}

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800)
}

fn role(stack: &Stack) -> Role {
    stack.account.role("Auditor").unwrap()
}

/// The deny as the console writes it.
fn ended(cut_off: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": {"DateLessThan": {"aws:TokenIssueTime": cut_off}},
    }]})
}

fn inline(stack: &Stack, name: &str) -> Option<Value> {
    let policies = role(stack).inline_policies;
    Some(policies.get(name)?.json())
}

/// Until when sessions are ended, where the policy does nothing else.
fn cut_off(stack: &Stack) -> Option<String> {
    let policy = inline(stack, REVOCATION)?;
    let date = policy["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"].as_str().unwrap().to_owned();
    assert_eq!(policy, ended(&date));
    Some(date)
}

fn is_marked(stack: &Stack) -> bool {
    role(stack).tags.contains_key(REVOKE_TAG)
}

// --- Which changes end sessions ---

#[tokio::test(start_paused = true)]
async fn sessions_end_with_a_trust_that_lets_in_fewer_or_others() {
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
        // More in one way and less in another.
        (narrow.clone(), json!({"SourceIps": ["198.51.100.0/24"]})),
    ] {
        let stack = made(&old).await;
        let (answer, took) = change(&stack, &old, &new).await;
        assert_eq!(answer.attribute("Warnings"), "", "{new}");
        // The clock starts a second past noon. Nobody hears of the new role before its sessions live.
        assert_eq!(cut_off(&stack).as_deref(), Some("2026-11-22T12:00:06.000Z"), "{new}");
        assert!(took >= Duration::from_secs(5) && took < Duration::from_secs(6), "{took:?}");
        assert!(!is_marked(&stack));
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_live_on_when_nobody_is_shut_out() {
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
        assert_eq!((inline(&stack, REVOCATION), is_marked(&stack)), (None, false), "{new}");
        assert!(took < Duration::from_secs(1), "{new}: nobody waits for nothing, but {took:?}");
        let revoking = stack.account.writes().into_iter().find(|write| write.contains("evoke"));
        assert_eq!(revoking, None, "{new}");
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_of_a_trust_that_somebody_else_wrote_end_when_it_is_put_right() {
    for tampered in [
        json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}),
        json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{PROVIDER}:root")}, "Action": "sts:AssumeRole",
            "Condition": {"StringLike": {"sts:ExternalId": "*"}}}),
        json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{OTHER_PROVIDER}:root")}, "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": ID}}}),
    ] {
        let stack = made(&narrower()).await;
        stack.account.edit(|aws| {
            aws.role_mut("Auditor").trust = json!({"Version": "2012-10-17", "Statement": [tampered]}).into();
        });
        let revised = json!({"ExternalAwsAccountId": PROVIDER, "Revision": "2"});
        assert!(change(&stack, &narrower(), &revised).await.0.succeeded());
        assert!(cut_off(&stack).is_some(), "{tampered}");
    }
}

#[tokio::test(start_paused = true)]
async fn never_means_never() {
    let stack = made(&json!({})).await;
    let never = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": OTHER_ID, "RevokeSessions": "Never"});
    let (answer, took) = change(&stack, &json!({}), &never).await;
    assert!(answer.succeeded() && took < Duration::from_secs(1), "{took:?}");
    assert_eq!(stack.account.writes(), ["UpdateAssumeRolePolicy Auditor"]);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_made_ends_no_sessions() {
    let stack = made(&json!({})).await;
    // Delivered twice, and replaced by a role that lets in fewer.
    assert!(stack.create(wish(&json!({}))).await.succeeded());
    let renamed = wish(&json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Reviewer"}));
    assert_eq!(stack.update("Auditor", wish(&json!({})), renamed).await.physical_id(), "Reviewer");
    assert_eq!(inline(&stack, REVOCATION), None);
    assert_eq!(stack.account.role("Reviewer").unwrap().inline_policies.keys().collect::<Vec<_>>(), [GUARDRAILS]);
}

// --- How they end ---

#[tokio::test(start_paused = true)]
async fn the_mark_stands_from_before_the_trust_until_after_the_deny() {
    let stack = made(&json!({})).await;
    assert!(change(&stack, &json!({}), &json!({"ExternalId": OTHER_ID, "ManagedPolicyArns": EC2})).await.0.succeeded());
    let writes = [
        format!("DetachRolePolicy Auditor {AUDIT}"),
        format!("TagRole Auditor {REVOKE_TAG}"),
        "UpdateAssumeRolePolicy Auditor".to_owned(),
        format!("PutRolePolicy Auditor {REVOCATION}"),
        format!("UntagRole Auditor {REVOKE_TAG}"),
        format!("AttachRolePolicy Auditor {EC2}"),
    ];
    assert_eq!(stack.account.writes(), writes);
}

#[tokio::test(start_paused = true)]
async fn whoever_finds_the_mark_ends_the_sessions() {
    for next in [
        // The same again, nothing but another revision, the way back, and even what would let them live.
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
        assert_eq!((is_marked(&stack), inline(&stack, REVOCATION)), (true, None));
        assert_eq!(role(&stack).tags[REVOKE_TAG], "pending");
        stack.account.clear_faults();
        let (answer, took) = change(&stack, &narrower(), &next).await;
        assert!(answer.succeeded(), "{next}: {}", answer.reason());
        assert!(cut_off(&stack).is_some() && !is_marked(&stack) && took >= Duration::from_secs(5), "{next}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_way_back_ends_nothing_and_brings_nothing_back() {
    let stack = made(&json!({})).await;
    assert!(change(&stack, &json!({}), &narrower()).await.0.succeeded());
    let cut_off = cut_off(&stack);
    stack.account.clear_calls();
    assert_eq!(change_after(&stack, 60, &narrower(), &json!({})).await.attribute("Warnings"), "");
    assert_eq!(stack.account.writes(), ["UpdateAssumeRolePolicy Auditor"]);
    assert_eq!(self::cut_off(&stack), cut_off);
}

#[tokio::test(start_paused = true)]
async fn a_cut_off_moves_on_and_never_back() {
    let stack = made(&json!({})).await;
    for (seconds, expected) in [
        (100, "2026-11-22T12:01:45.000Z"),
        // A clock that is behind.
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
async fn what_somebody_else_ended_stays_ended_whatever_is_wished() {
    for ownership in ["Exclusive", "Declared"] {
        for next in
            [json!({"Revision": "2"}), narrower(), json!({"ExternalAwsAccountId": PROVIDER, "RevokeSessions": "Never"})]
        {
            let stack = made(&json!({})).await;
            let far = "2030-01-01T00:00:00.000Z";
            stack.account.edit(|aws| {
                aws.role_mut("Auditor").inline_policies.insert(REVOCATION.into(), ended(far).into());
            });
            let mut next = next.clone();
            next["PolicyOwnership"] = json!(ownership);
            let (answer, took) = change(&stack, &json!({}), &next).await;
            assert_eq!(
                answer.attribute("Warnings"),
                "Sessions that are handed out before 2030-01-01T00:00:00Z can do nothing: AWSRevokeOlderSessions ends them, \
                 and there was no time to wait for that moment.",
                "{next}"
            );
            assert!(took < Duration::from_secs(1), "that is not waited for: {took:?}");
            assert_eq!((cut_off(&stack).as_deref(), is_marked(&stack)), (Some(far), false), "{next}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_stands_under_the_name_of_the_deny_is_kept_as_far_as_it_denies() {
    let deny = json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"});
    let allow = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
    let policy = |statement: &Value| json!({"Version": "2012-10-17", "Statement": [statement]});
    let warned = "AWSRevokeOlderSessions, which somebody else put on the role, was left there since all it does is deny; \
                  take it off when it has served.";
    let ending = ended("2026-11-22T12:00:06.000Z")["Statement"][0].clone();
    let both = json!({"Version": "2012-10-17", "Statement": [deny, ending]});
    let only = ended("2026-11-22T12:00:06.000Z");
    let again = json!({"Revision": "2"});
    for (ownership, stands, next, expected, warning) in [
        ("Exclusive", policy(&deny), &again, Some(policy(&deny)), warned),
        ("Exclusive", policy(&deny), &narrower(), Some(both.clone()), ""),
        ("Exclusive", policy(&allow), &again, None, ""),
        ("Exclusive", policy(&allow), &narrower(), Some(only.clone()), ""),
        ("Declared", policy(&deny), &again, Some(policy(&deny)), ""),
        ("Declared", policy(&deny), &narrower(), Some(both), ""),
        ("Declared", policy(&allow), &again, Some(policy(&allow)), ""),
        ("Declared", policy(&allow), &narrower(), Some(only), ""),
    ] {
        let stack = made(&json!({})).await;
        stack.account.edit(|aws| {
            aws.role_mut("Auditor").inline_policies.insert(REVOCATION.into(), stands.clone().into());
        });
        let mut next = next.clone();
        next["PolicyOwnership"] = json!(ownership);
        let (answer, _) = change(&stack, &json!({}), &next).await;
        assert_eq!(answer.attribute("Warnings"), warning, "{ownership} {stands} {next}");
        assert_eq!(inline(&stack, REVOCATION), expected, "{ownership} {stands} {next}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_wait_says_so() {
    let stack = Stack { timeout: Duration::from_secs(8), ..made(&json!({})).await };
    let (answer, took) = change(&stack, &json!({}), &narrower()).await;
    assert_eq!(
        answer.attribute("Warnings"),
        "Sessions that are handed out before 2026-11-22T12:00:06Z can do nothing: AWSRevokeOlderSessions ends them, and there \
         was no time to wait for that moment."
    );
    assert!(took < Duration::from_secs(1), "{took:?}");
    // The same delivered again waits for what is left, and ends nothing anew.
    let stack = Stack { timeout: Duration::from_secs(60), ..stack };
    stack.account.clear_calls();
    let started = Instant::now();
    assert_eq!(change_after(&stack, 3, &json!({}), &narrower()).await.attribute("Warnings"), "");
    assert_eq!((stack.account.writes(), started.elapsed().as_secs()), (Vec::new(), 3));
}

#[tokio::test(start_paused = true)]
async fn the_cut_off_is_reckoned_from_when_the_trust_was_written() {
    let stack = made(&json!({})).await;
    stack.account.edit(|aws| aws.latency = Duration::from_secs(2));
    let (answer, took) = change(&stack, &json!({}), &narrower()).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    // Two rounds to look, the mark, the trust: nine seconds past noon.
    assert_eq!(cut_off(&stack).as_deref(), Some("2026-11-22T12:00:14.000Z"));
    // What is left to do meanwhile is not waited for again.
    assert_eq!(took.as_secs(), 13);
}

#[tokio::test(start_paused = true)]
async fn a_role_with_all_the_tags_that_a_template_may_give_has_room_for_the_mark() {
    let tags: Vec<Value> = (0..46).map(|n| json!({"Key": format!("k{n}"), "Value": "v"})).collect();
    let others: Vec<Value> = (0..46).map(|n| json!({"Key": format!("l{n}"), "Value": "v"})).collect();
    let before = json!({"ExternalId": null, "Tags": tags});
    let stack = made(&before).await;
    assert_eq!(role(&stack).tags.len(), 49);
    let after = json!({"ExternalId": OTHER_ID, "Tags": others});
    let (answer, _) = change(&stack, &before, &after).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    assert_eq!((role(&stack).tags.len(), is_marked(&stack)), (49, false));
    assert!(cut_off(&stack).is_some());
}

// --- Access that ends ---

#[tokio::test(start_paused = true)]
async fn a_time_that_is_past_shuts_a_role_that_is_there() {
    let end = |end: &str| json!({"ExpiresAt": end});
    let stack = made(&end("2026-11-22T12:00:10Z")).await;
    let warned = |end: &str| {
        format!(
            "ExpiresAt is {end}, which is past: the role is shut, and the sessions that it gave can do nothing any more."
        )
    };
    // An update of something else after the time is over, and an end that is moved back.
    let other = json!({"ExpiresAt": "2026-11-22T12:00:10Z", "Description": "over"});
    let answer = change_after(&stack, 10, &end("2026-11-22T12:00:10Z"), &other).await;
    assert_eq!(answer.attribute("Warnings"), warned("2026-11-22T12:00:10Z"));
    assert_eq!(role(&stack).description.as_deref(), Some("over"));
    let answer = change_after(&stack, 20, &other, &end("2020-01-01T00:00:00Z")).await;
    assert_eq!(answer.attribute("Warnings"), warned("2020-01-01T00:00:00Z"));
    let condition = role(&stack).trust.json()["Statement"][0]["Condition"]["DateLessThan"].clone();
    assert_eq!(condition, json!({"aws:CurrentTime": "2020-01-01T00:00:00Z"}));
    // A replacement is an update, too.
    let mut renamed = wish(&end("2020-01-01T00:00:00Z"));
    renamed["RoleName"] = json!("Reviewer");
    let answer = stack.update("Auditor", wish(&end("2020-01-01T00:00:00Z")), renamed).await;
    assert_eq!(
        (answer.physical_id(), answer.attribute("Warnings")),
        ("Reviewer", warned("2020-01-01T00:00:00Z").as_str())
    );
}

#[tokio::test(start_paused = true)]
async fn an_end_comes_at_once_and_goes_last() {
    let soon = json!({"ExpiresAt": "2026-12-01T00:00:00Z"});
    let later = json!({"ExpiresAt": "2027-12-01T00:00:00Z", "ManagedPolicyArns": EC2});
    let stack = made(&soon).await;
    // Whose time may be over gets nothing back that is leaving.
    assert!(change(&stack, &soon, &later).await.0.succeeded());
    let longer = [
        format!("DetachRolePolicy Auditor {AUDIT}"),
        "UpdateAssumeRolePolicy Auditor".to_owned(),
        format!("AttachRolePolicy Auditor {EC2}"),
        format!("PutRolePolicy Auditor {GUARDRAILS}"),
    ];
    assert_eq!(stack.account.writes(), longer);
    stack.account.clear_calls();
    assert!(change(&stack, &later, &soon).await.0.succeeded());
    assert_eq!(stack.account.writes()[0], format!("PutRolePolicy Auditor {GUARDRAILS}"));
    let never = wish(&json!({}));
    assert!(stack.update("Auditor", wish(&soon), never.clone()).await.succeeded());
    let (trust, guardrails) = (role(&stack).trust.json(), inline(&stack, GUARDRAILS).unwrap());
    assert!(!trust.to_string().contains("CurrentTime") && !guardrails.to_string().contains("CurrentTime"));
}

#[tokio::test(start_paused = true)]
async fn a_create_delivered_again_after_its_time_does_not_lose_the_role() {
    let stack = made(&json!({"ExpiresAt": "2026-11-22T12:01:00Z"})).await;
    let before = role(&stack);
    let event =
        stack.event("Create", &json!({"ResourceProperties": wish(&json!({"ExpiresAt": "2026-11-22T12:01:00Z"}))}));
    let late = stack.send_at(event, noon() + Duration::from_secs(90)).await;
    assert_eq!(
        (late.reason(), late.physical_id()),
        ("ExpiresAt is 2026-11-22T12:01:00Z, but it is 2026-11-22T12:01:30Z already; give a time to come.", "Auditor")
    );
    assert_eq!((stack.account.writes(), role(&stack)), (Vec::new(), before));
    assert!(stack.delete(late.physical_id(), wish(&json!({}))).await.succeeded());
    assert_eq!(stack.account.roles(), [""; 0]);
}

// --- What guards it ---

#[tokio::test(start_paused = true)]
async fn a_role_from_before_there_were_guardrails_gets_them_before_anything_else() {
    for ownership in ["Exclusive", "Declared"] {
        let declared = json!({"PolicyOwnership": ownership});
        let stack = made(&declared).await;
        let guardrails = inline(&stack, GUARDRAILS);
        stack.account.edit(|aws| aws.role_mut("Auditor").inline_policies.clear());
        let next =
            json!({"PolicyOwnership": ownership, "ManagedPolicyArns": [AUDIT, EC2], "ExternalId": [ID, OTHER_ID]});
        assert!(change(&stack, &declared, &next).await.0.succeeded());
        assert_eq!(stack.account.writes()[0], format!("PutRolePolicy Auditor {GUARDRAILS}"));
        assert_eq!(inline(&stack, GUARDRAILS), guardrails);
    }
}

#[tokio::test(start_paused = true)]
async fn guardrails_that_somebody_changed_are_put_right() {
    let everything =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    for ownership in ["Exclusive", "Declared"] {
        let declared = json!({"PolicyOwnership": ownership});
        let stack = made(&declared).await;
        let guardrails = inline(&stack, GUARDRAILS);
        stack.account.edit(|aws| {
            aws.role_mut("Auditor").inline_policies.insert(GUARDRAILS.into(), everything.clone().into());
        });
        let revised = json!({"PolicyOwnership": ownership, "Revision": "2"});
        assert_eq!(change(&stack, &declared, &revised).await.0.attribute("Warnings"), "");
        assert_eq!(inline(&stack, GUARDRAILS), guardrails);
        assert_eq!(stack.account.writes(), [format!("PutRolePolicy Auditor {GUARDRAILS}")]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_required_boundary_comes_even_before_the_guardrails() {
    let stack = made(&json!({})).await;
    stack.account.edit(|aws| aws.role_mut("Auditor").inline_policies.clear());
    let stack = stack.with("REQUIRED_PERMISSIONS_BOUNDARY", AUDIT);
    stack.account.fail(Fault::denied().on("PutRolePolicy").first(2));
    let (answer, _) = change(&stack, &json!({}), &json!({"Revision": "2"})).await;
    assert!(answer.succeeded(), "IAM sees the boundary only after a moment: {}", answer.reason());
    let [boundary, guardrails @ ..] = &stack.account.writes()[..] else { panic!("nothing was written") };
    assert_eq!(boundary, &format!("PutRolePermissionsBoundary Auditor {AUDIT}"));
    assert_eq!(guardrails, vec![format!("PutRolePolicy Auditor {GUARDRAILS}"); 3]);
}

#[tokio::test(start_paused = true)]
async fn a_role_filled_to_the_last_character_makes_room_first() {
    let policy = |size: usize| {
        let statement = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{}", "b".repeat(size))});
        json!({"Version": "2012-10-17", "Statement": [statement]})
    };
    let before = json!({"CustomPolicy": policy(100)});
    let stack = made(&before).await;
    stack.account.edit(|aws| {
        let role = aws.role_mut("Auditor");
        role.inline_policies.clear();
        role.inline_policies.insert("CustomPolicy".into(), policy(10_100).into());
    });
    let after = json!({"CustomPolicy": policy(9_000), "ExternalId": OTHER_ID});
    let (answer, _) = change(&stack, &before, &after).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    let first = ["DeleteRolePolicy Auditor CustomPolicy".to_owned(), format!("PutRolePolicy Auditor {GUARDRAILS}")];
    assert_eq!(stack.account.writes()[..2], first);
    assert_eq!(role(&stack).inline_policies.keys().collect::<Vec<_>>(), [REVOCATION, "CustomPolicy", GUARDRAILS]);
}

/// IAM would find these only after the trust was changed and sessions were ended.
#[tokio::test(start_paused = true)]
async fn a_policy_that_iam_refuses_changes_nothing() {
    let allow = |resource: &str| {
        let statement = json!({"Effect": "Allow", "Action": "iam:GetRole", "Resource": resource});
        json!({"CustomPolicy": {"Version": "2012-10-17", "Statement": [statement]}, "ExternalId": OTHER_ID})
    };
    for (resource, problem) in [
        (
            "arn:aws:iam:us-east-1:111111111111:role/x",
            "has a Region, but ARNs of iam have none: leave the fourth part empty.",
        ),
        (
            "arn:aws-us-gov:iam::111111111111:role/x",
            "names the partition \"aws-us-gov\": write aws, the partition of this account.",
        ),
        (
            "arn:aws:iam::111111111111:*/*",
            "does not name a type of IAM resource: let its sixth part be *, or start with a type such as role/, user/ or policy/.",
        ),
    ] {
        let stack = made(&json!({})).await;
        let before = role(&stack);
        let (answer, _) = change(&stack, &json!({}), &allow(resource)).await;
        let sentence = format!("CustomPolicy would be refused by IAM: In statement 1, \"{resource}\" {problem}");
        assert!(!answer.succeeded() && answer.reason().contains(&sentence), "{}", answer.reason());
        assert_eq!(stack.account.writes(), Vec::<String>::new());
        assert_eq!(role(&stack).trust.json(), before.trust.json());
    }
}

// --- What a template denies ---

/// Reads much, but not this.
fn denying(action: &str) -> Value {
    json!({"CustomPolicy": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"},
        {"Effect": "Deny", "Action": action, "Resource": "*"},
    ]}})
}

fn with(mut one: Value, other: &Value) -> Value {
    one.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    one
}

#[tokio::test(start_paused = true)]
async fn what_a_template_denies_stands_before_what_it_grants_besides() {
    let stack = Stack::new();
    assert!(stack.create(wish(&denying("s3:GetObject"))).await.succeeded());
    let puts = |policy: &str| format!("PutRolePolicy Auditor {policy}");
    assert_eq!(
        stack.account.writes(),
        ["CreateRole Auditor", &puts(GUARDRAILS), &puts("CustomPolicy"), &format!("AttachRolePolicy Auditor {AUDIT}")]
    );

    // Not only is it sent first: without it, nothing is granted.
    let stack = Stack::new();
    stack.account.fail(Fault::denied().on("PutRolePolicy").naming("CustomPolicy").every());
    assert!(!stack.create(wish(&denying("s3:GetObject"))).await.succeeded());
    assert!(!stack.account.calls().iter().any(|call| call.starts_with("Attach")), "{:?}", stack.account.calls());

    // Nor does it go before: neither side may have what only the other may.
    let old = denying("s3:GetObject");
    for new in [with(denying("s3:PutObject"), &json!({"ExternalId": OTHER_ID})), json!({"ExternalId": OTHER_ID})] {
        let stack = made(&old).await;
        stack.account.fail(Fault::denied().on("UpdateAssumeRolePolicy").every());
        assert!(!change(&stack, &old, &new).await.0.succeeded());
        let denied = inline(&stack, "CustomPolicy").unwrap()["Statement"].as_array().unwrap().clone();
        assert!(denied.iter().all(|statement| statement["Effect"] == "Deny"), "{denied:?}");
        assert!(denied.iter().any(|statement| statement["Action"] == "s3:GetObject"), "{denied:?}");
        let both = new.get("CustomPolicy").is_some();
        assert_eq!(denied.iter().any(|statement| statement["Action"] == "s3:PutObject"), both, "{denied:?}");
        stack.account.clear_faults();
        assert!(change(&stack, &old, &new).await.0.succeeded());
        assert_eq!(inline(&stack, "CustomPolicy").is_some(), both);
    }

    // What is leaving leaves before the policy that denied some of it is another.
    let stack = made(&old).await;
    assert!(
        change(&stack, &old, &with(denying("s3:PutObject"), &json!({"ManagedPolicyArns": EC2}))).await.0.succeeded()
    );
    let writes = stack.account.writes();
    let place = |call: &str| writes.iter().position(|write| write.starts_with(call)).unwrap();
    assert!(place("DetachRolePolicy") < place(&puts("CustomPolicy")), "{writes:?}");
    assert!(place(&puts("CustomPolicy")) < place("AttachRolePolicy"), "{writes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_role_that_others_filled_is_refused_before_the_trust_narrows() {
    let declared = |more: Value| with(more, &json!({"PolicyOwnership": "Declared"}));
    let stack = made(&declared(json!({}))).await;
    let theirs = |size: usize| {
        let statement = json!({"Sid": "x".repeat(size), "Effect": "Deny", "Action": "s3:*", "Resource": "*"});
        json!({"Version": "2012-10-17", "Statement": [statement]})
    };
    // Room for nothing but 100 characters, which the deny of older sessions is longer than.
    let taken = inline(&stack, GUARDRAILS).unwrap().to_string().len() + theirs(0).to_string().len() + 100;
    let full = theirs(10_240 - taken);
    stack.account.edit(|aws| aws.role_mut("Auditor").inline_policies.insert("Theirs".into(), full.into()));
    stack.account.clear_calls();
    let (answer, _) = change(&stack, &declared(json!({})), &declared(narrower())).await;
    assert!(answer.reason().contains("and Theirs, which somebody else put on the role, has "), "{}", answer.reason());
    assert_eq!(stack.account.writes(), [""; 0]);
    // The rollback has nothing to write.
    assert!(change(&stack, &declared(narrower()), &declared(json!({}))).await.0.succeeded());
}

#[tokio::test(start_paused = true)]
async fn an_allow_beside_an_end_of_sessions_goes_and_the_end_stays() {
    let stack = made(&json!({})).await;
    let mut mixed = ended("2026-11-22T11:00:00.000Z");
    mixed["Statement"].as_array_mut().unwrap().push(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}));
    stack.account.edit(|aws| aws.role_mut("Auditor").inline_policies.insert(REVOCATION.into(), mixed.into()));
    assert!(change(&stack, &json!({}), &json!({"Description": "x"})).await.0.succeeded());
    assert_eq!(cut_off(&stack).as_deref(), Some("2026-11-22T11:00:00.000Z"));
}
