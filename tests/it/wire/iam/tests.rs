//! The fake IAM and the real SDK: what it keeps, refuses, lets fail and records.

mod faults;
mod refuses;
mod stores;
mod transports;

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use aws_sdk_iam::Client;
use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::timeout::TimeoutConfig;
use aws_sdk_iam::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::operation::RequestId;
use aws_sdk_iam::types::{SummaryKeyType, Tag};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::{Value, json};

use super::{Account, Fault, Policy, Role};

const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const DENY_ALL: &str = "arn:aws:iam::aws:policy/AWSDenyAll";

fn config() -> Builder {
    aws_sdk_iam::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIAEXAMPLE", "secret", None, None, "test"))
        .retry_config(RetryConfig::disabled())
}

fn client(account: &Account) -> Client {
    Client::from_conf(config().http_client(account.http_client()).build())
}

fn retrying(account: &Account) -> Client {
    let retry = RetryConfig::standard().with_max_attempts(3);
    Client::from_conf(config().http_client(account.http_client()).retry_config(retry).build())
}

fn trust(account: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": [format!("arn:aws:iam::{account}:root")] },
            "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": { "sts:ExternalId": ["0123456789abcdef"] } }
        }]
    })
}

fn policy(action: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": [action], "Resource": "*" }] })
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().expect("key and value are given")
}

/// A refusal in one line: status, code, message.
async fn refusal<T, E>(call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>) -> String
where
    T: Debug,
    E: ProvideErrorMetadata,
{
    match call.await.expect_err("it must be refused") {
        SdkError::ServiceError(error) => {
            let meta = error.err().meta();
            format!(
                "{} {}: {}",
                error.raw().status(),
                meta.code().unwrap_or_default(),
                meta.message().unwrap_or_default()
            )
        }
        SdkError::DispatchFailure(error) if error.is_timeout() => "timeout".to_owned(),
        SdkError::DispatchFailure(error) if error.is_io() => "connection lost".to_owned(),
        SdkError::TimeoutError(_) => "timeout".to_owned(),
        _ => "another error".to_owned(),
    }
}

async fn create(iam: &Client, name: &str) {
    iam.create_role()
        .role_name(name)
        .assume_role_policy_document(trust("222222222222").to_string())
        .send()
        .await
        .expect("the role is made");
}
