//! What a document grants, judged for the worst: denies and conditions never make it look safer.

mod conditions;
mod judge;
mod privilege;
mod reach;
mod roles;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::document::Document;
use super::escalation::{ANYTHING_OF_IAM, ESCALATIONS, FUNCTION, IDENTITIES, OWN_FUNCTION};
use super::pattern::{Pattern, glob_matches};
use super::statement::{Place, Statement, statements};
use super::wording::shown;

#[cfg(test)]
pub(super) use judge::judge;
pub use privilege::{Author, Code, Privilege, Severity, Terms};

/// Why a document grants much. Reads "statement 1 (Sid Admin) allows iam:Put* on *, which can …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    place: Place,
    what: String,
    reason: String,
}

impl Grant {
    /// The number of the statement, counted from 1.
    pub fn statement(&self) -> usize {
        self.place.number()
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, what, reason } = self;
        write!(f, "{place} allows {what}, which {reason}")
    }
}

impl Document {
    /// Whether it can only ever take rights away: every statement says `Deny`, without any doubt.
    pub fn only_denies(&self) -> bool {
        let written = self.statements();
        let found = statements(self);
        !written.is_empty()
            && written.iter().all(Value::is_object)
            // None was found in a place where it does not belong.
            && found.len() == written.len()
            && found.iter().all(Statement::plainly_denies)
    }

    /// Whether nothing in it could allow anything.
    pub fn grants_nothing(&self) -> bool {
        !statements(self).iter().any(Statement::may_allow)
    }

    /// What amounts to being, or being able to become, an administrator.
    pub fn administrative(&self) -> Vec<Grant> {
        let mut findings = Vec::new();
        for statement in allowing(self) {
            let reach = Reach::of(&statement);
            if statement.has("NotAction") {
                findings.push(Grant {
                    place: statement.place.clone(),
                    what: format!("NotAction {}", sample(&statement.strings("NotAction"))),
                    reason: "is every other action of every service, future ones included".to_owned(),
                });
            }
            for action in distinct(statement.strings("Action")) {
                if let Some((resource, reason)) = administrative(action, &reach) {
                    findings.push(finding(&statement.place, action, resource, reason));
                }
            }
        }
        findings
    }

    /// All actions of a service on everything, where that is not administrative already.
    pub fn broad(&self) -> Vec<Grant> {
        let mut findings = Vec::new();
        let mut told = BTreeSet::new();
        for statement in allowing(self) {
            let reach = Reach::of(&statement);
            let Some(resource) = &reach.identities else {
                continue;
            };
            for action in distinct(statement.strings("Action")) {
                let whole_service = action.split_once(':').is_some_and(|(_, name)| is_everything(name));
                if whole_service && administrative(action, &reach).is_none() && told.insert(action.to_ascii_lowercase())
                {
                    let reason = "is every action of the service on every resource".to_owned();
                    findings.push(finding(&statement.place, action, resource, reason));
                }
            }
        }
        findings
    }
}

fn allowing(document: &Document) -> impl Iterator<Item = Statement<'_>> {
    statements(document).into_iter().filter(Statement::may_allow)
}

/// What the resources of a statement can match, and the one that does, in words.
struct Reach {
    /// Any resource at all.
    some: String,
    /// More than one IAM identity: it counts as `*`.
    identities: Option<String>,
    /// An IAM identity, and be it a single one: its own role, say.
    identity: Option<String>,
    /// Anything that IAM's actions act upon, one role included.
    iam: Option<String>,
    /// Further targets of escalating actions, by their notation.
    targets: BTreeMap<&'static str, Option<String>>,
}

impl Reach {
    fn of(statement: &Statement<'_>) -> Self {
        let notations = ESCALATIONS.iter().filter_map(|escalation| escalation.also);
        let resources = statement.strings("Resource");
        // Whatever else it may be, it is no limit.
        let unlimited = if statement.has("NotResource") {
            let except = sample(&statement.strings("NotResource"));
            Some(format!("everything but NotResource {except}"))
        } else if resources.is_empty() {
            Some("everything (it names no Resource)".to_owned())
        } else {
            None
        };
        if let Some(all) = unlimited {
            return Self {
                some: all.clone(),
                identities: Some(all.clone()),
                identity: Some(all.clone()),
                iam: Some(all.clone()),
                targets: notations.map(|notation| (notation, Some(all.clone()))).collect(),
            };
        }
        let patterns: Vec<_> = resources
            .iter()
            .flat_map(|resource| [resource.to_string(), completed(resource)].map(|text| (*resource, text)))
            .map(|(resource, text)| (resource, Pattern::resource(&text)))
            .collect();
        let first = |reaches: &dyn Fn(&Pattern) -> bool| {
            let mut patterns = patterns.iter();
            let (resource, _) = patterns.find(|(_, pattern)| reaches(pattern))?;
            Some(shown(resource))
        };
        let meets = |pattern: &Pattern, notation: &str| pattern.intersects(&Pattern::arns(notation));
        let open = |pattern: &Pattern, notation: &str| pattern.is_open() && meets(pattern, notation);
        let target = |notation: &'static str| {
            let reached = first(&|pattern| meets(pattern, notation));
            let own = || first(&|pattern| notation == FUNCTION && meets(pattern, OWN_FUNCTION));
            (notation, reached.or_else(own))
        };
        Self {
            some: sample(&resources),
            identities: first(&|pattern| IDENTITIES.iter().any(|identity| open(pattern, identity))),
            iam: first(&|pattern| pattern.intersects(&Pattern::arns(ANYTHING_OF_IAM))),
            identity: first(&|pattern| IDENTITIES.iter().any(|identity| meets(pattern, identity))),
            targets: notations.map(target).collect(),
        }
    }
}

/// IAM reads an ARN with too few parts as if every missing one were `*`.
fn completed(resource: &str) -> String {
    let missing = 5_usize.saturating_sub(resource.matches(':').count());
    if resource.contains(':') { format!("{resource}{}", ":*".repeat(missing)) } else { resource.to_owned() }
}

/// The resource that makes this action administrative, and why it is. Letter case is no shelter.
fn administrative<'r>(action: &str, reach: &'r Reach) -> Option<(&'r str, String)> {
    let pattern = action.to_ascii_lowercase();
    let (service, name) = pattern.split_once(':').unwrap_or((&pattern, if is_everything(&pattern) { "*" } else { "" }));
    if is_everything(name) {
        if is_everything(service) {
            if let Some(resource) = &reach.identities {
                return Some((resource, "is everything an administrator can do".to_owned()));
            }
            if let Some(resource) = &reach.iam {
                return Some((resource, "includes every action of IAM on it".to_owned()));
            }
        } else if glob_matches(service, "iam") {
            let reason = "is every action of IAM and can raise its own rights".to_owned();
            let resource = reach.identities.as_ref().or(reach.iam.as_ref());
            return Some((resource.unwrap_or(&reach.some), reason));
        }
    }
    ESCALATIONS.iter().find_map(|escalation| {
        let known = escalation.action.to_ascii_lowercase();
        if !glob_matches(&pattern, &known) {
            return None;
        }
        let identity = if escalation.may_name_one { &reach.identities } else { &reach.identity };
        let further = escalation.also.and_then(|also| reach.targets[also].as_deref());
        let resource = identity.as_deref().or(further)?;
        let reason = if pattern == known {
            format!("can {}", escalation.gain)
        } else {
            format!("can {} through {}", escalation.gain, escalation.action)
        };
        Some((resource, reason))
    })
}

/// Whether a part of an action pattern leaves nothing out that matters: `*`, `**`, `?*`.
fn is_everything(part: &str) -> bool {
    part.contains('*') && part.chars().all(|c| matches!(c, '*' | '?'))
}

fn finding(place: &Place, action: &str, resource: &str, reason: String) -> Grant {
    Grant { place: place.clone(), what: format!("{} on {resource}", shown(action)), reason }
}

/// As they stand, each once, letter case aside.
fn distinct(actions: Vec<&str>) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    actions.into_iter().filter(|action| seen.insert(action.to_ascii_lowercase())).collect()
}

/// The first of a list as written, and how many more there are.
fn sample(strings: &[&str]) -> String {
    match strings {
        [] => "(empty)".to_owned(),
        [only] => shown(only),
        [first, more @ ..] => format!("{} and {} more", shown(first), more.len()),
    }
}

#[cfg(test)]
mod tests;
