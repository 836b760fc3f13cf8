//! Whether the role with that name is the role of the home Region's stack.

use std::time::Duration;

use expect_test::expect;
use serde_json::json;
use tokio::time::sleep;

use super::{
    check_refused_at_once, check_refused_at_the_deadline, created_at_home, properties, two_regions, unchanged,
};
use crate::fixtures::{ACCOUNT, LOGICAL_ID_TAG, OTHER_PROVIDER, STACK_TAG};
use crate::wire::iam::{Fault, Role};

#[tokio::test(start_paused = true)]
async fn without_a_home_region_the_second_region_is_refused_with_the_owner_of_the_name() {
    let (home, other) = two_regions();
    let own = properties(&json!({"HomeRegion": null}));
    home.create(own.clone()).await;
    check_refused_at_once(&other, other.update("refused-", own.clone(), own.clone()), expect!["The role name Auditor is taken: arn:aws:iam::111111111111:role/delegated/Auditor belongs to the resource Access of the stack arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555 in us-east-1. It was not changed. IAM is global. To share the role among Regions, set HomeRegion to us-east-1 in every stack, with the same RoleName and the same logical ID. Otherwise choose another RoleName. [name-taken]"]).await;
    let create = other.create(own.clone()).await;
    assert!(create.reason().contains("set HomeRegion to us-east-1 in every stack"), "{}", create.reason());
    assert!(create.physical_id().starts_with("refused-"));
    // With what the reason says, it works.
    assert!(other.create(unchanged()).await.succeeded());
}

#[tokio::test(start_paused = true)]
async fn a_role_without_tags_does_not_belong_to_the_home_region() {
    for missing in [vec![STACK_TAG, LOGICAL_ID_TAG], vec![STACK_TAG], vec![LOGICAL_ID_TAG]] {
        let (home, other) = created_at_home().await;
        home.account.edit(|aws| missing.iter().for_each(|tag| drop(aws.roles[0].tags.remove(*tag))));
        let answer = other.create(unchanged()).await;
        assert!(answer.reason().contains("was not made by this resource"), "{}", answer.reason());
        assert!(answer.physical_id().starts_with("refused-"));
    }
    let (_, other) = two_regions();
    other.account.put_role(Role::named("Auditor"));
    check_refused_at_the_deadline(&other, other.create(unchanged()), expect!["HomeRegion cannot be us-east-1: arn:aws:iam::111111111111:role/Auditor was not made by this resource; it trusts ec2.amazonaws.com. Nothing was changed. Choose another RoleName for all Regions, or hand the role over by tagging it service-provider-access:stack-id = the ID of the stack in us-east-1 and service-provider-access:logical-id = Access. [home-region]"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_role_of_another_stack_does_not_belong_to_the_home_region() {
    let own = "arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555";
    let to_hand_over = "Choose another RoleName for all Regions, or hand the role over";
    for (stack_id, logical_id, advice) in [
        (own.to_owned(), "Another", "the resource needs the same logical ID in every template; here it is Access."),
        (own.replace("us-east-1", "ap-south-1"), "Access", "Set HomeRegion to ap-south-1. To move the role, tag it"),
        (own.replace(ACCOUNT, OTHER_PROVIDER), "Access", to_hand_over),
        (own.replace("arn:aws:", "arn:aws-cn:"), "Access", to_hand_over),
        (own.replace(":stack/", ":changeSet/"), "Access", to_hand_over),
        ("us-east-1".to_owned(), "Access", to_hand_over),
    ] {
        let (home, other) = created_at_home().await;
        home.account.edit(|aws| {
            aws.roles[0].tags.insert(STACK_TAG.into(), stack_id.clone());
            aws.roles[0].tags.insert(LOGICAL_ID_TAG.into(), logical_id.into());
        });
        let answer = other.create(unchanged()).await;
        let owner = format!("belongs to the resource {logical_id} of the stack {stack_id}");
        assert!(answer.reason().contains(&owner) && answer.reason().contains(advice), "{}", answer.reason());
        assert_eq!(home.account.writes(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn another_region_waits_until_the_name_belongs_to_the_home_region() {
    let (home, other) = two_regions();
    home.account.put_role(Role::named("Auditor"));
    let late = async {
        sleep(Duration::from_secs(20)).await;
        home.account.edit(|aws| aws.roles.clear());
        home.create(unchanged()).await
    };
    let (answer, made) = tokio::join!(other.create(unchanged()), late);
    assert_eq!(answer.attribute("RoleId"), made.attribute("RoleId"));
}

#[tokio::test(start_paused = true)]
async fn the_reason_describes_the_last_observation_even_if_a_later_read_fails() {
    let (_, other) = two_regions();
    other.account.fail(Fault::denied().on("GetRole").since(5));
    let answer = other.create(unchanged()).await;
    let (reason, expected) = (answer.reason(), "Deploy the home Region first");
    assert!(reason.contains(expected) && reason.contains("Looking again failed: iam:GetRole"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_denied_is_reported_with_its_permission() {
    let (_, other) = created_at_home().await;
    other.account.fail(Fault::denied().on("GetRole").every());
    let answer = other.create(unchanged()).await;
    assert!(answer.reason().contains("iam:GetRole"), "{}", answer.reason());
}
