//! Updates and deletes: the ID of a handle changes only with its rotation.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{HANDLE, checked, create, derived, rotation, stack, update};

#[tokio::test]
async fn a_rotation_that_is_rolled_back_restores_the_id() {
    let stack = stack();
    let created = create(&stack, rotation("1")).await;
    let handle = created.physical_id();
    let rotated = update(&stack, handle, rotation("1"), rotation("2")).await;
    assert_ne!(rotated.attribute("ExternalId"), created.attribute("ExternalId"));
    assert_eq!(update(&stack, handle, rotation("2"), rotation("1")).await, created);
}

#[tokio::test]
async fn a_rotation_without_a_gap_returns_the_previous_id() {
    let stack = stack();
    let created = create(&stack, json!({})).await;
    let handle = created.physical_id();
    for (previous, expected) in [
        (json!({}), String::new()),
        // The ID from before the first rotation.
        (json!({ "PreviousRotation": "" }), created.attribute("ExternalId").to_owned()),
        (json!({ "PreviousRotation": "1" }), derived(handle, "", "1")),
        (json!({ "PreviousRotation": "2" }), derived(handle, "", "2")),
    ] {
        let mut properties = rotation("2");
        properties.as_object_mut().unwrap().extend(previous.as_object().unwrap().clone());
        let answer = update(&stack, handle, json!({}), properties).await;
        assert_eq!(answer.attribute("ExternalId"), derived(handle, "", "2"));
        assert_eq!(answer.attribute("PreviousExternalId"), expected, "{previous}");
        assert_eq!(answer.attribute("Rotation"), "2");
    }
}

#[tokio::test]
async fn a_prefix_cannot_change() {
    let stack = stack();
    let check = async |before: Value, after: Value, expected: Expect| {
        let created = create(&stack, before.clone()).await;
        let refused = update(&stack, created.physical_id(), before.clone(), after.clone()).await;
        assert_eq!(refused.physical_id(), created.physical_id());
        expected.assert_eq(refused.reason());
        // The rollback of CloudFormation.
        assert_eq!(update(&stack, refused.physical_id(), after, before).await, created);
    };
    check(json!({ "Prefix": "acme" }), json!({ "Prefix": "Acme" }), expect!["Prefix cannot be changed: it is part of the external ID that the customer's role requires. Put it back, or create a new resource (another logical ID) for another external ID. [cannot-change]"]).await;
    check(json!({ "Prefix": "acme" }), json!({}), expect!["Prefix cannot be changed: it is part of the external ID that the customer's role requires. Put it back, or create a new resource (another logical ID) for another external ID. [cannot-change]"]).await;
    check(json!({}), json!({ "Prefix": "acme", "Rotation": "2" }), expect!["Prefix cannot be changed: it is part of the external ID that the customer's role requires. Put it back, or create a new resource (another logical ID) for another external ID. [cannot-change]"]).await;
}

#[tokio::test]
async fn an_id_that_is_no_handle_is_replaced_by_a_handle() {
    let stack = stack();
    for foreign in [
        "provider-Token-1A2B3C4D5E6F",
        "refused-0f0f0f0f",
        "external-id-",
        &HANDLE[..HANDLE.len() - 1],
        &format!("{HANDLE}0"),
        &format!("{HANDLE}-"),
        &format!("{HANDLE}-a_b"),
        &format!("{HANDLE}-{}", "a".repeat(33)),
        &HANDLE.replace('f', "F"),
        &format!(" {HANDLE}"),
        &format!("{HANDLE}\n"),
    ] {
        let first = update(&stack, foreign, json!({}), json!({ "Prefix": "acme" })).await;
        assert_ne!(first.physical_id(), foreign, "{foreign:?}");
        assert!(!first.physical_id().contains(&HANDLE["external-id-".len()..]), "{foreign:?}");
        let again = update(&stack, foreign, json!({}), json!({ "Prefix": "acme" })).await;
        assert_ne!(again.physical_id(), first.physical_id(), "{foreign:?}");
    }
}

#[tokio::test]
async fn a_delete_has_nothing_to_do() {
    let stack = stack();
    let handle = format!("{HANDLE}-acme");
    for physical_id in [HANDLE, &handle, "provider-Token-1A2B3C4D5E6F", "refused-0f0f", "ProviderAccess"] {
        for properties in [json!({}), json!({ "Prefix": "Größe", "Unknown": [1] })] {
            let deleted = checked(&stack, stack.delete(physical_id, properties).await);
            assert!(deleted.succeeded());
            assert_eq!(deleted.physical_id(), physical_id);
        }
    }
}
