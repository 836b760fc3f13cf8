//! The managed policies that the function can attach.

use delegated_role_core::policy::{Code, Severity, aws_managed};

use super::{judge, required};
use crate::fixtures::{ACCOUNT, AUDIT};
use crate::permissions::judge::{Call, Judge};
use crate::permissions::{
    PARTITIONS, deployed, with_administrators, with_all_limits, with_allowed_policies, with_boundary,
};
use crate::template::Deployment;

fn attach(deployment: &Deployment, arn: &str) -> Call {
    Call::on_role("iam:AttachRolePolicy", "/delegated/x").boundary(Some(&required(deployment))).policy(arn)
}

#[test]
fn with_patterns_only_matching_policies_can_be_attached() {
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
            judge.must_allow(&attach(&deployment, allowed));
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
            judge.must_deny(&attach(&deployment, other));
            // A policy that is no longer allowed can be detached.
            judge.must_allow(&Call::on_role("iam:DetachRolePolicy", "/delegated/x").policy(other));
        }
        // A call without a policy is denied.
        let boundary = required(&deployment);
        judge.must_deny(&Call::on_role("iam:AttachRolePolicy", "/delegated/x").boundary(Some(&boundary)));
    }
}

#[test]
fn without_patterns_all_policies_but_administrative_ones_can_be_attached() {
    let judge = judge(&deployed());
    for arn in [
        AUDIT,
        "arn:aws:iam::aws:policy/AmazonS3FullAccess",
        "arn:aws:iam::aws:policy/AWSAuditManagerAdministratorAccess",
        "arn:aws:iam::111111111111:policy/AdministratorAccess",
    ] {
        judge.must_allow(&attach(&deployed(), arn));
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
fn administrative_policies_can_be_attached_only_if_permitted() {
    let all = "arn:*:iam::aws:policy/*";
    for partition in PARTITIONS {
        let denying = [
            deployed(),
            with_allowed_policies(all),
            with_boundary(),
            with_boundary().with("AllowedManagedPolicyArns", all),
        ];
        for deployment in denying {
            let deployment = deployment.in_partition(partition);
            let (judge, boundary) = (Judge::of(&deployment.policy()), required(&deployment));
            for name in ADMINISTRATIVE {
                let arn = format!("arn:{partition}:iam::aws:policy/{name}");
                let found = aws_managed(name).unwrap_or_default();
                let raises = |code, severity| code == Code::Administrative && severity == Severity::Error;
                assert!(found.iter().any(|found| raises(found.code, found.severity)), "{name}");
                let role = format!("arn:{partition}:iam::{ACCOUNT}:role/delegated/x");
                let call = |action| Call::on(action, &role).boundary(Some(&boundary)).policy(&arn);
                judge.must_deny(&call("iam:AttachRolePolicy"));
                judge.must_allow(&call("iam:DetachRolePolicy"));
            }
        }
    }
    let judge = judge(&with_administrators());
    for name in ADMINISTRATIVE {
        judge.must_allow(&attach(&with_administrators(), &format!("arn:aws:iam::aws:policy/{name}")));
    }
    // The other limits are still in effect.
    let deployment = with_all_limits().with("PermitAdministrativeAccess", "true");
    Judge::of(&deployment.policy()).must_deny(&attach(&deployment, "arn:aws:iam::aws:policy/AdministratorAccess"));
}
