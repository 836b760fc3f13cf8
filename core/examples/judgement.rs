//! Judges labelled policies and prints how often judgement and label agree, with every disagreement.
//!
//! Usage: judgement FILE... with one case per line, as JSON: `name`, `policy`, `expected` (`error`, `warning`, `ok`),
//! and where they are known `code` (what a finding must be), `arn` and `expected_by_arn` (for AWS-managed policies),
//! and `why`. A case with `properties` is a whole role: `expected` is `SUCCESS` or `FAILED`, and what
//! refuses it may be more than its policies.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a tool for people: it reads files, prints, and may panic"
)]

use std::collections::BTreeMap;

use delegated_role_core::identifiers::RolePattern;
use delegated_role_core::policy::{Author, Document, Privilege, Severity, Terms, aws_managed};
use serde_json::Value;

/// What the cases are about: `arn:aws:iam::111111111111:role/delegated/…`, and no role that may be passed.
const TERMS: Terms<'_> = Terms {
    partition: "aws",
    account: "111111111111",
    role_prefix: "delegated/",
    passable_roles: &[],
    required_boundary: None,
    boundary_in_force: false,
    allow_administrative: false,
};

#[derive(Default)]
struct Tally {
    right: u32,
    cases: u32,
}

fn main() {
    let files: Vec<_> = std::env::args().skip(1).collect();
    assert!(!files.is_empty(), "name at least one file of labelled cases");
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("the file can be read");
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let case: Value = serde_json::from_str(line).expect("one JSON object per line");
            judge(&case, &mut tallies);
        }
    }
    println!("\n{:<44} {:>5} of {:>5}", "agreement", "right", "cases");
    for (kind, Tally { right, cases }) in &tallies {
        println!("{kind:<44} {right:>5} of {cases:>5}  {:>5.1} %", f64::from(*right) * 100.0 / f64::from(*cases));
    }
}

/// A whole role, as the properties of a template: whether its policies let it be made.
fn judge_role(case: &Value, tallies: &mut BTreeMap<String, Tally>) {
    let properties = &case["properties"];
    let listed = case["env"]["PASSABLE_ROLE_ARNS"].as_str().unwrap_or_default();
    let listed = listed.split(',').filter(|role| !role.is_empty());
    let listed: Vec<_> = listed.map(|role| RolePattern::parse(role).expect("a role or pattern")).collect();
    let terms = Terms { passable_roles: &listed, ..TERMS };
    let mut severities = Vec::new();
    let mut details = String::new();
    let custom = properties.get("CustomPolicy").map(|policy| ("CustomPolicy".to_owned(), policy));
    let own = case["account_policies"].as_object().into_iter().flatten().map(|(name, policy)| (name.clone(), policy));
    for (name, policy) in custom.into_iter().chain(own) {
        let document = match policy.as_str() {
            Some(text) => Document::parse(text).expect("a policy"),
            None => Document::from_value(policy.clone()).expect("a policy"),
        };
        let found = document.privileges(Author::Customer, &terms);
        severities.extend(found.iter().map(|found| found.severity));
        details = format!("{details}\n  {name}{}", shown(&found));
    }
    for arn in properties["ManagedPolicyArns"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let name = arn.rsplit('/').next().unwrap_or_default();
        if arn.contains("::aws:policy/") {
            let found = aws_managed(name).expect("a known policy of AWS");
            severities.extend(found.iter().map(|found| found.severity));
        }
    }
    let outcome = if outcome(severities.into_iter()) == "error" { "FAILED" } else { "SUCCESS" };
    let (name, expected) = (case["name"].as_str().unwrap_or_default(), case["expected"].as_str().unwrap_or_default());
    let tally = tallies.entry(format!("roles, expected {expected}")).or_default();
    tally.cases += 1;
    if outcome == expected {
        tally.right += 1;
    } else {
        println!("role {name}: expected {expected}, its policies say {outcome}{details}\n    label: {}", case["why"]);
    }
}

fn judge(case: &Value, tallies: &mut BTreeMap<String, Tally>) {
    if case.get("properties").is_some() {
        return judge_role(case, tallies);
    }
    let text = |key: &str| case[key].as_str().map(ToOwned::to_owned);
    let name = text("name").expect("a name");
    let document = Document::from_value(case["policy"].clone()).expect("a policy");
    let found = document.privileges(Author::Customer, &TERMS);
    let kind = name.split(':').next().unwrap_or("other").to_owned();
    let count = |tallies: &mut BTreeMap<String, Tally>, kind: String, expected: &str, actual: &str, detail: &str| {
        let tally = tallies.entry(kind.clone()).or_default();
        tally.cases += 1;
        if expected == actual {
            tally.right += 1;
        } else {
            let why = text("why").unwrap_or_default();
            println!("{kind}: {name}\n    expected {expected}, judged {actual}{detail}\n    label: {why}");
        }
    };
    let verdict = outcome(found.iter().map(|found| found.severity));
    let shown = shown(&found);
    if let Some(expected) = text("expected") {
        count(tallies, "as a document: all".to_owned(), &expected, verdict, &shown);
        let tally = tallies.entry(format!("as a document, {kind}")).or_default();
        tally.cases += 1;
        tally.right += u32::from(expected == verdict);
    }
    if let Some(code) = text("code") {
        let codes: Vec<_> = found.iter().map(|found| found.code.to_string()).collect();
        let actual = if codes.contains(&code) { code.clone() } else { codes.join(", ") };
        count(tallies, format!("by code, {code}"), &code, &actual, &shown);
    }
    if let (Some(arn), Some(expected)) = (text("arn"), text("expected_by_arn")) {
        let known = aws_managed(arn.rsplit('/').next().unwrap_or_default());
        let actual = known.as_ref().map_or("unknown", |known| outcome(known.iter().map(|found| found.severity)));
        let letters =
            known.unwrap_or_default().iter().map(|found| found.code.to_string()).collect::<Vec<_>>().join(", ");
        count(tallies, "by ARN: all".to_owned(), &expected, actual, &format!(" ({letters})"));
    }
}

fn outcome(severities: impl Iterator<Item = Severity>) -> &'static str {
    match severities.min() {
        Some(Severity::Error) => "error",
        Some(Severity::Warning) => "warning",
        None => "ok",
    }
}

fn shown(found: &[Privilege]) -> String {
    let line = |found: &Privilege| {
        let Privilege { code, severity, statement, actions, resources, count, .. } = found;
        format!(
            "\n    {severity:?} {code}, statement {statement}: {} ({count}) on {}",
            actions.join(", "),
            resources.join(", ")
        )
    };
    found.iter().map(line).collect()
}
