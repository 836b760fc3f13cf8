//! STS as a provider sees it: one role of a customer, and the external IDs that its trust policy accepts.
//!
//! Requests that the access check must never send are a panic: a session with permissions, an external ID that STS
//! refuses before it looks at the role.

mod call;
#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_sdk_sts::config::SharedHttpClient;
use bytes::Bytes;
use hyper::{Request, Response};
use tokio::time::Instant;

use self::call::{API, AssumeRole};
use super::fake::{Fake, Service, Transport};
use super::fault::Failure;
use super::query::Refusal;
use super::server::Server;

pub(crate) type Fault = super::fault::Fault<Sts>;

/// The session of the function, as AWS writes it into denials.
const CALLER: &str = "arn:aws:sts::111111111111:assumed-role/service-provider-access-checker-us-east-1/\
                      service-provider-access-provider";

/// A handle on STS and the customer's account; clones share it.
#[derive(Clone)]
pub(crate) struct Customer(Fake<Sts>);

pub(crate) struct Sts {
    /// Each trust policy and when it takes effect, in the order of the calls to [`Customer::trusts`].
    trusts: Vec<(Instant, Trust)>,
    latency: Duration,
    requests: Vec<Received>,
    started: Instant,
}

/// Whether the trust policy accepts a request with this external ID, or without one.
type Trust = Box<dyn Fn(Option<&str>) -> bool + Send>;

/// A request for a session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Received {
    pub(crate) role: String,
    pub(crate) external_id: Option<String>,
    /// The time since the start of the test.
    pub(crate) at: Duration,
}

/// STS returns a session, whatever the trust policy says.
pub(crate) struct Session;

impl Customer {
    /// The account.
    pub(crate) const ID: &str = "999999999999";

    /// The role in it.
    pub(crate) const ROLE: &str = "arn:aws:iam::999999999999:role/delegated/ProviderAccess";

    /// Parts of the credentials of each session. No log and no answer may contain them.
    pub(crate) const CREDENTIALS: [&str; 3] = call::CREDENTIALS;

    /// A customer whose role trusts no provider.
    pub(crate) fn new() -> Self {
        let started = Instant::now();
        Self(Fake::new(Sts { trusts: Vec::new(), latency: Duration::ZERO, requests: Vec::new(), started }))
    }

    // --- The trust policy ---

    /// The trust policy from now on: which external IDs, and whether no external ID, it accepts.
    pub(crate) fn trusts(&self, accepts: impl Fn(Option<&str>) -> bool + Send + 'static) {
        self.trusts_after(Duration::ZERO, accepts);
    }

    /// The trust policy after this delay. Until then the one before is in effect.
    pub(crate) fn trusts_after(&self, delay: Duration, accepts: impl Fn(Option<&str>) -> bool + Send + 'static) {
        self.0.with(|sts| sts.trusts.push((Instant::now() + delay, Box::new(accepts))));
    }

    // --- What fails ---

    /// Adds a fault after those already set: see [`Fake::fail`].
    pub(crate) fn fail(&self, fault: Fault) {
        self.0.fail(fault);
    }

    /// Removes all faults.
    pub(crate) fn clear_faults(&self) {
        self.0.clear_faults();
    }

    /// The faults that applied to no request yet: see [`Fake::unused_faults`].
    pub(crate) fn unused_faults(&self) -> Vec<String> {
        self.0.unused_faults()
    }

    /// How long each answer takes.
    pub(crate) fn set_latency(&self, latency: Duration) {
        self.0.with(|sts| sts.latency = latency);
    }

    // --- What was requested ---

    /// All requests in the order of arrival, retries included.
    pub(crate) fn requests(&self) -> Vec<Received> {
        self.0.with(|sts| sts.requests.clone())
    }

    /// The external ID of each request, in that order.
    pub(crate) fn external_ids(&self) -> Vec<Option<String>> {
        self.requests().into_iter().map(|request| request.external_id).collect()
    }

    /// Forgets the requests so far.
    pub(crate) fn clear_requests(&self) {
        self.0.with(|sts| sts.requests.clear());
    }

    // --- The two ways to connect ---

    /// See [`Fake::http_client`].
    pub(crate) fn http_client(&self) -> SharedHttpClient {
        self.0.http_client()
    }

    /// See [`Fake::serve`].
    pub(crate) async fn serve(&self) -> Server {
        self.0.serve().await
    }
}

impl Fault {
    /// STS returns a session, whatever the trust policy says.
    pub(crate) fn session() -> Self {
        Self::new(Failure::Special(Session))
    }

    /// Denied without a reason, as for a role in another account.
    pub(crate) fn denied() -> Self {
        Self::denied_because("")
    }

    /// Only requests whose external ID, or none, fulfils the condition.
    pub(crate) fn of(self, holds: impl Fn(Option<&str>) -> bool + Send + Sync + 'static) -> Self {
        self.when("of some external IDs".to_owned(), move |call| holds(call.external_id.as_deref()))
    }
}

impl Sts {
    fn accepts(&self, call: &AssumeRole) -> bool {
        let now = Instant::now();
        let trust = self.trusts.iter().rfind(|(since, _)| *since <= now);
        call.role == Customer::ROLE && trust.is_some_and(|(_, accepts)| accepts(call.external_id.as_deref()))
    }
}

impl Service for Sts {
    type Call = AssumeRole;
    type Special = Session;

    fn read(&self, transport: Transport, request: &Request<Bytes>) -> Result<AssumeRole, String> {
        AssumeRole::read(transport, request)
    }

    fn arrived(&mut self, call: &AssumeRole, _number: u64) {
        let (role, external_id) = (call.role.clone(), call.external_id.clone());
        self.requests.push(Received { role, external_id, at: self.started.elapsed() });
    }

    fn perform(&mut self, call: &AssumeRole, request_id: &str) -> Response<Bytes> {
        // STS denies a role that does not exist in the same words.
        let result = if self.accepts(call) { Ok(call.session()) } else { Err(self.denial(call, "")) };
        API.answer("AssumeRole", result, request_id)
    }

    /// `EXTERNAL-ID` in the message becomes the external ID of the request.
    fn refuse(&self, call: &AssumeRole, mut refusal: Refusal, request_id: &str) -> Response<Bytes> {
        refusal.message = refusal.message.replace("EXTERNAL-ID", call.external_id.as_deref().unwrap_or_default());
        API.answer("AssumeRole", Err(refusal), request_id)
    }

    fn denial(&self, call: &AssumeRole, reason: &str) -> Refusal {
        Refusal::access_denied(CALLER, "sts:AssumeRole", &call.role, reason)
    }

    fn perform_special(&mut self, _: &Session, call: &AssumeRole, request_id: &str) -> Response<Bytes> {
        API.answer("AssumeRole", Ok(call.session()), request_id)
    }

    fn latency(&self) -> Duration {
        self.latency
    }
}
