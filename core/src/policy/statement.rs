//! The statements of a document, found whatever shape it is in.
//!
//! Judging must not be fooled by a document that IAM would refuse, or might not: names of elements
//! count in any letter case, lists in lists are lists, and what does not clearly deny allows.

use std::fmt;

use serde_json::{Map, Value};

/// One statement and where it stands.
pub(super) struct Statement<'d> {
    pub(super) place: Place,
    members: &'d Map<String, Value>,
}

/// "statement 2 (Sid ReadLogs)": counted from 1, since people count so.
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

/// Every statement that can be made out; elements that are no objects state nothing.
pub(super) fn statements(document: &Map<String, Value>) -> Vec<Statement<'_>> {
    flat(named(document, "Statement"))
        .into_iter()
        .enumerate()
        .filter_map(|(index, value)| {
            let members = value.as_object()?;
            Some(Statement { place: Place::new(index + 1, members), members })
        })
        .collect()
}

impl<'d> Statement<'d> {
    /// Anything but one plain `Deny` may allow.
    pub(super) fn may_allow(&self) -> bool {
        let effects: Vec<_> = named(self.members, "Effect").collect();
        !matches!(effects[..], [Value::String(effect)] if effect.eq_ignore_ascii_case("Deny"))
    }

    /// The opposite is not "allows": what is unclear does neither plainly.
    pub(super) fn plainly_denies(&self) -> bool {
        named(self.members, "Effect").count() == 1 && self.members.get("Effect").and_then(Value::as_str) == Some("Deny")
    }

    pub(super) fn has(&self, name: &str) -> bool {
        named(self.members, name).next().is_some()
    }

    /// The strings of an element, a single one or a list of them, without space around them.
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

/// Text out of a policy, fit for a sentence: on one line, and no longer than a reader wants.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 100;
    let mut shown = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == LONGEST {
            shown.push('…');
            break;
        }
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}
