//! Roles of other stacks and of others are refused and never changed.

use serde_json::json;

use crate::fixtures::{AUDIT, EC2, PROVIDER, STACK_TAG};
use crate::stack::Stack;
use crate::wire::iam::Role;

#[tokio::test(start_paused = true)]
async fn a_name_that_is_in_use_is_refused_and_the_role_is_not_changed() {
    let stack = Stack::new();
    stack.account.put_role(Role::named("Admin").attach(AUDIT));
    let before = stack.account.role("Admin");
    for name in ["Admin", "ADMIN"] {
        let properties = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": name, "ManagedPolicyArns": EC2});
        let answer = stack.create(properties.clone()).await;
        assert!(
            answer.reason().starts_with(
                "The role name Admin is taken: arn:aws:iam::111111111111:role/Admin was not made by this resource"
            ),
            "{}",
            answer.reason()
        );
        assert!(stack.delete(answer.physical_id(), properties).await.succeeded());
        assert_eq!(stack.account.role("Admin"), before);
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_of_another_stack_is_refused_with_the_name_of_the_stack_and_not_changed() {
    let other = Stack::new();
    let properties = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Shared", "ManagedPolicyArns": AUDIT});
    other.create(properties.clone()).await;
    let before = other.account.role("Shared");
    let own = Stack { id: other.id.replace("customer", "another"), ..other.clone() };

    let answer = own.create(properties.clone()).await;
    assert!(
        answer.reason().contains(&format!("belongs to the resource Access of the stack {}", other.id)),
        "{}",
        answer.reason()
    );
    let hand_over = "tag the role service-provider-access:hand-over-to = another/Access";
    assert!(answer.reason().contains(hand_over), "{}", answer.reason());
    assert!(answer.physical_id().starts_with("refused-"));
    assert!(own.update("Shared", properties.clone(), properties.clone()).await.reason().contains("is taken"));
    assert!(own.delete("Shared", properties.clone()).await.succeeded());
    assert_eq!(other.account.role("Shared"), before);

    // With new tags, the role belongs to this stack.
    other.account.edit(|aws| {
        aws.role_mut("Shared").tags.insert(STACK_TAG.into(), own.id.clone());
    });
    assert!(own.update("Shared", properties.clone(), properties.clone()).await.succeeded());
    assert!(other.delete("Shared", properties).await.succeeded());
    assert!(own.account.role("Shared").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_role_without_its_tags_is_deleted_or_reported() {
    let stack = Stack::new();
    let derived = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT});
    let answer = stack.create(derived.clone()).await;
    let name = answer.physical_id();
    stack.account.edit(|aws| aws.role_mut(name).tags.clear());
    let again = stack
        .update(
            name,
            derived.clone(),
            json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "Revision": "2"}),
        )
        .await;
    assert_eq!(again.attribute("ExternalId"), answer.attribute("ExternalId"), "read from the trust policy");
    assert_eq!(stack.account.role(name).unwrap().tags.len(), 4, "written again");
    stack.account.edit(|aws| aws.role_mut(name).tags.clear());
    assert!(stack.delete(name, derived).await.succeeded());
    assert!(stack.account.role(name).is_none());

    let explicit = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Chosen", "ManagedPolicyArns": AUDIT});
    stack.create(explicit.clone()).await;
    stack.account.edit(|aws| aws.role_mut("Chosen").tags.clear());
    let refused = stack.delete("Chosen", explicit).await;
    for part in [
        "The role Chosen",
        "trusts arn:aws:iam::222222222222:root",
        "service-provider-access:stack-id = arn:aws",
        "service-provider-access:logical-id = Access",
    ] {
        assert!(refused.reason().contains(part), "{part} is missing in: {}", refused.reason());
    }
    assert!(stack.account.role("Chosen").is_some());
}
