//! IAM of one AWS account, in memory. It refuses what IAM refuses, in IAM's words.

mod actions;
mod call;
mod document;
mod fault;
mod managed;
mod record;
mod rules;
mod state;
#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_sdk_iam::config::SharedHttpClient;
use bytes::Bytes;
use hyper::{Request, Response};

use self::call::Call;
use self::fault::Special;
use self::record::Record;
pub(crate) use self::record::Snapshot;
pub(crate) use self::state::{Document, Policy, Role, State};
use super::fake::{Fake, Service, Transport};
use super::query::Refusal;
use super::server::Server;

pub(crate) type Fault = super::fault::Fault<Iam>;

/// A handle on the account; clones share it.
#[derive(Clone)]
pub(crate) struct Account(Fake<Iam>);

pub(crate) struct Iam {
    state: State,
    record: Record,
}

impl Account {
    /// The account that [`new`](Self::new) makes.
    pub(crate) const ID: &str = "111111111111";

    pub(crate) fn new() -> Self {
        Self::in_partition("aws", Self::ID)
    }

    /// An account in another partition than the commercial one: `aws-cn` or `aws-us-gov`.
    pub(crate) fn in_partition(partition: &'static str, id: &'static str) -> Self {
        Self(Fake::new(Iam { state: State::new(partition, id), record: Record::default() }))
    }

    // --- What is in it ---

    /// The role as IAM has it. IAM ignores the letter case of role names.
    pub(crate) fn role(&self, name: &str) -> Option<Role> {
        self.edit(|state| state.role(name).cloned())
    }

    /// The names of all roles, oldest first.
    pub(crate) fn roles(&self) -> Vec<String> {
        self.edit(|state| state.roles.iter().map(|role| role.name.clone()).collect())
    }

    /// Adds a role, or replaces the one with that name, and returns it as it is now. Nothing is checked: an account
    /// can contain roles that IAM would not accept today.
    pub(crate) fn put_role(&self, role: Role) -> Role {
        self.edit(|state| state.put_role(role))
    }

    /// Adds a customer managed policy and returns its ARN.
    pub(crate) fn put_policy(&self, policy: Policy) -> String {
        self.edit(|state| state.put_policy(policy))
    }

    /// Reads or changes anything without a call: quotas, page size, latency, changes by others.
    pub(crate) fn edit<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        self.0.with(|iam| change(&mut iam.state))
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

    /// The faults that applied to no call yet: see [`Fake::unused_faults`].
    pub(crate) fn unused_faults(&self) -> Vec<String> {
        self.0.unused_faults()
    }

    // --- What was called ---

    /// All calls in the order of arrival, retries included, each as its action and what it names:
    /// `AttachRolePolicy acme arn:aws:iam::aws:policy/ReadOnlyAccess`, `TagRole acme team,owner`.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.0.with(|iam| iam.record.calls())
    }

    /// [`calls`](Self::calls) without those that only read.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.0.with(|iam| iam.record.writes())
    }

    /// All roles after each write, in the order of arrival.
    pub(crate) fn snapshots(&self) -> Vec<Snapshot> {
        self.0.with(|iam| iam.record.snapshots())
    }

    /// Forgets the calls so far, but not their effect.
    pub(crate) fn clear_calls(&self) {
        self.0.with(|iam| iam.record.clear());
    }

    /// The calls, grouped by how many answers had to come before them one after the other. There are as many groups
    /// as sequential round trips. Needs some [`latency`](State::latency); without it, every call ends at once.
    pub(crate) fn rounds(&self) -> Vec<Vec<String>> {
        self.0.with(|iam| iam.record.rounds())
    }

    /// The highest number of calls in flight at the same time.
    pub(crate) fn max_in_flight(&self) -> usize {
        self.0.with(|iam| iam.record.max_in_flight())
    }

    /// AWS's request ID in the last answer to a call whose line starts with this text.
    pub(crate) fn request_id(&self, call: &str) -> Option<String> {
        self.0.with(|iam| iam.record.request_id(call))
    }

    // --- The two ways to connect ---

    /// See [`Fake::http_client`].
    pub(crate) fn http_client(&self) -> SharedHttpClient {
        self.0.http_client()
    }

    /// See [`Fake::serve`].
    pub(crate) async fn serve(&self) -> Server {
        // The other process reads the real clock, and so does this IAM.
        self.edit(|state| state.time = None);
        self.0.serve().await
    }
}

impl Service for Iam {
    type Call = Call;
    type Special = Special;

    fn read(&self, transport: Transport, request: &Request<Bytes>) -> Result<Call, String> {
        Call::read(&self.state.api(), transport, request)
    }

    fn arrived(&mut self, call: &Call, number: u64) {
        self.record.start(call, number);
    }

    fn perform(&mut self, call: &Call, request_id: &str) -> Response<Bytes> {
        let settled = if call.action.writes { self.state.settle(call) } else { Ok(()) };
        let result = settled.and_then(|()| (call.action.perform)(&mut self.state, call));
        self.state.api().answer(call.action.name, result, request_id)
    }

    fn refuse(&self, call: &Call, refusal: Refusal, request_id: &str) -> Response<Bytes> {
        self.state.api().answer(call.action.name, Err(refusal), request_id)
    }

    /// IAM writes the ARN only of a role that the call makes, and `role NAME` for all others.
    fn denial(&self, call: &Call, reason: &str) -> Refusal {
        let action = format!("iam:{}", call.action.name);
        let role = call.optional("RoleName").unwrap_or_default();
        let resource = match call.action.name {
            "CreateRole" => self.state.arn("role", call.optional("Path").unwrap_or("/"), role),
            "GetPolicy" | "GetPolicyVersion" => format!("policy {}", call.optional("PolicyArn").unwrap_or_default()),
            "GetAccountSummary" | "ListRoles" => "*".to_owned(),
            _ => format!("role {role}"),
        };
        Refusal::access_denied(&self.state.caller(), &action, &resource, &reason.replace("ACTION", &action))
    }

    fn perform_special(&mut self, special: &Special, call: &Call, request_id: &str) -> Response<Bytes> {
        let name = call.optional("RoleName").unwrap_or_default();
        match special {
            Special::RoleNotFound => self.refuse(call, Refusal::no_such_role(name), request_id),
            Special::IdForArn => {
                let answer = self.perform(call, request_id);
                match self.state.role(name) {
                    Some(role) => fault::with_id_for_arn(answer, &role.arn, &role.id),
                    None => answer,
                }
            }
        }
    }

    fn acted(&mut self, call: &Call) {
        if call.action.writes {
            self.record.keep(call, &self.state.roles);
        }
    }

    fn answered(&mut self, number: u64) {
        self.record.end(number);
    }

    fn latency(&self) -> Duration {
        self.state.latency
    }
}
