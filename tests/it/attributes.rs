//! An answer has exactly the attributes that the table of its resource type has: `Fn::GetAtt` of a missing one fails the
//! stack, and cfn-lint reports one that the table does not have.

use delegated_role_core::resource_types::{ACCESS_CHECK, DELEGATED_ROLE, EXTERNAL_ID, ResourceType};
use serde_json::{Value, json};

use crate::fixtures::{ID, PROVIDER};
use crate::stack::Stack;
use crate::wire::sts::Customer;

async fn check(resource_type: &'static ResourceType, properties: Value) {
    let stack = Stack::of(resource_type.name);
    stack.customer.trusts(|external_id| external_id == Some(ID));
    let answer = stack.create(properties).await;
    let mut answered: Vec<_> = answer.0["Data"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut listed: Vec<_> = resource_type.attributes.iter().map(|(name, _)| *name).collect();
    answered.sort_unstable();
    listed.sort_unstable();
    assert_eq!(answered, listed, "{}", answer.0);
}

#[tokio::test(start_paused = true)]
async fn each_resource_type_has_the_attributes_of_its_table() {
    check(&DELEGATED_ROLE, json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID})).await;
    check(&EXTERNAL_ID, json!({})).await;
    check(&ACCESS_CHECK, json!({"RoleArn": Customer::ROLE, "ExternalId": ID})).await;
}
