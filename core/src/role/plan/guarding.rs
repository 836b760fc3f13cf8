//! The policy that keeps the role where it is, on its way from what stands to what is wanted.

use super::operation::Operation;
use crate::policy::Document;
use crate::role::desired::DesiredRole;
use crate::role::guardrail_policy::{GUARDRAIL_POLICY, expiry};
use crate::role::observed::LiveRole;

/// It stands before anything is granted. Only that access lasts longer than it did is said last: a session
/// whose time was over would otherwise get back what only the old template gave.
pub(super) struct Guarding {
    /// What whatever is granted finds standing.
    pub(super) guardrails: Vec<Operation>,
    /// What follows when nothing is left that is not wanted.
    pub(super) longer: Vec<Operation>,
    /// What the larger of both takes, in characters.
    pub(super) size: usize,
}

impl Guarding {
    pub(super) fn of(live: &LiveRole, desired: &DesiredRole) -> Self {
        let standing = live.inline.get(GUARDRAIL_POLICY).and_then(Option::as_ref);
        let wanted = desired.guardrails();
        let earlier = [standing.and_then(expiry), desired.trust.conditions.expires_at].into_iter().flatten().min();
        let meanwhile = desired.guardrail_policy.policy(earlier);
        let size = meanwhile.size().max(wanted.size());
        let put = |from: Option<&Document>, to: &Document| {
            if from == Some(to) {
                Vec::new()
            } else {
                vec![Operation::PutInline(GUARDRAIL_POLICY.to_owned(), to.clone())]
            }
        };
        Self { guardrails: put(standing, &meanwhile), longer: put(Some(&meanwhile), &wanted), size }
    }
}
