//! The verb `schema` as it is run.

#![allow(clippy::expect_used, reason = "a test insists")]

use std::process::{Command, Output};

fn schema(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_delegated-role"));
    command.arg("schema").args(arguments).output().expect("the command runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn one_resource_type_is_the_file_of_cfn_lint() {
    for name in ["DelegatedRole", "ExternalId", "AccessCheck"] {
        let file = format!("{}/../cfn-lint/schemas/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let expected = std::fs::read_to_string(file).expect("the schema's file");
        for argument in [name.to_owned(), format!("Custom::{name}")] {
            let output = schema(&[&argument]);
            let found = (output.status.code(), text(&output.stdout), text(&output.stderr));
            assert_eq!(found, (Some(0), expected.as_str(), ""), "{argument}");
        }
    }
}

#[test]
fn without_a_resource_type_all_are_printed() {
    let output = schema(&[]);
    let all: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let names: Vec<&str> = all.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, ["Custom::AccessCheck", "Custom::DelegatedRole", "Custom::ExternalId"]);
    assert_eq!(all["Custom::DelegatedRole"]["title"], "Custom::DelegatedRole");
}

#[test]
fn an_unknown_resource_type_is_unusable_input() {
    let output = schema(&["AWS::IAM::Role"]);
    let sentence = "delegated-role: \"AWS::IAM::Role\" is not a resource type. The resource types are Custom::DelegatedRole, \
                    Custom::ExternalId, Custom::AccessCheck; Audit is the answer to an audit.\n";
    assert_eq!((output.status.code(), text(&output.stdout), text(&output.stderr)), (Some(2), "", sentence));
}
