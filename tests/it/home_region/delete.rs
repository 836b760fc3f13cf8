//! A delete in the home Region, and in another Region.

use std::time::Duration;

use serde_json::json;

use super::{check_untouched, created_at_home, properties, timed, unchanged};
use crate::fixtures::{LOGICAL_ID_TAG, STACK_TAG};
use crate::stack::Stack;
use crate::wire::iam::Role;

/// A physical ID that CloudFormation made, because no answer to the create came.
const GENERATED_ID: &str = "customer-Access-1ABCDEFGHIJKL";

#[tokio::test(start_paused = true)]
async fn a_delete_in_another_region_never_changes_the_role() {
    let (_, other) = created_at_home().await;
    let marked = |tag: &'static str, value: Option<&'static str>| {
        move |role: &mut Role| match value {
            Some(value) => drop(role.tags.insert(tag.to_owned(), value.to_owned())),
            None => drop(role.tags.remove(tag)),
        }
    };
    for physical_id in ["Auditor", GENERATED_ID] {
        for change in [
            marked(LOGICAL_ID_TAG, Some("Access")),
            marked(LOGICAL_ID_TAG, Some("Another")),
            marked(LOGICAL_ID_TAG, None),
            marked(STACK_TAG, None),
        ] {
            other.account.edit(|aws| change(&mut aws.roles[0]));
            let role = other.account.role("Auditor");
            let (deleted, took) = timed(other.delete(physical_id, unchanged())).await;
            assert!(deleted.succeeded(), "{}", deleted.reason());
            assert!(took < Duration::from_secs(1), "a delete does not wait: {took:?}");
            check_untouched(&other, role.as_ref());
        }
    }
    let gone = Stack::new().in_region("eu-west-1");
    for physical_id in ["Auditor", GENERATED_ID] {
        let (deleted, took) = timed(gone.delete(physical_id, unchanged())).await;
        assert!(deleted.succeeded() && took < Duration::from_secs(1), "{took:?}: {}", deleted.0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_home_stack_can_be_deleted_first() {
    let (home, other) = created_at_home().await;
    assert!(other.create(unchanged()).await.succeeded());
    assert!(home.delete("Auditor", unchanged()).await.succeeded());
    assert_eq!(home.account.roles(), Vec::<String>::new());
    let update = other.update("Auditor", unchanged(), properties(&json!({"Revision": "2"}))).await;
    assert!(update.reason().contains("Deploy the home Region first"), "{}", update.reason());
    assert_eq!(home.account.roles(), Vec::<String>::new());
    // If a new stack of the home Region makes the role again, the other Region returns it again.
    let again = Stack { id: home.id.replace("11111111-", "99999999-"), ..home.clone() };
    assert!(again.create(unchanged()).await.succeeded());
    assert!(other.update("Auditor", properties(&json!({"Revision": "2"})), unchanged()).await.succeeded());
    assert!(other.delete("Auditor", unchanged()).await.succeeded());
    assert_eq!(home.account.roles(), ["Auditor"]);
}

#[tokio::test(start_paused = true)]
async fn a_role_with_the_tags_of_this_stack_is_deleted_whatever_home_region_says() {
    let home = Stack::new();
    assert!(home.create(properties(&json!({"HomeRegion": null}))).await.succeeded());
    // These properties were refused, but CloudFormation may send them when the stack is deleted.
    assert!(home.delete("Auditor", properties(&json!({"HomeRegion": "eu-west-1"}))).await.succeeded());
    assert_eq!(home.account.roles(), Vec::<String>::new(), "no role is left");
}
