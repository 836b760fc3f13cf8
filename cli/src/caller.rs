//! AWS with the caller's own credentials, as the AWS CLI finds them: environment, profile, IAM Identity Center, container,
//! instance.

use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_smithy_async::rt::sleep::TokioSleep;
use delegated_role_core::identifiers::{Account, AccountId, Partition};
use service_provider_access::aws::{ATTEMPT, CloudFormation, Failure, Iam, Patience, Service, Sts};
use service_provider_access::connections::Connections;
use tokio::time::Instant;

use crate::outcome::Unusable;

/// How long a run may take.
const LONGEST: Duration = Duration::from_mins(5);

/// The caller.
#[derive(Debug)]
pub struct Caller {
    /// IAM.
    pub iam: aws_sdk_iam::Client,
    /// STS.
    pub sts: aws_sdk_sts::Client,
    /// CloudFormation.
    pub cloudformation: aws_sdk_cloudformation::Client,
    /// The caller's account.
    pub account: Account,
    /// The Region that the caller works in.
    pub region: String,
}

impl Caller {
    /// Finds the credentials and whose they are.
    ///
    /// # Errors
    /// There are none, they do not work, or no Region is set.
    pub async fn find() -> Result<Self, Unusable> {
        let connections =
            Connections::new().map_err(|error| Unusable::new(format!("No HTTPS client can be made: {error}.")))?;
        let configuration = aws_config::defaults(BehaviorVersion::latest())
            .http_client(connections)
            .sleep_impl(TokioSleep::new())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build())
            .load()
            .await;
        let region = configuration.region().map(ToString::to_string).ok_or_else(|| {
            Unusable::new("No Region is set. Set AWS_REGION, or give AWS_PROFILE a profile that has a region.")
        })?;
        let sts = aws_sdk_sts::Client::new(&configuration);
        let identity = service(sts.clone())
            .call("sts:GetCallerIdentity", Patience::Usual, |client| client.get_caller_identity().send())
            .await
            .map_err(|failure| failed("Your credentials do not work or were not found.", &failure))?;
        let partition = identity.arn().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws");
        let account = Partition::parse(partition).ok().zip(identity.account().and_then(|id| AccountId::parse(id).ok()));
        let (partition, id) = account.ok_or_else(|| Unusable::new("sts:GetCallerIdentity returned no account."))?;
        let iam = aws_sdk_iam::Client::new(&configuration);
        let cloudformation = aws_sdk_cloudformation::Client::new(&configuration);
        Ok(Self { iam, sts, cloudformation, account: Account { partition, id }, region })
    }

    /// STS, for a while.
    pub fn sts(&self) -> Sts {
        service(self.sts.clone())
    }

    /// IAM, for a while.
    pub fn iam(&self) -> Iam {
        service(self.iam.clone())
    }

    /// CloudFormation, for a while.
    pub fn cloudformation(&self) -> CloudFormation {
        service(self.cloudformation.clone())
    }
}

/// A failed call as the end of a run.
pub fn failed(what: &str, failure: &Failure) -> Unusable {
    Unusable::new(format!("{what} {failure}"))
}

fn service<Client>(client: Client) -> Service<Client> {
    Service::new(client, Instant::now() + LONGEST, SystemTime::now())
}

/// Runs what calls AWS.
///
/// # Errors
/// Those of what is run.
pub fn block_on<T>(future: impl Future<Output = Result<T, Unusable>>) -> Result<T, Unusable> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Unusable::new(format!("The process cannot wait for AWS: {error}.")))?.block_on(future)
}
