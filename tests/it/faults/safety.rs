//! What must hold for the roles after each single write, whatever fails: no caller has access that neither the old nor the new
//! template gives.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::fixtures::{EXTERNAL_ID_TAG, REVOCATION, STATE_TAG};
use crate::wire::iam::{Role, Snapshot};

/// The role as each template has it, by name. No role with another name may exist.
pub(super) type Templates = BTreeMap<String, Vec<Role>>;

/// All violations in the states on the way.
pub(super) fn violations(snapshots: &[Snapshot], templates: &Templates) -> Vec<String> {
    let mut violations = BTreeSet::new();
    let mut kept: BTreeMap<&str, &str> = BTreeMap::new();
    for Snapshot { after, roles } in snapshots {
        for role in roles {
            match templates.get(&role.name) {
                None => drop(violations.insert(format!("after {after} there is a role {}", role.name))),
                Some(templates) => {
                    let violation = violation(&without_generated_fields(role), templates);
                    violations.extend(violation.map(|violation| format!("after {after}, {violation}")));
                }
            }
            let id = role.tags.get(EXTERNAL_ID_TAG).map(String::as_str);
            if let Some(id) = id
                && *kept.entry(&role.id).or_insert(id) != id
            {
                violations.insert(format!("after {after} the generated external ID changed"));
            }
        }
        let ids: BTreeSet<_> = roles.iter().filter_map(|role| role.tags.get(EXTERNAL_ID_TAG)).collect();
        if ids.len() > 1 {
            violations.insert(format!("after {after} the old role and the new one have different external IDs"));
        }
    }
    violations.into_iter().collect()
}

fn violation(role: &Role, templates: &[Role]) -> Option<String> {
    let granted = grants(role);
    for caller in callers(templates.iter().chain([role])) {
        if !accepts(role, &caller) {
            continue;
        }
        let accepting: Vec<&Role> = templates.iter().filter(|template| accepts(template, &caller)).collect();
        if accepting.is_empty() {
            return Some(format!("{caller:?} can assume the role, but no template allows that"));
        }
        let longest = accepting.iter().map(|template| template.max_session_duration).max();
        if longest.is_some_and(|longest| role.max_session_duration > longest) {
            return Some(format!("{caller:?} has longer sessions than any template allows"));
        }
        let allowed: BTreeSet<String> = accepting
            .iter()
            .copied()
            .filter(|template| role.permissions_boundary.is_some() || template.permissions_boundary.is_none())
            .flat_map(grants)
            .collect();
        if let Some(beyond) = granted.difference(&allowed).next() {
            return Some(format!("{caller:?} has {beyond}, which no template allows"));
        }
    }
    let denied = |role: &Role| -> BTreeSet<String> {
        role.inline_policies
            .iter()
            .filter(|(_, policy)| only_denies(&policy.json()))
            .map(|(name, _)| name.clone())
            .collect()
    };
    let always = templates.iter().map(denied).reduce(|one, other| &one & &other).unwrap_or_default();
    let missing = always.difference(&denied(role)).next().cloned();
    missing.filter(|_| !granted.is_empty()).map(|missing| format!("{missing} does not deny what all templates deny"))
}

/// A role without what IAM generates, with one value for all generated external IDs, and without the revocation, which
/// stays.
pub(super) fn without_generated_fields(role: &Role) -> Role {
    let mut role = Role { id: String::new(), created: 0, ..role.clone() };
    role.attached_policies.sort();
    role.inline_policies.remove(REVOCATION);
    let generated = role.tags.contains_key(EXTERNAL_ID_TAG);
    if let Some(state) = role.tags.get_mut(STATE_TAG) {
        // Not when it was written; and a generated external ID makes the trust another one each time.
        let lasting = |field: &&str| {
            !(field.starts_with("as-of=") || field.starts_with("made=") || generated && field.starts_with("trust="))
        };
        *state = state.split(' ').filter(lasting).collect::<Vec<_>>().join(" ");
    }
    if let Some(id) = role.tags.get_mut(EXTERNAL_ID_TAG) {
        let trust = role.trust.json().to_string().replace(id.as_str(), "generated");
        role.trust = serde_json::from_str::<Value>(&trust).unwrap().into();
        "generated".clone_into(id);
    }
    role
}

/// What the role allows: ARNs and documents.
fn grants(role: &Role) -> BTreeSet<String> {
    let attached = role.attached_policies.iter().filter(|arn| !arn.ends_with("/AWSDenyAll")).cloned();
    let inline = role.inline_policies.values().filter_map(|policy| {
        let policy = policy.json();
        (!only_denies(&policy)).then(|| policy.to_string())
    });
    attached.chain(inline).collect()
}

fn only_denies(policy: &Value) -> bool {
    items(&policy["Statement"]).iter().all(|statement| statement["Effect"] == "Deny")
}

/// A caller of `AssumeRole`: its account and its external ID.
#[derive(Clone, Debug)]
struct Caller {
    account: String,
    external_id: Option<String>,
}

/// All callers that occur in these roles, and callers without an external ID.
fn callers<'a>(roles: impl Iterator<Item = &'a Role>) -> Vec<Caller> {
    let (mut accounts, mut ids) = (BTreeSet::new(), BTreeSet::from([None]));
    for statement in roles.flat_map(|role| items(&role.trust.json()["Statement"])) {
        accounts.extend(texts(&statement["Principal"]["AWS"]));
        ids.extend(texts(&statement["Condition"]["StringEquals"]["sts:ExternalId"]).into_iter().map(Some));
    }
    let caller = |account: &String, id: &Option<String>| Caller { account: account.clone(), external_id: id.clone() };
    accounts.iter().flat_map(|account| ids.iter().map(|id| caller(account, id))).collect()
}

/// Whether the trust policy accepts the caller at some time.
fn accepts(role: &Role, caller: &Caller) -> bool {
    items(&role.trust.json()["Statement"]).iter().any(|statement| {
        assert_eq!((&statement["Effect"], &statement["Action"]), (&"Allow".into(), &"sts:AssumeRole".into()));
        let conditions = statement["Condition"].as_object().cloned().unwrap_or_default();
        texts(&statement["Principal"]["AWS"]).contains(&caller.account)
            && conditions.iter().all(|(operator, keys)| {
                keys.as_object().unwrap().iter().all(|(key, value)| match (operator.as_str(), key.as_str()) {
                    ("StringEquals", "sts:ExternalId") => {
                        caller.external_id.as_ref().is_some_and(|id| texts(value).contains(id))
                    }
                    ("DateLessThan", "aws:CurrentTime") => true,
                    other => panic!("an unexpected condition: {other:?}"),
                })
            })
    })
}

fn items(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

fn texts(value: &Value) -> Vec<String> {
    items(value).iter().filter_map(|item| item.as_str().map(ToOwned::to_owned)).collect()
}
