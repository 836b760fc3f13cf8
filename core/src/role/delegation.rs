//! What the customer agrees to: who may assume the role, with which external ID, to do what.
//!
//! Read from the resource's properties in one step that reports every problem: what is malformed, what the function's
//! owner does not allow, what would make the provider an administrator, and what IAM would reject.

mod choices;
mod how_long;
mod inline_policies;
mod permissions;
mod role;
mod what;
mod who;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

pub use self::choices::{ExternalIdChoice, PolicyOwnership, RevokeSessions};
pub(super) use self::inline_policies::INLINE_POLICY_CHARACTERS;
use super::account_lookup::{AccountLookup, Quotas};
use super::guardrail_policy::GuardrailPolicy;
use super::ownership::StackResource;
use super::trust::{Conditions, SessionAction, Trust};
use crate::findings::{Code, Finding, Problems};
use crate::identifiers::{
    Account, AccountId, ExternalId, Invalid, OrganizationId, PolicyArn, PolicyName, PublicCidr, Region, RoleName,
    RolePath,
};
use crate::installation::Installation;
use crate::policy::Document;
use crate::properties::Reader;
use crate::resource_types::DELEGATED_ROLE;
use crate::timestamp::Timestamp;

/// A valid declaration within the owner's limits.
#[derive(Clone, Debug)]
pub struct Delegation {
    /// The given name. `None`: it is derived.
    pub role_name: Option<RoleName>,
    /// The Region whose stack manages the role for all Regions. `None`: each stack manages its own role.
    pub home_region: Option<Region>,
    /// The path.
    pub path: RolePath,
    /// The accounts, in the given order.
    pub accounts: Vec<AccountId>,
    /// How the external ID is chosen.
    pub external_id: ExternalIdChoice,
    /// The conditions beside the external ID: MFA, principals, organization, addresses, expiry.
    pub conditions: Conditions,
    /// What a caller may do with the session beside assuming the role.
    pub session_actions: BTreeSet<SessionAction>,
    /// The longest session, in seconds.
    pub max_session_duration: u32,
    /// Whether sessions end when the trust under which they were issued is narrowed.
    pub revoke_sessions: RevokeSessions,
    /// The inline policy.
    pub custom_policy: Option<Document>,
    /// Further inline policies, by their names.
    pub policies: BTreeMap<PolicyName, Document>,
    /// The policies to attach.
    pub managed_policies: BTreeSet<PolicyArn>,
    /// The boundary: the template's, or the owner's.
    pub permissions_boundary: Option<PolicyArn>,
    /// The description. Empty: none.
    pub description: String,
    /// The template's own tags.
    pub tags: BTreeMap<String, String>,
    /// What happens to policies that others put on the role.
    pub policy_ownership: PolicyOwnership,
    /// Warnings for the author of the template.
    pub warnings: Vec<Finding>,
}

impl Delegation {
    /// Reads the properties.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn read(
        properties: &Map<String, Value>,
        resource: &StackResource,
        installation: &Installation,
        lookup: &AccountLookup,
        now: Timestamp,
        first_time: bool,
    ) -> Result<Self, Problems> {
        let (delegation, problems) = Self::examined(properties, resource, installation, lookup, now, first_time);
        problems.none().map(|()| delegation)
    }

    /// All findings about the properties: the problems for which [`read`](Self::read) refuses them, in reading order,
    /// and the warnings.
    pub fn findings(
        properties: &Map<String, Value>,
        resource: &StackResource,
        installation: &Installation,
        lookup: &AccountLookup,
        now: Timestamp,
        first_time: bool,
    ) -> Vec<Finding> {
        let (delegation, problems) = Self::examined(properties, resource, installation, lookup, now, first_time);
        problems.in_order().into_iter().cloned().chain(delegation.warnings).collect()
    }

    /// The properties as values, and all problems with them. If there is a problem, the values have no meaning.
    fn examined(
        properties: &Map<String, Value>,
        resource: &StackResource,
        installation: &Installation,
        lookup: &AccountLookup,
        now: Timestamp,
        first_time: bool,
    ) -> (Self, Problems) {
        let (account, limits) = (installation.account(), &installation.limits);
        let mut reader = Reader::new(properties, &DELEGATED_ROLE);
        // Read so that the name is known. Its only purpose is that a new value causes an update.
        let _ = reader.free_text("Revision");

        let accounts = who::accounts(&mut reader, account, limits);
        let external_id = who::external_id(&mut reader, limits);
        let mfa = who::mfa(&mut reader);
        let principals = who::principals(&mut reader, account, accounts.as_deref());
        who::warn_of_combinations(&mut reader, accounts.as_deref().unwrap_or_default(), &external_id, &principals);
        let organization = reader.one("PrincipalOrgId", OrganizationId::parse);
        let source_ips = reader.list("SourceIps", PublicCidr::parse).unwrap_or_default().into_iter().collect();
        let session_actions = who::session_actions(&mut reader);
        let max_session_duration = how_long::max_session_duration(&mut reader, limits);
        let expires_at = how_long::expires_at(&mut reader, now, first_time);
        let revoke_sessions = how_long::revoke_sessions(&mut reader);
        let administrative = what::administrative_access(&mut reader, limits);
        let permissions = permissions::Permissions::new(installation, administrative);
        let guardrails = GuardrailPolicy::new(installation, resource).policy(expires_at).size();
        let inline = inline_policies::InlinePolicies { partition: &account.partition, permissions: &permissions };
        let (custom_policy, policies) = (inline.custom(&mut reader), inline.further(&mut reader));
        inline_policies::check_size(&mut reader, custom_policy.as_ref(), &policies, guardrails, revoke_sessions);
        let managed_policies = what::managed_policies(&mut reader, account, limits, lookup, &permissions);
        let permissions_boundary = what::permissions_boundary(&mut reader, account, limits);
        let role_name = role::role_name(&mut reader, limits);
        let home_region = role::home_region(&mut reader);
        if let Some(region) = home_region.as_ref().filter(|region| *region != installation.region()) {
            who::external_id_to_follow(&mut reader, region, &external_id);
        }
        let path = role::path(&mut reader, limits);
        let description = reader.one("Description", role::description).unwrap_or_default();
        let tags = role::tags(&mut reader);
        let policy_ownership = reader
            .word("PolicyOwnership", |text| match text {
                "Exclusive" => Ok(PolicyOwnership::Exclusive),
                "Declared" => Ok(PolicyOwnership::Declared),
                _ => Err(Invalid::new("Exclusive or Declared")),
            })
            .unwrap_or(PolicyOwnership::Exclusive);

        let read_and_empty = |arn| matches!(lookup.policies.get(arn), Some(Some(policy)) if policy.grants_nothing());
        let inline_grant_nothing = custom_policy.iter().chain(policies.values()).all(Document::grants_nothing);
        if inline_grant_nothing && managed_policies.iter().all(read_and_empty) {
            let message = "The role grants nothing: set CustomPolicy or ManagedPolicyArns.";
            reader.warning(Code::GrantsNothing, "", message);
        }
        let mut delegation = Self {
            role_name,
            home_region,
            path,
            accounts: accounts.unwrap_or_default(),
            external_id,
            conditions: Conditions { mfa, principals, organization, source_ips, expires_at },
            session_actions,
            max_session_duration,
            revoke_sessions,
            custom_policy,
            policies,
            managed_policies,
            permissions_boundary,
            description,
            tags,
            policy_ownership,
            warnings: Vec::new(),
        };
        delegation.check_trust_size(&mut reader, account, lookup.quotas);
        let (problems, warnings) = reader.finish();
        delegation.warnings = warnings;
        (delegation, problems)
    }

    /// The trust under the external IDs in force.
    pub fn trust(&self, account: &Account, external_ids: &[ExternalId]) -> Trust {
        Trust {
            partition: account.partition.clone(),
            accounts: self.accounts.iter().cloned().collect(),
            external_ids: external_ids.iter().cloned().collect(),
            conditions: self.conditions.clone(),
            session_actions: self.session_actions.clone(),
        }
    }

    fn check_trust_size(&self, reader: &mut Reader<'_>, account: &Account, quotas: Quotas) {
        let stand_in = [ExternalId::from_random([0; ExternalId::RANDOM_BYTES])];
        let external_ids = match &self.external_id {
            ExternalIdChoice::Explicit(ids) => ids.as_slice(),
            ExternalIdChoice::Generated => &stand_in,
            ExternalIdChoice::NotRequired => &[],
        };
        let (size, most) = (self.trust(account, external_ids).to_document().size(), quotas.trust_policy_characters);
        if size > most {
            let second = if self.session_actions.is_empty() {
                ""
            } else {
                " (AllowSessionTags and AllowSourceIdentity add a second statement)"
            };
            reader.problem(
                Code::QuotaExceeded,
                "ExternalAwsAccountId, ExternalId, AllowedPrincipalArns and SourceIps",
                format_args!(
                    "together make a trust policy of {size} characters{second}, {} more than the {most} that IAM allows in this \
                     account; shorten one of them, or raise the quota.",
                    size - most
                ),
            );
        }
    }
}
