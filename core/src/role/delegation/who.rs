//! Who has access: accounts, external IDs, MFA, principals.

use std::collections::BTreeSet;

use super::choices::ExternalIdChoice;
use crate::findings::Code;
use crate::identifiers::{Account, AccountId, ExternalId, Invalid, PrincipalArn, Region};
use crate::owner_limits::{OwnerLimits, TrustedAccounts};
use crate::properties::Reader;
use crate::role::trust::{Mfa, SessionAction};

pub(super) fn accounts(reader: &mut Reader<'_>, own: &Account, limits: &OwnerLimits) -> Option<Vec<AccountId>> {
    const PROPERTY: &str = "ExternalAwsAccountId";
    if reader.raw(PROPERTY).is_none() {
        reader.problem(Code::MissingProperty, PROPERTY, "is missing; give the provider's AWS account ID of 12 digits.");
    }
    let accounts = reader.list_hidden(PROPERTY, account)?;
    for account in &accounts {
        if *account == own.id {
            let what = format_args!("is {account}, which is this account; give the provider's account ID.");
            reader.problem(Code::OwnAccount, PROPERTY, what);
        } else if !limits.trusted_accounts.include(account) {
            let allowed = match &limits.trusted_accounts {
                TrustedAccounts::Only(accounts) if !accounts.is_empty() => {
                    let accounts: Vec<_> = accounts.iter().map(AccountId::as_str).collect();
                    format!("only {}", accounts.join(", "))
                }
                _ => "none".to_owned(),
            };
            reader.problem(
                Code::NotPermittedByOwner,
                PROPERTY,
                format_args!(
                    "is {account}, which the function's owner does not allow roles to trust (TrustedAccountIds: {allowed}); \
                     ask the owner to add it."
                ),
            );
        }
    }
    Some(accounts)
}

/// Reads an account. If the value is an ARN, the problem says which part of it to give.
fn account(text: &str) -> Result<AccountId, Invalid> {
    AccountId::parse(text).map_err(|invalid| {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", _, _, _, account, resource] = parts[..] else { return invalid };
        let Ok(account) = AccountId::parse(account) else { return invalid };
        let arn = match resource.split_once('/') {
            Some(("role" | "user", _)) => ", and the ARN in AllowedPrincipalArns",
            Some(("assumed-role", _)) => ", and the ARN of the role in AllowedPrincipalArns",
            _ => "",
        };
        Invalid::new(format!("an account ID, not an ARN: give {account} here{arn}"))
    })
}

pub(super) fn external_id(reader: &mut Reader<'_>, limits: &OwnerLimits) -> ExternalIdChoice {
    const PROPERTY: &str = "ExternalId";
    const REQUIRED: &str = "RequireExternalId";
    let required = reader.flag(REQUIRED).unwrap_or(true);
    let given = reader.raw(PROPERTY).is_some();
    let explicit = reader.list_hidden(PROPERTY, ExternalId::parse);
    if !required && given {
        let what = "is false, but ExternalId is given; remove one of them.";
        reader.problem(Code::ConflictingProperties, REQUIRED, what);
    }
    if !required && !limits.permit_missing_external_id {
        reader.problem(
            Code::NotPermittedByOwner,
            REQUIRED,
            "is false, which the function's owner does not permit (PermitMissingExternalId). Without an external ID, another \
             customer of the provider could make the provider use this role.",
        );
    }
    match explicit {
        Some(ids) => {
            let least = limits.min_external_id_length;
            for (index, id) in ids.iter().enumerate().filter(|(_, id)| id.expose().len() < least) {
                let what = format_args!(
                    "{}has {} characters; the function's owner requires {least} or more (MinExternalIdLength).",
                    which(index, &ids),
                    id.expose().len()
                );
                reader.problem(Code::NotPermittedByOwner, PROPERTY, what);
            }
            for (index, id) in ids.iter().enumerate() {
                if let Some(why) = id.weakness() {
                    let which = which(index, &ids);
                    let advice = "Let the provider generate a random one, or leave ExternalId out.";
                    reader.warning(Code::WeakExternalId, PROPERTY, format!("ExternalId {which}{why}. {advice}"));
                }
            }
            ExternalIdChoice::Explicit(ids)
        }
        None if required => ExternalIdChoice::Generated,
        None => ExternalIdChoice::NotRequired,
    }
}

/// A stack that follows another Region's returns that role's external ID. It must know it: `RoleName` can be guessed.
pub(super) fn external_id_to_follow(reader: &mut Reader<'_>, home: &Region, external_id: &ExternalIdChoice) {
    const PROPERTY: &str = "ExternalId";
    if *external_id == ExternalIdChoice::Generated && reader.raw(PROPERTY).is_none() {
        let what = format_args!(
            "is missing. HomeRegion is {home}, so the stack there manages the role, and this stack must give the same ExternalId: \
             otherwise a user who guesses the RoleName of another team would read its external ID here."
        );
        reader.problem(Code::MissingProperty, PROPERTY, what);
    }
}

/// Which of several IDs a message is about.
fn which(index: usize, ids: &[ExternalId]) -> String {
    if ids.len() == 1 { String::new() } else { format!("(number {}) ", index + 1) }
}

/// Warnings about combinations of accounts, external IDs and principals.
pub(super) fn warn_of_combinations(
    reader: &mut Reader<'_>,
    accounts: &[AccountId],
    external_id: &ExternalIdChoice,
    principals: &BTreeSet<PrincipalArn>,
) {
    match external_id {
        ExternalIdChoice::Explicit(ids) if ids.len() > 1 && accounts.len() > 1 => reader.warning(
            Code::SharedExternalIds,
            "ExternalId",
            format!(
                "ExternalId has {} values and ExternalAwsAccountId has {}: each external ID admits each account. If the accounts \
                 belong to different providers, use a role for each.",
                ids.len(),
                accounts.len()
            ),
        ),
        ExternalIdChoice::NotRequired if principals.is_empty() && !accounts.is_empty() => reader.warning(
            Code::NoExternalId,
            "RequireExternalId",
            "RequireExternalId is false and AllowedPrincipalArns is not given: every user and role of the account that its own \
             policies allow to call sts:AssumeRole can assume this role, for any customer of the provider.",
        ),
        _ => {}
    }
}

pub(super) fn mfa(reader: &mut Reader<'_>) -> Mfa {
    let required = reader.flag("RequireMfa").unwrap_or(false);
    let max_age = reader.number("MfaMaxAge");
    match (required, max_age) {
        (false, Some(_)) => {
            let what = "has no effect without RequireMfa; set RequireMfa to true or remove MfaMaxAge.";
            reader.problem(Code::ConflictingProperties, "MfaMaxAge", what);
            Mfa::NotRequired
        }
        (false, None) => Mfa::NotRequired,
        (true, None) => Mfa::Required,
        (true, Some(seconds)) => Mfa::RequiredWithin(seconds),
    }
}

/// What callers may do with the session beside assuming the role.
pub(super) fn session_actions(reader: &mut Reader<'_>) -> BTreeSet<SessionAction> {
    SessionAction::ALL.into_iter().filter(|action| reader.flag(action.property()).unwrap_or(false)).collect()
}

pub(super) fn principals(
    reader: &mut Reader<'_>,
    own: &Account,
    accounts: Option<&[AccountId]>,
) -> BTreeSet<PrincipalArn> {
    const PROPERTY: &str = "AllowedPrincipalArns";
    let principals = reader.list(PROPERTY, PrincipalArn::parse).unwrap_or_default();
    for arn in &principals {
        if arn.partition() != own.partition.as_str() {
            let what = format_args!("contains {arn}, which is not in this partition ({}).", own.partition);
            reader.problem(Code::OtherPartition, PROPERTY, what);
        } else if accounts.is_some_and(|accounts| !accounts.iter().any(|account| account.as_str() == arn.account())) {
            reader.problem(
                Code::OtherAccount,
                PROPERTY,
                format_args!(
                    "contains {arn}, whose account is not in ExternalAwsAccountId; add the account there, or remove the ARN."
                ),
            );
        }
    }
    principals.into_iter().collect()
}
