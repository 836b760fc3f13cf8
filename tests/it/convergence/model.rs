//! A small model of IAM: one role, the effect of each operation, and what the role allows.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use delegated_role_core::identifiers::{RoleName, RolePath};
use delegated_role_core::policy::Document;
use delegated_role_core::role::desired::DesiredRole;
use delegated_role_core::role::guardrail_policy::{GUARDRAIL_POLICY, lock};
use delegated_role_core::role::observed::{Effect, LiveRole};
use delegated_role_core::role::ownership::{REVOKE_TAG, Tags};
use delegated_role_core::role::plan::Operation;
use delegated_role_core::role::session_revocation::{REVOCATION_POLICY, cut_off_after, extended};
use delegated_role_core::role::trust::Trust;
use delegated_role_core::timestamp::Timestamp;
use serde_json::{Value, json};

use super::arbitrary::{EXPIRIES, INLINE_CHARACTERS, NOON, TAGS, time};
use super::callers::admitted;
use super::permissions::permitted;
use crate::fixtures::ACCOUNT;

/// One role as IAM has it. Without a trust, others changed it, and it admits everybody.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model {
    pub(super) trust: Option<Trust>,
    pub(super) attached: BTreeSet<String>,
    pub(super) inline: BTreeMap<String, Document>,
    pub(super) boundary: Option<String>,
    pub(super) description: String,
    pub(super) max_session_duration: u32,
    pub(super) tags: BTreeMap<String, String>,
    /// Advances with each call.
    pub(super) now: Timestamp,
}

impl Model {
    pub(super) fn apply(role: &mut Option<Self>, operation: &Operation) {
        if let Operation::Create(desired) = operation {
            assert!(role.is_none(), "created twice");
            *role = Some(Self {
                trust: Some(desired.trust.clone()),
                attached: BTreeSet::new(),
                inline: BTreeMap::new(),
                boundary: desired.permissions_boundary.as_ref().map(ToString::to_string),
                description: desired.description.clone(),
                max_session_duration: desired.max_session_duration,
                tags: desired.tags.0.clone(),
                now: time(NOON),
            });
            return;
        }
        let Some(model) = role else { panic!("{operation:?} on a role that does not exist") };
        match operation {
            Operation::Create(_) => unreachable!(),
            Operation::PutBoundary(arn) => model.boundary = Some(arn.to_string()),
            Operation::DeleteBoundary => model.boundary = None,
            Operation::SetTrust(trust) => model.trust = Some((**trust).clone()),
            Operation::SetSettings { description, max_session_duration } => {
                model.description.clone_from(description);
                model.max_session_duration = *max_session_duration;
            }
            Operation::Tag(tags) => model.tags.extend(tags.0.clone()),
            Operation::EndSessions(standing) => {
                let (policy, _) = extended(standing.as_ref(), cut_off_after(model.now));
                model.inline.insert(REVOCATION_POLICY.to_owned(), policy);
            }
            Operation::Untag(keys) => model.tags.retain(|key, _| !keys.contains(key)),
            Operation::PutInline(name, policy) => drop(model.inline.insert(name.clone(), policy.clone())),
            Operation::DeleteInline(name) => assert!(model.inline.remove(name).is_some(), "{name} does not exist"),
            Operation::Attach(arn) => assert!(model.attached.insert(arn.to_string()), "{arn} is attached already"),
            Operation::Detach(arn) => assert!(model.attached.remove(arn), "{arn} is not attached"),
            Operation::DeleteRole => {
                assert!(model.attached.is_empty() && model.inline.is_empty(), "DeleteConflict");
                *role = None;
                return;
            }
        }
        assert!(model.characters() <= INLINE_CHARACTERS && model.tags.len() <= TAGS, "LimitExceeded");
        model.now = model.now.full_second_after(Duration::from_secs(1));
    }

    pub(super) fn characters(&self) -> usize {
        self.inline.values().map(Document::size).sum()
    }

    pub(super) fn has_tag(&self) -> bool {
        self.tags.get(REVOKE_TAG).is_some_and(|value| value == "pending")
    }

    /// Sessions issued before this time have no permissions, as IAM reads it. Dates in this form sort as text.
    pub(super) fn ended_until(&self) -> String {
        let Some(policy) = self.inline.get(REVOCATION_POLICY).filter(|policy| policy.only_denies()) else {
            return String::new();
        };
        let statements = policy.members()["Statement"].as_array().unwrap().clone();
        let everything =
            |statement: &&Value| statement["Action"] == json!(["*"]) && statement["Resource"] == json!(["*"]);
        let dates = statements.iter().filter(everything).filter_map(|statement| {
            statement["Condition"].as_object().filter(|condition| condition.len() == 1)?;
            Some(statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"].as_str()?.to_owned())
        });
        dates.max().unwrap_or_default()
    }

    /// When the guardrail policy ends all access, as IAM reads it.
    pub(super) fn expires_at(&self) -> Option<String> {
        let policy = self.inline.get(GUARDRAIL_POLICY).filter(|policy| policy.only_denies())?;
        let statements = policy.members()["Statement"].as_array().unwrap().clone();
        let dates = statements.iter().filter(|statement| statement["Action"] == "*").filter_map(|statement| {
            Some(statement["Condition"]["DateGreaterThanEquals"]["aws:CurrentTime"].as_str()?.to_owned())
        });
        dates.min()
    }

    /// Whether the guardrail policy is as the role desires it, possibly with an earlier expiry.
    pub(super) fn is_guarded(&self, role: &DesiredRole) -> bool {
        let ends = [None, Some(time(EXPIRIES[0])), Some(time(EXPIRIES[1]))].into_iter();
        let wanted = role.trust.conditions.expires_at;
        let ends = ends.filter(|end| *end == wanted || wanted.is_none() || (end.is_some() && *end < wanted));
        let mut policies = ends.map(|end| role.guardrail_policy.policy(end).to_json());
        self.inline.get(GUARDRAIL_POLICY).is_some_and(|policy| policies.any(|wanted| wanted == policy.to_json()))
    }

    /// The role as the function observes it.
    pub(super) fn live(&self) -> LiveRole {
        let effect = |arn: &String| if arn.ends_with("AWSDenyAll") { Effect::OnlyDenies } else { Effect::MayAllow };
        LiveRole {
            name: RoleName::parse("Chosen").unwrap(),
            path: RolePath::parse("/delegated/").unwrap(),
            arn: format!("arn:aws:iam::{ACCOUNT}:role/delegated/Chosen"),
            id: "AROAEXAMPLE".into(),
            created: None,
            trust: self.trust.clone(),
            description: self.description.clone(),
            max_session_duration: self.max_session_duration,
            permissions_boundary: self.boundary.clone(),
            tags: Tags(self.tags.clone()),
            inline: self.inline.iter().map(|(name, policy)| (name.clone(), Some(policy.clone()))).collect(),
            attached: self.attached.iter().map(|arn| (arn.clone(), effect(arn))).collect(),
        }
    }

    /// The policies that may allow something.
    pub(super) fn allowing(&self) -> BTreeSet<String> {
        let attached = self.attached.iter().filter(|arn| !arn.ends_with("AWSDenyAll")).cloned();
        let inline = self.inline.values().filter(|policy| !policy.only_denies()).map(Document::to_json);
        attached.chain(inline).collect()
    }

    /// What the role allows to any caller, and no policy denies.
    pub(super) fn permissions(&self) -> BTreeSet<String> {
        permitted(self)
    }

    /// Whether nothing is possible while policies change.
    pub(super) fn is_locked(&self) -> bool {
        self.inline.get(GUARDRAIL_POLICY).is_some_and(|policy| policy.to_json() == lock().to_json())
    }

    /// Who can do what.
    pub(super) fn exposure(&self) -> Exposure {
        Exposure {
            callers: admitted(self.trust.as_ref()),
            permissions: self.permissions(),
            longest: self.max_session_duration,
        }
    }
}

/// Each of the callers can use each of the permissions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exposure {
    pub(super) callers: Rc<BTreeSet<usize>>,
    pub(super) permissions: BTreeSet<String>,
    /// The longest session, in seconds.
    pub(super) longest: u32,
}

impl Exposure {
    /// A caller and a permission that neither of the two others has.
    pub(super) fn beyond(&self, one: &Self, other: &Self) -> Option<(usize, &String)> {
        let within = |part: &Self, caller: usize, permission: &String| {
            part.callers.contains(&caller) && part.permissions.contains(permission)
        };
        let mut pairs =
            self.callers.iter().flat_map(|caller| self.permissions.iter().map(move |allowed| (*caller, allowed)));
        pairs.find(|(caller, allowed)| !within(one, *caller, allowed) && !within(other, *caller, allowed))
    }

    /// A caller with longer sessions than in the two others.
    pub(super) fn longer(&self, one: &Self, other: &Self) -> Option<usize> {
        let allowed = |caller: usize| {
            let sides = [one, other].into_iter().filter(|side| side.callers.contains(&caller));
            sides.map(|side| side.longest).max().unwrap_or(0)
        };
        self.callers.iter().copied().find(|caller| self.longest > allowed(*caller))
    }
}
