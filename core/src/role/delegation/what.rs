//! What the role may do: its policies, judged by what they grant, and its permissions boundary.

use std::collections::BTreeSet;

use serde_json::Value;

use super::choices::RevokeSessions;
use super::permissions::Permissions;
use crate::findings::{Code, Finding};
use crate::identifiers::{Account, Partition, PolicyArn};
use crate::owner_limits::OwnerLimits;
use crate::policy::{Author, Document, aws_managed};
use crate::properties::{EMPTY, Reader};
use crate::role::account_lookup::AccountLookup;
use crate::role::guardrail_policy::GUARDRAIL_POLICY;
use crate::role::session_revocation::{self, REVOCATION_POLICY};

/// IAM's limit for all inline policies of a role together, in characters without white space.
pub(crate) const INLINE_POLICY_CHARACTERS: usize = 10_240;

/// Whether administrator-equivalent permissions are accepted: the template asks for them and the owner permits them.
pub(super) fn administrative_access(reader: &mut Reader<'_>, limits: &OwnerLimits) -> bool {
    let asked = reader.flag("AllowAdministrativeAccess").unwrap_or(false);
    if asked && !limits.permit_administrative_access {
        reader.problem(
            Code::NotPermittedByOwner,
            "AllowAdministrativeAccess",
            "is true, which the function's owner does not permit (PermitAdministrativeAccess).",
        );
    }
    asked && limits.permit_administrative_access
}

/// `guardrails` is the size of the role's guardrail policy. Room for the policy that ends sessions is kept only where it
/// may be written.
pub(super) fn custom_policy(
    reader: &mut Reader<'_>,
    partition: &Partition,
    permissions: &Permissions<'_>,
    guardrails: usize,
    revoke_sessions: RevokeSessions,
) -> Option<Document> {
    const PROPERTY: &str = "CustomPolicy";
    let parsed = match reader.raw(PROPERTY)? {
        Value::String(text) if text.trim().is_empty() => {
            reader.problem(Code::EmptyValue, PROPERTY, EMPTY);
            return None;
        }
        Value::String(text) => Document::parse(text),
        other => Document::from_value(other.clone()),
    };
    let document = match parsed {
        Ok(document) => document,
        Err(malformed) => {
            reader.problem(Code::InvalidPolicy, PROPERTY, format_args!("{malformed}."));
            return None;
        }
    };
    for rejected in document.problems_as_identity_policy(partition) {
        let message = format!("{PROPERTY} would be rejected by IAM: {}", rejected.sentence);
        reader.push(Finding::error(Code::InvalidPolicy, PROPERTY, message).in_statement(PROPERTY, rejected.statement));
    }
    let size = document.size();
    let revocation = match revoke_sessions {
        RevokeSessions::OnNarrowing => session_revocation::size(None),
        RevokeSessions::Never => 0,
    };
    let most = INLINE_POLICY_CHARACTERS.saturating_sub(guardrails + revocation);
    if size > most {
        let reserved = match revocation {
            0 => format!("{GUARDRAIL_POLICY} needs {guardrails} of them"),
            _ => {
                format!("{GUARDRAIL_POLICY} needs {guardrails} of them, and {REVOCATION_POLICY} may need {revocation}")
            }
        };
        reader.problem(
            Code::QuotaExceeded,
            PROPERTY,
            format_args!(
                "has {size} characters without white space, {} more than the {most} that are left for it: IAM allows \
                 {INLINE_POLICY_CHARACTERS} for all inline policies of a role, {reserved}. Move statements to a managed policy and add it \
                 to ManagedPolicyArns.",
                size - most
            ),
        );
    }
    let mut judgement = permissions.of(PROPERTY);
    judgement.document(reader, None, Author::Customer, &document);
    judgement.finish(reader);
    Some(document)
}

pub(super) fn managed_policies(
    reader: &mut Reader<'_>,
    own: &Account,
    limits: &OwnerLimits,
    lookup: &AccountLookup,
    permissions: &Permissions<'_>,
) -> BTreeSet<PolicyArn> {
    const PROPERTY: &str = "ManagedPolicyArns";
    let arns = reader.comma_list(PROPERTY, PolicyArn::parse).unwrap_or_default();
    let most = lookup.quotas.attached_policies;
    if arns.len() > most {
        reader.problem(
            Code::QuotaExceeded,
            PROPERTY,
            format_args!(
                "contains {} policies, {} more than the {most} that IAM allows on a role in this account; combine some, or \
                 raise the quota.",
                arns.len(),
                arns.len() - most
            ),
        );
    }
    let mut judgement = permissions.of(PROPERTY);
    for arn in &arns {
        if arn.partition() != own.partition.as_str() {
            let what = format_args!("contains {arn}, which is not in this partition ({}).", own.partition);
            reader.problem(Code::OtherPartition, PROPERTY, what);
            continue;
        }
        if arn.owner() != "aws" && arn.owner() != own.id.as_str() {
            reader.problem(
                Code::OtherAccount,
                PROPERTY,
                format_args!(
                    "contains {arn} of another account; only policies of this account and of AWS can be attached."
                ),
            );
            continue;
        }
        if !limits.allow_managed_policy(arn) {
            reader.problem(
                Code::NotPermittedByOwner,
                PROPERTY,
                format_args!("contains {arn}, which the function's owner does not allow (AllowedManagedPolicyArns)."),
            );
        }
        match (lookup.policies.get(arn), aws_managed(arn.name()).filter(|_| arn.owner() == "aws")) {
            (Some(None), _) => {
                reader.problem(
                    Code::PolicyNotFound,
                    PROPERTY,
                    format_args!("contains {arn}, which does not exist; create it first or remove it."),
                );
            }
            (Some(Some(document)), _) => {
                let author = if arn.owner() == "aws" { Author::Aws } else { Author::Customer };
                judgement.document(reader, Some(arn.as_str()), author, document);
            }
            (None, Some(found)) => judgement.by_name(reader, arn, &found),
            (None, None) if lookup.unreadable.contains(arn) => {
                reader.warning(
                    Code::PolicyNotRead,
                    PROPERTY,
                    format!(
                        "{PROPERTY} contains {arn}, which this version of the function does not know and may not read \
                         (iam:GetPolicy and iam:GetPolicyVersion), so it was not judged."
                    ),
                );
            }
            // Never judged by its name alone. A list that is too long was not read, but it is already a problem.
            (None, None) if arns.len() <= most => {
                reader.problem(
                    Code::PolicyNotRead,
                    PROPERTY,
                    format_args!("contains {arn}, which was not read and cannot be judged; give it once."),
                );
            }
            (None, None) => {}
        }
    }
    judgement.finish(reader);
    arns.iter().cloned().collect()
}

pub(super) fn permissions_boundary(reader: &mut Reader<'_>, own: &Account, limits: &OwnerLimits) -> Option<PolicyArn> {
    const PROPERTY: &str = "PermissionsBoundary";
    let given = reader.one(PROPERTY, PolicyArn::parse);
    if let Some(arn) = &given {
        if arn.partition() != own.partition.as_str() {
            let what = format_args!("is {arn}, which is not in this partition ({}).", own.partition);
            reader.problem(Code::OtherPartition, PROPERTY, what);
        } else if arn.owner() != "aws" && arn.owner() != own.id.as_str() {
            let what = format_args!("is {arn} of another account; give a policy of this account or of AWS.");
            reader.problem(Code::OtherAccount, PROPERTY, what);
        }
    }
    match (&limits.required_permissions_boundary, given) {
        (Some(required), Some(given)) if *required != given => {
            reader.problem(
                Code::NotPermittedByOwner,
                PROPERTY,
                format_args!(
                    "is {given}, but the function's owner requires {required} on every role (RequiredPermissionsBoundary); \
                     remove the property."
                ),
            );
            None
        }
        (Some(required), _) => Some(required.clone()),
        (None, given) => given,
    }
}
