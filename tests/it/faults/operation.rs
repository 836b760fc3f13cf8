//! What CloudFormation requests, what it requests next, and which roles must exist at the end.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::safety::{Templates, without_generated_fields};
use super::simulation::{Request, Simulation, TIMEOUT};
use super::{AUDIT, EC2, ID, OTHER_ID, S3};
use crate::fixtures::PROVIDER;
use crate::stack::Answer;
use crate::wire::iam::{Fault, Role, State};

/// A physical ID that CloudFormation generates if it receives none.
pub(super) const GENERATED_ID: &str = "customer-Access-1A2B3C4D5E6F";

/// The Region of another stack.
const OTHER_REGION: &str = "eu-west-1";

/// One request, and what happened before it.
pub(super) struct Operation {
    pub(super) name: &'static str,
    /// Delivered before, without faults.
    before: Vec<Request>,
    /// Started before, and abandoned after its first write, because all deliveries died.
    abandoned: Option<Request>,
    /// Whether the role has the tags of the stack of another Region.
    in_other_region: bool,
    pub(super) request: Request,
    /// What CloudFormation does if it fails.
    on_failure: OnFailure,
}

#[derive(Clone, Copy, PartialEq)]
enum OnFailure {
    /// It rolls back.
    RollBack,
    /// It sends the request again: there is nothing to roll back to.
    Retry,
}

/// The operation without faults.
pub(super) struct Reference {
    /// The account before it.
    pub(super) state: State,
    /// The roles before it.
    pub(super) before: Vec<Role>,
    /// The roles at the end.
    pub(super) after: Vec<Role>,
    /// What each role can be on the way.
    pub(super) templates: Templates,
    /// Its calls, each with its number among the calls with the same line.
    pub(super) calls: Vec<(String, usize)>,
}

/// An operation with its reference.
pub(super) struct Case {
    pub(super) operation: Operation,
    pub(super) reference: Reference,
}

impl Case {
    pub(super) async fn of(operation: Operation) -> Self {
        let reference = operation.reference().await;
        Self { operation, reference }
    }
}

impl Operation {
    async fn reference(&self) -> Reference {
        let mut simulation = Simulation::new().await;
        for request in &self.before {
            let answer = simulation.deliver(request, TIMEOUT).await.expect("there is an answer");
            assert!(answer.succeeded(), "{}: {}", self.name, answer.reason());
        }
        if let Some(request) = &self.abandoned {
            let kill = simulation.kill.clone();
            simulation.account.fail(Fault::reply_hangs().on_writes().notifying(&kill));
            simulation.after_kills.extend([Fault::hang().notifying(&kill), Fault::hang().notifying(&kill)]);
            assert_eq!(simulation.deliver(request, TIMEOUT).await, None, "{}", self.name);
            simulation.account.clear_faults();
        }
        if self.in_other_region {
            simulation.account.edit(|state| {
                let stack = state.roles[0].tags.get_mut("service-provider-access:stack-id").unwrap();
                *stack = stack.replace("us-east-1", OTHER_REGION);
            });
        }
        simulation.end_process().await;
        simulation.account.clear_calls();
        let (state, before) = (simulation.account.edit(|state| state.clone()), contents(&simulation));

        let answer = simulation.deliver(&self.request, TIMEOUT).await;
        assert!(answer.as_ref().is_some_and(Answer::succeeded), "{}: {answer:?}", self.name);
        let mut seen = BTreeMap::new();
        let calls = simulation.account.calls().into_iter().map(|call| {
            let nth = seen.entry(call.clone()).and_modify(|nth| *nth += 1).or_insert(1);
            (call, *nth)
        });
        let calls = calls.collect();
        let mut templates = Templates::new();
        for role in before.iter().cloned().chain(contents(&simulation)) {
            templates.entry(role.name.clone()).or_default().push(role);
        }
        if let Some(next) = self.next(answer.as_ref()) {
            let answer = simulation.deliver(&next, TIMEOUT).await;
            assert!(answer.as_ref().is_some_and(Answer::succeeded), "{}, then {next:?}: {answer:?}", self.name);
        }
        let after = contents(&simulation);
        assert_eq!(simulation.finish().await, [""; 0], "{}", self.name);
        Reference { state, before, after, templates, calls }
    }

    /// What CloudFormation requests after this answer, or after none.
    pub(super) fn next(&self, answer: Option<&Answer>) -> Option<Request> {
        let succeeded = answer.filter(|answer| answer.succeeded());
        match (&self.request, succeeded) {
            (Request::Update { id, old, .. }, Some(answer)) if answer.physical_id() != id => {
                Some(Request::Delete { id: id.clone(), properties: old.clone() })
            }
            (_, Some(_)) => None,
            (request, None) if self.on_failure == OnFailure::Retry => Some(request.clone()),
            (Request::Create { properties }, None) => {
                let id = answer.map_or(GENERATED_ID, Answer::physical_id).to_owned();
                Some(Request::Delete { id, properties: properties.clone() })
            }
            (Request::Update { id, old, new }, None) => {
                Some(Request::Update { id: id.clone(), old: new.clone(), new: old.clone() })
            }
            (Request::Delete { .. }, None) => Some(self.request.clone()),
        }
    }

    /// Whether a request before it was abandoned.
    pub(super) fn was_abandoned(&self) -> bool {
        self.abandoned.is_some()
    }

    /// The request before this one, for the same resource.
    pub(super) fn older(&self, reference: &Reference) -> Request {
        match (&self.abandoned, &self.request) {
            (Some(abandoned), _) => abandoned.clone(),
            (None, Request::Create { properties }) => {
                Request::Delete { id: reference.after[0].name.clone(), properties: properties.clone() }
            }
            (None, Request::Update { old: properties, .. } | Request::Delete { properties, .. }) => {
                Request::Create { properties: properties.clone() }
            }
        }
    }

    /// What CloudFormation requests if another resource fails after this success.
    pub(super) fn undo(&self, answer: &Answer) -> Request {
        let id = answer.physical_id().to_owned();
        match &self.request {
            Request::Create { properties } => Request::Delete { id, properties: properties.clone() },
            Request::Update { old, new, .. } => Request::Update { id, old: new.clone(), new: old.clone() },
            Request::Delete { properties, .. } => Request::Create { properties: properties.clone() },
        }
    }

    /// The roles that must exist at the end, after this answer and the next request.
    pub(super) fn end<'a>(&self, answer: Option<&Answer>, reference: &'a Reference) -> &'a [Role] {
        let done = answer.is_some_and(Answer::succeeded) || self.on_failure == OnFailure::Retry;
        if done { &reference.after } else { &reference.before }
    }
}

/// The roles of an account, sorted by name.
pub(super) fn contents(simulation: &Simulation) -> Vec<Role> {
    let mut roles: Vec<Role> =
        simulation.account.edit(|state| state.roles.iter().map(without_generated_fields).collect());
    roles.sort_by(|one, other| one.name.cmp(&other.name));
    roles
}

/// A role with all kinds of policies and tags.
pub(super) fn auditor() -> Value {
    json!({
        "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "Description": "for the auditor",
        "ManagedPolicyArns": [AUDIT, EC2], "CustomPolicy": reading("reports"),
        "Tags": [{ "Key": "team", "Value": "platform" }, { "Key": "cost", "Value": "7" }],
    })
}

/// The same role with other properties.
pub(super) fn auditor_with(change: &Value) -> Value {
    let mut properties = auditor();
    properties.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    properties
}

fn reading(bucket: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*") },
    ] })
}

pub(super) fn all() -> Vec<Operation> {
    let generated = json!({ "ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT] });
    let create = |properties: &Value| Request::Create { properties: properties.clone() };
    let update =
        |old: &Value, new: &Value| Request::Update { id: "Auditor".into(), old: old.clone(), new: new.clone() };
    let delete = |id: &str, properties: &Value| Request::Delete { id: id.into(), properties: properties.clone() };
    let operation = |name, before: &[&Request], request| Operation {
        name,
        before: before.iter().map(|request| (*request).clone()).collect(),
        abandoned: None,
        in_other_region: false,
        request,
        on_failure: OnFailure::RollBack,
    };
    let (old, made) = (auditor(), create(&auditor()));
    let policies = auditor_with(&json!({ "ManagedPolicyArns": [AUDIT, S3], "CustomPolicy": reading("accounts") }));
    let other_id = auditor_with(&json!({
        "ExternalId": OTHER_ID, "ManagedPolicyArns": [S3], "CustomPolicy": reading("accounts"), "MaxSessionDuration": "7200",
    }));
    let labels = auditor_with(&json!({
        "Description": "for the other auditor", "MaxSessionDuration": "7200", "Tags": [{ "Key": "team", "Value": "audit" }],
    }));
    let two_providers = auditor_with(&json!({
        "ExternalAwsAccountId": [PROVIDER, "333333333333"], "ManagedPolicyArns": [AUDIT], "MaxSessionDuration": "7200",
    }));
    let bounded = auditor_with(&json!({ "PermissionsBoundary": AUDIT, "ManagedPolicyArns": [S3] }));
    let replaced = auditor_with(&json!({ "RoleName": "Reviewer", "ManagedPolicyArns": [S3] }));
    let replacement = update(&old, &replaced);
    let in_other_region_properties = auditor_with(&json!({ "HomeRegion": OTHER_REGION }));
    let again = auditor_with(&json!({ "HomeRegion": OTHER_REGION, "Revision": "2" }));
    let in_another_region = |name, request| Operation { in_other_region: true, ..operation(name, &[&made], request) };
    vec![
        operation("create", &[], made.clone()),
        operation("create with a generated external ID", &[], create(&generated)),
        operation("update of policies", &[&made], update(&old, &policies)),
        operation("update to another external ID", &[&made], update(&old, &other_id)),
        operation("update of description, tags and session", &[&made], update(&old, &labels)),
        operation("update that trusts another provider, too", &[&made], update(&old, &two_providers)),
        operation("update that trusts one provider less", &[&create(&two_providers)], update(&two_providers, &old)),
        operation("update that sets a boundary", &[&made], update(&old, &bounded)),
        operation("update that removes the boundary", &[&create(&bounded)], update(&bounded, &old)),
        operation("replacement", &[&made], replacement.clone()),
        Operation {
            on_failure: OnFailure::Retry,
            ..operation("clean-up after a replacement", &[&made, &replacement], delete("Auditor", &old))
        },
        Operation {
            abandoned: Some(replacement.clone()),
            on_failure: OnFailure::Retry,
            ..operation("rollback of an abandoned replacement", &[&made], update(&replaced, &old))
        },
        Operation { on_failure: OnFailure::Retry, ..operation("delete", &[&made], delete("Auditor", &old)) },
        in_another_region("create in another Region than the home Region", create(&in_other_region_properties)),
        in_another_region("update in another Region", update(&in_other_region_properties, &again)),
        Operation {
            on_failure: OnFailure::Retry,
            ..in_another_region("delete in another Region", delete("Auditor", &in_other_region_properties))
        },
    ]
}
