//! What the role may do: its policies, judged by what they grant, and its permissions boundary.

use std::collections::BTreeSet;

use super::permissions::Permissions;
use crate::findings::Code;
use crate::identifiers::{Account, PolicyArn};
use crate::owner_limits::OwnerLimits;
use crate::policy::{Author, aws_managed};
use crate::properties::Reader;
use crate::role::account_lookup::AccountLookup;

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
