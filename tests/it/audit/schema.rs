//! Every answer of these tests is as the JSON schema of the audit says, and the schema says every field of them.

use delegated_role_core::audit::report::Report;
use regex_lite::Regex;
use serde_json::{Value, json};

use super::{by_hand, report, stack};

/// Fails with the place and the value that the schema does not allow.
pub(super) fn check(answer: &Value) {
    if let Err(why) = valid(&Report::json_schema(), answer, "") {
        panic!("{why}: {answer:#}");
    }
}

/// JSON Schema, as far as the schema uses it. An object may have no field that the schema does not name: a field without
/// a row in the table of the report would be one.
fn valid(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    for (keyword, argument) in schema.as_object().unwrap() {
        let holds = match keyword.as_str() {
            "type" => match argument {
                Value::Array(types) => types.iter().any(|name| is_of_type(name, value)),
                name => is_of_type(name, value),
            },
            "enum" => argument.as_array().unwrap().contains(value),
            "const" => argument == value,
            "minimum" => value.as_f64() >= argument.as_f64(),
            "pattern" => {
                value.as_str().is_none_or(|text| Regex::new(argument.as_str().unwrap()).unwrap().is_match(text))
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    valid(argument, item, &format!("{place}[{index}]"))?;
                }
                true
            }
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    let place = format!("{place}.{name}");
                    valid(argument.get(name).ok_or(format!("{place} is not in the schema"))?, member, &place)?;
                }
                true
            }
            "required" => argument.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "description" | "title" | "$schema" | "format" => true,
            other => panic!("{other} is not a keyword of the schema"),
        };
        if !holds {
            return Err(format!("{place} does not have {keyword} {argument}, it is {value}"));
        }
    }
    Ok(())
}

fn is_of_type(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        "null" => value.is_null(),
        other => panic!("{other} is not a type"),
    }
}

#[tokio::test(start_paused = true)]
async fn every_field_is_described_and_required() {
    fn described(schema: &Value, place: &str) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{place}.{name}");
            described(property, &format!("{place}.{name}"));
            described(&property["items"], &format!("{place}.{name}"));
        }
    }
    described(&Report::json_schema(), "");
    // A report in which every list has an item.
    let stack = stack().await;
    by_hand(&stack, |role| drop(role.tags.remove("service-provider-access:state")));
    stack.cloudformation.edit(|report| report.denied = true);
    let whole = report(&stack).await;
    for path in ["/Version", "/Gaps", "/Roles/0/Reach/Level", "/Roles/0/Findings/0/Severity", "/Roles/0/LastUsedAt"] {
        let mut without = whole.clone();
        let (parent, name) = path.rsplit_once('/').unwrap();
        without.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        assert!(valid(&Report::json_schema(), &without, "").is_err(), "{path} may be missing");
        let mut wrong = whole.clone();
        *wrong.pointer_mut(path).unwrap() = json!({"wrong": true});
        assert!(valid(&Report::json_schema(), &wrong, "").is_err(), "{path} may be anything");
    }
}
