//! `report`: the page of a saved audit, or a sentence.

use expect_test::expect;
use serde_json::{Value, json};

use crate::run::Folder;

fn audit() -> Value {
    json!({
        "Version": 1,
        "AuditedAt": "2026-11-22T12:01:00Z",
        "AccountId": "111122223333",
        "Region": "eu-west-1",
        "Complete": true,
        "Gaps": [],
        "Roles": [{
            "RoleName": "Auditor",
            "RoleArn": "arn:aws:iam::111122223333:role/delegated/Auditor",
            "StackId": null,
            "LogicalId": null,
            "ExternalAwsAccountIds": ["222222222222"],
            "RequiresExternalId": true,
            "RequiresMfa": false,
            "MaxSessionDuration": 3600,
            "ExpiresAt": null,
            "CreatedAt": "2026-11-22T12:00:01Z",
            "LastUsedAt": null,
            "Policies": [],
            "Reach": {"Level": "nothing", "Privileges": [], "Services": []},
            "Findings": [{"Code": "unmarked", "Severity": "error", "Message": "It is not marked."}],
        }],
        "Future": "fields of a later version are no problem",
    })
}

#[test]
fn the_page_of_a_file_and_of_standard_input_is_the_same() {
    let text = audit().to_string();
    let folder = Folder::new(&[("audit.json", &text)]);
    let run = folder.run(&["report", "audit.json", "--html", "a.html"]);
    assert_eq!((run.code, run.printed.as_str(), run.remarks.as_str()), (0, "", "The page is in a.html.\n"));
    let run = folder.run_with_input(&["report", "-", "--html", "b.html"], &text);
    assert_eq!(run.code, 0, "{}", run.remarks);
    let [a, b] = ["a.html", "b.html"].map(|name| std::fs::read_to_string(folder.file(name)).unwrap());
    assert_eq!(a, b);
    for part in ["<!DOCTYPE html>", "default-src 'none'", "Who can enter account 111122223333", "It is not marked."] {
        assert!(a.contains(part), "{part} in {a}");
    }
}

/// The page of an answer of the function that audited nothing.
#[test]
fn a_refusal_is_an_audit_that_is_not_complete() {
    let mut refused = audit();
    refused["Roles"] = json!([]);
    for (field, value) in [("AccountId", Value::Null), ("Region", Value::Null), ("Verdict", json!("Refused"))] {
        refused[field] = value;
    }
    for (complete, gaps, shown) in [
        (false, json!(["The settings are wrong."]), "The settings are wrong."),
        (false, json!([]), "The audit does not say what is missing."),
        (true, json!(["A gap."]), "A gap."),
    ] {
        refused["Complete"] = complete.into();
        refused["Gaps"] = gaps;
        let folder = Folder::new(&[("audit.json", &refused.to_string())]);
        let run = folder.run(&["report", "audit.json", "--html", "a.html"]);
        assert_eq!(run.code, 0, "{}", run.remarks);
        let page = std::fs::read_to_string(folder.file("a.html")).unwrap();
        assert!(page.contains("This audit is not complete") && page.contains(shown), "{page}");
        assert!(page.contains("<title>NOT COMPLETE: Access, 22 Nov 2026</title>"), "{page}");
    }
}

#[test]
fn input_that_is_no_audit_is_a_sentence() {
    let mut printed = String::new();
    let mut say = |name: &str, text: &str| {
        let run = Folder::new(&[(name, text)]).run(&["report", name, "--html", "a.html"]);
        assert_eq!((run.code, run.printed.as_str()), (2, ""), "{text}");
        printed.push_str(&run.remarks);
    };
    say("empty.json", "");
    say("text.json", "not JSON");
    say("list.json", "[]");
    say("template.json", "{\"Resources\": {}}");
    let changes: [(&str, Value); 8] = [
        ("/Version", json!(2)),
        ("/Version", json!("1")),
        ("/Complete", json!("true")),
        ("/Roles", Value::Null),
        ("/Roles/0/RoleName", json!(7)),
        ("/Roles/0/ExpiresAt", json!("tomorrow")),
        ("/Roles/0/Reach/Level", json!("vast")),
        ("/Roles/0/Findings/0/Severity", json!("fatal")),
    ];
    for (path, value) in changes {
        let mut wrong = audit();
        *wrong.pointer_mut(path).unwrap() = value;
        say("audit.json", &wrong.to_string());
    }
    let mut without = audit();
    without["Roles"][0].as_object_mut().unwrap().remove("Findings");
    say("audit.json", &without.to_string());
    expect![[r"
        delegated-role: empty.json: This is not valid JSON: EOF while parsing a value at line 1 column 0.
        delegated-role: text.json: This is not valid JSON: expected ident at line 1 column 2.
        delegated-role: list.json: This is not an audit: it has no AuditedAt. Give the JSON of an audit.
        delegated-role: template.json: This is not an audit: it has no AuditedAt. Give the JSON of an audit.
        delegated-role: audit.json: The audit has Version 2, but this command reads Version 1 only. Use the version of the command that made it.
        delegated-role: audit.json: This is not the JSON of an audit: Version must be a whole number.
        delegated-role: audit.json: This is not the JSON of an audit: Complete must be true or false.
        delegated-role: audit.json: This is not the JSON of an audit: Roles must be a list.
        delegated-role: audit.json: This is not the JSON of an audit: Roles[0].RoleName must be a text.
        delegated-role: audit.json: This is not the JSON of an audit: Roles[0].ExpiresAt must be a moment such as 2027-01-31T18:00:00Z.
        delegated-role: audit.json: This is not the JSON of an audit: Roles[0].Reach.Level must be one of nothing, limited, sensitive, unknown, administrator.
        delegated-role: audit.json: This is not the JSON of an audit: Roles[0].Findings[0].Severity must be error or warning.
        delegated-role: audit.json: This is not the JSON of an audit: Roles[0].Findings is missing.
    "]].assert_eq(&printed);
}

#[test]
fn what_cannot_be_read_or_written_is_a_sentence() {
    let folder = Folder::new(&[("audit.json", &audit().to_string())]);
    let missing = folder.run(&["report", "missing.json", "--html", "a.html"]);
    assert_eq!((missing.code, missing.printed.as_str()), (2, ""));
    assert!(
        missing.remarks.starts_with("delegated-role: missing.json: The file cannot be read: "),
        "{}",
        missing.remarks
    );
    let unwritable = folder.run(&["report", "audit.json", "--html", "missing/a.html"]);
    assert_eq!((unwritable.code, unwritable.printed.as_str()), (2, ""));
    assert!(
        unwritable.remarks.starts_with("delegated-role: missing/a.html: The page cannot be written: "),
        "{}",
        unwritable.remarks
    );
}
