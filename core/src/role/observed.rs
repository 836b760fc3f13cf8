//! What exists in IAM under a role name, as values: nothing, a role of the claimant, or a foreign role. The function
//! reads it.

use std::collections::BTreeMap;

use super::guardrail_policy::{GUARDRAIL_POLICY, GuardrailPolicy};
use super::ownership::{Claim, Tags};
use super::state_tag::State;
use super::trust::Trust;
use crate::identifiers::{RoleName, RolePath};
use crate::policy::Document;
use crate::timestamp::Timestamp;

/// What exists under a role name.
#[derive(Clone, Debug)]
pub enum Observed {
    /// Nothing.
    Absent,
    /// A role that must not be changed.
    Foreign(Foreign),
    /// A role of the claimant.
    Ours(Box<LiveRole>),
}

/// A role that does not belong to the claimant, with only what error messages say about it.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// Its name.
    pub name: RoleName,
    /// Its path.
    pub path: RolePath,
    /// Its ARN.
    pub arn: String,
    /// Whose it is.
    pub claim: Claim,
    /// The principals that its trust policy names.
    pub trusts: String,
}

/// A role of the claimant, as it is.
#[derive(Clone, Debug)]
pub struct LiveRole {
    /// Its name, in IAM's spelling.
    pub name: RoleName,
    /// Its path.
    pub path: RolePath,
    /// Its ARN.
    pub arn: String,
    /// Its unique ID, `AROA…`.
    pub id: String,
    /// When IAM made it, to the second.
    pub created: Option<Timestamp>,
    /// Who may assume it. `None` if the trust policy does not have the form that we write.
    pub trust: Option<Trust>,
    /// Its description. Empty: none.
    pub description: String,
    /// The longest session, in seconds.
    pub max_session_duration: u32,
    /// The ARN of its permissions boundary.
    pub permissions_boundary: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// Its inline policies. `None` for one that is not valid JSON.
    pub inline: BTreeMap<String, Option<Document>>,
    /// The ARNs of its attached policies, and what is known about them.
    pub attached: BTreeMap<String, Effect>,
}

impl LiveRole {
    /// What the state tag of the role records.
    pub fn state(&self) -> State {
        State::read(&self.tags)
    }

    /// Whether the role existed before a request was sent: then that request did not create it.
    pub fn stood_before(&self, sent: Option<Timestamp>) -> bool {
        self.created.zip(sent).is_some_and(|(created, sent)| created < sent)
    }

    /// When the request of the function was sent that created the role for the resource of these guardrails; none if no
    /// such request created it. A role that someone marked for the resource has the guardrails of another one, or is older.
    pub fn made_for(&self, guardrails: &GuardrailPolicy) -> Option<Timestamp> {
        let guarded = |policy: &Option<Document>| policy.as_ref().is_some_and(|policy| guardrails.is_held_by(policy));
        let own = self.inline.get(GUARDRAIL_POLICY).is_none_or(guarded);
        self.state().origin().filter(|_| own && !self.was_taken_over())
    }

    /// Whether the last request that wrote the role did not create it. For the role of a request without an answer, this
    /// means that the role existed before. A role that was updated after its creation looks the same.
    pub fn was_taken_over(&self) -> bool {
        self.stood_before(self.state().origin())
    }
}

/// What AWS assigned to a role at its creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its ARN.
    pub arn: String,
    /// Its unique ID, `AROA…`.
    pub id: String,
}

/// What an attached policy does, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It allows something, or it was not read.
    MayAllow,
    /// It only denies.
    OnlyDenies,
    /// It could not be read. It may deny the provider access, so it is not removed.
    Unreadable,
}

impl Effect {
    /// What is known of a policy without reading it: AWS's own policy that denies everything, in any partition, is attached
    /// to stop a provider at once.
    pub fn by_name(arn: &str) -> Option<Self> {
        arn.ends_with(":iam::aws:policy/AWSDenyAll").then_some(Self::OnlyDenies)
    }
}
