//! One HTTP client for AWS and for the answer, with connections opened before they are needed.
//!
//! A cold start waits mostly for handshakes. While the runtime is still asking for the first event,
//! connections to IAM are opened in the background, and while IAM works, the one that will carry the
//! answer. HTTP/1.1 carries one call per connection, so calls side by side want several.
//!
//! No request is sent ahead: a connector is asked for a connection, and what it yields waits in a
//! waiting room until a real request to the same place asks for one. The connector is reached through a
//! client of its own, whose pool stays empty: the one that sends would take an idle connection from its
//! pool instead, and really send what was only meant to open one.

use std::any::Any;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::body::SdkBody;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// How long a handshake may take before the attempt counts as failed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a connection that nobody has used yet is worth keeping. IAM and S3 close idle ones later.
const FRESH: Duration = Duration::from_secs(10);

/// The HTTP client that everything here shares: IAM's calls and the answer. Cheap to clone.
///
/// It follows no redirects, uses no proxy and speaks HTTP/1.1 over rustls with ring, trusting the
/// certificates of the operating system (or of `SSL_CERT_FILE`).
#[derive(Clone, Debug)]
pub struct Connections {
    client: reqwest::Client,
    opener: reqwest::Client,
    waiting: WaitingRoom,
}

impl Connections {
    /// Makes the client. Nothing is opened yet.
    ///
    /// # Errors
    /// When no certificate can be loaded: nothing could be trusted then.
    pub fn new() -> Result<Self, Box<dyn StdError + Send + Sync>> {
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&ring))
            .with_safe_default_protocol_versions()?
            .dangerous() // What rustls calls every verifier but its own; this one asks the operating system's.
            .with_custom_certificate_verifier(Arc::new(rustls_platform_verifier::Verifier::new(ring)?))
            .with_no_client_auth();
        let waiting = WaitingRoom::default();
        let client = || {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .connector_layer(OpenedAhead { waiting: waiting.clone() })
                .connect_timeout(CONNECT_TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .http1_only()
                .build()
        };
        Ok(Self { client: client()?, opener: client()?, waiting })
    }

    /// Starts `count` connections to the host of `url` and returns at once; they are ready when
    /// their handshake is done. One that fails is forgotten: the request that needs it opens its own.
    pub async fn open(&self, url: &str, count: usize) {
        for _ in 0..count {
            // Fails by design as soon as the connector was asked: no request leaves.
            let _ = PLACE.scope((place(url), Purpose::Open), self.opener.get(url).send()).await;
        }
    }

    /// Waits until every connection started by [`open`](Self::open) is ready or has failed.
    pub async fn opened(&self) {
        while self.waiting.any_unfinished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Sends a request, on a waiting connection where there is one.
    ///
    /// # Errors
    /// As reqwest's, stripped of the URL: it may be a secret.
    pub async fn send(&self, request: reqwest::RequestBuilder, url: &str) -> Result<reqwest::Response, reqwest::Error> {
        PLACE.scope((place(url), Purpose::Use), request.send()).await.map_err(reqwest::Error::without_url)
    }

    /// Starts a PUT that [`send`](Self::send) sends.
    pub fn put(&self, url: &str) -> reqwest::RequestBuilder {
        self.client.put(url)
    }
}

/// Scheme, host and port: what two URLs must share to share a connection.
fn place(url: &str) -> String {
    reqwest::Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

// --- The seam: what the connector is asked for, and why ---

#[derive(Clone, Copy, PartialEq)]
enum Purpose {
    Open,
    Use,
}

tokio::task_local! {
    /// The connector's own request type hides its URL, so it is told beside it.
    static PLACE: (String, Purpose);
}

/// A handshake under way or done; its type is known only to the connector that made it.
struct Waiting {
    since: Instant,
    handshake: Box<dyn Any + Send>,
    finished: Box<dyn Fn() -> bool + Send>,
}

impl Waiting {
    fn is_fresh(&self) -> bool {
        self.since.elapsed() < FRESH
    }
}

#[derive(Clone, Default)]
struct WaitingRoom(Arc<Mutex<HashMap<String, Vec<Waiting>>>>);

impl std::fmt::Debug for WaitingRoom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WaitingRoom")
    }
}

impl WaitingRoom {
    fn add<T: Send + 'static>(&self, place: String, handshake: JoinHandle<T>) {
        let probe = handshake.abort_handle();
        let waiting = Waiting {
            since: Instant::now(),
            handshake: Box::new(handshake),
            finished: Box::new(move || probe.is_finished()),
        };
        let mut room = self.lock();
        // What nobody came for is closed, so that a warm process does not collect connections.
        room.retain(|_, queue| {
            queue.retain(Waiting::is_fresh);
            !queue.is_empty()
        });
        room.entry(place).or_default().push(waiting);
    }

    fn take<T: Send + 'static>(&self, place: &str) -> Option<JoinHandle<T>> {
        let mut room = self.lock();
        let queue = room.get_mut(place)?;
        queue.retain(Waiting::is_fresh);
        if queue.is_empty() {
            return None;
        }
        queue.remove(0).handshake.downcast().ok().map(|handshake| *handshake)
    }

    fn any_unfinished(&self) -> bool {
        self.lock().values().flatten().any(|waiting| !(waiting.finished)())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
struct OpenedAhead {
    waiting: WaitingRoom,
}

impl<S> Layer<S> for OpenedAhead {
    type Service = AheadOf<S>;

    fn layer(&self, connector: S) -> AheadOf<S> {
        AheadOf { connector, waiting: self.waiting.clone() }
    }
}

#[derive(Clone)]
struct AheadOf<S> {
    connector: S,
    waiting: WaitingRoom,
}

type BoxError = Box<dyn StdError + Send + Sync>;

impl<S, Request> Service<Request> for AheadOf<S>
where
    S: Service<Request, Error = BoxError> + Clone + Send + 'static,
    Request: Send + 'static,
    S::Response: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (place, purpose) = PLACE.try_with(Clone::clone).unwrap_or((String::new(), Purpose::Use));
        if purpose == Purpose::Open {
            self.waiting.add(place, tokio::spawn(self.connector.call(request)));
            return Box::pin(async { Err("opened ahead, not used now".into()) });
        }
        match self.waiting.take::<Result<S::Response, BoxError>>(&place) {
            Some(handshake) => {
                let mut connector = self.connector.clone();
                Box::pin(async move {
                    if let Ok(Ok(connection)) = handshake.await {
                        return Ok(connection);
                    }
                    // It failed then; it need not fail now.
                    poll_fn(|context| connector.poll_ready(context)).await?;
                    connector.call(request).await
                })
            }
            None => Box::pin(self.connector.call(request)),
        }
    }
}

// --- The SDK's side ---

impl HttpClient for Connections {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connections {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connections = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let url = request.uri().to_string();
            let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))
                .map_err(|error| ConnectorError::user(error.without_url().into()))?;
            let request = reqwest::RequestBuilder::from_parts(connections.client.clone(), request);
            let response = connections.send(request, &url).await.map_err(connector_error)?;
            let status = response.status().into();
            let headers = response.headers().clone();
            // IAM's answers are a few kilobytes: read whole, so that the connection is free again.
            let body = response.bytes().await.map_err(|error| connector_error(error.without_url()))?;
            let mut response = Response::new(status, SdkBody::from(body));
            *response.headers_mut() = headers
                .try_into()
                .map_err(|error: aws_smithy_runtime_api::http::HttpError| ConnectorError::other(error.into(), None))?;
            Ok(response)
        })
    }
}

fn connector_error(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() { ConnectorError::timeout(error.into()) } else { ConnectorError::io(error.into()) }
}
