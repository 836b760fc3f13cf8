//! A create in another Region: it waits for the home Region and returns the attributes of its role.

use std::time::Duration;

use expect_test::expect;
use serde_json::json;
use tokio::time::sleep;

use super::{check_untouched, created_at_home, properties, timed, two_regions, unchanged};
use crate::fixtures::{DENY_ALL, READ_ONLY};
use crate::stack::Stack;

#[tokio::test(start_paused = true)]
async fn a_create_in_another_region_returns_the_attributes_of_the_home_region() {
    let (home, other) = two_regions();
    let made = home.create(unchanged()).await;
    home.account.clear_calls();
    let role = home.account.role("Auditor");
    let (answer, took) = timed(other.create(unchanged())).await;
    assert_eq!((&answer.0["Data"], answer.physical_id()), (&made.0["Data"], "Auditor"));
    assert!(made.succeeded() && answer.succeeded());
    assert!(took < Duration::from_secs(1), "after {took:?}");
    check_untouched(&other, role.as_ref());
}

#[tokio::test(start_paused = true)]
async fn all_regions_return_the_warnings() {
    let (home, other) = two_regions();
    let broad = properties(&json!({"ManagedPolicyArns": [READ_ONLY]}));
    let made = home.create(broad.clone()).await;
    home.account.edit(|aws| aws.roles[0].attached_policies.push(DENY_ALL.into()));
    let [answer, again] = [other.create(broad.clone()).await, home.update("Auditor", broad.clone(), broad).await];
    assert!(answer.attribute("Warnings").starts_with(made.attribute("Warnings")));
    assert!(answer.attribute("Warnings").contains("AWSDenyAll is on the role but not declared. It only denies"));
    assert_eq!(answer.0["Data"], again.0["Data"]);
}

#[tokio::test(start_paused = true)]
async fn in_the_home_region_itself_the_role_is_like_any_other() {
    let home = Stack::new();
    let [with, without] = [json!({}), json!({"HomeRegion": null})].map(|difference| properties(&difference));
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
async fn both_regions_can_be_deployed_at_the_same_time() {
    let (home, other) = two_regions();
    home.account.edit(|aws| (aws.latency, aws.propagation_delay) = (Duration::from_millis(300), 2));
    let (answer, made) = tokio::join!(other.create(unchanged()), home.create(unchanged()));
    assert!(made.succeeded() && answer.succeeded(), "{} {}", made.0, answer.0);
    assert_eq!(answer.0["Data"], made.0["Data"]);
    let creates = home.account.writes().iter().filter(|write| write.starts_with("CreateRole")).count();
    assert_eq!((creates, home.account.roles().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn another_region_waits_for_the_home_region() {
    let (home, other) = two_regions();
    let late = async {
        sleep(Duration::from_secs(40)).await;
        home.create(unchanged()).await
    };
    let (answer, made) = tokio::join!(other.create(unchanged()), late);
    assert_eq!(answer.attribute("RoleArn"), made.attribute("RoleArn"));
}

#[tokio::test(start_paused = true)]
async fn without_the_home_region_the_reason_says_to_deploy_it_first() {
    let (home, other) = two_regions();
    let (answer, took) = timed(other.create(unchanged())).await;
    expect![
        "HomeRegion is us-east-1, and the stack there has not made the role Auditor yet. Deploy the home Region first, with the \
         same RoleName and a resource called Access, and then this stack again. [home-region]"
    ]
    .assert_eq(answer.reason());
    assert!(took > Duration::from_secs(45), "it waits until the deadline: {took:?}");
    assert!(answer.physical_id().starts_with("refused-"));
    let calls = other.account.calls();
    assert!(calls.len() < 40, "{} calls", calls.len());
    // The delete that follows does not change the role that the home Region may have made by then.
    home.create(unchanged()).await;
    let role = home.account.role("Auditor");
    home.account.clear_calls();
    assert!(other.delete(answer.physical_id(), unchanged()).await.succeeded());
    check_untouched(&other, role.as_ref());
}

#[tokio::test(start_paused = true)]
async fn a_region_can_be_added_after_the_access_expired() {
    let (home, other) = two_regions();
    let ends = |date| properties(&json!({"ExpiresAt": date}));
    assert!(home.create(ends("2026-12-01T00:00:00Z")).await.succeeded());
    let closed = home.update("Auditor", ends("2026-12-01T00:00:00Z"), ends("2020-01-01T00:00:00Z")).await;
    let answer = other.create(ends("2020-01-01T00:00:00Z")).await;
    assert!(answer.attribute("Warnings").contains("ExpiresAt"), "{}", answer.0);
    assert_eq!(answer.0["Data"], closed.0["Data"]);
}

#[tokio::test(start_paused = true)]
async fn another_path_or_letter_case_is_another_role() {
    for (difference, expected) in [
        (json!({"Path": "/delegated/team/"}), "What differs: Path."),
        (json!({"RoleName": "auditor"}), "What differs: RoleName (in IAM's spelling it is another)."),
    ] {
        let (_, other) = created_at_home().await;
        let answer = other.create(properties(&difference)).await;
        assert!(answer.reason().contains(expected), "{}", answer.reason());
    }
}
