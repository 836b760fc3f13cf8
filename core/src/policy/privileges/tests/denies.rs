//! Documents that only deny, and documents that grant nothing.

use serde_json::json;

use crate::policy::document::Document;

#[test]
fn only_a_document_of_plain_denies_only_denies() {
    for (document, only_denies, grants_nothing) in [
        (json!({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}), true, true),
        (json!({"Statement": [{"Effect": "Deny", "NotAction": "a:b", "NotResource": "*"}]}), true, true),
        (json!({"Statement": [{"Effect": "Deny"}, {"Effect": "Deny"}]}), true, true),
        (json!({"Statement": [{"Effect": "Deny"}, {"Effect": "Allow"}]}), false, false),
        (json!({"Statement": [{"Effect": "Deny"}, {}]}), false, false),
        (json!({"Statement": [{"Effect": "Deny"}, "text"]}), false, true),
        (json!({"Statement": [{"Effect": "Deny"}, [{"Effect": "Deny"}]]}), false, true),
        (json!({"Statement": {"Effect": "deny"}}), false, true),
        (json!({"Statement": {"effect": "Deny"}}), false, true),
        (json!({"statement": {"Effect": "Deny"}}), false, true),
        (json!({"Statement": {"Effect": "Deny"}, "statement": {"Effect": "Allow"}}), false, false),
        (json!({"Statement": {"Effect": "Deny"}, "STATEMENT": {"Effect": "Deny"}}), false, true),
        (json!({"Statement": {"Effect": "Deny", "effect": "Deny"}}), false, false),
        (json!({"Statement": ["x", [{"Effect": "Deny"}, {"Effect": "Deny"}]]}), false, true),
        (json!({"Statement": []}), false, true),
        (json!({"Statement": "Deny"}), false, true),
        (json!({}), false, true),
    ] {
        let document = Document::from_value(document).expect("it is a document");
        assert_eq!(document.only_denies(), only_denies, "{}", document.to_json());
        assert_eq!(document.grants_nothing(), grants_nothing, "{}", document.to_json());
    }
}
