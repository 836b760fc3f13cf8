//! CloudFormation as the function asks it: how it reports one resource, and the events of its stack.

use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_sdk_iam::config::SharedHttpClient;
use bytes::Bytes;
use delegated_role_core::timestamp::Timestamp;
use hyper::{Request, Response};
use serde_json::Value;

use super::fake::{Fake, Service, Transport};
use super::query::{Api, Refusal, Xml};
use super::server::Server;

const API: Api = Api {
    name: "CloudFormation",
    version: "2010-05-15",
    endpoint: "cloudformation.us-east-1.amazonaws.com",
    signed_for: "/cloudformation/aws4_request",
};

pub(crate) type Fault = super::fault::Fault<Report>;

/// A handle on what CloudFormation reports; clones share it.
#[derive(Clone)]
pub(crate) struct CloudFormation(Fake<Report>);

/// What CloudFormation reports of one resource.
#[derive(Default)]
pub(crate) struct Report {
    /// The status of the resource, such as `CREATE_IN_PROGRESS`. Empty: it does not know the resource.
    pub(crate) status: String,
    /// The physical ID of the resource; empty while it is being created.
    pub(crate) physical_id: String,
    /// When the creation of the resource began, by the stack's events.
    pub(crate) creation_began: Option<SystemTime>,
    /// Whether every call is denied.
    pub(crate) denied: bool,
    /// The resources that are reported in another way, by stack and logical ID: their status and physical ID.
    pub(crate) others: BTreeMap<(String, String), (String, String)>,
    /// The calls that came.
    pub(crate) calls: Vec<String>,
    /// Whether a test has said what is reported.
    settled: bool,
}

pub(crate) struct Call {
    action: String,
    parameters: BTreeMap<String, String>,
}

impl CloudFormation {
    pub(crate) fn new() -> Self {
        Self(Fake::new(Report::default()))
    }

    /// Reads or changes what is reported.
    pub(crate) fn edit<T>(&self, change: impl FnOnce(&mut Report) -> T) -> T {
        self.0.with(change)
    }

    /// The resource is reported as in progress with the operation that a request belongs to, unless a test says
    /// otherwise.
    pub(crate) fn follow(&self, request: &Value) {
        self.edit(|report| {
            if !report.settled {
                let operation = request["RequestType"].as_str().unwrap_or_default().to_uppercase();
                report.status = format!("{operation}_IN_PROGRESS");
                request["PhysicalResourceId"].as_str().unwrap_or_default().clone_into(&mut report.physical_id);
            }
        });
    }

    /// See [`Fake::serve`].
    pub(crate) async fn serve(&self) -> Server {
        self.0.serve().await
    }

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

    /// From now on the resource is reported so.
    pub(crate) fn set(&self, status: &str, physical_id: &str) {
        self.edit(|report| {
            report.settled = true;
            status.clone_into(&mut report.status);
            physical_id.clone_into(&mut report.physical_id);
        });
    }

    /// See [`Fake::http_client`].
    pub(crate) fn http_client(&self) -> SharedHttpClient {
        self.0.http_client()
    }
}

impl Report {
    /// The status and physical ID of the resource that a call is about.
    fn reported(&self, call: &Call) -> (&str, &str) {
        let parameter = |name: &str| call.parameters.get(name).cloned().unwrap_or_default();
        let other = self.others.get(&(parameter("StackName"), parameter("LogicalResourceId")));
        other.map_or((&self.status, &self.physical_id), |(status, physical_id)| (status, physical_id))
    }
}

impl Service for Report {
    type Call = Call;
    type Special = ();

    fn read(&self, transport: Transport, request: &Request<Bytes>) -> Result<Call, String> {
        // Each Region has an endpoint of its own, and a stack is asked about in its own.
        let region = request.uri().host().and_then(|host| host.split('.').nth(1)).unwrap_or("us-east-1");
        let endpoint = format!("cloudformation.{region}.amazonaws.com");
        let form = Api { endpoint: endpoint.leak(), ..API }.read(transport, request)?;
        let stack = form.parameters.get("StackName").map_or("", String::as_str);
        if !stack.starts_with("arn:") || (transport == Transport::Sdk && !stack.contains(&format!(":{region}:"))) {
            return Err(format!("a stack is asked about by its ID, in its own Region: {stack} in {region}"));
        }
        Ok(Call { action: form.action, parameters: form.parameters })
    }

    fn arrived(&mut self, call: &Call, _number: u64) {
        self.calls.push(call.action.clone());
    }

    fn perform(&mut self, call: &Call, request_id: &str) -> Response<Bytes> {
        let parameter = |name: &str| call.parameters.get(name).map_or("", String::as_str);
        let result = match call.action.as_str() {
            _ if self.denied => Err(self.denial(call, "with an explicit deny in a service control policy")),
            "DescribeStackResource" if self.reported(call).0.is_empty() => {
                Err(Refusal::new(400, "ValidationError", "The resource does not exist for the stack".to_owned()))
            }
            "DescribeStackResource" => {
                let (status, physical_id) = self.reported(call);
                let detail = Xml::new()
                    .text("LogicalResourceId", parameter("LogicalResourceId"))
                    .optional_text("PhysicalResourceId", Some(physical_id).filter(|id| !id.is_empty()))
                    .text("ResourceType", "Custom::DelegatedRole")
                    .text("LastUpdatedTimestamp", "2026-11-22T12:00:00Z")
                    .text("ResourceStatus", status);
                Ok(Xml::new().element("StackResourceDetail", &detail))
            }
            "DescribeStackResources" if self.status.is_empty() => {
                let message = format!("Stack with id {} does not exist", parameter("StackName"));
                Err(Refusal::new(400, "ValidationError", message))
            }
            "DescribeStackResources" => {
                let resource = Xml::new()
                    .text("StackId", parameter("StackName"))
                    .text("LogicalResourceId", "Access")
                    .optional_text("PhysicalResourceId", Some(&self.physical_id).filter(|id| !id.is_empty()))
                    .text("ResourceType", "Custom::DelegatedRole")
                    .text("Timestamp", "2026-11-22T12:00:00Z")
                    .text("ResourceStatus", &self.status);
                Ok(Xml::new().list("StackResources", [resource]))
            }
            "DescribeStackEvents" => {
                let event = |status: &str, at: &str| {
                    Xml::new()
                        .text("StackId", parameter("StackName"))
                        .text("EventId", status)
                        .text("StackName", "customer")
                        .text("LogicalResourceId", "Access")
                        .text("Timestamp", at)
                        .text("ResourceStatus", status)
                };
                let began = self.creation_began.map(|began| Timestamp::from(began).to_string());
                let began = began.map(|began| event("CREATE_IN_PROGRESS", &began));
                // The newest comes first.
                let events = [event("DELETE_IN_PROGRESS", "2026-11-22T12:00:00Z")].into_iter().chain(began);
                Ok(Xml::new().list("StackEvents", events))
            }
            other => panic!("{}", API.unknown_action(other)),
        };
        API.answer(&call.action, result, request_id)
    }

    fn refuse(&self, call: &Call, refusal: Refusal, request_id: &str) -> Response<Bytes> {
        API.answer(&call.action, Err(refusal), request_id)
    }

    fn denial(&self, call: &Call, reason: &str) -> Refusal {
        let action = &call.action;
        let message = format!("User: the function is not authorized to perform: cloudformation:{action} {reason}");
        Refusal::new(403, "AccessDenied", message)
    }

    fn perform_special(&mut self, (): &(), call: &Call, request_id: &str) -> Response<Bytes> {
        self.perform(call, request_id)
    }
}
