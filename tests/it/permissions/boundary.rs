//! The permissions boundary that the template ships: whatever a role under it is allowed, it changes no identity, not
//! the organization, the account, its billing, nor the function. What service providers usually do works.

use delegated_role_core::identifiers::FunctionArn;
use delegated_role_core::installation::Installation;
use delegated_role_core::owner_limits::Settings;
use serde_json::Value;

use super::judge::{Call, Judge};
use super::{PARTITIONS, SHIPPED_BOUNDARY, catalogue, deployed, with_boundary, without_boundary};
use crate::fixtures::{ACCOUNT, FUNCTION};
use crate::template::Deployment;

/// The limit of IAM for a managed policy, in characters without white space.
const LONGEST: usize = 6_144;

fn document(deployment: &Deployment) -> Value {
    deployment.resolved("/Resources/Boundary/Properties/PolicyDocument")
}

/// Of a role that is allowed everything: only the boundary decides.
fn judge() -> Judge {
    Judge::of(&document(&deployed()))
}

fn judge_passing(patterns: &str) -> Judge {
    Judge::of(&document(&deployed().with("PassableRoleArns", patterns)))
}

#[test]
fn it_is_the_policy_that_the_function_requires() {
    for (deployment, arn) in [
        (deployed(), SHIPPED_BOUNDARY.to_owned()),
        (deployed().in_partition("aws-cn"), SHIPPED_BOUNDARY.replace("arn:aws:", "arn:aws-cn:")),
    ] {
        let name = deployment.resolved("/Resources/Boundary/Properties/ManagedPolicyName");
        assert_eq!(arn.rsplit('/').next(), name.as_str());
        assert_eq!(deployment.environment()["REQUIRED_PERMISSIONS_BOUNDARY"], arn);
        let role = |deployment: &Deployment| deployment.resolved("/Resources/DelegatedRole/Properties");
        assert_eq!(role(&deployment)["PermissionsBoundary"], arn);
    }
    let in_force = |deployment: &Deployment| {
        let environment = deployment.environment();
        let settings = Settings::from_environment(|name| environment.get(name).cloned());
        let installation =
            Installation { function: FunctionArn::parse(FUNCTION).unwrap(), limits: settings.limits.unwrap() };
        installation.shipped_boundary_in_force()
    };
    assert_eq!(
        [deployed(), with_boundary(), without_boundary()].map(|deployment| in_force(&deployment)),
        [true, false, false]
    );
    let role = without_boundary().resolved("/Resources/DelegatedRole/Properties");
    assert_eq!(role.get("PermissionsBoundary"), None);
}

#[test]
fn it_is_short_enough_however_many_roles_may_be_passed() {
    let length = |deployment: &Deployment| {
        document(deployment).to_string().chars().filter(|character| !character.is_whitespace()).count()
    };
    let longest = |arn: &str| {
        let most = 1_601 / (arn.len() + 1);
        vec![arn; most].join(",")
    };
    for partition in PARTITIONS {
        for arn in
            ["arn:aws:iam::*:role/a", "arn:aws-us-gov:iam::111111111111:role/team/application-with-a-long-name-*"]
        {
            let deployment = deployed().with("PassableRoleArns", &longest(arn)).in_partition(partition);
            // The longest name of a stack, in the only place that contains it.
            let longer = 128 - "service-provider-access".len();
            assert!(length(&deployment) + longer <= LONGEST, "{arn}: {}", length(&deployment));
        }
    }
    assert!(!deployed().accepts("PassableRoleArns", &["arn:aws:iam::*:role/a"; 120].join(",")));
}

// --- What no role can do ---

#[test]
fn no_action_that_raises_rights_succeeds_on_anything() {
    let judge = judge();
    for action in catalogue::actions("ABDRM") {
        for call in action.calls() {
            judge.must_deny(&call);
            // Nor on a role that has the boundary.
            judge.must_deny(&call.boundary(Some(SHIPPED_BOUNDARY)));
        }
    }
    for combination in catalogue::combinations("AD") {
        assert!(combination.iter().any(|action| !judge.allows(&Call::on_nothing(action))), "{combination:?}");
    }
}

#[test]
fn no_action_on_the_organization_succeeds() {
    let judge = judge();
    // These do not act upon the organization: they give access to a cluster, or deploy with roles that must be passed.
    let other = [
        "cloudformation:CreateStackInstances",
        "cloudformation:UpdateStackInstances",
        "eks:AssociateAccessPolicy",
        "eks:CreateAccessEntry",
        "eks:UpdateAccessEntry",
    ];
    let mut left = Vec::new();
    for action in catalogue::actions("o") {
        if action.calls().any(|call| judge.allows(&call)) {
            left.push(action.name);
        }
    }
    assert_eq!(left, other);
}

#[test]
fn identities_the_account_and_its_billing_do_not_change() {
    let judge = judge();
    for action in [
        "account-access:CreateEntitlement",
        "account:CloseAccount",
        "account:PutAlternateContact",
        "aws-portal:ModifyBilling",
        "billing:UpdateBillingPreferences",
        "budgets:CreateBudgetAction",
        "cognito-identity:SetIdentityPoolRoles",
        "cognito-idp:CreateGroup",
        "controltower:DisableControl",
        "iam:AddRoleToInstanceProfile",
        "iam:CreateInstanceProfile",
        "iam:CreateOpenIDConnectProvider",
        "iam:CreatePolicy",
        "iam:CreateRole",
        "iam:CreateSAMLProvider",
        "iam:CreateUser",
        "iam:DeletePolicy",
        "iam:DeleteRole",
        "iam:DeleteServiceLinkedRole",
        "iam:PutAccountProperties",
        "iam:SetSecurityTokenServicePreferences",
        "iam:UpdateAccessKey",
        "iam:UpdateAccountPasswordPolicy",
        "iam:UploadServerCertificate",
        "iam:WhateverComesNext",
        "identity-sync:CreateSyncTarget",
        "identitystore:CreateUser",
        "invoicing:CreateInvoiceUnit",
        "organizations:LeaveOrganization",
        "payments:MakePayment",
        "purchase-orders:AddPurchaseOrder",
        "rolesanywhere:CreateProfile",
        "rolesanywhere:CreateTrustAnchor",
        "savingsplans:CreateSavingsPlan",
        "sso:CreateAccountAssignment",
        "sso-directory:CreateUser",
        "sts:AssumeRoot",
        "sts:GetFederationToken",
        "sts:GetWebIdentityToken",
        "tax:PutTaxRegistration",
    ] {
        judge.must_deny(&Call::on_nothing(action));
    }
    // Not even the policy that bounds it.
    for action in
        ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicyVersion", "iam:DeletePolicy"]
    {
        judge.must_deny(&Call::on(action, SHIPPED_BOUNDARY));
    }
}

#[test]
fn no_role_is_passed_or_assumed_that_the_owner_does_not_list() {
    let judge = judge();
    let role = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    for action in ["iam:PassRole", "sts:AssumeRole"] {
        for other in [role("admin"), role("delegated/x"), "arn:aws:iam::222222222222:role/theirs".to_owned()] {
            judge.must_deny(&Call::on(action, &other));
        }
        let listed = judge_passing("arn:aws:iam::111111111111:role/app/*,arn:aws:iam::222222222222:role/theirs");
        listed.must_allow(&Call::on(action, &role("app/worker")));
        listed.must_allow(&Call::on(action, "arn:aws:iam::222222222222:role/theirs"));
        for other in [role("app"), role("application"), role("admin"), role("delegated/x"), role("x/app/worker")] {
            listed.must_deny(&Call::on(action, &other));
        }
        // The function's role is never among them.
        let all = judge_passing("arn:aws:iam::*:role/*");
        all.must_allow(&Call::on(action, &role("admin")));
        all.must_deny(&Call::on(action, &role("service-provider-access-FunctionRole-AbCdEf")));
        all.must_deny(&Call::on(action, &role("service-provider-access-eu-west-1")));
    }
    // What goes with a session is of use only for a role that may be assumed.
    for action in ["sts:TagSession", "sts:SetSourceIdentity"] {
        judge.must_allow(&Call::on(action, &role("app/worker")));
    }
}

#[test]
fn the_function_its_role_its_stack_and_its_log_do_not_change() {
    let judge = judge();
    let elsewhere = FUNCTION.replace("us-east-1", "eu-west-1");
    for function in [FUNCTION.to_owned(), format!("{FUNCTION}:$LATEST"), format!("{FUNCTION}:live"), elsewhere] {
        for action in
            ["UpdateFunctionCode", "UpdateFunctionConfiguration", "InvokeFunction", "AddPermission", "TagResource"]
        {
            judge.must_deny(&Call::on(&format!("lambda:{action}"), &function));
        }
        for action in ["CreateEventSourceMapping", "UpdateEventSourceMapping"] {
            let mapping =
                "arn:aws:lambda:us-east-1:111111111111:event-source-mapping:11111111-2222-3333-4444-555555555555";
            let call = Call::on(&format!("lambda:{action}"), mapping);
            judge.must_deny(&call.clone().with("lambda:FunctionArn", &function));
            judge.must_allow(&call.with("lambda:FunctionArn", &format!("{FUNCTION}-of-another")));
        }
        judge.must_allow(&Call::on("lambda:GetFunction", &function));
    }
    judge.must_allow(&Call::on("lambda:UpdateFunctionCode", &format!("{FUNCTION}-of-another")));
    for stack in ["service-provider-access/1", "StackSet-service-provider-access-others-1/1"] {
        let stack = format!("arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/{stack}");
        for action in ["UpdateStack", "DeleteStack", "ExecuteChangeSet", "SetStackPolicy", "SignalResource"] {
            judge.must_deny(&Call::on(&format!("cloudformation:{action}"), &stack));
        }
        judge.must_allow(&Call::on("cloudformation:DescribeStacks", &stack));
    }
    judge.must_allow(&Call::on(
        "cloudformation:UpdateStack",
        "arn:aws:cloudformation:us-east-1:111111111111:stack/app/1",
    ));
    let log = "arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/service-provider-access";
    for (action, log) in [
        ("logs:DeleteLogGroup", log.to_owned()),
        ("logs:DeleteLogGroup", format!("{log}:*")),
        ("logs:DeleteLogStream", format!("{log}:log-stream:x")),
        ("logs:PutRetentionPolicy", log.to_owned()),
    ] {
        judge.must_deny(&Call::on(action, &log));
    }
    judge.must_allow(&Call::on("logs:FilterLogEvents", log));
}

// --- What service providers do ---

#[test]
fn what_service_providers_usually_do_succeeds() {
    let judge = judge();
    for action in [
        // Monitoring and security posture.
        "access-analyzer:ListFindings",
        "account:GetContactInformation",
        "account:ListRegions",
        "cloudtrail:LookupEvents",
        "cloudwatch:GetMetricData",
        "config:DescribeConfigRules",
        "ec2:DescribeInstances",
        "guardduty:GetFindings",
        "iam:GenerateCredentialReport",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetCredentialReport",
        "iam:GetRole",
        "iam:ListUsers",
        "iam:SimulatePrincipalPolicy",
        "identitystore:ListUsers",
        "kms:ListKeys",
        "logs:FilterLogEvents",
        "organizations:DescribeOrganization",
        "organizations:ListAccounts",
        "rolesanywhere:ListTrustAnchors",
        "s3:ListAllMyBuckets",
        "securityhub:BatchImportFindings",
        "sso:ListInstances",
        "sso-directory:DescribeUsers",
        "tag:GetResources",
        // Collecting events and logs.
        "cloudtrail:CreateTrail",
        "events:PutRule",
        "firehose:PutRecord",
        "logs:PutSubscriptionFilter",
        "s3:PutBucketNotification",
        "sns:Subscribe",
        "sqs:ReceiveMessage",
        // Backup and scanning.
        "backup:StartBackupJob",
        "dynamodb:ExportTableToPointInTime",
        "ebs:GetSnapshotBlock",
        "ec2:CreateSnapshot",
        "ec2:ModifySnapshotAttribute",
        "kms:CreateGrant",
        "kms:Decrypt",
        "rds:CreateDBSnapshot",
        "rds:ModifyDBSnapshotAttribute",
        // Operating workloads and data platforms.
        "autoscaling:UpdateAutoScalingGroup",
        "cloudformation:CreateStack",
        "cloudformation:CreateStackInstances",
        "ec2:RunInstances",
        "ec2:TerminateInstances",
        "ecr:GetAuthorizationToken",
        "eks:CreateAccessEntry",
        "eks:CreateNodegroup",
        "elasticloadbalancing:RegisterTargets",
        "glue:GetTables",
        "iam:CreateServiceLinkedRole",
        "lambda:CreateFunction",
        "lambda:UpdateFunctionCode",
        "route53:ChangeResourceRecordSets",
        "s3:GetObject",
        "s3:PutObject",
        "secretsmanager:GetSecretValue",
        "ssm:SendCommand",
        "ssm:StartSession",
        "sts:DecodeAuthorizationMessage",
        "sts:GetCallerIdentity",
        "sts:GetServiceBearerToken",
        // Cost reports.
        "aws-portal:ViewBilling",
        "billing:GetBillingData",
        "budgets:ViewBudget",
        "ce:GetCostAndUsage",
        "ce:UpdateCostAllocationTagsStatus",
        "consolidatedbilling:ListLinkedAccounts",
        "cost-optimization-hub:ListRecommendations",
        "cur:PutReportDefinition",
        "freetier:GetFreeTierUsage",
        "invoicing:ListInvoiceSummaries",
        "payments:ListPaymentPreferences",
        "pricing:GetProducts",
        "purchase-orders:ListPurchaseOrders",
        "savingsplans:DescribeSavingsPlans",
        "tax:GetTaxRegistration",
    ] {
        judge.must_allow(&Call::on_nothing(action));
    }
}
