//! AWS with the caller's own credentials, as the AWS CLI finds them: environment, profile, IAM Identity Center, container,
//! instance.

use std::env;
use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::config::ProvideCredentials;
use aws_sdk_sts::error::ProvideErrorMetadata;
use aws_smithy_async::rt::sleep::TokioSleep;
use delegated_role_core::identifiers::{Account, AccountId, Partition};
use service_provider_access::aws::{ATTEMPT, CloudFormation, Failure, Iam, Kind, Service, Sts};
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
        load_credentials(&configuration).await?;
        let region = configuration.region().map(ToString::to_string).ok_or_else(|| {
            Unusable::new("No Region is set. Set AWS_REGION, or give AWS_PROFILE a profile that has a region.")
        })?;
        let sts = aws_sdk_sts::Client::new(&configuration);
        let identity = sts.get_caller_identity().send().await;
        let identity = identity.map_err(|error| refused(error.code(), error.message(), &region))?;
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

/// Loads the credentials before the first call. Otherwise that call only fails without an answer, again and again.
async fn load_credentials(configuration: &SdkConfig) -> Result<(), Unusable> {
    let Some(provider) = configuration.credentials_provider() else { return Err(no_credentials()) };
    provider.provide_credentials().await.map(drop).map_err(|error| match &error {
        CredentialsError::CredentialsNotLoaded(_) => no_credentials(),
        CredentialsError::InvalidConfiguration(_) => Unusable::new(format!(
            "The configuration of your AWS credentials cannot be used: {}. Correct the profile, or choose another with AWS_PROFILE.",
            cause(&error)
        )),
        CredentialsError::ProviderTimedOut(_) => {
            Unusable::new("The source of your AWS credentials did not answer in time. Try again.")
        }
        _ => Unusable::new(format!(
            "Your AWS credentials could not be loaded: {}. Set AWS_PROFILE to a profile that works, or sign in (aws sso login, aws configure).",
            cause(&error)
        )),
    })
}

fn no_credentials() -> Unusable {
    let profile = env::var("AWS_PROFILE").ok().filter(|profile| !profile.is_empty());
    let profile = profile.map(|name| format!(" The profile {name} (AWS_PROFILE) does not exist or has none."));
    Unusable::new(format!(
        "No AWS credentials were found.{} Set AWS_PROFILE to a profile that has some, or sign in (aws sso login, aws configure).",
        profile.unwrap_or_default()
    ))
}

/// The first cause of an error, without a full stop.
fn cause(error: &CredentialsError) -> String {
    let mut first: &dyn Error = error;
    while let Some(source) = first.source() {
        first = source;
    }
    first.to_string().trim().trim_end_matches('.').to_owned()
}

/// Why STS does not say whose the credentials are.
fn refused(code: Option<&str>, message: Option<&str>, region: &str) -> Unusable {
    Unusable::new(match code {
        Some("ExpiredToken" | "ExpiredTokenException" | "RequestExpired") => {
            "Your AWS credentials have expired. Sign in again (aws sso login), or get new ones.".to_owned()
        }
        Some("InvalidClientTokenId" | "UnrecognizedClientException") => format!(
            "AWS does not know your credentials: the access key does not exist or is inactive, its session token is missing, or \
             Region {region} is not enabled in its account. Check AWS_PROFILE and AWS_REGION."
        ),
        // AWS's message quotes everything that was signed, the session token included.
        Some("SignatureDoesNotMatch" | "IncompleteSignature" | "InvalidSignatureException") => {
            "AWS rejects the signature of your requests: the secret access key is wrong, or the clock of this computer is."
                .to_owned()
        }
        Some(code) => {
            let message = message.unwrap_or(code).trim_end_matches('.');
            format!("AWS refuses sts:GetCallerIdentity to your credentials: {message}.")
        }
        None => format!(
            "STS did not answer in Region {region}. Check that there is a Region of this name (AWS_REGION, or the region of the \
             profile), and that this computer can reach AWS."
        ),
    })
}

/// A failed call as the end of a run.
pub fn failed(what: &str, failure: &Failure) -> Unusable {
    let (action, message) = (failure.action, failure.message());
    Unusable::new(match failure.kind {
        Kind::Denied => {
            format!("{what} {action} was denied: {message}. Your credentials need permission for {action}.")
        }
        Kind::WrongClock => format!("{what} {action} failed: {message}. Set the clock of this computer."),
        _ => format!("{what} {failure}"),
    })
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
