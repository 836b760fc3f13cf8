//! The managed policies that the function can attach.

use std::collections::BTreeSet;

use delegated_role_core::policy::{Code, Severity, aws_managed};

use super::{judge, required};
use crate::fixtures::{ACCOUNT, AUDIT};
use crate::permissions::judge::{Call, Judge};
use crate::permissions::{
    PARTITIONS, catalogue, deployed, with_administrators, with_all_limits, with_allowed_policies, with_boundary,
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

/// The AWS managed policies that the template denies, as `make catalogue` writes them: what follows `policy/` in ARNs.
fn denied() -> Vec<String> {
    let policy = deployed().policy();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let denies: Vec<_> = statements.filter(|statement| statement["Effect"] == "Deny").collect();
    let [deny] = denies[..] else { panic!("not one deny: {denies:?}") };
    let arns = deny["Condition"]["ArnLike"]["iam:PolicyARN"].as_array().unwrap().iter();
    arns.map(|arn| arn.as_str().unwrap().strip_prefix("arn:*:iam::aws:policy/").unwrap().to_owned()).collect()
}

#[test]
fn the_list_of_denied_policies_is_that_of_the_catalogue() {
    let administrative = catalogue::administrative_policies();
    assert!(administrative.len() > 40, "{}", administrative.len());
    let name = |entry: &str| entry.rsplit('/').next().unwrap().to_owned();
    let names: BTreeSet<_> = denied().iter().map(|entry| name(entry)).collect();
    // AWS adds policies of this name, so the list has a pattern for them.
    let listed = |policy: &String| {
        if policy.starts_with("AdministratorAccess-") { "AdministratorAccess-*".to_owned() } else { policy.clone() }
    };
    assert_eq!(names, administrative.iter().map(listed).collect(), "`make catalogue` writes the list");
    // What is administrative by the catalogue is so for the function, too.
    for policy in &administrative {
        let found = aws_managed(policy).unwrap();
        let raises = |code, severity| code == Code::Administrative && severity == Severity::Error;
        assert!(found.iter().any(|found| raises(found.code, found.severity)), "{policy}");
    }
}

#[test]
fn the_policy_of_the_function_is_short_enough() {
    // IAM's limit for all inline policies of a role, in characters without white space.
    const LONGEST: usize = 10_240;
    let patterns = ["arn:aws-us-gov:iam::111111111111:policy/a-team/with-a-long-name/*"; 30].join(",");
    let deployment = with_boundary().with("AllowedManagedPolicyArns", &patterns).in_partition("aws-us-gov");
    let length = deployment.policy().to_string().chars().filter(|character| !character.is_whitespace()).count();
    assert!(length <= LONGEST, "{length}");
}

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
            for entry in denied() {
                let arn = format!("arn:{partition}:iam::aws:policy/{}", entry.replace('*', "Amplify"));
                let role = format!("arn:{partition}:iam::{ACCOUNT}:role/delegated/x");
                let call = |action| Call::on(action, &role).boundary(Some(&boundary)).policy(&arn);
                judge.must_deny(&call("iam:AttachRolePolicy"));
                judge.must_allow(&call("iam:DetachRolePolicy"));
            }
        }
    }
    let judge = judge(&with_administrators());
    for entry in denied() {
        judge.must_allow(&attach(
            &with_administrators(),
            &format!("arn:aws:iam::aws:policy/{}", entry.replace('*', "X")),
        ));
    }
    // The other limits are still in effect.
    let deployment = with_all_limits().with("PermitAdministrativeAccess", "true");
    Judge::of(&deployment.policy()).must_deny(&attach(&deployment, "arn:aws:iam::aws:policy/AdministratorAccess"));
}
