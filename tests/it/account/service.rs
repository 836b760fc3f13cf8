//! One request in, one answer out, or none: where calls, faults, latency and the record meet.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::{Request, Response};

use super::fault::{Fault, Outcome};
use super::loopback::ConnectionLost;
use super::query::{self, Call, Refusal};
use super::record::Record;
use super::state::State;

pub(crate) struct Service(Mutex<Inner>);

pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) faults: Vec<Fault>,
    pub(crate) record: Record,
    /// The first request that no test should have made.
    pub(crate) misuse: Option<String>,
    requests: u64,
}

/// Through which door a request came, which is what its address must fit.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Door {
    Sdk,
    Loopback,
}

impl Service {
    pub(crate) fn new(state: State) -> Self {
        Self(Mutex::new(Inner { state, faults: Vec::new(), record: Record::default(), misuse: None, requests: 0 }))
    }

    /// A test that panicked while it held the lock says so itself: the others look on.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// AWS acts as soon as the request arrives; what takes its time, or is lost, is the answer. A caller who
    /// stops waiting has therefore changed the account all the same.
    pub(crate) async fn receive(
        self: Arc<Self>,
        door: Door,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, ConnectionLost> {
        let (outcome, latency, _in_flight) = self.act(door, &request);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        match outcome {
            Outcome::Answer(answer) => Ok(answer),
            Outcome::Cut => Err(ConnectionLost),
            Outcome::Silence => pending().await,
        }
    }

    fn act(self: &Arc<Self>, door: Door, request: &Request<Bytes>) -> (Outcome, Duration, InFlight) {
        let mut guard = self.lock();
        let inner = &mut *guard;
        let call = match Call::read(&inner.state, door, request) {
            Ok(call) => call,
            Err(misuse) => {
                let misuse = inner.misuse.get_or_insert(misuse).clone();
                drop(guard);
                panic!("{misuse}");
            }
        };

        inner.requests += 1;
        let request_id = format!("{0:08x}-0000-4000-8000-{0:012x}", inner.requests);
        let started = inner.record.start(&call, request_id.clone());

        let strike = inner.faults.iter_mut().find_map(|fault| fault.strike(&call));
        let outcome = match strike {
            None => Outcome::Answer(query::answer(&call, perform(&mut inner.state, &call), &request_id)),
            Some(strike) => strike.outcome(&mut inner.state, &call, &request_id, perform),
        };
        if call.action.writes {
            inner.record.keep(&call, &inner.state.roles);
        }
        let in_flight = InFlight { service: Arc::clone(self), started };
        (outcome, inner.state.latency, in_flight)
    }
}

/// What IAM does and says when nothing is in its way.
fn perform(state: &mut State, call: &Call) -> Result<query::Xml, Refusal> {
    if call.action.writes {
        state.settle(call)?;
    }
    (call.action.perform)(state, call)
}

/// A call is under way until its answer has left, or its caller has gone.
struct InFlight {
    service: Arc<Service>,
    started: u64,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.service.lock().record.end(self.started);
    }
}
