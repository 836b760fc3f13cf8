//! The attached policies of all roles of an audit. Each is read once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use delegated_role_core::identifiers::PolicyArn;
use delegated_role_core::role::account_lookup::AccountLookup;
use tokio::sync::Mutex;

use crate::aws::{Failure, Iam};
use crate::iam::reads::account_lookup;

/// What was read of a policy. Roles that need it while it is read wait for it.
type Policy = Arc<Mutex<Option<AccountLookup>>>;

/// The policies that were read so far.
#[derive(Debug, Default)]
pub(super) struct Attached(Mutex<BTreeMap<PolicyArn, Policy>>);

impl Attached {
    /// What the judgement must know about these policies.
    pub(super) async fn look_up(&self, iam: &Iam, policies: BTreeSet<PolicyArn>) -> Result<AccountLookup, Failure> {
        let mut all = AccountLookup::default();
        for arn in policies {
            let policy = Arc::clone(self.0.lock().await.entry(arn.clone()).or_default());
            let mut known = policy.lock().await;
            let of_one = match &*known {
                Some(of_one) => of_one.clone(),
                None => account_lookup(iam, BTreeSet::from([arn]), false).await?,
            };
            all.policies.extend(of_one.policies.clone());
            all.unreadable.extend(of_one.unreadable.clone());
            *known = Some(of_one);
        }
        Ok(all)
    }
}
