//! A plan for programs.

use serde_json::json;

use super::change::Change;

pub(super) fn print(changes: &[Change]) -> String {
    let resources: Vec<_> = changes.iter().map(resource).collect();
    format!("{:#}\n", json!({ "Resources": resources }))
}

fn resource(change: &Change) -> serde_json::Value {
    json!({
        "LogicalId": change.logical_id,
        "Action": change.action.name(),
        "Gains": change.gains,
        "Loses": change.loses,
        "EndsSessions": !change.ended.is_empty(),
        "Operations": change.operations.steps().concat(),
    })
}
