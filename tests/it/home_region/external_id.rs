//! A stack outside the home Region must declare the external ID of the role: it does not get it from the role.

use expect_test::expect;
use serde_json::{Value, json};

use super::{check_refused_at_once, check_untouched, properties, two_regions};
use crate::fixtures::{EXTERNAL_ID_TAG, ID};
use crate::stack::Stack;

/// A role whose external ID the home Region's stack generated.
fn generated() -> Value {
    properties(&json!({"ExternalId": null}))
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_follows_must_give_the_external_id() {
    let (home, other) = two_regions();
    let made = home.create(generated()).await;
    let id = made.attribute("ExternalId").to_owned();
    check_refused_at_once(
        &other,
        other.create(generated()),
        expect![
            "ExternalId is missing. HomeRegion is us-east-1, so the stack there manages the role, and this stack must give the \
             same ExternalId: otherwise a user who guesses the RoleName of another team would read its external ID here. \
             [missing-property]"
        ],
    )
    .await;

    let wrong = other.create(properties(&json!({}))).await;
    assert!(wrong.reason().contains("What differs: ExternalId."), "{}", wrong.reason());
    assert!(!wrong.reason().contains(&id));

    let given = other.create(properties(&json!({"ExternalId": id}))).await;
    assert_eq!(given.0["Data"], made.0["Data"]);
}

#[tokio::test(start_paused = true)]
async fn an_update_that_leaves_the_external_id_out_is_refused_and_can_be_rolled_back() {
    let (home, other) = two_regions();
    let id = home.create(generated()).await.attribute("ExternalId").to_owned();
    let given = properties(&json!({"ExternalId": id}));
    assert!(other.create(given.clone()).await.succeeded());
    let failed = other.update("Auditor", given.clone(), generated()).await;
    assert!(failed.reason().starts_with("ExternalId is missing. HomeRegion is us-east-1"), "{}", failed.reason());
    assert_eq!(failed.physical_id(), "Auditor");
    assert!(other.update("Auditor", generated(), given).await.succeeded());
}

#[tokio::test(start_paused = true)]
async fn a_malformed_external_id_is_one_problem() {
    let (_, other) = two_regions();
    check_refused_at_once(
        &other,
        other.create(properties(&json!({"ExternalId": "?"}))),
        expect![
            "ExternalId is not well-formed (its value is not repeated here); it must be 2 to 1224 characters of \
             A-Za-z0-9_+=,.@:/- (character 1 of 1 is none of them). [invalid-value]"
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_an_external_id_a_role_can_be_followed() {
    let (home, other) = two_regions();
    let [home, other] = [home, other].map(|stack| stack.with("PERMIT_MISSING_EXTERNAL_ID", "true"));
    let open = properties(&json!({"ExternalId": null, "RequireExternalId": false, "RequireMfa": true}));
    let made = home.create(open.clone()).await;
    assert_eq!(other.create(open).await.0["Data"], made.0["Data"]);
}

#[tokio::test(start_paused = true)]
async fn the_home_region_itself_may_generate_the_external_id() {
    let home = Stack::new();
    let made = home.create(generated()).await;
    assert_eq!(made.attribute("ExternalId").len(), 40);
    assert!(home.update("Auditor", generated(), generated()).await.succeeded());
}

#[tokio::test(start_paused = true)]
async fn a_new_name_moves_the_role_and_keeps_its_generated_external_id() {
    let (home, other) = two_regions();
    let made = home.create(generated()).await;
    let id = made.attribute("ExternalId");
    let given = properties(&json!({"ExternalId": id}));
    assert!(other.create(given.clone()).await.succeeded());
    let there = json!({"HomeRegion": "eu-west-1", "RoleName": "Examiner"});
    let [moved, followed] = [json!({"ExternalId": null}), json!({"ExternalId": id})]
        .map(|external_id| crate::fixtures::merged(properties(&there), &external_id));
    for (stack, old, new) in [(&other, &given, moved), (&home, &generated(), followed)] {
        let answer = stack.update("Auditor", old.clone(), new).await;
        assert_eq!((answer.attribute("ExternalId"), answer.attribute("Warnings")), (id, ""));
        assert_eq!(answer.physical_id(), "Examiner");
    }
    for stack in [&other, &home] {
        assert!(stack.delete("Auditor", given.clone()).await.succeeded());
    }
    assert_eq!(home.account.roles(), ["Examiner"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_role_never_takes_an_external_id_that_its_stack_did_not_give() {
    let (home, other) = two_regions();
    let made = home.create(generated()).await;
    let kept = made.attribute("ExternalId");
    // An explicit ID is in force, and the generated one is kept for later.
    assert!(home.update("Auditor", generated(), properties(&json!({}))).await.succeeded());
    assert!(other.create(properties(&json!({}))).await.succeeded());
    let own = properties(&json!({"HomeRegion": null, "RoleName": "Examiner", "ExternalId": null}));
    let role = home.account.role("Auditor").unwrap();
    assert_eq!(role.tags[EXTERNAL_ID_TAG], kept);
    let renamed = other.update("Auditor", properties(&json!({})), own).await;
    assert!(![kept, ID].contains(&renamed.attribute("ExternalId")));
    assert_eq!(
        renamed.attribute("Warnings"),
        "The role had no external ID that could be kept, so a new one was generated: send it to the provider. [new-external-id]"
    );
    home.account.clear_calls();
    check_untouched(&home, Some(&role));
}
