//! Findings for programs.

use serde_json::json;

use crate::report::{Checked, Report, message, severity};

pub(super) fn print(report: &Report) -> String {
    let resources: Vec<_> = report.resources.iter().map(resource).collect();
    format!("{:#}\n", json!({ "Resources": resources }))
}

fn resource(checked: &Checked) -> serde_json::Value {
    let findings = checked.findings.iter().map(|located| {
        json!({
            "Code": located.finding.code.name(),
            "Severity": severity(&located.finding),
            "Property": located.finding.property,
            "Message": message(&located.finding),
            "Line": located.place.line,
        })
    });
    json!({
        "Template": checked.template,
        "LogicalId": checked.resource.logical_id,
        "Type": checked.resource.kind,
        "Line": checked.resource.place.line,
        "Findings": findings.collect::<Vec<_>>(),
        "Unknown": checked.unknown.iter().map(|unknown| unknown.property.as_str()).collect::<Vec<_>>(),
    })
}
