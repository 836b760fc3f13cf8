//! The process dies during a request: the next delivery of the event completes it.

use serde_json::{Value, json};

use crate::fixtures::{AUDIT, EC2, ID, OTHER_ID, PROVIDER, REVOCATION, REVOKE_TAG, STATE_TAG, read_bucket};
use crate::function::Function;
use crate::wire::iam::Role;

#[tokio::test]
async fn the_next_delivery_completes_a_create_that_died_at_any_write() {
    let properties = json!({
        "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "ManagedPolicyArns": [AUDIT, EC2], "CustomPolicy": read_bucket(),
        "Tags": [{ "Key": "team", "Value": "platform" }],
    });
    let mut reference = Function::new().await;
    let name = reference.create(&properties).await.physical_id().to_owned();
    let role = reference.account.role(&name).map(without_generated_fields);
    let writes = reference.account.writes().len();
    assert!(writes >= 4, "enough writes to die between");

    for write in 1..=writes {
        let mut function = Function::new().await;
        let event = function.event("Create", json!({ "ResourceProperties": properties }));
        function.kill_during(&event, write).await;
        let answer = function.answer_to(&event).await;
        assert_eq!(answer.attribute("RoleName"), name, "died during write {write}");
        assert_eq!(function.account.role(&name).map(without_generated_fields), role, "died during write {write}");
    }
}

#[tokio::test]
async fn the_next_delivery_completes_a_delete_that_died_at_any_write() {
    let properties = json!({
        "ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT, EC2], "CustomPolicy": read_bucket(),
    });
    for write in 1.. {
        let mut function = Function::new().await;
        let name = function.create(&properties).await.physical_id().to_owned();
        function.account.clear_calls();
        let event = function.event("Delete", json!({ "PhysicalResourceId": name, "ResourceProperties": properties }));
        function.kill_during(&event, write).await;
        let last = function.account.writes().iter().any(|call| call.starts_with("DeleteRole "));
        let deleted = function.answer_to(&event).await;
        assert!(deleted.succeeded(), "died during write {write}: {}", deleted.reason());
        assert_eq!(function.account.roles(), [""; 0], "died during write {write}");
        if last {
            assert!(write >= 4, "enough writes to die between");
            return;
        }
    }
}

#[tokio::test]
async fn the_next_update_ends_the_sessions_of_a_narrowing_that_died_at_any_write() {
    let properties = |id: &str| json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ExternalId": id, "ManagedPolicyArns": AUDIT });
    let (before, after) = (properties(ID), properties(OTHER_ID));
    // Even an update with RevokeSessions: Never, and the rollback to the old trust.
    let mut never = after.clone();
    never["RevokeSessions"] = json!("Never");
    let case = async |write: usize, next: &Value| {
        let mut function = Function::new().await;
        assert!(function.create(&before).await.succeeded());
        function.account.clear_calls();
        let fields =
            json!({ "PhysicalResourceId": "Auditor", "ResourceProperties": after, "OldResourceProperties": before });
        let event = function.event("Update", fields);
        function.kill_during(&event, write).await;
        let narrowed = function.account.role("Auditor").unwrap().trust.text().contains(OTHER_ID);
        let answer = function.update("Auditor", &after, next).await;
        assert_eq!(answer.attribute("Warnings"), "", "died during write {write}");
        let role = function.account.role("Auditor").unwrap();
        assert!(!role.tags.contains_key(REVOKE_TAG), "died during write {write}");
        assert!(role.inline_policies.contains_key(REVOCATION), "died during write {write}");
        (write, narrowed)
    };
    // The writes are the tag, the trust, the deny, and the tag again. All cases wait at the same time.
    let cases = (1..=4).flat_map(|write| [&after, &before, &never].map(|next| case(write, next)));
    let narrowed = futures_util::future::join_all(cases).await;
    assert!(narrowed.into_iter().all(|(write, narrowed)| narrowed == (write >= 2)));
}

/// A role without what IAM generates.
fn without_generated_fields(mut role: Role) -> Role {
    role.attached_policies.sort();
    if let Some(state) = role.tags.get_mut(STATE_TAG) {
        // Without the time at which the request was sent.
        *state = state.split(' ').filter(|field| !field.starts_with("as-of=")).collect::<Vec<_>>().join(" ");
    }
    Role { id: String::new(), created: 0, ..role }
}
