//! A field of the report: one row of a table says its name, its meaning, its form and its value. The report and its JSON
//! schema are both written from the rows.

use serde_json::{Map, Value, json};

/// One field of an object of type `T`.
pub(super) struct Field<T> {
    /// Its name.
    pub(super) name: &'static str,
    /// What it means.
    pub(super) summary: &'static str,
    /// The JSON schema of its value.
    pub(super) form: fn() -> Value,
    /// Its value.
    pub(super) value: fn(&T) -> Value,
}

/// An object with these fields.
pub(super) fn object<T>(fields: &[Field<T>], of: &T) -> Value {
    fields.iter().map(|field| (field.name.to_owned(), (field.value)(of))).collect::<Map<_, _>>().into()
}

/// The JSON schema of such an object. It may have further fields: a later version adds some.
pub(super) fn schema<T>(fields: &[Field<T>]) -> Value {
    let described = |field: &Field<T>| {
        let mut schema = (field.form)();
        schema["description"] = field.summary.into();
        (field.name.to_owned(), schema)
    };
    json!({
        "type": "object",
        "properties": fields.iter().map(described).collect::<Map<_, _>>(),
        "required": fields.iter().map(|field| field.name).collect::<Vec<_>>(),
    })
}

pub(super) fn text() -> Value {
    json!({"type": "string"})
}

pub(super) fn optional_text() -> Value {
    json!({"type": ["string", "null"]})
}

pub(super) fn flag() -> Value {
    json!({"type": "boolean"})
}

pub(super) fn number() -> Value {
    json!({"type": "integer", "minimum": 0})
}

pub(super) fn texts() -> Value {
    json!({"type": "array", "items": text()})
}

/// A moment in UTC.
pub(super) fn moment() -> Value {
    json!({"type": "string", "format": "date-time", "pattern": MOMENT})
}

pub(super) fn optional_moment() -> Value {
    json!({"type": ["string", "null"], "format": "date-time", "pattern": MOMENT})
}

const MOMENT: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]+)?Z$";
