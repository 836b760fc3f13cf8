//! What IAM would refuse in a policy of a role, told before it is asked.

use std::collections::BTreeMap;
use std::{fmt, slice};

use serde_json::{Map, Value};

use super::document::{Document, VERSION, VERSION_WHEN_MISSING};
use super::statement::Place;
use super::wording::{kind, shown};

const DOCUMENT_KEYS: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT_KEYS: [&str; 7] = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
const OPERATORS: [&str; 27] = [
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "BinaryEquals",
    "Bool",
    "DateEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateNotEquals",
    "IpAddress",
    "NotIpAddress",
    "Null",
    "NumericEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericNotEquals",
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
];

impl Document {
    /// Everything for which IAM would refuse it as a policy of a role: one sentence each, in the
    /// order of the document. They quote no condition values.
    pub fn problems_as_identity_policy(&self) -> Vec<String> {
        let mut problems = Problems::default();
        problems.document(self.members());
        problems.sentences
    }
}

#[derive(Default)]
struct Problems {
    sentences: Vec<String>,
    /// Which statement had a Sid first.
    sids: BTreeMap<String, usize>,
}

impl Problems {
    fn document(&mut self, document: &Map<String, Value>) {
        for key in document.keys().filter(|key| !DOCUMENT_KEYS.contains(&key.as_str())) {
            let (key, known) = (shown(key), DOCUMENT_KEYS.join(", "));
            self.tell(format!("The policy has the unknown key \"{key}\": remove it, or write one of {known}."));
        }
        match document.get("Version") {
            None => {}
            Some(Value::String(known)) if known == VERSION || known == VERSION_WHEN_MISSING => {}
            Some(Value::String(other)) => {
                let other = shown(other);
                self.tell(format!("Version is \"{other}\": write \"{VERSION}\", the current policy language."));
            }
            Some(other) => self.tell(format!("Version is {}: write \"{VERSION}\".", kind(other))),
        }
        if let Some(id) = document.get("Id").filter(|id| !id.is_string()) {
            self.tell(format!("Id is {}: write a string.", kind(id)));
        }
        match document.get("Statement") {
            None => self.tell("The policy has no Statement: add at least one statement.".to_owned()),
            Some(Value::Array(list)) if list.is_empty() => {
                self.tell("Statement is an empty list: add at least one statement.".to_owned());
            }
            Some(Value::Array(list)) => {
                for (index, statement) in list.iter().enumerate() {
                    self.statement(index + 1, statement);
                }
            }
            Some(single @ Value::Object(_)) => self.statement(1, single),
            Some(other) => self.tell(format!("Statement is {}: write a list of statements.", kind(other))),
        }
    }

    fn tell(&mut self, sentence: String) {
        self.sentences.push(sentence);
    }

    fn within(&mut self, place: &Place, problem: impl fmt::Display) {
        self.tell(format!("In {place}, {problem}."));
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
        self.one_of(place, members, ["Action", "NotAction"], action_problem);
        self.one_of(place, members, ["Resource", "NotResource"], resource_problem);
        if let Some(condition) = members.get("Condition") {
            self.condition(place, condition);
        }
    }

    fn keys(&mut self, place: &Place, members: &Map<String, Value>) {
        for key in members.keys().map(String::as_str) {
            if ["Principal", "NotPrincipal"].contains(&key) {
                self.within(
                    place,
                    format_args!("{key} is given: remove it, since the policy of a role applies to that role"),
                );
            } else if !STATEMENT_KEYS.contains(&key) {
                let (key, known) = (shown(key), STATEMENT_KEYS.join(", "));
                self.within(place, format_args!("the key \"{key}\" is unknown: remove it, or write one of {known}"));
            }
        }
    }

    fn sid(&mut self, place: &Place, sid: &Value) {
        let Value::String(sid) = sid else {
            self.within(place, format_args!("Sid is {}: write a string", kind(sid)));
            return;
        };
        if !sid.chars().all(|c| c.is_ascii_alphanumeric()) {
            self.within(place, "Sid has other characters than A-Z, a-z and 0-9: remove those");
        }
        // An empty one is none.
        if sid.is_empty() {
            return;
        }
        if let Some(&first) = self.sids.get(sid) {
            self.within(place, format_args!("Sid is the same as in statement {first}: give each its own"));
        } else {
            self.sids.insert(sid.clone(), place.number());
        }
    }

    fn one_of(
        &mut self,
        place: &Place,
        members: &Map<String, Value>,
        [plain, negated]: [&str; 2],
        problem_of: fn(&str) -> Option<String>,
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
            let known = is_operator(operator);
            let operator = shown(operator);
            if !known {
                self.within(
                    place,
                    format_args!(
                        "\"{operator}\" is no condition operator: write one that IAM knows, like StringEquals"
                    ),
                );
            }
            let Value::Object(keys) = keys else {
                let sort = kind(keys);
                self.within(
                    place,
                    format_args!("the condition operator {operator} holds {sort}: write an object of condition keys"),
                );
                continue;
            };
            for (key, values) in keys {
                let values = values.as_array().map_or(slice::from_ref(values), Vec::as_slice);
                if let Some(wrong) = values.iter().find(|value| !is_scalar(value)) {
                    let (key, sort) = (shown(key), kind(wrong));
                    self.within(
                        place,
                        format_args!("the condition {operator} {key} has {sort} for a value: write strings"),
                    );
                }
            }
        }
    }
}

/// IAM knows `*`, and one colon between a service and a name. The service is spelled out, or `*`.
fn action_problem(action: &str) -> Option<String> {
    let well_formed = action == "*"
        || action.split_once(':').is_some_and(|(service, name)| {
            let spelled_out = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
            (service == "*" || !service.is_empty() && service.chars().all(spelled_out))
                && !name.is_empty()
                && name.chars().all(|c| c.is_ascii_graphic() && c != ':')
        });
    (!well_formed).then(|| {
        format!(
            "\"{}\" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out",
            shown(action)
        )
    })
}

fn resource_problem(resource: &str) -> Option<String> {
    // IAM would take every missing part for `*`, which nobody means.
    let whole = resource.starts_with("arn:") && (resource.contains('*') || resource.matches(':').count() >= 5);
    (resource != "*" && !whole).then(|| {
        format!(
            "\"{}\" is no resource: write a whole ARN, which starts with arn: and has six parts, or *",
            shown(resource)
        )
    })
}

/// In any letter case, though IAM's documentation spells them in one.
fn is_operator(operator: &str) -> bool {
    let operator = operator.to_ascii_lowercase();
    let single =
        ["forallvalues:", "foranyvalue:"].iter().find_map(|set| operator.strip_prefix(set)).unwrap_or(&operator);
    let base = single.strip_suffix("ifexists").unwrap_or(single);
    OPERATORS.iter().any(|known| known.eq_ignore_ascii_case(base))
}

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

#[cfg(test)]
mod tests;
