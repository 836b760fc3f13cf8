//! A failed call: what it means, and whether a retry can help. `explanation.rs` writes its sentence.

use std::error::Error;
use std::time::Duration;

use aws_sdk_iam::config::http::HttpResponse;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::operation::RequestId;

use super::denial::DeniedBy;
use super::patience::Patience;
use crate::connections::ConnectionFailure;

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
    pub(super) attempts: u32,
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
    use super::*;

    #[test]
    fn a_message_does_not_quote_what_was_sent() {
        let message = "1 validation error detected: Value 'my-external-id' at 'assumeRolePolicyDocument' failed to \
                       satisfy constraint; Value 'x' at 'roleName' is bad";
        assert_eq!(without_quoted_values(message), "1 validation error detected: the value at 'roleName' is bad");
        assert_eq!(without_quoted_values("Value 'never closed"), "the value");
    }
}
