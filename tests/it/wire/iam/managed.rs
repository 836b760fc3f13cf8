//! The AWS managed policies that the tests use.

use serde_json::{Value, json};

use super::state::Policy;

/// What AWS puts into each account. `ReadOnlyAccess`, `SecurityAudit`, `ViewOnlyAccess` and
/// `AmazonEC2SpotFleetTaggingRole` are shortened: the real
/// ones list some hundred services in the same way.
pub(crate) fn policies(partition: &str) -> Vec<Policy> {
    let allow = |action: Value| json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
    [
        ("/", "AdministratorAccess", vec![allow(json!("*"))]),
        (
            "/",
            "PowerUserAccess",
            vec![
                json!({ "Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*" }),
                allow(json!([
                    "account:GetAccountInformation",
                    "account:ListRegions",
                    "iam:CreateServiceLinkedRole",
                    "iam:DeleteServiceLinkedRole",
                    "iam:ListRoles",
                    "organizations:DescribeOrganization"
                ])),
            ],
        ),
        (
            "/",
            "IAMFullAccess",
            vec![allow(json!([
                "iam:*",
                "organizations:DescribeAccount",
                "organizations:DescribeOrganization",
                "organizations:DescribePolicy",
                "organizations:ListPolicies"
            ]))],
        ),
        (
            "/",
            "ReadOnlyAccess",
            vec![allow(json!(["ec2:Describe*", "ec2:Get*", "iam:Get*", "iam:List*", "s3:Get*", "s3:List*"]))],
        ),
        (
            "/",
            "SecurityAudit",
            vec![allow(json!([
                "cloudtrail:DescribeTrails",
                "ec2:Describe*",
                "iam:GenerateCredentialReport",
                "iam:Get*",
                "iam:List*"
            ]))],
        ),
        ("/job-function/", "ViewOnlyAccess", vec![allow(json!(["ec2:Describe*", "iam:List*", "s3:ListAllMyBuckets"]))]),
        (
            "/",
            "AmazonEC2ReadOnlyAccess",
            vec![
                allow(json!(["ec2:Describe*", "ec2:GetSecurityGroupsForVpc"])),
                allow(json!("elasticloadbalancing:Describe*")),
                allow(json!(["cloudwatch:ListMetrics", "cloudwatch:GetMetricStatistics", "cloudwatch:Describe*"])),
                allow(json!("autoscaling:Describe*")),
            ],
        ),
        (
            "/",
            "AmazonS3ReadOnlyAccess",
            vec![allow(json!([
                "s3:Get*",
                "s3:List*",
                "s3:Describe*",
                "s3-object-lambda:Get*",
                "s3-object-lambda:List*"
            ]))],
        ),
        ("/", "AmazonS3FullAccess", vec![allow(json!(["s3:*", "s3-object-lambda:*"]))]),
        (
            "/service-role/",
            "AWSLambdaBasicExecutionRole",
            vec![allow(json!(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]))],
        ),
        ("/aws-service-role/", "AWSSupportServiceRolePolicy", vec![allow(json!("support:*"))]),
        (
            "/service-role/",
            "AmazonEC2SpotFleetTaggingRole",
            vec![
                allow(json!(["ec2:DescribeImages", "ec2:CreateTags", "ec2:RunInstances", "ec2:TerminateInstances"])),
                json!({
                    "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
                    "Condition": { "StringEquals": { "iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"] } }
                }),
            ],
        ),
        ("/", "AWSDenyAll", vec![json!({ "Sid": "DenyAll", "Effect": "Deny", "Action": ["*"], "Resource": "*" })]),
    ]
    .into_iter()
    .enumerate()
    .map(|(n, (path, name, statements))| Policy {
        arn: format!("arn:{partition}:iam::aws:policy{path}{name}"),
        id: format!("ANPAMANAGED{n:010}"),
        ..Policy::named(name, json!({ "Version": "2012-10-17", "Statement": statements })).path(path)
    })
    .collect()
}

/// The trust that the console writes for an EC2 role.
pub(crate) fn trust_in_ec2() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" }]
    })
}
