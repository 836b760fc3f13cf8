//! The JSON schemas of the resource types: draft 7, for the properties of one resource.
//!
//! `CloudFormation` sends scalars as strings, so numbers and booleans may be given in both forms. Intrinsic functions
//! are not part of the schema: what reads templates resolves them or leaves them out. Beside the keywords of JSON
//! Schema:
//!
//! | keyword | what it says |
//! | --- | --- |
//! | `errorMessage` | what a value must be, after the property's name; editors show it |
//! | `code` | the code of the problem when properties contradict each other |
//! | `attributes`, `ref` | what `Fn::GetAtt` and `Ref` return |
//! | `otherNames` | names that users know from other tools, and what to do instead |

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::form::{Form, Property, Relation};
use super::resource_type::ResourceType;
use super::text::{POLICY_NAME, Text};
use crate::findings::Code;

/// What a string must be to be read as `true`, whatever its letter case; and as `false`.
const TRUE: &str = "^[Tt][Rr][Uu][Ee]$";
const FALSE: &str = "^[Ff][Aa][Ll][Ss][Ee]$";
const TRUE_OR_FALSE: &str = "^(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$";

impl ResourceType {
    /// The JSON schema of its properties.
    pub fn json_schema(&self) -> Value {
        let properties: Map<String, Value> =
            self.properties().map(|property| (property.name.to_owned(), of_property(property))).collect();
        let required: Vec<&str> =
            self.properties().filter(|property| property.required).map(|property| property.name).collect();
        let mut schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": self.name,
            "description": self.summary,
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
            "ref": self.reference,
            "attributes": self.attributes.iter().copied().collect::<std::collections::BTreeMap<_, _>>(),
        });
        if !self.relations.is_empty() {
            schema["allOf"] = self.relations.iter().map(of_relation).collect();
        }
        if !self.other_names.is_empty() {
            schema["otherNames"] =
                json!(self.other_names.iter().copied().collect::<std::collections::BTreeMap<_, _>>());
        }
        schema
    }
}

fn of_property(property: &Property) -> Value {
    let (mut schema, message) = of_form(&property.form);
    schema["description"] = property.summary.into();
    schema["errorMessage"] = format!("must be {message}").into();
    schema
}

/// The schema of a form, and its requirement in words.
fn of_form(form: &Form) -> (Value, String) {
    match form {
        Form::Flag { default } => {
            let schema = json!({"type": ["boolean", "string"], "pattern": TRUE_OR_FALSE, "default": default});
            (schema, "true or false".to_owned())
        }
        Form::Number { allowed, unit, default } => {
            let (least, most) = (*allowed.start(), *allowed.end());
            let mut schema = json!({
                "type": ["integer", "string"], "minimum": least, "maximum": most, "pattern": of_range(least, most),
            });
            if let Some(default) = default {
                schema["default"] = json!(default);
            }
            (schema, format!("a whole number from {least} to {most} ({unit})"))
        }
        Form::Choice(values) => (json!({"enum": values, "default": values.first()}), values.join(" or ")),
        Form::Text(text) => (of_text(text), text.must_be.to_owned()),
        Form::List { item, count, commas } => of_list(item, count, *commas),
        Form::FreeText { longest: None } => (json!({"type": ["string", "number", "boolean"]}), "a string".to_owned()),
        Form::FreeText { longest: Some(longest) } => {
            let schema = json!({"type": ["string", "number", "boolean"], "maxLength": longest});
            (schema, format!("a string of at most {longest} characters"))
        }
        Form::Policy => {
            // The function, not the schema, knows what IAM accepts in a document.
            (of_document(), "a policy document with Statement, as an object or a JSON string".to_owned())
        }
        Form::Policies => {
            let policy = json!({
                "type": "object",
                "properties": {"PolicyName": of_text(&POLICY_NAME), "PolicyDocument": of_document()},
                "required": ["PolicyName", "PolicyDocument"], "additionalProperties": false,
            });
            let schema = json!({"type": "array", "items": policy});
            (schema, "a list of objects with PolicyName and PolicyDocument".to_owned())
        }
        Form::Tags { most } => {
            let text = |least: usize, most: usize| json!({"type": ["string", "number", "boolean"], "minLength": least, "maxLength": most});
            let tag = json!({
                "type": "object", "properties": {"Key": text(1, 128), "Value": text(0, 256)},
                "required": ["Key", "Value"], "additionalProperties": false,
            });
            let schema = json!({"type": "array", "items": tag, "maxItems": most});
            (schema, format!("a list of at most {most} objects with Key and Value"))
        }
    }
}

fn of_document() -> Value {
    json!({"type": ["object", "string"], "required": ["Statement"], "pattern": r"^[\s\S]*\S[\s\S]*$"})
}

fn of_text(text: &Text) -> Value {
    let Text { pattern, length, integers, .. } = text;
    let mut schema = json!({
        "type": "string", "pattern": format!("^{pattern}$"), "minLength": length.start(), "maxLength": length.end(),
    });
    if let Some(integers) = integers {
        schema["type"] = json!(["string", "integer"]);
        schema["minimum"] = json!(integers.start());
        if *integers.end() < u64::MAX {
            schema["maximum"] = json!(integers.end());
        }
    }
    schema
}

/// One string alone is a list of one, so the schema of an item is that of the list, too.
fn of_list(item: &Text, count: &RangeInclusive<usize>, commas: bool) -> (Value, String) {
    let one = of_text(item);
    let mut schema = one.clone();
    if commas {
        // A comma within an ARN separates ARNs where one string contains several.
        let arn = item.pattern.replace("=,.@", "=.@");
        schema["pattern"] = format!(r"^(?:{arn}|\s*{arn}\s*(?:,\s*{arn}\s*)+)$").into();
        schema["maxLength"] = Value::Null;
    }
    let alone = schema["type"].take();
    schema["type"] = match alone {
        Value::Array(types) => types.into_iter().chain([json!("array")]).collect(),
        one => json!([one, "array"]),
    };
    schema["items"] = one;
    schema["minItems"] = json!(count.start());
    schema["maxItems"] = json!(count.end());
    schema["uniqueItems"] = json!(true);
    let (least, most) = (count.start(), count.end());
    let and = if commas { ", or several separated by commas" } else { "" };
    (without_null(schema), format!("{}{and}, or a list of {least} to {most} different ones", item.must_be))
}

fn without_null(schema: Value) -> Value {
    match schema {
        Value::Object(members) => members.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    }
}

fn of_relation(relation: &Relation) -> Value {
    let flag_is = |value: bool| {
        let pattern = if value { TRUE } else { FALSE };
        json!({"anyOf": [{"const": value}, {"type": "string", "pattern": pattern}]})
    };
    match *relation {
        Relation::Needs { property, other, message } => json!({
            "if": {"required": [property]},
            "then": {"required": [other]},
            "errorMessage": format!("{property} {message}"),
            "code": Code::MissingProperty.name(),
        }),
        Relation::NeedsTrue { property, flag, message } => json!({
            "if": {"required": [property]},
            "then": {"required": [flag], "properties": {flag: flag_is(true)}},
            "errorMessage": format!("{property} {message}"),
            "code": Code::ConflictingProperties.name(),
        }),
        Relation::FalseExcludes { flag, property, message } => json!({
            "if": {"required": [flag, property], "properties": {flag: flag_is(false)}},
            "then": false,
            "errorMessage": format!("{flag} {message}"),
            "code": Code::ConflictingProperties.name(),
        }),
    }
}

/// A pattern for the whole numbers of a range, as strings.
pub(super) fn of_range(least: u32, most: u32) -> String {
    let (mut next, most) = (u64::from(least), u64::from(most));
    let mut parts = Vec::new();
    while next <= most {
        // The largest block of numbers that share their first digits and begins here.
        let mut block = 1;
        while next % (block * 10) == 0 && next + block * 10 - 1 <= most {
            block *= 10;
        }
        let (first, digit) = (next / block / 10, next / block % 10);
        let blocks = ((most + 1 - next) / block).min(10 - digit);
        let final_digit = digit + blocks - 1;
        let start = if first == 0 { String::new() } else { first.to_string() };
        let digits = if digit == final_digit { digit.to_string() } else { format!("[{digit}-{final_digit}]") };
        let rest = match block.ilog10() {
            0 => String::new(),
            1 => "[0-9]".to_owned(),
            count => format!("[0-9]{{{count}}}"),
        };
        parts.push(format!("{start}{digits}{rest}"));
        next += blocks * block;
    }
    format!("^0*(?:{})$", parts.join("|"))
}
