//! Whether there is room on a role for what changes: IAM's quotas hold at each moment, not only at the end.

use super::inline::{Put, Stages};
use super::leaving::Leaving;
use super::operation::{Operation, Plan};
use crate::findings::{Code, Finding};
use crate::policy::Document;
use crate::role::account_lookup::Quotas;
use crate::role::delegation::{INLINE_POLICY_CHARACTERS, RevokeSessions};
use crate::role::desired::DesiredRole;
use crate::role::guardrail_policy::{GUARDRAIL_POLICY, lock};
use crate::role::observed::LiveRole;
use crate::role::session_revocation::{self, REVOCATION_POLICY};

/// What stands on a role, and how much of the room each part takes.
pub(super) struct Room<'a> {
    live: &'a LiveRole,
    puts: &'a [Put<'a>],
    leaving: &'a Leaving,
    quotas: Quotas,
    /// The guardrail policy once it stands, at its largest.
    pub(super) guardrails: usize,
    /// The policy that ends sessions, once it stands.
    pub(super) revocation: usize,
}

impl<'a> Room<'a> {
    pub(super) fn of(
        live: &'a LiveRole,
        puts: &'a [Put<'a>],
        leaving: &'a Leaving,
        quotas: Quotas,
        (guardrails, revocation): (usize, usize),
    ) -> Self {
        Self { live, puts, leaving, quotas, guardrails, revocation }
    }

    /// Whether our own denies fit beside what is on the role now.
    pub(super) fn is_crowded(&self) -> bool {
        let standing: usize = self.puts.iter().map(Put::size).sum();
        self.ours() + self.staying() + standing + self.leaving_now() > INLINE_POLICY_CHARACTERS
    }

    /// Whether all stages fit beside what leaves only after them.
    pub(super) fn fits_beside(&self, stages: &Stages, attaching: usize) -> bool {
        self.ours() + self.staying() + stages.largest + self.leaving_now() <= INLINE_POLICY_CHARACTERS
            && (attaching == 0 || self.live.attached.len() + attaching <= self.quotas.attached_policies)
    }

    /// Whether all stages fit when what allows has left, and what denies stays until they are over.
    pub(super) fn fits_after(&self, stages: &Stages, attaching: usize) -> bool {
        self.ours() + self.staying() + stages.largest + self.leaving_last() <= INLINE_POLICY_CHARACTERS
            && self.can_attach_beside_denies(attaching)
    }

    /// Whether the denies of both templates fit where policies are stripped of their allows first.
    pub(super) fn fits_stripped(&self, stripped: &[Option<Document>], attaching: usize) -> bool {
        let denials = |index: usize| stripped[index].as_ref().map_or(0, Document::size);
        let most = |sizes: &dyn Fn(usize, &Put<'_>) -> usize| -> usize {
            self.puts.iter().enumerate().map(|(index, put)| sizes(index, put)).sum()
        };
        let strip = most(&|index, put| put.size().max(denials(index)));
        let put = most(&|index, put| put.wanted_size().max(denials(index)));
        // A crowded role has room for our denies only after the stripping.
        let standing = [GUARDRAIL_POLICY, REVOCATION_POLICY].map(|name| self.standing(name));
        let ours_meanwhile = if self.is_crowded() { standing.iter().sum() } else { self.ours() };
        ours_meanwhile + self.staying() + strip + self.leaving_now() <= INLINE_POLICY_CHARACTERS
            && self.ours() + self.staying() + most(&|index, _| denials(index)) + self.leaving_last()
                <= INLINE_POLICY_CHARACTERS
            && self.ours() + self.staying() + put <= INLINE_POLICY_CHARACTERS
            && self.can_attach_beside_denies(attaching)
    }

    /// Whether the lock fits beside all that stands.
    pub(super) fn fits_lock(&self) -> bool {
        let standing = self.standing(REVOCATION_POLICY) + self.puts.iter().map(Put::size).sum::<usize>();
        lock().size() + standing + self.staying() + self.leaving_now() <= INLINE_POLICY_CHARACTERS
    }

    /// Managed policies that deny leave last.
    fn can_attach_beside_denies(&self, attaching: usize) -> bool {
        let detached = |operations: &[Operation]| {
            operations.iter().filter(|operation| matches!(operation, Operation::Detach(_))).count()
        };
        let rest = self.live.attached.len() - detached(&self.leaving.allows);
        detached(&self.leaving.denies) == 0 || attaching == 0 || rest + attaching <= self.quotas.attached_policies
    }

    fn ours(&self) -> usize {
        self.guardrails + self.revocation
    }

    fn standing(&self, name: &str) -> usize {
        characters(self.live, |standing| standing == name)
    }

    /// What neither changes nor leaves.
    fn staying(&self) -> usize {
        let ours = [GUARDRAIL_POLICY, REVOCATION_POLICY];
        let leaves = |name: &str| self.leaving.at_once().iter().any(|operation| deletes(operation, name));
        characters(self.live, |name| {
            !ours.contains(&name) && !self.puts.iter().any(|put| put.name == name) && !leaves(name)
        })
    }

    fn leaving_now(&self) -> usize {
        let operations = self.leaving.at_once();
        characters(self.live, |name| operations.iter().any(|operation| deletes(operation, name)))
    }

    /// What is left of it when nothing but denies are.
    fn leaving_last(&self) -> usize {
        let denies = &self.leaving.denies;
        let whole = characters(self.live, |name| denies.iter().any(|operation| deletes(operation, name)));
        whole + self.leaving.mixed.iter().map(|(_, denials)| denials.size()).sum::<usize>()
    }
}

fn deletes(operation: &Operation, name: &str) -> bool {
    matches!(operation, Operation::DeleteInline(gone) if gone == name)
}

/// Why a plan cannot be carried out: policies of others that stay leave no room for our denies. Found before the
/// first write, since a trust that was narrowed by then could not be widened again either.
pub(super) fn obstacle(live: &LiveRole, desired: &DesiredRole, plan: &Plan) -> Option<Finding> {
    only_case_differs(live, desired).or_else(|| no_room(live, desired, plan))
}

/// IAM does not document whether it takes names of inline policies that differ in letter case for one policy. If it does,
/// the removal of the one would remove the other, which was written just before.
fn only_case_differs(live: &LiveRole, desired: &DesiredRole) -> Option<Finding> {
    let mut coming = desired.inline.keys().filter(|name| !live.inline.contains_key(*name));
    let alike = |name: &String| live.inline.keys().find(|standing| standing.eq_ignore_ascii_case(name)).cloned();
    let (name, standing) = coming.find_map(|name| Some((name, alike(name)?)))?;
    let message = format!(
        "The policy {name} differs only in letter case from {standing}, which is on the role. Give it another name, or remove \
         {standing} from the role first. Nothing was changed."
    );
    Some(Finding::error(Code::CannotChange, "Policies", message))
}

fn no_room(live: &LiveRole, desired: &DesiredRole, plan: &Plan) -> Option<Finding> {
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

pub(super) fn characters(live: &LiveRole, counts: impl Fn(&str) -> bool) -> usize {
    let policies = live.inline.iter().filter(|(name, _)| counts(name));
    policies.map(|(_, policy)| policy.as_ref().map_or(0, Document::size)).sum()
}
