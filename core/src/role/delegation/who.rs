//! Who is let in: accounts, external IDs, second factors, principals.

use std::collections::BTreeSet;

use super::ExternalIdWish;
use crate::identifiers::{Account, AccountId, ExternalId, PrincipalArn};
use crate::owner_limits::{OwnerLimits, TrustedAccounts};
use crate::properties::Reader;
use crate::role::trust::Mfa;

pub(super) fn accounts(reader: &mut Reader<'_>, own: &Account, limits: &OwnerLimits) -> Option<Vec<AccountId>> {
    const PROPERTY: &str = "ExternalAwsAccountId";
    if reader.raw(PROPERTY).is_none() {
        reader.problem(PROPERTY, "is missing; give the provider's AWS account ID of 12 digits.");
    }
    let accounts = reader.list(PROPERTY, 1..=10, AccountId::parse)?;
    for account in &accounts {
        if *account == own.id {
            reader.problem(PROPERTY, format_args!("is {account}, which is this account itself; give the provider's."));
        } else if !limits.trusted_accounts.include(account) {
            let allowed = match &limits.trusted_accounts {
                TrustedAccounts::Only(accounts) if !accounts.is_empty() => {
                    let accounts: Vec<_> = accounts.iter().map(AccountId::as_str).collect();
                    format!("only {}", accounts.join(", "))
                }
                _ => "none yet".to_owned(),
            };
            reader.problem(
                PROPERTY,
                format_args!(
                    "is {account}, which the function's owner does not let roles trust (TrustedAccountIds: {allowed}); \
                     ask the owner to add it."
                ),
            );
        }
    }
    Some(accounts)
}

pub(super) fn external_id(reader: &mut Reader<'_>, limits: &OwnerLimits, warnings: &mut Vec<String>) -> ExternalIdWish {
    let required = reader.flag("RequireExternalId").unwrap_or(true);
    let given = reader.raw("ExternalId").is_some();
    let explicit = reader.list_hidden("ExternalId", 1..=2, ExternalId::parse);
    if !required && given {
        reader.problem("RequireExternalId", "is false, yet ExternalId is given; remove one of them.");
    }
    if !required && !limits.permit_missing_external_id {
        reader.problem(
            "RequireExternalId",
            "is false, which the function's owner does not permit (PermitMissingExternalId): without an external ID the \
             provider could be tricked into using this role for somebody else.",
        );
    }
    match explicit {
        Some(ids) => {
            let weak = ids.iter().enumerate().filter_map(|(index, id)| Some((index + 1, id.weakness()?)));
            warnings.extend(weak.map(|(number, why)| {
                let which = if ids.len() == 1 { String::new() } else { format!(" (number {number})") };
                format!("ExternalId{which} {why}. Let the provider make a random one, or leave ExternalId out.")
            }));
            ExternalIdWish::Explicit(ids)
        }
        None if required => ExternalIdWish::Generated,
        None => ExternalIdWish::NotRequired,
    }
}

pub(super) fn mfa(reader: &mut Reader<'_>) -> Mfa {
    let required = reader.flag("RequireMfa").unwrap_or(false);
    let max_age = reader.number("MfaMaxAge", 1..=129_600, "seconds");
    match (required, max_age) {
        (false, Some(_)) => {
            reader
                .problem("MfaMaxAge", "has no effect without RequireMfa; set RequireMfa to true or remove MfaMaxAge.");
            Mfa::NotRequired
        }
        (false, None) => Mfa::NotRequired,
        (true, None) => Mfa::Required,
        (true, Some(seconds)) => Mfa::RequiredWithin(seconds),
    }
}

pub(super) fn principals(
    reader: &mut Reader<'_>,
    own: &Account,
    accounts: Option<&[AccountId]>,
) -> BTreeSet<PrincipalArn> {
    const PROPERTY: &str = "AllowedPrincipalArns";
    let principals = reader.list(PROPERTY, 1..=100, PrincipalArn::parse).unwrap_or_default();
    for arn in &principals {
        if arn.partition() != own.partition.as_str() {
            reader.problem(PROPERTY, format_args!("names {arn}, which is not in this partition ({}).", own.partition));
        } else if accounts.is_some_and(|accounts| !accounts.iter().any(|account| account.as_str() == arn.account())) {
            reader.problem(
                PROPERTY,
                format_args!(
                    "names {arn}, whose account is not in ExternalAwsAccountId; add it there or remove the ARN."
                ),
            );
        }
    }
    principals.into_iter().collect()
}
