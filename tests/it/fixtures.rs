//! Names, properties and policy documents that many tests use.

use serde_json::{Map, Value, json};

/// The account in which the function is installed.
pub(crate) const ACCOUNT: &str = "111111111111";
pub(crate) const FUNCTION: &str = "arn:aws:lambda:us-east-1:111111111111:function:service-provider-access";

/// The account of the provider, and that of another provider.
pub(crate) const PROVIDER: &str = "222222222222";
pub(crate) const OTHER_PROVIDER: &str = "333333333333";

/// External IDs of the provider.
pub(crate) const ID: &str = "an-external-id-of-the-provider";
pub(crate) const OTHER_ID: &str = "another-external-id-of-the-provider";

/// AWS managed policies.
pub(crate) const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
pub(crate) const AUDIT: &str = "arn:aws:iam::aws:policy/SecurityAudit";
pub(crate) const DENY_ALL: &str = "arn:aws:iam::aws:policy/AWSDenyAll";
pub(crate) const EC2: &str = "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess";
pub(crate) const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
pub(crate) const S3: &str = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

/// The reason of a denial that is final. The function waits for its own policy, but not for other policies.
pub(crate) const SCP_DENIAL: &str = "with an explicit deny in a service control policy";

/// The inline policies that the function writes besides `CustomPolicy`.
pub(crate) const GUARDRAILS: &str = "ServiceProviderAccessGuardrails";
pub(crate) const REVOCATION: &str = "AWSRevokeOlderSessions";

/// The tags that the function writes.
pub(crate) const STACK_TAG: &str = "service-provider-access:stack-id";
pub(crate) const LOGICAL_ID_TAG: &str = "service-provider-access:logical-id";
pub(crate) const EXTERNAL_ID_TAG: &str = "service-provider-access:external-id";
pub(crate) const REVOKE_TAG: &str = "service-provider-access:revoke";
/// Records the last write, and its request.
pub(crate) const STATE_TAG: &str = "service-provider-access:state";

/// The first write of each update of the role `Auditor`.
pub(crate) const RECORD: &str = "TagRole Auditor service-provider-access:state";
/// The same in an update that ends sessions.
pub(crate) const RECORD_AND_MARK: &str = "TagRole Auditor service-provider-access:revoke,service-provider-access:state";

/// A policy document with one statement.
pub(crate) fn policy(statement: impl Into<Value>) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement.into()]})
}

pub(crate) fn allow(action: &str, resource: &str) -> Value {
    policy(json!({"Effect": "Allow", "Action": action, "Resource": resource}))
}

pub(crate) fn deny(action: &str) -> Value {
    policy(json!({"Effect": "Deny", "Action": action, "Resource": "*"}))
}

/// What administrators have.
pub(crate) fn allow_everything() -> Value {
    allow("*", "*")
}

/// A policy that is neither broad nor empty.
pub(crate) fn read_bucket() -> Value {
    allow("s3:GetObject", "arn:aws:s3:::reports/*")
}

/// The trust policy of a role that the provider can assume with this external ID.
pub(crate) fn trust(external_id: &str) -> Value {
    policy(json!({
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{PROVIDER}:root")},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }))
}

/// A trust policy that trusts everybody.
pub(crate) fn trust_everybody() -> Value {
    policy(json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}))
}

/// `base` with the changes in `difference`; null removes a field (JSON Merge Patch, RFC 7396).
pub(crate) fn merged(base: Value, difference: &Value) -> Value {
    let Value::Object(changes) = difference else { return difference.clone() };
    let mut fields = if let Value::Object(fields) = base { fields } else { Map::new() };
    for (name, change) in changes {
        let before = fields.remove(name).unwrap_or_default();
        if !change.is_null() {
            fields.insert(name.clone(), merged(before, change));
        }
    }
    Value::Object(fields)
}
