//! Another home Region, or no home Region any more.

use expect_test::expect;
use serde_json::json;

use super::{check_refused_at_once, check_untouched, created_at_home, properties, unchanged};
use crate::fixtures::STACK_TAG;
use crate::stack::Stack;

#[tokio::test(start_paused = true)]
async fn another_home_region_is_refused_in_all_regions_and_can_be_rolled_back() {
    let (home, other) = created_at_home().await;
    let third = home.in_region("ap-south-1");
    for stack in [&other, &third] {
        assert!(stack.create(unchanged()).await.succeeded());
    }
    let moved = properties(&json!({"HomeRegion": "eu-west-1"}));
    let alone = properties(&json!({"HomeRegion": null}));
    for (stack, new, expected) in [
        (
            &home,
            &moved,
            expect![
                "HomeRegion cannot be eu-west-1: this stack itself manages the role Auditor. Nothing was changed. To move the role there, tag it service-provider-access:stack-id = the ID of the stack in eu-west-1 first and then set HomeRegion in every stack; or change RoleName and HomeRegion together. [home-region]"
            ],
        ),
        (
            &other,
            &moved,
            expect![
                "The role name Auditor is taken: arn:aws:iam::111111111111:role/delegated/Auditor belongs to the resource Access of the stack arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555 in us-east-1. It was not changed. HomeRegion cannot be eu-west-1 while a stack in us-east-1 manages the role. Set HomeRegion to us-east-1. To move the role, tag it service-provider-access:stack-id = arn:aws:cloudformation:eu-west-1:111111111111:stack/customer/22222222-2222-3333-4444-555555555555 and service-provider-access:logical-id = Access first and then set HomeRegion in every stack; or change RoleName and HomeRegion together. [name-taken]"
            ],
        ),
        (
            &third,
            &moved,
            expect![
                "HomeRegion cannot be eu-west-1: arn:aws:iam::111111111111:role/delegated/Auditor belongs to the resource Access of the stack arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555 in us-east-1. Nothing was changed. Set HomeRegion to us-east-1. To move the role, tag it service-provider-access:stack-id = the ID of the stack in eu-west-1 first and then set HomeRegion in every stack; or change RoleName and HomeRegion together. [home-region]"
            ],
        ),
        (
            &other,
            &alone,
            expect![
                "The role name Auditor is taken: arn:aws:iam::111111111111:role/delegated/Auditor belongs to the resource Access of the stack arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555 in us-east-1. It was not changed. IAM is global. To share the role among Regions, set HomeRegion to us-east-1 in every stack, with the same RoleName and the same logical ID. Otherwise choose another RoleName. [name-taken]"
            ],
        ),
    ] {
        check_refused_at_once(stack, stack.update("Auditor", unchanged(), new.clone()), expected).await;
        let back = stack.update("Auditor", new.clone(), unchanged()).await;
        assert!(back.succeeded(), "the rollback never fails: {}", back.reason());
    }
}

#[tokio::test(start_paused = true)]
async fn new_tags_as_the_reason_says_move_the_role() {
    let (home, other) = created_at_home().await;
    let third = home.in_region("ap-south-1");
    for stack in [&other, &third] {
        assert!(stack.create(unchanged()).await.succeeded());
    }
    home.account.edit(|aws| drop(aws.roles[0].tags.insert(STACK_TAG.into(), other.id.clone())));
    let moved = properties(&json!({"HomeRegion": "eu-west-1"}));
    for stack in [&other, &home, &third] {
        let answer = stack.update("Auditor", unchanged(), moved.clone()).await;
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
async fn another_region_does_not_make_a_role_that_is_deleted() {
    let (home, other) = created_at_home().await;
    assert!(other.create(unchanged()).await.succeeded());
    assert!(home.delete("Auditor", unchanged()).await.succeeded());
    for (difference, expected) in [
        (
            json!({"HomeRegion": "eu-west-1"}),
            expect![
                "HomeRegion was us-east-1, and the stack there no longer manages the role Auditor. The role was not created here, because a rollback to us-east-1 would then fail. To move the role, change RoleName and HomeRegion together; or delete this resource and create it again. [home-region]"
            ],
        ),
        (
            json!({"HomeRegion": null}),
            expect![
                "HomeRegion was us-east-1, and the stack there no longer manages the role Auditor. The role was not created here, because a rollback to us-east-1 would then fail. To move the role, change RoleName and HomeRegion together; or delete this resource and create it again. [home-region]"
            ],
        ),
    ] {
        check_refused_at_once(&other, other.update("Auditor", unchanged(), properties(&difference)), expected).await;
    }
    assert_eq!(home.account.roles(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_keeps_its_role_cannot_name_another_home_region() {
    let home = Stack::new();
    let own = properties(&json!({"HomeRegion": null}));
    assert!(home.create(own.clone()).await.succeeded());
    let elsewhere = properties(&json!({"HomeRegion": "eu-west-1"}));
    check_refused_at_once(&home, home.update("Auditor", own, elsewhere), expect!["HomeRegion cannot be eu-west-1: this stack itself manages the role Auditor. Nothing was changed. To move the role there, tag it service-provider-access:stack-id = the ID of the stack in eu-west-1 first and then set HomeRegion in every stack; or change RoleName and HomeRegion together. [home-region]"]).await;
}
