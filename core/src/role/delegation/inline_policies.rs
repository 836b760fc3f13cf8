//! The inline policies of the template: `CustomPolicy`, and those of `Policies` under their own names.

use std::collections::BTreeMap;

use serde_json::Value;

use super::choices::RevokeSessions;
use super::permissions::Permissions;
use crate::findings::{Code, Finding};
use crate::identifiers::{Partition, PolicyName};
use crate::policy::{Author, Document};
use crate::properties::{EMPTY, Reader, scalar};
use crate::role::guardrail_policy::GUARDRAIL_POLICY;
use crate::role::policy_names::{RESERVED, is_reserved};
use crate::role::session_revocation::{self, REVOCATION_POLICY};

/// IAM's limit for all inline policies of a role together, in characters without white space.
pub(crate) const INLINE_POLICY_CHARACTERS: usize = 10_240;

const CUSTOM: &str = "CustomPolicy";
const FURTHER: &str = "Policies";

/// Reads documents.
pub(super) struct InlinePolicies<'a> {
    pub(super) partition: &'a Partition,
    pub(super) permissions: &'a Permissions<'a>,
}

impl InlinePolicies<'_> {
    /// The document of `CustomPolicy`.
    pub(super) fn custom(&self, reader: &mut Reader<'_>) -> Option<Document> {
        let value = reader.raw(CUSTOM)?;
        self.document(reader, CUSTOM, None, value)
    }

    /// The documents of `Policies`, by their names.
    pub(super) fn further(&self, reader: &mut Reader<'_>) -> BTreeMap<PolicyName, Document> {
        let mut policies = BTreeMap::new();
        let Some(value) = reader.raw(FURTHER) else { return policies };
        let Value::Array(items) = value else {
            let what = "must be a list of objects with PolicyName and PolicyDocument.";
            reader.problem(Code::InvalidValue, FURTHER, what);
            return policies;
        };
        let mut names: Vec<PolicyName> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let place = format!("{FURTHER}[{index}]");
            let Value::Object(members) = item else {
                let what = "must be an object with PolicyName and PolicyDocument.";
                reader.problem(Code::InvalidValue, &place, what);
                continue;
            };
            if members.keys().any(|key| !["PolicyName", "PolicyDocument"].contains(&key.as_str())) {
                let what = "has a key that is neither PolicyName nor PolicyDocument; remove it.";
                reader.problem(Code::InvalidValue, &place, what);
            }
            let name = name(reader, &format!("{place}.PolicyName"), members.get("PolicyName"), &names);
            let place = format!("{place}.PolicyDocument");
            let document = if let Some(document) = members.get("PolicyDocument") {
                self.document(reader, &place, name.as_ref(), document)
            } else {
                reader.problem(Code::MissingProperty, &place, "is missing; give a policy document.");
                None
            };
            names.extend(name.clone());
            policies.extend(name.zip(document));
        }
        policies
    }

    fn document(
        &self,
        reader: &mut Reader<'_>,
        property: &str,
        name: Option<&PolicyName>,
        value: &Value,
    ) -> Option<Document> {
        let parsed = match value {
            Value::String(text) if text.trim().is_empty() => {
                reader.problem(Code::EmptyValue, property, EMPTY);
                return None;
            }
            Value::String(text) => Document::parse(text),
            other => Document::from_value(other.clone()),
        };
        let document = match parsed {
            Ok(document) => document,
            Err(malformed) => {
                reader.problem(Code::InvalidPolicy, property, format_args!("{malformed}."));
                return None;
            }
        };
        let named = name.map(|name| format!(" ({name})")).unwrap_or_default();
        for rejected in document.problems_as_identity_policy(self.partition) {
            let message = format!("{property}{named} would be rejected by IAM: {}", rejected.sentence);
            let finding = Finding::error(Code::InvalidPolicy, property, message);
            reader.push(finding.in_statement(property, rejected.statement));
        }
        let mut judgement = self.permissions.of(property);
        judgement.document(reader, name.map(PolicyName::as_str), Author::Customer, &document);
        judgement.finish(reader);
        Some(document)
    }
}

/// The name of one of `Policies`. `names` are those before it.
fn name(reader: &mut Reader<'_>, place: &str, value: Option<&Value>, names: &[PolicyName]) -> Option<PolicyName> {
    let Some(value) = value else {
        reader.problem(Code::MissingProperty, place, "is missing; give the policy a name.");
        return None;
    };
    // It is not repeated: it may be a secret in the wrong place.
    let name = match scalar(value).map(|text| PolicyName::parse(&text)) {
        Some(Ok(name)) => name,
        Some(Err(allowed)) => {
            reader.problem(Code::InvalidValue, place, format_args!("is not well-formed; it must be {allowed}."));
            return None;
        }
        None => {
            reader.problem(Code::InvalidValue, place, "must be a string.");
            return None;
        }
    };
    if is_reserved(name.as_str()) {
        let names = RESERVED.join(", ");
        let what = format_args!("is {name}; {names} are the names of policies of this resource, choose another.");
        reader.problem(Code::ReservedName, place, what);
        return None;
    }
    if names.iter().any(|other| name.may_be(other.as_str())) {
        let what =
            "is the name of an earlier policy in the list (letter case does not count); give each policy its own name.";
        reader.problem(Code::RepeatedValue, place, what);
        return None;
    }
    Some(name)
}

/// Reports inline policies that are too long together. `guardrails` is the size of the role's guardrail policy. Room for
/// the policy that ends sessions is kept only where it may be written.
pub(super) fn check_size(
    reader: &mut Reader<'_>,
    custom: Option<&Document>,
    further: &BTreeMap<PolicyName, Document>,
    guardrails: usize,
    revoke_sessions: RevokeSessions,
) {
    let size = custom.into_iter().chain(further.values()).map(Document::size).sum::<usize>();
    let revocation = match revoke_sessions {
        RevokeSessions::OnNarrowing => session_revocation::size(None),
        RevokeSessions::Never => 0,
    };
    let most = INLINE_POLICY_CHARACTERS.saturating_sub(guardrails + revocation);
    if size <= most {
        return;
    }
    let (property, have, them, move_to) = match (custom, further.is_empty()) {
        (_, true) => (CUSTOM, "has", "it", "a managed policy and add it to ManagedPolicyArns"),
        (None, false) => (FURTHER, "have", "them", IN_THE_SAME_TEMPLATE),
        (Some(_), false) => ("CustomPolicy and Policies", "together have", "them", IN_THE_SAME_TEMPLATE),
    };
    let reserved = match revocation {
        0 => format!("{GUARDRAIL_POLICY} needs {guardrails} of them"),
        _ => format!("{GUARDRAIL_POLICY} needs {guardrails} of them, and {REVOCATION_POLICY} may need {revocation}"),
    };
    reader.problem(
        Code::QuotaExceeded,
        property,
        format_args!(
            "{have} {size} characters without white space, {} more than the {most} that are left for {them}: IAM allows \
             {INLINE_POLICY_CHARACTERS} for all inline policies of a role, {reserved}. Move statements to {move_to}.",
            size - most
        ),
    );
}

const IN_THE_SAME_TEMPLATE: &str =
    "an AWS::IAM::ManagedPolicy in the same template (6,144 characters each) and add its Ref to ManagedPolicyArns";
