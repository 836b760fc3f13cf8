//! One HTTP client for AWS and for the answer: connections are opened before they are needed, few are kept, and broken
//! ones are not used twice.
//!
//! A cold start mostly waits for handshakes. While the runtime asks for the first event, connections to IAM are opened
//! in the background. The connection for the answer is opened while IAM works. HTTP/1.1 carries one call per
//! connection, so concurrent calls need several.
//!
//! Between two events Lambda freezes the process, and the connections may break without notice. So idle connections are
//! closed soon. When one request gets no answer, all idle connections to its host are closed: the others are probably
//! broken, too, and each would cost the time of an attempt.

mod ahead;
mod failure;

use std::collections::HashMap;
use std::error::Error as StdError;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::{HttpError, Response, StatusCode};
use aws_smithy_types::body::SdkBody;
use reqwest::header::HeaderMap;
use tokio::time::Instant;

use self::ahead::{CONNECTING, IDLE, OpenedAhead, Purpose, WaitingRoom};
pub use self::failure::ConnectionFailure;
use crate::backoff::{Schedule, poll_until};

/// How long a handshake may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How many idle connections to one host are kept: as many as a usual create uses at the same time, and one more.
const IDLE_PER_HOST: usize = 4;

/// The HTTP client for all calls to AWS, and for the answer. Cheap to clone.
///
/// It follows no redirects, uses no proxy and speaks HTTP/1.1 over rustls with ring. It trusts the certificates of the
/// operating system (or of `SSL_CERT_FILE`).
#[derive(Clone, Debug)]
pub struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    tls: rustls::ClientConfig,
    opener: reqwest::Client,
    waiting: WaitingRoom,
    /// By origin.
    pools: Mutex<HashMap<String, Arc<Pool>>>,
    last_event: Mutex<Option<SystemTime>>,
}

/// A client for one host with its idle connections, which are closed when it is dropped.
#[derive(Debug)]
struct Pool {
    client: reqwest::Client,
    /// When the last answer came. Its connection is idle since then.
    last_answer: Mutex<Option<Instant>>,
}

/// The whole answer to a request.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    headers: HeaderMap,
    body: SdkBody,
}

impl Connections {
    /// Makes the client. No connection is opened yet.
    ///
    /// # Errors
    /// When no certificate can be loaded, so that no server could be trusted.
    pub fn new() -> Result<Self, Box<dyn StdError + Send + Sync>> {
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&ring))
            .with_safe_default_protocol_versions()?
            .dangerous() // What rustls calls every verifier but its own. This one asks the operating system's.
            .with_custom_certificate_verifier(Arc::new(rustls_platform_verifier::Verifier::new(ring)?))
            .with_no_client_auth();
        let waiting = WaitingRoom::default();
        let (opener, pools, last_event) = (client(&tls, &waiting)?, Mutex::default(), Mutex::default());
        Ok(Self(Arc::new(Shared { tls, opener, waiting, pools, last_event })))
    }

    /// Starts as many connections to the host of `url` as are missing from `count`, and returns at once. They are ready
    /// when their handshake is complete. One that fails is forgotten: the request that needs it opens its own.
    pub async fn open(&self, url: &str, count: usize) {
        let Shared { opener, waiting, .. } = &*self.0;
        let origin = origin(url);
        let ready = waiting.count(&origin) + usize::from(self.pool(&origin).has_idle());
        for _ in ready..count {
            // Fails by design as soon as the connector was asked: no request is sent.
            let _ = CONNECTING.scope((origin.clone(), Purpose::Open), opener.get(url).send()).await;
        }
    }

    /// Waits until every connection started by [`open`](Self::open) is ready or has failed, at most until `deadline`.
    pub async fn opened(&self, deadline: Instant) {
        let _ = poll_until(deadline, Schedule::every(Duration::from_millis(1)), async |_| {
            if self.0.waiting.any_unfinished() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .await;
    }

    /// An event begins at this time of the system clock. If the event before is long ago, the process was probably
    /// frozen in between, and its connections are closed. (The monotonic clock may stop during a freeze.)
    pub fn begin_event(&self, now: SystemTime) {
        let before = lock(&self.0.last_event).replace(now);
        let paused = before.and_then(|before| now.duration_since(before).ok());
        if paused.is_some_and(|paused| paused > IDLE) {
            self.0.waiting.close_all();
            lock(&self.0.pools).clear();
        }
    }

    /// Sends a request, on a waiting connection if there is one, and reads the whole answer. If no answer comes, or the
    /// caller stops waiting, all idle connections to this host are closed.
    ///
    /// # Errors
    /// Why there is no answer. The URL, which may be a secret, is not in it.
    pub async fn send(&self, request: reqwest::Request) -> Result<Answer, ConnectionFailure> {
        let origin = request.url().origin().ascii_serialization();
        let pool = self.pool(&origin);
        let mut unanswered = Unanswered { connections: self, origin: &origin, pool: Some(&pool) };
        let answer = async {
            let response = pool.client.execute(request).await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            // All answers are short: they are read whole, so that the connection can be used again.
            let body = response.bytes().await?.into();
            Ok(Answer { status, headers, body })
        };
        let answer = CONNECTING.scope((origin.clone(), Purpose::Use), answer).await;
        let answer = answer.map_err(|error: reqwest::Error| ConnectionFailure::of(&error))?;
        unanswered.pool = None;
        *lock(&pool.last_answer) = Some(Instant::now());
        Ok(answer)
    }

    fn pool(&self, origin: &str) -> Arc<Pool> {
        let Shared { tls, opener, waiting, pools, .. } = &*self.0;
        let mut pools = lock(pools);
        let pool = pools.entry(origin.to_owned()).or_insert_with(|| {
            // It cannot fail: the opener was made with the same configuration.
            let client = client(tls, waiting).unwrap_or_else(|_| opener.clone());
            Arc::new(Pool { client, last_answer: Mutex::default() })
        });
        Arc::clone(pool)
    }

    /// Closes the idle connections to a host, unless that happened since `pool` was its pool.
    fn close_idle(&self, origin: &str, pool: &Arc<Pool>) {
        let mut pools = lock(&self.0.pools);
        if pools.get(origin).is_some_and(|current| Arc::ptr_eq(current, pool)) {
            self.0.waiting.close(origin);
            pools.remove(origin);
        }
    }
}

/// A request without an answer: when it is dropped, also with the future that holds it, it closes the idle connections
/// to its host.
struct Unanswered<'a> {
    connections: &'a Connections,
    origin: &'a str,
    /// The pool that was used. `None` as soon as there is an answer.
    pool: Option<&'a Arc<Pool>>,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(pool) = self.pool {
            self.connections.close_idle(self.origin, pool);
        }
    }
}

impl Pool {
    fn has_idle(&self) -> bool {
        lock(&self.last_answer).is_some_and(|since| since.elapsed() < IDLE)
    }
}

fn client(tls: &rustls::ClientConfig, waiting: &WaitingRoom) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .connector_layer(OpenedAhead(waiting.clone()))
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .build()
}

/// Scheme, host and port. Two URLs must have the same ones to use the same connection.
fn origin(url: &str) -> String {
    reqwest::Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// --- The client for the SDK ---

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
            let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))
                .map_err(|error| ConnectorError::user(error.without_url().into()))?;
            let answer = connections.send(request).await.map_err(|failure| {
                if failure.timed_out {
                    ConnectorError::timeout(failure.into())
                } else {
                    ConnectorError::io(failure.into())
                }
            })?;
            let unusable = |error: HttpError| ConnectorError::other(error.into(), None);
            let status =
                StatusCode::try_from(answer.status).map_err(|error| ConnectorError::other(error.into(), None))?;
            let mut response = Response::new(status, answer.body);
            *response.headers_mut() = answer.headers.try_into().map_err(unusable)?;
            Ok(response)
        })
    }
}
