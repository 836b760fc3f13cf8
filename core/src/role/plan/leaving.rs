//! What is removed from a role, and whether there is room for what is added.

use super::operation::{Operation, Plan};
use crate::findings::{Code, Finding};
use crate::policy::Document;
use crate::role::account_lookup::Quotas;
use crate::role::delegation::{INLINE_POLICY_CHARACTERS, PolicyOwnership, RevokeSessions};
use crate::role::desired::{CUSTOM_POLICY, DesiredRole};
use crate::role::guardrail_policy::GUARDRAIL_POLICY;
use crate::role::observed::{Effect, LiveRole};
use crate::role::previous_template::OnceDeclared;
use crate::role::session_revocation::{self, REVOCATION_POLICY, cut_off};

/// The policies to remove, separated by what they do.
#[derive(Default)]
pub(super) struct Leaving {
    pub(super) allows: Vec<Operation>,
    /// Both, if the whole role is removed.
    pub(super) mixed: Vec<Operation>,
    pub(super) denies: Vec<Operation>,
    pub(super) warnings: Vec<Finding>,
}

impl Leaving {
    pub(super) fn of(
        live: &LiveRole,
        desired: &DesiredRole,
        once: &OnceDeclared,
        ends_sessions: bool,
        crowded: bool,
    ) -> Self {
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
            leaving.consider(Operation::Detach(arn.clone()), arn, once_ours, exclusive, only_denies);
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
            let once_ours = once.custom_policy && name == CUSTOM_POLICY;
            let only_denies = policy.as_ref().is_some_and(Document::only_denies);
            // What a template denied is removed after the permissions that it denied.
            let denials = policy.as_ref().and_then(Document::denials).filter(|_| !only_denies);
            if let Some(denials) = denials.filter(|_| once_ours && !crowded) {
                leaving.allows.push(Operation::PutInline(name.clone(), denials));
                leaving.denies.push(Operation::DeleteInline(name.clone()));
                continue;
            }
            leaving.consider(Operation::DeleteInline(name.clone()), name, once_ours, exclusive, only_denies);
        }
        leaving
    }

    pub(super) fn everything(live: &LiveRole) -> Self {
        let mut leaving = Self::default();
        for (arn, effect) in &live.attached {
            leaving.add(Operation::Detach(arn.clone()), *effect == Effect::OnlyDenies);
        }
        for (name, policy) in &live.inline {
            let removal = Operation::DeleteInline(name.clone());
            match policy.as_ref().filter(|policy| policy.denials().is_some()) {
                Some(policy) if !policy.only_denies() => leaving.mixed.push(removal),
                denying => leaving.add(removal, denying.is_some()),
            }
        }
        leaving
    }

    fn consider(&mut self, removal: Operation, policy: &str, once_ours: bool, exclusive: bool, only_denies: bool) {
        if once_ours || (exclusive && !only_denies) {
            self.add(removal, only_denies);
            if !once_ours {
                let message = format!(
                    "{policy} was on the role but is not declared, so it was removed (PolicyOwnership: Exclusive)."
                );
                self.warnings.push(Finding::warning(Code::PolicyRemoved, "PolicyOwnership", message));
            }
        } else if exclusive {
            let message = format!(
                "{policy} is on the role but not declared. It only denies, so it was not removed; remove it when it is no longer \
                 needed."
            );
            self.warnings.push(Finding::warning(Code::PolicyKept, "PolicyOwnership", message));
        }
    }

    fn add(&mut self, removal: Operation, only_denies: bool) {
        if only_denies { self.denies.push(removal) } else { self.allows.push(removal) }
    }
}

/// The sizes of our own inline policies that deny, once they are written.
#[derive(Clone, Copy)]
pub(super) struct Denials {
    pub(super) guardrails: usize,
    pub(super) revocation: usize,
}

/// Whether they fit beside the policies that are on the role now.
pub(super) fn crowded(live: &LiveRole, denials: Denials) -> bool {
    characters(live, |name| name == CUSTOM_POLICY) + others(live, denials) > INLINE_POLICY_CHARACTERS
}

/// Whether this document fits as `CustomPolicy`, beside the other policies that are on the role now.
pub(super) fn has_room_for(live: &LiveRole, policy: &Document, denials: Denials) -> bool {
    policy.size() + others(live, denials) <= INLINE_POLICY_CHARACTERS
}

/// Whether the additions fit under IAM's quotas only after removals.
pub(super) fn no_room_beside(
    live: &LiveRole,
    desired: &DesiredRole,
    coming: &[Operation],
    quotas: Quotas,
    denials: Denials,
) -> bool {
    let attaching = coming.iter().filter(|operation| matches!(operation, Operation::Attach(_))).count();
    let staying = characters(live, |name| name == CUSTOM_POLICY && !desired.inline.contains_key(name));
    let wanted: usize = desired.inline.values().map(Document::size).sum();
    (attaching > 0 && live.attached.len() + attaching > quotas.attached_policies)
        || staying + wanted + others(live, denials) > INLINE_POLICY_CHARACTERS
}

/// Why a plan cannot be executed: policies of others that stay leave no room for our denies. This is found before the
/// first write, because a trust that was narrowed by then could not be widened again.
pub(super) fn obstacle(live: &LiveRole, desired: &DesiredRole, plan: &Plan) -> Option<Finding> {
    let operations = || plan.steps.iter().flatten();
    let denies = |operation: &Operation| match operation {
        Operation::EndSessions(_) => true,
        Operation::PutInline(name, _) => name == GUARDRAIL_POLICY,
        _ => false,
    };
    let ours = |name: &str| {
        [GUARDRAIL_POLICY, REVOCATION_POLICY].contains(&name)
            || desired.inline.contains_key(name)
            || operations().any(|operation| matches!(operation, Operation::DeleteInline(gone) if gone == name))
    };
    let staying = characters(live, |name| !ours(name));
    let standing = live.inline.get(REVOCATION_POLICY).and_then(Option::as_ref).and_then(Document::denials);
    let wanted: usize = desired.inline.values().map(Document::size).sum();
    let ends_sessions = operations().any(|operation| matches!(operation, Operation::EndSessions(_)));
    let revocation = match desired.revoke_sessions {
        RevokeSessions::Never if !ends_sessions => standing.as_ref().map_or(0, Document::size),
        _ => session_revocation::size(standing.as_ref()),
    };
    let needed = wanted + desired.guardrails().size() + revocation;
    if staying + needed <= INLINE_POLICY_CHARACTERS || !operations().any(denies) {
        return None;
    }
    let names: Vec<_> = live.inline.keys().filter(|name| !ours(name)).map(String::as_str).collect();
    let message = format!(
        "All inline policies of a role together may have at most {INLINE_POLICY_CHARACTERS} characters, white space not \
         counted. Those of the template and of the function need {needed}. {}, which the template does not declare, has \
         {staying}. Remove it from the role, or make it a managed policy. Nothing was changed.",
        names.join(", ")
    );
    Some(Finding::failure(Code::QuotaExceeded, message))
}

/// The size of all inline policies but `CustomPolicy`.
fn others(live: &LiveRole, Denials { guardrails, revocation }: Denials) -> usize {
    let ours = [CUSTOM_POLICY, GUARDRAIL_POLICY, REVOCATION_POLICY];
    characters(live, |name| !ours.contains(&name)) + guardrails + revocation
}

pub(super) fn characters(live: &LiveRole, counts: impl Fn(&str) -> bool) -> usize {
    let policies = live.inline.iter().filter(|(name, _)| counts(name));
    policies.map(|(_, policy)| policy.as_ref().map_or(0, Document::size)).sum()
}
