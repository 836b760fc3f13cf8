//! What must be known about the account before a declaration can be validated, and when it must be read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::identifiers::{Account, PolicyArn};
use crate::policy::{Document, aws_managed};
use crate::properties::texts;
use crate::role::trust::SessionAction;

/// What must be known about the account to validate a declaration. The function reads it first; this file decides what.
#[derive(Clone, Debug, Default)]
pub struct AccountLookup {
    /// The policies to attach that were read. `None` for a policy that does not exist.
    pub policies: BTreeMap<PolicyArn, Option<Document>>,
    /// The AWS managed policies that IAM did not allow to read.
    pub unreadable: BTreeSet<PolicyArn>,
    /// The account's quotas.
    pub quotas: Quotas,
}

/// The quotas that an account may have raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Managed policies on one role.
    pub attached_policies: usize,
    /// Characters of a trust policy, without white space.
    pub trust_policy_characters: usize,
}

impl Default for Quotas {
    /// The defaults of each account.
    fn default() -> Self {
        Self { attached_policies: 10, trust_policy_characters: 2_048 }
    }
}

/// The policies to attach that must be read before they are judged: the account's own, and those of AWS whose names the
/// catalogue does not know.
pub fn policies_to_judge(properties: &Map<String, Value>, account: &Account) -> BTreeSet<PolicyArn> {
    /// No quota lets a role have more: a longer list is refused for its length.
    const MOST: usize = 25;
    let named = texts(properties.get("ManagedPolicyArns"));
    if named.len() > MOST {
        return BTreeSet::new();
    }
    let unknown = |arn: &PolicyArn| {
        let own = arn.owner() == account.id.as_str();
        let of_aws = arn.owner() == "aws" && aws_managed(arn.name()).is_none();
        arn.partition() == account.partition.as_str() && (own || of_aws)
    };
    named.iter().filter_map(|arn| PolicyArn::parse(arn).ok()).filter(unknown).collect()
}

/// Whether the declaration could exceed the default of a quota that the account can raise. Only then are quotas read.
pub fn needs_quotas(properties: &Map<String, Value>) -> bool {
    /// The characters of a trust policy with all conditions, without its lists.
    const FRAME: usize = 560;
    /// The characters around each item (an account becomes an ARN). An estimate that is never too low.
    const ITEM: usize = 24;
    let defaults = Quotas::default();
    let lists = ["ExternalAwsAccountId", "ExternalId", "AllowedPrincipalArns", "SourceIps"];
    let items = lists.iter().flat_map(|name| texts(properties.get(*name)));
    let statement = FRAME + items.map(|text| text.len() + ITEM).sum::<usize>();
    let allowed = |action: SessionAction| properties.get(action.property()).is_some();
    // A second statement repeats the first.
    let statements = if SessionAction::ALL.into_iter().any(allowed) { 2 } else { 1 };
    texts(properties.get("ManagedPolicyArns")).len() > defaults.attached_policies
        || statements * statement > defaults.trust_policy_characters
}
