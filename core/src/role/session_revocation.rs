//! Ending sessions. IAM evaluates the policies of a role at each call of a session. So a deny for sessions that were
//! issued before a moment ends them, whatever their duration.
//!
//! The deny is the inline policy that the console writes under "Revoke active sessions". It is never removed, and its
//! cut-off never moves back, also if others wrote it: sessions that were ended stay ended.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::policy::Document;
use crate::timestamp::Timestamp;

/// The name that the console gives to the policy.
pub const REVOCATION_POLICY: &str = "AWSRevokeOlderSessions";

/// For this time after a trust was written, STS may still issue sessions under the trust before.
const MARGIN: Duration = Duration::from_secs(5);

/// The cut-off for a trust that was written at the time `now`. STS truncates the time of issue to a full second, so a
/// session counts as newer than the cut-off only after a full second.
pub fn cut_off_after(now: Timestamp) -> Timestamp {
    now.full_second_after(MARGIN)
}

/// The cut-off of a policy: it ends sessions that were issued before. `None` if it ends none. Other statements are
/// ignored.
pub fn cut_off(policy: &Document) -> Option<Timestamp> {
    policy.statements().iter().filter_map(cut_off_of).max()
}

/// The cut-off in the inline policies of a role.
pub fn standing_cut_off(inline: &BTreeMap<String, Option<Document>>) -> Option<Timestamp> {
    inline.get(REVOCATION_POLICY)?.as_ref().and_then(cut_off)
}

/// The policy that ends the sessions issued before `at`, and denies what the existing one denies. If the cut-off of the
/// existing policy is later, it stays: a cut-off never moves back.
pub fn extended(standing: Option<&Document>, at: Timestamp) -> (Document, Timestamp) {
    // Its allows are removed: this name is not for policies of others.
    let Some(standing) = standing.and_then(Document::denials) else {
        return (Document::new(vec![ending(&at.to_milliseconds())]), at);
    };
    let at = cut_off(&standing).map_or(at, |cut_off| cut_off.max(at));
    let others = standing.statements().iter().filter(|statement| cut_off_of(statement).is_none());
    let denied: Vec<Value> = others.cloned().chain([ending(&at.to_milliseconds())]).collect();
    if denied.len() == 1 {
        return (Document::new(denied), at);
    }
    // In the version of the policy language in which the other statements were written.
    (standing.with_statements(denied), at)
}

/// The size of [`extended`] as an inline policy. All its dates have the same length.
pub fn size(standing: Option<&Document>) -> usize {
    extended(standing, SystemTime::UNIX_EPOCH.into()).0.size()
}

/// The statement, as the console writes it.
fn ending(cut_off: &str) -> Value {
    json!({
        "Effect": "Deny",
        "Action": ["*"],
        "Resource": ["*"],
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": cut_off}},
    })
}

/// `None` for any other statement, however similar.
fn cut_off_of(statement: &Value) -> Option<Timestamp> {
    let date = match statement.pointer("/Condition/DateLessThan/aws:TokenIssueTime")? {
        Value::Array(dates) if dates.len() == 1 => dates[0].as_str()?,
        date => date.as_str()?,
    };
    let mut unnamed = statement.clone();
    unnamed.as_object_mut()?.remove("Sid");
    let alike = Document::new(vec![unnamed]).same_meaning(&Document::new(vec![ending(date)]));
    Timestamp::read(date).filter(|_| alike)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const NOON: &str = "2026-11-22T12:00:00.000Z";

    fn moment(text: &str) -> Timestamp {
        Timestamp::read(text).expect("a moment")
    }

    fn policy(statements: &Value) -> Document {
        Document::from_value(json!({"Version": "2012-10-17", "Statement": statements})).expect("a document")
    }

    fn deny_all() -> Value {
        json!({"Effect": "Deny", "Action": "*", "Resource": "*"})
    }

    #[test]
    fn the_policy_is_the_one_that_the_console_writes() {
        let (policy, cut_off) = extended(None, moment(NOON));
        expect![[r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-11-22T12:00:00.000Z"}}}]}"#]]
            .assert_eq(&policy.to_json());
        assert_eq!((policy.size(), cut_off), (size(None), moment(NOON)));
    }

    #[test]
    fn a_cut_off_is_read_in_any_spelling() {
        for statements in [
            json!([ending(NOON)]),
            json!(ending(NOON)),
            json!([ending("2026-11-22T12:00:00Z")]),
            json!([{"Sid": "Revoke", "Effect": "Deny", "Action": "*", "Resource": "*",
                "Condition": {"DateLessThan": {"aws:TokenIssueTime": ["2026-11-22T12:00:00Z"]}}}]),
            json!([ending("2026-11-21T12:00:00Z"), ending(NOON)]),
            json!([deny_all(), ending(NOON)]),
            json!([ending(NOON), {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]),
        ] {
            assert_eq!(cut_off(&policy(&statements)), Some(moment(NOON)), "{statements}");
        }
        let elsewhere = |change: fn(&mut Value)| {
            let mut statement = ending(NOON);
            change(&mut statement);
            json!([statement])
        };
        for statements in [
            json!([]),
            json!([deny_all()]),
            json!([ending("soon")]),
            elsewhere(|statement| statement["Effect"] = json!("Allow")),
            elsewhere(|statement| statement["Action"] = json!("s3:*")),
            elsewhere(|statement| statement["Resource"] = json!("arn:aws:s3:::a")),
            elsewhere(|statement| statement["Condition"]["Bool"] = json!({"aws:SecureTransport": "true"})),
            elsewhere(|statement| statement["Condition"]["DateLessThan"]["aws:CurrentTime"] = json!(NOON)),
            elsewhere(|statement| statement["Condition"] = json!({"DateGreaterThan": {"aws:TokenIssueTime": NOON}})),
        ] {
            assert_eq!(cut_off(&policy(&statements)), None, "{statements}");
        }
    }

    #[test]
    fn the_cut_off_never_moves_back_and_what_is_denied_stays_denied() {
        let at = moment(NOON);
        let [earlier, later] = ["2026-11-22T11:59:59.999Z", "2026-11-22T12:00:00.001Z"];
        for (standing, expected) in [
            (json!([ending(earlier)]), json!([ending(NOON)])),
            (json!([ending(later)]), json!([ending(later)])),
            (json!([ending(earlier), ending(later)]), json!([ending(later)])),
            (json!(deny_all()), json!([deny_all(), ending(NOON)])),
            (json!([ending(later), deny_all()]), json!([deny_all(), ending(later)])),
            (json!([ending("soon")]), json!([ending("soon"), ending(NOON)])),
            (json!([ending(later), {"Effect": "Allow", "Action": "*", "Resource": "*"}]), json!([ending(later)])),
            (json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]), json!([ending(NOON)])),
        ] {
            let (extended, cut_off) = extended(Some(&policy(&standing)), at);
            assert_eq!(extended.to_json(), policy(&expected).to_json(), "{standing}");
            assert_eq!(super::cut_off(&extended), Some(cut_off), "{standing}");
        }
        // In the old version of the policy language, a variable is plain text.
        let old = Document::from_value(
            json!({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "${aws:userid}"}]}),
        );
        let (extended, _) = extended(old.as_ref().ok(), at);
        assert_eq!(extended.members().get("Version"), None);
    }

    #[test]
    fn a_session_from_the_second_of_the_cut_off_is_valid() {
        for (written, until) in [
            ("2026-11-22T12:00:00Z", "2026-11-22T12:00:05.000Z"),
            ("2026-11-22T12:00:00.400Z", "2026-11-22T12:00:06.000Z"),
        ] {
            assert_eq!(cut_off_after(moment(written)).to_milliseconds(), until);
        }
    }
}
