use expect_test::{Expect, expect};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use serde_json::json;

use super::{Document, Malformed};

/// Reads a text and prints it again, or says why it cannot be read.
fn check(text: &str, expect: &Expect) {
    check_result(Document::parse(text), expect);
}

fn check_result(result: Result<Document, Malformed>, expect: &Expect) {
    expect.assert_eq(&match result {
        Ok(document) => document.to_json(),
        Err(malformed) => format!("CustomPolicy {malformed}."),
    });
}

#[test]
fn keys_are_printed_in_the_usual_order() {
    check(
        r#"{
            "Unknown": 1, "Another": {"z": 1, "a": 2},
            "Statement": [{
                "Condition": {"StringEquals": {"b": "2", "a": "1"}, "Bool": {"c": true}},
                "NotResource": "r", "Resource": "r", "NotAction": "x", "Action": ["b", "a"],
                "NotPrincipal": "*", "Principal": {"Service": "s", "AWS": "a"},
                "Effect": "Allow", "Sid": "S"
            }],
            "Id": "i", "Version": "2012-10-17"
        }"#,
        &expect![[
            r#"{"Version":"2012-10-17","Id":"i","Statement":[{"Sid":"S","Effect":"Allow","Principal":{"AWS":"a","Service":"s"},"NotPrincipal":"*","Action":["b","a"],"NotAction":"x","Resource":"r","NotResource":"r","Condition":{"Bool":{"c":true},"StringEquals":{"a":"1","b":"2"}}}],"Another":{"a":2,"z":1},"Unknown":1}"#
        ]],
    );
}

#[test]
fn strings_survive_printing() {
    check(
        r#"{"Id": "quote \" slash \\ / tab \t \u0069am:* é \ud83d\ude00 \u0000"}"#,
        &expect![[r#"{"Id":"quote \" slash \\ / tab \t iam:* é 😀 \u0000"}"#]],
    );
}

#[test]
fn a_repeated_key_is_refused_at_any_depth() {
    check(
        r#"{"Version": "2012-10-17", "Version": "2012-10-17"}"#,
        &expect![[
            r#"CustomPolicy has the key "Version" twice in the same object (the second at line 1, column 35): keep one."#
        ]],
    );
    check(
        "{\"Statement\": [\n  {\"Effect\": \"Allow\",\n   \"Action\": \"s3:Get*\", \"Action\": \"*\"}]}",
        &expect![[
            r#"CustomPolicy has the key "Action" twice in the same object (the second at line 3, column 32): keep one."#
        ]],
    );
    check(
        r#"{"Statement": {"Condition": {"StringEquals": {"sts:ExternalId": "secret", "sts:ExternalId": "other"}}}}"#,
        &expect![[
            r#"CustomPolicy has the key "sts:ExternalId" twice in the same object (the second at line 1, column 90): keep one."#
        ]],
    );
    check(
        r#"{"a": [[{"b": {"c": 1, "d": 2, "c": 3}}]]}"#,
        &expect![[
            r#"CustomPolicy has the key "c" twice in the same object (the second at line 1, column 34): keep one."#
        ]],
    );
    // Also when it is escaped differently.
    check(
        r#"{"Statement": {"Action": "s3:Get*", "\u0041ction": "*"}}"#,
        &expect![[
            r#"CustomPolicy has the key "Action" twice in the same object (the second at line 1, column 49): keep one."#
        ]],
    );
    // The same key in two objects is not a repetition.
    check(
        r#"{"a": {"k": 1}, "b": {"k": 1}, "k": [{"k": 1}, {"k": 1}]}"#,
        &expect![[r#"{"a":{"k":1},"b":{"k":1},"k":[{"k":1},{"k":1}]}"#]],
    );
}

#[test]
fn invalid_json_is_reported_with_its_position() {
    check("", &expect!["CustomPolicy is empty: write a policy, or remove the property."]);
    check("Allow everything", &expect!["CustomPolicy is not valid JSON: expected value (line 1, column 1)."]);
    check("{'Version': 1}", &expect!["CustomPolicy is not valid JSON: key must be a string (line 1, column 2)."]);
    check(
        "{\n  \"Statement\": [\n    {},\n  ]\n}",
        &expect!["CustomPolicy is not valid JSON: trailing comma (line 4, column 3)."],
    );
    check(
        r#"{"Statement": []"#,
        &expect!["CustomPolicy is not valid JSON: the text ends inside an object (line 1, column 16)."],
    );
    check(
        r#"{"Statement": []} {}"#,
        &expect!["CustomPolicy is not valid JSON: trailing characters (line 1, column 19)."],
    );
    check(
        r#"{"Id": "\ud83d"}"#,
        &expect!["CustomPolicy is not valid JSON: unexpected end of hex escape (line 1, column 15)."],
    );
    check("\u{feff}{}", &expect!["CustomPolicy is not valid JSON: expected value (line 1, column 1)."]);
}

#[test]
fn only_an_object_is_a_document() {
    check("[]", &expect!["CustomPolicy must be a JSON object, but is a list."]);
    check("\"{}\"", &expect!["CustomPolicy must be a JSON object, but is a string."]);
    check_result(Document::from_value(json!(null)), &expect!["CustomPolicy must be a JSON object, but is null."]);
    check_result(Document::from_value(json!(["a"])), &expect!["CustomPolicy must be a JSON object, but is a list."]);
    check_result(Document::from_value(json!({"Id": "x"})), &expect![[r#"{"Id":"x"}"#]]);
}

#[test]
fn nesting_is_limited() {
    let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    check(
        &nested(16),
        &expect![[
            r#"{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}}}}}}}}"#
        ]],
    );
    check(&nested(17), &expect!["CustomPolicy is nested more than 16 levels deep: a policy needs 6 levels."]);
    check(
        &"[".repeat(1_000_000),
        &expect!["CustomPolicy is nested more than 16 levels deep: a policy needs 6 levels."],
    );
    let value = serde_json::from_str(&nested(17)).expect("it is JSON");
    check_result(
        Document::from_value(value),
        &expect!["CustomPolicy is nested more than 16 levels deep: a policy needs 6 levels."],
    );
}

#[test]
fn a_document_is_decoded_as_iam_encodes_it() {
    check_result(
        Document::from_encoded("%7B%22Id%22%3A%22a%20b+c%2Bd%25%2F%C3%A9%22%7D"),
        &expect![[r#"{"Id":"a b+c+d%/é"}"#]],
    );
    check_result(Document::from_encoded(r#"{"Id":"plain"}"#), &expect![[r#"{"Id":"plain"}"#]]);
    check_result(
        Document::from_encoded("%7B%22Id%22%3A%22%FF%22%7D"),
        &expect!["CustomPolicy is not UTF-8 text after percent-decoding."],
    );
    check_result(
        Document::from_encoded("%7B%7B"),
        &expect!["CustomPolicy is not valid JSON: key must be a string (line 1, column 2)."],
    );
}

#[test]
fn new_documents_have_the_current_version() {
    let document = Document::new(vec![json!({"Action": "*", "Effect": "Deny", "Resource": "*"})]);
    check_result(
        Ok(document),
        &expect![[r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#]],
    );
}

#[test]
fn the_size_is_the_number_that_iam_counts() {
    for (text, size) in
        [("{}", 2), ("{ \"Id\" : \"ab\" }", 11), ("{\"Id\": \"a b\\tc\"}", 14), ("{\"Id\": \"é\\u00e9\"}", 11)]
    {
        let document = Document::parse(text).expect("it is a document");
        assert_eq!(document.size(), size, "{text}");
    }
}

#[test]
fn debug_does_not_show_the_contents() {
    let document = Document::parse(r#"{"Id":"an-external-id"}"#).expect("it is a document");
    expect!["Document(23 characters)"].assert_eq(&format!("{document:?}"));
}

proptest! {
    #[test]
    fn printing_and_encoding_lose_nothing(id in ".*", key in ".*", number in any::<i64>()) {
        let document = Document::from_value(json!({"Id": id, "Statement": {key: [number, true, null]}}))
            .expect("it is a document");
        let json = document.to_json();
        let printed = Document::parse(&json).expect("printed JSON is JSON");
        prop_assert_eq!(printed.to_json(), &*json);
        let encoded = utf8_percent_encode(&json, NON_ALPHANUMERIC).to_string();
        let decoded = Document::from_encoded(&encoded).expect("encoded JSON can be decoded");
        prop_assert_eq!(decoded.to_json(), &*json);
        prop_assert!(decoded.same_meaning(&document));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        let _ = Document::parse(&text);
        let _ = Document::from_encoded(&text);
    }
}
