//! How a trust policy differs from the one that the function wrote, of which only a hash is known.
//!
//! The state tag has no more room. So each change that a person is likely to make is undone here, and where the hash is
//! then the recorded one, that change is what happened.

use std::collections::BTreeSet;

use crate::policy::Document;
use crate::role::trust::{Conditions, Mfa, SessionAction, Trust};
use crate::timestamp::Timestamp;

use super::inspected::Inspected;

/// Names the change, as the end of a sentence. `recorded` says whether a document is the recorded one, `expiry` is when
/// the guardrail policy denies everything.
pub fn change(role: &Inspected, expiry: Option<Timestamp>, recorded: impl Fn(&Document) -> bool) -> Option<String> {
    let document = role.trust.as_ref()?;
    let statements = document.statements();
    for (index, _) in statements.iter().enumerate() {
        let others = statements.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, one)| one.clone());
        if recorded(&document.with_statements(others.collect())) {
            return Some(format!("statement {} was added", index + 1));
        }
    }
    let trust = Trust::from_document(document)?;
    let undone = undone(&trust, role, expiry);
    undone.into_iter().find(|(_, before)| recorded(&before.to_document())).map(|(change, _)| change)
}

/// The trust before each change that can be undone, with the change.
fn undone(trust: &Trust, role: &Inspected, expiry: Option<Timestamp>) -> Vec<(String, Trust)> {
    let mut found = Vec::new();
    let mut before = |change: String, trust: Trust| found.push((change, trust));
    let conditions = |conditions: Conditions| Trust { conditions, ..trust.clone() };
    for account in &trust.accounts {
        let accounts = without(&trust.accounts, account);
        before(format!("account {account} was added"), Trust { accounts, ..trust.clone() });
    }
    if let Some(kept) = role.tags.kept_external_id() {
        let change = if trust.external_ids.is_empty() {
            "the condition on the external ID was removed"
        } else {
            "the external ID was changed"
        };
        before(change.to_owned(), Trust { external_ids: BTreeSet::from([kept]), ..trust.clone() });
    }
    for id in &trust.external_ids {
        let external_ids = without(&trust.external_ids, id);
        before("an external ID was added".to_owned(), Trust { external_ids, ..trust.clone() });
    }
    let own = &trust.conditions;
    if own.mfa == Mfa::NotRequired {
        before(
            "the condition on MFA was removed".to_owned(),
            conditions(Conditions { mfa: Mfa::Required, ..own.clone() }),
        );
    } else {
        let mfa = Mfa::NotRequired;
        before("a condition on MFA was added".to_owned(), conditions(Conditions { mfa, ..own.clone() }));
    }
    for principal in &own.principals {
        let principals = without(&own.principals, principal);
        let change = if principals.is_empty() {
            "a condition on the principals was added".to_owned()
        } else {
            format!("the principal {principal} was added")
        };
        before(change, conditions(Conditions { principals, ..own.clone() }));
    }
    for address in &own.source_ips {
        let source_ips = without(&own.source_ips, address);
        let change = if source_ips.is_empty() {
            "a condition on the source addresses was added".to_owned()
        } else {
            format!("the source address {address} was added")
        };
        before(change, conditions(Conditions { source_ips, ..own.clone() }));
    }
    if own.organization.is_some() {
        let organization = None;
        let change = "a condition on the organization was added".to_owned();
        before(change, conditions(Conditions { organization, ..own.clone() }));
    }
    let end = if own.expires_at.is_none() { "removed" } else { "changed" };
    before(format!("the end of the access was {end}"), conditions(Conditions { expires_at: expiry, ..own.clone() }));
    for action in SessionAction::ALL {
        let mut session_actions = trust.session_actions.clone();
        let change = if session_actions.remove(&action) {
            format!("what {} allows was added", action.property())
        } else {
            session_actions.insert(action);
            format!("what {} allows was removed", action.property())
        };
        before(change, Trust { session_actions, ..trust.clone() });
    }
    found
}

fn without<T: Ord + Clone>(all: &BTreeSet<T>, one: &T) -> BTreeSet<T> {
    all.iter().filter(|other| *other != one).cloned().collect()
}
