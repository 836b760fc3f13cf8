//! Who may assume the role, as a value: written as a trust policy, read back, and compared.
//!
//! The trust that we write is exactly one `Allow` of `sts:AssumeRole` to the roots of accounts, under
//! conditions that can only narrow it, and at most one more of the session actions to the same callers. It
//! never holds a wildcard principal, an `…IfExists` operator or a `StringLike` on the external ID; a document
//! that does is not read back as ours.

mod conditions;
mod session_actions;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use self::conditions::{CONDITIONS, Condition};
pub use self::conditions::{Conditions, Mfa};
pub use self::session_actions::SessionAction;
use crate::identifiers::{AccountId, ExternalId, Partition};
use crate::policy::Document;

/// Who may assume the role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The partition of every account.
    pub partition: Partition,
    /// The accounts whose root is the principal.
    pub accounts: BTreeSet<AccountId>,
    /// The caller must send one of these. Empty: none is needed.
    pub external_ids: BTreeSet<ExternalId>,
    /// The other conditions.
    pub conditions: Conditions,
    /// What the caller may do with the session beside assuming the role.
    pub session_actions: BTreeSet<SessionAction>,
}

/// How a trust compares with an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It admits the same callers.
    Same,
    /// It admits fewer callers, and no new ones.
    Narrower,
    /// It admits all earlier callers, and more.
    Wider,
    /// It admits new callers and no longer admits others, or cannot be compared.
    Incomparable,
}

impl Trust {
    /// The trust policy.
    pub fn to_document(&self) -> Document {
        let mut statements = vec![self.statement(vec![ASSUME_ROLE.to_owned()], true)];
        if !self.session_actions.is_empty() {
            let actions = self.session_actions.iter().map(|action| action.name().to_owned()).collect();
            statements.push(self.statement(actions, false));
        }
        Document::new(statements)
    }

    /// A statement that allows these actions. Only requests to assume the role carry the external ID and the keys of
    /// MFA.
    fn statement(&self, actions: Vec<String>, assumes: bool) -> Value {
        let roots: Vec<String> =
            self.accounts.iter().map(|account| format!("arn:{}:iam::{account}:root", self.partition)).collect();
        let mut condition = Map::new();
        let mut require = |operator: &str, key: &str, value: Value| {
            let operands = condition.entry(operator).or_insert_with(|| json!({}));
            operands[key] = value;
        };
        if assumes && !self.external_ids.is_empty() {
            let ids: Vec<String> = self.external_ids.iter().map(|id| id.expose().to_owned()).collect();
            require("StringEquals", "sts:ExternalId", one_or_many(ids));
        }
        for Condition { operator, key, values, .. } in CONDITIONS.iter().filter(|row| assumes || row.session_actions) {
            let values = values(&self.conditions);
            if !values.is_empty() {
                require(operator, key, one_or_many(values));
            }
        }
        let mut statement = json!({
            "Effect": "Allow",
            "Principal": { "AWS": one_or_many(roots) },
            "Action": one_or_many(actions),
        });
        if !condition.is_empty() {
            statement["Condition"] = Value::Object(condition);
        }
        statement
    }

    /// Reads a trust policy back if it has the form that we write. `None` for any other document, however similar.
    pub fn from_document(document: &Document) -> Option<Self> {
        let assumes = |statement: &Value| {
            actions(statement)
                .is_some_and(|actions| matches!(&actions[..], [one] if one.eq_ignore_ascii_case(ASSUME_ROLE)))
        };
        let (statement, further) = match document.statements() {
            [one] => (one, None),
            [one, other] if assumes(one) => (one, Some(other)),
            [other, one] => (one, Some(other)),
            _ => return None,
        };
        let session_actions = match further {
            Some(further) => actions(further)?.iter().map(|name| SessionAction::named(name)).collect::<Option<_>>()?,
            None => BTreeSet::new(),
        };
        let principals = texts(statement.pointer("/Principal/AWS")?)?;
        let mut roots = principals.iter().map(|arn| {
            let (partition, account) = arn.strip_prefix("arn:")?.strip_suffix(":root")?.split_once(":iam::")?;
            Some((Partition::parse(partition).ok()?, AccountId::parse(account).ok()?))
        });
        let (partition, first) = roots.next()??;
        let mut accounts = BTreeSet::from([first]);
        for root in roots {
            accounts.insert(root?.1);
        }
        let demands = |operator: &str, key: &str| match statement.pointer(&format!("/Condition/{operator}/{key}")) {
            Some(value) => texts(value),
            None => Some(Vec::new()),
        };
        let mut conditions = Conditions::default();
        for Condition { operator, key, read, .. } in &CONDITIONS {
            let values = demands(operator, key)?;
            if !values.is_empty() && !read(&mut conditions, &values) {
                return None;
            }
        }
        let external_ids = parsed(&demands("StringEquals", "sts:ExternalId")?, ExternalId::parse)?;
        let trust = Self { partition, accounts, external_ids, conditions, session_actions };
        // The values that were read must be the whole document. Otherwise another condition, action or principal would
        // be ignored.
        trust.to_document().same_meaning(document).then_some(trust)
    }

    /// Whether this trust admits callers that `earlier` did not admit, and the other way round.
    pub fn compared_with(&self, earlier: &Self) -> Change {
        match (self.admits_all_of(earlier), earlier.admits_all_of(self)) {
            (true, true) => Change::Same,
            (true, false) => Change::Wider,
            (false, true) => Change::Narrower,
            (false, false) => Change::Incomparable,
        }
    }

    /// Whether it admits all callers that `other` admits. False in doubt.
    fn admits_all_of(&self, other: &Self) -> bool {
        // A caller without an external ID is admitted only if none is required.
        let external_ids = self.external_ids.is_empty()
            || (!other.external_ids.is_empty() && other.external_ids.is_subset(&self.external_ids));
        self.partition == other.partition
            && other.accounts.is_subset(&self.accounts)
            && external_ids
            && other.session_actions.is_subset(&self.session_actions)
            && self.conditions.admit_all_of(&other.conditions)
    }

    /// The properties by which this trust differs from another.
    pub fn differing_properties<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'static str> + 'a {
        let accounts =
            (self.accounts != other.accounts || self.partition != other.partition).then_some("ExternalAwsAccountId");
        let external_ids = (self.external_ids != other.external_ids).then_some("ExternalId");
        let session_actions = self.session_actions.symmetric_difference(&other.session_actions);
        accounts
            .into_iter()
            .chain(external_ids)
            .chain(self.conditions.differing_properties(&other.conditions))
            .chain(session_actions.map(|action| action.property()))
    }
}

const ASSUME_ROLE: &str = "sts:AssumeRole";

fn actions(statement: &Value) -> Option<Vec<String>> {
    texts(statement.get("Action")?)
}

/// IAM returns a list of one value as the value. We write it in the same way, so that both are equal.
fn one_or_many(mut texts: Vec<String>) -> Value {
    if texts.len() == 1 { Value::from(texts.remove(0)) } else { Value::from(texts) }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        one => text(one).map(|text| vec![text]),
    }
}

fn parsed<T: Ord, E>(texts: &[String], parse: fn(&str) -> Result<T, E>) -> Option<BTreeSet<T>> {
    texts.iter().map(|text| parse(text).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A trust policy as we write it, with one change.
    fn read(change: impl FnOnce(&mut Value)) -> Option<Trust> {
        let mut statement = json!({
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"sts:ExternalId": "a-long-external-id"},
                "Bool": {"aws:MultiFactorAuthPresent": "true"},
                "DateLessThan": {"aws:CurrentTime": "2027-01-31T18:00:00Z"},
            },
        });
        change(&mut statement);
        Trust::from_document(&Document::new(vec![statement]))
    }

    #[test]
    fn a_trust_is_read_back_in_any_spelling_of_iam() {
        let trust = read(|_| {}).expect("ours");
        assert_eq!((trust.accounts.len(), trust.external_ids.len(), trust.conditions.mfa), (1, 1, Mfa::Required));
        let same = read(|statement| {
            statement["Action"] = json!(["sts:AssumeRole"]);
            statement["Principal"]["AWS"] = json!(["arn:aws:iam::111122223333:root"]);
            statement["Condition"]["Bool"] = json!({"aws:MultiFactorAuthPresent": true});
        });
        assert_eq!(same, Some(trust));
    }

    #[test]
    fn a_trust_that_only_looks_like_ours_is_not_read_back() {
        let id = json!({"sts:ExternalId": "a-long-external-id"});
        for (place, value) in [
            ("/Effect", json!("Deny")),
            ("/Action", json!("sts:*")),
            ("/Action", json!(["sts:AssumeRole", "sts:TagSession"])),
            ("/Principal", json!("*")),
            ("/Principal/AWS", json!("*")),
            ("/Principal/AWS", json!("AROAEXAMPLEEXAMPLE")),
            ("/Principal/AWS", json!("arn:aws:iam::111122223333:role/x")),
            ("/Principal/AWS", json!(["arn:aws:iam::111122223333:root", "arn:aws-cn:iam::444455556666:root"])),
            ("/Principal", json!({"AWS": "arn:aws:iam::111122223333:root", "Service": "ec2.amazonaws.com"})),
            ("/Condition", json!({"StringLike": id})),
            ("/Condition", json!({"StringEqualsIfExists": id})),
            ("/Condition", json!({"StringEqualsIgnoreCase": id})),
            ("/Condition", json!({"StringEquals": id, "BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}})),
            ("/Condition/Bool", json!({"aws:MultiFactorAuthPresent": "false"})),
            ("/Condition/StringEquals", json!({"aws:PrincipalOrgID": ["o-aaaaaaaaaa", "o-bbbbbbbbbb"]})),
            ("/Condition/DateLessThan", json!({"aws:CurrentTime": ["2027-01-31T18:00:00Z", "2028-01-31T18:00:00Z"]})),
            ("/Condition/DateLessThan", json!({"aws:CurrentTime": "2027-01-31"})),
            ("/Condition/DateLessThan", json!({"aws:TokenIssueTime": "2027-01-31T18:00:00Z"})),
            (
                "/Condition",
                json!({"StringEquals": id, "DateLessThanEquals": {"aws:CurrentTime": "2027-01-31T18:00:00Z"}}),
            ),
            (
                "/Condition",
                json!({"StringEquals": id, "DateLessThanIfExists": {"aws:CurrentTime": "2027-01-31T18:00:00Z"}}),
            ),
        ] {
            let changed = read(|statement| *statement.pointer_mut(place).expect("a place") = value.clone());
            assert_eq!(changed, None, "{place} {value}");
        }
        let further = |actions: Value, change: fn(&mut Value)| {
            let document = read(|_| {}).expect("ours").to_document();
            let mut second = document.statements()[0].clone();
            second["Action"] = actions;
            second["Condition"] = json!({"DateLessThan": {"aws:CurrentTime": "2027-01-31T18:00:00Z"}});
            change(&mut second);
            Trust::from_document(&document.with_statements(vec![document.statements()[0].clone(), second]))
        };
        let ours = further(json!("sts:TagSession"), |_| {}).expect("ours");
        assert_eq!(ours.session_actions, BTreeSet::from([SessionAction::TagSession]));
        for (what, trust) in [
            ("no action", further(json!([]), |_| {})),
            ("another action", further(json!("sts:GetCallerIdentity"), |_| {})),
            ("a pattern", further(json!("sts:*"), |_| {})),
            ("a second way in", further(json!("sts:AssumeRole"), |_| {})),
            ("both", further(json!(["sts:AssumeRole", "sts:TagSession"]), |_| {})),
            ("fewer conditions", further(json!("sts:TagSession"), |statement| statement["Condition"] = json!({}))),
            ("a deny", further(json!("sts:TagSession"), |statement| statement["Effect"] = json!("Deny"))),
            ("everybody", further(json!("sts:TagSession"), |statement| statement["Principal"] = json!("*"))),
            (
                "a condition that these requests never fulfil",
                further(json!("sts:TagSession"), |statement| {
                    statement["Condition"]["Bool"] = json!({"aws:MultiFactorAuthPresent": "true"});
                }),
            ),
        ] {
            assert_eq!(trust, None, "{what}");
        }
        let excepted = read(|statement| statement["NotPrincipal"] = json!({"AWS": "arn:aws:iam::111122223333:user/x"}));
        assert_eq!(excepted, None);
        assert_eq!(Trust::from_document(&Document::new(vec![json!({}), json!({})])), None);
    }
}
