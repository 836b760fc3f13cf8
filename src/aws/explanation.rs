//! A failed call as a sentence and a code: what happened, AWS's message, and what to do.

use std::fmt;

use delegated_role_core::findings::{Code, Finding};

use super::denial::DeniedBy;
use super::failure::{Failure, Kind};
use super::quota;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, attempts, .. } = self;
        let message = self.message();
        match self.kind {
            Kind::Denied => {
                let remedy = DeniedBy::read(message).remedy(action, message.contains("explicit deny"));
                write!(f, "{action} was denied: {message}. {remedy}")
            }
            Kind::NoSuchPolicy => {
                write!(f, "{action} failed because a policy does not exist: {message}. Check its ARN in the template")
            }
            Kind::NoSuchRole => {
                write!(f, "{action} failed because the role does not exist: {message}. Update the stack again")
            }
            Kind::AlreadyExists => {
                write!(f, "{action} failed because the name is taken: {message}. Choose another RoleName")
            }
            Kind::DeleteConflict => write!(f, "{action} failed because the role is still in use: {message}"),
            Kind::Throttled => write!(
                f,
                "AWS throttled {action} in {attempts} attempts: {message}. Try again when fewer calls are made in this account"
            ),
            Kind::Busy => write!(
                f,
                "{action} failed in {attempts} attempts because another change to the same role is in progress: {message}. Try again \
                 when that change is complete"
            ),
            Kind::WrongClock => write!(
                f,
                "{action} failed in {attempts} attempts because the function's clock differs from that of AWS: {message}. Try \
                 again later"
            ),
            Kind::Unavailable => {
                write!(f, "{action} got no usable answer from AWS in {attempts} attempts: {message}. Try again later")
            }
            Kind::UnknownPrincipal => {
                let account = account_in(message).map_or_else(String::new, |account| format!(" {account}"));
                write!(
                    f,
                    "{action} failed because IAM does not know the account{account}: {message}. Check ExternalAwsAccountId with \
                     the provider: the account is closed, or a digit is wrong"
                )
            }
            Kind::MalformedPolicy if *action == "iam:PutRolePolicy" => {
                write!(f, "{action} failed because IAM rejects the policy: {message}. Correct CustomPolicy or Policies")
            }
            Kind::MalformedPolicy => {
                write!(
                    f,
                    "{action} failed because IAM rejects the trust policy: {message}. Check the properties that say who may \
                     assume the role"
                )
            }
            Kind::LimitExceeded => match quota::explain(message) {
                Some(explanation) => write!(f, "{action} would exceed an IAM quota ({message}): {explanation}"),
                None => write!(
                    f,
                    "{action} would exceed an IAM quota: {message}. Remove something, or request an increase in Service Quotas"
                ),
            },
            Kind::Other => write!(f, "{action} failed: {message}"),
        }?;
        match self.request_id() {
            Some(id) => write!(f, " (AWS request ID {id})."),
            None => f.write_str("."),
        }
    }
}

impl Kind {
    /// The code of a request that fails for it.
    fn code(self) -> Code {
        match self {
            Self::Denied => Code::Denied,
            Self::NoSuchRole => Code::RoleNotFound,
            Self::NoSuchPolicy => Code::PolicyNotFound,
            Self::AlreadyExists => Code::NameTaken,
            Self::DeleteConflict => Code::RoleInUse,
            Self::Throttled => Code::Throttled,
            Self::Busy => Code::ConcurrentChange,
            Self::WrongClock | Self::Unavailable => Code::Unavailable,
            Self::UnknownPrincipal => Code::UnknownAccount,
            Self::MalformedPolicy => Code::InvalidPolicy,
            Self::LimitExceeded => Code::QuotaExceeded,
            Self::Other => Code::CallFailed,
        }
    }
}

impl From<Failure> for Finding {
    fn from(failure: Failure) -> Self {
        Self::failure(failure.kind.code(), failure.to_string())
    }
}

/// The account that IAM names in `Invalid principal in policy: "AWS":"arn:aws:iam::222222222222:root"`.
fn account_in(message: &str) -> Option<&str> {
    let (_, after) = message.split_once(":iam::")?;
    let account = after.get(..12)?;
    account.bytes().all(|byte| byte.is_ascii_digit()).then_some(account)
}

#[cfg(test)]
mod tests {
    use aws_sdk_iam::config::http::HttpResponse;
    use aws_sdk_iam::error::SdkError;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;
    use expect_test::{Expect, expect};

    use super::*;

    fn failure(action: &'static str, status: u16, code: &str, message: &str) -> Failure {
        let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
        response.headers_mut().insert("x-amzn-requestid", "7c1d5e0a");
        let error = ErrorMetadata::builder().code(code).message(message).build();
        Failure::of(action, 3, &SdkError::service_error(error, response))
    }

    #[expect(clippy::needless_pass_by_value, reason = "every check takes its expected text")]
    fn check(action: &'static str, code: &str, message: &str, expected: Expect) {
        expected.assert_eq(&format!("{}\n", failure(action, 400, code, message)));
    }

    /// The remedy for a denial with this explanation of AWS.
    fn remedy_for(because: &str) -> String {
        let message = format!(
            "User: arn:aws:sts::111111111111:assumed-role/function/x is not authorized to perform: iam:CreateRole on resource: \
             arn:aws:iam::111111111111:role/delegated/Acme{because}"
        );
        let failure = failure("iam:CreateRole", 403, "AccessDenied", &message);
        assert_eq!(failure.kind, Kind::Denied);
        let text = failure.to_string();
        let start = format!("iam:CreateRole was denied: {message}. ");
        let rest = text.strip_prefix(&start).expect("AWS's whole message");
        let remedy = rest.strip_suffix(" (AWS request ID 7c1d5e0a).").expect("AWS's request ID");
        format!("{}:\n  {remedy}.\n", because.trim())
    }

    #[test]
    fn a_denial_says_whose_policy_it_was_and_who_can_change_it() {
        let remedies: String = [
            " because no identity-based policy allows the iam:CreateRole action",
            " with an explicit deny in an identity-based policy: arn:aws:iam::111111111111:policy/p",
            " because no permissions boundary allows the iam:CreateRole action",
            " with an explicit deny in a permissions boundary: arn:aws:iam::111111111111:policy/b",
            " because no service control policy allows the iam:CreateRole action",
            " with an explicit deny in a service control policy: arn:aws:organizations::999999999999:policy/o-a1b2c3d4e5/service_control_policy/p-12345678",
            " with an explicit deny in a resource control policy",
            " because no resource-based policy allows the iam:CreateRole action",
            " because no session policy allows the iam:CreateRole action",
            " because no VPC endpoint policy allows the iam:CreateRole action",
            " with an explicit deny",
            "",
        ]
        .map(remedy_for)
        .concat();
        expect![[r"
            because no identity-based policy allows the iam:CreateRole action:
              No policy of the function's role allows iam:CreateRole on the resource that AWS names. The function's owner must update the function's stack, or allow it in a policy of that role. The owner's limits (path prefix, boundary, managed policies) are enforced there too.
            with an explicit deny in an identity-based policy: arn:aws:iam::111111111111:policy/p:
              A policy of the function's role denies iam:CreateRole on that resource. The function's owner must change that policy, unless it enforces one of the owner's limits; an allow in another policy has no effect.
            because no permissions boundary allows the iam:CreateRole action:
              The permissions boundary of the function's role does not allow iam:CreateRole. The owner of the boundary must allow it there too, or set another boundary on the function's role.
            with an explicit deny in a permissions boundary: arn:aws:iam::111111111111:policy/b:
              The permissions boundary of the function's role denies iam:CreateRole. The owner of the boundary must exempt the function's role, or set another boundary on it.
            because no service control policy allows the iam:CreateRole action:
              The service control policies of the organization do not allow iam:CreateRole in this account. Only the administrators of the organization can change that.
            with an explicit deny in a service control policy: arn:aws:organizations::999999999999:policy/o-a1b2c3d4e5/service_control_policy/p-12345678:
              A service control policy of the organization denies iam:CreateRole. Only the administrators of the organization can exempt the function's role.
            with an explicit deny in a resource control policy:
              A resource control policy of the resource's organization denies iam:CreateRole. Only the administrators of that organization can exempt the function's role.
            because no resource-based policy allows the iam:CreateRole action:
              The policy of the resource that AWS names does not allow it. The owner of that resource must allow the function's role.
            because no session policy allows the iam:CreateRole action:
              The function's credentials have a session policy that does not allow iam:CreateRole. Lambda sets no session policy: the program that provides these credentials must allow it.
            because no VPC endpoint policy allows the iam:CreateRole action:
              The policy of the VPC endpoint does not allow iam:CreateRole. The owner of the network must allow it for the function's role.
            with an explicit deny:
              AWS does not say which policy denies it. Look for a Deny of iam:CreateRole in the service control policies of the organization, then in the policies and the permissions boundary of the function's role.
            :
              AWS does not say which policy lacks the permission. Check whether a policy of the function's role allows iam:CreateRole, then check its permissions boundary and the service control policies of the organization.
        "]].assert_eq(&remedies);
    }

    #[test]
    fn a_quota_is_explained_with_its_number_and_what_counts() {
        for (action, message, expected) in [
            (
                "iam:AttachRolePolicy",
                "Cannot exceed quota for PoliciesPerRole: 10",
                expect![[r#"
                    iam:AttachRolePolicy would exceed an IAM quota (Cannot exceed quota for PoliciesPerRole: 10): a role in this account may have at most 10 managed policies, including those that others attached. Remove some from ManagedPolicyArns, combine them into one policy, or request an increase of "Managed policies per role" in Service Quotas (AWS request ID 7c1d5e0a).
                "#]],
            ),
            (
                "iam:CreateRole",
                "Cannot exceed quota for ACLSizePerRole: 2048",
                expect![[r#"
                    iam:CreateRole would exceed an IAM quota (Cannot exceed quota for ACLSizePerRole: 2048): a trust policy in this account may have at most 2048 characters, not counting white space. Give fewer or shorter AllowedPrincipalArns, SourceIps, ExternalAwsAccountId or ExternalId, or request an increase of "Role trust policy length" in Service Quotas (AWS request ID 7c1d5e0a).
                "#]],
            ),
            (
                "iam:CreateRole",
                "Cannot exceed quota for RolesPerAccount: 1000",
                expect![[r#"
                    iam:CreateRole would exceed an IAM quota (Cannot exceed quota for RolesPerAccount: 1000): this account has the maximum of 1000 roles. Delete roles that are no longer used, or request an increase of "Roles per account" in Service Quotas (AWS request ID 7c1d5e0a).
                "#]],
            ),
            (
                "iam:PutRolePolicy",
                "Maximum policy size of 10240 bytes exceeded for role Acme",
                expect![[r"
                    iam:PutRolePolicy would exceed an IAM quota (Maximum policy size of 10240 bytes exceeded for role Acme): all inline policies of a role together may have at most 10240 characters, not counting white space, and AWS does not increase this quota. Shorten CustomPolicy and Policies, move parts of them to a managed policy (ManagedPolicyArns), or remove inline policies that others added to the role (AWS request ID 7c1d5e0a).
                "]],
            ),
            (
                "iam:TagRole",
                "The number of tags has reached the maximum limit.",
                expect![[r"
                    iam:TagRole would exceed an IAM quota: The number of tags has reached the maximum limit. Remove something, or request an increase in Service Quotas (AWS request ID 7c1d5e0a).
                "]],
            ),
            (
                "iam:CreateRole",
                "Cannot exceed quota for Novelties: 7",
                expect![[r"
                    iam:CreateRole would exceed an IAM quota: Cannot exceed quota for Novelties: 7. Remove something, or request an increase in Service Quotas (AWS request ID 7c1d5e0a).
                "]],
            ),
        ] {
            check(action, "LimitExceeded", message, expected);
        }
    }

    #[test]
    fn a_mistake_in_the_template_names_the_property() {
        for (action, code, message, expected) in [
            (
                "iam:CreateRole",
                "MalformedPolicyDocument",
                "Invalid principal in policy: \"AWS\":\"arn:aws:iam::222222222222:root\"",
                expect![[r#"
                    iam:CreateRole failed because IAM does not know the account 222222222222: Invalid principal in policy: "AWS":"arn:aws:iam::222222222222:root". Check ExternalAwsAccountId with the provider: the account is closed, or a digit is wrong (AWS request ID 7c1d5e0a).
                "#]],
            ),
            (
                "iam:CreateRole",
                "MalformedPolicyDocument",
                "Invalid principal in policy",
                expect![[r"
                    iam:CreateRole failed because IAM does not know the account: Invalid principal in policy. Check ExternalAwsAccountId with the provider: the account is closed, or a digit is wrong (AWS request ID 7c1d5e0a).
                "]],
            ),
            (
                "iam:PutRolePolicy",
                "MalformedPolicyDocument",
                "The policy failed legacy parsing",
                expect![[r"
                    iam:PutRolePolicy failed because IAM rejects the policy: The policy failed legacy parsing. Correct CustomPolicy or Policies (AWS request ID 7c1d5e0a).
                "]],
            ),
            (
                "iam:UpdateAssumeRolePolicy",
                "MalformedPolicyDocument",
                "Has prohibited field Resource",
                expect![[r"
                    iam:UpdateAssumeRolePolicy failed because IAM rejects the trust policy: Has prohibited field Resource. Check the properties that say who may assume the role (AWS request ID 7c1d5e0a).
                "]],
            ),
            (
                "iam:AttachRolePolicy",
                "NoSuchEntity",
                "Policy arn:aws:iam::aws:policy/Nonsense does not exist or is not attachable.",
                expect![[r"
                    iam:AttachRolePolicy failed because a policy does not exist: Policy arn:aws:iam::aws:policy/Nonsense does not exist or is not attachable. Check its ARN in the template (AWS request ID 7c1d5e0a).
                "]],
            ),
            (
                "iam:CreateRole",
                "EntityAlreadyExists",
                "Role with name Acme already exists.",
                expect![[r"
                    iam:CreateRole failed because the name is taken: Role with name Acme already exists. Choose another RoleName (AWS request ID 7c1d5e0a).
                "]],
            ),
        ] {
            check(action, code, message, expected);
        }
    }

    #[test]
    fn a_temporary_failure_says_how_often_it_was_tried() {
        for (action, code, message, expected) in [
            (
                "iam:CreateRole",
                "Throttling",
                "Rate exceeded",
                expect![[r"
                    AWS throttled iam:CreateRole in 3 attempts: Rate exceeded. Try again when fewer calls are made in this account (AWS request ID 7c1d5e0a).
                "]],
            ),
            (
                "iam:TagRole",
                "ConcurrentModification",
                "multiple requests to change this object",
                expect![[r"
                    iam:TagRole failed in 3 attempts because another change to the same role is in progress: multiple requests to change this object. Try again when that change is complete (AWS request ID 7c1d5e0a).
                "]],
            ),
            (
                "iam:GetRole",
                "RequestTimeout",
                "",
                expect![[r"
                iam:GetRole got no usable answer from AWS in 3 attempts: RequestTimeout. Try again later (AWS request ID 7c1d5e0a).
            "]],
            ),
            (
                "iam:DeleteRole",
                "DeleteConflict",
                "Cannot delete entity, must detach all policies first.",
                expect![[r"
                    iam:DeleteRole failed because the role is still in use: Cannot delete entity, must detach all policies first (AWS request ID 7c1d5e0a).
                "]],
            ),
            (
                "iam:CreateRole",
                "InvalidInput",
                "Duplicate tag keys found.",
                expect![[r"
                iam:CreateRole failed: Duplicate tag keys found (AWS request ID 7c1d5e0a).
            "]],
            ),
        ] {
            check(action, code, message, expected);
        }
    }

    #[test]
    fn the_message_about_a_wrong_signature_is_not_repeated() {
        let message =
            "The Canonical String for this request should have been 'POST / x-amz-security-token:IQoJb3JpZ2lu'";
        let text = failure("iam:GetRole", 403, "SignatureDoesNotMatch", message).to_string();
        assert_eq!(text, "iam:GetRole failed: SignatureDoesNotMatch (AWS request ID 7c1d5e0a).");
    }
}
