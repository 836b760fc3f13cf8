//! The answer to CloudFormation, always within its limits.
//!
//! CloudFormation discards an answer over 4,096 bytes together with its reason, and one with an empty physical ID; see
//! [custom resource responses].
//!
//! [custom resource responses]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html

use std::collections::BTreeMap;

use delegated_role_core::findings::{Code, Finding, Reason, cut, length};
use delegated_role_core::secrets::Secrets;
use serde_json::json;

use crate::request::Envelope;

/// The longest body, in bytes.
const LONGEST_BODY: usize = 4096;

/// The longest physical ID, in bytes.
const LONGEST_PHYSICAL_ID: usize = 1024;

/// The longest of the other IDs, in bytes. Those of CloudFormation are shorter.
const LONGEST_ECHO: usize = 512;

/// The answer to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// The request succeeded.
    Success {
        /// The resource's ID from now on.
        physical_id: String,
        /// The values for `Fn::GetAtt`.
        attributes: Attributes,
    },
    /// The request failed, for a reason that a person can act on.
    Failed {
        /// The resource's ID from now on.
        physical_id: String,
        /// What happened, which property or permission, what to do.
        reason: Reason,
        /// The kind of the failure, for the operator.
        cause: Cause,
    },
}

/// Why a request failed, by who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// What it asks for is not possible or not allowed.
    Refused,
    /// AWS denied a call.
    Denied,
    /// AWS throttled a call in all attempts.
    Throttled,
    /// AWS gave no usable answer.
    Unavailable,
    /// The function ran out of time.
    TimedOut,
    /// The function has an error: a panic.
    Panicked,
    /// The function's settings are wrong, so its owner must correct them.
    Settings,
    /// An access check found a role that can be assumed without its external ID.
    Unsafe,
    /// An access check found a role that cannot be assumed with its external ID.
    Shut,
    /// An access check has no verdict.
    Inconclusive,
    /// A call failed for another reason.
    Other,
}

/// The verdict of a check that is not made, because its input cannot be used.
pub const REFUSED: &str = "Refused";

/// The values for `Fn::GetAtt`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The values by name. Never printed, because external IDs are among them.
    pub values: BTreeMap<&'static str, String>,
    /// The names of the values that are emptied first when the answer would be too long.
    pub dispensable: &'static [&'static str],
    /// The name of the text that is cut when it is still too long.
    pub cuttable: &'static str,
}

impl std::fmt::Debug for Attributes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Response {
    /// The same answer without these secrets, except in the attributes that contain them for the provider.
    #[must_use]
    pub fn without(self, secrets: &Secrets) -> Self {
        match self {
            Self::Failed { physical_id, reason, cause } => {
                Self::Failed { physical_id, reason: reason.without(secrets), cause }
            }
            Self::Success { physical_id, mut attributes } => {
                if let Some(text) = attributes.values.get_mut(attributes.cuttable) {
                    *text = secrets.hidden_in(text);
                }
                Self::Success { physical_id, attributes }
            }
        }
    }

    /// The body of the PUT: at most 4,096 bytes. The least important parts are cut first.
    pub fn body(&self, envelope: &Envelope) -> String {
        match self {
            Self::Success { physical_id, attributes } => {
                let whole = |attributes: &Attributes| {
                    document(envelope, physical_id, [("Status", json!("SUCCESS")), ("Data", json!(attributes.values))])
                };
                let body = whole(attributes);
                if body.len() <= LONGEST_BODY {
                    return body;
                }
                let mut shorter = attributes.clone();
                shorter.empty_dispensable();
                let excess = whole(&shorter).len().saturating_sub(LONGEST_BODY);
                shorter.cut(excess);
                whole(&shorter)
            }
            Self::Failed { physical_id, reason, .. } => {
                let with = |reason: &str| {
                    document(envelope, physical_id, [("Reason", json!(reason)), ("Status", json!("FAILED"))])
                };
                let room = LONGEST_BODY.saturating_sub(with("").len());
                with(&reason.within(room))
            }
        }
    }
}

impl Attributes {
    fn empty_dispensable(&mut self) {
        if self.dispensable.is_empty() {
            return;
        }
        for name in self.dispensable {
            self.values.insert(name, String::new());
        }
        let emptied = self.dispensable.join(" and ");
        let message = format!("{emptied} left empty, because the answer to CloudFormation would have been too long.");
        let note = Finding::warning(Code::AnswerShortened, "", message).to_string();
        let text = self.values.entry(self.cuttable).or_default();
        *text = if text.is_empty() { note } else { format!("{note}\n{text}") };
    }
}

impl Attributes {
    /// Shortens the text that may be cut by this number of bytes: whole lines are removed, the last ones first, and
    /// counted. A line that is too long by itself is cut.
    fn cut(&mut self, excess: usize) {
        let name = self.cuttable;
        let Some(text) = self.values.get_mut(name).filter(|_| excess > 0) else { return };
        let room = length(text).saturating_sub(excess);
        let lines: Vec<_> = text.lines().collect();
        let shortened = (1..lines.len()).rev().find_map(|kept| {
            let more = lines.len() - kept;
            let message = format!("{name} has {more} more lines, which do not fit into the answer to CloudFormation.");
            let note = Finding::warning(Code::AnswerShortened, "", message);
            let shortened = format!("{}\n{note}", lines[..kept].join("\n"));
            (length(&shortened) <= room).then_some(shortened)
        });
        *text = shortened.unwrap_or_else(|| cut(text, room));
    }
}

fn document(envelope: &Envelope, physical_id: &str, fields: [(&str, serde_json::Value); 2]) -> String {
    let physical_id = if physical_id.is_empty() { "none" } else { physical_id };
    let mut document = json!({
        "PhysicalResourceId": cut(physical_id, LONGEST_PHYSICAL_ID),
        "StackId": cut(&envelope.stack_id, LONGEST_ECHO),
        "RequestId": cut(&envelope.request_id, LONGEST_ECHO),
        "LogicalResourceId": cut(&envelope.logical_id, LONGEST_ECHO),
    });
    for (name, value) in fields {
        document[name] = value;
    }
    document.to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    const WARNINGS: &str = "Warnings";

    fn envelope() -> Envelope {
        Envelope {
            stack_id: "arn:aws:cloudformation:us-east-1:111122223333:stack/s/1".into(),
            request_id: "r".into(),
            logical_id: "Role".into(),
            ..Envelope::default()
        }
    }

    fn failed(message: &str) -> Reason {
        Finding::failure(Code::CallFailed, message).into()
    }

    fn body(response: &Response) -> Value {
        let text = response.body(&envelope());
        assert!(text.len() <= LONGEST_BODY, "{} bytes", text.len());
        serde_json::from_str(&text).expect("valid JSON")
    }

    fn success(values: &[(&'static str, String)]) -> Response {
        let values = values.iter().cloned().collect();
        let dispensable = &["TerraformProvider", "AwsConfigProfile"];
        let attributes = Attributes { values, dispensable, cuttable: WARNINGS };
        Response::Success { physical_id: "role".into(), attributes }
    }

    #[test]
    fn a_short_answer_is_sent_whole() {
        let answer = body(&success(&[("RoleArn", "arn".into()), (WARNINGS, String::new())]));
        assert_eq!(
            answer,
            json!({"Status": "SUCCESS", "PhysicalResourceId": "role", "RequestId": "r", "LogicalResourceId": "Role",
                   "StackId": "arn:aws:cloudformation:us-east-1:111122223333:stack/s/1", "Data": {"RoleArn": "arn", "Warnings": ""}})
        );
    }

    #[test]
    fn a_long_success_loses_its_handoff_texts_then_its_warnings() {
        let id = "x".repeat(1224);
        let long = [
            ("ExternalId", id.clone()),
            ("TerraformProvider", format!("{id}\n\"")),
            ("AwsConfigProfile", id.clone()),
            (WARNINGS, "w\n".repeat(100)),
        ];
        let answer = body(&success(&long));
        let data = &answer["Data"];
        assert_eq!((&data["TerraformProvider"], &data["AwsConfigProfile"]), (&json!(""), &json!("")));
        assert_eq!(data["ExternalId"], json!(id));
        let warnings = data["Warnings"].as_str().unwrap_or_default();
        assert!(warnings.starts_with("TerraformProvider and AwsConfigProfile left empty, "), "{warnings}");

        let many_warnings =
            [("ExternalId", id.clone()), ("TerraformProvider", String::new()), (WARNINGS, "é\"".repeat(3000))];
        assert_eq!(body(&success(&many_warnings))["Data"]["ExternalId"], json!(id));
    }

    #[test]
    fn warnings_that_do_not_fit_are_counted() {
        for count in [2, 10, 40, 41, 100, 1_000] {
            let lines: Vec<_> = (1..=count).map(|number| format!("\"{number}\" {} [broad]", "w".repeat(80))).collect();
            let answer = body(&success(&[(WARNINGS, lines.join("\n"))]));
            let sent: Vec<_> = answer["Data"]["Warnings"].as_str().unwrap_or_default().lines().collect();
            // The handoff texts are emptied first, but it has none.
            let emptied = "TerraformProvider and AwsConfigProfile left empty, because the answer to CloudFormation would have \
                           been too long. [answer-shortened]";
            let sent = sent.strip_prefix(&[emptied]).unwrap_or(&sent);
            let kept = sent.iter().filter(|line| line.ends_with("[broad]")).count();
            let note = format!(
                "Warnings has {} more lines, which do not fit into the answer to CloudFormation. [answer-shortened]",
                count - kept
            );
            let mut expected: Vec<&str> = lines[..kept].iter().map(String::as_str).collect();
            expected.extend((kept < count).then_some(note.as_str()));
            assert_eq!(sent, expected);
            assert!(kept == count || kept > 30, "{kept} of {count}");
        }
    }

    #[test]
    fn a_long_text_is_cut_and_no_note_is_added_where_nothing_was_emptied() {
        let values = [("Verdict", "Safe".to_owned()), ("Probes", "é\"".repeat(3000))].into();
        let attributes = Attributes { values, dispensable: &[], cuttable: "Probes" };
        let answer = body(&Response::Success { physical_id: "check".into(), attributes });
        let keys: Vec<_> = answer["Data"].as_object().into_iter().flat_map(|data| data.keys()).collect();
        assert_eq!(keys, ["Probes", "Verdict"]);
        assert_eq!(answer["Data"]["Verdict"], json!("Safe"));
    }

    #[test]
    fn a_physical_id_is_never_empty() {
        let failed = Response::Failed { physical_id: String::new(), reason: failed("why"), cause: Cause::Other };
        assert_eq!(body(&failed)["PhysicalResourceId"], json!("none"));
        assert_eq!(body(&failed)["Reason"], json!("why [call-failed]"));
    }

    proptest! {
        #[test]
        fn no_answer_is_too_long(reason in ".{0,5000}", id in ".{1,2000}", echo in ".{0,2000}") {
            let failed = Response::Failed { physical_id: id, reason: failed(&reason), cause: Cause::Other };
            let envelope = Envelope { stack_id: echo.clone(), request_id: echo.clone(), logical_id: echo, ..Envelope::default() };
            let text = failed.body(&envelope);
            prop_assert!(text.len() <= LONGEST_BODY, "{} bytes", text.len());
            let answer: Value = serde_json::from_str(&text).expect("valid JSON");
            let sent = answer["Reason"].as_str().unwrap_or_default();
            let sent = sent.strip_suffix(" [call-failed]").expect("the code is not cut");
            prop_assert!(reason.starts_with(sent.trim_end_matches('…')));
            prop_assert!(!answer["PhysicalResourceId"].as_str().unwrap_or_default().is_empty());
        }
    }
}
