//! One role for several Regions, told through whole requests: the stack of the home Region keeps it, the
//! others wait for it, tell of it, and never touch it.

use std::time::Duration;

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::fixtures::{ACCOUNT, AUDIT, EC2, ID, LOGICAL_ID_TAG, PROVIDER, STACK_TAG};
use crate::stack::{Answer, Stack};
use crate::wire::iam::{Fault, Policy, Role};

/// What a stack is told by CloudFormation when it has made an ID up.
const MADE_UP: &str = "customer-Access-1ABCDEFGHIJKL";

fn wish(difference: &Value) -> Value {
    let mut wish = json!({
        "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "HomeRegion": "us-east-1",
        "ManagedPolicyArns": [AUDIT], "Description": "for the auditor", "Tags": [{"Key": "team", "Value": "platform"}],
    });
    for (property, value) in difference.as_object().unwrap() {
        match value {
            Value::Null => drop(wish.as_object_mut().unwrap().remove(property)),
            value => wish[property] = value.clone(),
        }
    }
    wish
}

/// A policy that lets somebody do this anywhere.
fn allowing(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
}

fn as_agreed() -> Value {
    wish(&json!({}))
}

/// The stacks of the home Region and of another, before either has a role.
fn two_regions() -> (Stack, Stack) {
    let home = Stack::new();
    let other = home.in_region("eu-west-1");
    (home, other)
}

/// The same, after the home Region's stack has made the role.
async fn kept_at_home() -> (Stack, Stack) {
    let (home, other) = two_regions();
    let made = home.create(as_agreed()).await;
    assert!(made.succeeded(), "{}", made.reason());
    home.account.clear_calls();
    (home, other)
}

/// The answer, and how long it took.
async fn timed(answer: impl Future<Output = Answer>) -> (Answer, Duration) {
    let started = Instant::now();
    (answer.await, started.elapsed())
}

/// A refusal that changed nothing, told at once.
async fn check_refused_at_once(stack: &Stack, answer: impl Future<Output = Answer>, told: Expect) {
    let took = check_refused(stack, answer, told).await;
    assert!(took < Duration::from_secs(1), "after {took:?}");
}

/// A refusal that changed nothing, told when there was no time left to wait for better.
async fn check_refused_at_last(stack: &Stack, answer: impl Future<Output = Answer>, told: Expect) {
    let took = check_refused(stack, answer, told).await;
    assert!(took > Duration::from_secs(45), "it waits as long as it may: {took:?}");
    let calls = stack.account.calls().len();
    assert!(calls < 130, "{calls} calls");
}

async fn check_refused(stack: &Stack, answer: impl Future<Output = Answer>, told: Expect) -> Duration {
    let before = stack.account.role("Auditor");
    stack.account.clear_calls();
    let (answer, took) = timed(answer).await;
    told.assert_eq(answer.reason());
    check_untouched(stack, before.as_ref());
    took
}

fn check_untouched(stack: &Stack, before: Option<&Role>) {
    assert_eq!(stack.account.writes(), Vec::<String>::new());
    assert_eq!(stack.account.role("Auditor").as_ref(), before);
}

// --- Create ---

#[tokio::test(start_paused = true)]
async fn the_stack_of_another_region_tells_of_the_role_as_the_one_that_keeps_it() {
    let (home, other) = two_regions();
    let made = home.create(as_agreed()).await;
    home.account.clear_calls();
    let role = home.account.role("Auditor");
    let (told, took) = timed(other.create(as_agreed())).await;
    assert_eq!((&told.0["Data"], told.physical_id()), (&made.0["Data"], "Auditor"));
    assert!(made.succeeded() && told.succeeded());
    assert!(took < Duration::from_secs(1), "after {took:?}");
    check_untouched(&other, role.as_ref());
}

#[tokio::test(start_paused = true)]
async fn what_deserves_a_second_look_is_told_in_every_region() {
    let (home, other) = two_regions();
    let broad = wish(&json!({"ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}));
    let made = home.create(broad.clone()).await;
    home.account.edit(|aws| aws.roles[0].attached_policies.push("arn:aws:iam::aws:policy/AWSDenyAll".into()));
    let [told, again] = [other.create(broad.clone()).await, home.update("Auditor", broad.clone(), broad).await];
    assert!(told.attribute("Warnings").starts_with(made.attribute("Warnings")));
    assert!(told.attribute("Warnings").contains("AWSDenyAll, which somebody else put on the role"));
    assert_eq!(told.0["Data"], again.0["Data"]);
}

#[tokio::test(start_paused = true)]
async fn in_the_home_region_itself_the_role_is_a_role_as_any() {
    let home = Stack::new();
    let [with, without] = [json!({}), json!({"HomeRegion": null})].map(|difference| wish(&difference));
    let made = home.create(with.clone()).await;
    let role = home.account.role("Auditor");
    home.account.clear_calls();
    for (old, new) in [(with.clone(), without.clone()), (without, with.clone())] {
        assert_eq!(home.update("Auditor", old, new).await.0["Data"], made.0["Data"]);
    }
    check_untouched(&home, role.as_ref());
    assert!(home.delete("Auditor", with).await.succeeded());
    assert_eq!(home.account.roles(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn both_regions_may_be_deployed_at_once() {
    let (home, other) = two_regions();
    home.account.edit(|aws| (aws.latency, aws.propagation_delay) = (Duration::from_millis(300), 2));
    let (told, made) = tokio::join!(other.create(as_agreed()), home.create(as_agreed()));
    assert!(made.succeeded() && told.succeeded(), "{} {}", made.0, told.0);
    assert_eq!(told.0["Data"], made.0["Data"]);
    let creates = home.account.writes().iter().filter(|write| write.starts_with("CreateRole")).count();
    assert_eq!((creates, home.account.roles().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_home_region_is_waited_for() {
    let (home, other) = two_regions();
    let late = async {
        sleep(Duration::from_secs(40)).await;
        home.create(as_agreed()).await
    };
    let (told, made) = tokio::join!(other.create(as_agreed()), late);
    assert_eq!(told.attribute("RoleArn"), made.attribute("RoleArn"));
}

#[tokio::test(start_paused = true)]
async fn where_the_home_region_never_comes_it_is_to_be_deployed_first() {
    let (home, other) = two_regions();
    let (answer, took) = timed(other.create(as_agreed())).await;
    expect![
        "HomeRegion is us-east-1, and the stack there has not made the role Auditor yet. Deploy the home Region first, with the \
         same RoleName and a resource called Access, and then this stack again."
    ]
    .assert_eq(answer.reason());
    assert!(took > Duration::from_secs(45), "it waits as long as it may: {took:?}");
    assert!(answer.physical_id().starts_with("refused-"));
    let calls = other.account.calls();
    assert!(calls.len() < 40, "{} calls", calls.len());
    // The delete that follows finds what the home Region's stack may have made by then, and leaves it.
    home.create(as_agreed()).await;
    let role = home.account.role("Auditor");
    home.account.clear_calls();
    assert!(other.delete(answer.physical_id(), as_agreed()).await.succeeded());
    check_untouched(&other, role.as_ref());
}

#[tokio::test(start_paused = true)]
async fn a_region_may_be_added_when_access_is_over() {
    let (home, other) = two_regions();
    let ends = |date| wish(&json!({"ExpiresAt": date}));
    assert!(home.create(ends("2026-12-01T00:00:00Z")).await.succeeded());
    let closed = home.update("Auditor", ends("2026-12-01T00:00:00Z"), ends("2020-01-01T00:00:00Z")).await;
    let told = other.create(ends("2020-01-01T00:00:00Z")).await;
    assert!(told.attribute("Warnings").contains("ExpiresAt"), "{}", told.0);
    assert_eq!(told.0["Data"], closed.0["Data"]);
}

#[tokio::test(start_paused = true)]
async fn another_place_or_spelling_is_another_role() {
    for (difference, told) in [
        (json!({"Path": "/delegated/team/"}), "What differs: Path."),
        (json!({"RoleName": "auditor"}), "What differs: RoleName (in IAM's spelling it is another)."),
    ] {
        let (_, other) = kept_at_home().await;
        let answer = other.create(wish(&difference)).await;
        assert!(answer.reason().contains(told), "{}", answer.reason());
    }
}

#[tokio::test(start_paused = true)]
async fn an_external_id_that_home_generated_is_the_one_in_every_region() {
    let (home, other) = two_regions();
    let generated = wish(&json!({"ExternalId": null}));
    let (told, made) = tokio::join!(other.create(generated.clone()), home.create(generated));
    assert_eq!(told.attribute("ExternalId"), made.attribute("ExternalId"));
    assert_eq!(told.attribute("Warnings"), "");
}

// --- What differs ---

#[tokio::test(start_paused = true)]
async fn a_role_that_is_not_what_this_stack_says_is_told_by_what_differs() {
    let (home, other) = kept_at_home().await;
    home.account.put_policy(Policy::named("Mine", allowing("s3:GetObject")));
    let standing = home.account.role("Auditor");
    let all = wish(&json!({
        "ExternalAwsAccountId": ["333333333333"], "ExternalId": "another-external-id", "RequireMfa": true,
        "AllowedPrincipalArns": ["arn:aws:iam::333333333333:role/Deploy"], "PrincipalOrgId": "o-a1b2c3d4e5", "SourceIps": ["203.0.113.0/24"],
        "ExpiresAt": "2099-01-01T00:00:00Z", "MaxSessionDuration": 7200, "ManagedPolicyArns": [EC2], "Description": "else",
        "CustomPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}]},
        "PermissionsBoundary": "arn:aws:iam::111111111111:policy/Mine", "Tags": [{"Key": "team", "Value": "else"}],
    }));
    home.account.clear_calls();
    let answer = other.create(all).await;
    expect!["HomeRegion is us-east-1, and the role Auditor that the stack arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555 keeps there is not what this stack says. What differs: AllowedPrincipalArns; CustomPolicy; Description; ExpiresAt; ExternalAwsAccountId; ExternalId; ManagedPolicyArns (arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess is missing); MaxSessionDuration; PermissionsBoundary; PrincipalOrgId; RequireMfa and MfaMaxAge; SourceIps; Tags (team); the policy arn:aws:iam::aws:policy/SecurityAudit, which is not in this stack's template. Give both stacks the same properties, that of us-east-1 first; where somebody else changed the role, change Revision there."].assert_eq(answer.reason());
    check_untouched(&other, standing.as_ref());
}

#[tokio::test(start_paused = true)]
async fn every_single_difference_is_waited_for_and_told() {
    let s3 = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}]});
    for (difference, told) in [
        (json!({"ExternalId": "another-external-id"}), "ExternalId"),
        (json!({"ExternalId": [ID, "another-external-id"]}), "ExternalId"),
        (json!({"RequireMfa": true}), "RequireMfa and MfaMaxAge"),
        (json!({"SourceIps": ["203.0.113.0/24"]}), "SourceIps"),
        (json!({"MaxSessionDuration": 7200}), "MaxSessionDuration"),
        (json!({"ManagedPolicyArns": [AUDIT, EC2]}), "ManagedPolicyArns"),
        (json!({"CustomPolicy": s3}), "CustomPolicy"),
        (json!({"Description": null}), "Description"),
        (json!({"Tags": [{"Key": "cost", "Value": "a"}]}), "Tags (cost)"),
        (json!({"PermissionsBoundary": AUDIT}), "PermissionsBoundary"),
        (json!({"ExpiresAt": "2099-01-01T00:00:00Z"}), "ExpiresAt"),
    ] {
        let (home, other) = kept_at_home().await;
        let (answer, took) = timed(other.create(wish(&difference))).await;
        assert!(
            answer.reason().contains(&format!("What differs: {told}"))
                || answer.reason().contains(&format!("; {told}")),
            "{told}: {}",
            answer.reason()
        );
        assert!(
            !answer.reason().contains("external-id-of") && !answer.reason().contains("another-ext"),
            "{}",
            answer.reason()
        );
        assert!(took > Duration::from_secs(45), "{told} was not waited for: {took:?}");
        assert_eq!(home.account.writes(), Vec::<String>::new());
        // Given to the home Region meanwhile, it is what was wished here.
        let late = async {
            sleep(Duration::from_secs(20)).await;
            home.update("Auditor", as_agreed(), wish(&difference)).await
        };
        let (here, there) = tokio::join!(other.update("Auditor", as_agreed(), wish(&difference)), late);
        assert!(here.succeeded(), "{told}: {}", here.reason());
        assert_eq!(here.0["Data"], there.0["Data"], "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_others_did_to_the_role_is_for_the_home_region_to_put_right() {
    type Tampering = Box<dyn FnOnce(&mut Role)>;
    let inline = |name: &'static str, policy: Option<Value>| -> Tampering {
        Box::new(move |role| match policy {
            Some(policy) => drop(role.inline_policies.insert(name.to_owned(), policy.into())),
            None => drop(role.inline_policies.remove(name)),
        })
    };
    let guardrails = "ServiceProviderAccessGuardrails";
    let deny = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]});
    let tampered: Vec<(Tampering, &str)> = vec![
        (inline(guardrails, Some(deny)), guardrails),
        (
            inline("Backdoor", Some(allowing("s3:GetObject"))),
            "the policy Backdoor, which is not in this stack's template",
        ),
        (inline(guardrails, None), guardrails),
        (
            Box::new(|role| {
                let policy = role.inline_policies.get_mut("ServiceProviderAccessGuardrails").unwrap();
                let elsewhere = policy.text().replace("role/delegated/*", "role/delegated/other/*");
                *policy = serde_json::from_str::<Value>(&elsewhere).unwrap().into();
            }),
            guardrails,
        ),
        (inline(guardrails, Some(allowing("s3:GetObject"))), guardrails),
        (
            Box::new(|role| {
                role.trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}).into();
            }),
            "the trust policy, which is not one that this resource writes",
        ),
        (
            Box::new(|role| drop(role.tags.insert("service-provider-access:revoke".into(), "pending".into()))),
            "sessions of an earlier trust, which are not ended yet",
        ),
    ];
    for (tamper, told) in tampered {
        let (home, other) = kept_at_home().await;
        home.account.edit(|aws| tamper(&mut aws.roles[0]));
        let answer = other.create(as_agreed()).await;
        assert!(answer.reason().contains(told), "{told}: {}", answer.reason());
        assert_eq!(home.account.writes(), Vec::<String>::new());
        assert!(home.update("Auditor", as_agreed(), wish(&json!({"Revision": "2"}))).await.succeeded());
        assert!(other.create(wish(&json!({"Revision": "2"}))).await.succeeded(), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn whether_the_function_is_installed_alike_in_both_regions_is_no_difference() {
    let (home, other) = two_regions();
    let role_of = |region: &str| format!("arn:aws:iam::{ACCOUNT}:role/service-provider-access-{region}");
    let stack_of =
        |region: &str| format!("arn:aws:cloudformation:{region}:{ACCOUNT}:stack/functions-{region}/0a1b2c3d");
    let installed = |stack: Stack, region| {
        stack.with("FUNCTION_ROLE_ARN", &role_of(region)).with("FUNCTION_STACK_ID", &stack_of(region))
    };
    let (home, other) = (installed(home, "us-east-1"), installed(other, "eu-west-1"));
    let expires = wish(&json!({"ExpiresAt": "2099-01-01T00:00:00Z"}));
    assert!(home.create(expires.clone()).await.succeeded());
    let role = home.account.role("Auditor").unwrap();
    let guardrails = role.inline_policies["ServiceProviderAccessGuardrails"].text();
    assert!(
        guardrails.contains(":role/service-provider-access-??-*-?\""),
        "the functions of all Regions: {guardrails}"
    );
    assert!(other.create(expires).await.succeeded());
}

// --- Update ---

#[tokio::test(start_paused = true)]
async fn an_update_of_all_regions_at_once_ends_in_the_same_role() {
    let (home, other) = kept_at_home().await;
    home.account.edit(|aws| aws.latency = Duration::from_millis(200));
    let new = wish(&json!({"ExternalId": "another-external-id", "ManagedPolicyArns": [EC2]}));
    let (here, there) = tokio::join!(
        other.update("Auditor", as_agreed(), new.clone()),
        home.update("Auditor", as_agreed(), new.clone())
    );
    assert!(here.succeeded() && there.succeeded(), "{} {}", here.0, there.0);
    assert_eq!(here.0["Data"], there.0["Data"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_once_declared_is_waited_for_until_it_is_gone() {
    let (home, other) = two_regions();
    let old = wish(&json!({"PolicyOwnership": "Declared", "ManagedPolicyArns": [AUDIT, EC2]}));
    let new = wish(&json!({"PolicyOwnership": "Declared"}));
    for stack in [&home, &other] {
        assert!(stack.create(old.clone()).await.succeeded());
    }
    let alone = other.update("Auditor", old.clone(), new.clone()).await;
    assert!(alone.reason().contains(EC2), "{}", alone.reason());
    let (here, there) =
        tokio::join!(other.update("Auditor", old.clone(), new.clone()), home.update("Auditor", old, new));
    assert!(here.succeeded() && there.succeeded(), "{} {}", here.0, there.0);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_behind_the_home_region_says_how_to_go_on() {
    let (home, other) = kept_at_home().await;
    let new = wish(&json!({"MaxSessionDuration": 7200}));
    for stack in [&home, &other] {
        assert!(stack.update("Auditor", as_agreed(), new.clone()).await.succeeded());
    }
    // Something else in the stack failed, here and not in the home Region.
    check_refused_at_last(&other, other.update("Auditor", new, as_agreed()), expect!["HomeRegion is us-east-1, and the role Auditor that the stack arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555 keeps there is not what this stack says. What differs: MaxSessionDuration. Give both stacks the same properties, that of us-east-1 first; where somebody else changed the role, change Revision there. If this is a rollback, nothing here has to go back: continue it without this resource (aws cloudformation continue-update-rollback --resources-to-skip Access)."]).await;
}

#[tokio::test(start_paused = true)]
async fn sessions_that_are_told_of_live_in_every_region() {
    let (home, other) = kept_at_home().await;
    let new = wish(&json!({"ExternalId": "another-external-id"}));
    let (there, (here, took)) = tokio::join!(
        home.update("Auditor", as_agreed(), new.clone()),
        timed(other.update("Auditor", as_agreed(), new.clone()))
    );
    assert!(there.succeeded() && here.succeeded());
    assert!(took >= Duration::from_secs(5), "told after {took:?}, before the cut-off was over");
}

#[tokio::test(start_paused = true)]
async fn an_update_that_fails_keeps_its_id_and_can_be_taken_back() {
    let (_, other) = kept_at_home().await;
    let new = wish(&json!({"MaxSessionDuration": 7200}));
    let failed = other.update("Auditor", as_agreed(), new.clone()).await;
    assert!(failed.reason().contains("What differs: MaxSessionDuration."), "{}", failed.reason());
    assert_eq!(failed.physical_id(), "Auditor");
    assert!(other.update("Auditor", new, as_agreed()).await.succeeded());
}

#[tokio::test(start_paused = true)]
async fn a_new_name_replaces_the_role_in_every_region_and_is_cleaned_up_by_one() {
    let (home, other) = kept_at_home().await;
    let new = wish(&json!({"RoleName": "Examiner"}));
    for stack in [&home, &other] {
        assert_eq!(stack.update("Auditor", as_agreed(), new.clone()).await.physical_id(), "Examiner");
    }
    assert_eq!(home.account.roles(), ["Auditor", "Examiner"]);
    home.account.clear_calls();
    assert!(other.delete("Auditor", as_agreed()).await.succeeded());
    assert_eq!(home.account.writes(), Vec::<String>::new());
    assert!(home.delete("Auditor", as_agreed()).await.succeeded());
    assert_eq!(home.account.roles(), ["Examiner"]);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_never_comes_leaves_everything_as_it_was() {
    let (home, other) = kept_at_home().await;
    let new = wish(&json!({"RoleName": "Examiner"}));
    let failed = other.update("Auditor", as_agreed(), new.clone()).await;
    assert!(failed.reason().contains("has not made the role Examiner yet"), "{}", failed.reason());
    assert_eq!(failed.physical_id(), "Auditor");
    // The home Region has made it in the meantime: the rollback here must not take it for something abandoned.
    assert!(home.update("Auditor", as_agreed(), new.clone()).await.succeeded());
    home.account.clear_calls();
    assert!(other.update("Auditor", new, as_agreed()).await.succeeded());
    assert_eq!((home.account.roles().len(), home.account.writes()), (2, Vec::new()));
}

// --- Delete ---

#[tokio::test(start_paused = true)]
async fn a_delete_in_another_region_does_nothing_whatever_there_is() {
    let (_, other) = kept_at_home().await;
    let marked = |tag: &'static str, value: Option<&'static str>| {
        move |role: &mut Role| match value {
            Some(value) => drop(role.tags.insert(tag.to_owned(), value.to_owned())),
            None => drop(role.tags.remove(tag)),
        }
    };
    for physical_id in ["Auditor", MADE_UP] {
        for change in [
            marked(LOGICAL_ID_TAG, Some("Access")),
            marked(LOGICAL_ID_TAG, Some("Another")),
            marked(LOGICAL_ID_TAG, None),
            marked(STACK_TAG, None),
        ] {
            other.account.edit(|aws| change(&mut aws.roles[0]));
            let role = other.account.role("Auditor");
            let (deleted, took) = timed(other.delete(physical_id, as_agreed())).await;
            assert!(deleted.succeeded(), "{}", deleted.reason());
            assert!(took < Duration::from_secs(1), "nothing is waited for: {took:?}");
            check_untouched(&other, role.as_ref());
        }
    }
    let gone = Stack::new().in_region("eu-west-1");
    for physical_id in ["Auditor", MADE_UP] {
        let (deleted, took) = timed(gone.delete(physical_id, as_agreed())).await;
        assert!(deleted.succeeded() && took < Duration::from_secs(1), "{took:?}: {}", deleted.0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_home_stack_may_be_deleted_first() {
    let (home, other) = kept_at_home().await;
    assert!(other.create(as_agreed()).await.succeeded());
    assert!(home.delete("Auditor", as_agreed()).await.succeeded());
    assert_eq!(home.account.roles(), Vec::<String>::new());
    let update = other.update("Auditor", as_agreed(), wish(&json!({"Revision": "2"}))).await;
    assert!(update.reason().contains("Deploy the home Region first"), "{}", update.reason());
    assert_eq!(home.account.roles(), Vec::<String>::new());
    // Made again, by a new stack of the home Region, it is told of again.
    let again = Stack { id: home.id.replace("11111111-", "99999999-"), ..home.clone() };
    assert!(again.create(as_agreed()).await.succeeded());
    assert!(other.update("Auditor", wish(&json!({"Revision": "2"})), as_agreed()).await.succeeded());
    assert!(other.delete("Auditor", as_agreed()).await.succeeded());
    assert_eq!(home.account.roles(), ["Auditor"]);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_bears_this_very_stacks_mark_is_deleted_all_the_same() {
    let home = Stack::new();
    assert!(home.create(wish(&json!({"HomeRegion": null}))).await.succeeded());
    // Properties that were refused, but that CloudFormation may send all the same when the stack is given up.
    assert!(home.delete("Auditor", wish(&json!({"HomeRegion": "eu-west-1"}))).await.succeeded());
    assert_eq!(home.account.roles(), Vec::<String>::new(), "no open door is left behind");
}

// --- Whose it is ---

#[tokio::test(start_paused = true)]
async fn without_a_home_region_the_second_region_hears_who_has_the_name() {
    let (home, other) = two_regions();
    let own = wish(&json!({"HomeRegion": null}));
    home.create(own.clone()).await;
    check_refused_at_once(&other, other.update("refused-", own.clone(), own.clone()), expect!["The role name Auditor is taken: arn:aws:iam::111111111111:role/delegated/Auditor belongs to the resource Access of the stack arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555 in us-east-1. It was not changed. IAM is global: if all Regions are to share the role, give every stack HomeRegion: us-east-1, the same RoleName and the same name for the resource. Else choose another RoleName, or hand the role over by tagging it service-provider-access:stack-id = arn:aws:cloudformation:eu-west-1:111111111111:stack/customer/22222222-2222-3333-4444-555555555555 and service-provider-access:logical-id = Access."]).await;
    let create = other.create(own.clone()).await;
    assert!(create.reason().contains("give every stack HomeRegion: us-east-1"), "{}", create.reason());
    assert!(create.physical_id().starts_with("refused-"));
    // The advice helps.
    assert!(other.create(as_agreed()).await.succeeded());
}

#[tokio::test(start_paused = true)]
async fn a_role_that_nobody_marked_is_never_taken_for_the_home_regions() {
    for missing in [vec![STACK_TAG, LOGICAL_ID_TAG], vec![STACK_TAG], vec![LOGICAL_ID_TAG]] {
        let (home, other) = kept_at_home().await;
        home.account.edit(|aws| missing.iter().for_each(|tag| drop(aws.roles[0].tags.remove(*tag))));
        let answer = other.create(as_agreed()).await;
        assert!(answer.reason().contains("was not made by this resource"), "{}", answer.reason());
        assert!(answer.physical_id().starts_with("refused-"));
    }
    let (_, other) = two_regions();
    other.account.put_role(Role::named("Auditor"));
    check_refused_at_last(&other, other.create(as_agreed()), expect!["HomeRegion cannot be us-east-1: arn:aws:iam::111111111111:role/Auditor was not made by this resource; it trusts ec2.amazonaws.com. Nothing was changed. Choose another RoleName for all Regions, or hand the role over by tagging it service-provider-access:stack-id = the ID of the stack in us-east-1 and service-provider-access:logical-id = Access."]).await;
}

#[tokio::test(start_paused = true)]
async fn a_role_of_another_teams_or_region_is_not_the_home_regions() {
    let own = "arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555";
    let to_hand_over = "Choose another RoleName for all Regions, or hand the role over";
    for (stack_id, logical_id, advice) in [
        (own.to_owned(), "Another", "the resource must have the same name in every template, and here it is Access."),
        (
            own.replace("us-east-1", "ap-south-1"),
            "Access",
            "Let HomeRegion be ap-south-1; or, to move the role, tag it",
        ),
        (own.replace(ACCOUNT, "333333333333"), "Access", to_hand_over),
        (own.replace("arn:aws:", "arn:aws-cn:"), "Access", to_hand_over),
        (own.replace(":stack/", ":changeSet/"), "Access", to_hand_over),
        ("us-east-1".to_owned(), "Access", to_hand_over),
    ] {
        let (home, other) = kept_at_home().await;
        home.account.edit(|aws| {
            aws.roles[0].tags.insert(STACK_TAG.into(), stack_id.clone());
            aws.roles[0].tags.insert(LOGICAL_ID_TAG.into(), logical_id.into());
        });
        let answer = other.create(as_agreed()).await;
        let told = format!("belongs to the resource {logical_id} of the stack {stack_id}");
        assert!(answer.reason().contains(&told) && answer.reason().contains(advice), "{}", answer.reason());
        assert_eq!(home.account.writes(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_becomes_the_home_regions_in_time_is_waited_for() {
    let (home, other) = two_regions();
    home.account.put_role(Role::named("Auditor"));
    let late = async {
        sleep(Duration::from_secs(20)).await;
        home.account.edit(|aws| aws.roles.clear());
        home.create(as_agreed()).await
    };
    let (told, made) = tokio::join!(other.create(as_agreed()), late);
    assert_eq!(told.attribute("RoleId"), made.attribute("RoleId"));
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_last_is_told_even_if_the_last_look_fails() {
    let (_, other) = two_regions();
    other.account.fail(Fault::denied().on("GetRole").since(5));
    let answer = other.create(as_agreed()).await;
    let (reason, expected) = (answer.reason(), "Deploy the home Region first");
    assert!(reason.contains(expected) && reason.contains("To look again failed: iam:GetRole"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_look_that_is_denied_is_told_with_its_permission() {
    let (_, other) = kept_at_home().await;
    other.account.fail(Fault::denied().on("GetRole").every());
    let answer = other.create(as_agreed()).await;
    assert!(answer.reason().contains("iam:GetRole"), "{}", answer.reason());
}

// --- Moving ---

#[tokio::test(start_paused = true)]
async fn another_home_region_is_refused_everywhere_and_can_be_taken_back() {
    let (home, other) = kept_at_home().await;
    let third = home.in_region("ap-south-1");
    for stack in [&other, &third] {
        assert!(stack.create(as_agreed()).await.succeeded());
    }
    let moved = wish(&json!({"HomeRegion": "eu-west-1"}));
    let alone = wish(&json!({"HomeRegion": null}));
    for (stack, new, told) in [
        (
            &home,
            &moved,
            expect![
                "HomeRegion cannot be eu-west-1: the role Auditor is kept by this very stack. Nothing was changed. To move the role there, tag it service-provider-access:stack-id = the ID of the stack in eu-west-1 first, and then give every stack the new HomeRegion; or give RoleName and HomeRegion new values together."
            ],
        ),
        (
            &other,
            &moved,
            expect![
                "The role name Auditor is taken: arn:aws:iam::111111111111:role/delegated/Auditor belongs to the resource Access of the stack arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555 in us-east-1. It was not changed. HomeRegion cannot be eu-west-1 while the role is kept in us-east-1. Let HomeRegion be us-east-1; or, to move the role, tag it service-provider-access:stack-id = arn:aws:cloudformation:eu-west-1:111111111111:stack/customer/22222222-2222-3333-4444-555555555555 and service-provider-access:logical-id = Access first, and then give every stack the new HomeRegion; or give RoleName and HomeRegion new values together."
            ],
        ),
        (
            &third,
            &moved,
            expect![
                "HomeRegion cannot be eu-west-1: arn:aws:iam::111111111111:role/delegated/Auditor belongs to the resource Access of the stack arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555 in us-east-1. Nothing was changed. Let HomeRegion be us-east-1; or, to move the role, tag it service-provider-access:stack-id = the ID of the stack in eu-west-1 first, and then give every stack the new HomeRegion; or give RoleName and HomeRegion new values together."
            ],
        ),
        (
            &other,
            &alone,
            expect![
                "The role name Auditor is taken: arn:aws:iam::111111111111:role/delegated/Auditor belongs to the resource Access of the stack arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555 in us-east-1. It was not changed. IAM is global: if all Regions are to share the role, give every stack HomeRegion: us-east-1, the same RoleName and the same name for the resource. Else choose another RoleName, or hand the role over by tagging it service-provider-access:stack-id = arn:aws:cloudformation:eu-west-1:111111111111:stack/customer/22222222-2222-3333-4444-555555555555 and service-provider-access:logical-id = Access."
            ],
        ),
    ] {
        check_refused_at_once(stack, stack.update("Auditor", as_agreed(), new.clone()), told).await;
        let back = stack.update("Auditor", new.clone(), as_agreed()).await;
        assert!(back.succeeded(), "the rollback never fails: {}", back.reason());
    }
}

#[tokio::test(start_paused = true)]
async fn the_way_that_is_told_moves_the_role() {
    let (home, other) = kept_at_home().await;
    let third = home.in_region("ap-south-1");
    for stack in [&other, &third] {
        assert!(stack.create(as_agreed()).await.succeeded());
    }
    home.account.edit(|aws| drop(aws.roles[0].tags.insert(STACK_TAG.into(), other.id.clone())));
    let moved = wish(&json!({"HomeRegion": "eu-west-1"}));
    for stack in [&other, &home, &third] {
        let answer = stack.update("Auditor", as_agreed(), moved.clone()).await;
        assert!(answer.succeeded(), "{}", answer.reason());
    }
    home.account.clear_calls();
    let role = home.account.role("Auditor");
    for stack in [&home, &third] {
        assert!(stack.delete("Auditor", moved.clone()).await.succeeded());
    }
    check_untouched(&home, role.as_ref());
    assert!(other.delete("Auditor", moved).await.succeeded());
    assert_eq!(home.account.roles(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_role_moves_with_a_new_name_too_and_keeps_its_generated_external_id() {
    let (home, other) = two_regions();
    let old = wish(&json!({"ExternalId": null}));
    let made = home.create(old.clone()).await;
    assert!(other.create(old.clone()).await.succeeded());
    let moved = wish(&json!({"HomeRegion": "eu-west-1", "RoleName": "Examiner", "ExternalId": null}));
    for stack in [&other, &home] {
        let answer = stack.update("Auditor", old.clone(), moved.clone()).await;
        assert_eq!(answer.attribute("ExternalId"), made.attribute("ExternalId"));
        assert_eq!((answer.physical_id(), answer.attribute("Warnings")), ("Examiner", ""));
    }
    for stack in [&other, &home] {
        assert!(stack.delete("Auditor", old.clone()).await.succeeded());
    }
    assert_eq!(home.account.roles(), ["Examiner"]);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_gone_is_not_made_by_another_region() {
    let (home, other) = kept_at_home().await;
    assert!(other.create(as_agreed()).await.succeeded());
    assert!(home.delete("Auditor", as_agreed()).await.succeeded());
    for (difference, told) in [
        (
            json!({"HomeRegion": "eu-west-1"}),
            expect![
                "HomeRegion was us-east-1, and the stack there no longer keeps the role Auditor. It was not made here, since going back to us-east-1 would be refused then. To move the role, give RoleName and HomeRegion new values together; or delete this resource and make it again."
            ],
        ),
        (
            json!({"HomeRegion": null}),
            expect![
                "HomeRegion was us-east-1, and the stack there no longer keeps the role Auditor. It was not made here, since going back to us-east-1 would be refused then. To move the role, give RoleName and HomeRegion new values together; or delete this resource and make it again."
            ],
        ),
    ] {
        check_refused_at_once(&other, other.update("Auditor", as_agreed(), wish(&difference)), told).await;
    }
    assert_eq!(home.account.roles(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_keeps_its_own_role_cannot_say_that_another_region_does() {
    let home = Stack::new();
    let own = wish(&json!({"HomeRegion": null}));
    assert!(home.create(own.clone()).await.succeeded());
    let elsewhere = wish(&json!({"HomeRegion": "eu-west-1"}));
    check_refused_at_once(&home, home.update("Auditor", own, elsewhere), expect!["HomeRegion cannot be eu-west-1: the role Auditor is kept by this very stack. Nothing was changed. To move the role there, tag it service-provider-access:stack-id = the ID of the stack in eu-west-1 first, and then give every stack the new HomeRegion; or give RoleName and HomeRegion new values together."]).await;
}
