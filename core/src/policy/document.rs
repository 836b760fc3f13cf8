//! A policy document as a value: read strictly, split into statements, and composed.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::malformed::{MAX_NESTING, Malformed};
use super::strict_json;
use super::wording::kind;

/// The language version of every document that this crate writes.
pub(super) const VERSION: &str = "2012-10-17";
/// The language version of a document without `Version`.
pub(super) const VERSION_WHEN_MISSING: &str = "2008-10-17";

/// A policy as a JSON object. [`Document::problems_as_identity_policy`] says whether IAM accepts it.
///
/// Two documents are equal when they mean the same to IAM, however they are written.
#[derive(Clone)]
pub struct Document(Map<String, Value>);

impl Document {
    /// A document of the current language version with these statements.
    pub fn new(statements: Vec<Value>) -> Self {
        Self(Map::from_iter([("Version".to_owned(), VERSION.into()), ("Statement".to_owned(), statements.into())]))
    }

    /// Reads JSON text: an object, nested up to a limit, in which no object has the same key twice.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        Self::from_value(strict_json::read(text)?)
    }

    /// Reads a policy as IAM returns it: percent-encoded by RFC 3986, in which a plus sign is a plus sign.
    pub fn from_encoded(encoded: &str) -> Result<Self, Malformed> {
        let text = percent_decode_str(encoded).decode_utf8();
        Self::parse(&text.map_err(|_| Malformed::NotUtf8)?)
    }

    /// Takes JSON that was already parsed. Then a repeated key can no longer be detected.
    pub fn from_value(value: Value) -> Result<Self, Malformed> {
        if !fits(&value, MAX_NESTING) {
            return Err(Malformed::TooDeep);
        }
        match value {
            Value::Object(members) => Ok(Self(members)),
            other => Err(Malformed::NotAnObject(kind(&other))),
        }
    }

    /// The keys and values of the document itself.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Its statements. IAM also accepts a single statement in place of a list.
    pub fn statements(&self) -> &[Value] {
        match self.0.get("Statement") {
            Some(Value::Array(statements)) => statements,
            Some(one) => std::slice::from_ref(one),
            None => &[],
        }
    }

    /// The same document with other statements. Its language version stays.
    #[must_use]
    pub fn with_statements(&self, statements: Vec<Value>) -> Self {
        let mut members = self.0.clone();
        members.insert("Statement".to_owned(), statements.into());
        Self(members)
    }

    /// The same document with only its statements that deny. `None` if it has no such statement.
    pub fn denials(&self) -> Option<Self> {
        self.statements_that(|effect| effect == Some("Deny"))
    }

    /// The same document without its statements that deny; none if it has no other statement.
    pub fn allowances(&self) -> Option<Self> {
        self.statements_that(|effect| effect != Some("Deny"))
    }

    fn statements_that(&self, wanted: fn(Option<&str>) -> bool) -> Option<Self> {
        let effect = |statement: &&Value| wanted(statement.get("Effect").and_then(Value::as_str));
        let statements: Vec<Value> = self.statements().iter().filter(effect).cloned().collect();
        (!statements.is_empty()).then(|| self.with_statements(statements))
    }

    /// A document with the statements of both. None when they are in different language versions: a statement means
    /// something else in the other version.
    pub fn joined(&self, other: &Self) -> Option<Self> {
        let own = self.statements();
        // Two statements of one Sid are refused, and a Sid means nothing.
        let without_sid = |statement: &Value| {
            let mut statement = statement.clone();
            if let Some(members) = statement.as_object_mut() {
                members.remove("Sid");
            }
            statement
        };
        let known: Vec<Value> = own.iter().map(without_sid).collect();
        let further = other.statements().iter().map(without_sid).filter(|statement| !known.contains(statement));
        let statements = own.iter().cloned().chain(further).collect();
        (self.version() == other.version()).then(|| self.with_statements(statements))
    }

    /// The language version in which it is read.
    pub fn version(&self) -> &str {
        self.0.get("Version").and_then(Value::as_str).unwrap_or(VERSION_WHEN_MISSING)
    }
}

fn fits(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(list) => levels > 0 && list.iter().all(|element| fits(element, levels - 1)),
        Value::Object(members) => levels > 0 && members.values().all(|member| fits(member, levels - 1)),
        _ => true,
    }
}
