//! A failed call: what it means, whether a retry can help, and a sentence that says what to do.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_sdk_iam::config::http::HttpResponse;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::operation::RequestId;

use super::denial::DeniedBy;
use super::patience::Patience;
use super::quota;
use crate::connections::ConnectionFailure;
use delegated_role_core::findings::{Code, Finding};

/// How long IAM may take to return a new role everywhere. Usually it takes seconds.
const PROPAGATION: Duration = Duration::from_secs(15);

/// How long a call is retried when IAM does not know an account or a policy: IAM answers so for a short time after it
/// was made, and always when it does not exist.
const JUST_MADE: Duration = Duration::from_secs(6);

/// How long a denial by the function's own identity policy is retried, in all calls of a request together: the stack
/// operation that sends the request may have just changed that policy.
pub(super) const OWN_POLICY: Duration = Duration::from_secs(10);

/// Whether and how long a failed call is retried.
pub(super) enum Retry {
    No,
    /// For this time after the first attempt.
    Within(Duration),
    /// For [`OWN_POLICY`] after the first such failure of any call, or for this time after the first attempt.
    OwnPolicyOrWithin(Duration),
    UntilDeadline,
}

/// What a failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A policy denies the call, or none allows it.
    Denied,
    /// The role does not exist.
    NoSuchRole,
    /// Something else that the call names does not exist.
    NoSuchPolicy,
    /// A role of that name exists already.
    AlreadyExists,
    /// The role is still in use.
    DeleteConflict,
    /// Too many calls.
    Throttled,
    /// Another change to the same role is in progress.
    Busy,
    /// AWS rejects the signature because of the time in it: the function's clock is wrong, such as after a freeze.
    WrongClock,
    /// No answer, or one that says only that AWS has a problem.
    Unavailable,
    /// The trust policy names an account that IAM does not know.
    UnknownPrincipal,
    /// IAM rejects the policy.
    MalformedPolicy,
    /// A quota would be exceeded.
    LimitExceeded,
    /// Anything else.
    Other,
}

/// A call that failed. Displays as a sentence with what to do and AWS's request ID.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Failure {
    /// The permission that the call needs, such as `iam:CreateRole`.
    pub action: &'static str,
    /// What it means.
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
            (Some(code), _) if clock_error(code, &message).is_some() => Kind::WrongClock,
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
        // AWS's message quotes everything that was signed, including the session token.
        let quotes_secrets = matches!(error.code(), Some("SignatureDoesNotMatch" | "IncompleteSignature"));
        let message = match (message.is_empty() || quotes_secrets, error.code()) {
            (_, Some(code)) if kind == Kind::WrongClock => clock_error(code, &message).unwrap_or(code).to_owned(),
            (false, _) => message,
            (true, Some(code)) => code.to_owned(),
            (true, None) => without_message(error),
        };
        Self { action, kind, message, request_id: error.request_id().map(ToOwned::to_owned), attempts }
    }

    pub(super) fn unanswered(action: &'static str, attempts: u32) -> Self {
        Self { action, kind: Kind::Unavailable, message: NO_ANSWER.to_owned(), request_id: None, attempts }
    }

    /// IAM did not return a role that exists, in this number of attempts.
    pub fn never_seen(action: &'static str, attempts: u32) -> Self {
        let message = "IAM reports that the role exists but does not return it".to_owned();
        Self { action, kind: Kind::Unavailable, message, request_id: None, attempts }
    }

    pub(super) fn retry(&self, patience: Patience) -> Retry {
        match self.kind {
            Kind::Throttled | Kind::Busy | Kind::WrongClock | Kind::Unavailable => Retry::UntilDeadline,
            Kind::UnknownPrincipal => Retry::Within(JUST_MADE),
            Kind::Denied if self.denied_by() == Some(DeniedBy::IdentityPolicy) => {
                let settling = patience == Patience::Settling;
                Retry::OwnPolicyOrWithin(if settling { PROPAGATION } else { Duration::ZERO })
            }
            Kind::NoSuchRole | Kind::Denied if patience == Patience::Settling => Retry::Within(PROPAGATION),
            Kind::NoSuchPolicy | Kind::NoSuchRole if patience == Patience::JustMade => Retry::Within(JUST_MADE),
            _ => Retry::No,
        }
    }
}

impl Failure {
    /// Whether it is a usual answer about the state of a role, which callers handle.
    pub(super) fn is_an_answer(&self) -> bool {
        match self.kind {
            Kind::NoSuchRole | Kind::NoSuchPolicy | Kind::AlreadyExists | Kind::DeleteConflict => true,
            // Whether the role can be assumed is the question of an access check.
            Kind::Denied => self.action == "sts:AssumeRole" && !self.denied_by().is_some_and(DeniedBy::is_the_callers),
            _ => false,
        }
    }

    /// AWS's message, or what happened instead of an answer. One line, without a full stop.
    pub fn message(&self) -> &str {
        self.message.trim_end_matches('.')
    }

    /// AWS's ID of the request, if an answer came.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Whose policy denied the call. `None` if it was not denied.
    pub fn denied_by(&self) -> Option<DeniedBy> {
        (self.kind == Kind::Denied).then(|| DeniedBy::read(&self.message))
    }
}

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
                write!(f, "{action} failed because IAM rejects the policy: {message}. Correct CustomPolicy")
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
        match &self.request_id {
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

/// Why there is no message: AWS did not answer, or another server answered instead of AWS.
fn without_message<E>(error: &SdkError<E, HttpResponse>) -> String {
    if let Some(response) = error.raw_response() {
        return format!("HTTP status {}, and no error message from AWS", response.status().as_u16());
    }
    let SdkError::DispatchFailure(failure) = error else { return NO_ANSWER.to_owned() };
    let failure = failure.as_connector_error().and_then(|error| error.source()?.downcast_ref::<ConnectionFailure>());
    failure.map_or_else(|| NO_ANSWER.to_owned(), ToString::to_string)
}

/// The text of an error about the clock, without the times: AWS did not accept the time in the signature.
fn clock_error<'a>(code: &'a str, message: &str) -> Option<&'a str> {
    const SIGNATURE: [&str; 2] = ["SignatureDoesNotMatch", "InvalidSignatureException"];
    const PHRASES: [&str; 2] = ["Signature expired", "Signature not yet current"];
    let phrase = PHRASES.into_iter().find(|phrase| message.starts_with(phrase));
    match code {
        "RequestTimeTooSkewed" => Some(code),
        _ if SIGNATURE.contains(&code) && phrase.is_some() => phrase,
        // AWS uses this code for the clock and for other errors, and the message does not always say which.
        "InvalidSignatureException" => Some(code),
        _ => None,
    }
}

/// The account that IAM names in `Invalid principal in policy: "AWS":"arn:aws:iam::222222222222:root"`.
fn account_in(message: &str) -> Option<&str> {
    let (_, after) = message.split_once(":iam::")?;
    let account = after.get(..12)?;
    account.bytes().all(|byte| byte.is_ascii_digit()).then_some(account)
}

/// Only the text of IAM's message says what does not exist. A role can have "policy" in its name.
fn is_about_a_policy(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["policy ", "the policy", "the role policy", "scope arn"].iter().any(|start| message.starts_with(start))
}

/// IAM's validation messages quote what was sent, even whole trust policies. Everything from the first quotation to the
/// end of the last is removed, because a quoted value may contain what looks like its end.
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
              The function's credentials have a session policy that does not allow iam:CreateRole. Lambda sets no session policy: whoever provides these credentials must allow it.
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
                    iam:PutRolePolicy would exceed an IAM quota (Maximum policy size of 10240 bytes exceeded for role Acme): all inline policies of a role together may have at most 10240 characters, not counting white space, and AWS does not increase this quota. Shorten CustomPolicy, move parts of it to a managed policy (ManagedPolicyArns), or remove inline policies that others added to the role (AWS request ID 7c1d5e0a).
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
                    iam:PutRolePolicy failed because IAM rejects the policy: The policy failed legacy parsing. Correct CustomPolicy (AWS request ID 7c1d5e0a).
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

    #[test]
    fn a_message_does_not_quote_what_was_sent() {
        let message = "1 validation error detected: Value 'my-external-id' at 'assumeRolePolicyDocument' failed to \
                       satisfy constraint; Value 'x' at 'roleName' is bad";
        assert_eq!(without_quoted_values(message), "1 validation error detected: the value at 'roleName' is bad");
        assert_eq!(without_quoted_values("Value 'never closed"), "the value");
    }
}
