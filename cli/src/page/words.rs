//! What a role may do, in words.

use delegated_role_core::audit::reach::Level;

use crate::audited::{Reach, Role};
use crate::visible::visible;

/// How many services are named.
const SERVICES: usize = 6;

/// A level as a reader meets it.
pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Nothing => "Nothing",
        Level::Limited => "Limited",
        Level::Sensitive => "Sensitive",
        Level::Unknown => "Not known",
        Level::Administrator => "Administrator",
    }
}

/// How many of four marks a level has.
pub(super) fn marks(level: Level) -> usize {
    match level {
        Level::Nothing => 0,
        Level::Limited => 1,
        Level::Sensitive => 2,
        Level::Unknown => 3,
        Level::Administrator => 4,
    }
}

/// What is found in the policies.
pub(super) fn privileges(reach: &Reach) -> Vec<String> {
    let words = |code: &String| match code.as_str() {
        "administrative" => "raises rights".to_owned(),
        "passes-role" => "passes roles".to_owned(),
        "acts-as-workload" => "acts as workloads".to_owned(),
        "exposes" => "shares resources".to_owned(),
        "reads-data" => "reads data".to_owned(),
        "audit-trail" => "stops audit trails".to_owned(),
        "organization" => "changes the organization".to_owned(),
        "broad" => "whole services".to_owned(),
        other => visible(other),
    };
    reach.privileges.iter().map(words).collect()
}

/// The services that are named.
pub(super) fn services(reach: &Reach) -> Option<String> {
    let named: Vec<String> = reach
        .services
        .iter()
        .take(SERVICES)
        .map(|service| if service == "*" { "every service".to_owned() } else { visible(service) })
        .collect();
    let more = reach.services.len().saturating_sub(SERVICES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| format!("{}{more}", named.join(", ")))
}

/// All of it in one line.
pub(super) fn line(reach: &Reach) -> String {
    let mut parts = vec![level(reach.level).to_owned()];
    parts.extend(privileges(reach));
    parts.join(", ")
}

/// A policy without the start of its ARN.
pub(super) fn policy(name: &str) -> String {
    visible(name.rsplit('/').next().unwrap_or(name))
}

/// Who can enter, in one line.
pub(super) fn principals(role: &Role) -> String {
    match &role.accounts[..] {
        [] => "no known principal".to_owned(),
        accounts => accounts.iter().map(|account| principal(account)).collect::<Vec<_>>().join(", "),
    }
}

/// An account or another principal.
pub(super) fn principal(account: &str) -> String {
    if account == "*" { "anyone".to_owned() } else { visible(account) }
}

/// At most so many characters; more than that end in an ellipsis.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut shown: String = text.chars().take(most.saturating_sub(1)).collect();
    shown.truncate(shown.trim_end().len());
    format!("{shown}…")
}
