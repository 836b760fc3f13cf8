//! Properties that are refused before the first request to STS.

use super::*;

async fn refused(properties: Value, expected: Expect) {
    let stack = checking(|_| true);
    let answer = reason(&stack, properties.clone(), expected).await;
    assert_eq!(answered(&answer), None, "there is no answer");
    assert!(delete(&stack, answer.physical_id(), properties.clone()).await.succeeded());
    let updated = update(&stack, "access-check-x", usual(), properties).await;
    assert_eq!(updated.reason(), answer.reason());
    assert_eq!(stack.customer.requests(), [], "no request to STS");
}

#[tokio::test(start_paused = true)]
async fn a_role_of_the_functions_own_account_is_never_assumed() {
    let own = "arn:aws:iam::111111111111:role/Administrator";
    refused(question(&json!({ "RoleArn": own })), expect!["RoleArn is in this function's own account 111111111111; give the role of a customer. The function does not assume roles in its own account. [own-account]"]).await;
    refused(question(&json!({ "RoleArn": own, "CustomerAccountId": "111111111111" })), expect!["RoleArn is in this function's own account 111111111111; give the role of a customer. The function does not assume roles in its own account. [own-account]"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_role_of_another_account_is_not_the_customers() {
    refused(question(&json!({ "CustomerAccountId": "888888888888" })), expect!["RoleArn is in account 999999999999, but CustomerAccountId is another account; ask the customer for the right ARN. [other-account]"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_role_of_another_partition_cannot_be_checked() {
    refused(question(&json!({ "RoleArn": "arn:aws-cn:iam::999999999999:role/Access" })), expect!["RoleArn is in the partition aws-cn, where roles cannot be assumed from aws; install the function in an account of that partition. [other-partition]"]).await;
    refused(question(&json!({ "RoleArn": "arn:aws-us-gov:iam::111111111111:role/Access" })), expect!["There are 2 problems. (1) RoleArn is in this function's own account 111111111111; give the role of a customer. The function does not assume roles in its own account. [own-account] (2) RoleArn is in the partition aws-us-gov, where roles cannot be assumed from aws; install the function in an account of that partition. [other-partition]"]).await;
}

#[tokio::test(start_paused = true)]
async fn missing_properties_are_reported() {
    refused(json!({}), expect!["There are 2 problems. (1) RoleArn is missing; give the ARN of the customer's role. [missing-property] (2) ExternalId is missing; give the external ID of this customer. [missing-property]"]).await;
    refused(
        json!({ "RoleArn": Customer::ROLE }),
        expect!["ExternalId is missing; give the external ID of this customer. [missing-property]"],
    )
    .await;
    refused(
        json!({ "ExternalId": RIGHT }),
        expect!["RoleArn is missing; give the ARN of the customer's role. [missing-property]"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_role_arn_that_is_none_is_reported() {
    for arn in [
        "arn:aws:iam::999999999999:user/ProviderAccess",
        "arn:aws:iam::999999999999:root",
        "arn:aws:iam::999999999999:role/",
        "arn:aws:iam::999999999999:role//x",
        "arn:aws:iam::99999999999:role/x",
        "arn:aws:iam:us-east-1:999999999999:role/x",
        "arn:aws:iam::999999999999:role/*",
        "arn:aws:iam::999999999999:role/x ",
        "arn:xyz:iam::999999999999:role/x",
        "arn:aws:sts::999999999999:role/x",
    ] {
        let answer = create(&checking(|_| true), question(&json!({ "RoleArn": arn }))).await;
        let form = "it must be the ARN of a role, such as arn:aws:iam::111122223333:role/NAME. [invalid-value]";
        assert_eq!(answer.reason(), format!("RoleArn is {}; {form}", json!(arn)));
    }
    // Text that is no ARN can be, or contain, the external ID.
    let hidden = "RoleArn is not well-formed (its value is not repeated here); it must be the ARN of a role, such as arn:aws:iam::111122223333:role/NAME. [invalid-value]";
    for swapped in ["ProviderAccess", RIGHT] {
        let answer = create(&checking(|_| true), question(&json!({ "RoleArn": swapped }))).await;
        assert_eq!(answer.reason(), hidden);
    }
    let answer = create(&checking(|_| true), question(&json!({ "CustomerAccountId": RIGHT }))).await;
    assert_eq!(
        answer.reason(),
        "CustomerAccountId is not well-formed (its value is not repeated here); it must be an AWS account ID of 12 digits, in quotes \
         where it starts with 0. [invalid-value]"
    );
    // It may be longer than what a reason quotes of a value.
    let long = format!("{RIGHT}-{}", "9f".repeat(200));
    for wrong in [format!("arn:aws:iam::999999999999:role/{long}"), long.clone()] {
        let properties = question(&json!({ "RoleArn": wrong, "ExternalId": long, "OnInconclusive": wrong }));
        let answer = create(&checking(|_| true), properties).await;
        assert!(!answer.reason().contains(RIGHT), "{}", answer.reason());
        // Replaced before the value is shortened: nothing of it is left to be cut.
        let replaced = "RoleArn is \"arn:aws:iam::999999999999:role/(the external ID)\"; it must be";
        assert_eq!(answer.reason().contains(replaced), wrong != long, "{}", answer.reason());
    }
    let session = "arn:aws:sts::999999999999:assumed-role/ProviderAccess/me";
    refused(question(&json!({ "RoleArn": session })), expect![[r#"RoleArn is "arn:aws:sts::999999999999:assumed-role/ProviderAccess/me"; it must be the ARN of a role, such as arn:aws:iam::111122223333:role/NAME; this is the ARN of a session. [invalid-value]"#]]).await;
}

#[tokio::test(start_paused = true)]
async fn all_problems_are_reported_together() {
    refused(
        json!({
            "RoleArn": "", "CustomerAccountId": "12345", "ExternalId": "x", "RequireMfa": "perhaps",
            "OnInconclusive": "Ignore", "Revision": ["2"], "external_id": RIGHT, "RoleARN": Customer::ROLE,
        }),
        expect![[r#"There are 8 problems. (1) RoleArn is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value] (2) CustomerAccountId is not well-formed (its value is not repeated here); it must be an AWS account ID of 12 digits, in quotes where it starts with 0. [invalid-value] (3) ExternalId is not well-formed (its value is not repeated here); it must be 2 to 1224 characters of A-Za-z0-9_+=,.@:/- (it has 1). [invalid-value] (4) RequireMfa is "perhaps"; it must be true or false. [invalid-value] (5) OnInconclusive is "Ignore"; it must be Fail or Succeed. [invalid-value] (6) Revision is a list; give a string. [invalid-value] (7) "RoleARN" is not a property of this resource: use RoleArn. [unknown-property] (8) "external_id" is not a property of this resource: use ExternalId. [unknown-property]"#]],
    )
    .await;
    refused(
        json!({
            "RoleArn": "arn:aws-cn:iam::111111111111:role/x", "CustomerAccountId": "999999999999",
            "ExternalId": [RIGHT], "RequireMfa": "", "OnInconclusive": "",
        }),
        expect!["There are 5 problems. (1) ExternalId is a list; give one value, not a list or an object. [invalid-value] (2) RequireMfa is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value] (3) OnInconclusive is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value] (4) RoleArn is in this function's own account 111111111111; give the role of a customer. The function does not assume roles in its own account. [own-account] (5) RoleArn is in the partition aws-cn, where roles cannot be assumed from aws; install the function in an account of that partition. [other-partition]"],
    )
    .await;
    refused(question(&json!({ "ExternalId": format!("{RIGHT}!") })), expect!["ExternalId is not well-formed (its value is not repeated here); it must be 2 to 1224 characters of A-Za-z0-9_+=,.@:/- (character 20 of 20 is none of them). [invalid-value]"]).await;
    refused(question(&json!({ "ExternalId": "x".repeat(1225) })), expect!["ExternalId is not well-formed (its value is not repeated here); it must be 2 to 1224 characters of A-Za-z0-9_+=,.@:/- (it has 1225). [invalid-value]"]).await;
    refused(
        question(&json!({ "ExternalId": { RIGHT: RIGHT } })),
        expect!["ExternalId is an object; give one value, not a list or an object. [invalid-value]"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_function_serves_what_it_is_installed_for() {
    let served = "Custom::ExternalId,Custom::AccessCheck";
    let stack = checking(exactly).with("RESOURCE_TYPES", served);
    assert_eq!(verdict(&create(&stack, usual()).await), "safe");

    let role = Stack::new().with("RESOURCE_TYPES", served);
    let answer = role.create(json!({ "ExternalAwsAccountId": "222222222222" })).await;
    expect![
        "This function is not installed for Custom::DelegatedRole. Use the ServiceToken of a function that is. [wrong-function]"
    ]
    .assert_eq(answer.reason());
    assert!(role.delete(answer.physical_id(), json!({})).await.succeeded(), "the stack can be rolled back");
    assert_eq!(role.account.calls(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_delete_without_an_id_is_answered_all_the_same() {
    let stack = checking(no_id);
    let answer = stack.send(stack.event("Delete", &json!({ "ResourceProperties": usual() }))).await;
    assert!(answer.succeeded(), "{}", answer.0);
    assert!(stack.customer.requests().is_empty());
}
