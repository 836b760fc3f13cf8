//! Lambda freezes a process between two events, and its connections break meanwhile: closed, or silent because a router
//! on the way forgot them. The next event is answered by its first delivery.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::operation::{Case, auditor_with, contents};
use super::safety;
use super::simulation::{Request, Service, Simulation};
use super::trial::{Name, Trial};
use super::{AUDIT, EC2, S3};
use crate::wire::server::Server;

/// The function's timeout: one attempt on a silent connection leaves time enough, and one on each of them does not.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What breaks: a row of the table.
#[derive(Clone, Copy)]
struct Freeze {
    name: &'static str,
    services: &'static [Service],
    damage: fn(&Server),
    waits: bool,
}

const IAM: &[Service] = &[Service::Iam];
const BUCKET: &[Service] = &[Service::Bucket];
const BOTH: &[Service] = &[Service::Iam, Service::Bucket];

const KINDS: [Freeze; 6] = [
    closed("connections to IAM closed in a freeze", IAM),
    closed("connections to the response bucket closed in a freeze", BUCKET),
    closed("all connections closed in a freeze", BOTH),
    silent("connections to IAM silent after a freeze", IAM),
    silent("connections to the response bucket silent after a freeze", BUCKET),
    silent("all connections silent after a freeze", BOTH),
];

const fn closed(name: &'static str, services: &'static [Service]) -> Freeze {
    Freeze { name, services, damage: Server::close_open_connections, waits: false }
}

const fn silent(name: &'static str, services: &'static [Service]) -> Freeze {
    Freeze { name, services, damage: Server::silence_open_connections, waits: true }
}

pub(super) fn trials(cases: &[Arc<Case>]) -> Vec<Trial> {
    let trial = |freeze: Freeze, case: &Arc<Case>| {
        let name = Name { operation: case.operation.name, fault: freeze.name, place: String::new() };
        let case = Arc::clone(case);
        Trial::new(name, freeze.waits, async move { Some(freeze.run(&case).await) })
    };
    KINDS.iter().flat_map(|freeze| cases.iter().map(move |case| trial(*freeze, case))).collect()
}

impl Freeze {
    async fn run(self, case: &Case) -> Vec<String> {
        let Case { operation, reference } = case;
        let mut simulation = Simulation::with(&reference.state).await;
        warm_up(&mut simulation).await;
        simulation.freeze(self.services, self.damage).await;
        let before: Vec<usize> = self.services.iter().map(|service| simulation.connections(*service)).collect();
        let mut request = operation.request.clone();
        loop {
            let answer = simulation.deliver(&request, TIMEOUT).await;
            match &answer {
                Some(answer) if answer.succeeded() && simulation.deliveries == 1 => {}
                answer => {
                    let (answer, deliveries) = (answer.as_ref().map(|answer| &answer.0), simulation.deliveries);
                    simulation.report(format!("{request:?} is answered after {deliveries} deliveries: {answer:?}"));
                }
            }
            match operation.next(answer.as_ref()) {
                Some(next) if request == operation.request && next != request => request = next,
                _ => break,
            }
        }
        for (service, before) in self.services.iter().zip(before) {
            if simulation.connections(*service) == before {
                simulation.report(format!("no new connection to {service:?}: the fault applied to no connection"));
            }
        }
        let there = contents(&simulation);
        if there != reference.after {
            simulation.report(format!("the roles at the end are {there:#?}\n    instead of {:#?}", reference.after));
        }
        for violation in safety::violations(&simulation.account.snapshots(), &reference.templates) {
            simulation.report(violation);
        }
        simulation.finish().await
    }
}

/// Answers events that leave nothing behind but open connections, as many as a role with several policies needs.
async fn warm_up(simulation: &mut Simulation) {
    let properties = auditor_with(&json!({ "RoleName": "Before", "ManagedPolicyArns": [AUDIT, EC2, S3] }));
    let create = Request::Create { properties: properties.clone() };
    for request in [create, Request::Delete { id: "Before".to_owned(), properties }] {
        let answer = simulation.deliver(&request, TIMEOUT).await;
        assert!(answer.is_some_and(|answer| answer.succeeded()), "nothing fails before the freeze");
    }
    simulation.account.clear_calls();
}
