//! The S3 bucket behind a request's `ResponseURL`, where CloudFormation reads the answer.
//!
//! It accepts what S3 accepts: a PUT to exactly the URL that was signed, with its length, in time. A URL that was
//! decoded and encoded again is another URL, and is refused as S3 refuses it.

use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use bytes::Bytes;
use hyper::header::{CONTENT_LENGTH, LOCATION};
use hyper::{HeaderMap, Method, Request, Response};
use serde_json::Value;

use super::fake::{Fake, Service, Transport};
use super::fault::Failure;
use super::query::Refusal;
use super::server::Server;

pub(crate) type Fault = super::fault::Fault<Objects>;

/// How long a presigned URL is valid.
const EXPIRES: Duration = Duration::from_hours(2);

pub(crate) struct Bucket {
    objects: Fake<Objects>,
    server: Server,
}

#[derive(Default)]
pub(crate) struct Objects {
    /// Path and query of each URL, and when it was signed.
    signed: Vec<(String, SystemTime)>,
    received: Vec<Received>,
}

/// A request that the bucket received, whether or not it kept it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    /// Path and query, byte for byte as sent.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether S3 has it now, and so CloudFormation.
    pub(crate) kept: bool,
}

/// The bucket answers with a 307 to another path.
pub(crate) struct Redirect;

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("an answer is JSON")
    }
}

impl Fault {
    /// Refused with this status.
    pub(crate) fn status(status: u16) -> Self {
        Self::refused(status, "Fault", "")
    }

    /// Redirected, within this bucket, with a 307.
    pub(crate) fn redirect() -> Self {
        Self::new(Failure::Special(Redirect))
    }
}

impl Bucket {
    pub(crate) async fn start() -> Self {
        let objects = Fake::new(Objects::default());
        let server = objects.serve().await;
        Self { objects, server }
    }

    /// The value for `AWS_ENDPOINT_URL_S3`, which makes the function accept the URLs of the bucket.
    pub(crate) fn origin(&self) -> String {
        self.server.origin()
    }

    /// How many connections were opened so far, with or without a request.
    pub(crate) fn connections(&self) -> usize {
        self.server.connections()
    }

    /// The server behind it, for faults of its connections.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// A URL that CloudFormation signs now, for a request about the resource.
    pub(crate) fn url_for(&self, logical_id: &str) -> String {
        self.url_signed_at(logical_id, SystemTime::now())
    }

    /// A URL for a request that CloudFormation sent at this time.
    pub(crate) fn url_signed_at(&self, logical_id: &str, signed: SystemTime) -> String {
        let target = self.objects.with(|objects| objects.sign(logical_id, signed));
        format!("{}{target}", self.server.origin())
    }

    /// Adds a fault after those already set: see [`Fake::fail`].
    pub(crate) fn fail(&self, fault: Fault) {
        self.objects.fail(fault);
    }

    /// Removes all faults.
    pub(crate) fn clear_faults(&self) {
        self.objects.clear_faults();
    }

    /// The faults that applied to no request yet: see [`Fake::unused_faults`].
    pub(crate) fn unused_faults(&self) -> Vec<String> {
        self.objects.unused_faults()
    }

    /// All requests in the order of arrival, refused ones too.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.objects.with(|objects| objects.received.clone())
    }

    /// Those that were kept. CloudFormation reads the first one for each URL.
    pub(crate) fn answers(&self) -> Vec<Received> {
        self.received().into_iter().filter(|answer| answer.kept).collect()
    }
}

impl Objects {
    /// Path and query of a new URL.
    fn sign(&mut self, logical_id: &str, signed: SystemTime) -> String {
        let n = self.signed.len() + 1;
        let seconds = signed.duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970").as_secs();
        let time = DateTime::from_secs(seconds.try_into().expect("it fits 63 bits"));
        let date = time.fmt(Format::DateTime).expect("it has a date").replace(['-', ':'], "");
        let day = &date[..8];
        let target = format!(
            "/cloudformation-custom-resource-response-useast1\
             /arn%3Aaws%3Acloudformation%3Aus-east-1%3A111111111111%3Astack/stack/00000000-0000-4000-8000-000000000000\
             %7C{logical_id}%7C{n:08x}-2222-4000-8000-000000000000\
             ?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-SignedHeaders=host&X-Amz-Expires={}\
             &X-Amz-Credential=AKIAEXAMPLE%2F{day}%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature={n:064x}",
            EXPIRES.as_secs()
        );
        self.signed.push((target.clone(), signed));
        target
    }

    /// Why S3 refuses this request.
    fn refusal(&self, request: &Request<Bytes>) -> Option<Refusal> {
        let target = request.uri().to_string();
        let signed = self.signed.iter().find(|(signed, _)| *signed == target).map(|(_, signed)| *signed);
        let (status, code) = match signed {
            None => (403, "SignatureDoesNotMatch"),
            Some(_) if request.method() != Method::PUT => (403, "SignatureDoesNotMatch"),
            Some(signed) if signed + EXPIRES < SystemTime::now() => (403, "AccessDenied"),
            Some(_) if !request.headers().contains_key(CONTENT_LENGTH) => (411, "MissingContentLength"),
            Some(_) => return None,
        };
        Some(Refusal::new(status, code, ""))
    }
}

impl Service for Objects {
    type Call = Request<Bytes>;
    type Special = Redirect;

    fn read(&self, _: Transport, request: &Request<Bytes>) -> Result<Request<Bytes>, String> {
        Ok(request.clone())
    }

    fn arrived(&mut self, request: &Request<Bytes>, _number: u64) {
        let (head, body) = request.clone().into_parts();
        let (method, target, headers) = (head.method, head.uri.to_string(), head.headers);
        self.received.push(Received { method, target, headers, body, kept: false });
    }

    fn perform(&mut self, request: &Request<Bytes>, request_id: &str) -> Response<Bytes> {
        if let Some(refusal) = self.refusal(request) {
            return self.refuse(request, refusal, request_id);
        }
        self.received.last_mut().expect("it arrived").kept = true;
        response(200, "")
    }

    fn refuse(&self, _: &Request<Bytes>, refusal: Refusal, _request_id: &str) -> Response<Bytes> {
        response(refusal.status, refusal.code)
    }

    fn denial(&self, _: &Request<Bytes>, reason: &str) -> Refusal {
        Refusal::new(403, "AccessDenied", reason)
    }

    fn perform_special(&mut self, _: &Redirect, _: &Request<Bytes>, _request_id: &str) -> Response<Bytes> {
        let mut redirect = response(307, "TemporaryRedirect");
        redirect.headers_mut().insert(LOCATION, "/elsewhere".parse().expect("it is a header's value"));
        redirect
    }
}

fn response(status: u16, code: &str) -> Response<Bytes> {
    let body = match status {
        200 => String::new(),
        _ => format!(r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code></Error>"#),
    };
    Response::builder().status(status).body(body.into()).expect("the status is valid")
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
    async fn it_accepts_what_s3_accepts() {
        // Fails only if a provider is installed already.
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

        assert_eq!(put(&client, &url.replace("%7C", "|")).await, "403", "not the signed URL");
        let late = SystemTime::now() - EXPIRES - Duration::from_secs(5);
        assert_eq!(put(&client, &bucket.url_signed_at("Role", late)).await, "403", "too late");
        assert_eq!(client.get(&url).send().await.expect("it answers").status(), 403, "signed for PUT only");
        assert_eq!(bucket.answers().len(), 1);
        assert_eq!(bucket.received().len(), 4);
    }

    #[tokio::test]
    async fn faults_apply_as_often_as_the_test_says() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build();
        let client = client.expect("there are certificates");
        let bucket = Bucket::start().await;
        let url = bucket.url_for("Role");
        bucket.fail(Fault::status(503).first(2));
        bucket.fail(Fault::connection_cut());
        bucket.fail(Fault::reply_lost());
        bucket.fail(Fault::hang());
        bucket.fail(Fault::redirect());

        assert_eq!(put(&client, &url).await, "503");
        assert_eq!(put(&client, &url).await, "503");
        assert_eq!(put(&client, &url).await, "connection lost");
        assert_eq!(bucket.answers().len(), 0);
        assert_eq!(put(&client, &url).await, "connection lost");
        assert_eq!(bucket.answers().len(), 1, "kept without an answer");
        tokio::time::timeout(Duration::from_millis(50), put(&client, &url)).await.expect_err("there is no answer");
        assert_eq!(
            put(&client, &url).await,
            "403",
            "a client that follows the redirect sends a secret to another place"
        );
        assert_eq!(bucket.received().pop().expect("it followed").target, "/elsewhere");
        bucket.fail(Fault::reply_hangs());
        tokio::time::timeout(Duration::from_millis(50), put(&client, &url)).await.expect_err("there is no answer");
        assert_eq!(bucket.answers().len(), 2, "kept without an answer");
        assert_eq!(put(&client, &url).await, "200");
        assert_eq!(bucket.answers().len(), 3);
        bucket.fail(Fault::connection_cut());
        bucket.clear_faults();
        assert_eq!(put(&client, &url).await, "200");
        assert_eq!(bucket.connections(), 10);
    }
}
