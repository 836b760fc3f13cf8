//! The role path prefix, the account and the partition: which roles the function can reach.

use super::{WRITES, deployments, harmless, judge, required};
use crate::permissions::judge::Call;
use crate::permissions::{PARTITIONS, deployed, without_boundary};

#[test]
fn roles_outside_of_the_prefix_can_be_read_but_not_written() {
    let outside = [
        "/x",
        "/delegated",
        "/delegated-evil/x",
        "/delegatedevil/x",
        "/Delegated/x",
        "/other/delegated/x",
        "/delegate/x",
        "/../delegated/x",
        "//delegated/x",
        "/aws-service-role/x",
    ];
    for deployment in deployments() {
        let judge = judge(&deployment);
        for role in outside {
            for action in WRITES {
                judge.must_deny(&harmless(&deployment, action, role));
            }
            for read in ["iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListInstanceProfilesForRole"] {
                judge.must_deny(&Call::on_role(read, role));
            }
            judge.must_allow(&Call::on_role("iam:GetRole", role));
        }
    }
}

#[test]
fn roles_under_the_prefix_can_be_written_at_any_depth() {
    let deployment = without_boundary();
    let judge = judge(&deployment);
    // IAM does not resolve dots: a path with dots is a path like any other.
    for role in ["/delegated/x", "/delegated/team/x", "/delegated/../x"] {
        for action in WRITES.into_iter().filter(|action| *action != "iam:UpdateRoleDescription") {
            judge.must_allow(&harmless(&deployment, action, role));
        }
    }
}

#[test]
fn another_prefix_moves_the_limit() {
    for (prefix, inside, outside) in [
        ("/partners/eu/", "/partners/eu/x", ["/delegated/x", "/partners/x", "/partners/eu2/x"]),
        ("/d/", "/d/x", ["/delegated/x", "/x/d/x", "/d"]),
    ] {
        let deployment = deployed().with("RolePathPrefix", prefix);
        let judge = judge(&deployment);
        judge.must_allow(&harmless(&deployment, "iam:CreateRole", inside));
        judge.must_allow(&harmless(&deployment, "iam:DeleteRole", inside));
        for role in outside {
            for action in WRITES {
                judge.must_deny(&harmless(&deployment, action, role));
            }
        }
    }
}

#[test]
fn no_prefix_includes_all_roles() {
    for prefix in ["/", "//", "", "*", "/*/", "/?/", "/a*/", "delegated/", "/delegated", "/${aws:username}/", "/a//b/"]
    {
        assert!(!deployed().accepts("RolePathPrefix", prefix), "{prefix}");
    }
}

#[test]
fn other_accounts_and_partitions_are_denied() {
    for deployment in deployments() {
        let judge = judge(&deployment);
        for arn in ["arn:aws:iam::222222222222:role/delegated/x", "arn:aws-cn:iam::111111111111:role/delegated/x"] {
            for action in WRITES.into_iter().chain(["iam:GetRole", "iam:ListRolePolicies"]) {
                judge.must_deny(&Call::on(action, arn).boundary(Some(&required(&deployment))));
            }
        }
        for arn in ["arn:aws:iam::222222222222:policy/P", "arn:aws-cn:iam::aws:policy/SecurityAudit"] {
            judge.must_deny(&Call::on("iam:GetPolicy", arn));
            judge.must_deny(&Call::on("iam:GetPolicyVersion", arn));
        }
    }
}

#[test]
fn all_partitions_have_the_same_policy() {
    let here = deployed().policy().to_string();
    for partition in PARTITIONS {
        let there = deployed().in_partition(partition).policy().to_string();
        assert_eq!(there, here.replace("arn:aws:", &format!("arn:{partition}:")));
    }
}
