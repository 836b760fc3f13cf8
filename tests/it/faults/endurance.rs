//! A process that answers a thousand events holds no more memory and descriptors than after the first hundred.

use serde_json::json;

use super::AUDIT;
use super::operation::auditor_with;
use super::simulation::{Request, Simulation, TIMEOUT};
use super::trial::{Name, Trial};

/// Standard input and output, the event loop, the Runtime API, and a few connections to each service. Lambda allows 1,024.
const DESCRIPTORS: usize = 20;

/// By how much the resident memory may grow after the first hundred events, in KiB.
const GROWTH: usize = 4 * 1024;

/// In each: one create, requests that change nothing, one delete.
const ROUNDS: usize = 50;

pub(super) fn trials() -> Vec<Trial> {
    let name =
        Name { operation: "creates and deletes", fault: "a thousand events in one process", place: String::new() };
    vec![Trial::new(name, true, async { Some(run().await) })]
}

async fn run() -> Vec<String> {
    let mut simulation = Simulation::new().await;
    let properties = auditor_with(&json!({ "ManagedPolicyArns": [AUDIT] }));
    let create = Request::Create { properties: properties.clone() };
    let refused =
        Request::Delete { id: format!("refused-{}", "0123456789abcdef".repeat(4)), properties: properties.clone() };
    let delete = Request::Delete { id: "Auditor".to_owned(), properties };
    let mut memory = None;
    for round in 1..=ROUNDS {
        let requests = std::iter::once(&create).chain(std::iter::repeat_n(&refused, 18)).chain([&delete]);
        for request in requests {
            let answer = simulation.deliver(request, TIMEOUT).await;
            if !answer.is_some_and(|answer| answer.succeeded()) || simulation.deliveries > 1 {
                simulation.report(format!("{request:?} failed in round {round}"));
                return simulation.finish().await;
            }
        }
        let (descriptors, now) = (simulation.process().descriptors(), simulation.process().memory());
        if descriptors > DESCRIPTORS {
            simulation.report(format!("{descriptors} descriptors after {} events", round * 20));
        }
        if round >= 5 && now > *memory.get_or_insert(now) + GROWTH {
            simulation.report(format!("{now} KiB after {} events instead of {memory:?}", round * 20));
        }
    }
    simulation.finish().await
}
