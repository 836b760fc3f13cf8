//! What a failed call is: what it means to us, whether it may pass, and a sentence with what to do.

use std::fmt;
use std::time::Duration;

use aws_sdk_iam::config::http::HttpResponse;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::operation::RequestId;

use super::denial::DeniedBy;
use super::{Patience, quota};

/// How long IAM may take to show a role everywhere that was just created. Usually it is seconds.
const PROPAGATION: Duration = Duration::from_secs(15);

/// How long a trusted account or a policy that IAM does not know is believed to be a passing fault: IAM
/// answers so for a short while after it was made, and for good when there is none.
const DOUBT: Duration = Duration::from_secs(6);

/// For how long a failure is worth trying again.
pub(super) enum Passing {
    No,
    Within(Duration),
    AnyTime,
}

/// What a failure means to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Some policy does not allow the call.
    Denied,
    /// The role is not there.
    NoSuchRole,
    /// Something that the call names, other than the role, is not there.
    NoSuchPolicy,
    /// A role of that name is there already.
    AlreadyExists,
    /// Something still holds the role.
    DeleteConflict,
    /// Too many calls at once.
    Throttled,
    /// Another change to the same role is under way.
    Busy,
    /// No answer, or one that says nothing but that AWS has a problem.
    Unavailable,
    /// The trust policy names an account that IAM does not know.
    UnknownPrincipal,
    /// IAM does not take the policy that was sent.
    MalformedPolicy,
    /// A quota of the account, or one that nobody can have raised.
    LimitExceeded,
    /// Anything else; AWS's message must do.
    Other,
}

/// A call that failed for good. Displays as a sentence with what to do and AWS's request ID.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Failure {
    /// The permission that the call needs, such as `iam:CreateRole`.
    pub action: &'static str,
    /// What it means to us.
    pub kind: Kind,
    message: String,
    request_id: Option<String>,
    attempts: u32,
}

const NO_ANSWER: &str = "no answer came";

impl Failure {
    pub(super) fn of<E: ProvideErrorMetadata>(
        action: &'static str,
        attempts: u32,
        error: &SdkError<E, HttpResponse>,
    ) -> Self {
        let message = error.message().map(without_quoted_values).unwrap_or_default();
        let status = error.raw_response().map(|response| response.status().as_u16());
        let kind = match (error.code(), status) {
            (Some("AccessDenied" | "AccessDeniedException"), _) => Kind::Denied,
            (Some("NoSuchEntity"), _) if is_about_a_policy(&message) => Kind::NoSuchPolicy,
            (Some("NoSuchEntity"), _) => Kind::NoSuchRole,
            (Some("EntityAlreadyExists"), _) => Kind::AlreadyExists,
            (Some("DeleteConflict"), _) => Kind::DeleteConflict,
            (Some("ConcurrentModification" | "EntityTemporarilyUnmodifiable"), _) => Kind::Busy,
            (Some("LimitExceeded"), _) => Kind::LimitExceeded,
            (Some("MalformedPolicyDocument"), _) if message.contains("Invalid principal") => Kind::UnknownPrincipal,
            (Some("MalformedPolicyDocument"), _) => Kind::MalformedPolicy,
            (
                Some(
                    "Throttling"
                    | "ThrottlingException"
                    | "RequestLimitExceeded"
                    | "TooManyRequestsException"
                    | "SlowDown",
                ),
                _,
            )
            | (_, Some(429)) => Kind::Throttled,
            (_, Some(500..)) | (Some("RequestTimeout" | "RequestExpired"), _) => Kind::Unavailable,
            _ if !matches!(error, SdkError::ServiceError(_) | SdkError::ConstructionFailure(_)) => Kind::Unavailable,
            _ => Kind::Other,
        };
        // AWS's words quote all that was signed, the session token among it.
        let tells_secrets = matches!(error.code(), Some("SignatureDoesNotMatch" | "IncompleteSignature"));
        let message = match (message.is_empty() || tells_secrets, error.code()) {
            (false, _) => message,
            (true, Some(code)) => code.to_owned(),
            (true, None) => NO_ANSWER.to_owned(),
        };
        Self { action, kind, message, request_id: error.request_id().map(ToOwned::to_owned), attempts }
    }

    pub(super) fn unanswered(action: &'static str, attempts: u32) -> Self {
        Self { action, kind: Kind::Unavailable, message: NO_ANSWER.to_owned(), request_id: None, attempts }
    }

    /// A role that must be there was not seen in so many attempts.
    pub fn never_seen(action: &'static str, attempts: u32) -> Self {
        let message = "the role is there, but IAM does not show it yet".to_owned();
        Self { action, kind: Kind::Unavailable, message, request_id: None, attempts }
    }

    pub(super) fn may_pass(&self, patience: Patience) -> Passing {
        match self.kind {
            Kind::Throttled | Kind::Busy | Kind::Unavailable => Passing::AnyTime,
            Kind::UnknownPrincipal => Passing::Within(DOUBT),
            Kind::NoSuchRole | Kind::Denied if patience == Patience::Settling => Passing::Within(PROPAGATION),
            Kind::NoSuchPolicy | Kind::NoSuchRole if patience == Patience::JustMade => Passing::Within(DOUBT),
            _ => Passing::No,
        }
    }
}

impl Failure {
    /// Whether it tells how things are, as a success would: callers go on from there.
    pub(super) fn is_an_answer(&self) -> bool {
        match self.kind {
            Kind::NoSuchRole | Kind::NoSuchPolicy | Kind::AlreadyExists | Kind::DeleteConflict => true,
            // Whether the role lets us in is what is asked there.
            Kind::Denied => self.action == "sts:AssumeRole" && !self.denied_by().is_some_and(DeniedBy::is_the_callers),
            _ => false,
        }
    }

    /// What AWS said, or what was seen instead of an answer. One line, without a full stop.
    pub fn said(&self) -> &str {
        self.message.trim_end_matches('.')
    }

    /// AWS's ID of the request, if an answer came.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Whose policy denied the call; none when it was not denied.
    pub fn denied_by(&self) -> Option<DeniedBy> {
        (self.kind == Kind::Denied).then(|| DeniedBy::read(&self.message))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, attempts, .. } = self;
        let message = self.said();
        match self.kind {
            Kind::Denied => {
                let remedy = DeniedBy::read(message).remedy(action, message.contains("explicit deny"));
                write!(f, "{action} was denied: {message}. {remedy}")
            }
            Kind::NoSuchPolicy => {
                write!(f, "{action} names a policy that does not exist: {message}. Check its ARN in the template")
            }
            Kind::NoSuchRole => write!(f, "{action} found no role: {message}. Update the stack again"),
            Kind::AlreadyExists => write!(f, "{action} found the name taken: {message}. Choose another RoleName"),
            Kind::DeleteConflict => write!(f, "{action} found the role still in use: {message}"),
            Kind::Throttled => write!(
                f,
                "{action} was throttled by AWS in all {attempts} attempts: {message}. Try again when the account is quieter"
            ),
            Kind::Busy => write!(
                f,
                "{action} met another change to the same role in all {attempts} attempts: {message}. Try again when that is done"
            ),
            Kind::Unavailable => {
                write!(f, "{action} got no usable answer from AWS in {attempts} attempts: {message}. Try again later")
            }
            Kind::UnknownPrincipal => {
                let number = account_in(message).map_or_else(String::new, |account| format!(", {account}"));
                write!(
                    f,
                    "{action} was refused since IAM knows no account of that number{number}: {message}. Check \
                     ExternalAwsAccountId with the provider: the account was closed, or a digit is wrong"
                )
            }
            Kind::MalformedPolicy if *action == "iam:PutRolePolicy" => {
                write!(f, "{action} was refused since IAM does not take the policy: {message}. Correct CustomPolicy")
            }
            Kind::MalformedPolicy => {
                write!(
                    f,
                    "{action} was refused since IAM does not take the trust policy: {message}. Check what the \
                     properties say about who is let in"
                )
            }
            Kind::LimitExceeded => match quota::explained(message) {
                Some(explained) => write!(f, "{action} would pass a quota of IAM's ({message}): {explained}"),
                None => write!(
                    f,
                    "{action} would pass a quota of IAM's: {message}. Remove something, or have the quota raised in \
                     Service Quotas"
                ),
            },
            Kind::Other => write!(f, "{action} failed: {message}"),
        }?;
        match &self.request_id {
            Some(id) => write!(f, " (AWS request ID {id})."),
            None => f.write_str("."),
        }
    }
}

/// The account that IAM names in `Invalid principal in policy: "AWS":"arn:aws:iam::222222222222:root"`.
fn account_in(message: &str) -> Option<&str> {
    let (_, after) = message.split_once(":iam::")?;
    let account = after.get(..12)?;
    account.bytes().all(|byte| byte.is_ascii_digit()).then_some(account)
}

/// IAM tells by the wording alone what it is that does not exist; a role may have "policy" in its name.
fn is_about_a_policy(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["policy ", "the policy", "the role policy", "scope arn"].iter().any(|start| message.starts_with(start))
}

/// IAM's validation messages quote what was sent, whole trust policies included. All goes from the
/// first quotation to the end of the last: what is quoted may hold what looks like an end.
fn without_quoted_values(message: &str) -> String {
    let Some((before, rest)) = message.split_once("Value '") else { return message.to_owned() };
    let after = rest.rfind("' at '").map_or("", |end| &rest[end + 1..]);
    format!("{before}the value{after}")
}

#[cfg(test)]
mod tests {
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

    #[expect(clippy::needless_pass_by_value, reason = "as every check takes what it expects")]
    fn check(action: &'static str, code: &str, message: &str, told: Expect) {
        told.assert_eq(&format!("{}\n", failure(action, 400, code, message)));
    }

    /// What follows AWS's own words when the call was denied with these.
    fn after_a_denial(because: &str) -> String {
        let message = format!(
            "User: arn:aws:sts::111111111111:assumed-role/function/x is not authorized to perform: iam:CreateRole on resource: \
             arn:aws:iam::111111111111:role/delegated/Acme{because}"
        );
        let failure = failure("iam:CreateRole", 403, "AccessDenied", &message);
        assert_eq!(failure.kind, Kind::Denied);
        let told = failure.to_string();
        let rest =
            told.strip_prefix(&format!("iam:CreateRole was denied: {message}. ")).expect("AWS's words are told whole");
        let remedy = rest.strip_suffix(" (AWS request ID 7c1d5e0a).").expect("with what AWS's support asks for");
        format!("{}:\n  {remedy}.\n", because.trim())
    }

    #[test]
    fn a_denial_tells_whose_policy_it_was_and_who_can_help() {
        let told: String = [
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
        .map(after_a_denial)
        .concat();
        expect![[r"
            because no identity-based policy allows the iam:CreateRole action:
              The function's role lacks iam:CreateRole on what AWS names. The function's owner can bring the function's stack up to date, or allow it in a policy of that role; the owner's limits (path prefix, boundary, managed policies) stand there, too.
            with an explicit deny in an identity-based policy: arn:aws:iam::111111111111:policy/p:
              A policy of the function's own role denies iam:CreateRole there. The function's owner can change it, if that is not one of the owner's limits; to allow it elsewhere does not help.
            because no permissions boundary allows the iam:CreateRole action:
              The permissions boundary of the function's role leaves iam:CreateRole out. Whoever set that boundary must allow it there, too, or give the function's role another one.
            with an explicit deny in a permissions boundary: arn:aws:iam::111111111111:policy/b:
              The permissions boundary of the function's role denies iam:CreateRole there. Whoever set that boundary must except the function's role, or give it another one.
            because no service control policy allows the iam:CreateRole action:
              The service control policies of the organization do not allow iam:CreateRole in this account. Only the organization's administrators can change that: nothing in this account can.
            with an explicit deny in a service control policy: arn:aws:organizations::999999999999:policy/o-a1b2c3d4e5/service_control_policy/p-12345678:
              A service control policy of the organization denies iam:CreateRole. Only the organization's administrators can except the function's role from it: nothing in this account can.
            with an explicit deny in a resource control policy:
              A resource control policy of the organization that the resource belongs to stops iam:CreateRole. Only that organization's administrators can except the function's role from it.
            because no resource-based policy allows the iam:CreateRole action:
              The resource's own policy stops it. Whoever owns what AWS names must let the function's role in.
            because no session policy allows the iam:CreateRole action:
              The credentials that the function runs with are narrowed by a session policy. Lambda sets none by itself: whoever hands them out must leave iam:CreateRole in.
            because no VPC endpoint policy allows the iam:CreateRole action:
              The policy of the VPC endpoint that the call went through stops iam:CreateRole. Whoever runs that network must allow it there for the function's role.
            with an explicit deny:
              AWS does not say which policy denies it. Look for a Deny of iam:CreateRole in the service control policies of the organization, then in the policies and the permissions boundary of the function's role.
            :
              AWS does not say which policy is in the way. See first whether a policy of the function's role allows iam:CreateRole, then its permissions boundary and the service control policies of the organization.
        "]].assert_eq(&told);
    }

    #[test]
    fn a_quota_is_told_with_its_number_and_what_counts_towards_it() {
        for (action, message, told) in [
            (
                "iam:AttachRolePolicy",
                "Cannot exceed quota for PoliciesPerRole: 10",
                expect![[r#"
                    iam:AttachRolePolicy would pass a quota of IAM's (Cannot exceed quota for PoliciesPerRole: 10): a role of this account may have at most 10 managed policies, those counted that others attached. Take some out of ManagedPolicyArns, put them together in one policy, or have "Managed policies per role" raised in Service Quotas (AWS request ID 7c1d5e0a).
                "#]],
            ),
            (
                "iam:CreateRole",
                "Cannot exceed quota for ACLSizePerRole: 2048",
                expect![[r#"
                iam:CreateRole would pass a quota of IAM's (Cannot exceed quota for ACLSizePerRole: 2048): a trust policy of this account may have at most 2048 characters, white space not counted. Name fewer or shorter AllowedPrincipalArns, SourceIps, ExternalAwsAccountId or ExternalId, or have "Role trust policy length" raised in Service Quotas (AWS request ID 7c1d5e0a).
            "#]],
            ),
            (
                "iam:CreateRole",
                "Cannot exceed quota for RolesPerAccount: 1000",
                expect![[r#"
                iam:CreateRole would pass a quota of IAM's (Cannot exceed quota for RolesPerAccount: 1000): this account may have at most 1000 roles, and has them. Delete some that nobody uses, or have "Roles per account" raised in Service Quotas (AWS request ID 7c1d5e0a).
            "#]],
            ),
            (
                "iam:PutRolePolicy",
                "Maximum policy size of 10240 bytes exceeded for role Acme",
                expect![[r"
                    iam:PutRolePolicy would pass a quota of IAM's (Maximum policy size of 10240 bytes exceeded for role Acme): all inline policies of a role together may have at most 10240 characters, white space not counted, and AWS raises that for nobody. Shorten CustomPolicy, move some of it to a managed policy (ManagedPolicyArns), or take off what others put on the role (AWS request ID 7c1d5e0a).
                "]],
            ),
            (
                "iam:TagRole",
                "The number of tags has reached the maximum limit.",
                expect![[r"
                iam:TagRole would pass a quota of IAM's: The number of tags has reached the maximum limit. Remove something, or have the quota raised in Service Quotas (AWS request ID 7c1d5e0a).
            "]],
            ),
            (
                "iam:CreateRole",
                "Cannot exceed quota for Novelties: 7",
                expect![[r"
                iam:CreateRole would pass a quota of IAM's: Cannot exceed quota for Novelties: 7. Remove something, or have the quota raised in Service Quotas (AWS request ID 7c1d5e0a).
            "]],
            ),
        ] {
            check(action, "LimitExceeded", message, told);
        }
    }

    #[test]
    fn what_the_template_got_wrong_is_told_with_the_property() {
        for (action, code, message, told) in [
            (
                "iam:CreateRole",
                "MalformedPolicyDocument",
                "Invalid principal in policy: \"AWS\":\"arn:aws:iam::222222222222:root\"",
                expect![[r#"
                    iam:CreateRole was refused since IAM knows no account of that number, 222222222222: Invalid principal in policy: "AWS":"arn:aws:iam::222222222222:root". Check ExternalAwsAccountId with the provider: the account was closed, or a digit is wrong (AWS request ID 7c1d5e0a).
                "#]],
            ),
            (
                "iam:CreateRole",
                "MalformedPolicyDocument",
                "Invalid principal in policy",
                expect![[r"
                iam:CreateRole was refused since IAM knows no account of that number: Invalid principal in policy. Check ExternalAwsAccountId with the provider: the account was closed, or a digit is wrong (AWS request ID 7c1d5e0a).
            "]],
            ),
            (
                "iam:PutRolePolicy",
                "MalformedPolicyDocument",
                "The policy failed legacy parsing",
                expect![[r"
                iam:PutRolePolicy was refused since IAM does not take the policy: The policy failed legacy parsing. Correct CustomPolicy (AWS request ID 7c1d5e0a).
            "]],
            ),
            (
                "iam:UpdateAssumeRolePolicy",
                "MalformedPolicyDocument",
                "Has prohibited field Resource",
                expect![[r"
                iam:UpdateAssumeRolePolicy was refused since IAM does not take the trust policy: Has prohibited field Resource. Check what the properties say about who is let in (AWS request ID 7c1d5e0a).
            "]],
            ),
            (
                "iam:AttachRolePolicy",
                "NoSuchEntity",
                "Policy arn:aws:iam::aws:policy/Nonsense does not exist or is not attachable.",
                expect![[r"
                    iam:AttachRolePolicy names a policy that does not exist: Policy arn:aws:iam::aws:policy/Nonsense does not exist or is not attachable. Check its ARN in the template (AWS request ID 7c1d5e0a).
                "]],
            ),
            (
                "iam:CreateRole",
                "EntityAlreadyExists",
                "Role with name Acme already exists.",
                expect![[r"
                iam:CreateRole found the name taken: Role with name Acme already exists. Choose another RoleName (AWS request ID 7c1d5e0a).
            "]],
            ),
        ] {
            check(action, code, message, told);
        }
    }

    #[test]
    fn what_may_pass_is_told_with_the_attempts() {
        for (action, code, message, told) in [
            (
                "iam:CreateRole",
                "Throttling",
                "Rate exceeded",
                expect![[r"
                iam:CreateRole was throttled by AWS in all 3 attempts: Rate exceeded. Try again when the account is quieter (AWS request ID 7c1d5e0a).
            "]],
            ),
            (
                "iam:TagRole",
                "ConcurrentModification",
                "multiple requests to change this object",
                expect![[r"
                iam:TagRole met another change to the same role in all 3 attempts: multiple requests to change this object. Try again when that is done (AWS request ID 7c1d5e0a).
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
                    iam:DeleteRole found the role still in use: Cannot delete entity, must detach all policies first (AWS request ID 7c1d5e0a).
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
            check(action, code, message, told);
        }
    }

    #[test]
    fn a_signature_that_is_refused_is_not_quoted() {
        let message =
            "The Canonical String for this request should have been 'POST / x-amz-security-token:IQoJb3JpZ2lu'";
        let told = failure("iam:GetRole", 403, "SignatureDoesNotMatch", message).to_string();
        assert_eq!(told, "iam:GetRole failed: SignatureDoesNotMatch (AWS request ID 7c1d5e0a).");
    }

    #[test]
    fn a_message_does_not_quote_what_was_sent() {
        let message = "1 validation error detected: Value 'my-external-id' at 'assumeRolePolicyDocument' failed to \
                       satisfy constraint; Value 'x' at 'roleName' is bad";
        assert_eq!(without_quoted_values(message), "1 validation error detected: the value at 'roleName' is bad");
        assert_eq!(without_quoted_values("Value 'never closed"), "the value");
    }
}
