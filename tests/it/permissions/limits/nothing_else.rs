//! The function has no permission beyond its roles and its log.

use super::{WRITES, deployments, harmless, judge, required};
use crate::fixtures::ACCOUNT;
use crate::permissions::actions;
use crate::permissions::judge::Call;

#[test]
fn no_action_is_a_pattern_and_only_allowed_actions_are_denied() {
    for deployment in deployments() {
        let policy = deployment.policy();
        let allowed = actions(&policy, "Allow");
        assert!(allowed.iter().all(|action| !action.contains(['*', '?'])), "{allowed:?}");
        assert!(actions(&policy, "Deny").is_subset(&allowed));
    }
}

#[test]
fn the_function_cannot_change_itself() {
    let own_role = "/service-provider-access-FunctionRole-AbCdEf";
    let function = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:service-provider-access");
    for deployment in deployments() {
        let judge = judge(&deployment);
        for action in WRITES {
            judge.must_deny(&harmless(&deployment, action, own_role));
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
fn the_function_has_no_other_permissions() {
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
            judge.must_deny(&Call::on(action, resource).boundary(Some(&required(&deployment))));
        }
        for action in
            ["iam:ListPolicies", "iam:ListUsers", "iam:GetAccountAuthorizationDetails", "logs:DescribeLogGroups"]
        {
            judge.must_deny(&Call::on_nothing(action));
        }
    }
}

#[test]
fn the_function_can_write_only_its_own_log() {
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
