//! Any sequence of updates, rollbacks and repeated deliveries.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{create, stack, update};
use crate::stack::{Answer, Stack};

#[derive(Clone, Debug)]
enum Step {
    /// An update that succeeds.
    Rotate(usize, Option<usize>),
    /// An update that succeeds and is rolled back because of another resource.
    RotateAndBack(usize, Option<usize>),
    /// The last event, delivered again.
    Redeliver,
    /// An update whose physical ID is not from this function.
    LoseTheHandle(usize),
    /// A create that is delivered twice. CloudFormation keeps one of the answers.
    CreateTwice(usize, bool),
}

const ROTATIONS: [&str; 4] = ["", "1", "2", "2026-11"];

fn properties(rotation: usize, previous: Option<usize>) -> Value {
    let mut properties = json!({ "Prefix": "acme" });
    if rotation > 0 {
        properties["Rotation"] = ROTATIONS[rotation].into();
    }
    if let Some(previous) = previous {
        properties["PreviousRotation"] = ROTATIONS[previous].into();
    }
    properties
}

/// What CloudFormation knows about the resource, and all IDs so far.
struct Life {
    stack: Stack,
    now: (Value, Answer),
    ids: BTreeMap<(String, String), String>,
}

impl Life {
    async fn begin() -> Self {
        let stack = stack();
        let answer = create(&stack, properties(0, None)).await;
        let mut life = Self { stack, now: (properties(0, None), answer.clone()), ids: BTreeMap::new() };
        life.learn(&properties(0, None), &answer);
        life
    }

    /// An ID belongs to one handle and one rotation.
    fn learn(&mut self, asked: &Value, answer: &Answer) {
        let handle = answer.physical_id().to_owned();
        let wanted = asked["Rotation"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.attribute("Rotation"), wanted);
        let mut facts = vec![(wanted, answer.attribute("ExternalId"))];
        match asked.get("PreviousRotation") {
            Some(previous) => {
                facts.push((previous.as_str().unwrap().to_owned(), answer.attribute("PreviousExternalId")));
            }
            None => assert_eq!(answer.attribute("PreviousExternalId"), ""),
        }
        for (rotation, id) in facts {
            let known = self.ids.entry((handle.clone(), rotation)).or_insert_with(|| id.to_owned());
            assert_eq!(known, id);
        }
        let different: BTreeSet<_> = self.ids.values().collect();
        assert_eq!(different.len(), self.ids.len(), "two rotations or two handles share an ID");
    }

    async fn updated(&mut self, physical_id: &str, asked: Value) -> Answer {
        let answer = update(&self.stack, physical_id, self.now.0.clone(), asked.clone()).await;
        self.learn(&asked, &answer);
        answer
    }

    async fn take(&mut self, step: Step) {
        let (before, answer) = self.now.clone();
        let handle = answer.physical_id();
        match step {
            Step::Rotate(rotation, previous) => {
                let asked = properties(rotation, previous);
                let answer = self.updated(handle, asked.clone()).await;
                assert_eq!(answer.physical_id(), handle);
                self.now = (asked, answer);
            }
            Step::RotateAndBack(rotation, previous) => {
                let asked = properties(rotation, previous);
                let there = self.updated(handle, asked.clone()).await;
                let back = update(&self.stack, there.physical_id(), asked, before).await;
                assert_eq!(back, answer);
            }
            Step::Redeliver => assert_eq!(self.updated(handle, before).await, answer),
            Step::LoseTheHandle(rotation) => {
                let asked = properties(rotation, None);
                let answer = self.updated("provider-Token-1A2B3C4D5E6F", asked.clone()).await;
                self.now = (asked, answer);
            }
            Step::CreateTwice(rotation, keep_first) => {
                let asked = properties(rotation, None);
                let answers = [create(&self.stack, asked.clone()).await, create(&self.stack, asked.clone()).await];
                for answer in &answers {
                    self.learn(&asked, answer);
                }
                let [first, second] = answers;
                self.now = (asked, if keep_first { first } else { second });
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let rotation = || 0..ROTATIONS.len();
    let previous = || proptest::option::of(0..ROTATIONS.len());
    prop_oneof![
        4 => (rotation(), previous()).prop_map(|(rotation, previous)| Step::Rotate(rotation, previous)),
        3 => (rotation(), previous()).prop_map(|(rotation, previous)| Step::RotateAndBack(rotation, previous)),
        1 => Just(Step::Redeliver),
        1 => rotation().prop_map(Step::LoseTheHandle),
        1 => (rotation(), any::<bool>()).prop_map(|(rotation, keep_first)| Step::CreateTwice(rotation, keep_first)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_id_changes_with_the_rotation_and_returns_with_it(steps in vec(step(), 1..16)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let mut life = Life::begin().await;
            for step in steps {
                life.take(step).await;
            }
        });
    }
}
