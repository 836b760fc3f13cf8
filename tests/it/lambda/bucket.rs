//! The bucket behind a request's `ResponseURL`: CloudFormation's ear.
//!
//! It takes what S3 would take: a PUT to exactly the URL that was signed, with its length, in time. A URL
//! that somebody decoded and encoded again is another one, and is refused as S3 refuses it.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use bytes::Bytes;
use hyper::header::{CONTENT_LENGTH, LOCATION};
use hyper::{HeaderMap, Method, Request, Response};
use serde_json::Value;

use crate::account::loopback::{ConnectionLost, Server};

/// How long a presigned URL is good for.
const EXPIRES: Duration = Duration::from_hours(2);

pub(crate) struct Bucket {
    inner: Arc<Mutex<Inner>>,
    server: Server,
}

#[derive(Default)]
struct Inner {
    /// Path and query of each URL, and when it was signed.
    signed: Vec<(String, SystemTime)>,
    troubles: VecDeque<Trouble>,
    received: Vec<Answer>,
}

/// What may go wrong with a PUT.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Trouble {
    /// Refused with this status.
    Status(u16),
    /// The connection breaks when the answer has been read, and nothing is kept.
    Cut,
    /// The answer is kept, and the connection breaks before S3 says so.
    ReplyLost,
    /// Sent on, within this bucket, with a 307.
    Redirect,
    /// The answer is read, and nothing comes back.
    Hang,
    /// The answer is kept, and nothing comes back.
    ReplyHangs,
}

/// A request that the bucket received, whether or not it kept it.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) method: Method,
    /// Path and query, byte for byte as sent.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether S3 has it now, and so CloudFormation.
    pub(crate) kept: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("an answer is JSON")
    }
}

impl Bucket {
    pub(crate) async fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let receiver = Arc::clone(&inner);
        let server = Server::start(move |request| receive(Arc::clone(&receiver), request)).await;
        Self { inner, server }
    }

    /// What `AWS_ENDPOINT_URL_S3` must name for the bucket's URLs to be accepted.
    pub(crate) fn origin(&self) -> String {
        self.server.origin()
    }

    /// How many connections were ever opened to it, with or without a request.
    pub(crate) fn connections(&self) -> usize {
        self.server.connections()
    }

    /// A URL as CloudFormation signs one now for a request about the resource.
    pub(crate) fn url_for(&self, logical_id: &str) -> String {
        self.url_signed_at(logical_id, SystemTime::now())
    }

    /// A URL for a request that CloudFormation sent then.
    pub(crate) fn url_signed_at(&self, logical_id: &str, signed: SystemTime) -> String {
        let mut inner = lock(&self.inner);
        let n = inner.signed.len() + 1;
        let seconds = signed.duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970").as_secs();
        let moment = DateTime::from_secs(seconds.try_into().expect("it is before the end of time"));
        let date = moment.fmt(Format::DateTime).expect("it has a date").replace(['-', ':'], "");
        let day = &date[..8];
        let target = format!(
            "/cloudformation-custom-resource-response-useast1\
             /arn%3Aaws%3Acloudformation%3Aus-east-1%3A111111111111%3Astack/stack/00000000-0000-4000-8000-000000000000\
             %7C{logical_id}%7C{n:08x}-2222-4000-8000-000000000000\
             ?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-SignedHeaders=host&X-Amz-Expires={}\
             &X-Amz-Credential=AKIAEXAMPLE%2F{day}%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature={n:064x}",
            EXPIRES.as_secs()
        );
        let url = format!("{}{target}", self.server.origin());
        inner.signed.push((target, signed));
        url
    }

    /// What becomes of the next `count` requests, after those already spoken for.
    pub(crate) fn fail(&self, trouble: Trouble, count: usize) {
        lock(&self.inner).troubles.extend(std::iter::repeat_n(trouble, count));
    }

    /// Whatever was to become of later requests, they are taken.
    pub(crate) fn heal(&self) {
        lock(&self.inner).troubles.clear();
    }

    /// All requests in the order of arrival, refused ones too.
    pub(crate) fn received(&self) -> Vec<Answer> {
        lock(&self.inner).received.clone()
    }

    /// Those that were kept: what CloudFormation hears. It listens to the first one for each URL.
    pub(crate) fn answers(&self) -> Vec<Answer> {
        self.received().into_iter().filter(|answer| answer.kept).collect()
    }
}

async fn receive(inner: Arc<Mutex<Inner>>, request: Request<Bytes>) -> Result<Response<Bytes>, ConnectionLost> {
    let (trouble, refusal) = {
        let mut inner = lock(&inner);
        let trouble = inner.troubles.pop_front();
        let refusal = inner.refusal(&request);
        let kept = matches!(trouble, None | Some(Trouble::ReplyLost | Trouble::ReplyHangs)) && refusal.is_none();
        let (head, body) = request.into_parts();
        let target = head.uri.to_string();
        inner.received.push(Answer { method: head.method, target, headers: head.headers, body, kept });
        (trouble, refusal)
    };
    match (trouble, refusal) {
        (None, None) => Ok(response(200, "")),
        (None, Some((status, code))) => Ok(response(status, code)),
        (Some(Trouble::Status(status)), _) => Ok(response(status, "Trouble")),
        (Some(Trouble::Cut | Trouble::ReplyLost), _) => Err(ConnectionLost),
        (Some(Trouble::Hang | Trouble::ReplyHangs), _) => pending().await,
        (Some(Trouble::Redirect), _) => {
            let mut redirect = response(307, "TemporaryRedirect");
            redirect.headers_mut().insert(LOCATION, "/elsewhere".parse().expect("it is a header's value"));
            Ok(redirect)
        }
    }
}

impl Inner {
    /// Why S3 would not take this, by status and error code.
    fn refusal(&self, request: &Request<Bytes>) -> Option<(u16, &'static str)> {
        let target = request.uri().to_string();
        let signed = self.signed.iter().find(|(signed, _)| *signed == target).map(|(_, signed)| *signed);
        match signed {
            None => Some((403, "SignatureDoesNotMatch")),
            Some(_) if request.method() != Method::PUT => Some((403, "SignatureDoesNotMatch")),
            Some(signed) if signed + EXPIRES < SystemTime::now() => Some((403, "AccessDenied")),
            Some(_) if !request.headers().contains_key(CONTENT_LENGTH) => Some((411, "MissingContentLength")),
            Some(_) => None,
        }
    }
}

fn response(status: u16, code: &str) -> Response<Bytes> {
    let body = match status {
        200 => String::new(),
        _ => format!(r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code></Error>"#),
    };
    Response::builder().status(status).body(body.into()).expect("the status is one")
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn put(client: &reqwest::Client, url: &str) -> String {
        match client.put(url).header("Content-Type", "").body("{}").send().await {
            Ok(response) => response.status().as_u16().to_string(),
            Err(_) => "connection lost".to_owned(),
        }
    }

    #[tokio::test]
    async fn it_takes_what_s3_would_take() {
        // Fails only when a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().expect("there are certificates");
        let bucket = Bucket::start().await;
        let url = bucket.url_for("Role");
        let target = url.strip_prefix(&bucket.origin()).expect("it is in the bucket");

        assert_eq!(put(&client, &url).await, "200");
        let answer = bucket.answers().pop().expect("it was kept");
        assert_eq!(
            (answer.method.as_str(), answer.target.as_str(), answer.json()),
            ("PUT", target, serde_json::json!({}))
        );
        assert_eq!(answer.headers["content-type"], "");
        assert_eq!(answer.headers["content-length"], "2");

        assert_eq!(put(&client, &url.replace("%7C", "|")).await, "403", "another URL than the signed one");
        let late = SystemTime::now() - EXPIRES - Duration::from_secs(5);
        assert_eq!(put(&client, &bucket.url_signed_at("Role", late)).await, "403", "too late");
        assert_eq!(client.get(&url).send().await.expect("it answers").status(), 403, "signed for PUT");
        assert_eq!(bucket.answers().len(), 1);
        assert_eq!(bucket.received().len(), 4);
    }

    #[tokio::test]
    async fn trouble_comes_as_often_as_asked() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build();
        let client = client.expect("there are certificates");
        let bucket = Bucket::start().await;
        let url = bucket.url_for("Role");
        bucket.fail(Trouble::Status(503), 2);
        bucket.fail(Trouble::Cut, 1);
        bucket.fail(Trouble::ReplyLost, 1);
        bucket.fail(Trouble::Hang, 1);
        bucket.fail(Trouble::Redirect, 1);

        assert_eq!(put(&client, &url).await, "503");
        assert_eq!(put(&client, &url).await, "503");
        assert_eq!(put(&client, &url).await, "connection lost");
        assert_eq!(bucket.answers().len(), 0);
        assert_eq!(put(&client, &url).await, "connection lost");
        assert_eq!(bucket.answers().len(), 1, "kept, though nobody said so");
        tokio::time::timeout(Duration::from_millis(50), put(&client, &url)).await.expect_err("nothing comes back");
        assert_eq!(put(&client, &url).await, "403", "a client that follows the redirect sends a secret elsewhere");
        assert_eq!(bucket.received().pop().expect("it followed").target, "/elsewhere");
        bucket.fail(Trouble::ReplyHangs, 1);
        tokio::time::timeout(Duration::from_millis(50), put(&client, &url)).await.expect_err("nothing comes back");
        assert_eq!(bucket.answers().len(), 2, "kept all the same");
        assert_eq!(put(&client, &url).await, "200");
        assert_eq!(bucket.answers().len(), 3);
        bucket.fail(Trouble::Cut, 1);
        bucket.heal();
        assert_eq!(put(&client, &url).await, "200");
        assert_eq!(bucket.connections(), 10);
    }
}
