//! One request in, one answer out, or none: where trust, disturbances and the record meet.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::{Request, Response};
use tokio::time::Instant;

use super::Customer;
use super::disturbance::{Disturbance, Effect};
use super::query::{self, AssumeRole, Refusal};
use crate::account::loopback::ConnectionLost;

pub(crate) struct Service(Mutex<Inner>);

/// Says something of requests with this external ID, or with none.
pub(crate) type Predicate = Box<dyn Fn(Option<&str>) -> bool + Send>;

pub(crate) struct Inner {
    /// Since when which trust holds, in the order in which that was said.
    pub(crate) trusts: Vec<(Instant, Predicate)>,
    pub(crate) disturbances: Vec<Disturbance>,
    pub(crate) latency: Duration,
    pub(crate) knocks: Vec<Knock>,
    /// The first request that no test should have made.
    pub(crate) misuse: Option<String>,
    opened: Instant,
    requests: u64,
}

/// Somebody asked for a session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Knock {
    pub(crate) role: String,
    pub(crate) external_id: Option<String>,
    /// How long after the test began.
    pub(crate) at: Duration,
}

/// Through which door a request came, which is what its address must fit.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Door {
    Sdk,
    Loopback,
}

enum Outcome {
    Answer(Response<Bytes>),
    Cut,
    Silence,
}

impl Service {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Inner {
            trusts: Vec::new(),
            disturbances: Vec::new(),
            latency: Duration::ZERO,
            knocks: Vec::new(),
            misuse: None,
            opened: Instant::now(),
            requests: 0,
        }))
    }

    /// A test that panicked while it held the lock says so itself: the others look on.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// STS decides as soon as the request arrives; what takes its time, or is lost, is the answer.
    pub(crate) async fn receive(
        self: Arc<Self>,
        door: Door,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, ConnectionLost> {
        let (outcome, latency) = self.act(door, &request);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        match outcome {
            Outcome::Answer(answer) => Ok(answer),
            Outcome::Cut => Err(ConnectionLost),
            Outcome::Silence => pending().await,
        }
    }

    fn act(&self, door: Door, request: &Request<Bytes>) -> (Outcome, Duration) {
        let mut guard = self.lock();
        let inner = &mut *guard;
        let call = match AssumeRole::read(door, request) {
            Ok(call) => call,
            Err(misuse) => {
                let misuse = inner.misuse.get_or_insert(misuse).clone();
                drop(guard);
                panic!("{misuse}");
            }
        };
        inner.requests += 1;
        let request_id = format!("{0:08x}-0000-4000-8000-{0:012x}", inner.requests);
        inner.knocks.push(Knock {
            role: call.role.clone(),
            external_id: call.external_id.clone(),
            at: inner.opened.elapsed(),
        });

        let given = call.external_id.as_deref();
        let trusted = call.role == Customer::ROLE && inner.trusts(given);
        let strike = inner.disturbances.iter_mut().find_map(|disturbance| disturbance.strike(given));
        let answer = |result| Outcome::Answer(query::answer(&call, result, &request_id));
        let outcome = match strike {
            None if trusted => answer(Ok(())),
            None => answer(Err(Refusal::denied(&call, ""))),
            Some(Effect::Opened) => answer(Ok(())),
            Some(Effect::Denied(because)) => answer(Err(Refusal::denied(&call, because))),
            Some(Effect::Refused { status, code, message }) => {
                let message = message.replace("EXTERNAL-ID", given.unwrap_or_default());
                answer(Err(Refusal { status: *status, code, message }))
            }
            Some(Effect::Cut) => Outcome::Cut,
            Some(Effect::Silence) => Outcome::Silence,
        };
        (outcome, inner.latency)
    }
}

impl Inner {
    fn trusts(&self, external_id: Option<&str>) -> bool {
        let now = Instant::now();
        let trust = self.trusts.iter().rfind(|(since, _)| *since <= now);
        trust.is_some_and(|(_, opens)| opens(external_id))
    }
}
