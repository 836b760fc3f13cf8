//! What a role permits, as IAM evaluates its policies: what a statement allows and none denies. Read without the code under
//! test.

use std::collections::BTreeSet;

use delegated_role_core::role::guardrail_policy::GUARDRAIL_POLICY;
use delegated_role_core::role::session_revocation::REVOCATION_POLICY;
use serde_json::Value;

use super::model::Model;

/// What the AWS managed policies allow, each beside itself. Several allow the same, and inline policies deny some of it.
const MANAGED: [(&str, &[&str]); 4] = [
    ("SecurityAudit", &["s3:GetObject", "sqs:ListQueues"]),
    ("AmazonEC2ReadOnlyAccess", &["ec2:DescribeInstances"]),
    ("AmazonS3ReadOnlyAccess", &["s3:GetObject", "s3:ListBucket"]),
    ("Billing", &["sqs:ListQueues"]),
];

/// Every action that a policy of the tests can name by a pattern.
const ACTIONS: [&str; 8] = [
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
    "ec2:DescribeInstances",
    "ec2:StartInstances",
    "sqs:SendMessage",
    "sqs:ListQueues",
    "sns:Publish",
];

pub(super) fn permitted(role: &Model) -> BTreeSet<String> {
    let mut allowed: BTreeSet<String> = BTreeSet::new();
    let mut denied: BTreeSet<String> = BTreeSet::new();
    for arn in &role.attached {
        if arn.ends_with("AWSDenyAll") {
            return BTreeSet::new();
        }
        let (_, actions) = MANAGED.iter().find(|(name, _)| arn.ends_with(name)).unwrap();
        allowed.insert(arn.clone());
        allowed.extend(actions.iter().map(ToString::to_string));
    }
    for (name, policy) in &role.inline {
        if name == GUARDRAIL_POLICY && role.is_locked() {
            return BTreeSet::new();
        }
        for statement in policy.members()["Statement"].as_array().unwrap() {
            let is_deny = statement["Effect"] == "Deny";
            // What others deny under our names is no template's: it goes with their policy. The guardrail policy itself, and
            // what ends sessions, restrict none of these actions.
            if is_deny && (name == GUARDRAIL_POLICY || name == REVOCATION_POLICY || !statement["Condition"].is_null()) {
                continue;
            }
            for action in items(&statement["Action"]) {
                let matched = ACTIONS.iter().filter(|known| match action.strip_suffix('*') {
                    Some(start) => known.starts_with(start),
                    None => **known == action,
                });
                let matched = matched.map(ToString::to_string);
                if is_deny { denied.extend(matched) } else { allowed.extend(matched) }
            }
        }
    }
    allowed.into_iter().filter(|action| !denied.contains(action)).collect()
}

fn items(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
        item => item.as_str().map(ToOwned::to_owned).into_iter().collect(),
    }
}
