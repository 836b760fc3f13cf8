//! Vendors that scan disks and databases without an agent: they make snapshots, and share them.

use expect_test::expect;
use serde_json::json;

use super::{check_made, document};
use crate::fixtures::{AUDIT, PROVIDER};
use crate::stack::Stack;

/// Snapshots are shared with the scanner's account alone, by conditions that the judgement does not count: it warns.
#[tokio::test(start_paused = true)]
async fn an_agentless_scanner_shares_snapshots_of_disks() {
    let policy = document(&[
        json!({"Sid": "Look", "Effect": "Allow", "Action": ["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"], "Resource": "*"}),
        json!({"Sid": "Snap", "Effect": "Allow", "Action": ["ec2:CreateSnapshot", "ec2:CreateTags"],
            "Resource": ["arn:aws:ec2:*:*:volume/*", "arn:aws:ec2:*::snapshot/*"]}),
        json!({"Sid": "Share", "Effect": "Allow", "Action": "ec2:ModifySnapshotAttribute", "Resource": "arn:aws:ec2:*::snapshot/*",
            "Condition": {"StringEquals": {"aws:ResourceTag/Scanner": "true", "ec2:Add/userId": PROVIDER}}}),
        json!({"Sid": "Clean", "Effect": "Allow", "Action": "ec2:DeleteSnapshot", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/Scanner": "true"}}}),
        json!({"Sid": "Grant", "Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*",
            "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}, "StringLike": {"kms:ViaService": "ec2.*.amazonaws.com"}}}),
    ]);
    let made = check_made(
        &Stack::new(),
        &json!({
            "CustomPolicy": policy, "ManagedPolicyArns": AUDIT, "MaxSessionDuration": 43_200,
            "AllowedPrincipalArns": "arn:aws:iam::222222222222:role/scanner/Scanner",
        }),
        &expect![[r"
            MaxSessionDuration is 43200 seconds, but a provider that calls from a role session (role chaining) gets one hour at most. [role-chaining]
            CustomPolicy shares resources or changes their policies: statements 3 and 5 allow kms:CreateGrant, ec2:ModifySnapshotAttribute on *, arn:aws:ec2:*::snapshot/*. [exposes]"]],
    )
    .await;
    assert_eq!(made.max_session_duration, 43_200);
}

/// What is named is not everything: one key, the snapshots of one Region that begin with the vendor's name.
#[tokio::test(start_paused = true)]
async fn a_scanner_that_shares_only_its_own_snapshots() {
    let policy = document(&[
        json!({"Effect": "Allow", "Action": ["rds:CopyDBSnapshot", "rds:ModifyDBSnapshotAttribute", "rds:DeleteDBSnapshot"],
            "Resource": "arn:aws:rds:eu-west-1:111111111111:snapshot:scanner-*"}),
        json!({"Effect": "Allow", "Action": ["kms:CreateGrant", "kms:ReEncrypt*"],
            "Resource": "arn:aws:kms:eu-west-1:111111111111:key/11111111-2222-3333-4444-555555555555"}),
    ]);
    check_made(&Stack::new(), &json!({"CustomPolicy": policy}), &expect![[""]]).await;
}

/// The same for every database, image and key.
#[tokio::test(start_paused = true)]
async fn a_scanner_that_shares_every_snapshot() {
    let policy = document(&[
        json!({"Sid": "Databases", "Effect": "Allow", "Action": ["rds:ModifyDBSnapshotAttribute", "rds:ModifyDBClusterSnapshotAttribute"],
            "Resource": ["arn:aws:rds:*:111111111111:snapshot:*", "arn:aws:rds:*:111111111111:cluster-snapshot:*"]}),
        json!({"Sid": "Images", "Effect": "Allow", "Action": ["ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute"], "Resource": "*"}),
        json!({"Sid": "Keys", "Effect": "Allow", "Action": ["kms:CreateGrant", "kms:PutKeyPolicy"], "Resource": "arn:aws:kms:*:111111111111:key/*"}),
        json!({"Sid": "Blocks", "Effect": "Allow", "Action": ["ebs:GetSnapshotBlock", "ebs:ListSnapshotBlocks"], "Resource": "arn:aws:ec2:*::snapshot/*"}),
    ]);
    check_made(&Stack::new(), &json!({"CustomPolicy": policy}), &expect![[r"
        CustomPolicy shares resources or changes their policies: statements 1, 2 and 3 allow 6 actions, such as kms:CreateGrant, kms:PutKeyPolicy, ec2:ModifyImageAttribute, on *, arn:aws:kms:*:111111111111:key/*, arn:aws:rds:*:111111111111:snapshot:* and 1 more. [exposes]
        CustomPolicy reads data or obtains credentials: statement 4 (Sid Blocks) allows ebs:GetSnapshotBlock on arn:aws:ec2:*::snapshot/*. [reads-data]"]]).await;
}
