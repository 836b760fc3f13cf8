//! Reading the properties of a request: typed values, or every problem at once.
//!
//! `CloudFormation` sends every scalar as a string (`"true"`, `"3600"`); both forms are accepted. Nothing is guessed: an empty
//! string where a value is needed, an unknown property or a value out of range is a problem that names the property, what
//! was given, and what is allowed.

use std::fmt;

use serde_json::Value;

use crate::findings::{Code, Finding, Problems};
use crate::identifiers::Invalid;
use crate::resource_types::{Form, ResourceType};
use crate::secrets::{Secrets, looks_like_external_id, may_be_external_id};
use crate::values::plain;
pub use crate::values::{Properties, scalar, texts};

/// What is wrong with an empty string; it continues the sentence after the property's name.
pub(crate) const EMPTY: &str = "is an empty string; give a value, or leave the property out (AWS::NoValue).";

/// Reads the properties of one resource, one by one. Names, ranges and counts are those of the resource type's table.
pub struct Reader<'a> {
    properties: &'a Properties,
    resource_type: &'static ResourceType,
    secrets: Secrets,
    problems: Problems,
    warnings: Vec<Finding>,
}

/// Which malformed values a message may repeat.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// All but those that look like an external ID.
    MostValues,
    /// Only those that cannot be an external ID: where a well-formed value is a short word, a number or a name.
    ShortWords,
    /// None: they may be a secret.
    Nothing,
}

impl<'a> Reader<'a> {
    /// A reader of the properties of a resource of this type.
    pub fn new(properties: &'a Properties, resource_type: &'static ResourceType) -> Self {
        Self {
            properties,
            resource_type,
            secrets: Secrets::of_properties(properties),
            problems: Problems::default(),
            warnings: Vec::new(),
        }
    }

    /// The value as it was sent, if it was sent.
    pub fn raw(&mut self, property: &'static str) -> Option<&'a Value> {
        debug_assert!(self.resource_type.property(property).is_some(), "{property} is not in the table");
        self.properties.get(property)
    }

    /// A string that is the value as it is, empty or not.
    pub fn free_text(&mut self, property: &'static str) -> Option<String> {
        let value = self.raw(property)?;
        let text = scalar(value);
        if text.is_none() {
            self.problem(Code::InvalidValue, property, format!("is {}; give a string.", kind(value)));
        }
        text
    }

    /// A string that `parse` turns into a value.
    pub fn one<T>(&mut self, property: &'static str, parse: fn(&str) -> Result<T, Invalid>) -> Option<T> {
        let value = self.raw(property)?;
        self.parsed(property, value, Repeat::MostValues, parse)
    }

    /// Like [`one`](Self::one), for a word or a name: a message does not repeat what may be an external ID.
    pub fn word<T>(&mut self, property: &'static str, parse: fn(&str) -> Result<T, Invalid>) -> Option<T> {
        let value = self.raw(property)?;
        self.parsed(property, value, Repeat::ShortWords, parse)
    }

    /// Like [`one`](Self::one), for a value that no message may repeat.
    pub fn one_hidden<T>(&mut self, property: &'static str, parse: fn(&str) -> Result<T, Invalid>) -> Option<T> {
        let value = self.raw(property)?;
        self.parsed(property, value, Repeat::Nothing, parse)
    }

    /// `true` or `false`.
    pub fn flag(&mut self, property: &'static str) -> Option<bool> {
        self.word(property, |text| match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Invalid::new("true or false")),
        })
    }

    /// A whole number in the property's range.
    pub fn number(&mut self, property: &'static str) -> Option<u32> {
        let Some(Form::Number { allowed, unit, .. }) = self.form(property) else {
            return self.not_of_this_form(property);
        };
        let value = self.raw(property)?;
        let text = self.parsed(property, value, Repeat::ShortWords, |text| Ok(text.to_owned()))?;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits && allowed.contains(number));
        if number.is_none() {
            let (least, most) = (allowed.start(), allowed.end());
            let given = self.given(&text, Repeat::ShortWords);
            self.problem(
                Code::InvalidValue,
                property,
                format!("is {given}; it must be a whole number from {least} to {most} ({unit})."),
            );
        }
        number
    }

    /// A list of different values. One value alone counts as a list of one.
    pub fn list<T: PartialEq>(
        &mut self,
        property: &'static str,
        parse: fn(&str) -> Result<T, Invalid>,
    ) -> Option<Vec<T>> {
        let value = self.raw(property)?;
        self.parsed_list(property, value, Repeat::MostValues, parse)
    }

    /// Like [`list`](Self::list), for values that no message may repeat.
    pub fn list_hidden<T: PartialEq>(
        &mut self,
        property: &'static str,
        parse: fn(&str) -> Result<T, Invalid>,
    ) -> Option<Vec<T>> {
        let value = self.raw(property)?;
        self.parsed_list(property, value, Repeat::Nothing, parse)
    }

    /// Like [`list`](Self::list), but a string may contain several values, separated by commas.
    pub fn comma_list<T: PartialEq>(
        &mut self,
        property: &'static str,
        parse: fn(&str) -> Result<T, Invalid>,
    ) -> Option<Vec<T>> {
        let value = self.raw(property)?;
        match value {
            Value::String(text) if text.contains(',') => {
                let parts = text.split(',').map(|part| Value::from(part.trim())).collect();
                self.parsed_list(property, &Value::Array(parts), Repeat::MostValues, parse)
            }
            _ => self.parsed_list(property, value, Repeat::MostValues, parse),
        }
    }

    /// Adds a problem of a property; `what` continues the sentence after its name.
    pub fn problem(&mut self, code: Code, property: &str, what: impl fmt::Display) {
        self.problems.of(code, property, what);
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Finding) {
        self.problems.push(problem);
    }

    /// Adds a warning about a property, or about the whole where `property` is empty.
    pub fn warning(&mut self, code: Code, property: &str, message: impl Into<String>) {
        self.warnings.push(Finding::warning(code, property, message));
    }

    /// Ends the reading with all problems and warnings: every property that the resource type does not have is a problem, too.
    pub fn finish(mut self) -> (Problems, Vec<Finding>) {
        let properties = self.properties;
        for name in properties.keys() {
            if self.resource_type.property(name).is_some() {
                continue;
            }
            let known = self.resource_type.properties().map(|property| property.name);
            let hint = match (self.resource_type.instead_of(name), nearest(name, known)) {
                (Some(instead), _) => instead.to_owned(),
                (None, Some(property)) => format!("use {property}"),
                (None, None) => "remove it".to_owned(),
            };
            let message =
                format!("{} is not a property of this resource: {hint}.", clipped(&self.secrets.hidden_in(name)));
            self.push(Finding::error(Code::UnknownProperty, name.as_str(), message));
        }
        (self.problems, self.warnings)
    }

    fn form(&self, property: &str) -> Option<&'static Form> {
        Some(&self.resource_type.property(property)?.form)
    }

    /// The table and the code that reads the property disagree, which every test that reads it finds. Fails closed.
    fn not_of_this_form<T>(&mut self, property: &str) -> Option<T> {
        debug_assert!(false, "{property} has another form in the table");
        self.problem(Code::InvalidValue, property, "cannot be read; this is an error in the function.");
        None
    }

    /// A value as a message repeats it, if it may: in quotes, on one line, shortened. Redacted before it is shortened.
    fn given(&self, text: &str, repeat: Repeat) -> String {
        let hidden = self.secrets.contain(text)
            || match repeat {
                Repeat::MostValues => looks_like_external_id(text),
                Repeat::ShortWords => may_be_external_id(text),
                Repeat::Nothing => true,
            };
        let shown = || clipped(&self.secrets.hidden_in(text));
        if hidden { "not well-formed (its value is not repeated here)".to_owned() } else { shown() }
    }

    fn parsed<T>(
        &mut self,
        property: &str,
        value: &Value,
        repeat: Repeat,
        parse: fn(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let (code, what) = match scalar(value).as_deref() {
            None => (Code::InvalidValue, format!("is {}; give one value, not a list or an object.", kind(value))),
            Some("") => (Code::EmptyValue, EMPTY.to_owned()),
            Some(text) => match parse(text) {
                Ok(parsed) => return Some(parsed),
                Err(allowed) => (Code::InvalidValue, format!("is {}; it must be {allowed}.", self.given(text, repeat))),
            },
        };
        self.problem(code, property, what);
        None
    }

    fn parsed_list<T: PartialEq>(
        &mut self,
        property: &str,
        value: &Value,
        repeat: Repeat,
        parse: fn(&str) -> Result<T, Invalid>,
    ) -> Option<Vec<T>> {
        let Some(Form::List { count, .. }) = self.form(property) else { return self.not_of_this_form(property) };
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        if !count.contains(&items.len()) {
            let (least, most) = (count.start(), count.end());
            let what = format!("has {} values; give {least} to {most}.", items.len());
            self.problem(Code::InvalidValue, property, what);
            return None;
        }
        let parsed: Vec<T> = items.iter().filter_map(|item| self.parsed(property, item, repeat, parse)).collect();
        if parsed.len() < items.len() {
            return None;
        }
        if parsed.iter().enumerate().any(|(index, item)| parsed[..index].contains(item)) {
            self.problem(Code::RepeatedValue, property, "contains the same value twice; give each value once.");
            return None;
        }
        Some(parsed)
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
        Value::String(_) | Value::Bool(_) | Value::Number(_) => "a value",
    }
}

/// A text in quotes, on one line, shortened.
fn clipped(text: &str) -> String {
    const LONGEST: usize = 80;
    let short: String = text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let more = if text.chars().nth(LONGEST).is_some() { "…" } else { "" };
    format!("\"{short}{more}\"")
}

/// The known name that is most similar to a misspelled one, if one is similar.
fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let written = plain(&name.chars().take(100).collect::<String>());
    known
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&written, &plain(candidate)), candidate))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;
    use crate::identifiers::{AccountId, ExternalId};
    use crate::resource_types::DELEGATED_ROLE;

    fn check(properties: &Value, expected: &Expect) {
        let properties = properties.as_object().cloned().unwrap_or_default();
        let mut reader = Reader::new(&properties, &DELEGATED_ROLE);
        let read = (
            reader.flag("RequireMfa"),
            reader.number("MfaMaxAge"),
            reader.list("ExternalAwsAccountId", AccountId::parse),
            reader.list_hidden("ExternalId", ExternalId::parse),
            reader.comma_list("ManagedPolicyArns", |text| Ok(text.to_owned())),
            reader.free_text("Revision"),
        );
        let (problems, _) = reader.finish();
        let outcome = match problems.none() {
            Ok(()) => format!("{read:?}"),
            Err(problems) => problems.to_string(),
        };
        expected.assert_eq(&outcome);
    }

    #[test]
    fn strings_and_native_scalars_read_the_same() {
        let expected = || {
            expect![[r#"(Some(true), Some(60), Some([AccountId("111122223333")]), None, Some(["a", "b"]), Some(""))"#]]
        };
        check(
            &json!({"ServiceToken": "arn", "RequireMfa": "true", "MfaMaxAge": "60", "ExternalAwsAccountId": "111122223333",
                   "ManagedPolicyArns": "a, b", "Revision": ""}),
            &expected(),
        );
        check(
            &json!({"ServiceTimeout": 60, "RequireMfa": true, "MfaMaxAge": 60, "ExternalAwsAccountId": ["111122223333"],
                   "ManagedPolicyArns": ["a", "b"], "Revision": ""}),
            &expected(),
        );
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        check(
            &json!({"RequireMfa": "yes", "MfaMaxAge": "0", "ExternalAwsAccountId": ["1", {}], "ExternalId": "se cret",
                   "ManagedPolicyArns": "", "Revision": []}),
            &expect![[
                r#"There are 7 problems. (1) RequireMfa is "yes"; it must be true or false. [invalid-value] (2) MfaMaxAge is "0"; it must be a whole number from 1 to 129600 (seconds). [invalid-value] (3) ExternalAwsAccountId is not well-formed (its value is not repeated here); it must be an AWS account ID of 12 digits, in quotes where it starts with 0. [invalid-value] (4) ExternalAwsAccountId is an object; give one value, not a list or an object. [invalid-value] (5) ExternalId is not well-formed (its value is not repeated here); it must be 2 to 1224 characters of A-Za-z0-9_+=,.@:/- (character 3 of 7 is none of them). [invalid-value] (6) ManagedPolicyArns is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value] (7) Revision is a list; give a string. [invalid-value]"#
            ]],
        );
    }

    #[test]
    fn unknown_names_are_reported_with_the_nearest_known_one() {
        check(
            &json!({"RequireMFA_": "true"}),
            &expect![[r#""RequireMFA_" is not a property of this resource: use RequireMfa. [unknown-property]"#]],
        );
        check(
            &json!({"require_mfa": "true"}),
            &expect![[r#""require_mfa" is not a property of this resource: use RequireMfa. [unknown-property]"#]],
        );
        check(
            &json!({"Colour": "red"}),
            &expect![[r#""Colour" is not a property of this resource: remove it. [unknown-property]"#]],
        );
    }

    #[test]
    fn numbers_are_whole_and_in_range() {
        for bad in [json!("+5"), json!("5.0"), json!(5.5), json!(-1), json!("129601"), json!("٥")] {
            let properties = json!({"MfaMaxAge": bad}).as_object().cloned().unwrap_or_default();
            let mut reader = Reader::new(&properties, &DELEGATED_ROLE);
            assert_eq!(reader.number("MfaMaxAge"), None, "{bad}");
        }
    }

    #[test]
    fn a_value_given_twice_is_a_problem() {
        check(
            &json!({"ExternalId": ["the-same-one-twice", "the-same-one-twice"]}),
            &expect!["ExternalId contains the same value twice; give each value once. [repeated-value]"],
        );
    }
}
