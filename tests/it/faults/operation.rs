//! What CloudFormation asks for, what it does next, and what must be there in the end.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::safety::{Templates, by_content};
use super::world::{Request, USUAL, World};
use super::{AUDIT, EC2, ID, OTHER_ID, S3};
use crate::fixtures::PROVIDER;
use crate::stack::Answer;
use crate::wire::iam::{Fault, Role, State};

/// An ID as CloudFormation makes one up when it never heard any.
pub(super) const MADE_UP: &str = "customer-Access-1A2B3C4D5E6F";

/// Where another Region's stack is.
const ELSEWHERE: &str = "eu-west-1";

/// One request, and what was there before it.
pub(super) struct Operation {
    pub(super) name: &'static str,
    /// Delivered before, undisturbed.
    before: Vec<Request>,
    /// Begun before, and given up after its first write: all deliveries died.
    given_up: Option<Request>,
    /// Whether the role that was made before is marked for the stack of another Region.
    kept_elsewhere: bool,
    pub(super) request: Request,
    /// What CloudFormation does when it fails.
    otherwise: Otherwise,
}

#[derive(Clone, Copy, PartialEq)]
enum Otherwise {
    /// Goes back to what was before.
    Back,
    /// The same once more: there is nothing to go back to.
    Again,
}

/// How an operation goes when nothing is in its way.
pub(super) struct Undisturbed {
    /// The account before it.
    pub(super) state: State,
    /// The roles before it.
    pub(super) before: Vec<Role>,
    /// The roles in the end.
    pub(super) after: Vec<Role>,
    /// What each role may be on the way.
    pub(super) templates: Templates,
    /// The calls that it makes, each with how many like it came before.
    pub(super) calls: Vec<(String, usize)>,
}

impl Operation {
    pub(super) async fn undisturbed(&self) -> Undisturbed {
        let mut world = World::new().await;
        for request in &self.before {
            let answer = world.deliver(request, USUAL).await.expect("it is answered");
            assert!(answer.succeeded(), "{}: {}", self.name, answer.reason());
        }
        if let Some(request) = &self.given_up {
            let death = world.death.clone();
            world.account.fail(Fault::reply_hangs().on_writes().notifying(&death));
            world.after_deaths.extend([Fault::hang().notifying(&death), Fault::hang().notifying(&death)]);
            assert_eq!(world.deliver(request, USUAL).await, None, "{}", self.name);
            world.account.clear_faults();
        }
        if self.kept_elsewhere {
            world.account.edit(|state| {
                let stack = state.roles[0].tags.get_mut("service-provider-access:stack-id").unwrap();
                *stack = stack.replace("us-east-1", ELSEWHERE);
            });
        }
        world.end_process().await;
        world.account.clear_calls();
        let (state, before) = (world.account.edit(|state| state.clone()), contents(&world));

        let answer = world.deliver(&self.request, USUAL).await;
        assert!(answer.as_ref().is_some_and(Answer::succeeded), "{}: {answer:?}", self.name);
        let mut seen = BTreeMap::new();
        let calls = world.account.calls().into_iter().map(|call| {
            let nth = seen.entry(call.clone()).and_modify(|nth| *nth += 1).or_insert(1);
            (call, *nth)
        });
        let calls = calls.collect();
        let mut templates = Templates::new();
        for role in before.iter().cloned().chain(contents(&world)) {
            templates.entry(role.name.clone()).or_default().push(role);
        }
        if let Some(next) = self.next(answer.as_ref()) {
            let answer = world.deliver(&next, USUAL).await;
            assert!(answer.as_ref().is_some_and(Answer::succeeded), "{}, then {next:?}: {answer:?}", self.name);
        }
        let after = contents(&world);
        assert_eq!(world.finish().await, [""; 0], "{}", self.name);
        Undisturbed { state, before, after, templates, calls }
    }

    /// What CloudFormation does when it has heard this, or never anything.
    pub(super) fn next(&self, answer: Option<&Answer>) -> Option<Request> {
        let succeeded = answer.filter(|answer| answer.succeeded());
        match (&self.request, succeeded) {
            (Request::Update { id, old, .. }, Some(answer)) if answer.physical_id() != id => {
                Some(Request::Delete { id: id.clone(), wish: old.clone() })
            }
            (_, Some(_)) => None,
            (request, None) if self.otherwise == Otherwise::Again => Some(request.clone()),
            (Request::Create { wish }, None) => {
                let id = answer.map_or(MADE_UP, Answer::physical_id).to_owned();
                Some(Request::Delete { id, wish: wish.clone() })
            }
            (Request::Update { id, old, new }, None) => {
                Some(Request::Update { id: id.clone(), old: new.clone(), new: old.clone() })
            }
            (Request::Delete { .. }, None) => Some(self.request.clone()),
        }
    }

    /// Whether a request before it was begun and given up.
    pub(super) fn was_given_up(&self) -> bool {
        self.given_up.is_some()
    }

    /// The request before this one, for the same resource.
    pub(super) fn older(&self, undisturbed: &Undisturbed) -> Request {
        match (&self.given_up, &self.request) {
            (Some(given_up), _) => given_up.clone(),
            (None, Request::Create { wish }) => {
                Request::Delete { id: undisturbed.after[0].name.clone(), wish: wish.clone() }
            }
            (None, Request::Update { old: wish, .. } | Request::Delete { wish, .. }) => {
                Request::Create { wish: wish.clone() }
            }
        }
    }

    /// What CloudFormation asks for when something else fails after this success.
    pub(super) fn undo(&self, answer: &Answer) -> Request {
        let id = answer.physical_id().to_owned();
        match &self.request {
            Request::Create { wish } => Request::Delete { id, wish: wish.clone() },
            Request::Update { old, new, .. } => Request::Update { id, old: new.clone(), new: old.clone() },
            Request::Delete { wish, .. } => Request::Create { wish: wish.clone() },
        }
    }

    /// The roles that must be there in the end, after this answer and what came of it.
    pub(super) fn end<'a>(&self, answer: Option<&Answer>, undisturbed: &'a Undisturbed) -> &'a [Role] {
        let done = answer.is_some_and(Answer::succeeded) || self.otherwise == Otherwise::Again;
        if done { &undisturbed.after } else { &undisturbed.before }
    }
}

/// The roles of an account, by content and name.
pub(super) fn contents(world: &World) -> Vec<Role> {
    let mut roles: Vec<Role> = world.account.edit(|state| state.roles.iter().map(by_content).collect());
    roles.sort_by(|one, other| one.name.cmp(&other.name));
    roles
}

/// A role with something of everything.
pub(super) fn auditor() -> Value {
    json!({
        "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "Description": "for the auditor",
        "ManagedPolicyArns": [AUDIT, EC2], "CustomPolicy": reading("reports"),
        "Tags": [{ "Key": "team", "Value": "platform" }, { "Key": "cost", "Value": "7" }],
    })
}

/// The auditor's role with some properties of its own.
pub(super) fn auditor_with(change: &Value) -> Value {
    let mut wish = auditor();
    wish.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    wish
}

fn reading(bucket: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*") },
    ] })
}

pub(super) fn all() -> Vec<Operation> {
    let generated = json!({ "ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT] });
    let create = |wish: &Value| Request::Create { wish: wish.clone() };
    let update =
        |old: &Value, new: &Value| Request::Update { id: "Auditor".into(), old: old.clone(), new: new.clone() };
    let delete = |id: &str, wish: &Value| Request::Delete { id: id.into(), wish: wish.clone() };
    let operation = |name, before: &[&Request], request| Operation {
        name,
        before: before.iter().map(|request| (*request).clone()).collect(),
        given_up: None,
        kept_elsewhere: false,
        request,
        otherwise: Otherwise::Back,
    };
    let (old, made) = (auditor(), create(&auditor()));
    let policies = auditor_with(&json!({ "ManagedPolicyArns": [AUDIT, S3], "CustomPolicy": reading("accounts") }));
    let other_id = auditor_with(&json!({
        "ExternalId": OTHER_ID, "ManagedPolicyArns": [S3], "CustomPolicy": reading("accounts"), "MaxSessionDuration": "7200",
    }));
    let labels = auditor_with(&json!({
        "Description": "for the other auditor", "MaxSessionDuration": "7200", "Tags": [{ "Key": "team", "Value": "audit" }],
    }));
    let newcomer = auditor_with(&json!({
        "ExternalAwsAccountId": [PROVIDER, "333333333333"], "ManagedPolicyArns": [AUDIT], "MaxSessionDuration": "7200",
    }));
    let bounded = auditor_with(&json!({ "PermissionsBoundary": AUDIT, "ManagedPolicyArns": [S3] }));
    let replaced = auditor_with(&json!({ "RoleName": "Reviewer", "ManagedPolicyArns": [S3] }));
    let replacement = update(&old, &replaced);
    let elsewhere = auditor_with(&json!({ "HomeRegion": ELSEWHERE }));
    let again = auditor_with(&json!({ "HomeRegion": ELSEWHERE, "Revision": "2" }));
    let in_another_region = |name, request| Operation { kept_elsewhere: true, ..operation(name, &[&made], request) };
    vec![
        operation("create", &[], made.clone()),
        operation("create with a generated external ID", &[], create(&generated)),
        operation("update of policies", &[&made], update(&old, &policies)),
        operation("update to another external ID", &[&made], update(&old, &other_id)),
        operation("update of description, tags and session", &[&made], update(&old, &labels)),
        operation("update that lets somebody else in, too", &[&made], update(&old, &newcomer)),
        operation("update that shuts somebody out", &[&create(&newcomer)], update(&newcomer, &old)),
        operation("update that sets a boundary", &[&made], update(&old, &bounded)),
        operation("update that takes the boundary off", &[&create(&bounded)], update(&bounded, &old)),
        operation("replacement", &[&made], replacement.clone()),
        Operation {
            otherwise: Otherwise::Again,
            ..operation("clean-up after a replacement", &[&made, &replacement], delete("Auditor", &old))
        },
        Operation {
            given_up: Some(replacement.clone()),
            otherwise: Otherwise::Again,
            ..operation("rollback of a replacement that died", &[&made], update(&replaced, &old))
        },
        Operation { otherwise: Otherwise::Again, ..operation("delete", &[&made], delete("Auditor", &old)) },
        in_another_region("create in another Region than the home Region", create(&elsewhere)),
        in_another_region("update in another Region", update(&elsewhere, &again)),
        Operation {
            otherwise: Otherwise::Again,
            ..in_another_region("delete in another Region", delete("Auditor", &elsewhere))
        },
    ]
}
