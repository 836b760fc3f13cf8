//! The permissions boundary that the owner may require.

use super::{judge, required};
use crate::fixtures::AUDIT;
use crate::permissions::judge::Call;
use crate::permissions::{BOUNDARY, SHIPPED_BOUNDARY, deployed, with_boundary, without_boundary};
use crate::template::Deployment;

/// The actions that can extend a role.
const WIDENING: [&str; 6] = [
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
];

#[test]
fn without_a_required_boundary_any_boundary_is_allowed() {
    let judge = judge(&without_boundary());
    for boundary in [None, Some(BOUNDARY), Some("arn:aws:iam::111111111111:policy/Other")] {
        for action in WIDENING.into_iter().chain(["iam:DeleteRolePermissionsBoundary"]) {
            judge.must_allow(&Call::on_role(action, "/delegated/x").boundary(boundary).with_policy(action));
        }
    }
}

#[test]
fn with_a_required_boundary_no_role_without_it_can_be_extended() {
    let boundaries = [
        None,
        Some("arn:aws:iam::111111111111:policy/Other"),
        Some("arn:aws:iam::111111111111:policy/ServiceProviders"),
        Some("arn:aws:iam::111111111111:policy/boundaries/ServiceProviders2"),
        Some("arn:aws:iam::111111111111:policy/boundaries/serviceproviders"),
        Some("arn:aws:iam::222222222222:policy/boundaries/ServiceProviders"),
        Some("arn:aws:iam::aws:policy/boundaries/ServiceProviders"),
        Some("arn:aws:iam::111111111111:policy/service-provider-access-boundary-us-east-2"),
        Some("arn:aws:iam::111111111111:policy/service-provider-access-boundary"),
    ];
    let policies = |deployment: Deployment| deployment.with("AllowedManagedPolicyArns", AUDIT);
    for deployment in [deployed(), policies(deployed()), with_boundary(), policies(with_boundary())] {
        let required = required(&deployment);
        let other = if required == BOUNDARY { SHIPPED_BOUNDARY } else { BOUNDARY };
        let boundaries = boundaries.into_iter().chain([Some(other)]);
        let judge = judge(&deployment);
        for action in WIDENING {
            for boundary in boundaries.clone() {
                judge.must_deny(&Call::on_role(action, "/delegated/x").boundary(boundary).with_policy(action));
            }
            judge.must_allow(&Call::on_role(action, "/delegated/x").boundary(Some(&required)).with_policy(action));
        }
        for boundary in boundaries.chain([Some(required.as_str())]) {
            // The boundary is never removed,
            judge.must_deny(&Call::on_role("iam:DeleteRolePermissionsBoundary", "/delegated/x").boundary(boundary));
            // and permissions can be removed from any role.
            for action in [
                "iam:DeleteRole",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListInstanceProfilesForRole",
                "iam:ListRolePolicies",
                "iam:TagRole",
                "iam:UntagRole",
            ] {
                judge.must_allow(&Call::on_role(action, "/delegated/x").boundary(boundary).with_policy(action));
            }
        }
    }
}

impl Call {
    /// With a harmless policy, if the action has one.
    fn with_policy(self, action: &str) -> Self {
        if ["iam:AttachRolePolicy", "iam:DetachRolePolicy"].contains(&action) { self.policy(AUDIT) } else { self }
    }
}
