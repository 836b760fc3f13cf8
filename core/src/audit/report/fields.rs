//! The fields of the report. Programs depend on them.

use serde_json::{Value, json};

use super::contents::{Entry, Report, VERSION};
use super::field::{Field, flag, moment, number, object, optional_moment, optional_text, schema, text, texts};
use crate::audit::admission::Admission;
use crate::audit::inspected::Inspected;
use crate::audit::reach::{Level, Reach};
use crate::findings::{Finding, Severity};
use crate::identifiers::AccountId;
use crate::role::ownership::{LOGICAL_ID_TAG, STACK_TAG};
use crate::secrets::Secrets;
use crate::timestamp::Timestamp;

/// The fields of the whole report.
pub(super) const REPORT: &[Field<Report>] = &[
    Field {
        name: "Version",
        summary: "The version of the report. A new field does not change it.",
        form: || json!({"type": "integer", "const": VERSION}),
        value: |_| VERSION.into(),
    },
    Field {
        name: "AuditedAt",
        summary: "When the audit ran, in UTC.",
        form: moment,
        value: |report| report.audited_at.to_string().into(),
    },
    Field {
        name: "AccountId",
        summary: "The account of the roles. Null if nothing was audited.",
        form: optional_text,
        value: |report| json!(report.place.as_ref().map(|(account, _)| account.as_str())),
    },
    Field {
        name: "Region",
        summary: "The Region of the function that audited, or of the caller. Null if nothing was audited.",
        form: optional_text,
        value: |report| json!(report.place.as_ref().map(|(_, region)| region.as_str())),
    },
    Field {
        name: "Complete",
        summary: "Whether every role was read and every stack was looked up.",
        form: flag,
        value: |report| report.is_complete().into(),
    },
    Field {
        name: "Gaps",
        summary: "What could not be read, as sentences. Empty if the audit is complete.",
        form: texts,
        value: |report| json!(report.gaps),
    },
    Field {
        name: "Roles",
        summary: "The roles under the prefix of the owner, by name.",
        form: || json!({"type": "array", "items": schema(ROLE)}),
        value: |report| {
            let mut entries: Vec<&Entry> = report.entries.iter().collect();
            entries.sort_by(|a, b| a.role.name.cmp(&b.role.name));
            entries.into_iter().map(|entry| object(ROLE, &Shown::of(entry.clone()))).collect()
        },
    },
];

/// A role, with what several fields are about. Everything but the role's own name is redacted: others may write an external
/// ID wherever the role has text.
pub(super) struct Shown {
    entry: Entry,
    admission: Admission,
    secrets: Secrets,
}

impl Shown {
    fn of(entry: Entry) -> Self {
        Self { admission: Admission::of(entry.role.trust.as_ref()), secrets: entry.role.secrets(), entry }
    }

    fn hidden(&self, text: &str) -> String {
        self.secrets.hidden_in(text)
    }

    fn tag(&self, tag: &str) -> Value {
        json!(self.entry.role.tags.get(tag).map(|value| self.hidden(value)))
    }

    /// An account is no secret, not even if it is the external ID.
    fn account(&self, name: &str) -> String {
        if AccountId::parse(name).is_ok() { name.to_owned() } else { self.hidden(name) }
    }
}

fn at(moment: Option<Timestamp>) -> Value {
    json!(moment.map(|moment| moment.to_string()))
}

/// The fields of one role.
pub(super) const ROLE: &[Field<Shown>] = &[
    Field {
        name: "RoleName",
        summary: "The name of the role.",
        form: text,
        value: |role| role.entry.role.name.as_str().into(),
    },
    Field {
        name: "RoleArn",
        summary: "The ARN of the role.",
        form: text,
        value: |role| role.entry.role.arn.as_str().into(),
    },
    Field {
        name: "StackId",
        summary: "The stack in the tags of the role. Null if the tag is missing.",
        form: optional_text,
        value: |role| role.tag(STACK_TAG),
    },
    Field {
        name: "LogicalId",
        summary: "The resource of that stack. Null if the tag is missing.",
        form: optional_text,
        value: |role| role.tag(LOGICAL_ID_TAG),
    },
    Field {
        name: "ExternalAwsAccountIds",
        summary: "The accounts that the trust policy names; * is any. Another principal is named as the policy names it.",
        form: texts,
        value: |role| role.admission.accounts.iter().map(|name| role.account(name)).collect(),
    },
    Field {
        name: "RequiresExternalId",
        summary: "Whether every way into the role requires an external ID.",
        form: flag,
        value: |role| role.admission.requires_external_id.into(),
    },
    Field {
        name: "RequiresMfa",
        summary: "Whether every way into the role requires MFA.",
        form: flag,
        value: |role| role.admission.requires_mfa.into(),
    },
    Field {
        name: "MaxSessionDuration",
        summary: "The longest session, in seconds.",
        form: number,
        value: |role| role.entry.role.max_session_duration.into(),
    },
    Field {
        name: "ExpiresAt",
        summary: "When the last way into the role closes. Null: never.",
        form: optional_moment,
        value: |role| at(role.admission.expires_at),
    },
    Field {
        name: "CreatedAt",
        summary: "When the role was made.",
        form: optional_moment,
        value: |role| at(role.entry.role.created),
    },
    Field {
        name: "LastUsedAt",
        summary: "When the role was last used. Null if IAM knows of no use in the last 400 days.",
        form: optional_moment,
        value: |role| at(role.entry.role.last_used),
    },
    Field {
        name: "Policies",
        summary: "The names of the inline policies and the ARNs of the attached ones.",
        form: texts,
        value: |role| {
            let Inspected { inline, attached, .. } = &role.entry.role;
            inline.keys().chain(attached).map(|name| role.hidden(name)).collect()
        },
    },
    Field {
        name: "Reach",
        summary: "What the policies grant in the worst case, without regard to denies and the permissions boundary.",
        form: || schema(REACH),
        value: |role| {
            let reach = &role.entry.reach;
            let services = reach.services.iter().map(|service| role.hidden(service)).collect();
            object(REACH, &Reach { services, ..reach.clone() })
        },
    },
    Field {
        name: "Findings",
        summary: "What was found.",
        form: || json!({"type": "array", "items": schema(FINDING)}),
        value: |role| {
            let shown = |finding: &Finding| finding.clone().saying(role.hidden(&finding.message));
            role.entry.findings.iter().map(|finding| object(FINDING, &shown(finding))).collect()
        },
    },
];

/// The fields of what a role may do.
const REACH: &[Field<Reach>] = &[
    Field {
        name: "Level",
        summary: "How far the policies reach, from nothing to administrator.",
        form: || json!({"type": "string", "enum": Level::ALL.map(Level::name)}),
        value: |reach| reach.level.name().into(),
    },
    Field {
        name: "Privileges",
        summary: "What the judgement of the policies finds, as the codes of messages.md.",
        form: texts,
        value: |reach| reach.privileges.iter().map(ToString::to_string).collect(),
    },
    Field {
        name: "Services",
        summary: "The services that inline and customer managed policies name; * is any.",
        form: texts,
        value: |reach| json!(reach.services),
    },
];

/// The fields of a finding.
const FINDING: &[Field<Finding>] = &[
    Field {
        name: "Code",
        summary: "What kind of finding it is; messages.md says what to do.",
        form: text,
        value: |finding| finding.code.name().into(),
    },
    Field {
        name: "Severity",
        summary: "How grave it is.",
        form: || {
            let severities = [Severity::Error, Severity::Warning].map(Severity::name);
            json!({"type": "string", "enum": severities})
        },
        value: |finding| finding.severity.name().into(),
    },
    Field {
        name: "Message",
        summary: "What was found, and what to do.",
        form: text,
        value: |finding| finding.message.as_str().into(),
    },
];
