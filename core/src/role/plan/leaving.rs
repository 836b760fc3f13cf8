//! What is removed from a role.

use super::operation::Operation;
use crate::findings::{Code, Finding};
use crate::policy::Document;
use crate::role::delegation::PolicyOwnership;
use crate::role::desired::DesiredRole;
use crate::role::guardrail_policy::GUARDRAIL_POLICY;
use crate::role::observed::{Effect, LiveRole};
use crate::role::previous_template::OnceDeclared;
use crate::role::session_revocation::{REVOCATION_POLICY, cut_off};

/// The policies to remove, separated by what they do.
#[derive(Default)]
pub(super) struct Leaving {
    pub(super) allows: Vec<Operation>,
    /// Inline policies that do both: the name, and what it denies.
    pub(super) mixed: Vec<(String, Document)>,
    pub(super) denies: Vec<Operation>,
    pub(super) warnings: Vec<Finding>,
}

impl Leaving {
    pub(super) fn of(live: &LiveRole, desired: &DesiredRole, once: &OnceDeclared, ends_sessions: bool) -> Self {
        let mut leaving = Self::default();
        let exclusive = desired.policy_ownership == PolicyOwnership::Exclusive;
        for (arn, effect) in &live.attached {
            if desired.attached.iter().any(|wanted| wanted.as_str() == arn) {
                continue;
            }
            let once_ours = once.managed_policies.iter().any(|once| once.as_str() == arn);
            if *effect == Effect::Unreadable && !once_ours {
                if exclusive {
                    let message = format!(
                        "{arn} is attached to the role but not declared, and it could not be read, so it was not removed: it may be \
                         what keeps the provider out. Detach it, or name it in ManagedPolicyArns."
                    );
                    leaving.warnings.push(Finding::warning(Code::PolicyKept, "PolicyOwnership", message));
                }
                continue;
            }
            let only_denies = *effect == Effect::OnlyDenies;
            if leaving.decides_on(arn, once_ours, exclusive, only_denies) {
                leaving.add(Operation::Detach(arn.clone()), only_denies);
            }
        }
        for (name, policy) in &live.inline {
            // Sessions that were ended stay ended. This needs no warning.
            let ends = policy.as_ref().and_then(cut_off).is_some();
            if name == REVOCATION_POLICY && (ends || ends_sessions) {
                let denials = policy.as_ref().filter(|policy| !policy.only_denies()).and_then(Document::denials);
                if let Some(denials) = denials.filter(|_| exclusive && !ends_sessions) {
                    leaving.allows.push(Operation::PutInline(name.clone(), denials));
                }
                continue;
            }
            if desired.inline.contains_key(name) || name == GUARDRAIL_POLICY {
                continue;
            }
            let once_ours = once.inline_policies.contains(name);
            if leaving.decides_on(name, once_ours, exclusive, policy.as_ref().is_some_and(Document::only_denies)) {
                leaving.inline(name, policy.as_ref());
            }
        }
        leaving
    }

    pub(super) fn everything(live: &LiveRole) -> Self {
        let mut leaving = Self::default();
        for (arn, effect) in &live.attached {
            leaving.add(Operation::Detach(arn.clone()), *effect == Effect::OnlyDenies);
        }
        for (name, policy) in &live.inline {
            leaving.inline(name, policy.as_ref());
        }
        leaving
    }

    /// What takes away all that is allowed, and leaves what is denied.
    pub(super) fn going(&self) -> Vec<Operation> {
        let stripped = self.mixed.iter().map(|(name, denials)| Operation::PutInline(name.clone(), denials.clone()));
        self.allows.iter().cloned().chain(stripped).collect()
    }

    /// What is left after that.
    pub(super) fn last(&self) -> Vec<Operation> {
        let stripped = self.mixed.iter().map(|(name, _)| Operation::DeleteInline(name.clone()));
        self.denies.iter().cloned().chain(stripped).collect()
    }

    /// All of it at once.
    pub(super) fn at_once(&self) -> Vec<Operation> {
        self.allows.iter().cloned().chain(self.last()).collect()
    }

    /// Whether a policy goes. Says why in a warning where others put it there.
    fn decides_on(&mut self, policy: &str, once_ours: bool, exclusive: bool, only_denies: bool) -> bool {
        let goes = once_ours || (exclusive && !only_denies);
        if goes && !once_ours {
            let message = format!(
                "{policy} was on the role but is not declared, so it was removed (PolicyOwnership: Exclusive)."
            );
            self.warnings.push(Finding::warning(Code::PolicyRemoved, "PolicyOwnership", message));
        } else if !goes && exclusive {
            let message = format!(
                "{policy} is on the role but not declared. It only denies, so it was not removed; remove it when it is no longer \
                 needed."
            );
            self.warnings.push(Finding::warning(Code::PolicyKept, "PolicyOwnership", message));
        }
        goes
    }

    fn inline(&mut self, name: &str, policy: Option<&Document>) {
        let only_denies = policy.is_some_and(Document::only_denies);
        match policy.and_then(Document::denials) {
            Some(denials) if !only_denies => self.mixed.push((name.to_owned(), denials)),
            _ => self.add(Operation::DeleteInline(name.to_owned()), only_denies),
        }
    }

    fn add(&mut self, removal: Operation, only_denies: bool) {
        if only_denies { self.denies.push(removal) } else { self.allows.push(removal) }
    }
}
