//! Whether the function would still make this role: the role is written as properties again, and these are judged by the
//! owner's limits and the catalogue of today.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::admission::Admission;
use super::inspected::Inspected;
use crate::findings::{Code, Finding, Severity};
use crate::identifiers::{AccountId, PolicyArn};
use crate::installation::Installation;
use crate::policy::Document;
use crate::properties::Properties;
use crate::role::account_lookup::{AccountLookup, policies_to_judge};
use crate::role::delegation::Delegation;
use crate::role::guardrail_policy::GUARDRAIL_POLICY;
use crate::role::ownership::StackResource;
use crate::role::policy_names::CUSTOM_POLICY;
use crate::role::session_revocation::REVOCATION_POLICY;
use crate::role::trust::{Mfa, SessionAction, Trust};
use crate::timestamp::Timestamp;

/// The properties that are about the role itself. The others are about who may assume it.
const WHAT: [&str; 4] = ["CustomPolicy", "ManagedPolicyArns", "MaxSessionDuration", "PermissionsBoundary"];

const ACCOUNTS: &str = "ExternalAwsAccountId";

/// The attached policies that must be read before they are judged.
pub fn policies_to_read(role: &Inspected, installation: &Installation) -> BTreeSet<PolicyArn> {
    policies_to_judge(&properties(role, None, installation), installation.account())
}

/// Why the role would be refused today. `admission` is whom its trust policy admits.
pub fn findings(
    role: &Inspected,
    admission: &Admission,
    resource: &StackResource,
    installation: &Installation,
    lookup: &AccountLookup,
    now: Timestamp,
) -> Vec<Finding> {
    let trust = role.trust.as_ref().and_then(Trust::from_document);
    let refused = |properties: &Properties| {
        let found = Delegation::findings(properties, resource, installation, lookup, now, false);
        // What is on a role does not exceed a quota of IAM.
        found.into_iter().filter(|finding| finding.severity == Severity::Error && finding.code != Code::QuotaExceeded)
    };
    let mut properties = properties(role, trust.as_ref(), installation);
    // Of a trust policy in another form, the accounts are known in any case.
    let accounts: Vec<&String> =
        admission.accounts.iter().filter(|account| AccountId::parse(account).is_ok()).collect();
    if trust.is_none() && !accounts.is_empty() {
        properties.insert(ACCOUNTS.to_owned(), json!(accounts));
    }
    let about_this_role = |finding: &Finding| {
        let property = finding.property.as_str();
        trust.is_some() || WHAT.contains(&property) || (property == ACCOUNTS && !accounts.is_empty())
    };
    let mut found: Vec<Finding> = refused(&properties).filter(about_this_role).map(over_limits).collect();
    for (name, policy) in further_policies(role) {
        let Some(policy) = policy else {
            let message = format!("The inline policy {name} cannot be read, so it was not judged. Remove it.");
            found.push(Finding::error(Code::OverLimits, CUSTOM_POLICY, message));
            continue;
        };
        let alone = Properties::from_iter([(CUSTOM_POLICY.to_owned(), Value::Object(policy.members().clone()))]);
        let alone = refused(&alone).filter(|finding| finding.property == CUSTOM_POLICY);
        found.extend(alone.map(|finding| {
            let message = finding.message.replacen(CUSTOM_POLICY, &format!("The inline policy {name}"), 1);
            over_limits(finding.saying(message))
        }));
    }
    let required = installation.limits.required_permissions_boundary.as_ref();
    if let Some(required) = required.filter(|_| role.permissions_boundary.is_none()) {
        let message = format!(
            "The role has no permissions boundary, but the function's owner requires {required} on every role \
             (RequiredPermissionsBoundary). Change Revision and update the stack."
        );
        found.push(Finding::error(Code::OverLimits, "PermissionsBoundary", message));
    }
    found
}

fn over_limits(finding: Finding) -> Finding {
    let message = format!("The function would refuse this role today: {finding}");
    Finding::error(Code::OverLimits, finding.property, message)
}

/// The inline policies beside `CustomPolicy` and those of the function.
fn further_policies(role: &Inspected) -> impl Iterator<Item = (&String, Option<&Document>)> {
    let ours = |name: &str, policy: &Option<Document>| {
        // What this function writes under these names only denies.
        let denies = policy.as_ref().is_some_and(Document::only_denies);
        (name == CUSTOM_POLICY && policy.is_some()) || ([GUARDRAIL_POLICY, REVOCATION_POLICY].contains(&name) && denies)
    };
    role.inline.iter().filter(move |(name, policy)| !ours(name, policy)).map(|(name, policy)| (name, policy.as_ref()))
}

/// The role as the properties with which the function would make it.
fn properties(role: &Inspected, trust: Option<&Trust>, installation: &Installation) -> Properties {
    let mut properties = Properties::new();
    let mut set = |name: &str, value: Value| drop(properties.insert(name.to_owned(), value));
    set("MaxSessionDuration", role.max_session_duration.into());
    set("AllowAdministrativeAccess", installation.limits.permit_administrative_access.into());
    if let Some(Some(policy)) = role.inline.get(CUSTOM_POLICY) {
        set(CUSTOM_POLICY, Value::Object(policy.members().clone()));
    }
    if !role.attached.is_empty() {
        set("ManagedPolicyArns", json!(role.attached));
    }
    if let Some(boundary) = &role.permissions_boundary {
        set("PermissionsBoundary", boundary.as_str().into());
    }
    let Some(Trust { accounts, external_ids, conditions, session_actions, .. }) = trust else { return properties };
    let texts = |all: &mut dyn Iterator<Item = String>| Value::from(all.collect::<Vec<_>>());
    set(ACCOUNTS, texts(&mut accounts.iter().map(ToString::to_string)));
    if external_ids.is_empty() {
        set("RequireExternalId", false.into());
    } else {
        set("ExternalId", texts(&mut external_ids.iter().map(|id| id.expose().to_owned())));
    }
    if conditions.mfa != Mfa::NotRequired {
        set("RequireMfa", true.into());
    }
    if let Mfa::RequiredWithin(seconds) = conditions.mfa {
        set("MfaMaxAge", seconds.into());
    }
    if !conditions.principals.is_empty() {
        set("AllowedPrincipalArns", texts(&mut conditions.principals.iter().map(ToString::to_string)));
    }
    if !conditions.source_ips.is_empty() {
        set("SourceIps", texts(&mut conditions.source_ips.iter().map(ToString::to_string)));
    }
    if let Some(organization) = &conditions.organization {
        set("PrincipalOrgId", organization.to_string().into());
    }
    if let Some(expires_at) = conditions.expires_at {
        set("ExpiresAt", expires_at.to_string().into());
    }
    for action in SessionAction::ALL {
        set(action.property(), session_actions.contains(&action).into());
    }
    properties
}
