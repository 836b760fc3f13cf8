//! docs/operations.md: the fields, kinds, metrics and alarms that it names are those of the program and the templates.

use std::collections::BTreeSet;
use std::time::Duration;

use regex_lite::Regex;
use serde_json::{Value, json};

use crate::fixtures::{ID, PROVIDER};
use crate::function::{Function, lines};
use crate::template::Deployment;
use crate::wire::bucket;
use crate::wire::iam::Role;
use crate::wire::sts::Customer;

const PAGE: &str = include_str!("../../docs/operations.md");

/// Words of Logs Insights.
const LANGUAGE: [&str; 18] = [
    "fields",
    "filter",
    "sort",
    "limit",
    "stats",
    "count",
    "as",
    "by",
    "desc",
    "asc",
    "and",
    "or",
    "not",
    "like",
    "in",
    "ispresent",
    "sum",
    "bin",
];

/// The blocks of this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    let blocks = PAGE.split(start.as_str()).skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

/// A part of the page, from its heading to the next.
fn section(heading: &str) -> &'static str {
    let (_, after) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    after.split("\n## ").next().unwrap()
}

/// The names in backticks in one column of the tables of a text, without those in round brackets.
fn column(text: &str, number: usize) -> BTreeSet<String> {
    let name = Regex::new("`([A-Za-z_]+)`").unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').nth(number).unwrap());
    cells.flat_map(|cell| name.captures_iter(cell).map(|found| found[1].to_owned()).collect::<Vec<_>>()).collect()
}

/// A log with lines of every kind.
async fn log() -> Vec<Value> {
    let mut function = Function::new().await;
    let create = |properties: Value| json!({"ResourceProperties": properties});
    let weak = json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": "short-one", "RoleName": "Auditor"});
    let short = Duration::from_secs(7);
    for event in [
        function.event("Create", create(weak)),
        function.event("Create", create(json!({}))),
        json!({"Audit": {}}),
        json!({"AccessCheck": {"RoleArn": Customer::ROLE, "ExternalId": ID}}),
    ] {
        function.account.put_role(Role::named("unmarked").path("/delegated/"));
        function.customer.trusts(|id| id == Some(ID));
        function.lambda.invoke(&event, short).await;
    }
    let mut elsewhere = function.event("Create", create(json!({})));
    elsewhere["ResponseURL"] = "https://example.com/".into();
    function.lambda.invoke(&elsewhere, short).await;
    function.bucket.fail(bucket::Fault::status(503).every());
    let event = function.event("Create", create(json!({})));
    function.lambda.invoke(&event, short).await;
    lines(&function.log().await)
}

#[tokio::test]
async fn the_fields_and_metrics_that_the_page_names_are_in_the_log() {
    let log = log().await;
    let keys = |message: &str| {
        let lines = log.iter().filter(|line| line["message"] == message);
        lines.flat_map(|line| line.as_object().unwrap().keys().cloned()).collect::<BTreeSet<String>>()
    };
    let (of_requests, of_findings) = (keys("request"), keys("finding"));
    let all: BTreeSet<String> = of_requests.union(&of_findings).cloned().collect();

    let queries = blocks("insights");
    assert!(queries.len() >= 7, "{queries:#?}");
    let (text, alias) = (Regex::new(r#""[^"]*""#).unwrap(), Regex::new(r" as [a-z]+").unwrap());
    let word = Regex::new(r"[A-Za-z_@][A-Za-z_.@]*").unwrap();
    for query in queries {
        let aliases: Vec<String> = alias.find_iter(query).map(|found| found.as_str()[4..].to_owned()).collect();
        let code = text.replace_all(query, "");
        for name in word.find_iter(&code).map(|found| found.as_str()) {
            let known = LANGUAGE.contains(&name) || all.contains(name) || aliases.iter().any(|alias| alias == name);
            assert!(known, "no line has the field {name}: {query}");
        }
        for value in text.find_iter(query).map(|found| found.as_str().trim_matches('"')) {
            let written = log.iter().any(|line| line.to_string().contains(value)) || ["Acme"].contains(&value);
            assert!(written, "no line has the value {value}: {query}");
        }
    }
    let described = column(section("The log"), 1);
    assert!(described.len() >= 18 && described.is_subset(&of_requests), "{:?}", described.difference(&of_requests));
    // All that is no metric is described.
    let metrics = column(section("Metrics"), 1);
    let of_the_format = ["_aws", "message", "metrics", "ResourceType"].map(str::to_owned);
    let unknown: Vec<_> = of_requests
        .iter()
        .filter(|key| !described.contains(*key) && !metrics.contains(*key) && !of_the_format.contains(*key))
        .collect();
    assert!(unknown.is_empty(), "the page does not describe {unknown:?}");
    for field in ["role", "code", "severity", "finding"] {
        assert!(of_findings.contains(field) && section("The log").contains(&format!("`{field}`")), "{field}");
    }

    let counted: BTreeSet<String> = log
        .iter()
        .flat_map(|line| line["_aws"]["CloudWatchMetrics"].as_array().cloned().unwrap_or_default())
        .flat_map(|directive| directive["Metrics"].as_array().unwrap().clone())
        .map(|metric| metric["Name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(metrics, counted);
    let dimensions: BTreeSet<String> = log
        .iter()
        .flat_map(|line| line["_aws"]["CloudWatchMetrics"].as_array().cloned().unwrap_or_default())
        .flat_map(|directive| directive["Dimensions"].as_array().unwrap().clone())
        .flat_map(|set| set.as_array().unwrap().clone())
        .map(|dimension| dimension.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(column(section("Metrics"), 3), dimensions);
}

#[test]
fn the_page_explains_every_kind_of_failure() {
    let source = include_str!("../../src/log/metrics.rs");
    let (_, kinds) = source.split_once("fn name(self) -> &'static str {").unwrap();
    let kinds = kinds.split("\n    }\n").next().unwrap();
    let kind = Regex::new(r#"=> "([A-Za-z]+)""#).unwrap();
    let kinds: BTreeSet<String> = kind.captures_iter(kinds).map(|found| found[1].to_owned()).collect();
    assert!(kinds.len() >= 12, "{kinds:?}");
    assert_eq!(column(section("Kinds of failures"), 1), kinds);
}

#[test]
fn the_page_explains_every_alarm() {
    let mut alarms = BTreeSet::new();
    for deployment in [Deployment::of_shipped_template(), Deployment::of_provider_template()] {
        let resources = deployment.declared("/Resources").as_object().unwrap().clone();
        alarms.extend(
            resources
                .into_iter()
                .filter(|(_, one)| one["Type"] == "AWS::CloudWatch::Alarm")
                .map(|(name, one)| json!([name, one["Properties"]["MetricName"]]).to_string()),
        );
    }
    let rows = section("Alarms, and what to do").lines().filter(|line| line.starts_with("| `"));
    let name = Regex::new("`([A-Za-z]+)`").unwrap();
    let first = |cell: Option<&str>| name.captures(cell.unwrap()).unwrap()[1].to_owned();
    let described = rows.map(|row| json!([first(row.split('|').nth(1)), first(row.split('|').nth(2))]).to_string());
    assert_eq!(described.collect::<BTreeSet<_>>(), alarms);
}
