//! The statements of a document of any shape, read as the worst case.
//!
//! Judging also covers documents that IAM refuses, or may refuse: names of elements count in any letter case, nested
//! lists count as one list, and a statement that does not clearly deny counts as one that allows.

use std::fmt;

use serde_json::{Map, Value};

use super::document::Document;
use super::wording::shown;

/// One statement and its place in the document.
pub(super) struct Statement<'d> {
    pub(super) place: Place,
    members: &'d Map<String, Value>,
}

/// Prints "statement 2 (Sid `ReadLogs`)", counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    number: usize,
    sid: Option<String>,
}

impl Place {
    pub(super) fn new(number: usize, members: &Map<String, Value>) -> Self {
        let sid = members.get("Sid").and_then(Value::as_str);
        Self { number, sid: sid.filter(|sid| !sid.is_empty()).map(shown) }
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement {}", self.number)?;
        match &self.sid {
            Some(sid) => write!(f, " (Sid {sid})"),
            None => Ok(()),
        }
    }
}

/// Every object that may be a statement of the document.
pub(super) fn statements(document: &Document) -> Vec<Statement<'_>> {
    flat(named(document.members(), "Statement"))
        .into_iter()
        .enumerate()
        .filter_map(|(index, value)| {
            let members = value.as_object()?;
            Some(Statement { place: Place::new(index + 1, members), members })
        })
        .collect()
}

impl<'d> Statement<'d> {
    /// True unless the effect is one plain `Deny`.
    pub(super) fn may_allow(&self) -> bool {
        let effects: Vec<_> = named(self.members, "Effect").collect();
        !matches!(effects[..], [Value::String(effect)] if effect.eq_ignore_ascii_case("Deny"))
    }

    /// True only for a `Deny` as IAM documents it. The opposite is not "allows": an unclear effect is neither.
    pub(super) fn plainly_denies(&self) -> bool {
        named(self.members, "Effect").count() == 1 && self.members.get("Effect").and_then(Value::as_str) == Some("Deny")
    }

    pub(super) fn has(&self, name: &str) -> bool {
        named(self.members, name).next().is_some()
    }

    /// The conditions that are written plainly: operator and key in lower case, and the values.
    ///
    /// Empty for a statement with several elements of that name: it is not clear which of them counts.
    pub(super) fn conditions(&self) -> Vec<(String, String, Vec<&'d str>)> {
        let mut elements = named(self.members, "Condition");
        let (Some(Value::Object(operators)), None) = (elements.next(), elements.next()) else { return Vec::new() };
        let keys = operators.iter().filter_map(|(operator, keys)| Some((operator, keys.as_object()?)));
        keys.flat_map(|(operator, keys)| keys.iter().map(move |(key, values)| (operator, key, values)))
            .map(|(operator, key, values)| {
                let values = flat(std::iter::once(values)).into_iter().filter_map(Value::as_str).collect();
                (operator.to_ascii_lowercase(), key.to_ascii_lowercase(), values)
            })
            .collect()
    }

    /// The strings of an element, which is one string or a list, without white space around them.
    pub(super) fn strings(&self, name: &'d str) -> Vec<&'d str> {
        let values = flat(named(self.members, name));
        values.into_iter().filter_map(|value| value.as_str().map(str::trim)).collect()
    }
}

fn named<'d>(members: &'d Map<String, Value>, name: &str) -> impl Iterator<Item = &'d Value> {
    members.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn flat<'d>(values: impl Iterator<Item = &'d Value>) -> Vec<&'d Value> {
    let mut leaves = Vec::new();
    for value in values {
        match value {
            Value::Array(elements) => leaves.extend(flat(&mut elements.iter())),
            leaf => leaves.push(leaf),
        }
    }
    leaves
}
