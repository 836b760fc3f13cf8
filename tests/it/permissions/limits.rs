//! Just inside and just outside of every limit.

use delegated_role_core::policy::{Code, Severity, aws_managed};

use super::judge::{Call, Judge};
use super::{
    BOUNDARY, PARTITIONS, actions, deployed, with_administrators, with_all_limits, with_allowed_policies, with_boundary,
};
use crate::fixtures::{ACCOUNT, AUDIT};
use crate::template::Deployment;

/// Everything that changes a role.
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
/// What could widen a role.
const WIDENING: [&str; 6] = [
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
];

fn judge(deployment: &Deployment) -> Judge {
    Judge::of(&deployment.policy())
}

/// On a role that has the boundary, with a harmless policy where it takes one.
fn harmless(action: &str, path_and_name: &str) -> Call {
    let call = Call::on_role(action, path_and_name).boundary(Some(BOUNDARY));
    if ["iam:AttachRolePolicy", "iam:DetachRolePolicy"].contains(&action) { call.policy(AUDIT) } else { call }
}

/// The deployments that differ in what the policy says.
fn deployments() -> [Deployment; 5] {
    [
        deployed(),
        with_boundary(),
        with_administrators(),
        with_allowed_policies("arn:aws:iam::aws:policy/*"),
        with_all_limits().with("RolePathPrefix", "/delegated/"),
    ]
}

// --- The prefix ---

#[test]
fn roles_outside_of_the_prefix_are_seen_and_never_written() {
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
                judge.must_deny(&harmless(action, role));
            }
            for read in ["iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListInstanceProfilesForRole"] {
                judge.must_deny(&Call::on_role(read, role));
            }
            judge.must_allow(&Call::on_role("iam:GetRole", role));
        }
    }
}

#[test]
fn roles_under_the_prefix_are_written_however_deep() {
    let judge = judge(&deployed());
    // IAM does not climb: a path is a name, and one that holds dots is a path like any other.
    for role in ["/delegated/x", "/delegated/team/x", "/delegated/../x"] {
        for action in WRITES.into_iter().filter(|action| *action != "iam:UpdateRoleDescription") {
            judge.must_allow(&harmless(action, role));
        }
    }
}

#[test]
fn another_prefix_moves_the_limit() {
    for (prefix, inside, outside) in [
        ("/partners/eu/", "/partners/eu/x", ["/delegated/x", "/partners/x", "/partners/eu2/x"]),
        ("/d/", "/d/x", ["/delegated/x", "/x/d/x", "/d"]),
    ] {
        let judge = judge(&deployed().with("RolePathPrefix", prefix));
        judge.must_allow(&harmless("iam:CreateRole", inside));
        judge.must_allow(&harmless("iam:DeleteRole", inside));
        for role in outside {
            for action in WRITES {
                judge.must_deny(&harmless(action, role));
            }
        }
    }
}

#[test]
fn no_prefix_reaches_every_role() {
    for prefix in ["/", "//", "", "*", "/*/", "/?/", "/a*/", "delegated/", "/delegated", "/${aws:username}/", "/a//b/"]
    {
        assert!(!deployed().accepts("RolePathPrefix", prefix), "{prefix}");
    }
}

#[test]
fn other_accounts_and_partitions_are_out_of_reach() {
    for deployment in deployments() {
        let judge = judge(&deployment);
        for arn in ["arn:aws:iam::222222222222:role/delegated/x", "arn:aws-cn:iam::111111111111:role/delegated/x"] {
            for action in WRITES.into_iter().chain(["iam:GetRole", "iam:ListRolePolicies"]) {
                judge.must_deny(&Call::on(action, arn).boundary(Some(BOUNDARY)));
            }
        }
        for arn in ["arn:aws:iam::222222222222:policy/P", "arn:aws-cn:iam::aws:policy/SecurityAudit"] {
            judge.must_deny(&Call::on("iam:GetPolicy", arn));
            judge.must_deny(&Call::on("iam:GetPolicyVersion", arn));
        }
    }
}

#[test]
fn every_partition_has_the_same_policy() {
    let here = deployed().policy().to_string();
    for partition in PARTITIONS {
        let there = deployed().in_partition(partition).policy().to_string();
        assert_eq!(there, here.replace("arn:aws:", &format!("arn:{partition}:")));
    }
}

// --- The boundary ---

#[test]
fn without_a_required_boundary_any_will_do() {
    let judge = judge(&deployed());
    for boundary in [None, Some(BOUNDARY), Some("arn:aws:iam::111111111111:policy/Other")] {
        for action in WIDENING.into_iter().chain(["iam:DeleteRolePermissionsBoundary"]) {
            judge.must_allow(&Call::on_role(action, "/delegated/x").boundary(boundary).with_policy(action));
        }
    }
}

#[test]
fn where_a_boundary_is_required_nothing_widens_a_role_without_it() {
    let boundaries = [
        None,
        Some("arn:aws:iam::111111111111:policy/Other"),
        Some("arn:aws:iam::111111111111:policy/ServiceProviders"),
        Some("arn:aws:iam::111111111111:policy/boundaries/ServiceProviders2"),
        Some("arn:aws:iam::111111111111:policy/boundaries/serviceproviders"),
        Some("arn:aws:iam::222222222222:policy/boundaries/ServiceProviders"),
        Some("arn:aws:iam::aws:policy/boundaries/ServiceProviders"),
    ];
    for deployment in [with_boundary(), with_boundary().with("AllowedManagedPolicyArns", AUDIT)] {
        let judge = judge(&deployment);
        for action in WIDENING {
            for boundary in boundaries {
                judge.must_deny(&Call::on_role(action, "/delegated/x").boundary(boundary).with_policy(action));
            }
            judge.must_allow(&Call::on_role(action, "/delegated/x").boundary(Some(BOUNDARY)).with_policy(action));
        }
        for boundary in boundaries.into_iter().chain([Some(BOUNDARY)]) {
            // It is never taken off,
            judge.must_deny(&Call::on_role("iam:DeleteRolePermissionsBoundary", "/delegated/x").boundary(boundary));
            // and taking away works whatever there is.
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

// --- Managed policies ---

fn attach(arn: &str) -> Call {
    Call::on_role("iam:AttachRolePolicy", "/delegated/x").boundary(Some(BOUNDARY)).policy(arn)
}

#[test]
fn where_patterns_are_given_only_what_they_match_is_attached() {
    let patterns = "arn:aws:iam::aws:policy/*ReadOnlyAccess,arn:aws:iam::111111111111:policy/team/*,arn:aws:iam::aws:policy/SecurityAudi?";
    for deployment in [with_allowed_policies(patterns), with_boundary().with("AllowedManagedPolicyArns", patterns)] {
        let judge = judge(&deployment);
        for allowed in [
            "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess",
            "arn:aws:iam::aws:policy/job-function/XReadOnlyAccess",
            AUDIT,
            "arn:aws:iam::111111111111:policy/team/P",
            "arn:aws:iam::111111111111:policy/team/a/P",
        ] {
            judge.must_allow(&attach(allowed));
        }
        for other in [
            "arn:aws:iam::aws:policy/AmazonS3FullAccess",
            "arn:aws:iam::aws:policy/ReadOnlyAccessPlus",
            "arn:aws:iam::aws:policy/SecurityAuditor",
            "arn:aws:iam::111111111111:policy/teams/P",
            "arn:aws:iam::222222222222:policy/team/P",
            "arn:aws:iam::aws:policy/team/P",
            "arn:aws-cn:iam::aws:policy/SecurityAudit",
        ] {
            judge.must_deny(&attach(other));
            // What is no longer allowed can still be taken off.
            judge.must_allow(&Call::on_role("iam:DetachRolePolicy", "/delegated/x").policy(other));
        }
        // A call that does not say what it attaches attaches nothing.
        judge.must_deny(&Call::on_role("iam:AttachRolePolicy", "/delegated/x").boundary(Some(BOUNDARY)));
    }
}

#[test]
fn without_patterns_anything_is_attached_that_is_not_administrative() {
    let judge = judge(&deployed());
    for arn in [
        AUDIT,
        "arn:aws:iam::aws:policy/AmazonS3FullAccess",
        "arn:aws:iam::aws:policy/AWSAuditManagerAdministratorAccess",
        "arn:aws:iam::111111111111:policy/AdministratorAccess",
    ] {
        judge.must_allow(&attach(arn));
    }
}

/// The policies that the template denies by name, and two more that its pattern denies.
const ADMINISTRATIVE: [&str; 9] = [
    "AdministratorAccess",
    "AdministratorAccess-Amplify",
    "AIDevOpsAgentActionsPolicy",
    "AWSMcpServiceActionsFullAccess",
    "AWSSSODirectoryAdministrator",
    "AWSSSOMasterAccountAdministrator",
    "AWSSSOMemberAccountAdministrator",
    "IAMFullAccess",
    "PowerUserAccess",
];

#[test]
fn administrative_policies_are_attached_only_where_they_are_permitted() {
    let all = "arn:*:iam::aws:policy/*";
    for partition in PARTITIONS {
        let denying = [
            deployed(),
            with_allowed_policies(all),
            with_boundary(),
            with_boundary().with("AllowedManagedPolicyArns", all),
        ];
        for deployment in denying {
            let judge = Judge::of(&deployment.in_partition(partition).policy());
            for name in ADMINISTRATIVE {
                let arn = format!("arn:{partition}:iam::aws:policy/{name}");
                let found = aws_managed(name).unwrap_or_default();
                let raises = |code, severity| code == Code::Administrative && severity == Severity::Error;
                assert!(found.iter().any(|found| raises(found.code, found.severity)), "{name}");
                let role = format!("arn:{partition}:iam::{ACCOUNT}:role/delegated/x");
                let call = |action| Call::on(action, &role).boundary(Some(BOUNDARY)).policy(&arn);
                judge.must_deny(&call("iam:AttachRolePolicy"));
                judge.must_allow(&call("iam:DetachRolePolicy"));
            }
        }
    }
    let judge = judge(&with_administrators());
    for name in ADMINISTRATIVE {
        judge.must_allow(&attach(&format!("arn:aws:iam::aws:policy/{name}")));
    }
    // The other limits stand.
    let judge = Judge::of(&with_all_limits().with("PermitAdministrativeAccess", "true").policy());
    judge.must_deny(&attach("arn:aws:iam::aws:policy/AdministratorAccess"));
}

// --- Everything else ---

#[test]
fn no_action_is_a_pattern_and_all_that_is_denied_is_what_would_be_allowed() {
    for deployment in deployments() {
        let policy = deployment.policy();
        let allowed = actions(&policy, "Allow");
        assert!(allowed.iter().all(|action| !action.contains(['*', '?'])), "{allowed:?}");
        assert!(actions(&policy, "Deny").is_subset(&allowed));
    }
}

#[test]
fn the_function_cannot_touch_itself() {
    let own_role = "/service-provider-access-FunctionRole-AbCdEf";
    let function = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:service-provider-access");
    for deployment in deployments() {
        let judge = judge(&deployment);
        for action in WRITES {
            judge.must_deny(&harmless(action, own_role));
        }
        for action in [
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
            "lambda:InvokeFunction",
            "lambda:AddPermission",
        ] {
            judge.must_deny(&Call::on(action, &function));
        }
        judge.must_deny(&Call::on(
            "cloudformation:UpdateStack",
            &format!("arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/x/y"),
        ));
    }
}

#[test]
fn the_function_can_do_nothing_else() {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/delegated/x");
    let user = format!("arn:aws:iam::{ACCOUNT}:user/delegated/x");
    let policy = format!("arn:aws:iam::{ACCOUNT}:policy/delegated/x");
    let profile = format!("arn:aws:iam::{ACCOUNT}:instance-profile/delegated/x");
    let others = [
        ("sts:AssumeRole", role.as_str()),
        ("iam:PassRole", &role),
        ("iam:UpdateRoleDescription", &role),
        ("iam:CreateServiceLinkedRole", &role),
        ("iam:AddRoleToInstanceProfile", &profile),
        ("iam:CreateUser", &user),
        ("iam:CreateAccessKey", &user),
        ("iam:AttachUserPolicy", &user),
        ("iam:PutUserPolicy", &user),
        ("iam:CreatePolicy", &policy),
        ("iam:CreatePolicyVersion", &policy),
        ("iam:SetDefaultPolicyVersion", &policy),
        ("iam:DeletePolicy", &policy),
        ("s3:GetObject", "arn:aws:s3:::bucket/key"),
        ("kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:key/k"),
        ("ec2:DescribeInstances", "arn:aws:ec2:us-east-1:111111111111:instance/i"),
        ("organizations:DescribeOrganization", "arn:aws:organizations::111111111111:organization/o"),
    ];
    for deployment in deployments() {
        let judge = judge(&deployment);
        for (action, resource) in others {
            judge.must_deny(&Call::on(action, resource).boundary(Some(BOUNDARY)));
        }
        for action in ["iam:ListRoles", "iam:ListUsers", "iam:GetAccountAuthorizationDetails", "logs:DescribeLogGroups"]
        {
            judge.must_deny(&Call::on_nothing(action));
        }
    }
}

#[test]
fn the_function_writes_its_own_log_and_no_other() {
    let group = |group: &str| format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}");
    let own = group("/aws/lambda/service-provider-access");
    for deployment in deployments() {
        let judge = judge(&deployment);
        for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
            judge.must_allow(&Call::on(action, &format!("{own}:log-stream:2026/11/22/[$LATEST]0123")));
            for other in [
                group("/aws/lambda/service-provider-access-2:log-stream:x"),
                group("/aws/lambda/other:log-stream:x"),
                own.replace("us-east-1", "eu-west-1") + ":log-stream:x",
                own.replace(ACCOUNT, "222222222222") + ":log-stream:x",
            ] {
                judge.must_deny(&Call::on(action, &other));
            }
        }
        for action in [
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:DeleteLogStream",
            "logs:GetLogEvents",
            "logs:PutRetentionPolicy",
        ] {
            judge.must_deny(&Call::on(action, &format!("{own}:log-stream:x")));
            judge.must_deny(&Call::on(action, &own));
        }
    }
}

impl Call {
    /// With a harmless policy, where the action takes one.
    fn with_policy(self, action: &str) -> Self {
        if ["iam:AttachRolePolicy", "iam:DetachRolePolicy"].contains(&action) { self.policy(AUDIT) } else { self }
    }
}
