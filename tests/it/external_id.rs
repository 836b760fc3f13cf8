//! A provider's external ID for one customer, told through whole requests: made once, derived ever after.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::{Expect, expect};
use proptest::collection::vec;
use proptest::prelude::*;
use regex_lite::Regex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::stack::{Answer, Stack};

/// A handle as it could be, and is not.
const HANDLE: &str = "external-id-0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";

fn stack() -> Stack {
    Stack::of("Custom::ExternalId")
}

fn rotation(rotation: &str) -> Value {
    json!({ "Rotation": rotation })
}

/// What holds for every answer, and that AWS was not asked.
fn checked(stack: &Stack, answer: Answer) -> Answer {
    assert_eq!(stack.account.calls(), [""; 0]);
    assert_eq!(stack.customer.requests(), []);
    if answer.succeeded() && answer.0["Data"] != json!({}) {
        let keys: Vec<_> = answer.0["Data"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["ExternalId", "PreviousExternalId", "Rotation"]);
        let form = Regex::new("^[A-Za-z0-9-]{32,128}$").unwrap();
        assert!(form.is_match(answer.attribute("ExternalId")), "{}", answer.0);
        assert!(answer.physical_id().starts_with("external-id-"), "{}", answer.0);
    } else if !answer.succeeded() {
        let digits = Regex::new("[0-9a-f]{16}").unwrap();
        assert!(!digits.is_match(answer.reason()), "a handle or an ID is told: {}", answer.reason());
    }
    answer
}

async fn create(stack: &Stack, properties: Value) -> Answer {
    checked(stack, stack.create(properties).await)
}

async fn update(stack: &Stack, physical_id: &str, old: Value, new: Value) -> Answer {
    checked(stack, stack.update(physical_id, old, new).await)
}

/// The external ID as anybody who has the handle can derive it: HMAC-SHA256 by its definition.
fn derived(handle: &str, prefix: &str, rotation: &str) -> String {
    let key: [u8; 64] = {
        let short = if handle.len() > 64 { Sha256::digest(handle).to_vec() } else { handle.as_bytes().to_vec() };
        std::array::from_fn(|index| short.get(index).copied().unwrap_or_default())
    };
    let message = [&b"service-provider-access external ID v1\0"[..], rotation.as_bytes()].concat();
    let inner = Sha256::digest([&key.map(|byte| byte ^ 0x36)[..], &message].concat());
    let outer = Sha256::digest([&key.map(|byte| byte ^ 0x5c)[..], &inner].concat());
    outer.iter().fold(prefix.to_owned(), |digits, byte| format!("{digits}{byte:02x}"))
}

// --- What it is ---

#[tokio::test]
async fn an_id_is_the_hash_of_the_rotation_under_the_handle() {
    let stack = stack();
    let long = "x".repeat(256);
    for (prefix, properties, given) in [
        ("", json!({}), ""),
        ("", rotation(""), ""),
        ("", rotation("2026-11"), "2026-11"),
        ("", json!({ "Rotation": 3 }), "3"),
        ("", rotation("zweite Größe\u{0}\n🔑"), "zweite Größe\u{0}\n🔑"),
        ("", rotation(&long), &long),
        ("acme-", json!({ "Prefix": "acme", "Rotation": "2" }), "2"),
        ("--", json!({ "Prefix": "-" }), ""),
        ("0123456789abcdefABCDEF-012345678-", json!({ "Prefix": "0123456789abcdefABCDEF-012345678" }), ""),
    ] {
        let answer = create(&stack, properties).await;
        let handle = answer.physical_id();
        let form = Regex::new("^external-id-[0-9a-f]{64}(-[A-Za-z0-9-]{1,32})?$").unwrap();
        assert!(form.is_match(handle), "{handle}");
        assert!(prefix.is_empty() || handle.ends_with(&format!("-{}", &prefix[..prefix.len() - 1])), "{handle}");
        assert_eq!(answer.attribute("ExternalId"), derived(handle, prefix, given));
        assert_eq!(answer.attribute("Rotation"), given);
        assert_eq!(answer.attribute("PreviousExternalId"), "");
    }
}

#[tokio::test]
async fn the_derivation_is_what_it_always_was() {
    let stack = stack();
    let check = async |handle: &str, properties: Value, expected: &str| {
        let answer = update(&stack, handle, json!({}), properties).await;
        assert_eq!((answer.physical_id(), answer.attribute("ExternalId")), (handle, expected));
    };
    // By another implementation: hmac.new(handle, b"service-provider-access external ID v1\0" + rotation, sha256)
    check(HANDLE, json!({}), "c79eae5eead7484625c66235c17fb06b2905f0083b3743af6ca6812c59f4d09d").await;
    check(HANDLE, rotation("2026-11"), "45a47d4e2fb8d7dcc5a912723bcba7d6ce553110111465f5200424d56528c060").await;
    let acme = format!("{HANDLE}-acme");
    check(&acme, json!({ "Prefix": "acme" }), "acme-a5b144f272aa9fbee076c90244f02afcef0cea7e25b0df690f0d903df47ffd21")
        .await;
    check(
        &acme,
        json!({ "Prefix": "acme", "Rotation": "2026-11" }),
        "acme-2a383cd2f146f27d71e7babd7f88a96b25488218c9a7de3fcfafb337f9b778a2",
    )
    .await;
}

#[tokio::test]
async fn no_two_are_alike_and_none_tells_whose_it_is() {
    let mut all = BTreeSet::new();
    for _ in 0..50 {
        let stack = stack();
        for properties in [json!({}), rotation("2"), json!({ "Prefix": "acme" })] {
            // The same stack and logical ID twice: what is delivered again is not told from what is asked anew.
            for _ in 0..2 {
                let answer = create(&stack, properties.clone()).await;
                assert!(!answer.physical_id().contains(answer.attribute("ExternalId")));
                all.insert(answer.attribute("ExternalId").to_owned());
                all.insert(answer.physical_id().to_owned());
            }
        }
    }
    assert_eq!(all.len(), 50 * 3 * 2 * 2);
}

// --- Its life ---

#[tokio::test]
async fn a_rotation_rolled_back_gives_back_the_id() {
    let stack = stack();
    let created = create(&stack, rotation("1")).await;
    let handle = created.physical_id();
    let rotated = update(&stack, handle, rotation("1"), rotation("2")).await;
    assert_ne!(rotated.attribute("ExternalId"), created.attribute("ExternalId"));
    assert_eq!(update(&stack, handle, rotation("2"), rotation("1")).await, created);
}

#[tokio::test]
async fn a_rotation_without_a_gap_knows_the_id_before() {
    let stack = stack();
    let created = create(&stack, json!({})).await;
    let handle = created.physical_id();
    for (previous, expected) in [
        (json!({}), String::new()),
        // The rotation before there was any.
        (json!({ "PreviousRotation": "" }), created.attribute("ExternalId").to_owned()),
        (json!({ "PreviousRotation": "1" }), derived(handle, "", "1")),
        (json!({ "PreviousRotation": "2" }), derived(handle, "", "2")),
    ] {
        let mut properties = rotation("2");
        properties.as_object_mut().unwrap().extend(previous.as_object().unwrap().clone());
        let answer = update(&stack, handle, json!({}), properties).await;
        assert_eq!(answer.attribute("ExternalId"), derived(handle, "", "2"));
        assert_eq!(answer.attribute("PreviousExternalId"), expected, "{previous}");
        assert_eq!(answer.attribute("Rotation"), "2");
    }
}

#[tokio::test]
async fn a_prefix_is_for_good() {
    let stack = stack();
    let check = async |before: Value, after: Value, expected: Expect| {
        let created = create(&stack, before.clone()).await;
        let refused = update(&stack, created.physical_id(), before.clone(), after.clone()).await;
        assert_eq!(refused.physical_id(), created.physical_id());
        expected.assert_eq(refused.reason());
        // What CloudFormation does then.
        assert_eq!(update(&stack, refused.physical_id(), after, before).await, created);
    };
    check(json!({ "Prefix": "acme" }), json!({ "Prefix": "Acme" }), expect!["Prefix cannot be changed: it is part of the external ID that the customer's role requires. Put it back, or create a new resource (another logical ID) for another external ID. [cannot-change]"]).await;
    check(json!({ "Prefix": "acme" }), json!({}), expect!["Prefix cannot be changed: it is part of the external ID that the customer's role requires. Put it back, or create a new resource (another logical ID) for another external ID. [cannot-change]"]).await;
    check(json!({}), json!({ "Prefix": "acme", "Rotation": "2" }), expect!["Prefix cannot be changed: it is part of the external ID that the customer's role requires. Put it back, or create a new resource (another logical ID) for another external ID. [cannot-change]"]).await;
}

#[tokio::test]
async fn an_id_that_is_no_handle_is_replaced_by_one() {
    let stack = stack();
    for foreign in [
        "provider-Token-1A2B3C4D5E6F",
        "refused-0f0f0f0f",
        "external-id-",
        &HANDLE[..HANDLE.len() - 1],
        &format!("{HANDLE}0"),
        &format!("{HANDLE}-"),
        &format!("{HANDLE}-a_b"),
        &format!("{HANDLE}-{}", "a".repeat(33)),
        &HANDLE.replace('f', "F"),
        &format!(" {HANDLE}"),
        &format!("{HANDLE}\n"),
    ] {
        let first = update(&stack, foreign, json!({}), json!({ "Prefix": "acme" })).await;
        assert_ne!(first.physical_id(), foreign, "{foreign:?}");
        assert!(!first.physical_id().contains(&HANDLE["external-id-".len()..]), "{foreign:?}");
        let again = update(&stack, foreign, json!({}), json!({ "Prefix": "acme" })).await;
        assert_ne!(again.physical_id(), first.physical_id(), "{foreign:?}");
    }
}

#[tokio::test]
async fn a_delete_has_nothing_to_do() {
    let stack = stack();
    let handle = format!("{HANDLE}-acme");
    for physical_id in [HANDLE, &handle, "provider-Token-1A2B3C4D5E6F", "refused-0f0f", "ProviderAccess"] {
        for properties in [json!({}), json!({ "Prefix": "Größe", "Unknown": [1] })] {
            let deleted = checked(&stack, stack.delete(physical_id, properties).await);
            assert!(deleted.succeeded());
            assert_eq!(deleted.physical_id(), physical_id);
        }
    }
}

// --- What is refused ---

#[tokio::test]
async fn what_is_wrong_is_told_at_once() {
    let stack = stack();
    let check = async |properties: Value, expected: Expect| {
        let refused = create(&stack, properties.clone()).await;
        expected.assert_eq(refused.reason());
        let deleted = checked(&stack, stack.delete(refused.physical_id(), properties.clone()).await);
        assert!(deleted.succeeded());
        // The same of an update, whose ID stays.
        let kept = update(&stack, HANDLE, json!({}), properties).await;
        assert_eq!((kept.reason(), kept.physical_id()), (refused.reason(), HANDLE));
    };
    check(
        json!({ "Prefix": "" }),
        expect!["Prefix is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"],
    )
    .await;
    check(
        json!({ "Prefix": "Größe" }),
        expect![[r#"Prefix is "Größe"; it must be 1 to 32 characters of A-Za-z0-9-. [invalid-value]"#]],
    )
    .await;
    check(
        json!({ "Prefix": "acme_corp" }),
        expect![[r#"Prefix is "acme_corp"; it must be 1 to 32 characters of A-Za-z0-9-. [invalid-value]"#]],
    )
    .await;
    check(
        json!({ "Prefix": "z".repeat(33) }),
        expect![[r#"Prefix is "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"; it must be 1 to 32 characters of A-Za-z0-9-. [invalid-value]"#]],
    )
    .await;
    check(
        json!({ "Prefix": ["acme"] }),
        expect!["Prefix is a list; give one value, not a list or an object. [invalid-value]"],
    )
    .await;
    check(rotation(&"é".repeat(257)), expect!["Rotation has 257 characters; give at most 256. [invalid-value]"]).await;
    check(json!({ "Rotation": ["1"] }), expect!["Rotation is a list; give a string. [invalid-value]"]).await;
    check(
        json!({ "PreviousRotation": { "a": "1" } }),
        expect!["PreviousRotation is an object; give a string. [invalid-value]"],
    )
    .await;
    check(json!({ "rotation": "1", "ExternalId": "mine" }), expect![[r#"There are 2 problems. (1) "ExternalId" is not a property of this resource: remove it. [unknown-property] (2) "rotation" is not a property of this resource: use Rotation. [unknown-property]"#]]).await;
    check(
        json!({ "Prefix": "", "Rotation": "x".repeat(257), "PreviousRotation": "x".repeat(300), "RoleName": "x" }),
        expect![[r#"There are 4 problems. (1) Prefix is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value] (2) Rotation has 257 characters; give at most 256. [invalid-value] (3) PreviousRotation has 300 characters; give at most 256. [invalid-value] (4) "RoleName" is not a property of this resource: remove it. [unknown-property]"#]],
    )
    .await;
}

#[tokio::test]
async fn several_rules_broken_by_an_update_are_told_together() {
    let stack = stack();
    let refused = update(&stack, HANDLE, json!({}), json!({ "Prefix": "acme", "Rotation": [] })).await;
    expect!["There are 2 problems. (1) Rotation is a list; give a string. [invalid-value] (2) Prefix cannot be changed: it is part of the external ID that the customer's role requires. Put it back, or create a new resource (another logical ID) for another external ID. [cannot-change]"].assert_eq(refused.reason());
}

// --- Any life ---

#[derive(Clone, Debug)]
enum Step {
    /// An update that holds.
    Rotate(usize, Option<usize>),
    /// An update that holds here, fails elsewhere in the stack, and is rolled back.
    RotateAndBack(usize, Option<usize>),
    /// The last event once more.
    Redeliver,
    /// An update whose physical ID CloudFormation, or somebody else, made up.
    LoseTheHandle(usize),
    /// A create that is delivered twice; CloudFormation keeps either answer.
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

/// What CloudFormation holds of the resource, and every ID that there ever was.
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

    /// An ID goes with its handle and its rotation, and with no other.
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
    fn the_id_changes_with_the_rotation_and_comes_back_with_it(steps in vec(step(), 1..16)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let mut life = Life::begin().await;
            for step in steps {
                life.take(step).await;
            }
        });
    }
}
