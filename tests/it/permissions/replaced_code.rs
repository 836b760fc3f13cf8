//! A caller that replaces the function's code has the function's role. With it the caller can make roles, but no administrator:
//! what it makes is under the boundary, and nothing else changes.

use std::collections::BTreeSet;

use super::judge::{Call, Judge};
use super::{BOUNDARY, SHIPPED_BOUNDARY, catalogue, deployed, with_administrators};
use crate::fixtures::{ACCOUNT, ADMINISTRATOR, AUDIT};

/// Roles under the prefix, the function's own, and others.
const OTHERS: [&str; 3] = ["/admin", "/service-provider-access-FunctionRole-AbCdEf", "/cdk-hnb659fds-deploy-role"];

/// What the function can do to give rights to a role.
const GIVING: [&str; 6] = [
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
];

/// With a policy that could be attached.
fn attaching(call: Call, action: &str) -> Call {
    if action == "iam:AttachRolePolicy" { call.policy(AUDIT) } else { call }
}

#[test]
fn it_raises_rights_only_of_roles_that_have_the_boundary() {
    // Also where administrators are permitted: they are under the boundary, too.
    for deployment in [deployed(), with_administrators()] {
        let judge = Judge::of(&deployment.policy());
        let names = catalogue::actions("ABDP").into_iter().map(|action| {
            for call in action.calls() {
                for boundary in [None, Some(BOUNDARY)] {
                    judge.must_deny(&attaching(call.clone().boundary(boundary), &action.name));
                }
            }
            action.name
        });
        let bounded = |name: &String| {
            let call = Call::on_role(name, "/delegated/x").boundary(Some(SHIPPED_BOUNDARY));
            judge.allows(&attaching(call, name))
        };
        let allowed: BTreeSet<_> = names.filter(bounded).collect();
        let expected = [
            "iam:AttachRolePolicy",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
            "iam:UpdateAssumeRolePolicy",
        ];
        assert_eq!(allowed, expected.map(str::to_owned).into());
    }
}

#[test]
fn it_makes_no_role_without_the_boundary_and_changes_none() {
    for deployment in [deployed(), with_administrators()] {
        let judge = Judge::of(&deployment.policy());
        for action in GIVING {
            for boundary in [None, Some(BOUNDARY), Some(ADMINISTRATOR)] {
                judge.must_deny(&attaching(Call::on_role(action, "/delegated/x").boundary(boundary), action));
            }
            let bounded = Call::on_role(action, "/delegated/x").boundary(Some(SHIPPED_BOUNDARY));
            judge.must_allow(&attaching(bounded, action));
            for role in OTHERS {
                let call = Call::on_role(action, role).boundary(Some(SHIPPED_BOUNDARY));
                judge.must_deny(&attaching(call, action));
            }
        }
        judge.must_deny(
            &Call::on_role("iam:DeleteRolePermissionsBoundary", "/delegated/x").boundary(Some(SHIPPED_BOUNDARY)),
        );
    }
}

#[test]
fn it_neither_changes_the_boundary_nor_hands_roles_on() {
    let judge = Judge::of(&deployed().policy());
    for action in [
        "iam:CreatePolicyVersion",
        "iam:DeletePolicy",
        "iam:DeletePolicyVersion",
        "iam:SetDefaultPolicyVersion",
        "iam:TagPolicy",
    ] {
        judge.must_deny(&Call::on(action, SHIPPED_BOUNDARY));
    }
    for role in OTHERS.into_iter().chain(["/delegated/x"]) {
        for action in ["iam:PassRole", "sts:AssumeRole"] {
            judge.must_deny(&Call::on(action, &format!("arn:aws:iam::{ACCOUNT}:role{role}")));
        }
    }
}
