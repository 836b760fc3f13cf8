//! What the function takes from its environment.

use std::time::SystemTime;

use expect_test::expect;
use serde_json::json;

use crate::account::{audit, make};
use crate::stack::Stack;
use crate::wire::iam::Role;

const ROLE: &str = "arn:aws:iam::111111111111:role/service-provider-access-us-east-1";

#[tokio::test]
async fn with_the_environment_of_the_function_the_findings_are_the_functions() {
    let stack = Stack::new().with("ROLE_PATH_PREFIX", "/delegated/");
    make(&stack, "Auditor", &json!({})).await;
    stack.account.clear_calls();
    // The guardrail policy was written when the role of the function was not known.
    let stack = stack.with("FUNCTION_ROLE_ARN", ROLE).with("TRUSTED_ACCOUNT_IDS", "");
    let variables: serde_json::Map<_, _> =
        stack.settings.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let configuration = json!({"FunctionName": "service-provider-access", "Environment": {"Variables": variables}});
    let mut expected = stack.call_at(json!({"Audit": {}}), SystemTime::now()).await;
    assert_eq!(expected["Roles"][0]["Findings"].as_array().unwrap().len(), 2, "{expected:#}");
    for file in [configuration.clone(), configuration["Environment"].clone(), json!(variables)] {
        let options = ["--environment", "function.json", "--format", "json"];
        let run = audit(&stack, &options, &[("function.json", &file.to_string())]).await;
        let mut report = run.json();
        expected["AuditedAt"] = report["AuditedAt"].take();
        report["AuditedAt"] = expected["AuditedAt"].clone();
        assert_eq!((report, run.remarks.as_str()), (expected.clone(), ""));
    }
    let run = audit(&stack, &["--format", "json"], &[]).await;
    assert_eq!((run.code, &run.json()["Roles"][0]["Findings"]), (0, &json!([])));
    assert!(run.remarks.starts_with("The settings of the function are not known, "), "{}", run.remarks);
}

/// Without its settings, nothing is said of what depends on the role and the stack of the function.
#[tokio::test]
async fn without_the_environment_a_guardrail_policy_of_the_function_is_not_outdated() {
    let stack = Stack::new().with("FUNCTION_ROLE_ARN", ROLE);
    make(&stack, "Auditor", &json!({})).await;
    stack.account.clear_calls();
    let run = audit(&stack, &["--format", "json"], &[]).await;
    assert_eq!((run.code, &run.json()["Roles"][0]["Findings"]), (0, &json!([])));
}

#[tokio::test]
async fn the_prefix_and_the_limits_are_options() {
    let stack = Stack::new();
    stack.account.put_role(Role::named("Delegated").path("/delegated/"));
    stack.account.put_role(Role::named("Partner").path("/partners/"));
    for (options, expected) in [
        (&[][..], "Delegated"),
        (&["--limit", "RolePathPrefix=/partners/"], "Partner"),
        (&["--installed-by", "template.yaml"], "Partner"),
    ] {
        let template = "Parameters:\n  Prefix: {Type: String, Default: /partners/}\nResources:\n  F:\n    Type: AWS::Lambda::Function\n    \
                        Properties:\n      Environment: {Variables: {ROLE_PATH_PREFIX: !Ref Prefix, ROLE_NAME_PREFIX: ''}}\n";
        let run = audit(&stack, &[options, &["--format", "json"]].concat(), &[("template.yaml", template)]).await;
        let report = run.json();
        let names: Vec<_> = report["Roles"].as_array().unwrap().iter().map(|role| &role["RoleName"]).collect();
        assert_eq!(names, [expected], "{options:?}");
    }
}

#[tokio::test]
async fn options_that_cannot_be_used() {
    let mut printed = String::new();
    let files = [("list.json", "[]"), ("other.json", "{\"Variables\": {\"A\": \"b\"}}"), ("text.json", "text")];
    for options in [
        &["--limit", "Colour=blue"][..],
        &["--limit", "UnusedAfterDays=0"],
        &["--limit", "RolePathPrefix"],
        &["--limit", "TrustedAccountIds=1"],
        &["--environment", "list.json"],
        &["--environment", "other.json"],
        &["--environment", "text.json"],
        &["--environment", "missing.json"],
    ] {
        let run = audit(&Stack::new(), options, &files).await;
        assert_eq!((run.code, run.printed.as_str()), (2, ""), "{options:?}");
        let (start, _) = run.remarks.split_once(" The limits are: ").unwrap_or((run.remarks.trim_end(), ""));
        printed.push_str(start);
        printed.push('\n');
    }
    expect![[r"
        delegated-role: --limit Colour: there is no such limit.
        delegated-role: The owner's limits are wrong. UNUSED_AFTER_DAYS must be a whole number from 1 to 400 (days). [invalid-setting]
        delegated-role: --limit must have the form NAME=VALUE.
        delegated-role: The owner's limits are wrong. TRUSTED_ACCOUNT_IDS must be * alone, or a list; each an AWS account ID of 12 digits, in quotes where it starts with 0. [invalid-setting]
        delegated-role: list.json: The environment has no ROLE_PATH_PREFIX, so it is not that of the function. Save what aws lambda get-function-configuration --function-name service-provider-access prints.
        delegated-role: other.json: The environment has no ROLE_PATH_PREFIX, so it is not that of the function. Save what aws lambda get-function-configuration --function-name service-provider-access prints.
        delegated-role: text.json: This is not valid JSON: expected ident at line 1 column 2. Save what aws lambda get-function-configuration --function-name service-provider-access prints.
        delegated-role: missing.json: The file cannot be read: No such file or directory (os error 2).
    "]].assert_eq(&printed);
}
