//! How the policies come, change and go.

use expect_test::expect;
use serde_json::{Value, json};

use super::{change, deletes, inline, made, policies, properties, puts, reads, reads_but_never, role};
use crate::fixtures::{EC2, GUARDRAILS, OTHER_ID, RECORD, SCP_DENIAL, allow, deny, merged};
use crate::stack::Stack;
use crate::wire::iam::Fault;

#[tokio::test(start_paused = true)]
async fn each_policy_is_an_inline_policy_of_its_name() {
    let name = "Az09_+=,.@-".to_owned() + &"x".repeat(117);
    let stack = made(&merged(
        policies([("Reports", reads("reports")), (&name, json!(reads("accounts").to_string()))]),
        &json!({"CustomPolicy": reads("custom")}),
    ))
    .await;
    assert_eq!(
        inline(&stack),
        json!({"CustomPolicy": reads("custom"), "Reports": reads("reports"), name: reads("accounts")})
    );
    assert_eq!(inline(&made(&policies([])).await), json!({}));
}

#[tokio::test(start_paused = true)]
async fn an_update_writes_what_differs_and_removes_what_was_declared_before() {
    for ownership in ["Exclusive", "Declared"] {
        let owned = |difference: Value| merged(difference, &json!({"PolicyOwnership": ownership}));
        let old = owned(policies([("A", reads("a")), ("B", reads("b")), ("C", reads("c"))]));
        let new = owned(policies([("B", reads("b")), ("C", reads("other")), ("D", reads("d"))]));
        let stack = made(&old).await;
        let (warnings, writes) = change(&stack, &old, &new).await;
        assert_eq!(warnings, "");
        assert_eq!(writes, [RECORD.to_owned(), puts("C"), puts("D"), deletes("A")], "{ownership}");
        assert_eq!(inline(&stack), json!({"B": reads("b"), "C": reads("other"), "D": reads("d")}));
        assert_eq!(change(&stack, &new, &new).await.1, Vec::<String>::new());
        let none = owned(json!({}));
        assert_eq!(change(&stack, &new, &none).await.1, [RECORD.to_owned(), deletes("B"), deletes("C"), deletes("D")]);
    }
}

#[tokio::test(start_paused = true)]
async fn changes_by_others_are_reverted_and_only_declared_leaves_their_policies() {
    let declared = |ownership: &str| merged(policies([("A", reads("a"))]), &json!({"PolicyOwnership": ownership}));
    for (ownership, kept) in [("Exclusive", json!({})), ("Declared", json!({"Theirs": reads("theirs")}))] {
        let stack = made(&declared(ownership)).await;
        stack.account.edit(|aws| {
            let inline = &mut aws.role_mut("Auditor").inline_policies;
            inline.insert("A".into(), allow("s3:*", "*").into());
            inline.insert("Theirs".into(), reads("theirs").into());
        });
        change(&stack, &declared(ownership), &declared(ownership)).await;
        assert_eq!(inline(&stack), merged(json!({"A": reads("a")}), &kept), "{ownership}");
    }
}

/// A template with such a name was refused, so the policy of this name is not the template's.
#[tokio::test(start_paused = true)]
async fn a_reserved_name_in_the_template_before_removes_nothing() {
    let stack = made(&json!({})).await;
    let refused = policies([(GUARDRAILS, deny("s3:*")), ("AWSRevokeOlderSessions", deny("s3:*"))]);
    // A responder's deny under the name of ours, which ends no session.
    stack.account.edit(|aws| {
        aws.role_mut("Auditor").inline_policies.insert("AWSRevokeOlderSessions".into(), deny("s3:*").into());
    });
    let before = role(&stack);
    let (_, writes) = change(&stack, &refused, &json!({"PolicyOwnership": "Declared"})).await;
    assert_eq!(writes, Vec::<String>::new());
    assert_eq!(role(&stack).inline_policies, before.inline_policies);
}

#[tokio::test(start_paused = true)]
async fn every_deny_of_a_create_comes_before_every_allow() {
    let two = policies([("A", reads_but_never("a", "ec2:*")), ("B", reads_but_never("b", "sqs:*")), ("C", reads("c"))]);
    let stack = made(&merged(two, &json!({"ManagedPolicyArns": EC2}))).await;
    let attach = format!("AttachRolePolicy Auditor {EC2}");
    assert_eq!(
        stack.account.writes(),
        ["CreateRole Auditor", &puts(GUARDRAILS), &puts("A"), &puts("B"), &puts("A"), &puts("B"), &puts("C"), &attach]
    );
    assert_eq!(
        inline(&stack),
        json!({"A": reads_but_never("a", "ec2:*"), "B": reads_but_never("b", "sqs:*"), "C": reads("c")})
    );
    // One that denies is written once, before the others.
    let one = made(&policies([("A", reads("a")), ("B", reads_but_never("b", "sqs:*"))])).await;
    assert_eq!(one.account.writes(), ["CreateRole Auditor", &puts(GUARDRAILS), &puts("B"), &puts("A")]);
}

/// Both policies allow and deny, and each denies something else afterwards.
#[tokio::test(start_paused = true)]
async fn what_both_templates_deny_is_denied_all_the_time() {
    let old = policies([("A", reads_but_never("a", "ec2:*")), ("B", reads_but_never("b", "sqs:*"))]);
    let new = policies([("A", reads_but_never("a", "sqs:*")), ("B", reads_but_never("b", "ec2:*"))]);
    let stack = made(&old).await;
    let (_, writes) = change(&stack, &old, &new).await;
    assert_eq!(writes, [RECORD.to_owned(), puts("A"), puts("B"), puts("A"), puts("B")]);
    assert_eq!(inline(&stack)["A"], reads_but_never("a", "sqs:*"));
    assert_eq!(inline(&stack)["B"], reads_but_never("b", "ec2:*"));

    // Wherever it stops, both actions are denied.
    for nth in 1..=4 {
        let stack = made(&old).await;
        stack.account.fail(Fault::denied_because(SCP_DENIAL).on("PutRolePolicy").nth(nth));
        let failed = stack.update("Auditor", properties(&old), properties(&new)).await;
        assert!(failed.reason().contains("PutRolePolicy"), "{}", failed.reason());
        let text = inline(&stack).to_string();
        assert!(text.contains("ec2:*") && text.contains("sqs:*"), "{text}");
        let rolled_back = stack.update("Auditor", properties(&new), properties(&old)).await;
        assert!(rolled_back.succeeded(), "{}", rolled_back.reason());
        assert_eq!(inline(&stack)["A"], reads_but_never("a", "ec2:*"));
    }
}

/// The documents are so long that the denies of both templates have no room side by side.
#[tokio::test(start_paused = true)]
async fn without_room_for_both_denies_nothing_is_allowed_meanwhile() {
    let long = |denied: &str| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"},
            {"Effect": "Deny", "Action": denied, "Resource": (0..95).map(|n| format!("arn:aws:s3:::bucket-{n:03}/*")).collect::<Vec<_>>()},
        ]})
    };
    let old = policies([("A", long("s3:GetObject")), ("B", long("s3:PutObject"))]);
    let new = policies([("A", long("s3:PutObject")), ("B", long("s3:GetObject"))]);
    let stack = made(&old).await;
    let (_, writes) = change(&stack, &old, &new).await;
    assert_eq!(
        writes,
        [RECORD.to_owned(), puts(GUARDRAILS), deletes("A"), deletes("B"), puts("A"), puts("B"), puts(GUARDRAILS)]
    );
    assert_eq!(inline(&stack), json!({"A": long("s3:PutObject"), "B": long("s3:GetObject")}));
    let guardrails = role(&stack).inline_policies[GUARDRAILS].json();
    assert_eq!(guardrails, role(&made(&old).await).inline_policies[GUARDRAILS].json());

    // Stopped on the way, the role can do nothing, until the next update completes it.
    for nth in 2..=4 {
        let stack = made(&old).await;
        stack.account.fail(Fault::denied_because(SCP_DENIAL).on("PutRolePolicy").nth(nth));
        assert!(!stack.update("Auditor", properties(&old), properties(&new)).await.succeeded());
        assert_eq!(
            role(&stack).inline_policies[GUARDRAILS].json()["Statement"],
            json!([{"Sid": "NothingWhilePoliciesChange", "Effect": "Deny", "Action": "*", "Resource": "*"}])
        );
        assert!(stack.update("Auditor", properties(&new), properties(&old)).await.succeeded());
        assert_eq!(inline(&stack), json!({"A": long("s3:GetObject"), "B": long("s3:PutObject")}));
        assert_eq!(role(&stack).inline_policies[GUARDRAILS].json(), guardrails);
    }
}

#[tokio::test(start_paused = true)]
async fn another_external_id_leaves_only_denies_while_the_trust_changes() {
    let old = policies([("A", reads_but_never("a", "ec2:*")), ("B", reads("b"))]);
    let new =
        merged(policies([("A", reads_but_never("a", "sqs:*")), ("C", reads("c"))]), &json!({"ExternalId": OTHER_ID}));
    let stack = made(&old).await;
    stack.account.fail(Fault::denied_because(SCP_DENIAL).on("UpdateAssumeRolePolicy").every());
    assert!(!stack.update("Auditor", properties(&old), properties(&new)).await.succeeded());
    assert_eq!(
        inline(&stack),
        json!({"A": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}, {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"},
        ]}})
    );
    stack.account.clear_faults();
    assert!(stack.update("Auditor", properties(&old), properties(&new)).await.succeeded());
    assert_eq!(inline(&stack), json!({"A": reads_but_never("a", "sqs:*"), "C": reads("c")}));
}

#[tokio::test(start_paused = true)]
async fn a_delete_takes_allows_off_before_denies() {
    let two = policies([("A", reads_but_never("a", "ec2:*")), ("B", reads_but_never("b", "sqs:*")), ("C", reads("c"))]);
    let stack = made(&two).await;
    stack.account.clear_calls();
    assert!(stack.delete("Auditor", properties(&two)).await.succeeded());
    assert_eq!(
        stack.account.writes(),
        [
            deletes("C"),
            puts("A"),
            puts("B"),
            deletes(GUARDRAILS),
            deletes("A"),
            deletes("B"),
            "DeleteRole Auditor".to_owned()
        ]
    );
    // Where the function may only remove, the role goes all the same.
    let stack = made(&two).await;
    stack.account.fail(Fault::denied_because(SCP_DENIAL).on("PutRolePolicy").every());
    let deleted = stack.delete("Auditor", properties(&two)).await;
    assert!(deleted.succeeded(), "{}", deleted.reason());
    assert_eq!(stack.account.roles(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn another_region_compares_each_policy() {
    let home = Stack::new();
    let other = home.in_region("eu-west-1");
    let shared = |difference: Value| merged(properties(&json!({"HomeRegion": "us-east-1"})), &difference);
    let there = shared(policies([("A", reads("a")), ("B", reads("b"))]));
    assert!(home.create(there.clone()).await.succeeded());
    let differs = other.create(shared(policies([("A", reads("other")), ("C", reads("c"))]))).await;
    let expected =
        "What differs: Policies (A); Policies (C); the policy B, which is not in this stack's template. Give both";
    assert!(differs.reason().contains(expected), "{}", differs.reason());
    assert!(other.create(there).await.succeeded());
}

/// IAM does not say whether letter case counts in these names.
#[tokio::test(start_paused = true)]
async fn a_name_that_changes_only_its_letter_case_is_refused_and_can_be_rolled_back() {
    let (old, new) = (policies([("Reports", reads("a"))]), policies([("reports", reads("a"))]));
    let stack = made(&old).await;
    stack.account.clear_calls();
    let refused = stack.update("Auditor", properties(&old), properties(&new)).await;
    expect!["The policy reports differs only in letter case from Reports, which is on the role. Give it another name, or remove Reports from the role first. Nothing was changed. [cannot-change]"].assert_eq(refused.reason());
    assert_eq!(stack.account.writes(), Vec::<String>::new());
    assert_eq!(change(&stack, &new, &old).await.1, Vec::<String>::new());
}
