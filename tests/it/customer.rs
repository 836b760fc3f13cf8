//! A customer's account as STS shows it to a provider: one role, and whom it opens to.
//!
//! STS at the wire, as in [`account`](crate::account): real SDK clients through
//! [`http_client`](Customer::http_client), the real binary through [`serve`](Customer::serve). What the access
//! check must never send is a panic at once, and another one wherever the test drops its `Customer`: an
//! unsigned request, another action or parameter, a session that can do anything, an external ID that STS
//! would not even read.

#![allow(clippy::expect_used, reason = "a test insists")]

mod disturbance;
mod query;
mod service;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sts::config::SharedHttpClient;
use tokio::time::Instant;

pub(crate) use self::disturbance::Disturbance;
pub(crate) use self::service::Knock;
use self::service::{Door, Service};
use crate::account::door;
use crate::account::loopback::Server;

/// A handle on the account; clones share it.
#[derive(Clone)]
pub(crate) struct Customer(Arc<Service>);

impl Customer {
    /// The account.
    pub(crate) const ID: &str = "999999999999";

    /// The role in it.
    pub(crate) const ROLE: &str = "arn:aws:iam::999999999999:role/delegated/ProviderAccess";

    /// What no log and no answer may hold: parts of the credentials that the role hands out.
    pub(crate) const CREDENTIALS: [&str; 3] = query::CREDENTIALS;

    /// A customer whose role opens to nobody.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Service::new()))
    }

    // --- Whom it opens to ---

    /// The trust from now on: with which external ID, or with none, the role opens.
    pub(crate) fn opens(&self, trust: impl Fn(Option<&str>) -> bool + Send + 'static) {
        self.opens_after(Duration::ZERO, trust);
    }

    /// The trust after a while. Until then what was said before holds.
    pub(crate) fn opens_after(&self, delay: Duration, trust: impl Fn(Option<&str>) -> bool + Send + 'static) {
        self.0.lock().trusts.push((Instant::now() + delay, Box::new(trust)));
    }

    // --- What shall go wrong ---

    /// Adds a disturbance behind those already set. Of several that fit a request the first one strikes, and
    /// only those before it have counted that request.
    pub(crate) fn disturb(&self, disturbance: Disturbance) {
        self.0.lock().disturbances.push(disturbance);
    }

    /// Takes every disturbance away.
    pub(crate) fn calm(&self) {
        self.0.lock().disturbances.clear();
    }

    /// Whether a disturbance has met no request: then a test proves less than it says.
    pub(crate) fn has_unstruck_disturbances(&self) -> bool {
        self.0.lock().disturbances.iter().any(|disturbance| !disturbance.has_struck())
    }

    /// How long STS takes for every answer.
    pub(crate) fn answers_after(&self, latency: Duration) {
        self.0.lock().latency = latency;
    }

    // --- What was asked ---

    /// Every request in the order of arrival, retries included.
    pub(crate) fn knocks(&self) -> Vec<Knock> {
        self.0.lock().knocks.clone()
    }

    /// The external ID of every request, in that order.
    pub(crate) fn asked_with(&self) -> Vec<Option<String>> {
        self.knocks().into_iter().map(|knock| knock.external_id).collect()
    }

    /// Forgets the requests so far.
    pub(crate) fn forget(&self) {
        self.0.lock().knocks.clear();
    }

    // --- The two doors ---

    /// STS as an SDK's HTTP client: no sockets, so a test may pause the clock.
    pub(crate) fn http_client(&self) -> SharedHttpClient {
        let service = Arc::clone(&self.0);
        door::http_client(move |request| Arc::clone(&service).receive(Door::Sdk, request))
    }

    /// STS behind a real HTTP/1.1 server, for another process. It serves until dropped.
    pub(crate) async fn serve(&self) -> Server {
        let service = Arc::clone(&self.0);
        Server::start(move |request| Arc::clone(&service).receive(Door::Loopback, request)).await
    }
}

impl Drop for Customer {
    fn drop(&mut self) {
        let misuse = self.0.lock().misuse.clone();
        if let Some(misuse) = misuse
            && !std::thread::panicking()
        {
            panic!("{misuse}");
        }
    }
}
