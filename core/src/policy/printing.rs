//! How a document is printed: in one form as JSON, and without its contents in logs.

use std::fmt;

use serde_json::{Map, Value};

use super::document::Document;

impl Document {
    /// Compact JSON. Known keys come first, in the order in which people write policies; unknown keys follow, sorted.
    /// Lists keep their order.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        print_object(self.members(), &mut json);
        json
    }

    /// The length that IAM's quotas count: characters of [`Document::to_json`] without white space.
    pub fn size(&self) -> usize {
        let json = self.to_json();
        json.chars().filter(|c| !c.is_ascii_whitespace()).count()
    }
}

/// Logs and panics never show the contents: a trust policy contains external IDs.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} characters)", self.size())
    }
}

/// The known keys of all levels in one list: a key that occurs on two levels has the same place on both.
const KEY_ORDER: [&str; 12] = [
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

fn print(value: &Value, json: &mut String) {
    match value {
        Value::Object(members) => print_object(members, json),
        Value::Array(list) => {
            json.push('[');
            for (index, element) in list.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                print(element, json);
            }
            json.push(']');
        }
        // serde_json prints a scalar in one form only.
        scalar => json.push_str(&scalar.to_string()),
    }
}

fn print_object(members: &Map<String, Value>, json: &mut String) {
    let mut entries: Vec<_> = members.iter().collect();
    entries.sort_by_key(|(key, _)| {
        let place = KEY_ORDER.iter().position(|known| known == key);
        (place.unwrap_or(KEY_ORDER.len()), key.as_str())
    });
    json.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str(&Value::from(key.as_str()).to_string());
        json.push(':');
        print(value, json);
    }
    json.push('}');
}
