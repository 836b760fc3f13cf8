//! Vendors that read: monitoring, posture management, costs, logs.

use expect_test::expect;
use serde_json::json;

use super::{attached, check_made, check_refused, document};
use crate::fixtures::AUDIT;
use crate::stack::Stack;
use crate::wire::iam::Policy;

const VIEW_ONLY: &str = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess";

/// Metrics, tags and configuration of many services; no contents.
#[tokio::test(start_paused = true)]
async fn a_monitoring_vendor_that_reads_metrics_and_configuration() {
    let policy = document(&[json!({"Sid": "Metrics", "Effect": "Allow", "Resource": "*", "Action": [
        "apigateway:GET", "autoscaling:Describe*", "backup:List*", "budgets:ViewBudget", "cloudfront:GetDistributionConfig",
        "cloudfront:ListDistributions", "cloudtrail:DescribeTrails", "cloudtrail:LookupEvents", "cloudwatch:Describe*",
        "cloudwatch:Get*", "cloudwatch:List*", "directconnect:Describe*", "dynamodb:Describe*", "dynamodb:List*",
        "ec2:Describe*", "ecs:Describe*", "ecs:List*", "elasticache:Describe*", "elasticloadbalancing:Describe*",
        "es:DescribeElasticsearchDomains", "events:CreateEventBus", "fsx:DescribeFileSystems", "health:DescribeEvents",
        "kinesis:Describe*", "kinesis:List*", "lambda:GetPolicy", "lambda:List*", "logs:DescribeLogGroups",
        "logs:FilterLogEvents", "organizations:Describe*", "rds:Describe*", "rds:List*", "redshift:DescribeClusters",
        "route53:List*", "s3:GetBucketLogging", "s3:GetBucketTagging", "s3:ListAllMyBuckets", "ses:Get*", "sns:List*",
        "sqs:ListQueues", "states:ListStateMachines", "support:DescribeTrustedAdvisor*", "tag:GetResources", "xray:GetTraceSummaries"
    ]})]);
    check_made(&Stack::new(), &json!({"CustomPolicy": policy, "ManagedPolicyArns": AUDIT}), &expect![[""]]).await;
}

/// A vendor that reads everything of forty services gets one line, with the count and the worst of it.
#[tokio::test(start_paused = true)]
async fn a_monitoring_vendor_that_reads_everything_is_one_warning() {
    let services = [
        "athena",
        "apigateway",
        "cloudwatch",
        "codeartifact",
        "dynamodb",
        "ebs",
        "ec2",
        "ecr",
        "glue",
        "kinesis",
        "lambda",
        "logs",
        "rds",
        "redshift",
        "s3",
        "secretsmanager",
        "sns",
        "sqs",
        "ssm",
        "states",
    ];
    let read: Vec<_> = services.iter().map(|service| format!("{service}:Get*")).collect();
    let listed: Vec<_> =
        services.iter().flat_map(|service| ["List*", "Describe*"].map(|verb| format!("{service}:{verb}"))).collect();
    let policy = document(&[
        json!({"Sid": "Lists", "Effect": "Allow", "Action": listed, "Resource": "*"}),
        json!({"Sid": "Reads", "Effect": "Allow", "Action": read, "Resource": "*"}),
    ]);
    check_made(&Stack::new(), &json!({"CustomPolicy": policy}), &expect!["CustomPolicy reads data or obtains credentials: statement 2 (Sid Reads) allows 15 actions, such as secretsmanager:GetSecretValue, ssm:GetParameter, ssm:GetParameterHistory, on *. [reads-data]"]).await;
}

/// The usual pair of AWS policies, what they leave out, and findings that go to the customer's Security Hub.
#[tokio::test(start_paused = true)]
async fn a_posture_vendor_with_security_audit() {
    let policy = document(&[
        json!({"Effect": "Allow", "Resource": "*", "Action": [
            "account:Get*", "appstream:Describe*", "backup:ListBackupPlans", "cloudtrail:GetInsightSelectors", "codeartifact:List*",
            "codebuild:BatchGet*", "dlm:Get*", "drs:Describe*", "ecr:Describe*", "glue:GetSecurityConfiguration*", "lambda:GetFunction*",
            "macie2:GetMacieSession", "s3:GetAccountPublicAccessBlock", "shield:GetSubscriptionState", "ssm:GetDocument",
            "ssm-incidents:List*", "support:Describe*", "tag:GetTagKeys", "wellarchitected:List*"]}),
        json!({"Effect": "Allow", "Action": ["apigateway:GET"], "Resource": ["arn:aws:apigateway:*::/restapis/*", "arn:aws:apigateway:*::/apis/*"]}),
        json!({"Effect": "Allow", "Action": ["securityhub:BatchImportFindings", "securityhub:GetFindings"], "Resource": "*"}),
    ]);
    let made = check_made(
        &Stack::new(),
        &json!({"CustomPolicy": policy, "ManagedPolicyArns": [AUDIT, VIEW_ONLY], "Description": "read by the posture vendor"}),
        &expect![[""]],
    )
    .await;
    assert_eq!(attached(&made), [AUDIT, VIEW_ONLY]);
}

/// The bucket of the cost and usage reports, prices and recommendations.
#[tokio::test(start_paused = true)]
async fn a_cost_vendor_reads_one_bucket_and_prices() {
    let bucket = json!({"Effect": "Allow", "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject"],
        "Resource": ["arn:aws:s3:::acme-cur", "arn:aws:s3:::acme-cur/*"]});
    let prices = |ce: &str| {
        json!({"Effect": "Allow", "Resource": "*", "Action": [
        ce, "cur:DescribeReportDefinitions", "bcm-data-exports:ListExports", "budgets:Describe*", "compute-optimizer:Get*",
        "cost-optimization-hub:List*", "organizations:List*", "organizations:Describe*", "pricing:*", "savingsplans:Describe*", "tag:GetResources"]})
    };
    check_made(
        &Stack::new(),
        &json!({"CustomPolicy": document(&[bucket.clone(), prices("ce:Get*")])}),
        &expect!["CustomPolicy is broad: statement 2 allows pricing:* on *. [broad]"],
    )
    .await;
    check_made(
        &Stack::new(),
        &json!({"CustomPolicy": document(&[bucket, prices("ce:*")])}),
        &expect!["CustomPolicy is broad: statement 2 allows ce:*, pricing:* on *. [broad]"],
    )
    .await;
}

/// Objects of the log bucket, the queue that announces them, and the key that they are encrypted with.
#[tokio::test(start_paused = true)]
async fn a_vendor_that_collects_logs() {
    let policy = document(&[
        json!({"Sid": "Objects", "Effect": "Allow", "Action": ["s3:GetObject*", "s3:ListBucket", "s3:GetBucketNotification", "s3:PutBucketNotification"],
            "Resource": ["arn:aws:s3:::acme-logs", "arn:aws:s3:::acme-logs/*"]}),
        json!({"Sid": "Queue", "Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            "Resource": "arn:aws:sqs:eu-west-1:111111111111:acme-logs"}),
        json!({"Sid": "Key", "Effect": "Allow", "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "arn:aws:kms:eu-west-1:111111111111:key/*"}),
        json!({"Sid": "Groups", "Effect": "Allow", "Action": ["logs:DescribeLogGroups", "logs:PutSubscriptionFilter", "logs:DeleteSubscriptionFilter"], "Resource": "*"}),
    ]);
    check_made(&Stack::new(), &json!({"CustomPolicy": policy}), &expect![[""]]).await;
}

/// The role of the log shipper, which CloudWatch Logs writes with, has to be passed: the owner must have listed it.
#[tokio::test(start_paused = true)]
async fn a_vendor_that_wires_log_shipping_passes_a_role() {
    let policy = document(&[
        json!({"Sid": "Wire", "Effect": "Allow", "Action": ["firehose:CreateDeliveryStream", "logs:PutSubscriptionFilter"], "Resource": "*"}),
        json!({"Sid": "Ship", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111111111111:role/log-shipping-*",
            "Condition": {"StringEquals": {"iam:PassedToService": ["firehose.amazonaws.com", "logs.amazonaws.com"]}}}),
    ]);
    check_refused(&Stack::new(), &json!({"CustomPolicy": policy}), &expect!["CustomPolicy passes or assumes roles that the owner does not list in PassableRoleArns: statement 2 (Sid Ship) allows iam:PassRole on arn:aws:iam::111111111111:role/log-shipping-*. Name only roles that the owner lists, or ask the owner to add them; reserved roles, such as cdk-*, must be listed exactly as the policy names them. [passes-role]"]).await;
    let owner = Stack::new().with("PASSABLE_ROLE_ARNS", "arn:aws:iam::111111111111:role/log-shipping-*");
    check_made(&owner, &json!({"CustomPolicy": policy}), &expect![[""]]).await;
}

/// A vendor's long list, in managed policies of the customer's account, beside `SecurityAudit`.
#[tokio::test(start_paused = true)]
async fn a_monitoring_vendor_with_policies_in_the_account() {
    let stack = Stack::new();
    let own = |name: &str, actions: &[&str]| {
        let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
        stack.account.put_policy(Policy::named(name, document(&[statement])).path("/vendor/"))
    };
    let first = own("Collect1", &["ec2:Describe*", "s3:GetObject", "s3:List*"]);
    let second = own("Collect2", &["rds:Describe*", "rds:DownloadDBLogFilePortion"]);
    let third = own("Collect3", &["dynamodb:*", "ssm:GetParameters"]);
    let made = check_made(&stack, &json!({"ManagedPolicyArns": [AUDIT, &first, &second, &third]}), &expect![[r"
        ManagedPolicyArns shares resources or changes their policies: arn:aws:iam::111111111111:policy/vendor/Collect3 in statement 1 allows dynamodb:PutResourcePolicy, dynamodb:UpdateAbacStatus, dynamodb:DeleteResourcePolicy on *. [exposes]
        ManagedPolicyArns reads data or obtains credentials: arn:aws:iam::111111111111:policy/vendor/Collect1 in statement 1 allows s3:GetObject on *; arn:aws:iam::111111111111:policy/vendor/Collect3 in statement 1 allows 7 actions, such as ssm:GetParameters, dynamodb:BatchGetItem, dynamodb:GetItem, on *. [reads-data]
        ManagedPolicyArns is broad: arn:aws:iam::111111111111:policy/vendor/Collect3 in statement 1 allows dynamodb:* on *. [broad]"]]).await;
    assert_eq!(attached(&made), [&first, &second, &third, AUDIT]);
}
