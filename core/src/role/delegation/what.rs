//! What the role may do: its policies, judged by what they grant, and its permissions boundary.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::findings::{Code, Finding};
use crate::identifiers::{Account, Partition, PolicyArn};
use crate::owner_limits::OwnerLimits;
use crate::policy::{Document, Grant, Standing, managed_policy_standing};
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

/// `guardrails` is the size of the role's guardrail policy.
pub(super) fn custom_policy(
    reader: &mut Reader<'_>,
    partition: &Partition,
    administrative: bool,
    guardrails: usize,
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
    let revocation = session_revocation::size(None);
    let most = INLINE_POLICY_CHARACTERS.saturating_sub(guardrails + revocation);
    if size > most {
        reader.problem(
            Code::QuotaExceeded,
            PROPERTY,
            format_args!(
                "has {size} characters without white space, {} more than the {most} that are left for it: IAM allows \
                 {INLINE_POLICY_CHARACTERS} for all inline policies of a role, {GUARDRAIL_POLICY} needs {guardrails} of them, and \
                 {REVOCATION_POLICY} may need {revocation}. Move statements to a managed policy and add it to \
                 ManagedPolicyArns.",
                size - most
            ),
        );
    }
    if !administrative {
        for grant in document.administrative() {
            let message = format!("{PROPERTY} gives administrator-equivalent access: {grant}.");
            reader.push(
                Finding::error(Code::Administrative, PROPERTY, message).in_statement(PROPERTY, grant.statement()),
            );
        }
    }
    for grant in document.broad() {
        reader.warning(Code::Broad, PROPERTY, format!("{PROPERTY} is broad: {grant}."));
    }
    Some(document)
}

pub(super) fn managed_policies(
    reader: &mut Reader<'_>,
    own: &Account,
    limits: &OwnerLimits,
    lookup: &AccountLookup,
    administrative: bool,
) -> BTreeSet<PolicyArn> {
    const PROPERTY: &str = "ManagedPolicyArns";
    let arns = reader.comma_list(PROPERTY, 0..=100, PolicyArn::parse).unwrap_or_default();
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
        let document = match lookup.policies.get(arn) {
            Some(None) => {
                reader.problem(
                    Code::PolicyNotFound,
                    PROPERTY,
                    format_args!("contains {arn}, which does not exist; create it first or remove it."),
                );
                continue;
            }
            Some(Some(document)) => Some(document),
            // Never judged by its name alone. A list that is too long was not read at all; that is a problem already.
            None if arn.owner() != "aws" => {
                if arns.len() <= most {
                    reader.problem(
                        Code::PolicyNotRead,
                        PROPERTY,
                        format_args!("contains {arn}, which was not read and cannot be judged; give it once."),
                    );
                }
                continue;
            }
            None => None,
        };
        let (grave, broad) = standing(arn, document);
        if !administrative {
            for (statement, why) in grave {
                let message = format!("{PROPERTY} gives administrator-equivalent access: {arn} {why}.");
                let finding = Finding::error(Code::Administrative, PROPERTY, message);
                reader.push(finding.in_statement(arn.as_str(), statement));
            }
        }
        for (_, why) in broad {
            reader.warning(Code::Broad, PROPERTY, format!("{PROPERTY} is broad: {arn} {why}."));
        }
    }
    arns.into_iter().collect()
}

/// A reason that continues the sentence after the policy's name, and the number of its statement.
type Reason = (usize, String);

/// Why a policy makes an administrator, and why it is broad.
fn standing(arn: &PolicyArn, document: Option<&Document>) -> (Vec<Reason>, Vec<Reason>) {
    if let Some(document) = document {
        let reasons =
            |grants: Vec<Grant>| grants.iter().map(|grant| (grant.statement(), format!("in {grant}"))).collect();
        return (reasons(document.administrative()), reasons(document.broad()));
    }
    match managed_policy_standing(arn.as_str()) {
        Standing::Administrative(why) => (vec![(0, why.to_owned())], Vec::new()),
        Standing::Broad(why) => (Vec::new(), vec![(0, why.to_owned())]),
        Standing::Unremarkable => (Vec::new(), Vec::new()),
    }
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
