//! The template as YAML, with its comments.

use std::fmt::Write;

use serde_json::Value;

use super::resource::Native;

pub(super) fn print(roles: &[Native]) -> String {
    let mut text = String::from(
        "# Native roles that admit the same callers with the same permissions. Printed by delegated-role native, for review and\n\
         # for tools, not for deployment. For all of them: nothing judges a native role before it is written, and the limits of the\n\
         # function's owner do not apply to it. The comments of each role say how else it differs.\n\
         AWSTemplateFormatVersion: \"2010-09-09\"\n",
    );
    let parameters: Vec<&String> = roles.iter().flat_map(|role| &role.parameters).collect();
    if !parameters.is_empty() {
        text.push_str("Parameters:\n");
        for parameter in parameters {
            let _ = writeln!(text, "  {parameter}:\n    Type: String\n    NoEcho: true\n    MinLength: 2");
        }
    }
    if roles.is_empty() {
        text.push_str("Resources: {}\n");
        return text;
    }
    text.push_str("Resources:\n");
    for role in roles {
        for comment in &role.comments {
            let _ = writeln!(text, "  # {}", comment.replace(char::is_control, " "));
        }
        let _ = writeln!(text, "  {}:\n    Type: AWS::IAM::Role\n    Properties:", role.logical_id);
        for (name, value) in &role.properties {
            member(name, value, 6, &mut text);
        }
    }
    text
}

fn member(name: &str, value: &Value, indent: usize, text: &mut String) {
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let name = if plain { name.to_owned() } else { Value::from(name).to_string() };
    let _ = write!(text, "{:indent$}{name}:", "");
    after_name(value, indent, text);
}

/// A value after the name of its member, on the same line where it is one line.
fn after_name(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() && call(value).is_none() => {
            text.push('\n');
            members.iter().for_each(|(name, value)| member(name, value, indent + 2, text));
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            for value in items {
                item(value, indent + 2, text);
            }
        }
        one => {
            let _ = writeln!(text, " {}", scalar(one));
        }
    }
}

fn item(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() && call(value).is_none() => {
            let start = text.len();
            members.iter().for_each(|(name, value)| member(name, value, indent + 2, text));
            // The first member stands behind the dash.
            text.replace_range(start + indent..=start + indent, "-");
        }
        Value::Array(items) if !items.is_empty() => {
            let _ = writeln!(text, "{:indent$}-", "");
            for value in items {
                item(value, indent + 2, text);
            }
        }
        one => {
            let _ = writeln!(text, "{:indent$}- {}", "", scalar(one));
        }
    }
}

/// A text in quotes is the same in JSON and in YAML.
fn scalar(value: &Value) -> String {
    call(value).unwrap_or_else(|| value.to_string())
}

/// The short form of a function.
fn call(value: &Value) -> Option<String> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (name, argument) = members.iter().next()?;
    match (name.as_str(), argument.as_str()?) {
        ("Ref", argument) => Some(format!("!Ref {argument}")),
        ("Fn::Sub", argument) => Some(format!("!Sub {}", Value::from(argument))),
        _ => None,
    }
}
