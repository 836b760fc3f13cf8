//! The external ID of a provider for one customer, in whole requests: made once, derived from then on.

mod any_updates;
mod derivation;
mod refused;
mod updates;

use regex_lite::Regex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::stack::{Answer, Stack};

/// A well-formed handle that no resource has.
const HANDLE: &str = "external-id-0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";

fn stack() -> Stack {
    Stack::of("Custom::ExternalId")
}

fn rotation(rotation: &str) -> Value {
    json!({ "Rotation": rotation })
}

/// Checks what holds for each answer, and that there was no call to AWS.
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
        assert!(!digits.is_match(answer.reason()), "a handle or an ID is revealed: {}", answer.reason());
    }
    answer
}

async fn create(stack: &Stack, properties: Value) -> Answer {
    checked(stack, stack.create(properties).await)
}

async fn update(stack: &Stack, physical_id: &str, old: Value, new: Value) -> Answer {
    checked(stack, stack.update(physical_id, old, new).await)
}

/// The external ID that follows from the handle: HMAC-SHA256 by its definition.
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
