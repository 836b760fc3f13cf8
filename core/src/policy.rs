//! IAM policy documents as values: read strictly, compared by meaning, judged by what they grant,
//! printed in one canonical form.

mod equivalence;
mod escalation;
mod managed;
mod pattern;
mod privileges;
mod statement;
mod strict_json;
#[cfg(test)]
mod tests;
mod validation;

use std::fmt;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use thiserror::Error;

pub use managed::{Standing, managed_policy_standing};
pub use pattern::{glob_matches, globs_intersect};
pub use privileges::Finding;

/// The language version that every document of our own is written in.
const VERSION: &str = "2012-10-17";
/// What a document without `Version` is read as.
const VERSION_WHEN_MISSING: &str = "2008-10-17";
/// The deepest policy needs six levels: document, statements, statement, condition, operator, values.
const MAX_NESTING: usize = 16;

/// A policy as a JSON object. Whether IAM would take it is another question: see
/// [`Document::problems_as_identity_policy`].
///
/// Two are equal when they mean the same to IAM, however they are written.
#[derive(Clone)]
pub struct Document(Map<String, Value>);

/// Why a text or a value is no document at all. Reads after the name of what was given:
/// "The policy" "is not valid JSON: …".
///
/// It quotes keys but never values, which may be external IDs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Malformed {
    /// There is no text.
    #[error("is empty: write a policy, or leave it out")]
    Empty,
    /// The text breaks JSON's own grammar.
    #[error("is not valid JSON: {detail} (line {line}, column {column})")]
    NotJson {
        /// What JSON wants there.
        detail: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// Parsers disagree on which of the two counts.
    #[error("has the key \"{key}\" twice in the same object (the second at line {line}, column {column}): keep one")]
    RepeatedKey {
        /// Shortened to what fits a sentence.
        key: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// JSON, but a list or a scalar.
    #[error("must be a JSON object, but is {0}")]
    NotAnObject(&'static str),
    /// No policy looks like this, and it would burden all who walk through it.
    #[error("is nested more than {MAX_NESTING} levels deep, which no policy is")]
    TooDeep,
    /// What came percent-encoded is not text.
    #[error("is not UTF-8 text once percent-decoded")]
    NotUtf8,
}

impl Document {
    /// A document of the current language version with these statements.
    pub fn new(statements: Vec<Value>) -> Self {
        Self(Map::from_iter([("Version".to_owned(), VERSION.into()), ("Statement".to_owned(), statements.into())]))
    }

    /// Reads JSON text. It must be an object, of sane depth, that says no key twice.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        Self::from_value(strict_json::read(text)?)
    }

    /// Reads a policy the way IAM returns one: percent-encoded by RFC 3986, in which a plus is a plus.
    pub fn from_encoded(encoded: &str) -> Result<Self, Malformed> {
        let text = percent_decode_str(encoded).decode_utf8();
        Self::parse(&text.map_err(|_| Malformed::NotUtf8)?)
    }

    /// Takes JSON that was parsed elsewhere: a key that was given twice can no longer be seen.
    pub fn from_value(value: Value) -> Result<Self, Malformed> {
        if !fits(&value, MAX_NESTING) {
            return Err(Malformed::TooDeep);
        }
        match value {
            Value::Object(members) => Ok(Self(members)),
            other => Err(Malformed::NotAnObject(kind(&other))),
        }
    }

    /// The document's own keys and values.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Compact JSON with keys in the order in which people write policies, and unknown keys after
    /// those, sorted. Lists stay as written.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        print_object(&self.0, &mut json);
        json
    }

    /// The length that IAM's quotas are about: characters of [`Document::to_json`] without white space.
    pub fn size(&self) -> usize {
        let json = self.to_json();
        json.chars().filter(|c| !c.is_ascii_whitespace()).count()
    }

    /// Its statements: IAM takes one alone, too.
    pub fn statements(&self) -> &[Value] {
        match self.0.get("Statement") {
            Some(Value::Array(statements)) => statements,
            Some(one) => std::slice::from_ref(one),
            None => &[],
        }
    }

    /// The same document with other statements: what it says of the language version stays.
    #[must_use]
    pub fn with_statements(&self, statements: Vec<Value>) -> Self {
        let mut members = self.0.clone();
        members.insert("Statement".to_owned(), statements.into());
        Self(members)
    }

    /// Its statements that deny, and nothing else; none when it has none.
    pub fn denials(&self) -> Option<Self> {
        let denying = |statement: &&Value| statement.get("Effect").and_then(Value::as_str) == Some("Deny");
        let denials: Vec<Value> = self.statements().iter().filter(denying).cloned().collect();
        (!denials.is_empty()).then(|| self.with_statements(denials))
    }

    /// A document with the statements of both, in the language version of this one.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        let own = self.statements();
        let further = other.statements().iter().filter(|statement| !own.contains(statement));
        self.with_statements(own.iter().chain(further).cloned().collect())
    }

    /// Whether IAM makes the same of both, so that replacing one by the other changes nothing.
    pub fn same_meaning(&self, other: &Self) -> bool {
        equivalence::of(&self.0) == equivalence::of(&other.0)
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.same_meaning(other)
    }
}

impl Eq for Document {}

/// Contents stay out of logs and panics: a trust policy holds external IDs.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} characters)", self.size())
    }
}

fn fits(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(list) => levels > 0 && list.iter().all(|element| fits(element, levels - 1)),
        Value::Object(members) => levels > 0 && members.values().all(|member| fits(member, levels - 1)),
        _ => true,
    }
}

/// What a value is, for a sentence.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The known keys of all levels: no two levels share one, save in ways that need the same order.
const KEY_ORDER: [&str; 12] = [
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

fn print(value: &Value, json: &mut String) {
    match value {
        Value::Object(members) => print_object(members, json),
        Value::Array(list) => {
            json.push('[');
            for (index, element) in list.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                print(element, json);
            }
            json.push(']');
        }
        // The standard form of a scalar is compact and canonical already.
        scalar => json.push_str(&scalar.to_string()),
    }
}

fn print_object(members: &Map<String, Value>, json: &mut String) {
    let mut entries: Vec<_> = members.iter().collect();
    entries.sort_by_key(|(key, _)| {
        let place = KEY_ORDER.iter().position(|known| known == key);
        (place.unwrap_or(KEY_ORDER.len()), key.as_str())
    });
    json.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str(&Value::from(key.as_str()).to_string());
        json.push(':');
        print(value, json);
    }
    json.push('}');
}
