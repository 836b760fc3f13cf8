//! AWS as one request uses it, and what a failed call is.
//!
//! Every call goes through [`Service::call`], which counts it, tries it again where that can help, and
//! turns its failure into a sentence. What is tried again, and for how long, is decided here and
//! nowhere else: the SDK's own retries are off.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_iam::config::http::HttpResponse;
use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::timeout::TimeoutConfig;
use aws_sdk_iam::config::{AsyncSleep, SharedCredentialsProvider, SharedHttpClient};
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::operation::RequestId;
use tokio::time::{Instant, sleep, timeout_at};

use crate::patience::pause_after;

/// How long one attempt may take until it counts as lost. IAM answers within a second or two.
const ATTEMPT: Duration = Duration::from_secs(10);

/// How long IAM may take to show a role everywhere that was just created. Usually it is seconds.
const PROPAGATION: Duration = Duration::from_secs(15);

/// How long a trusted account or a policy that IAM does not know is believed to be a passing fault: IAM
/// answers so for a short while after it was made, and for good when there is none.
const DOUBT: Duration = Duration::from_secs(6);

/// An IAM client over the given HTTP client. `endpoint` is an emulator's; none is AWS itself.
pub fn iam_client(
    region: String,
    endpoint: Option<String>,
    fips: bool,
    credentials: SharedCredentialsProvider,
    http: SharedHttpClient,
    sleep: impl AsyncSleep + 'static,
) -> aws_sdk_iam::Client {
    aws_sdk_iam::Client::new(&configuration(region, endpoint, fips, credentials, http, sleep))
}

/// An STS client over the given HTTP client: that of the Region, unless `endpoint` says otherwise.
pub fn sts_client(
    region: String,
    endpoint: Option<String>,
    fips: bool,
    credentials: SharedCredentialsProvider,
    http: SharedHttpClient,
    sleep: impl AsyncSleep + 'static,
) -> aws_sdk_sts::Client {
    aws_sdk_sts::Client::new(&configuration(region, endpoint, fips, credentials, http, sleep))
}

fn configuration(
    region: String,
    endpoint: Option<String>,
    fips: bool,
    credentials: SharedCredentialsProvider,
    http: SharedHttpClient,
    sleep: impl AsyncSleep + 'static,
) -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .use_fips(fips)
        .credentials_provider(credentials)
        .http_client(http)
        .sleep_impl(aws_sdk_iam::config::SharedAsyncSleep::new(sleep))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build());
    config.set_endpoint_url(endpoint);
    config.build()
}

/// What one request may call.
#[derive(Debug)]
pub struct Aws {
    /// The function's own account's roles.
    pub iam: Iam,
    /// Sessions of others' roles.
    pub sts: Sts,
}

impl Aws {
    /// How many requests were sent, repeated ones included.
    pub fn calls(&self) -> u32 {
        self.iam.calls() + self.sts.calls()
    }
}

/// IAM for the length of one request.
pub type Iam = Service<aws_sdk_iam::Client>;

/// STS for the length of one request.
pub type Sts = Service<aws_sdk_sts::Client>;

/// One of AWS's services, by its SDK's client, for the length of one request.
#[derive(Debug)]
pub struct Service<Client> {
    client: Client,
    until: Instant,
    /// What time it was when, by a clock that only moves on.
    began: (SystemTime, Instant),
    calls: AtomicU32,
}

/// What may be a passing fault, beside those that always may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Nothing else.
    Usual,
    /// The role was created, or got its boundary, a moment ago: IAM may not know that everywhere yet,
    /// and says so either plainly or, since it cannot see the path or the boundary then, by denying.
    Settling,
    /// The policy may have been made a moment ago, by the same template.
    JustMade,
}

impl<Client> Service<Client> {
    /// `until` is when the last attempt is given up, and `now` what time it is.
    pub fn new(client: Client, until: Instant, now: SystemTime) -> Self {
        Self { client, until, began: (now, Instant::now()), calls: AtomicU32::new(0) }
    }

    /// What time it is by now.
    pub fn now(&self) -> SystemTime {
        let (then, began) = self.began;
        then + began.elapsed()
    }

    /// The SDK's client, to make a request for [`call`](Self::call) with.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How many requests were sent, repeated ones included.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Sends a request, and again after a pause with jitter while its failure may pass and time is left.
    ///
    /// # Errors
    /// The last failure.
    pub async fn call<T, E, F>(
        &self,
        action: &'static str,
        patience: Patience,
        send: impl Fn(&Client) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata,
    {
        let started = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            self.calls.fetch_add(1, Ordering::Relaxed);
            // Boxed, since the SDK's futures are kilobytes and several are held at once.
            let failure = match timeout_at(self.until, Box::pin(send(&self.client))).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => Failure::of(action, attempts, &error),
                Err(_) => Failure::unanswered(action, attempts),
            };
            let now = Instant::now();
            let resumes = now + pause_after(attempts);
            let worthwhile_until = match failure.may_pass(patience) {
                Passing::No => return Err(failure),
                Passing::Within(limit) => self.until.min(started + limit),
                Passing::AnyTime => self.until,
            };
            if resumes >= worthwhile_until {
                return Err(failure);
            }
            tracing::debug!(action, attempts, kind = ?failure.kind, "trying again");
            sleep(resumes - now).await;
        }
    }

    /// Whether a pause of this length still ends in time.
    pub fn has_time_for(&self, pause: Duration) -> bool {
        Instant::now() + pause < self.until
    }
}

enum Passing {
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
    /// A quota of the account.
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
    fn of<E: ProvideErrorMetadata>(action: &'static str, attempts: u32, error: &SdkError<E, HttpResponse>) -> Self {
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
        let message = match (message.is_empty(), error.code()) {
            (false, _) => message,
            (true, Some(code)) => code.to_owned(),
            (true, None) => NO_ANSWER.to_owned(),
        };
        Self { action, kind, message, request_id: error.request_id().map(ToOwned::to_owned), attempts }
    }

    fn unanswered(action: &'static str, attempts: u32) -> Self {
        Self { action, kind: Kind::Unavailable, message: NO_ANSWER.to_owned(), request_id: None, attempts }
    }

    /// A role that must be there was not seen in so many attempts.
    pub fn never_seen(action: &'static str, attempts: u32) -> Self {
        let message = "the role is there, but IAM does not show it yet".to_owned();
        Self { action, kind: Kind::Unavailable, message, request_id: None, attempts }
    }

    fn may_pass(&self, patience: Patience) -> Passing {
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
    /// What AWS said, or what was seen instead of an answer. One line, without a full stop.
    pub fn said(&self) -> &str {
        self.message.trim_end_matches('.')
    }

    /// AWS's ID of the request, if an answer came.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, attempts, .. } = self;
        let message = self.said();
        match self.kind {
            Kind::Denied => write!(
                f,
                "{action} was denied: {message}. Allow it to the function's role, or change the policy that denies it"
            ),
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
            Kind::UnknownPrincipal => write!(
                f,
                "{action} was refused since IAM knows no account of that number: {message}. Check ExternalAwsAccountId"
            ),
            Kind::LimitExceeded => {
                write!(
                    f,
                    "{action} would pass a quota of this account: {message}. Remove something, or ask AWS for more"
                )
            }
            Kind::Other => write!(f, "{action} failed: {message}"),
        }?;
        match &self.request_id {
            Some(id) => write!(f, " (AWS request ID {id})."),
            None => f.write_str("."),
        }
    }
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
    use super::*;

    #[test]
    fn a_message_does_not_quote_what_was_sent() {
        let message = "1 validation error detected: Value 'my-external-id' at 'assumeRolePolicyDocument' failed to \
                       satisfy constraint; Value 'x' at 'roleName' is bad";
        assert_eq!(without_quoted_values(message), "1 validation error detected: the value at 'roleName' is bad");
        assert_eq!(without_quoted_values("Value 'never closed"), "the value");
    }
}
