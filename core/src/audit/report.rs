//! The report of an audit, as JSON. Programs depend on its fields.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::admission::Admission;
use super::inspected::Inspected;
use crate::findings::{Code, Finding};
use crate::identifiers::AccountId;
use crate::role::ownership::{LOGICAL_ID_TAG, STACK_TAG};
use crate::secrets::Secrets;
use crate::timestamp::Timestamp;

/// The version of the report. A new field does not change it; another meaning of a field does.
pub const VERSION: u32 = 1;

/// One role, with what was found in it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The role.
    pub role: Inspected,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// The report.
#[derive(Clone, Debug)]
pub struct Report {
    /// When the audit ran.
    pub audited_at: Timestamp,
    /// The roles that were read.
    pub entries: Vec<Entry>,
    /// What could not be read or looked up, as sentences. Empty: the audit is complete.
    pub gaps: Vec<String>,
}

impl Report {
    /// A report. No external ID of its roles is in the gaps.
    pub fn new(audited_at: Timestamp, entries: Vec<Entry>, gaps: &[String]) -> Self {
        let secrets = entries.iter().fold(Secrets::default(), |all, entry| all.and_all(&entry.role.secrets()));
        let gaps = gaps.iter().map(|gap| secrets.hidden_in(gap)).collect();
        Self { audited_at, entries, gaps }
    }

    /// Whether every role under the prefix was read, and every stack looked up.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }

    /// How many findings there are of each kind.
    pub fn count(&self) -> BTreeMap<Code, usize> {
        let mut count = BTreeMap::new();
        for finding in self.entries.iter().flat_map(|entry| &entry.findings) {
            *count.entry(finding.code).or_default() += 1;
        }
        count
    }

    /// As JSON. The roles are in the order of their names.
    pub fn to_json(&self) -> Value {
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.sort_by(|a, b| a.role.name.cmp(&b.role.name));
        json!({
            "Version": VERSION,
            "AuditedAt": self.audited_at.to_string(),
            "Complete": self.is_complete(),
            "Gaps": self.gaps,
            "Roles": entries.into_iter().map(Entry::to_json).collect::<Vec<_>>(),
        })
    }
}

impl Entry {
    /// Everything but the role's own name is redacted: others may write an external ID wherever the role has text.
    fn to_json(&self) -> Value {
        let Self { role, findings } = self;
        let Admission { accounts, requires_external_id, requires_mfa, expires_at, .. } =
            Admission::of(role.trust.as_ref());
        let secrets = role.secrets();
        let hidden = |text: &str| secrets.hidden_in(text);
        let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        // An account is no secret, not even if it is the external ID.
        let account = |name: &String| if AccountId::parse(name).is_ok() { name.clone() } else { hidden(name) };
        let findings = findings.iter().map(|finding| {
            json!({
                "Code": finding.code.name(),
                "Severity": finding.severity.name(),
                "Message": hidden(&finding.message),
            })
        });
        let mark = |tag: &str| role.tags.get(tag).map(hidden);
        json!({
            "RoleName": role.name.as_str(),
            "RoleArn": role.arn,
            "StackId": mark(STACK_TAG),
            "LogicalId": mark(LOGICAL_ID_TAG),
            "ExternalAwsAccountIds": accounts.iter().map(account).collect::<Vec<_>>(),
            "RequiresExternalId": requires_external_id,
            "RequiresMfa": requires_mfa,
            "MaxSessionDuration": role.max_session_duration,
            "ExpiresAt": moment(expires_at),
            "CreatedAt": moment(role.created),
            "LastUsedAt": moment(role.last_used),
            "Policies": role.inline.keys().chain(&role.attached).map(|name| hidden(name)).collect::<Vec<_>>(),
            "Findings": findings.collect::<Vec<_>>(),
        })
    }
}
