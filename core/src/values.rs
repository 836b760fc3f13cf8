//! The properties of a resource and their scalars, as `CloudFormation` sends them.

use serde_json::{Map, Value};

/// The properties of a resource.
pub type Properties = Map<String, Value>;

/// A scalar as the string that `CloudFormation` would send.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The strings of a list, of a single value, or of a value with commas.
pub fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        // A comma within an item belongs to it: IAM allows it in names.
        Some(Value::Array(items)) => items.iter().filter_map(scalar).collect(),
        Some(one) => scalar(one).unwrap_or_default().split(',').map(|text| text.trim().to_owned()).collect(),
        None => Vec::new(),
    }
}

/// A name without what people write differently: `_`, `-` and letter case.
pub fn plain(name: &str) -> String {
    name.replace(['_', '-'], "").to_ascii_lowercase()
}
