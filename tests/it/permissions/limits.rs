//! Calls just inside and just outside of each limit.

mod boundary;
mod managed_policies;
mod nothing_else;
mod path;

use super::judge::{Call, Judge};
use super::{
    BOUNDARY, deployed, with_administrators, with_all_limits, with_allowed_policies, with_boundary, without_boundary,
};
use crate::fixtures::AUDIT;
use crate::template::Deployment;

/// All actions that change a role.
const WRITES: [&str; 13] = [
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
];

fn judge(deployment: &Deployment) -> Judge {
    Judge::of(&deployment.policy())
}

/// The boundary that a deployment requires. Where it requires none, any one is as good.
fn required(deployment: &Deployment) -> String {
    deployment.environment().remove("REQUIRED_PERMISSIONS_BOUNDARY").unwrap_or_else(|| BOUNDARY.to_owned())
}

/// On a role that has the boundary that this deployment requires, with a harmless policy where it takes one.
fn harmless(deployment: &Deployment, action: &str, path_and_name: &str) -> Call {
    let call = Call::on_role(action, path_and_name).boundary(Some(&required(deployment)));
    if ["iam:AttachRolePolicy", "iam:DetachRolePolicy"].contains(&action) { call.policy(AUDIT) } else { call }
}

/// All deployments with different policies.
fn deployments() -> [Deployment; 6] {
    [
        deployed(),
        without_boundary(),
        with_boundary(),
        with_administrators(),
        with_allowed_policies("arn:aws:iam::aws:policy/*"),
        with_all_limits().with("RolePathPrefix", "/delegated/"),
    ]
}
