//! Vendors that operate what the customer runs: backup, Kubernetes, remote commands, remediation, deployment.

use expect_test::expect;
use serde_json::{Value, json};

use super::{check_made, check_refused, document};
use crate::fixtures::{allow, deny};
use crate::stack::Stack;
use crate::wire::iam::Policy;

fn pass(role: &str, services: &Value) -> Value {
    json!({"Sid": "Pass", "Effect": "Allow", "Action": "iam:PassRole", "Resource": role,
        "Condition": {"StringEquals": {"iam:PassedToService": services}}})
}

/// The role that AWS Backup restores with. Whatever the service, the owner has to list the role.
#[tokio::test(start_paused = true)]
async fn a_backup_vendor_passes_roles_by_prefix() {
    let policy = document(&[
        json!({"Sid": "Backup", "Effect": "Allow", "Action": ["backup:Start*", "backup:List*", "backup:Describe*"], "Resource": "*"}),
        json!({"Sid": "Restore", "Effect": "Allow", "Action": ["ec2:CreateVolume", "ec2:CreateSnapshot", "ec2:RunInstances", "rds:RestoreDBInstanceFromDBSnapshot"], "Resource": "*"}),
        pass("arn:aws:iam::111111111111:role/service-role/backup-*", &json!("backup.amazonaws.com")),
    ]);
    check_refused(&Stack::new(), &json!({"CustomPolicy": policy}), &expect!["CustomPolicy passes or assumes roles that the owner does not list in PassableRoleArns: statement 3 (Sid Pass) allows iam:PassRole on arn:aws:iam::111111111111:role/service-role/backup-*. Name only roles that the owner lists, or ask the owner to add them; reserved roles, such as cdk-*, must be listed exactly as the policy names them. [passes-role]"]).await;
    let owner = Stack::new().with("PASSABLE_ROLE_ARNS", "arn:aws:iam::111111111111:role/service-role/backup-*");
    check_made(&owner, &json!({"CustomPolicy": policy}), &expect![[""]]).await;
    // Only what is wholly within the owner's list.
    let owner = Stack::new().with("PASSABLE_ROLE_ARNS", "arn:aws:iam::111111111111:role/service-role/backup-eu-*");
    check_refused(&owner, &json!({"CustomPolicy": policy}), &expect!["CustomPolicy passes or assumes roles that the owner does not list in PassableRoleArns: statement 3 (Sid Pass) allows iam:PassRole on arn:aws:iam::111111111111:role/service-role/backup-*. Name only roles that the owner lists, or ask the owner to add them; reserved roles, such as cdk-*, must be listed exactly as the policy names them. [passes-role]"]).await;
}

/// Every role that it passes or assumes is named, the widest first, in one answer.
#[tokio::test(start_paused = true)]
async fn a_backup_vendor_that_passes_every_role_gets_all_resources_in_the_reason() {
    let stack = Stack::new();
    let own = |name: &str, statements: &[Value]| stack.account.put_policy(Policy::named(name, document(statements)));
    let restore = own(
        "Restore",
        &[
            json!({"Effect": "Allow", "Action": ["rds:RestoreDBInstanceFromDBSnapshot", "rds:CreateDBSnapshot"], "Resource": "*"}),
            json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": [
            "arn:aws:iam::111111111111:role/restore-target", "arn:aws:iam::111111111111:role/restore-*", "*", "arn:aws:iam::*:role/*"]}),
        ],
    );
    let inventory =
        own("Inventory", &[json!({"Effect": "Allow", "Action": ["ec2:Describe*", "s3:List*"], "Resource": "*"})]);
    let account = own(
        "Members",
        &[json!({"Effect": "Allow", "Action": "sts:AssumeRole",
        "Resource": ["arn:aws:iam::333333333333:role/Backup", "arn:aws:iam::*:role/Backup", "arn:aws:iam::*:role/OrganizationAccountAccessRole"]})],
    );
    check_refused(&stack, &json!({"ManagedPolicyArns": [inventory, restore, account]}), &expect![[r"
        There are 2 problems.
        (1) ManagedPolicyArns passes or assumes roles that the owner does not list in PassableRoleArns: arn:aws:iam::111111111111:policy/Restore in statement 2 allows iam:PassRole on *, arn:aws:iam::*:role/*, arn:aws:iam::111111111111:role/restore-*, arn:aws:iam::111111111111:role/restore-target. [passes-role]
        (2) ManagedPolicyArns passes or assumes roles that the owner does not list in PassableRoleArns: arn:aws:iam::111111111111:policy/Members in statement 1 allows sts:AssumeRole on arn:aws:iam::*:role/Backup, arn:aws:iam::333333333333:role/Backup, arn:aws:iam::*:role/OrganizationAccountAccessRole. [passes-role] Name only roles that the owner lists, or ask the owner to add them; reserved roles, such as cdk-*, must be listed exactly as the policy names them."]]).await;
}

/// Nodes and their roles, and the roles of the services that Amazon EKS links to the account.
#[tokio::test(start_paused = true)]
async fn a_kubernetes_vendor() {
    let policy = document(&[
        json!({"Sid": "Cluster", "Effect": "Allow", "Action": ["eks:Describe*", "eks:List*", "eks:UpdateNodegroupConfig", "eks:CreateNodegroup"], "Resource": "*"}),
        json!({"Sid": "Nodes", "Effect": "Allow", "Action": ["ec2:CreateFleet", "ec2:RunInstances", "ec2:TerminateInstances", "ec2:CreateTags", "ec2:CreateLaunchTemplate",
            "autoscaling:CreateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup"], "Resource": "*"}),
        json!({"Sid": "Linked", "Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "arn:aws:iam::*:role/aws-service-role/*",
            "Condition": {"StringEquals": {"iam:AWSServiceName": ["eks.amazonaws.com", "eks-nodegroup.amazonaws.com", "spot.amazonaws.com"]}}}),
        json!({"Sid": "Look", "Effect": "Allow", "Action": ["iam:GetRole", "iam:ListInstanceProfiles", "iam:SimulatePrincipalPolicy"], "Resource": "*"}),
    ]);
    check_made(&Stack::new(), &json!({"CustomPolicy": policy}), &expect!["CustomPolicy acts under the roles of workloads: statement 2 (Sid Nodes) allows autoscaling:CreateAutoScalingGroup, autoscaling:UpdateAutoScalingGroup on *. [acts-as-workload]"]).await;
}

/// Access entries make anyone an administrator of a cluster.
#[tokio::test(start_paused = true)]
async fn a_kubernetes_vendor_that_gives_access_to_clusters() {
    let policy = document(&[
        json!({"Effect": "Allow", "Action": ["eks:*"], "Resource": "arn:aws:eks:*:111111111111:cluster/*"}),
    ]);
    check_made(&Stack::new(), &json!({"CustomPolicy": policy}), &expect![[r"
        CustomPolicy changes the organization: statement 1 allows eks:CreateAccessEntry on arn:aws:eks:*:111111111111:cluster/*. [organization]
        CustomPolicy is broad: statement 1 allows eks:* on arn:aws:eks:*:111111111111:cluster/*. [broad]"]]).await;
}

/// Service-linked roles are out of a customer's reach, whatever the action.
#[tokio::test(start_paused = true)]
async fn a_vendor_that_makes_service_linked_roles() {
    let linked = "arn:aws:iam::*:role/aws-service-role/spot.amazonaws.com/*";
    let policy = document(&[
        json!({"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": linked, "Condition": {"StringLike": {"iam:AWSServiceName": "spot.amazonaws.com"}}}),
        json!({"Effect": "Allow", "Action": ["iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:DeleteServiceLinkedRole"], "Resource": linked}),
    ]);
    check_made(&Stack::new(), &json!({"CustomPolicy": policy}), &expect![[""]]).await;
    // One that is only named so is not.
    let named =
        document(&[json!({"Sid": "Named", "Effect": "Allow", "Action": ["iam:AttachRolePolicy", "iam:PutRolePolicy"],
        "Resource": ["arn:aws:iam::*:role/AWSServiceRoleForSpot", linked]})]);
    check_refused(&Stack::new(), &json!({"CustomPolicy": named}), &expect!["CustomPolicy gives administrator-equivalent access: statement 1 (Sid Named) allows iam:AttachRolePolicy, iam:PutRolePolicy on arn:aws:iam::*:role/AWSServiceRoleForSpot. Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's PermitAdministrativeAccess must both be true. [administrative]"]).await;
}

/// Commands on instances, under the role of each instance.
#[tokio::test(start_paused = true)]
async fn a_vendor_that_manages_instances_by_systems_manager() {
    let everywhere = document(&[
        json!({"Sid": "Run", "Effect": "Allow", "Action": "ssm:SendCommand", "Resource": ["arn:aws:ssm:*::document/AWS-RunPatchBaseline", "arn:aws:ec2:*:111111111111:instance/*"]}),
        json!({"Sid": "Shell", "Effect": "Allow", "Action": ["ssm:StartSession", "ssm:ResumeSession"], "Resource": "arn:aws:ec2:*:*:instance/*",
            "Condition": {"StringEquals": {"aws:ResourceTag/Managed": "true"}}}),
        json!({"Sid": "Look", "Effect": "Allow", "Action": ["ssm:Describe*", "ssm:List*", "ssm:GetCommandInvocation"], "Resource": "*"}),
    ]);
    check_made(&Stack::new(), &json!({"CustomPolicy": everywhere}), &expect!["CustomPolicy acts under the roles of workloads: statements 1 and 2 allow ssm:SendCommand, ssm:StartSession on arn:aws:ec2:*:*:instance/*, arn:aws:ec2:*:111111111111:instance/*. [acts-as-workload]"]).await;
    let one = document(&[json!({"Effect": "Allow", "Action": ["ssm:SendCommand", "ssm:StartSession"],
        "Resource": ["arn:aws:ssm:eu-west-1::document/AWS-RunPatchBaseline", "arn:aws:ec2:eu-west-1:111111111111:instance/i-0123456789abcdef0"]})]);
    check_made(&Stack::new(), &json!({"CustomPolicy": one}), &expect![[""]]).await;
}

/// It repairs what a scan found: in IAM, too. Its own deny lowers nothing.
#[tokio::test(start_paused = true)]
async fn a_remediation_vendor_that_writes_policies_is_refused() {
    let mut policy = document(&[
        json!({"Sid": "Buckets", "Effect": "Allow", "Action": ["s3:PutBucketPublicAccessBlock", "s3:PutEncryptionConfiguration"], "Resource": "*"}),
        json!({"Sid": "Rights", "Effect": "Allow", "Action": ["iam:UpdateAccountPasswordPolicy", "iam:PutRolePolicy", "iam:DetachUserPolicy", "iam:AttachRolePolicy", "iam:CreatePolicyVersion"],
            "Resource": ["arn:aws:iam::111111111111:policy/*", "arn:aws:iam::111111111111:role/*", "*", "arn:aws:iam::111111111111:user/automation"]}),
        json!({"Sid": "Keys", "Effect": "Allow", "Action": ["iam:UpdateAccessKey", "iam:DeleteLoginProfile", "iam:UpdateLoginProfile"], "Resource": "arn:aws:iam::111111111111:user/*"}),
        json!({"Sid": "Ports", "Effect": "Allow", "Action": ["ec2:RevokeSecurityGroupIngress", "ec2:ModifyImageAttribute"], "Resource": "*"}),
    ]);
    let denied = deny("iam:*")["Statement"][0].clone();
    policy["Statement"].as_array_mut().unwrap().push(denied);
    check_refused(&Stack::new(), &json!({"CustomPolicy": policy}), &expect![[r"
        There are 2 problems.
        (1) CustomPolicy gives administrator-equivalent access: statement 2 (Sid Rights) allows iam:AttachRolePolicy, iam:CreatePolicyVersion, iam:PutRolePolicy on *, arn:aws:iam::111111111111:role/*, arn:aws:iam::111111111111:policy/*. [administrative]
        (2) CustomPolicy gives administrator-equivalent access: statement 3 (Sid Keys) allows iam:UpdateLoginProfile on arn:aws:iam::111111111111:user/*. [administrative] Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's PermitAdministrativeAccess must both be true."]]).await;
}

/// It deploys into the account, and makes roles for what it deploys.
#[tokio::test(start_paused = true)]
async fn a_vendor_that_deploys_and_makes_roles() {
    const BOUNDARY: &str = "arn:aws:iam::111111111111:policy/Boundary";
    let roles = |condition: Value| {
        document(&[
            json!({"Sid": "Stacks", "Effect": "Allow", "Action": ["cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:Describe*"],
                "Resource": "arn:aws:cloudformation:*:111111111111:stack/vendor-*/*"}),
            json!({"Sid": "Roles", "Effect": "Allow", "Action": ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"],
                "Resource": "arn:aws:iam::111111111111:role/vendor-*", "Condition": condition}),
        ])
    };
    let bounded = json!({"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}});
    check_refused(&Stack::new(), &json!({"CustomPolicy": roles(bounded.clone())}), &expect!["CustomPolicy gives administrator-equivalent access: statement 2 (Sid Roles) allows iam:AttachRolePolicy, iam:PutRolePolicy on arn:aws:iam::111111111111:role/vendor-*. Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's PermitAdministrativeAccess must both be true. [administrative]"]).await;
    // The boundary that the owner requires keeps the roles that it makes within the same limits.
    let owner = Stack::new().with("REQUIRED_PERMISSIONS_BOUNDARY", BOUNDARY);
    owner.account.put_policy(Policy::named("Boundary", allow("s3:*", "*")));
    check_made(&owner, &json!({"CustomPolicy": roles(bounded)}), &expect!["CustomPolicy may give administrator-equivalent access: statement 2 (Sid Roles) allows iam:AttachRolePolicy, iam:PutRolePolicy on arn:aws:iam::111111111111:role/vendor-*. [administrative]"]).await;
    let if_exists = json!({"StringEqualsIfExists": {"iam:PermissionsBoundary": BOUNDARY}});
    let owner = Stack::new().with("REQUIRED_PERMISSIONS_BOUNDARY", BOUNDARY);
    check_refused(&owner, &json!({"CustomPolicy": roles(if_exists)}), &expect!["CustomPolicy gives administrator-equivalent access: statement 2 (Sid Roles) allows iam:AttachRolePolicy, iam:PutRolePolicy on arn:aws:iam::111111111111:role/vendor-*. Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's PermitAdministrativeAccess must both be true. [administrative]"]).await;
}

/// It has only what an administrator of a cluster needs to change: code of its own functions, secrets of its own.
#[tokio::test(start_paused = true)]
async fn a_vendor_that_keeps_to_its_own_resources() {
    let policy = document(&[
        json!({"Effect": "Allow", "Action": ["lambda:UpdateFunctionCode", "lambda:InvokeFunction", "lambda:AddPermission"],
            "Resource": "arn:aws:lambda:*:111111111111:function:vendor-*"}),
        json!({"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "secretsmanager:PutResourcePolicy"], "Resource": "arn:aws:secretsmanager:*:111111111111:secret:vendor/*"}),
        json!({"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::vendor-data", "arn:aws:s3:::vendor-data/*"]}),
        json!({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:111111111111:table/vendor-*"}),
    ]);
    check_made(&Stack::new(), &json!({"CustomPolicy": policy}), &expect![[""]]).await;
}
