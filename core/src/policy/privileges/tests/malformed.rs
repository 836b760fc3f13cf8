//! Documents that IAM would refuse, and hostile ones: judged for the worst, in bounded time.

use expect_test::expect;
use serde_json::json;

use super::{check, check_document, errors, findings};
use crate::policy::document::Document;
use crate::policy::privileges::Code;

#[test]
fn documents_that_iam_would_refuse_are_judged_for_the_worst_case() {
    for statement in [
        json!({"Effect": "allow", "Action": "*", "Resource": "*"}),
        json!({"Effect": "ALLOW", "Action": "*", "Resource": "*"}),
        json!({"Effect": "Permit", "Action": "*", "Resource": "*"}),
        json!({"Effect": ["Deny"], "Action": "*", "Resource": "*"}),
        json!({"Effect": "Deny", "effect": "Allow", "Action": "*", "Resource": "*"}),
        json!({"Action": "*", "Resource": "*"}),
        json!({"effect": "Allow", "action": "*", "resource": "*"}),
        json!({"Effect": "Allow", "Action": "s3:Get*", "ACTION": "*", "Resource": "*"}),
        json!({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::a", "RESOURCE": "*"}),
        json!({"Effect": "Allow", "Action": ["s3:Get*", ["*"]], "Resource": [["*"]]}),
        json!({"Effect": "Allow", "Action": [7, null, "*"], "Resource": [{}, "*"]}),
        json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]),
    ] {
        for document in [
            json!({"Version": "2012-10-17", "Statement": statement}),
            json!({"Version": "2012-10-17", "Statement": ["nonsense", statement]}),
            json!({"statement": statement}),
        ] {
            let document = Document::from_value(document).expect("it is a document");
            let findings = errors(&document);
            assert_eq!(findings, [Code::Administrative], "{}", document.to_json());
            assert!(!document.grants_nothing(), "{}", document.to_json());
            assert!(!document.only_denies(), "{}", document.to_json());
        }
    }
    // A value that is no action allows nothing.
    check([(json!(5), json!("*")), (json!({"a": "*"}), json!("*"))], &expect![[""]]);
    check_document(&json!({"Statement": "Allow * on *"}), &expect![[""]]);
    check_document(&json!({}), &expect![[""]]);
}

#[test]
fn escapes_in_json_hide_no_finding() {
    let text = r#"{"Statement":{"Effect":"\u0041llow","\u0041ction":"\u0069am:\u002a","Resource":"\u002a"}}"#;
    let document = Document::parse(text).expect("it is a document");
    expect!["error: administrative, statement 1: iam:* on *"].assert_eq(&findings(&document));
}

#[test]
fn a_huge_document_is_judged_in_bounded_time() {
    let hostile = "*?a".repeat(10_240 / 3);
    let actions: Vec<_> = (0..1_000).map(|n| format!("*{n}*?*a*")).chain([hostile.clone()]).collect();
    let resources: Vec<_> = (0..1_000).map(|n| format!("arn:*{n}?*")).chain([hostile]).collect();
    let document = Document::new(vec![
        json!({"Effect": "Allow", "Action": actions, "Resource": resources}),
        json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}),
    ]);
    assert!(!errors(&document).is_empty());
}
