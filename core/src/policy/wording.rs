//! How messages name and quote parts of a policy.

use serde_json::Value;

/// The JSON type of a value, with its article.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What `NotAction` or `NotResource` leaves. One without a value excludes nothing.
pub(super) fn everything_but(excluded: &[&str]) -> String {
    let excluded: Vec<_> = excluded.iter().filter(|text| !text.is_empty()).map(|text| shown(text)).collect();
    if excluded.is_empty() { "everything".to_owned() } else { format!("everything but {}", excluded.join(", ")) }
}

/// Text from a policy, on one line and shortened to 100 characters.
pub(super) fn shown(text: &str) -> String {
    shown_within(100, text)
}

/// A resource from a policy, on one line. Longer than other texts, so that a long path does not hide the name after it.
pub(super) fn shown_resource(text: &str) -> String {
    shown_within(300, text)
}

fn shown_within(longest: usize, text: &str) -> String {
    let mut shown = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == longest {
            shown.push('…');
            break;
        }
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}
