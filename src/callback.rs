//! Sends the answer to the presigned URL, with retries until the deadline.

use std::ops::ControlFlow;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, Url};
use tokio::time::{Instant, timeout};

use crate::backoff::{Schedule, poll_until};
use crate::connections::Connections;
use crate::request::ResponseUrl;

/// The longest that one attempt may take.
const LONGEST: Duration = Duration::from_secs(10);

/// The shortest that the first attempt may take, even if the time is over: the clock may be wrong.
const SHORTEST: Duration = Duration::from_secs(1);

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
    let url = Url::parse(url.expose());
    let url = &url.map_err(|_| Undelivered { attempts: 0, last: "the ResponseURL is not a URL".to_owned() })?;
    poll_until(until, Schedule::backoff(), async |attempt| {
        if let Some(Undelivered { attempts, last }) = &attempt.previous {
            tracing::warn!(attempts, last, "the answer was not accepted, trying again");
        }
        // A lost attempt leaves time for another.
        let half = until.saturating_duration_since(Instant::now()) / 2;
        let shortest = if attempt.number == 1 { SHORTEST } else { Duration::ZERO };
        let last = match timeout(half.clamp(shortest, LONGEST), connections.send(put(url, body))).await {
            Ok(Ok(answer)) if (200..300).contains(&answer.status) => return ControlFlow::Break(()),
            Ok(Ok(answer)) => format!("HTTP status {}", answer.status),
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        ControlFlow::Continue(Undelivered { attempts: attempt.number, last })
    })
    .await
}

fn put(url: &Url, body: &str) -> Request {
    let mut request = Request::new(Method::PUT, url.clone());
    // CloudFormation signs for an empty content type; S3 refuses any other.
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(""));
    request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    *request.body_mut() = Some(body.to_owned().into());
    request
}
