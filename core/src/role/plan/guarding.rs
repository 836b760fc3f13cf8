//! The guardrail policy of a role, from the existing one to the desired one.

use super::operation::Operation;
use crate::policy::Document;
use crate::role::desired::DesiredRole;
use crate::role::guardrail_policy::{GUARDRAIL_POLICY, expiry};
use crate::role::observed::LiveRole;

/// The operations for the guardrail policy. It is written before anything is granted. Only a later end of the access is
/// written last: otherwise an expired session would regain permissions that only the old template gives.
pub(super) struct Guarding {
    /// Written before anything is granted.
    pub(super) guardrails: Vec<Operation>,
    /// Written after everything undesired is removed.
    pub(super) longer: Vec<Operation>,
    /// The size of the larger of both, in characters.
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
