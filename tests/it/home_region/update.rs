//! An update in several Regions, together or one after the other, and its rollback.

use std::time::Duration;

use expect_test::expect;
use serde_json::json;

use super::{check_refused_at_the_deadline, created_at_home, properties, timed, two_regions, unchanged};
use crate::fixtures::{AUDIT, EC2};

#[tokio::test(start_paused = true)]
async fn an_update_of_all_regions_at_the_same_time_ends_in_the_same_role() {
    let (home, other) = created_at_home().await;
    home.account.edit(|aws| aws.latency = Duration::from_millis(200));
    let new = properties(&json!({"ExternalId": "another-external-id", "ManagedPolicyArns": [EC2]}));
    let (here, there) = tokio::join!(
        other.update("Auditor", unchanged(), new.clone()),
        home.update("Auditor", unchanged(), new.clone())
    );
    assert!(here.succeeded() && there.succeeded(), "{} {}", here.0, there.0);
    assert_eq!(here.0["Data"], there.0["Data"]);
}

#[tokio::test(start_paused = true)]
async fn another_region_waits_until_what_was_declared_before_is_removed() {
    let (home, other) = two_regions();
    let old = properties(&json!({"PolicyOwnership": "Declared", "ManagedPolicyArns": [AUDIT, EC2]}));
    let new = properties(&json!({"PolicyOwnership": "Declared"}));
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
async fn a_rollback_without_the_home_region_says_how_to_continue() {
    let (home, other) = created_at_home().await;
    let new = properties(&json!({"MaxSessionDuration": 7200}));
    for stack in [&home, &other] {
        assert!(stack.update("Auditor", unchanged(), new.clone()).await.succeeded());
    }
    // Another resource failed in this stack, but not in the stack of the home Region.
    check_refused_at_the_deadline(&other, other.update("Auditor", new, unchanged()), expect!["HomeRegion is us-east-1, and the role Auditor, which the stack arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555 manages there, is not what this stack declares. What differs: MaxSessionDuration. Give both stacks the same properties, the one in us-east-1 first. If the role was changed by hand, change Revision there. If this is a rollback, nothing here has to be rolled back: continue it without this resource (aws cloudformation continue-update-rollback --resources-to-skip Access). [home-region]"]).await;
}

#[tokio::test(start_paused = true)]
async fn no_region_answers_before_new_sessions_work() {
    let (home, other) = created_at_home().await;
    let new = properties(&json!({"ExternalId": "another-external-id"}));
    let (there, (here, took)) = tokio::join!(
        home.update("Auditor", unchanged(), new.clone()),
        timed(other.update("Auditor", unchanged(), new.clone()))
    );
    assert!(there.succeeded() && here.succeeded());
    assert!(took >= Duration::from_secs(5), "the answer came after {took:?}, before the cut-off passed");
}

#[tokio::test(start_paused = true)]
async fn an_update_that_fails_keeps_its_id_and_can_be_rolled_back() {
    let (_, other) = created_at_home().await;
    let new = properties(&json!({"MaxSessionDuration": 7200}));
    let failed = other.update("Auditor", unchanged(), new.clone()).await;
    assert!(failed.reason().contains("What differs: MaxSessionDuration."), "{}", failed.reason());
    assert_eq!(failed.physical_id(), "Auditor");
    assert!(other.update("Auditor", new, unchanged()).await.succeeded());
}

#[tokio::test(start_paused = true)]
async fn a_new_name_replaces_the_role_in_all_regions_and_only_the_home_region_deletes_the_old_one() {
    let (home, other) = created_at_home().await;
    let new = properties(&json!({"RoleName": "Examiner"}));
    for stack in [&home, &other] {
        assert_eq!(stack.update("Auditor", unchanged(), new.clone()).await.physical_id(), "Examiner");
    }
    assert_eq!(home.account.roles(), ["Auditor", "Examiner"]);
    home.account.clear_calls();
    assert!(other.delete("Auditor", unchanged()).await.succeeded());
    assert_eq!(home.account.writes(), Vec::<String>::new());
    assert!(home.delete("Auditor", unchanged()).await.succeeded());
    assert_eq!(home.account.roles(), ["Examiner"]);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_the_home_region_does_not_make_changes_nothing() {
    let (home, other) = created_at_home().await;
    let new = properties(&json!({"RoleName": "Examiner"}));
    let failed = other.update("Auditor", unchanged(), new.clone()).await;
    assert!(failed.reason().contains("has not made the role Examiner yet"), "{}", failed.reason());
    assert_eq!(failed.physical_id(), "Auditor");
    // The home Region makes it in the meantime. The rollback here must not delete it as a leftover.
    assert!(home.update("Auditor", unchanged(), new.clone()).await.succeeded());
    home.account.clear_calls();
    assert!(other.update("Auditor", new, unchanged()).await.succeeded());
    assert_eq!((home.account.roles().len(), home.account.writes()), (2, Vec::new()));
}
