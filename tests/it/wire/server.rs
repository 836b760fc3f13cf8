//! A plain HTTP/1.1 server on a free loopback port, for another process to talk to.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::{Future, pending};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// The connection is closed without an answer.
#[derive(Debug)]
pub(crate) struct ConnectionLost;

impl fmt::Display for ConnectionLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was closed without an answer")
    }
}

impl Error for ConnectionLost {}

/// Serves until it is dropped; that closes its connections, too.
pub(crate) struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    /// Connections with a lower number never answer again.
    silent_below: Arc<AtomicUsize>,
    /// Connections with a lower number are closed.
    closed_below: watch::Sender<usize>,
    accepting: JoinHandle<Infallible>,
}

impl Server {
    /// Reads each request with its whole body and returns what `answer` returns.
    pub(crate) async fn start<A, F>(answer: A) -> Self
    where
        A: Fn(Request<Bytes>) -> F + Clone + Send + 'static,
        F: Future<Output = Result<Response<Bytes>, ConnectionLost>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let address = listener.local_addr().expect("the port is bound");
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        let silent_below = Arc::new(AtomicUsize::new(0));
        let silent = Arc::clone(&silent_below);
        let (closed_below, closed) = watch::channel(0);
        let accepting = tokio::spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.expect("the listener stays open");
                let number = accepted.fetch_add(1, Ordering::Relaxed);
                let answer = answer.clone();
                let silent = Arc::clone(&silent);
                let mut closed = closed.clone();
                let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let answer = answer.clone();
                    let is_silent = number < silent.load(Ordering::Relaxed);
                    async move {
                        if is_silent {
                            pending::<()>().await;
                        }
                        let (head, body) = request.into_parts();
                        let body = body.collect().await.map_err(|_| ConnectionLost)?.to_bytes();
                        answer(Request::from_parts(head, body)).await.map(|response| response.map(Full::new))
                    }
                });
                open.spawn(async move {
                    tokio::select! {
                        // An error is a connection that one side closed, here often on purpose.
                        _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service) => {}
                        _ = closed.wait_for(|below| number < *below) => {}
                    }
                });
                while open.try_join_next().is_some() {}
            }
        });
        Self { address, connections, silent_below, closed_below, accepting }
    }

    /// `127.0.0.1:12345`.
    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    /// `http://127.0.0.1:12345`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections were opened so far, with or without a request.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// No connection that is open now ever answers again, as after a freeze in which a router forgot it.
    pub(crate) fn silence_open_connections(&self) {
        self.silent_below.store(self.connections(), Ordering::Relaxed);
    }

    /// Closes all connections that are open now.
    pub(crate) fn close_open_connections(&self) {
        self.closed_below.send_replace(self.connections());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
