//! What the shipped template allows the function: exactly what its code needs, and nothing beyond the limits of its owner.
//! An independent evaluator of IAM policies decides.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests may panic")]

mod boundary;
mod boundary_for_role_makers;
mod calls;
mod catalogue;
mod code_bucket;
mod golden;
mod guardrail_policy;
mod judge;
mod limits;
mod own_role;
mod provider;
mod replaced_code;
mod schedules;
mod settings;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template::Deployment;

const BOUNDARY: &str = "arn:aws:iam::111111111111:policy/boundaries/ServiceProviders";
/// The boundary that the template ships, which is required by default.
const SHIPPED_BOUNDARY: &str = "arn:aws:iam::111111111111:policy/service-provider-access-boundary-us-east-1";
const PARTITIONS: [&str; 3] = ["aws", "aws-cn", "aws-us-gov"];

fn deployed() -> Deployment {
    Deployment::of_shipped_template()
}

fn without_boundary() -> Deployment {
    deployed().with("RequiredPermissionsBoundary", "none")
}

/// With a boundary of the owner's own.
fn with_boundary() -> Deployment {
    deployed().with("RequiredPermissionsBoundary", BOUNDARY)
}

fn with_allowed_policies(patterns: &str) -> Deployment {
    deployed().with("AllowedManagedPolicyArns", patterns)
}

fn with_administrators() -> Deployment {
    deployed().with("PermitAdministrativeAccess", "true")
}

/// With all limits that the owner can set.
fn with_all_limits() -> Deployment {
    with_boundary()
        .with("RolePathPrefix", "/partners/")
        .with("TrustedAccountIds", "222222222222")
        .with(
            "AllowedManagedPolicyArns",
            "arn:aws:iam::aws:policy/*ReadOnlyAccess,arn:aws:iam::aws:policy/SecurityAudit,arn:aws:iam::111111111111:policy/partners/*",
        )
        .with("MaxSessionDurationCap", "3600")
}

/// The actions in the statements of a policy that have this effect.
fn actions(policy: &Value, effect: &str) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().unwrap().iter();
    let action = |action: &Value| action.as_str().unwrap().to_owned();
    statements
        .filter(|statement| statement["Effect"] == effect)
        .flat_map(|statement| match &statement["Action"] {
            Value::Array(actions) => actions.iter().map(action).collect(),
            one => vec![action(one)],
        })
        .collect()
}
