//! What IAM refuses in an identity policy, found before IAM is called.
//!
//! Guarantee: what this module accepts, IAM accepts, except for what depends on the account (size quotas, the number of
//! policies). It refuses a little more: what IAM accepts but can only be a mistake, such as an action with a space.
//! `tests/differential` compares it with two other validators and gives the reason for every difference.

mod action;
mod characters;
mod condition;
mod resource;

use std::collections::BTreeMap;
use std::{fmt, slice};

use serde_json::{Map, Value};

use super::document::{Document, VERSION, VERSION_WHEN_MISSING};
use super::statement::Place;
use super::wording::{kind, shown};
use crate::identifiers::Partition;

const DOCUMENT_KEYS: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT_KEYS: [&str; 7] = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];

impl Document {
    /// Everything for which IAM of this partition refuses the document as a policy of a role: one sentence each, in the
    /// order of the document. The sentences quote no condition values, which may be external IDs.
    pub fn problems_as_identity_policy(&self, partition: &Partition) -> Vec<Rejected> {
        let mut problems = Problems { partition, rejected: Vec::new(), sids: BTreeMap::new() };
        problems.document(self.members());
        problems.rejected
    }
}

/// One thing for which IAM rejects a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The number of the statement, counted from 1; 0 for the document as a whole.
    pub statement: usize,
    /// What is wrong, where, and what to write instead.
    pub sentence: String,
}

struct Problems<'p> {
    partition: &'p Partition,
    rejected: Vec<Rejected>,
    /// The first statement with each Sid.
    sids: BTreeMap<String, usize>,
}

impl Problems<'_> {
    fn document(&mut self, document: &Map<String, Value>) {
        for key in document.keys().filter(|key| !DOCUMENT_KEYS.contains(&key.as_str())) {
            let (key, known) = (shown(key), DOCUMENT_KEYS.join(", "));
            self.add(format!("The policy has the unknown key \"{key}\": remove it, or write one of {known}."));
        }
        match document.get("Version") {
            None => {}
            Some(Value::String(known)) if known == VERSION || known == VERSION_WHEN_MISSING => {}
            Some(Value::String(other)) => {
                let other = shown(other);
                self.add(format!("Version is \"{other}\": write \"{VERSION}\", the current policy language."));
            }
            Some(other) => self.add(format!("Version is {}: write \"{VERSION}\".", kind(other))),
        }
        if let Some(id) = document.get("Id") {
            if !id.is_string() {
                self.add(format!("Id is {}: write a string.", kind(id)));
            }
            if let Some(character) = characters::refused_character(id) {
                self.add(format!("{}.", characters::sentence("Id", character)));
            }
        }
        match document.get("Statement") {
            None => self.add("The policy has no Statement: add at least one statement.".to_owned()),
            Some(Value::Array(list)) if list.is_empty() => {
                self.add("Statement is an empty list: add at least one statement.".to_owned());
            }
            Some(Value::Array(list)) => {
                for (index, statement) in list.iter().enumerate() {
                    self.statement(index + 1, statement);
                }
            }
            Some(single @ Value::Object(_)) => self.statement(1, single),
            Some(other) => self.add(format!("Statement is {}: write a list of statements.", kind(other))),
        }
    }

    fn add(&mut self, sentence: String) {
        self.rejected.push(Rejected { statement: 0, sentence });
    }

    fn within(&mut self, place: &Place, problem: impl fmt::Display) {
        let sentence = format!("In {place}, {problem}.");
        self.rejected.push(Rejected { statement: place.number(), sentence });
    }

    fn statement(&mut self, number: usize, statement: &Value) {
        let Value::Object(members) = statement else {
            let place = Place::new(number, &Map::new());
            let sort = kind(statement);
            self.within(&place, format_args!("there is {sort}: write an object with Effect, Action and Resource"));
            return;
        };
        let place = &Place::new(number, members);
        self.keys(place, members);
        self.characters(place, members);
        if let Some(sid) = members.get("Sid") {
            self.sid(place, sid);
        }
        match members.get("Effect") {
            None => self.within(place, "Effect is missing: add \"Allow\" or \"Deny\""),
            Some(Value::String(effect)) if effect == "Allow" || effect == "Deny" => {}
            Some(Value::String(effect)) => {
                let effect = shown(effect);
                self.within(
                    place,
                    format_args!("Effect is \"{effect}\": write \"Allow\" or \"Deny\", in this letter case"),
                );
            }
            Some(other) => {
                self.within(place, format_args!("Effect is {}: write \"Allow\" or \"Deny\"", kind(other)));
            }
        }
        let partition = self.partition;
        self.one_of(place, members, ["Action", "NotAction"], &action::problem);
        self.one_of(place, members, ["Resource", "NotResource"], &|text| resource::problem(text, partition));
        if let Some(condition) = members.get("Condition") {
            self.condition(place, condition);
        }
    }

    fn keys(&mut self, place: &Place, members: &Map<String, Value>) {
        for key in members.keys().map(String::as_str) {
            if ["Principal", "NotPrincipal"].contains(&key) {
                self.within(
                    place,
                    format_args!("{key} is given: remove it, because the policy of a role applies to that role"),
                );
            } else if !STATEMENT_KEYS.contains(&key) {
                let (key, known) = (shown(key), STATEMENT_KEYS.join(", "));
                self.within(place, format_args!("the key \"{key}\" is unknown: remove it, or write one of {known}"));
            }
        }
    }

    fn characters(&mut self, place: &Place, members: &Map<String, Value>) {
        for (key, value) in members.iter().filter(|(key, _)| STATEMENT_KEYS.contains(&key.as_str())) {
            if let Some(character) = characters::refused_character(value) {
                self.within(place, characters::sentence(key, character));
            }
        }
    }

    fn sid(&mut self, place: &Place, sid: &Value) {
        let Value::String(sid) = sid else {
            self.within(place, format_args!("Sid is {}: write a string", kind(sid)));
            return;
        };
        if !sid.chars().all(|c| c.is_ascii_alphanumeric()) {
            self.within(place, "Sid has characters other than A-Z, a-z and 0-9: remove them");
        }
        // IAM treats an empty Sid like none.
        if sid.is_empty() {
            return;
        }
        if let Some(&first) = self.sids.get(sid) {
            self.within(place, format_args!("Sid is the same as in statement {first}: give each statement its own"));
        } else {
            self.sids.insert(sid.clone(), place.number());
        }
    }

    fn one_of(
        &mut self,
        place: &Place,
        members: &Map<String, Value>,
        [plain, negated]: [&str; 2],
        problem_of: &dyn Fn(&str) -> Option<String>,
    ) {
        match (members.contains_key(plain), members.contains_key(negated)) {
            (true, true) => self.within(place, format_args!("{plain} and {negated} are both given: keep one")),
            (false, false) => self.within(place, format_args!("{plain} is missing: add it, or {negated}")),
            _ => {}
        }
        for key in [plain, negated] {
            let strings = match members.get(key) {
                None => continue,
                Some(Value::Array(list)) if list.is_empty() => {
                    self.within(place, format_args!("{key} is an empty list: name at least one"));
                    continue;
                }
                Some(Value::Array(list)) => list.as_slice(),
                Some(single @ Value::String(_)) => slice::from_ref(single),
                Some(other) => {
                    let sort = kind(other);
                    self.within(place, format_args!("{key} is {sort}: write a string, or a list of strings"));
                    continue;
                }
            };
            for value in strings {
                if let Value::String(text) = value {
                    if let Some(problem) = problem_of(text) {
                        self.within(place, problem);
                    }
                } else {
                    self.within(place, format_args!("{key} has {} in its list: write strings only", kind(value)));
                }
            }
        }
    }

    fn condition(&mut self, place: &Place, condition: &Value) {
        let Value::Object(operators) = condition else {
            let sort = kind(condition);
            self.within(place, format_args!("Condition is {sort}: write an object of condition operators"));
            return;
        };
        for (operator, keys) in operators {
            let values = condition::operator(operator);
            let operator = shown(operator);
            if let Err(instead) = &values {
                self.within(place, format_args!("\"{operator}\" is not a condition operator: write {instead}"));
            }
            let Value::Object(keys) = keys else {
                let sort = kind(keys);
                self.within(
                    place,
                    format_args!("the condition operator {operator} has {sort}: write an object of condition keys"),
                );
                continue;
            };
            for (key, given) in keys {
                let given = given.as_array().map_or(slice::from_ref(given), Vec::as_slice);
                let wrong = given.iter().find_map(|value| match (value, &values) {
                    (Value::Null | Value::Array(_) | Value::Object(_), _) => {
                        Some(format!("is {}: write a string", kind(value)))
                    }
                    (scalar, Ok(values)) => values.problem(scalar).map(str::to_owned),
                    (_, Err(_)) => None,
                });
                if let Some(wrong) = wrong {
                    let key = shown(key);
                    self.within(place, format_args!("a value of the condition {operator} {key} {wrong}"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
