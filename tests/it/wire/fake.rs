//! What all fakes of AWS services share: one request in, one answer out, or none.
//!
//! A fake answers only what it knows. Another action, parameter or host, or an unsigned request, is a panic at once,
//! and again when the test drops the [`Fake`]. So a panic that the code under test catches, or that a server's task
//! hides, still fails the test.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_iam::config::SharedHttpClient;
use bytes::Bytes;
use hyper::{Request, Response};

use super::fault::{Failure, Fault};
use super::query::Refusal;
use super::sdk;
use super::server::{ConnectionLost, Server};

/// A service: what it holds, and how it answers.
pub(crate) trait Service: Send + Sized + 'static {
    /// A request that the service understands.
    type Call;

    /// Failures that only this service has.
    type Special: Send;

    /// Reads a request. The error is for the author of the test: what the code under test must not send.
    fn read(&self, transport: Transport, request: &Request<Bytes>) -> Result<Self::Call, String>;

    /// A call arrived. All calls have a number.
    fn arrived(&mut self, call: &Self::Call, number: u64);

    /// Does what the call asks for.
    fn perform(&mut self, call: &Self::Call, request_id: &str) -> Response<Bytes>;

    /// Refuses the call; nothing changes.
    fn refuse(&self, call: &Self::Call, refusal: Refusal, request_id: &str) -> Response<Bytes>;

    /// AWS's words for a denial with this reason.
    fn denial(&self, call: &Self::Call, reason: &str) -> Refusal;

    /// Answers a call that meets one of the service's own failures.
    fn perform_special(&mut self, special: &Self::Special, call: &Self::Call, request_id: &str) -> Response<Bytes>;

    /// The call had its effect, or failed.
    fn acted(&mut self, _call: &Self::Call) {}

    /// The answer to the call left, or the caller stopped waiting.
    fn answered(&mut self, _number: u64) {}

    /// How long each answer takes.
    fn latency(&self) -> Duration {
        Duration::ZERO
    }
}

/// How a request came, which decides what its address must be.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Transport {
    Sdk,
    Loopback,
}

/// A handle on a service; clones share it.
pub(crate) struct Fake<S: Service>(Arc<Mutex<Inner<S>>>);

struct Inner<S: Service> {
    service: S,
    faults: Vec<Fault<S>>,
    /// The first request that no test may cause.
    misuse: Option<String>,
    requests: u64,
}

enum Outcome {
    Answer(Response<Bytes>),
    ConnectionLost,
    Silence,
}

impl<S: Service> Fake<S> {
    pub(crate) fn new(service: S) -> Self {
        Self(Arc::new(Mutex::new(Inner { service, faults: Vec::new(), misuse: None, requests: 0 })))
    }

    /// Reads or changes the service itself.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut S) -> T) -> T {
        change(&mut lock(&self.0).service)
    }

    /// Adds a fault after those already set. If several faults fit a call, the first one applies, and only the faults
    /// before it count that call.
    pub(crate) fn fail(&self, fault: Fault<S>) {
        lock(&self.0).faults.push(fault);
    }

    /// Removes all faults.
    pub(crate) fn clear_faults(&self) {
        lock(&self.0).faults.clear();
    }

    /// The faults that applied to no call yet. If some are left at the end, the test proves less than it says.
    pub(crate) fn unused_faults(&self) -> Vec<String> {
        lock(&self.0).faults.iter().filter(|fault| !fault.was_used()).map(ToString::to_string).collect()
    }

    /// The service as the HTTP client of an SDK. There are no sockets, so a test may pause the clock.
    pub(crate) fn http_client(&self) -> SharedHttpClient {
        let inner = Arc::clone(&self.0);
        sdk::http_client(move |request| receive(Arc::clone(&inner), Transport::Sdk, request))
    }

    /// The service behind a real HTTP/1.1 server, for another process, until the server is dropped.
    pub(crate) async fn serve(&self) -> Server {
        let inner = Arc::clone(&self.0);
        Server::start(move |request| receive(Arc::clone(&inner), Transport::Loopback, request)).await
    }
}

impl<S: Service> Clone for Fake<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Service> Drop for Fake<S> {
    fn drop(&mut self) {
        let misuse = lock(&self.0).misuse.clone();
        if let Some(misuse) = misuse
            && !std::thread::panicking()
        {
            panic!("{misuse}");
        }
    }
}

/// The service acts as soon as the request arrives. Only the answer takes time or gets lost, so a caller that stops
/// waiting has changed the service all the same.
async fn receive<S: Service>(
    inner: Arc<Mutex<Inner<S>>>,
    transport: Transport,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, ConnectionLost> {
    let (outcome, latency, _in_flight) = act(&inner, transport, &request);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    match outcome {
        Outcome::Answer(answer) => Ok(answer),
        Outcome::ConnectionLost => Err(ConnectionLost),
        Outcome::Silence => pending().await,
    }
}

fn act<S: Service>(
    shared: &Arc<Mutex<Inner<S>>>,
    transport: Transport,
    request: &Request<Bytes>,
) -> (Outcome, Duration, InFlight<S>) {
    let mut guard = lock(shared);
    let inner = &mut *guard;
    let call = match inner.service.read(transport, request) {
        Ok(call) => call,
        Err(misuse) => {
            let misuse = inner.misuse.get_or_insert(misuse).clone();
            drop(guard);
            panic!("{misuse}");
        }
    };
    inner.requests += 1;
    let number = inner.requests;
    inner.service.arrived(&call, number);

    let failure = inner.faults.iter_mut().find_map(|fault| fault.failure_of(&call));
    let outcome = outcome(&mut inner.service, failure, &call, &request_id(number));
    inner.service.acted(&call);
    let in_flight = InFlight { shared: Arc::clone(shared), number };
    (outcome, inner.service.latency(), in_flight)
}

fn outcome<S: Service>(
    service: &mut S,
    failure: Option<&Failure<S::Special>>,
    call: &S::Call,
    request_id: &str,
) -> Outcome {
    match failure {
        None => Outcome::Answer(service.perform(call, request_id)),
        Some(Failure::Refused(refusal)) => Outcome::Answer(service.refuse(call, refusal.clone(), request_id)),
        Some(Failure::Denied(reason)) => {
            Outcome::Answer(service.refuse(call, service.denial(call, reason), request_id))
        }
        Some(Failure::Html(status)) => Outcome::Answer(html(*status)),
        Some(Failure::Special(special)) => Outcome::Answer(service.perform_special(special, call, request_id)),
        Some(Failure::ConnectionLost { done } | Failure::Silence { done }) if *done => {
            // The caller does not learn whether the service agreed.
            let _ = service.perform(call, request_id);
            without_answer(failure)
        }
        Some(_) => without_answer(failure),
    }
}

fn html(status: u16) -> Response<Bytes> {
    let page = "<html><head><title>Error</title></head><body><h1>Error</h1></body></html>";
    let response = Response::builder().status(status).header("content-type", "text/html");
    response.body(page.into()).expect("the status is valid")
}

fn without_answer<X>(failure: Option<&Failure<X>>) -> Outcome {
    if matches!(failure, Some(Failure::Silence { .. })) { Outcome::Silence } else { Outcome::ConnectionLost }
}

/// The ID in the answer to the request with this number.
pub(super) fn request_id(number: u64) -> String {
    format!("{number:08x}-0000-4000-8000-{number:012x}")
}

/// A call is in flight until its answer left, or its caller stopped waiting.
struct InFlight<S: Service> {
    shared: Arc<Mutex<Inner<S>>>,
    number: u64,
}

impl<S: Service> Drop for InFlight<S> {
    fn drop(&mut self) {
        lock(&self.shared).service.answered(self.number);
    }
}

/// A test that panics while it holds the lock reports that itself.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
