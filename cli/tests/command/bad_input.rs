//! Input that cannot be used: a sentence on standard error and exit code 2, in little time and memory.

use std::fmt::Write;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};

use crate::run::Folder;

fn check(template: &str, expected: &Expect) {
    let started = Instant::now();
    let run = Folder::new(&[("a.yaml", template)]).run(&["check", "a.yaml"]);
    assert_eq!((run.code, run.printed.as_str()), (2, ""), "{}", run.remarks);
    expected.assert_eq(&run.remarks);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

/// A template with one role, whose properties are these.
fn role(properties: &str) -> String {
    format!("Resources:\n  Access:\n    Type: Custom::DelegatedRole\n    Properties: {properties}\n")
}

#[test]
fn what_is_no_template() {
    check(
        "",
        &expect![[r"
        delegated-role: a.yaml: The file is empty; a template has Resources.
    "]],
    );
    check(
        "a: [1",
        &expect![[r"
            delegated-role: a.yaml:2:1: This is not valid YAML: while parsing a flow sequence, expected ',' or ']'.
        "]],
    );
    check(
        "a: b\n---\nc: d\n",
        &expect![[r"
            delegated-role: a.yaml:2:1: The file has several YAML documents; a template is one.
        "]],
    );
    check(
        "[]",
        &expect![[r"
            delegated-role: a.yaml:1:1: A template is an object with Resources, not a list.
        "]],
    );
    check(
        "Parameters: {}",
        &expect![[r"
            delegated-role: a.yaml: The file has no Resources, so it is not a CloudFormation template.
        "]],
    );
    check(
        "Resources: []",
        &expect![[r"
            delegated-role: a.yaml:1:12: Resources must be an object of resources, not a list.
        "]],
    );
    check(
        "Resources:\n  Access: text",
        &expect![[r"
            delegated-role: a.yaml:2:11: The resource Access must be an object, not a text.
        "]],
    );
    check(
        "Resources:\n  Access: {}",
        &expect![[r"
            delegated-role: a.yaml:2:3: The resource Access has no Type.
        "]],
    );
    check(
        "Resources:\n  A: {Type: X}\n  A: {Type: X}",
        &expect![[r#"
            delegated-role: a.yaml:3:3: The key "A" is given twice; give it once.
        "#]],
    );
    check(
        "Resources:\n  A: &a {Type: X}\n  B:\n    <<: *a",
        &expect![[r"
            delegated-role: a.yaml:4:5: CloudFormation does not support YAML merge keys (<<); write the members out.
        "]],
    );
    check(
        "{\"Resources\": {\"A\" \"B\"}}",
        &expect![[r"
            delegated-role: a.yaml:1:20: This is not valid JSON: ':' is missing here.
        "]],
    );
    check(
        &role("[]"),
        &expect![[r"
            delegated-role: a.yaml:4:17: The properties of Access must be an object.
        "]],
    );
}

#[test]
fn what_cannot_be_resolved() {
    check(
        &role("{RoleName: !Ref Nowhere}"),
        &expect![[r"
            delegated-role: a.yaml:4:28: Ref names Nowhere, which is neither a parameter nor a resource of the template.
        "]],
    );
    check(
        &role("{RoleName: !If [Nowhere, a, b]}"),
        &expect![[r"
            delegated-role: a.yaml:4:33: The template has no condition Nowhere.
        "]],
    );
    check(
        &role("{RoleName: !Select [3, [a, b]]}"),
        &expect![[r#"
            delegated-role: a.yaml:4:28: Fn::Select selects "3" of a list of 2, counted from 0.
        "#]],
    );
    check(
        &role("{RoleName: !FindInMap [A, B, C]}"),
        &expect![[r"
            delegated-role: a.yaml:4:28: Mappings have no A / B / C.
        "]],
    );
    check(
        &role("{RoleName: !Join [\",\", a]}"),
        &expect![[r"
            delegated-role: a.yaml:4:40: Fn::Join needs a list to join.
        "]],
    );
    let circle = "Conditions:\n  A: !Not [Condition: B]\n  B: !Not [Condition: A]\n";
    check(
        &format!("{circle}{}", role("{RoleName: !If [A, a, b]}")),
        &expect![[r"
            delegated-role: a.yaml:3:23: The condition A depends on itself.
        "]],
    );
}

#[test]
fn language_extensions_are_not_misread() {
    check(
        "Resources:\n  Fn::ForEach::Roles:\n    - Name\n    - [a, b]\n    - Role${Name}: {Type: Custom::DelegatedRole}\n",
        &expect![[r"
            delegated-role: a.yaml:2:3: Fn::ForEach among Resources is not supported, so the resources that it makes cannot be checked. Check the processed template: aws cloudformation get-template --template-stage Processed.
        "]],
    );
    check(
        &role("{Fn::ForEach::X: [A, [b], {c: d}], RoleName: a}"),
        &expect![[r"
            delegated-role: a.yaml:4:18: Fn::ForEach is not supported here. If it is a language extension (AWS::LanguageExtensions) or a macro, check the processed template: aws cloudformation get-template --template-stage Processed.
        "]],
    );
    check(
        &role("{RoleName: !Length [a]}"),
        &expect![[r"
            delegated-role: a.yaml:4:28: Fn::Length is not supported here. If it is a language extension (AWS::LanguageExtensions) or a macro, check the processed template: aws cloudformation get-template --template-stage Processed.
        "]],
    );
    check(
        &role("{RoleName: !FindInMap [A, B, C, {DefaultValue: d}]}"),
        &expect![[r"
            delegated-role: a.yaml:4:28: Fn::FindInMap with a default value is a language extension (AWS::LanguageExtensions), which is not supported here.
        "]],
    );
}

#[test]
fn what_is_too_much() {
    check(
        &format!("a: {}", "x".repeat(1 << 20)),
        &expect![[r"
            delegated-role: a.yaml: The file has more than 1048576 bytes, the most that CloudFormation takes as a template.
        "]],
    );
    check(
        &"[".repeat(1 << 19),
        &expect![[r"
            delegated-role: a.yaml:1:256: This is not valid YAML: recursion limit exceeded.
        "]],
    );
    check(
        &format!("{{\"a\": {}", "[".repeat(1 << 19)),
        &expect![[r"
            delegated-role: a.yaml:1:106: The template is nested more than 100 levels deep.
        "]],
    );
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let alias = format!("*a{}", level - 1);
        let _ = writeln!(bomb, "a{level}: &a{level} [{}]", vec![alias; 10].join(", "));
    }
    check(
        &bomb,
        &expect![[r"
            delegated-role: a.yaml:6:55: With its aliases, the template has more than 1000000 values.
        "]],
    );
    let mut chain = String::from("a0: &a0 [x]\n");
    for level in 1..500 {
        let _ = writeln!(chain, "a{level}: &a{level} [*a{}]", level - 1);
    }
    check(
        &chain,
        &expect![[r"
            delegated-role: a.yaml:99:16: The template is nested more than 100 levels deep.
        "]],
    );
    // Each value is small, and what is joined is not.
    let long = format!("!Join [\"{}\", [{}]]", "x".repeat(1 << 17), "a, ".repeat(1 << 17));
    check(
        &role(&format!("{{RoleName: {long}}}")),
        &expect![[r"
            delegated-role: a.yaml:4:28: The template expands to more than CloudFormation would take; it is not resolved further.
        "]],
    );
    let nested = (1..60).map(|level| format!("  C{level}: !And [Condition: C{0}, Condition: C{0}]\n", level - 1));
    let conditions = format!("Conditions:\n  C0: !Equals [a, a]\n{}", nested.collect::<String>());
    check(
        &format!("{conditions}{}", role("{RoleName: !If [C59, !Ref Nowhere, b]}")),
        &expect![[r"
            delegated-role: a.yaml:65:38: Ref names Nowhere, which is neither a parameter nor a resource of the template.
        "]],
    );
}

#[test]
fn files_and_options_that_cannot_be_used() {
    let folder = Folder::new(&[
        ("a.yaml", &role("{ExternalAwsAccountId: \"444455556666\"}")),
        (
            "secret.yaml",
            &format!("Parameters:\n  Id: {{Type: String, NoEcho: true}}\n{}", role("{ExternalId: !Ref Id}")),
        ),
        ("other.yaml", "Resources: {A: {Type: X}}"),
        ("wrong.json", "[{\"ParameterKey\": \"A\"}]"),
        ("wrong.txt", "a secret"),
    ]);
    let mut printed = String::new();
    for options in [
        &["missing.yaml"][..],
        &["."],
        &["a.yaml", "--account", "1"],
        &["a.yaml", "--region", "Paris"],
        &["a.yaml", "--parameter", "Name"],
        &["a.yaml", "--parameter", "Name=value"],
        &["secret.yaml", "--parameter", "Id=a-secret-external-id"],
        &["a.yaml", "--parameters", "wrong.json"],
        &["a.yaml", "--parameters", "wrong.txt"],
        &["a.yaml", "--limit", "Trusted=1"],
        &["a.yaml", "--limit", "TrustedAccountIds=1"],
        &["a.yaml", "--installed-by", "other.yaml"],
    ] {
        let run = folder.run(&[&["check"], options].concat());
        assert_eq!((run.code, run.printed.as_str()), (2, ""), "{options:?}");
        // New limits are no change of this test.
        let (start, limits) = run.remarks.split_once("The limits are: ").unwrap_or((&run.remarks, ""));
        printed.push_str(start);
        if !limits.is_empty() {
            assert!(limits.contains("RolePathPrefix, "), "{limits}");
            printed.push_str("The limits are: …\n");
        }
    }
    expect![[r"
        delegated-role: missing.yaml: The file cannot be read: No such file or directory (os error 2).
        delegated-role: .: The file cannot be read: Is a directory (os error 21).
        delegated-role: --account must be an AWS account ID of 12 digits, in quotes where it starts with 0.
        delegated-role: --region must be a Region, such as eu-west-1.
        delegated-role: --parameter must have the form NAME=VALUE.
        delegated-role: --parameter Name: the template has no parameter of this name.
        delegated-role: --parameter Id: the parameter is a secret (NoEcho), and others can read arguments. Put it into a file and give --parameters FILE.
        delegated-role: wrong.json: Each item must have ParameterKey and ParameterValue, or be a text of the form NAME=VALUE.
        delegated-role: wrong.txt: Values of parameters must have the form NAME=VALUE.
        delegated-role: --limit Trusted: there is no such limit. The limits are: …
        delegated-role: The owner's limits are wrong. TRUSTED_ACCOUNT_IDS must be * alone, or a list; each an AWS account ID of 12 digits, in quotes where it starts with 0. [invalid-setting]
        delegated-role: other.yaml: No resource has the environment variable ROLE_PATH_PREFIX, so this template does not install the function. Give template.yaml or stackset.yaml.
    "]]
    .assert_eq(&printed);
}
