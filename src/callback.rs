//! Sends the answer to the presigned URL, with retries until the deadline.

use std::ops::ControlFlow;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use tokio::time::{Instant, timeout_at};

use crate::backoff::{Schedule, poll_until};
use crate::connections::Connections;
use crate::request::ResponseUrl;

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(10);

/// The answer could not be delivered. CloudFormation waits until its own timeout.
#[derive(Debug, thiserror::Error)]
#[error("the answer could not be delivered in {attempts} attempts: {last}")]
pub struct Undelivered {
    attempts: u32,
    last: String,
}

/// Sends `body` to the URL until it is accepted or the time is over. Every refusal is retried, even one that looks final:
/// there is no other way to answer, and without an answer the stack may wait for an hour.
///
/// # Errors
/// When no attempt succeeds before `until`. The error does not contain the URL.
pub async fn deliver(
    connections: &Connections,
    url: &ResponseUrl,
    body: &str,
    until: Instant,
) -> Result<(), Undelivered> {
    poll_until(until, Schedule::backoff(), async |attempt| {
        if let Some(Undelivered { attempts, last }) = &attempt.previous {
            tracing::warn!(attempts, last, "the answer was not accepted, trying again");
        }
        let request = connections
            .put(url.expose())
            // CloudFormation signs for an empty content type; S3 refuses any other.
            .header(CONTENT_TYPE, "")
            .header(CONTENT_LENGTH, body.len())
            .body(body.to_owned());
        let attempt_ends = until.min(Instant::now() + ATTEMPT);
        let last = match timeout_at(attempt_ends, connections.send(request, url.expose())).await {
            Ok(Ok(response)) if response.status().is_success() => return ControlFlow::Break(()),
            Ok(Ok(response)) => format!("HTTP status {}", response.status().as_u16()),
            Ok(Err(error)) => format!("{error}"),
            Err(_) => "no answer in time".to_owned(),
        };
        ControlFlow::Continue(Undelivered { attempts: attempt.number, last })
    })
    .await
}
