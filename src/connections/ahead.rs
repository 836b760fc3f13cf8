//! Where connections are opened ahead: a layer around the connector of the HTTP client.
//!
//! No request is sent ahead. A client of its own, whose pool stays empty, asks the connector for a connection. The
//! connection waits here until the client that sends requests asks for one to the same origin. (The client that sends
//! would take an idle connection from its pool instead, and really send the request that was only meant to open one.)

use std::any::Any;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// How long an unused connection is kept. IAM and S3 close idle connections later.
pub(super) const IDLE: Duration = Duration::from_secs(10);

/// Why the connector is asked for a connection.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Purpose {
    Open,
    Use,
}

tokio::task_local! {
    /// The origin to connect to, and why. The type of the connector's own requests does not show its URL.
    pub(super) static CONNECTING: (String, Purpose);
}

/// A handshake in progress or complete. Only the connector that started it knows its type.
struct Waiting {
    since: Instant,
    handshake: Box<dyn Any + Send>,
    finished: Box<dyn Fn() -> bool + Send>,
}

impl Waiting {
    fn is_fresh(&self) -> bool {
        self.since.elapsed() < IDLE
    }
}

/// The connections that were opened ahead and not used yet, by origin.
#[derive(Clone, Default)]
pub(super) struct WaitingRoom(Arc<Mutex<HashMap<String, Vec<Waiting>>>>);

impl std::fmt::Debug for WaitingRoom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WaitingRoom")
    }
}

impl WaitingRoom {
    /// How many connections to this origin wait.
    pub(super) fn count(&self, origin: &str) -> usize {
        self.fresh().get(origin).map_or(0, Vec::len)
    }

    pub(super) fn any_unfinished(&self) -> bool {
        self.fresh().values().flatten().any(|waiting| !(waiting.finished)())
    }

    pub(super) fn close(&self, origin: &str) {
        self.lock().remove(origin);
    }

    pub(super) fn close_all(&self) {
        self.lock().clear();
    }

    fn add<T: Send + 'static>(&self, origin: String, handshake: JoinHandle<T>) {
        let probe = handshake.abort_handle();
        let waiting = Waiting {
            since: Instant::now(),
            handshake: Box::new(handshake),
            finished: Box::new(move || probe.is_finished()),
        };
        self.fresh().entry(origin).or_default().push(waiting);
    }

    fn take<T: Send + 'static>(&self, origin: &str) -> Option<JoinHandle<T>> {
        let mut room = self.fresh();
        let queue = room.get_mut(origin).filter(|queue| !queue.is_empty())?;
        queue.remove(0).handshake.downcast().ok().map(|handshake| *handshake)
    }

    /// The connections, without those that waited too long. Dropping a connection closes it.
    fn fresh(&self) -> MutexGuard<'_, HashMap<String, Vec<Waiting>>> {
        let mut room = self.lock();
        room.retain(|_, queue| {
            queue.retain(Waiting::is_fresh);
            !queue.is_empty()
        });
        room
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes [`Connector`]s.
#[derive(Clone)]
pub(super) struct OpenedAhead(pub(super) WaitingRoom);

impl<S> Layer<S> for OpenedAhead {
    type Service = Connector<S>;

    fn layer(&self, connector: S) -> Connector<S> {
        Connector { connector, waiting: self.0.clone() }
    }
}

/// A connector that prefers a waiting connection to a new one.
#[derive(Clone)]
pub(super) struct Connector<S> {
    connector: S,
    waiting: WaitingRoom,
}

type BoxError = Box<dyn StdError + Send + Sync>;

impl<S, Request> Service<Request> for Connector<S>
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
        let (origin, purpose) = CONNECTING.try_with(Clone::clone).unwrap_or((String::new(), Purpose::Use));
        if purpose == Purpose::Open {
            self.waiting.add(origin, tokio::spawn(self.connector.call(request)));
            return Box::pin(async { Err("opened ahead, not used now".into()) });
        }
        match self.waiting.take::<Result<S::Response, BoxError>>(&origin) {
            Some(handshake) => {
                let mut connector = self.connector.clone();
                Box::pin(async move {
                    if let Ok(Ok(connection)) = handshake.await {
                        return Ok(connection);
                    }
                    // It failed then, but may succeed now.
                    poll_fn(|context| connector.poll_ready(context)).await?;
                    connector.call(request).await
                })
            }
            None => Box::pin(self.connector.call(request)),
        }
    }
}
