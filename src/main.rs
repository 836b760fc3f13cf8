//! The process: configuration, clients, the Lambda loop. It decides nothing.

use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_iam::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_async::rt::sleep::TokioSleep;
use delegated_role_core::identifiers::Partition;
use delegated_role_core::owner_limits::Settings;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use service_provider_access::aws;
use service_provider_access::connections::Connections;
use service_provider_access::handler::{Handler, Invocation};
use service_provider_access::log;
use service_provider_access::log::lines::WithMetrics;
use service_provider_access::request::read_event;
use tokio::time::Instant;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How many calls a usual create makes at the same time.
const CONNECTIONS: usize = 3;

/// How long the first event waits for the connections at most.
const HEAD_START: Duration = Duration::from_millis(25);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log_as_json();
    let region = variable("AWS_REGION").ok_or("AWS_REGION is not set")?;
    let endpoint = |service: &str| variable(service).or_else(|| variable("AWS_ENDPOINT_URL"));
    let fips = variable("AWS_USE_FIPS_ENDPOINT").is_some_and(|flag| flag == "true");
    let connections = Connections::new()?;
    let credentials = SharedCredentialsProvider::new(credentials()?);
    let http = SharedHttpClient::new(connections.clone());
    let configuration = |service: &str| {
        let (credentials, http) = (credentials.clone(), http.clone());
        aws::configuration(region.clone(), endpoint(service), fips, credentials, http, TokioSleep::new())
    };
    let iam_endpoint = endpoint("AWS_ENDPOINT_URL_IAM").unwrap_or_else(|| iam_endpoint(&region));
    connections.open(&iam_endpoint, CONNECTIONS).await;
    connections.opened(Instant::now() + HEAD_START).await;
    let handler = Handler {
        connections,
        iam: aws_sdk_iam::Client::new(&configuration("AWS_ENDPOINT_URL_IAM")),
        sts: aws_sdk_sts::Client::new(&configuration("AWS_ENDPOINT_URL_STS")),
        cloudformation: aws_sdk_cloudformation::Client::new(&configuration("AWS_ENDPOINT_URL_CLOUDFORMATION")),
        region: region.clone(),
        emulators: [variable("AWS_ENDPOINT_URL_S3"), variable("AWS_ENDPOINT_URL")].into_iter().flatten().collect(),
        settings: Settings::from_environment(variable),
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let (event, context) = event.into_parts();
        let now = SystemTime::now();
        let left = (UNIX_EPOCH + Duration::from_millis(context.deadline)).duration_since(now).unwrap_or_default();
        let invocation =
            Invocation { function_arn: context.invoked_function_arn, deadline: Instant::now() + left, now };
        handler.handle(read_event(event.get()), invocation).await.map_err(Error::from)
    }))
    .await
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Lambda's credentials for the function's role, which are valid as long as the process lives.
fn credentials() -> Result<Credentials, &'static str> {
    let given = |name| variable(name).ok_or("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
    Ok(Credentials::new(
        given("AWS_ACCESS_KEY_ID")?,
        given("AWS_SECRET_ACCESS_KEY")?,
        variable("AWS_SESSION_TOKEN"),
        None,
        "the Lambda environment",
    ))
}

/// Where to open connections ahead. The SDK itself decides where a call goes, so a wrong guess only costs a handshake.
fn iam_endpoint(region: &str) -> String {
    format!("https://{}", Partition::of_region(region).iam_host())
}

/// JSON lines, at the level in `RUST_LOG` for our own target and at `warn` for all others, because at lower levels the
/// runtime prints whole events and the HTTP client prints URLs. CloudWatch makes the metrics from the line of each
/// request, so only the level `off` omits it: without it the alarms would not work.
fn log_as_json() {
    let level = variable("RUST_LOG").and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let requests = if level == LevelFilter::OFF { level } else { level.max(LevelFilter::INFO) };
    let ours = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("service_provider_access", level)
        .with_target(log::REQUEST, requests);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .map_event_format(WithMetrics);
    tracing_subscriber::registry().with(lines).with(ours).init();
    // The default hook would print the panic's message, which may contain secrets.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}
