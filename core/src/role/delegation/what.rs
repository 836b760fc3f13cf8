//! What they may do: policies, judged by what they amount to, and the boundary around them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::identifiers::{Account, Partition, PolicyArn};
use crate::owner_limits::OwnerLimits;
use crate::policy::{Document, Finding, Standing, managed_policy_standing};
use crate::properties::Reader;
use crate::role::account_lookup::AccountLookup;
use crate::role::guardrail_policy::GUARDRAIL_POLICY;
use crate::role::session_revocation::{self, REVOCATION_POLICY};

/// IAM's limit for all inline policies of a role together, in characters without white space.
pub(crate) const INLINE_POLICY_CHARACTERS: usize = 10_240;

/// Whether administrator-equivalent permissions are let through: the template asks and the owner permits.
pub(super) fn administrative_access(reader: &mut Reader<'_>, limits: &OwnerLimits) -> bool {
    let asked = reader.flag("AllowAdministrativeAccess").unwrap_or(false);
    if asked && !limits.permit_administrative_access {
        reader.problem(
            "AllowAdministrativeAccess",
            "is true, which the function's owner does not permit (PermitAdministrativeAccess).",
        );
    }
    asked && limits.permit_administrative_access
}

/// How a refusal of administrator-equivalent permissions ends.
const NARROW_IT: &str = "Narrow it; if the third party is to be an administrator, AllowAdministrativeAccess and the function's owner \
     (PermitAdministrativeAccess) must both say so.";

/// `guardrails` is what the guardrail policy takes that keeps the role where it is.
pub(super) fn custom_policy(
    reader: &mut Reader<'_>,
    partition: &Partition,
    administrative: bool,
    guardrails: usize,
    warnings: &mut Vec<String>,
) -> Option<Document> {
    const PROPERTY: &str = "CustomPolicy";
    let parsed = match reader.raw(PROPERTY)? {
        Value::String(text) if text.trim().is_empty() => {
            reader.problem(PROPERTY, "is an empty string; give a policy, or leave the property out (AWS::NoValue).");
            return None;
        }
        Value::String(text) => Document::parse(text),
        other => Document::from_value(other.clone()),
    };
    let document = match parsed {
        Ok(document) => document,
        Err(malformed) => {
            reader.problem(PROPERTY, format_args!("{malformed}."));
            return None;
        }
    };
    for problem in document.problems_as_identity_policy(partition) {
        reader.problem(PROPERTY, format_args!("would be refused by IAM: {problem}"));
    }
    let size = document.size();
    let revocation = session_revocation::size(None);
    let most = INLINE_POLICY_CHARACTERS.saturating_sub(guardrails + revocation);
    if size > most {
        reader.problem(
            PROPERTY,
            format_args!(
                "has {size} characters without white space, {} more than the {most} that are left for it: IAM allows \
                 {INLINE_POLICY_CHARACTERS} for the inline policies of a role, {GUARDRAIL_POLICY} takes {guardrails} of them and \
                 {REVOCATION_POLICY} may take {revocation}. Move statements to a managed policy and name it in \
                 ManagedPolicyArns.",
                size - most
            ),
        );
    }
    if !administrative {
        for finding in document.administrative() {
            reader.problem(PROPERTY, format_args!("gives administrator-equivalent access: {finding}. {NARROW_IT}"));
        }
    }
    warnings.extend(document.broad().iter().map(|finding| format!("CustomPolicy is broad: {finding}.")));
    Some(document)
}

pub(super) fn managed_policies(
    reader: &mut Reader<'_>,
    own: &Account,
    limits: &OwnerLimits,
    lookup: &AccountLookup,
    administrative: bool,
    warnings: &mut Vec<String>,
) -> BTreeSet<PolicyArn> {
    const PROPERTY: &str = "ManagedPolicyArns";
    let arns = reader.comma_list(PROPERTY, 0..=100, PolicyArn::parse).unwrap_or_default();
    let most = lookup.quotas.attached_policies;
    if arns.len() > most {
        reader.problem(
            PROPERTY,
            format_args!(
                "names {} policies, {} more than the {most} that IAM lets one role have in this account; join some, or raise \
                 the quota.",
                arns.len(),
                arns.len() - most
            ),
        );
    }
    for arn in &arns {
        if arn.partition() != own.partition.as_str() {
            reader.problem(PROPERTY, format_args!("names {arn}, which is not in this partition ({}).", own.partition));
            continue;
        }
        if arn.owner() != "aws" && arn.owner() != own.id.as_str() {
            reader.problem(
                PROPERTY,
                format_args!("names {arn} of another account; only this account's own and AWS's can be attached."),
            );
            continue;
        }
        if !limits.allow_managed_policy(arn) {
            reader.problem(
                PROPERTY,
                format_args!("names {arn}, which the function's owner does not allow (AllowedManagedPolicyArns)."),
            );
        }
        let document = match lookup.policies.get(arn) {
            Some(None) => {
                reader.problem(
                    PROPERTY,
                    format_args!("names {arn}, which does not exist; create it first or remove it."),
                );
                continue;
            }
            Some(Some(document)) => Some(document),
            // Never judged by its name alone. A list that is too long was not read at all, and told so above.
            None if arn.owner() != "aws" => {
                if arns.len() <= most {
                    reader.problem(
                        PROPERTY,
                        format_args!("names {arn}, which was not read and cannot be judged; name it once."),
                    );
                }
                continue;
            }
            None => None,
        };
        let (grave, broad) = standing(arn, document);
        if !administrative {
            for why in grave {
                reader
                    .problem(PROPERTY, format_args!("gives administrator-equivalent access: {arn} {why}. {NARROW_IT}"));
            }
        }
        warnings.extend(broad.iter().map(|why| format!("ManagedPolicyArns is broad: {arn} {why}.")));
    }
    arns.into_iter().collect()
}

/// What a policy amounts to: reasons why it makes an administrator, and reasons why it is merely broad.
/// They go on after its name.
fn standing(arn: &PolicyArn, document: Option<&Document>) -> (Vec<String>, Vec<String>) {
    if let Some(document) = document {
        let told = |findings: Vec<Finding>| findings.iter().map(|finding| format!("in {finding}")).collect();
        return (told(document.administrative()), told(document.broad()));
    }
    match managed_policy_standing(arn.as_str()) {
        Standing::Administrative(why) => (vec![why.to_string()], Vec::new()),
        Standing::Broad(why) => (Vec::new(), vec![why.to_string()]),
        Standing::Unremarkable => (Vec::new(), Vec::new()),
    }
}

pub(super) fn permissions_boundary(reader: &mut Reader<'_>, own: &Account, limits: &OwnerLimits) -> Option<PolicyArn> {
    const PROPERTY: &str = "PermissionsBoundary";
    let given = reader.one(PROPERTY, PolicyArn::parse);
    if let Some(arn) = &given {
        let usable = arn.owner() == "aws" || arn.owner() == own.id.as_str();
        if !usable || arn.partition() != own.partition.as_str() {
            reader.problem(PROPERTY, format_args!("is {arn}, which is neither this account's own policy nor AWS's."));
        }
    }
    match (&limits.required_permissions_boundary, given) {
        (Some(required), Some(given)) if *required != given => {
            reader.problem(
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
