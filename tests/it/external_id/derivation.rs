//! How an external ID follows from its handle and its rotation.

use std::collections::BTreeSet;

use regex_lite::Regex;
use serde_json::{Value, json};

use super::{HANDLE, create, derived, rotation, stack, update};

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
async fn the_derivation_never_changes() {
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
async fn no_two_ids_are_the_same_and_none_contains_its_handle() {
    let mut all = BTreeSet::new();
    for _ in 0..50 {
        let stack = stack();
        for properties in [json!({}), rotation("2"), json!({ "Prefix": "acme" })] {
            // The same stack and logical ID twice: a repeated delivery cannot be distinguished from a new request.
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
