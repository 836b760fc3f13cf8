//! Whom a trust policy of any form admits, read as the worst case: what cannot be read admits.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::identifiers::{AccountId, ExternalId};
use crate::policy::Document;
use crate::timestamp::Timestamp;

/// Whom a trust policy admits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// The accounts that it names. `*` is any, and a principal that is not an account's stands as it is written.
    pub accounts: BTreeSet<String>,
    /// Whether each way in requires an external ID.
    pub requires_external_id: bool,
    /// Whether each way in requires MFA.
    pub requires_mfa: bool,
    /// When the last way in closes. `None`: never.
    pub expires_at: Option<Timestamp>,
    /// What a trust policy of ours never has, each as the end of a sentence.
    pub openings: Vec<String>,
}

/// The actions that a trust policy of ours may have.
const OURS: [&str; 3] = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];

impl Admission {
    /// Whom this trust policy admits. `None` is a document that cannot be read.
    pub fn of(trust: Option<&Document>) -> Self {
        let Some(trust) = trust.filter(|trust| !trust.statements().is_empty()) else {
            return Self { openings: vec!["it cannot be read".to_owned()], ..Self::default() };
        };
        let denies = |statement: &&Value| statement.get("Effect").and_then(Value::as_str) == Some("Deny");
        let ways: Vec<&Value> = trust.statements().iter().filter(|statement| !denies(statement)).collect();
        let mut admission = Self { requires_external_id: true, requires_mfa: true, ..Self::default() };
        let mut ends = Vec::new();
        for way in ways {
            admission.add(way);
            if !assumes(way) {
                continue;
            }
            admission.requires_external_id &= requires(way, "StringEquals", "sts:ExternalId", is_external_id);
            admission.requires_mfa &= requires(way, "Bool", "aws:MultiFactorAuthPresent", |value| value == "true");
            ends.push(end(way));
        }
        // The last way in decides, and one that never closes is the last.
        admission.expires_at = ends.iter().copied().collect::<Option<Vec<_>>>().and_then(|ends| ends.into_iter().max());
        admission
    }

    fn add(&mut self, way: &Value) {
        if !way.is_object() {
            self.openings.push("a statement cannot be read".to_owned());
            return;
        }
        if way.get("NotPrincipal").is_some() {
            self.openings.push("it admits everyone but those in NotPrincipal".to_owned());
        }
        let principals: Vec<(&str, String)> = match way.get("Principal") {
            Some(Value::Object(kinds)) => kinds
                .iter()
                .flat_map(|(kind, names)| texts(names).into_iter().map(|name| (kind.as_str(), name)))
                .collect(),
            Some(other) => texts(other).into_iter().map(|name| ("AWS", name)).collect(),
            None => Vec::new(),
        };
        if principals.is_empty() && way.get("NotPrincipal").is_none() {
            self.openings.push("a statement has no principal that can be read".to_owned());
        }
        for (kind, name) in principals {
            self.principal(kind, &name);
        }
        let actions = way.get("Action").map(texts).unwrap_or_default();
        let other = actions.iter().find(|action| !OURS.iter().any(|ours| ours.eq_ignore_ascii_case(action)));
        if let Some(other) = other {
            self.openings.push(format!("it allows {other}"));
        }
        if way.get("NotAction").is_some() || actions.is_empty() {
            self.openings.push("it allows all actions but some".to_owned());
        }
    }

    fn principal(&mut self, kind: &str, name: &str) {
        let account = match name.splitn(6, ':').collect::<Vec<_>>()[..] {
            ["arn", _, "iam" | "sts", "", account, _] | [account] => AccountId::parse(account).ok(),
            _ => None,
        };
        match account {
            Some(account) if kind == "AWS" => drop(self.accounts.insert(account.to_string())),
            _ => {
                self.accounts.insert(name.to_owned());
                let whom = if name == "*" { "everyone".to_owned() } else { format!("the principal {name} ({kind})") };
                self.openings.push(format!("it admits {whom}"));
            }
        }
    }
}

/// Whether a statement may let someone assume the role: all but one of only the session actions.
fn assumes(way: &Value) -> bool {
    let actions = way.get("Action").map(texts).unwrap_or_default();
    let session = |action: &String| OURS[1..].iter().any(|ours| ours.eq_ignore_ascii_case(action));
    actions.is_empty() || !actions.iter().all(session)
}

/// Whether a statement has this condition, with values that all are as they must be.
fn requires(way: &Value, operator: &str, key: &str, right: fn(&str) -> bool) -> bool {
    values(way, operator, key).is_some_and(|values| !values.is_empty() && values.iter().all(|value| right(value)))
}

/// A policy variable, such as `${aws:PrincipalTag/x}`, is none: callers choose what it stands for.
fn is_external_id(value: &str) -> bool {
    ExternalId::parse(value).is_ok()
}

/// A date in another form, such as seconds since 1970, may be later than all others.
fn end(way: &Value) -> Option<Timestamp> {
    let dates = values(way, "DateLessThan", "aws:CurrentTime")?;
    dates.iter().map(|date| Timestamp::read(date)).collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The values of a condition. IAM ignores the letter case of keys.
fn values(way: &Value, operator: &str, key: &str) -> Option<Vec<String>> {
    let keys = way.get("Condition")?.get(operator)?.as_object()?;
    keys.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, values)| texts(values))
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Null => Vec::new(),
        other => vec![other.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of<const N: usize>(statements: [Value; N]) -> Admission {
        Admission::of(Some(&Document::new(statements.into())))
    }

    #[expect(clippy::needless_pass_by_value, reason = "every caller makes the values in place")]
    fn way(principal: Value, condition: Value) -> Value {
        json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition})
    }

    fn provider() -> Value {
        json!({"AWS": "arn:aws:iam::111122223333:root"})
    }

    #[test]
    fn a_trust_of_ours_has_no_opening() {
        let condition = json!({
            "StringEquals": {"sts:ExternalId": "some-id"},
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "DateLessThan": {"aws:CurrentTime": "2027-01-31T18:00:00Z"},
        });
        let session = json!({"Effect": "Allow", "Principal": provider(), "Action": "sts:TagSession"});
        assert_eq!(
            of([way(provider(), condition), session]),
            Admission {
                accounts: BTreeSet::from(["111122223333".to_owned()]),
                requires_external_id: true,
                requires_mfa: true,
                expires_at: Timestamp::parse("2027-01-31T18:00:00Z").ok(),
                openings: Vec::new(),
            }
        );
    }

    #[test]
    fn one_way_in_without_a_condition_is_enough() {
        let narrow = way(
            provider(),
            json!({"StringEquals": {"sts:ExternalId": "x1"}, "DateLessThan": {"aws:CurrentTime": "2027-01-31T18:00:00Z"}}),
        );
        let wide = way(json!({"AWS": "444455556666"}), json!({}));
        let found = of([narrow, wide]);
        assert!(!found.requires_external_id && !found.requires_mfa && found.expires_at.is_none(), "{found:?}");
        assert_eq!(found.accounts.into_iter().collect::<Vec<_>>(), ["111122223333", "444455556666"]);
    }

    #[test]
    fn an_operator_that_lets_more_pass_requires_nothing() {
        for operator in ["StringLike", "StringEqualsIfExists", "ForAllValues:StringEquals", "StringNotEquals"] {
            let condition = json!({operator: {"sts:ExternalId": "x1"}});
            assert!(!of([way(provider(), condition)]).requires_external_id, "{operator}");
        }
        let mfa = json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}});
        assert!(!of([way(provider(), mfa)]).requires_mfa);
    }

    #[test]
    fn what_a_trust_of_ours_never_has_is_an_opening() {
        let everyone = ["it admits everyone"];
        for (statement, openings) in [
            (way(json!("*"), json!({})), &everyone[..]),
            (way(json!({"AWS": "*"}), json!({})), &everyone),
            (
                way(json!({"Service": "ec2.amazonaws.com"}), json!({})),
                &["it admits the principal ec2.amazonaws.com (Service)"],
            ),
            (
                json!({"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}),
                &["it admits everyone but those in NotPrincipal"],
            ),
            (json!({"Effect": "Allow", "Principal": provider(), "Action": "sts:*"}), &["it allows sts:*"]),
            (
                json!({"Effect": "Allow", "Principal": provider(), "NotAction": "sts:TagSession"}),
                &["it allows all actions but some"],
            ),
            (json!("odd"), &["a statement cannot be read"]),
            (json!({"Effect": "Deny", "Principal": "*", "Action": "sts:*"}), &[]),
        ] {
            assert_eq!(of([statement]).openings, openings);
        }
        assert_eq!(Admission::of(None).openings, ["it cannot be read"]);
        assert!(!Admission::of(None).requires_external_id);
        assert_eq!(of([]), Admission::of(None), "nothing in it can be read");
        for principal in [json!({}), json!([]), Value::Null] {
            assert_eq!(of([way(principal, json!({}))]).openings, ["a statement has no principal that can be read"]);
        }
    }

    #[test]
    fn an_external_id_that_callers_choose_is_none() {
        for id in [
            json!("${sts:ExternalId}"),
            json!("${aws:PrincipalTag/x}"),
            json!(["x1", "${aws:PrincipalTag/x}"]),
            json!(""),
        ] {
            assert!(
                !of([way(provider(), json!({"StringEquals": {"sts:ExternalId": id}}))]).requires_external_id,
                "{id}"
            );
        }
    }

    #[test]
    fn a_date_that_cannot_be_read_may_be_the_latest() {
        // IAM also reads seconds since 1970.
        let dates = json!({"DateLessThan": {"aws:CurrentTime": ["2020-01-01T00:00:00Z", "4102444800"]}});
        assert_eq!(of([way(provider(), dates)]).expires_at, None);
    }
}
