//! A role as the audit reads it. Unlike [`LiveRole`](crate::role::observed::LiveRole), it need not be one of ours, and its
//! trust policy may have any form.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::identifiers::{RoleName, RolePath, StackArn};
use crate::policy::Document;
use crate::properties::Properties;
use crate::role::ownership::{EXTERNAL_ID_TAG, LOGICAL_ID_TAG, STACK_TAG, StackResource, Tags};
use crate::secrets::Secrets;
use crate::timestamp::Timestamp;

/// A role as it is.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// Its name.
    pub name: RoleName,
    /// Its path.
    pub path: RolePath,
    /// Its ARN.
    pub arn: String,
    /// When IAM made it.
    pub created: Option<Timestamp>,
    /// When it was last used, as far as IAM knows: it looks back 400 days.
    pub last_used: Option<Timestamp>,
    /// Its trust policy. `None` if it is not valid JSON.
    pub trust: Option<Document>,
    /// The external IDs in a trust policy that is not valid JSON.
    pub unreadable: Secrets,
    /// Its description. Empty: none.
    pub description: String,
    /// The longest session, in seconds.
    pub max_session_duration: u32,
    /// The ARN of its permissions boundary.
    pub permissions_boundary: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// Its inline policies. `None` for one that is not valid JSON.
    pub inline: BTreeMap<String, Option<Document>>,
    /// The ARNs of its attached policies.
    pub attached: BTreeSet<String>,
}

impl Inspected {
    /// The resource that its tags name. `None` if a tag is missing, or does not name a stack.
    pub fn resource(&self) -> Option<StackResource> {
        let stack = StackArn::parse(self.tags.get(STACK_TAG)?).ok()?;
        let logical_id = self.tags.get(LOGICAL_ID_TAG).filter(|logical_id| !logical_id.is_empty())?.to_owned();
        Some(StackResource { stack_id: stack.to_string(), stack_name: stack.name().to_owned(), logical_id })
    }

    /// The external IDs of the role: in its tag, and in its trust policy under every operator. No report may repeat them.
    pub fn secrets(&self) -> Secrets {
        let mut ids: Vec<Value> = self.tags.get(EXTERNAL_ID_TAG).map(Value::from).into_iter().collect();
        for statement in self.trust.iter().flat_map(Document::statements) {
            let operators = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
            for (_, keys) in operators {
                let keys = keys.as_object().into_iter().flatten();
                let of_key = keys.filter(|(key, _)| key.eq_ignore_ascii_case("sts:ExternalId"));
                ids.extend(of_key.flat_map(|(_, id)| [id.clone(), without_wildcards(id)]));
            }
        }
        // Services of actions are reported in lower case.
        ids.extend(ids.iter().map(in_lower_case).collect::<Vec<_>>());
        let known = Properties::from_iter([("ExternalId".to_owned(), json!(ids))]);
        Secrets::of_properties(&known).and_all(&self.unreadable)
    }
}

/// What stands between the wildcards of patterns: the ID itself may be elsewhere without them.
fn without_wildcards(pattern: &Value) -> Value {
    each_text(pattern, |text| text.split(['*', '?']).map(Value::from).collect())
}

fn in_lower_case(id: &Value) -> Value {
    each_text(id, |text| text.to_ascii_lowercase().into())
}

fn each_text(value: &Value, change: fn(&str) -> Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| each_text(item, change)).collect(),
        Value::String(text) => change(text),
        other => other.clone(),
    }
}
