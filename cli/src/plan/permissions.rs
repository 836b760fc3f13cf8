//! Which permissions are gained and lost, in words.

use std::collections::BTreeSet;

use delegated_role_core::policy::Document;
use delegated_role_core::role::guardrail_policy::GUARDRAIL_POLICY;
use delegated_role_core::role::observed::{Effect, LiveRole};
use delegated_role_core::role::session_revocation::REVOCATION_POLICY;
use serde_json::Value;

/// The most actions times resources of a statement that are told one by one.
const ONE_BY_ONE: usize = 100;

/// Says which permissions are gained and lost from one role to the other.
pub(super) fn compare(
    old: Option<&LiveRole>,
    new: Option<&LiveRole>,
    gains: &mut Vec<String>,
    loses: &mut Vec<String>,
) {
    let [before, after] = [old, new].map(|role| role.map(Granted::of).unwrap_or_default());
    gains.extend(after.allowed.difference(&before.allowed).cloned());
    gains.extend(before.denied.difference(&after.denied).map(|lifted| format!("{lifted}, which was denied")));
    loses.extend(before.allowed.difference(&after.allowed).cloned());
    loses.extend(after.denied.difference(&before.denied).map(|denied| format!("{denied}, which is denied")));
    let boundary = |role: Option<&LiveRole>| role.and_then(|role| role.permissions_boundary.clone());
    let (Some(_), Some(_)) = (old, new) else { return };
    let (was, is) = (boundary(old), boundary(new));
    if was != is {
        gains.extend(was.map(|arn| format!("what the permissions boundary {arn} does not allow")));
        loses.extend(is.map(|arn| format!("what the permissions boundary {arn} does not allow")));
    }
}

/// What a role's policies allow and deny, apart from the function's own policies.
#[derive(Default)]
struct Granted {
    allowed: BTreeSet<String>,
    denied: BTreeSet<String>,
}

impl Granted {
    fn of(role: &LiveRole) -> Self {
        let mut granted = Self::default();
        for (arn, effect) in &role.attached {
            let into = if *effect == Effect::OnlyDenies { &mut granted.denied } else { &mut granted.allowed };
            into.insert(arn.clone());
        }
        for (name, document) in &role.inline {
            match document {
                _ if [GUARDRAIL_POLICY, REVOCATION_POLICY].contains(&name.as_str()) => {}
                Some(document) => granted.add(document),
                None => drop(granted.allowed.insert(format!("whatever the inline policy {name} allows"))),
            }
        }
        granted
    }

    fn add(&mut self, document: &Document) {
        for statement in document.statements() {
            let denies = statement.get("Effect").and_then(Value::as_str) == Some("Deny");
            let into = if denies { &mut self.denied } else { &mut self.allowed };
            let (actions, resources) = (what(statement, "Action"), what(statement, "Resource"));
            let condition = statement.get("Condition").map(|condition| format!(" if {condition}")).unwrap_or_default();
            if actions.len() * resources.len() > ONE_BY_ONE {
                into.insert(format!("{} on {}{condition}", actions.join(", "), resources.join(", ")));
                continue;
            }
            for action in &actions {
                into.extend(resources.iter().map(|resource| format!("{action} on {resource}{condition}")));
            }
        }
    }
}

/// The actions or resources of a statement. All but some are one.
fn what(statement: &Value, kind: &str) -> Vec<String> {
    if let Some(excepted) = statement.get(format!("Not{kind}")) {
        return vec![format!("everything but {}", texts(excepted).join(", "))];
    }
    statement.get(kind).map(texts).unwrap_or_default()
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        one => one.as_str().map(ToOwned::to_owned).into_iter().collect(),
    }
}
