//! An answer has exactly the attributes that the table of its resource type has: `Fn::GetAtt` of a missing one fails the
//! stack, and cfn-lint reports one that the table does not have. The documentation has them all.

use std::fs;

use delegated_role_core::resource_types::{ACCESS_CHECK, DELEGATED_ROLE, EXTERNAL_ID, Form, ResourceType};
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

/// In the part about the resource type: a row of a table for each property, with its default, and a mention of each attribute.
#[test]
fn each_property_and_attribute_is_documented() {
    for (resource_type, page, heading) in [
        (&DELEGATED_ROLE, "docs/properties.md", "## Properties"),
        (&EXTERNAL_ID, "docs/provider.md", "## `Custom::ExternalId`"),
        (&ACCESS_CHECK, "docs/provider.md", "## `Custom::AccessCheck`"),
    ] {
        let text = fs::read_to_string(format!("{}/{page}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let (_, part) = text.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{page} has no {heading}"));
        let part = if resource_type.name == EXTERNAL_ID.name { part.split("\n## ").next().unwrap() } else { part };
        let rows: Vec<Vec<&str>> =
            part.lines().filter(|line| line.starts_with("| ")).map(|line| line.split(" | ").collect()).collect();
        for property in resource_type.properties().filter(|property| !property.name.starts_with("Service")) {
            let name = format!("`{}`", property.name);
            let row =
                rows.iter().find(|row| row[0].contains(&name)).unwrap_or_else(|| panic!("{page}: {name} has no row"));
            let default = match &property.form {
                _ if property.required => "required".to_owned(),
                Form::Flag { default } => format!("`{default}`"),
                Form::Number { default: Some(default), .. } => format!("`{default}`"),
                Form::Choice(values) => format!("`{}`", values[0]),
                _ => continue,
            };
            assert_eq!(row[2], default, "{page}: the default of {name}");
        }
        for (attribute, _) in resource_type.attributes {
            assert!(part.contains(&format!("`{attribute}`")), "{page}: the attribute {attribute} is not there");
        }
    }
}
