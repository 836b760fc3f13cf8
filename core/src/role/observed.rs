//! What IAM has under a name, as values: nothing, a role of the claimant's, or a role of someone else. IAM is read elsewhere.

use std::collections::BTreeMap;

use super::ownership::{Claim, Tags};
use super::state_tag::State;
use super::trust::Trust;
use crate::identifiers::{RoleName, RolePath};
use crate::policy::Document;
use crate::timestamp::Timestamp;

/// What there is under a role's name.
#[derive(Clone, Debug)]
pub enum Observed {
    /// Nothing.
    Absent,
    /// A role that is not to be touched.
    Foreign(Foreign),
    /// A role of the claimant's.
    Ours(Box<LiveRole>),
}

/// A role that is not the claimant's: only so much is known of it as is told to people.
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

/// A role of the claimant's, as it is.
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
    /// Who may assume it; none when the trust policy is not one that we write.
    pub trust: Option<Trust>,
    /// Its description; empty: none.
    pub description: String,
    /// The longest session, in seconds.
    pub max_session_duration: u32,
    /// The ARN of its permissions boundary.
    pub permissions_boundary: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// Its inline policies; none for one that cannot be understood.
    pub inline: BTreeMap<String, Option<Document>>,
    /// The ARNs of its attached policies, and what is known of what they do.
    pub attached: BTreeMap<String, Effect>,
}

impl LiveRole {
    /// What our tag on the role records.
    pub fn state(&self) -> State {
        State::read(&self.tags)
    }

    /// Whether the role stood before a request was sent: then that request did not make it.
    pub fn stood_before(&self, sent: Option<Timestamp>) -> bool {
        self.created.zip(sent).is_some_and(|(created, sent)| created < sent)
    }

    /// Whether the request that wrote the role last did not make it. For the role of a request that was never answered, this
    /// tells that the role was there before. A role that was updated since it was made looks the same.
    pub fn was_taken_over(&self) -> bool {
        self.stood_before(self.state().as_of)
    }
}

/// What AWS gave a role when it was made.
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
    /// All it does is deny.
    OnlyDenies,
    /// It could not be read just now. It may be what keeps the provider out, so it is not removed.
    Unreadable,
}
