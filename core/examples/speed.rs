//! Measures how long the judgement of a policy of 10,000 characters takes: `cargo run --release -p delegated-role-core
//! --example speed`. The goal is 5 ms, on the processor of this machine.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a tool for people: it reads the clock, prints, and may panic"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use delegated_role_core::policy::{Author, Document, Terms};
use serde_json::{Value, json};

const CHARACTERS: usize = 10_000;
const ROUNDS: usize = 101;

const TERMS: Terms<'_> = Terms {
    partition: "aws",
    account: "111111111111",
    role_prefix: "delegated/",
    passable_roles: &[],
    required_boundary: None,
    boundary_in_force: false,
    allow_administrative: false,
};

fn main() {
    let services = [
        "athena",
        "cloudwatch",
        "dynamodb",
        "ec2",
        "ecs",
        "eks",
        "glue",
        "iam",
        "kinesis",
        "kms",
        "lambda",
        "logs",
        "rds",
        "s3",
        "secretsmanager",
        "sns",
        "sqs",
        "ssm",
        "states",
        "sts",
    ];
    // What a vendor's long policy looks like: actions by name and by pattern, on a few resources each.
    let vendor = |n: usize| {
        let service = services[n % services.len()];
        let verbs = ["Get*", "List*", "Describe*", "CreateSnapshot", "TagResource", "Update*Configuration"];
        let actions: Vec<_> = verbs.iter().map(|verb| format!("{service}:{verb}")).collect();
        let resources: Vec<_> = (0..3).map(|m| format!("arn:aws:{service}:*:111111111111:vendor-{n}-{m}/*")).collect();
        json!({"Sid": format!("S{n}"), "Effect": "Allow", "Action": actions, "Resource": resources})
    };
    // What IAM takes at its widest: every pattern is compared with every action and type of resource of a service.
    let patterns = |n: usize| {
        let service = services[n % services.len()];
        let actions: Vec<_> =
            (0..8).map(|m| format!("{service}:*{m}?*e*{n}*")).chain([format!("{service}:*e*t*")]).collect();
        let resources: Vec<_> = (0..6).map(|m| format!("arn:aws:{service}:*:*:*{n}*/*?{m}*")).collect();
        json!({"Sid": format!("S{n}"), "Effect": "Allow", "Action": actions, "Resource": resources})
    };
    // IAM refuses wildcards for the service, but they are judged, too: compared with everything in the catalogue.
    let refused = |n: usize| {
        let actions: Vec<_> = (0..8).map(|m| format!("*{n}*?*{m}*")).collect();
        let resources: Vec<_> = (0..8).map(|m| format!("arn:*:*:*{n}*:?*{m}*")).collect();
        json!({"Sid": format!("S{n}"), "Effect": "Allow", "Action": actions, "Resource": resources})
    };
    println!("{:<46} {:>10} {:>10} {:>10} {:>10}", "judgement of", "characters", "first", "fastest", "median");
    measure("a vendor's policy", &document(vendor));
    measure("a policy of patterns", &document(patterns));
    measure("wildcards that IAM refuses", &document(refused));
    let mut actions = vec!["*:*".to_owned()];
    actions.extend((0..700).map(|n| format!("s3:Get{n:03}*")));
    measure(
        "one statement with many actions on everything",
        &statements(&[json!({"Effect": "Allow", "Action": actions, "Resource": "*"})]),
    );
}

/// As many statements as fit.
fn document(statement: impl Fn(usize) -> Value) -> Document {
    let mut all = Vec::new();
    loop {
        let mut more = all.clone();
        more.push(statement(all.len()));
        if statements(&more).size() > CHARACTERS {
            return statements(&all);
        }
        all = more;
    }
}

fn statements(all: &[Value]) -> Document {
    Document::from_value(json!({"Version": "2012-10-17", "Statement": all})).expect("a policy")
}

fn measure(what: &str, document: &Document) {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            black_box(black_box(document).privileges(Author::Customer, &TERMS));
            start.elapsed()
        })
        .collect();
    // The first of all reads the catalogue, too.
    let first = times[0];
    times.sort_unstable();
    let (fastest, median) = (times[0], times[ROUNDS / 2]);
    println!("{what:<46} {:>10} {first:>10.2?} {fastest:>10.2?} {median:>10.2?}", document.size());
}
