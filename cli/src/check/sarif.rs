//! Findings as SARIF 2.1.0, for code scanning.

use std::collections::BTreeSet;
use std::fmt::Write;

use delegated_role_core::findings::Code;
use serde_json::{Value, json};

use crate::report::{Report, message, severity};

pub(super) fn print(report: &Report) -> String {
    let mut used: BTreeSet<Code> = BTreeSet::new();
    let mut results: Vec<Value> = Vec::new();
    for checked in &report.resources {
        for located in &checked.findings {
            used.insert(located.finding.code);
            results.push(json!({
                "ruleId": located.finding.code.name(),
                "level": severity(&located.finding),
                "message": { "text": message(&located.finding) },
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": { "uri": uri(&checked.template) },
                        "region": { "startLine": located.place.line, "startColumn": located.place.column },
                    },
                    "logicalLocations": [{ "name": checked.resource.logical_id, "kind": "resource" }],
                }],
            }));
        }
    }
    let rules: Vec<Value> = used.into_iter().map(rule).collect();
    let driver = json!({ "name": "delegated-role", "version": env!("CARGO_PKG_VERSION"), "rules": rules });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{ "tool": { "driver": driver }, "columnKind": "unicodeCodePoints", "results": results }],
    });
    format!("{log:#}\n")
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.name(),
        "shortDescription": { "text": code.cause() },
        "help": { "text": code.remedy() },
    })
}

/// A relative path as a URI reference.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => uri.push(char::from(byte)),
            b'\\' => uri.push('/'),
            other => {
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri
}
