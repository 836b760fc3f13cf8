//! The permissions boundary that the examples have ready: it propagates itself, and keeps a service provider
//! from identities, the organization and money, whatever else their role allows.

use super::deployed;
use super::judge::{Call, Judge};
use crate::template::Deployment;

const BOUNDARY: &str = "arn:aws:iam::111111111111:policy/boundaries/ServiceProviderBoundary";
const OTHER: &str = "arn:aws:iam::111111111111:policy/boundaries/Other";

fn judge() -> Judge {
    let boundary = Deployment::of_boundary_template();
    Judge::of(&boundary.resolved("/Resources/Boundary/Properties/PolicyDocument"))
}

#[test]
fn it_is_the_policy_that_it_names() {
    let boundary = Deployment::of_boundary_template();
    let [path, name] =
        ["Path", "ManagedPolicyName"].map(|key| boundary.resolved(&format!("/Resources/Boundary/Properties/{key}")));
    let arn = format!("arn:aws:iam::111111111111:policy{}{}", path.as_str().unwrap(), name.as_str().unwrap());
    assert_eq!(arn, BOUNDARY);
    assert!(deployed().accepts("RequiredPermissionsBoundary", BOUNDARY));
}

#[test]
fn work_goes_on_under_it() {
    for action in ["ec2:TerminateInstances", "s3:PutObject", "lambda:CreateFunction", "logs:GetLogEvents"] {
        judge().must_allow(&Call::on_nothing(action));
    }
    judge().must_allow(&Call::on_nothing("iam:ListRoles"));
}

#[test]
fn identities_the_organization_and_money_are_out_of_reach() {
    for action in [
        "account:PutAlternateContact",
        "billing:UpdateBillingPreferences",
        "budgets:CreateBudgetAction",
        "iam:CreateAccessKey",
        "iam:CreateLoginProfile",
        "iam:CreatePolicyVersion",
        "iam:CreateServiceLinkedRole",
        "iam:CreateUser",
        "iam:AddUserToGroup",
        "iam:SetDefaultPolicyVersion",
        "iam:UpdateAccountPasswordPolicy",
        "organizations:LeaveOrganization",
        "payments:MakePayment",
        "rolesanywhere:CreateProfile",
        "sso:CreateAccountAssignment",
        "sts:AssumeRole",
        "sts:GetFederationToken",
    ] {
        judge().must_deny(&Call::on_nothing(action));
    }
    for action in ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy"] {
        judge().must_deny(&Call::on(action, BOUNDARY));
    }
}

#[test]
fn the_function_its_stack_and_its_log_are_out_of_reach() {
    let function = "arn:aws:lambda:eu-west-1:111111111111:function:service-provider-access";
    for action in ["lambda:UpdateFunctionCode", "lambda:InvokeFunction", "lambda:UpdateFunctionConfiguration"] {
        judge().must_deny(&Call::on(action, function));
        judge().must_allow(&Call::on(action, "arn:aws:lambda:eu-west-1:111111111111:function:theirs"));
    }
    let stack = "arn:aws:cloudformation:eu-west-1:111111111111:stack/service-provider-access/1";
    judge().must_deny(&Call::on("cloudformation:UpdateStack", stack));
    judge().must_allow(&Call::on("cloudformation:DescribeStacks", stack));
    let log = "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/service-provider-access";
    judge().must_deny(&Call::on("logs:DeleteLogGroup", log));
}

#[test]
fn a_role_that_they_make_is_under_it_too() {
    let widening = [
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
    ];
    for action in widening {
        let call = |role: &str, boundary| Call::on_role(action, role).boundary(boundary);
        judge().must_allow(&call("/bounded/worker", Some(BOUNDARY)));
        judge().must_deny(&call("/bounded/worker", Some(OTHER)));
        judge().must_deny(&call("/bounded/worker", None));
        judge().must_deny(&call("/worker", Some(BOUNDARY)));
        judge().must_deny(&call("/delegated/acme", Some(BOUNDARY)));
    }
    judge().must_deny(&Call::on_role("iam:DeleteRolePermissionsBoundary", "/bounded/worker").boundary(Some(BOUNDARY)));
    judge().must_allow(&Call::on_role("iam:PassRole", "/bounded/worker"));
    for role in ["/admin", "/delegated/acme", "/service-provider-access-FunctionRole-AbCdEf"] {
        judge().must_deny(&Call::on_role("iam:PassRole", role));
        judge().must_deny(&Call::on_role("iam:DeleteRole", role));
    }
}
