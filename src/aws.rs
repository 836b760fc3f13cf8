//! The AWS services that one request uses, and the failures of their calls.
//!
//! Every call goes through [`Service::call`], which counts it, retries it where that can help, and turns a failure into
//! a sentence. All retries are decided here: those of the SDK are off.

mod denial;
mod explanation;
mod failure;
mod patience;
mod quota;

use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_iam::config::http::HttpResponse;
use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::timeout::TimeoutConfig;
use aws_sdk_iam::config::{AsyncSleep, SharedCredentialsProvider, SharedHttpClient};
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use tokio::time::{Instant, timeout_at};

pub use self::denial::DeniedBy;
pub use self::failure::{Failure, Kind};
use self::failure::{OWN_POLICY, Retry};
pub use self::patience::Patience;
use crate::backoff::{Schedule, poll_until};

/// How long one attempt may take. IAM answers within a second or two.
pub const ATTEMPT: Duration = Duration::from_secs(10);

/// The common configuration of the SDK's clients. `endpoint` is that of an emulator; `None` is AWS itself, in this
/// Region if the service has Regions. The retries of the SDK are off: [`Service::call`] decides them.
pub fn configuration(
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

/// The services that one request may call.
#[derive(Debug)]
pub struct Aws {
    /// IAM, for the roles of the function's account.
    pub iam: Iam,
    /// STS, for the access check.
    pub sts: Sts,
    /// The stacks of the function's account.
    pub cloudformation: CloudFormation,
}

impl Aws {
    /// The calls so far.
    pub fn calls(&self) -> Calls {
        let Self { iam, sts, cloudformation } = self;
        [iam.calls(), sts.calls(), cloudformation.calls()].into_iter().fold(Calls::default(), |all, of_one| Calls {
            sent: all.sent + of_one.sent,
            retried: all.retried + of_one.retried,
            throttled: all.throttled + of_one.throttled,
        })
    }

    /// The kind of the first failure that a caller could not handle.
    pub fn gave_up(&self) -> Option<Kind> {
        let of_cloudformation = self.cloudformation.gave_up.get();
        self.iam.gave_up.get().or(self.sts.gave_up.get()).or(of_cloudformation).copied()
    }
}

/// How many calls were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// All requests, including retries.
    pub sent: u32,
    /// The retries among them.
    pub retried: u32,
    /// Those that AWS throttled.
    pub throttled: u32,
}

/// IAM for the length of one request.
pub type Iam = Service<aws_sdk_iam::Client>;

/// CloudFormation for the length of one request.
pub type CloudFormation = Service<aws_sdk_cloudformation::Client>;

/// STS for the length of one request.
pub type Sts = Service<aws_sdk_sts::Client>;

/// An AWS service for the length of one request, with its SDK client.
#[derive(Debug)]
pub struct Service<Client> {
    client: Client,
    until: Instant,
    /// The time at the start, and the same moment on a monotonic clock.
    began: (SystemTime, Instant),
    sent: AtomicU32,
    retried: AtomicU32,
    throttled: AtomicU32,
    /// When a policy of the function's own role first denied a call.
    denied_by_own_policy: OnceLock<Instant>,
    gave_up: OnceLock<Kind>,
}

impl<Client> Service<Client> {
    /// A service until the deadline `until`; `now` is the current time.
    pub fn new(client: Client, until: Instant, now: SystemTime) -> Self {
        let [sent, retried, throttled] = [0; 3].map(AtomicU32::new);
        let began = (now, Instant::now());
        let (denied_by_own_policy, gave_up) = (OnceLock::new(), OnceLock::new());
        Self { client, until, began, sent, retried, throttled, denied_by_own_policy, gave_up }
    }

    /// The current time.
    pub fn now(&self) -> SystemTime {
        let (then, began) = self.began;
        then + began.elapsed()
    }

    /// The SDK's client, to make a request for [`call`](Self::call).
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The calls so far.
    pub fn calls(&self) -> Calls {
        let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        Calls { sent: count(&self.sent), retried: count(&self.retried), throttled: count(&self.throttled) }
    }

    /// Sends a request, and again after a pause with jitter while its failure may be temporary and time is left.
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
        let result = poll_until(self.until, Schedule::backoff(), async |attempt| {
            self.sent.fetch_add(1, Ordering::Relaxed);
            if let Some(Failure { kind, .. }) = &attempt.previous {
                tracing::debug!(action, attempts = attempt.number - 1, ?kind, "trying again");
                self.retried.fetch_add(1, Ordering::Relaxed);
            }
            // Boxed, since the SDK's futures are kilobytes and several are held at once.
            let failure = match timeout_at(self.until, Box::pin(send(&self.client))).await {
                Ok(Ok(answer)) => return ControlFlow::Break(Ok(answer)),
                Ok(Err(error)) => Failure::of(action, attempt.number, &error),
                Err(_) => Failure::unanswered(action, attempt.number),
            };
            self.throttled.fetch_add(u32::from(failure.kind == Kind::Throttled), Ordering::Relaxed);
            let worth_it = match failure.retry(patience) {
                Retry::No => false,
                Retry::Within(limit) => attempt.repeats_before(started + limit),
                Retry::OwnPolicyOrWithin(limit) => {
                    let since = *self.denied_by_own_policy.get_or_init(Instant::now);
                    attempt.repeats_before((since + OWN_POLICY).max(started + limit))
                }
                Retry::UntilDeadline => true,
            };
            if !worth_it {
                return ControlFlow::Break(Err(failure));
            }
            ControlFlow::Continue(failure)
        })
        .await;
        result.unwrap_or_else(Err).map_err(|failure| self.given_up(failure))
    }

    fn given_up(&self, failure: Failure) -> Failure {
        if !failure.is_an_answer() {
            // Later ones happen during the cleanup after the first.
            let _ = self.gave_up.set(failure.kind);
        }
        failure
    }

    /// When the last attempt ends.
    pub fn deadline(&self) -> Instant {
        self.until
    }

    /// Whether a pause of this length still ends in time.
    pub fn has_time_for(&self, pause: Duration) -> bool {
        Instant::now() + pause < self.until
    }
}
