//! The rules of the house, held against the source text: who may import whom, what may not be found
//! where decisions are made, who reads and who writes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// For each module: what it may import from this crate. Imports point down; the three resources know neither
/// each other nor CloudFormation, which only `request`, `response`, `callback`, `command` and `handler` do.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("main", &["aws", "connections", "guardrails", "handler", "log", "request"]),
    ("handler", &["aws", "callback", "command", "connections", "guardrails", "log", "request", "response", "seed"]),
    (
        "command",
        &[
            "access_check",
            "aws",
            "delegated_role",
            "external_id",
            "guardrails",
            "identifiers",
            "properties",
            "request",
            "response",
            "seed",
        ],
    ),
    ("request", &[]),
    ("response", &["request"]),
    ("log", &["aws", "request", "response"]),
    ("callback", &["connections", "patience", "request"]),
    ("connections", &[]),
    ("delegated_role", &["aws", "guardrails", "identifiers", "patience", "policy", "properties"]),
    ("external_id", &["identifiers", "properties", "seed"]),
    ("access_check", &["aws", "identifiers", "patience", "properties", "seed"]),
    ("guardrails", &["identifiers", "policy", "properties"]),
    ("properties", &["identifiers"]),
    ("policy", &[]),
    ("identifiers", &[]),
    ("seed", &[]),
    ("aws", &["patience"]),
    ("patience", &[]),
];

/// Where it is decided, nothing is awaited and nothing comes from outside but arguments.
const PURE: &[&str] = &[
    "request.rs",
    "response.rs",
    "log/metrics.rs",
    "guardrails.rs",
    "properties.rs",
    "policy.rs",
    "policy/",
    "identifiers.rs",
    "identifiers/",
    "seed.rs",
    "aws/denial.rs",
    "aws/quota.rs",
    "external_id.rs",
    "access_check/question.rs",
    "access_check/probe.rs",
    "access_check/verdict.rs",
    "access_check/answer.rs",
    "delegated_role/delegation.rs",
    "delegated_role/delegation/",
    "delegated_role/desired.rs",
    "delegated_role/plan.rs",
    "delegated_role/plan/",
    "delegated_role/cage.rs",
    "delegated_role/moment.rs",
    "delegated_role/revocation.rs",
    "delegated_role/trust.rs",
    "delegated_role/owner.rs",
    "delegated_role/past.rs",
    "delegated_role/home_region.rs",
    "delegated_role/taken.rs",
    "delegated_role/facts.rs",
    "delegated_role/attributes.rs",
];
const IMPURE: &[&str] = &[
    "async ",
    ".await",
    "aws_sdk",
    "tokio",
    "SystemTime::now",
    "Instant::now",
    "std::env",
    "env::var",
    "fastrand",
    "getrandom",
];

/// The longest file, tests in it not counted.
const LINES: usize = 420;

fn sources() -> BTreeMap<String, String> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { collect(&path, files) } else { files.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let relative = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (relative(path), fs::read_to_string(path).unwrap())).collect()
}

/// The code of a file: without its unit tests and comments.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn module(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

#[test]
fn imports_point_down() {
    let mut seen = BTreeSet::new();
    for (file, text) in sources() {
        let own = module(&file).to_owned();
        if own == "lib" {
            continue;
        }
        let (_, allowed) =
            MAY_IMPORT.iter().find(|(name, _)| *name == own).unwrap_or_else(|| panic!("{file} is not on the map"));
        for marker in ["crate::", "service_provider_access::"] {
            for (at, _) in code(&text).match_indices(marker) {
                let code = code(&text);
                let imported: String =
                    code[at + marker.len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                assert!(imported == own || allowed.contains(&imported.as_str()), "{file} imports {imported}");
            }
        }
        seen.insert(own);
    }
    let map: BTreeSet<String> = MAY_IMPORT.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(seen, map, "the map names what is not there");
}

#[test]
fn decisions_are_pure() {
    for place in PURE {
        let files: Vec<_> = sources()
            .into_iter()
            .filter(|(file, _)| file == place || (place.ends_with('/') && file.starts_with(place)))
            .collect();
        assert!(!files.is_empty(), "{place} is not there");
        for (file, text) in files {
            for impure in IMPURE {
                assert!(!code(&text).contains(impure), "{file} holds {impure:?}, but it is to decide only");
            }
        }
    }
}

#[test]
fn only_one_file_writes_and_only_one_reads() {
    let writes = [
        "create_role()",
        "update_role()",
        "update_assume_role_policy()",
        "_role_permissions_boundary()",
        "tag_role()",
        "put_role_policy()",
        "delete_role_policy()",
        "attach_role_policy()",
        "detach_role_policy()",
        "delete_role()",
    ];
    let reads = [
        "get_role()",
        "get_role_policy()",
        "list_role_policies()",
        "list_attached_role_policies()",
        "get_policy()",
        "get_policy_version()",
        "list_instance_profiles_for_role()",
        "get_account_summary()",
    ];
    let homes = [
        (&writes[..], "delegated_role/execute.rs"),
        (&reads[..], "delegated_role/observed.rs"),
        (&["assume_role()"], "access_check/ask.rs"),
    ];
    for (file, text) in sources() {
        for (calls, home) in homes {
            for call in calls {
                assert!(file == home || !code(&text).contains(&format!(".{call}")), "{file} calls {call}");
            }
        }
    }
}

#[test]
fn secrets_have_no_display() {
    let sources = sources();
    for (file, kind, holds) in [
        ("identifiers/external_id.rs", "ExternalId", "(String);"),
        ("request.rs", "ResponseUrl", "(String);"),
        ("seed.rs", "Seed", "([u8; Self::BYTES]);"),
        ("external_id.rs", "Handle", " {\n    text: String,"),
    ] {
        let code = code(&sources[file]);
        assert!(code.contains(&format!("struct {kind}{holds}")), "{kind} keeps its text to itself");
        assert!(!code.contains(&format!("Display for {kind} ")), "{kind} can be printed");
        assert!(code.contains(&format!("Debug for {kind} ")), "the Debug of {kind} is derived");
    }
    for (file, text) in &sources {
        for line in code(text).lines().filter(|line| line.contains("tracing::")) {
            assert!(!line.contains("expose()"), "{file} logs a secret: {line}");
        }
    }
}

#[test]
fn one_file_is_one_idea() {
    for (file, text) in sources() {
        let lines = text.split("#[cfg(test)]").next().unwrap().lines().count();
        assert!(lines <= LINES, "{file} has {lines} lines: split it by idea");
    }
}

#[test]
fn one_tls_stack() {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    let packages: Vec<&str> =
        lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    for unwanted in ["aws-lc-sys", "aws-lc-rs", "openssl-sys", "native-tls", "s2n-tls"] {
        assert!(!packages.contains(&unwanted), "{unwanted} came in: see `cargo tree -i {unwanted}`");
    }
    assert_eq!(packages.iter().filter(|name| **name == "rustls").count(), 1);
}

#[test]
fn the_map_is_complete() {
    let library = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    for line in library.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        let name = line.trim_end_matches(';');
        assert!(library.contains(&format!("//! | [`{name}`] |")), "{name} is not on the map in lib.rs");
    }
}
