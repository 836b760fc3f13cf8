//! The report of an audit, as JSON. Programs depend on its fields.

mod contents;
mod field;
mod fields;

use serde_json::{Value, json};

pub use self::contents::{Entry, Report, VERSION};
use self::fields::REPORT;
use crate::timestamp::Timestamp;

impl Report {
    /// As JSON. The roles are in the order of their names.
    pub fn to_json(&self) -> Value {
        field::object(REPORT, self)
    }

    /// The JSON of an audit that read nothing, with its verdict and the reason.
    pub fn of_nothing(now: Timestamp, verdict: &str, reason: &str) -> Value {
        let gaps = vec![reason.to_owned()];
        let mut report = Self { audited_at: now, place: None, entries: Vec::new(), gaps }.to_json();
        report["Verdict"] = verdict.into();
        report["Reason"] = reason.into();
        report
    }

    /// The JSON schema of both.
    pub fn json_schema() -> Value {
        let mut schema = field::schema(REPORT);
        schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
        schema["title"] = "Audit".into();
        schema["description"] = "The answer to an audit of every role of the function.".into();
        schema["properties"]["Verdict"] = json!({
            "type": "string", "enum": ["Refused", "Inconclusive"], "description": "Only if nothing was audited."
        });
        schema["properties"]["Reason"] = json!({"type": "string", "description": "Only if nothing was audited: why."});
        schema
    }
}
