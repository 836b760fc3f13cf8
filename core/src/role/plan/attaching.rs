//! The managed policies that come.

use super::operation::Operation;
use crate::identifiers::PolicyArn;
use crate::role::desired::DesiredRole;
use crate::role::observed::LiveRole;

/// Apart by what they do, as far as their names tell it.
pub(super) struct Attaching {
    /// `AWSDenyAll`: it stands before anything is granted.
    pub(super) denying: Vec<Operation>,
    pub(super) granting: Vec<Operation>,
}

impl Attaching {
    pub(super) fn of(live: Option<&LiveRole>, desired: &DesiredRole) -> Self {
        let missing = |arn: &&PolicyArn| !live.is_some_and(|live| live.attached.contains_key(arn.as_str()));
        let (denying, granting): (Vec<_>, Vec<_>) =
            desired.attached.iter().filter(missing).cloned().partition(PolicyArn::denies_everything);
        let attach = |arns: Vec<PolicyArn>| arns.into_iter().map(Operation::Attach).collect();
        Self { denying: attach(denying), granting: attach(granting) }
    }

    pub(super) fn count(&self) -> usize {
        self.denying.len() + self.granting.len()
    }
}
