//! One AWS account's IAM, in memory, at the wire.
//!
//! Real SDK clients and the real binary talk to it in AWS's own protocol, through
//! [`http_client`](Account::http_client) within a test's process and through [`serve`](Account::serve) on a
//! loopback port. It refuses what IAM refuses, in IAM's words, and tests tell it what else shall go wrong
//! with [`fail`](Account::fail).
//!
//! What it does not know it does not answer: another action, parameter or host, or a request that nobody
//! signed, is a panic at once, and another one wherever the test drops its `Account`. So a panic that the
//! code under test catches, or that a server's task swallows, still fails the test.

#![allow(clippy::expect_used, reason = "a test insists")]

mod actions;
mod document;
pub(crate) mod door;
mod fault;
pub(crate) mod loopback;
mod managed;
pub(crate) mod query;
mod record;
mod rules;
mod service;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use aws_sdk_iam::config::SharedHttpClient;

pub(crate) use self::fault::Fault;
use self::loopback::Server;
pub(crate) use self::record::Timestamp;
use self::service::{Door, Service};
pub(crate) use self::state::{Policy, Role, State};

/// A handle on the account; clones share it.
#[derive(Clone)]
pub(crate) struct Account(Arc<Service>);

impl Account {
    /// The account that [`new`](Self::new) makes.
    pub(crate) const ID: &str = "111111111111";

    pub(crate) fn new() -> Self {
        Self::in_partition("aws", Self::ID)
    }

    /// An account elsewhere than in the commercial partition: `aws-cn` or `aws-us-gov`.
    pub(crate) fn in_partition(partition: &'static str, id: &'static str) -> Self {
        Self(Arc::new(Service::new(State::new(partition, id))))
    }

    // --- What is in it ---

    /// The role as IAM has it. Its name is found regardless of letter case, as IAM does.
    pub(crate) fn role(&self, name: &str) -> Option<Role> {
        self.edit(|state| state.role(name).cloned())
    }

    /// The names of all roles, oldest first.
    pub(crate) fn roles(&self) -> Vec<String> {
        self.edit(|state| state.roles.iter().map(|role| role.name.clone()).collect())
    }

    /// Places somebody else's role, in the stead of any with that name, and returns it as it now stands.
    /// Nothing is checked: what others left in an account need not be what IAM would accept today.
    pub(crate) fn put_role(&self, role: Role) -> Role {
        self.edit(|state| state.put_role(role))
    }

    /// Places a customer-managed policy and returns its ARN.
    pub(crate) fn put_policy(&self, policy: Policy) -> String {
        self.edit(|state| state.put_policy(policy))
    }

    /// Changes or reads anything behind IAM's back: quotas, page size, latency, out-of-band changes.
    pub(crate) fn edit<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().state)
    }

    // --- What shall go wrong ---

    /// Adds a fault behind those already set. Of several that fit a call the first one strikes, and only the
    /// faults before it have counted that call.
    pub(crate) fn fail(&self, fault: Fault) {
        self.0.lock().faults.push(fault);
    }

    /// Takes every fault away.
    pub(crate) fn heal(&self) {
        self.0.lock().faults.clear();
    }

    /// The faults that no call has met: where this is not empty, a test proves less than it says.
    pub(crate) fn unstruck_faults(&self) -> Vec<String> {
        self.0.lock().faults.iter().filter(|fault| !fault.has_struck()).map(ToString::to_string).collect()
    }

    // --- What was asked ---

    /// Every call in the order of arrival, retries included, each as its action and what it names:
    /// `AttachRolePolicy acme arn:aws:iam::aws:policy/ReadOnlyAccess`, `TagRole acme team,owner`.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.0.lock().record.calls()
    }

    /// [`calls`](Self::calls) without those that only read.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.0.lock().record.writes()
    }

    /// All roles after each write, in the order of arrival: what anybody could have met on the way.
    pub(crate) fn moments(&self) -> Vec<Timestamp> {
        self.0.lock().record.moments()
    }

    /// Forgets the calls so far, not what they did.
    pub(crate) fn clear_calls(&self) {
        self.0.lock().record.clear();
    }

    /// The calls, grouped by how many had to be answered before them, one after the other: as many groups
    /// as there were sequential rounds. Needs some [`latency`](State::latency), or everything is over as
    /// soon as it is asked.
    pub(crate) fn rounds(&self) -> Vec<Vec<String>> {
        self.0.lock().record.rounds()
    }

    /// The most calls that were under way at once.
    pub(crate) fn max_in_flight(&self) -> usize {
        self.0.lock().record.max_in_flight()
    }

    /// AWS's request ID in the last answer to a call that starts so.
    pub(crate) fn request_id(&self, call: &str) -> Option<String> {
        self.0.lock().record.request_id(call)
    }

    // --- The two doors ---

    /// The account as an SDK's HTTP client: no sockets, so a test may pause the clock.
    pub(crate) fn http_client(&self) -> SharedHttpClient {
        let service = Arc::clone(&self.0);
        door::http_client(move |request| Arc::clone(&service).receive(Door::Sdk, request))
    }

    /// The account behind a real HTTP/1.1 server, for another process. It serves until dropped.
    pub(crate) async fn serve(&self) -> Server {
        let service = Arc::clone(&self.0);
        Server::start(move |request| Arc::clone(&service).receive(Door::Loopback, request)).await
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let misuse = self.0.lock().misuse.clone();
        if let Some(misuse) = misuse
            && !std::thread::panicking()
        {
            panic!("{misuse}");
        }
    }
}
