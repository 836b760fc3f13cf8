//! The external ID of a role: given or generated, and kept.

use serde_json::json;

use crate::fixtures::{AUDIT, EXTERNAL_ID_TAG, ID, OTHER_ID, PROVIDER, merged, trust};
use crate::stack::Stack;
use crate::wire::iam::Fault;

#[tokio::test(start_paused = true)]
async fn a_generated_id_is_long_stored_in_a_tag_and_the_only_one_in_the_trust() {
    let stack = Stack::new();
    let answer = stack.create(json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT})).await;
    let id = answer.attribute("ExternalId");
    assert_eq!(id.len(), 40);
    let role = stack.account.role(answer.physical_id()).unwrap();
    assert!(role.trust == trust(id));
    assert_eq!(role.tags[EXTERNAL_ID_TAG], id);
    let other = Stack::new().create(json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT})).await;
    assert_ne!(other.attribute("ExternalId"), id, "another customer has another ID");
}

#[tokio::test(start_paused = true)]
async fn without_a_given_id_the_generated_one_is_used_again() {
    let stack = Stack::new();
    let generated = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT});
    let explicit = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "ExternalId": [ID, OTHER_ID]});
    let first = stack.create(generated.clone()).await;
    let name = first.physical_id().to_owned();
    assert_eq!(stack.update(&name, generated.clone(), explicit.clone()).await.attribute("ExternalId"), ID);
    let back = stack.update(&name, explicit.clone(), generated.clone()).await;
    assert_eq!(back.attribute("ExternalId"), first.attribute("ExternalId"));

    // The tag decides, not a trust policy that others changed.
    stack.account.edit(|aws| aws.role_mut(&name).trust = trust("chosen-by-an-attacker").into());
    let reverted = stack.update(&name, explicit.clone(), generated.clone()).await;
    assert_eq!(reverted.attribute("ExternalId"), first.attribute("ExternalId"));

    // Without the tag, and with a trust policy that has several IDs, a new ID is generated, with a warning.
    stack.update(&name, generated.clone(), explicit.clone()).await;
    stack.account.edit(|aws| drop(aws.role_mut(&name).tags.remove(EXTERNAL_ID_TAG)));
    let renewed = stack.update(&name, explicit, generated).await;
    assert_ne!(renewed.attribute("ExternalId"), first.attribute("ExternalId"));
    assert!(renewed.attribute("Warnings").contains("a new one was generated"), "{}", renewed.attribute("Warnings"));
}

#[tokio::test(start_paused = true)]
async fn a_given_id_that_is_left_out_stays_in_effect() {
    let stack = Stack::new();
    let explicit = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "ExternalId": ID});
    let first = stack.create(explicit.clone()).await;
    let omitted = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT});
    let second = stack.update(first.physical_id(), explicit, omitted).await;
    assert_eq!(second.attribute("ExternalId"), ID);
    assert_eq!(stack.account.role(first.physical_id()).unwrap().tags[EXTERNAL_ID_TAG], ID);
}

#[tokio::test(start_paused = true)]
async fn an_external_id_that_aws_quotes_is_not_in_the_reason() {
    let stack = Stack::new();
    let quoting = format!("Syntax error in {{\"sts:ExternalId\":\"{ID}\"}}");
    stack.account.fail(Fault::refused(400, "MalformedPolicyDocument", &quoting).on("CreateRole").every());
    let answer = stack.create(json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID})).await;
    assert!(answer.reason().contains("(the external ID)") && !answer.reason().contains(ID), "{}", answer.reason());
}

/// The request does not contain it. Only the role shows which text of AWS's message must be hidden.
#[tokio::test(start_paused = true)]
async fn a_generated_external_id_that_aws_quotes_is_not_in_the_reason() {
    let stack = Stack::new();
    let properties = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT});
    let created = stack.create(properties.clone()).await;
    let id = created.attribute("ExternalId");
    let quoting = format!("Syntax error in {{\"sts:ExternalId\":\"{id}\"}}");
    stack.account.fail(Fault::refused(400, "MalformedPolicyDocument", &quoting).on("UpdateAssumeRolePolicy").every());
    let narrower = merged(properties.clone(), &json!({"RequireMfa": true}));
    let answer = stack.update(created.physical_id(), properties, narrower).await;
    assert!(answer.reason().contains("(the external ID)") && !answer.reason().contains(id), "{}", answer.reason());
}
