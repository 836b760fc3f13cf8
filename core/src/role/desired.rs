//! The exact role that a delegation requires: trust, permissions, ownership tags.

use std::collections::{BTreeMap, BTreeSet};

use super::delegation::{Delegation, ExternalIdChoice, PolicyOwnership, RevokeSessions};
use super::guardrail_policy::{GUARDRAIL_POLICY, GuardrailPolicy};
use super::observed::{Effect, LiveRole};
use super::ownership::{CONSOLE_NAME, EXTERNAL_ID_TAG, StackResource, Tags};
use super::policy_names::CUSTOM_POLICY;
use super::state_tag::{Parts, STATE_TAG, State};
use super::trust::Trust;
use crate::findings::{Code, Finding};
use crate::identifiers::{Account, ExternalId, PolicyArn, RoleName, RolePath, is_tag_character};
use crate::installation::Installation;
use crate::policy::Document;
use crate::secrets::Secrets;
use crate::timestamp::Timestamp;

/// A role as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredRole {
    /// Its name.
    pub name: RoleName,
    /// Its path.
    pub path: RolePath,
    /// Who may assume it.
    pub trust: Trust,
    /// Its description. Empty: none.
    pub description: String,
    /// The longest session, in seconds.
    pub max_session_duration: u32,
    /// Its permissions boundary.
    pub permissions_boundary: Option<PolicyArn>,
    /// The resource that it is for.
    pub resource: StackResource,
    /// When the request that desires it was sent.
    pub as_of: Option<Timestamp>,
    /// When the failed replacement was sent that created the role, if this request continues one.
    pub made: Option<Timestamp>,
    /// The tags that it must have. Tags that others added stay.
    pub tags: Tags,
    /// Its inline policies that may grant something.
    pub inline: BTreeMap<String, Document>,
    /// The guardrail policy: what its sessions can never change, even if its policies allow it.
    pub guardrail_policy: GuardrailPolicy,
    /// Its attached policies.
    pub attached: BTreeSet<PolicyArn>,
    /// What happens to policies beyond these.
    pub policy_ownership: PolicyOwnership,
    /// Whether sessions end when the trust under which they were issued is narrowed.
    pub revoke_sessions: RevokeSessions,
}

/// The role that a delegation desires under these external IDs, managed for `resource`. `as_of` is when the request was
/// sent.
pub fn desired(
    delegation: &Delegation,
    name: &RoleName,
    resource: &StackResource,
    installation: &Installation,
    external_ids: &ExternalIds,
    as_of: Option<Timestamp>,
) -> DesiredRole {
    let guardrail_policy = GuardrailPolicy::new(installation, resource);
    let custom_policy = delegation.custom_policy.iter().map(|policy| (CUSTOM_POLICY.to_owned(), policy.clone()));
    let policies = delegation.policies.iter().map(|(name, policy)| (name.to_string(), policy.clone()));
    let mut tags = delegation.tags.clone();
    tags.extend(resource.mark());
    tags.extend(external_ids.kept.iter().map(|id| (EXTERNAL_ID_TAG.to_owned(), id.expose().to_owned())));
    DesiredRole {
        name: name.clone(),
        path: delegation.path.clone(),
        trust: delegation.trust(installation.account(), &external_ids.in_force),
        description: delegation.description.clone(),
        max_session_duration: delegation.max_session_duration,
        permissions_boundary: delegation.permissions_boundary.clone(),
        resource: resource.clone(),
        as_of,
        made: None,
        tags: Tags(tags),
        inline: custom_policy.chain(policies).collect(),
        guardrail_policy,
        attached: delegation.managed_policies.clone(),
        policy_ownership: delegation.policy_ownership,
        revoke_sessions: delegation.revoke_sessions,
    }
}

impl DesiredRole {
    /// The guardrail policy, which also denies everything once the access expired.
    pub fn guardrails(&self) -> Document {
        self.guardrail_policy.policy(self.trust.conditions.expires_at)
    }

    /// What the state tag records when a request that was sent at this time writes the role.
    pub fn state(&self, as_of: Option<Timestamp>) -> State {
        let guardrails = self.guardrails();
        let own = self.inline.iter().map(|(name, policy)| (name.as_str(), policy));
        let parts = Parts::of(
            &self.trust.to_document(),
            own.chain([(GUARDRAIL_POLICY, &guardrails)]),
            self.attached.iter().map(PolicyArn::as_str),
            self.permissions_boundary.as_ref().map(PolicyArn::as_str),
            (&self.description, self.max_session_duration),
        );
        State { as_of, made: self.made, parts: Some(parts) }
    }

    /// All tags that it is created with.
    pub fn tags_at_creation(&self) -> Tags {
        Tags(
            self.tags
                .0
                .clone()
                .into_iter()
                .chain([(STATE_TAG.to_owned(), self.state(self.as_of).to_string())])
                .collect(),
        )
    }

    /// The role as it would be observed when it was made and nothing else had touched it.
    pub fn as_made(&self, account: &Account) -> LiveRole {
        let own = self.inline.iter().map(|(name, policy)| (name.clone(), Some(policy.clone())));
        let attached = self.attached.iter().map(PolicyArn::to_string);
        LiveRole {
            name: self.name.clone(),
            path: self.path.clone(),
            arn: format!("arn:{}:iam::{}:role{}{}", account.partition, account.id, self.path, self.name),
            id: String::new(),
            created: self.as_of,
            trust: Some(self.trust.clone()),
            description: self.description.clone(),
            max_session_duration: self.max_session_duration,
            permissions_boundary: self.permissions_boundary.as_ref().map(PolicyArn::to_string),
            tags: self.tags_at_creation(),
            inline: own.chain([(GUARDRAIL_POLICY.to_owned(), Some(self.guardrails()))]).collect(),
            attached: attached.map(|arn| (arn.clone(), Effect::by_name(&arn).unwrap_or(Effect::MayAllow))).collect(),
        }
    }

    /// Warnings about the finished role.
    pub fn warnings(&self) -> Option<Finding> {
        let length = self.path.as_str().len() + self.name.as_str().len();
        (length > CONSOLE_NAME).then(|| {
            let message = format!(
                "Path and role name together have {length} characters; the console's role switcher accepts {CONSOLE_NAME} at \
                 most."
            );
            Finding::warning(Code::LongName, "RoleName", message)
        })
    }
}

/// The external IDs of a role: those in force, and the one in its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalIds {
    /// A caller must send one of these. The first is in the answer. Empty: none is required.
    pub in_force: Vec<ExternalId>,
    /// The ID in the tag, so that a template without `ExternalId` gets the same ID again.
    pub kept: Option<ExternalId>,
    /// Warnings.
    pub warning: Option<Finding>,
}

impl ExternalIds {
    /// Chooses them. `live` is the role as it is, `replaced` is the role that it replaces. `fresh` is used only if
    /// neither has an ID. The tag takes precedence over the trust, because an explicit ID, or a change by others,
    /// alters the trust.
    pub fn choose(
        choice: &ExternalIdChoice,
        live: Option<&LiveRole>,
        replaced: Option<&LiveRole>,
        fresh: ExternalId,
        first_time: bool,
    ) -> Self {
        let tagged = [live, replaced].into_iter().flatten().find_map(|role| role.tags.kept_external_id());
        match choice {
            ExternalIdChoice::Explicit(ids) => Self { in_force: ids.clone(), kept: tagged, warning: None },
            ExternalIdChoice::NotRequired => Self { in_force: Vec::new(), kept: tagged, warning: None },
            ExternalIdChoice::Generated => {
                let known = tagged.or_else(|| [live, replaced].into_iter().flatten().find_map(only_one_in_trust));
                let made_anew = known.is_none() && !first_time;
                let id = known.unwrap_or(fresh);
                let warning = if made_anew {
                    let message = "The role had no external ID that could be kept, so a new one was generated: send it to the provider.";
                    Some(Finding::warning(Code::NewExternalId, "ExternalId", message))
                } else {
                    id.weakness().map(|why| {
                        let message = format!("The external ID that the role keeps {why}.");
                        Finding::warning(Code::WeakExternalId, "ExternalId", message)
                    })
                };
                let kept = fits_a_tag(&id).then(|| id.clone());
                Self { in_force: vec![id], kept, warning }
            }
        }
    }
}

impl ExternalIds {
    /// All of them, to remove them from AWS's messages.
    pub fn secrets(&self) -> Secrets {
        Secrets::of_external_ids(self.in_force.iter().chain(&self.kept))
    }
}

/// The single ID in a trust policy that has the form that we write.
fn only_one_in_trust(role: &LiveRole) -> Option<ExternalId> {
    let ids = &role.trust.as_ref()?.external_ids;
    ids.first().filter(|_| ids.len() == 1).cloned()
}

/// A tag value allows fewer characters than an external ID, and no comma. Such IDs are only in the trust.
fn fits_a_tag(id: &ExternalId) -> bool {
    id.expose().chars().count() <= 256 && id.expose().chars().all(is_tag_character)
}
