//! The policy of the bucket with the code for an organization: no delegated role changes the code, in whatever account it
//! is, whatever it is allowed there.

use serde_json::{Value, json};

use super::deployed;
use super::judge::{Call, Judge};
use crate::template::Deployment;

const BUCKET: &str = "arn:aws:s3:::code-us-east-1";
const OBJECT: &str = "arn:aws:s3:::code-us-east-1/service-provider-access/x86_64/0a1b.zip";

fn bucket() -> Deployment {
    Deployment::of_organization_template().with("OrganizationId", "o-a1b2c3d4e5").with("CodeBucketPrefix", "code")
}

/// Of a principal that is allowed everything in the account of the bucket: only what its policy denies is denied.
fn judge(bucket: &Deployment) -> Judge {
    let policy = bucket.resolved("/Resources/BucketPolicy/Properties/PolicyDocument");
    let mut statements = policy["Statement"].as_array().unwrap().clone();
    for statement in &mut statements {
        assert_eq!(statement.as_object_mut().unwrap().remove("Principal"), Some(Value::from("*")));
    }
    statements.push(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    Judge::of(&json!({"Version": "2012-10-17", "Statement": statements}))
}

/// By a role of this path and name, in this account, over TLS, and so that no object is replaced.
fn call(action: &str, resource: &str, account: &str, role: &str) -> Call {
    Call::on(action, resource)
        .with("aws:PrincipalArn", &format!("arn:aws:iam::{account}:role{role}"))
        .with("aws:SecureTransport", "true")
        .with("s3:if-none-match", "*")
}

const WRITES: [(&str, &str); 9] = [
    ("s3:PutObject", OBJECT),
    ("s3:DeleteObject", OBJECT),
    ("s3:DeleteObjectVersion", OBJECT),
    ("s3:RestoreObject", OBJECT),
    ("s3:BypassGovernanceRetention", OBJECT),
    ("s3:DeleteBucketPolicy", BUCKET),
    ("s3:PutBucketPolicy", BUCKET),
    ("s3:PutLifecycleConfiguration", BUCKET),
    ("s3:WhateverComesNext", BUCKET),
];

#[test]
fn no_delegated_role_writes_the_code() {
    let judge = judge(&bucket());
    for account in ["111111111111", "222222222222"] {
        for role in ["/delegated/acme", "/delegated/team/acme"] {
            for (action, resource) in WRITES {
                judge.must_deny(&call(action, resource, account, role));
            }
            judge.must_allow(&call("s3:GetObject", OBJECT, account, role));
            judge.must_allow(&call("s3:ListBucket", BUCKET, account, role));
        }
        for role in ["/publisher", "/delegated", "/delegated-publisher/x", "/publishers/delegated/x"] {
            for (action, resource) in WRITES {
                judge.must_allow(&call(action, resource, account, role));
            }
        }
    }
}

#[test]
fn the_prefix_is_that_of_the_stack_sets() {
    let judge = judge(&bucket().with("RolePathPrefix", "/partners/eu/"));
    judge.must_deny(&call("s3:PutObject", OBJECT, "111111111111", "/partners/eu/acme"));
    judge.must_allow(&call("s3:PutObject", OBJECT, "111111111111", "/delegated/acme"));
    let judge = self::judge(&bucket().with("RolePathPrefix", "/").with("RoleNamePrefix", "acme-"));
    judge.must_deny(&call("s3:PutObject", OBJECT, "111111111111", "/acme-x"));
    judge.must_allow(&call("s3:PutObject", OBJECT, "111111111111", "/publisher"));
    assert_eq!(bucket().with("RolePathPrefix", "/").broken_rules().len(), 1);
    for limit in [
        "RolePathPrefix/Default",
        "RolePathPrefix/AllowedPattern",
        "RolePathPrefix/MaxLength",
        "RolePathPrefix/ConstraintDescription",
        "RoleNamePrefix/Default",
        "RoleNamePrefix/AllowedPattern",
        "RoleNamePrefix/ConstraintDescription",
    ] {
        let declared = |template: &Deployment| template.declared(&format!("/Parameters/{limit}")).clone();
        assert_eq!(declared(&bucket()), declared(&deployed()));
    }
}
