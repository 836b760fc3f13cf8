//! All possible callers, and whom a trust policy admits, read without the code under test.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use delegated_role_core::role::trust::Trust;
use serde_json::Value;

use super::arbitrary::{ACCOUNTS, EXPIRIES, IDS};

struct Caller {
    account: &'static str,
    external_id: Option<&'static str>,
    mfa_age: Option<u32>,
    name: &'static str,
    organization: &'static str,
    address: &'static str,
    at: &'static str,
    /// What the caller does with the session beside assuming the role.
    session_action: Option<&'static str>,
}

fn callers() -> Vec<Caller> {
    let mut callers = Vec::new();
    for account in ACCOUNTS {
        for external_id in [None, Some(IDS[0]), Some(IDS[1]), Some(IDS[2])] {
            for mfa_age in [None, Some(30), Some(300)] {
                for name in ["role/ci/deploy", "role/other", "user/auditor"] {
                    for organization in ["o-aaaaaaaaaa", "o-bbbbbbbbbb"] {
                        for address in ["203.0.113.5", "203.0.113.99", "192.0.2.1"] {
                            for at in ["2026-11-30T23:59:59Z", EXPIRIES[0], EXPIRIES[1]] {
                                for session_action in [None, Some("sts:TagSession"), Some("sts:SetSourceIdentity")] {
                                    let caller = Caller {
                                        account,
                                        external_id,
                                        mfa_age,
                                        name,
                                        organization,
                                        address,
                                        at,
                                        session_action,
                                    };
                                    callers.push(caller);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    callers
}

/// The callers that a trust policy admits: its JSON as IAM reads it, without any of the code under test. Without a trust,
/// everybody is admitted.
pub(super) fn admitted(trust: Option<&Trust>) -> Rc<BTreeSet<usize>> {
    thread_local! {
        /// There are many callers, and the same trust occurs in many states of a role.
        static KNOWN: RefCell<BTreeMap<String, Rc<BTreeSet<usize>>>> = RefCell::default();
    }
    let text = trust.map(|trust| trust.to_document().to_json()).unwrap_or_default();
    let known = KNOWN.with_borrow(|known| known.get(&text).cloned());
    known.unwrap_or_else(|| {
        let policy: Value = serde_json::from_str(&text).unwrap_or_default();
        let is_admitted = |caller: &Caller| text.is_empty() || caller.is_admitted(&policy);
        let admitted =
            callers().iter().enumerate().filter(|(_, caller)| is_admitted(caller)).map(|(index, _)| index).collect();
        let admitted = Rc::new(admitted);
        KNOWN.with_borrow_mut(|known| known.insert(text, Rc::clone(&admitted)));
        admitted
    })
}

impl Caller {
    /// Each action of the request must be allowed by a statement.
    fn is_admitted(&self, policy: &Value) -> bool {
        let actions = [Some("sts:AssumeRole"), self.session_action];
        actions.into_iter().flatten().all(|action| {
            let statements = policy["Statement"].as_array().unwrap();
            statements.iter().any(|statement| {
                statement["Effect"] == "Allow"
                    && any_of(&statement["Action"], |allowed| allowed == action)
                    && self.fulfils(statement, action == "sts:AssumeRole")
            })
        })
    }

    /// Requests for the other actions do not carry the external ID and the keys of MFA.
    fn fulfils(&self, statement: &Value, assumes: bool) -> bool {
        let arn = format!("arn:aws:iam::{}:{}", self.account, self.name);
        let root = format!("arn:aws:iam::{}:root", self.account);
        let conditions = statement["Condition"].as_object().into_iter().flatten();
        any_of(&statement["Principal"]["AWS"], |principal| principal == root)
            && conditions
                .flat_map(|(operator, keys)| {
                    keys.as_object().unwrap().iter().map(move |(key, value)| (operator, key, value))
                })
                .all(|(operator, key, value)| match (operator.as_str(), key.as_str()) {
                    ("StringEquals", "sts:ExternalId") => {
                        assumes && self.external_id.is_some_and(|id| any_of(value, |wanted| wanted == id))
                    }
                    ("StringEquals", "aws:PrincipalOrgID") => value == self.organization,
                    ("Bool", "aws:MultiFactorAuthPresent") => assumes && (value == "true") == self.mfa_age.is_some(),
                    ("NumericLessThanEquals", "aws:MultiFactorAuthAge") => {
                        assumes && self.mfa_age.is_some_and(|age| age <= value.as_str().unwrap().parse().unwrap())
                    }
                    ("ArnLike", "aws:PrincipalArn") => any_of(value, |wanted| match wanted.strip_suffix('*') {
                        Some(start) => arn.starts_with(start),
                        None => arn == wanted,
                    }),
                    ("IpAddress", "aws:SourceIp") => {
                        let address: std::net::IpAddr = self.address.parse().unwrap();
                        any_of(value, |range| range.parse::<ipnet::IpNet>().unwrap().contains(&address))
                    }
                    ("DateLessThan", "aws:CurrentTime") => self.at < value.as_str().unwrap(),
                    other => panic!("an unexpected condition: {other:?}"),
                })
    }
}

fn any_of(value: &Value, matches: impl Fn(&str) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| matches(item.as_str().unwrap())),
        item => matches(item.as_str().unwrap()),
    }
}
