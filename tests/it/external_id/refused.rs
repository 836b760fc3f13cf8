//! Properties that are refused, with all problems in one answer.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{HANDLE, checked, create, rotation, stack, update};

#[tokio::test]
async fn problems_are_reported_together() {
    let stack = stack();
    let check = async |properties: Value, expected: Expect| {
        let refused = create(&stack, properties.clone()).await;
        expected.assert_eq(refused.reason());
        let deleted = checked(&stack, stack.delete(refused.physical_id(), properties.clone()).await);
        assert!(deleted.succeeded());
        // An update has the same reason, and keeps its ID.
        let kept = update(&stack, HANDLE, json!({}), properties).await;
        assert_eq!((kept.reason(), kept.physical_id()), (refused.reason(), HANDLE));
    };
    check(
        json!({ "Prefix": "" }),
        expect!["Prefix is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"],
    )
    .await;
    check(
        json!({ "Prefix": "Größe" }),
        expect![[r#"Prefix is "Größe"; it must be 1 to 32 characters of A-Za-z0-9-. [invalid-value]"#]],
    )
    .await;
    check(
        json!({ "Prefix": "acme_corp" }),
        expect![[r#"Prefix is "acme_corp"; it must be 1 to 32 characters of A-Za-z0-9-. [invalid-value]"#]],
    )
    .await;
    check(
        json!({ "Prefix": "z".repeat(33) }),
        expect![[r#"Prefix is "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"; it must be 1 to 32 characters of A-Za-z0-9-. [invalid-value]"#]],
    )
    .await;
    check(
        json!({ "Prefix": ["acme"] }),
        expect!["Prefix is a list; give one value, not a list or an object. [invalid-value]"],
    )
    .await;
    check(rotation(&"é".repeat(257)), expect!["Rotation has 257 characters; give at most 256. [invalid-value]"]).await;
    check(json!({ "Rotation": ["1"] }), expect!["Rotation is a list; give a string. [invalid-value]"]).await;
    check(
        json!({ "PreviousRotation": { "a": "1" } }),
        expect!["PreviousRotation is an object; give a string. [invalid-value]"],
    )
    .await;
    check(json!({ "rotation": "1", "ExternalId": "mine" }), expect![[r#"There are 2 problems. (1) "ExternalId" is not a property of this resource: remove it. [unknown-property] (2) "rotation" is not a property of this resource: use Rotation. [unknown-property]"#]]).await;
    check(
        json!({ "Prefix": "", "Rotation": "x".repeat(257), "PreviousRotation": "x".repeat(300), "RoleName": "x" }),
        expect![[r#"There are 4 problems. (1) Prefix is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value] (2) Rotation has 257 characters; give at most 256. [invalid-value] (3) PreviousRotation has 300 characters; give at most 256. [invalid-value] (4) "RoleName" is not a property of this resource: remove it. [unknown-property]"#]],
    )
    .await;
}

#[tokio::test]
async fn several_problems_of_an_update_are_reported_together() {
    let stack = stack();
    let refused = update(&stack, HANDLE, json!({}), json!({ "Prefix": "acme", "Rotation": [] })).await;
    expect!["There are 2 problems. (1) Rotation is a list; give a string. [invalid-value] (2) Prefix cannot be changed: it is part of the external ID that the customer's role requires. Put it back, or create a new resource (another logical ID) for another external ID. [cannot-change]"].assert_eq(refused.reason());
}
