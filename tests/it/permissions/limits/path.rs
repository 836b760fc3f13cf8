//! The role path prefix, the account and the partition: which roles the function can reach.

use super::{WRITES, deployments, harmless, judge, required};
use crate::fixtures::ACCOUNT;
use crate::permissions::judge::{Call, Judge};
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
fn a_name_prefix_limits_the_function_to_roles_whose_names_begin_with_it() {
    for (path, inside, outside) in [
        ("/", ["/acme-x", "/acme-"], ["/x", "/Acme-x", "/acm", "/delegated/acme-x", "/x/acme-y"]),
        (
            "/delegated/",
            ["/delegated/acme-x", "/delegated/acme-y"],
            ["/delegated/x", "/acme-x", "/delegated/eu/acme-x", "/delegated-2/acme-x", "/x-acme-"],
        ),
    ] {
        let deployment = deployed().with("RolePathPrefix", path).with("RoleNamePrefix", "acme-");
        let judge = judge(&deployment);
        for role in inside {
            judge.must_allow(&harmless(&deployment, "iam:CreateRole", role));
            judge.must_allow(&harmless(&deployment, "iam:DeleteRole", role));
        }
        for role in outside {
            for action in WRITES {
                judge.must_deny(&harmless(&deployment, action, role));
            }
        }
    }
}

/// The name prefix could be the beginning of the name of the function's own role.
#[test]
fn with_the_root_path_the_function_is_denied_its_own_role() {
    let own = format!("arn:aws:iam::{ACCOUNT}:role/service-provider-access-FunctionRole-AbCdEf");
    let guard = deployed().declared("/Resources/FunctionRoleGuard").clone();
    assert_eq!(guard["Condition"], "RolesHaveNoPath");
    let root = without_boundary().with("RolePathPrefix", "/").with("RoleNamePrefix", "service-provider-");
    assert!(root.named_condition_holds("RolesHaveNoPath") && !deployed().named_condition_holds("RolesHaveNoPath"));
    let mut policy = root.policy();
    let deny = root.resolved("/Resources/FunctionRoleGuard/Properties/PolicyDocument/Statement/0");
    let unguarded = Judge::of(&policy);
    policy["Statement"].as_array_mut().unwrap().push(deny);
    let guarded = Judge::of(&policy);
    for action in WRITES.into_iter().filter(|action| *action != "iam:UpdateRoleDescription") {
        let call = |role: &str| harmless(&root, action, role.split_once(":role").unwrap().1);
        unguarded.must_allow(&call(&own));
        guarded.must_deny(&call(&own));
        guarded.must_allow(&call(&own.replace("access", "other")));
    }
    guarded.must_allow(&Call::on("iam:GetRole", &own));
}

#[test]
fn no_prefix_includes_all_roles() {
    let root = deployed().with("RolePathPrefix", "/");
    assert_eq!(root.broken_rules(), ["RolePathPrefix can be / only together with RoleNamePrefix."]);
    assert_eq!(root.with("RoleNamePrefix", "acme-").broken_rules(), Vec::<String>::new());
    assert_eq!(deployed().broken_rules(), Vec::<String>::new());
    for prefix in ["*", "acme*", "?", "a/", "${aws:username}", "a b", &"a".repeat(33)] {
        assert!(!deployed().accepts("RoleNamePrefix", prefix), "{prefix}");
    }
    for prefix in ["//", "", "*", "/*/", "/?/", "/a*/", "delegated/", "/delegated", "/${aws:username}/", "/a//b/"] {
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
