//! The rules of the architecture, checked in the source text: which module may import which, what the deciding files
//! may not contain, and which file reads and writes.

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// For each module of the function: what it may import of the function's other modules. Imports point down.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("main", &["aws", "connections", "handler", "log", "request"]),
    ("handler", &["aws", "callback", "command", "connections", "direct", "event", "log", "request", "response"]),
    ("direct", &["access_check", "audit", "aws", "command", "event", "response"]),
    ("event", &[]),
    ("audit", &["aws", "cloudformation", "iam"]),
    ("command", &["access_check", "aws", "iam", "request", "response", "role"]),
    ("role", &["aws", "backoff", "cloudformation", "iam"]),
    ("cloudformation", &["aws"]),
    ("iam", &["aws", "backoff"]),
    ("access_check", &["aws", "backoff"]),
    ("request", &[]),
    ("response", &["request"]),
    ("log", &["aws", "request", "response"]),
    ("callback", &["backoff", "connections", "request"]),
    ("connections", &["backoff"]),
    ("aws", &["backoff", "connections"]),
    ("backoff", &[]),
];

/// In the function, too, some files only decide. (All of `core/` does: its dependencies and its clippy.toml leave it
/// no other choice.)
const PURE: &[&str] =
    &["event.rs", "request.rs", "response.rs", "log/metrics.rs", "aws/denial.rs", "aws/explanation.rs", "aws/quota.rs"];
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

/// What the core library may depend on. None of these knows an AWS SDK, an async runtime or a source of randomness.
const CORE_DEPENDENCIES: &[&str] =
    &["hmac", "ipnet", "percent-encoding", "serde", "serde_json", "sha2", "strsim", "thiserror", "time"];

/// The longest file, tests in it not counted.
const LINES: usize = 420;

/// The files of one crate by their path below `src/`.
fn sources(krate: &str) -> BTreeMap<String, String> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { collect(&path, files) } else { files.push(path) }
        }
    }
    let root = repository().join(krate).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let relative = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (relative(path), fs::read_to_string(path).unwrap())).collect()
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

const FUNCTION: &str = ".";
const CORE: &str = "core";
const CLI: &str = "cli";

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
    for (file, text) in sources(FUNCTION) {
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
        let files: Vec<_> = sources(FUNCTION)
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
        "list_roles()",
        "get_role_policy()",
        "list_role_policies()",
        "list_attached_role_policies()",
        "get_policy()",
        "get_policy_version()",
        "list_instance_profiles_for_role()",
        "get_account_summary()",
    ];
    let homes =
        [(&writes[..], "iam/execute.rs"), (&reads[..], "iam/reads.rs"), (&["assume_role()"], "access_check/ask.rs")];
    for (file, text) in sources(FUNCTION) {
        for (calls, home) in homes {
            for call in calls {
                assert!(file == home || !code(&text).contains(&format!(".{call}")), "{file} calls {call}");
            }
        }
    }
}

#[test]
fn secrets_have_no_display() {
    for (krate, file, kind, holds) in [
        (CORE, "identifiers/external_id.rs", "ExternalId", "(String);"),
        (CORE, "seed.rs", "Seed", "([u8; Self::BYTES]);"),
        (CORE, "external_id.rs", "Handle", " {\n    text: String,"),
        (FUNCTION, "request.rs", "ResponseUrl", "(String);"),
    ] {
        let code = code(&sources(krate)[file]);
        assert!(code.contains(&format!("struct {kind}{holds}")), "{kind} keeps its text to itself");
        assert!(!code.contains(&format!("Display for {kind} ")), "{kind} can be printed");
        assert!(code.contains(&format!("Debug for {kind} ")), "the Debug of {kind} is derived");
    }
    for (file, text) in sources(FUNCTION) {
        for line in code(&text).lines().filter(|line| line.contains("tracing::")) {
            assert!(!line.contains("expose()"), "{file} logs a secret: {line}");
        }
    }
}

/// Cargo proves that the core library is pure, as long as it depends on nothing that is not.
#[test]
fn the_core_depends_on_nothing_impure() {
    let manifest = fs::read_to_string(repository().join("core/Cargo.toml")).unwrap();
    let (_, dependencies) = manifest.split_once("[dependencies]\n").unwrap();
    let (dependencies, _) = dependencies.split_once("\n[").unwrap();
    let names: Vec<&str> = dependencies.lines().filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
    assert_eq!(names, CORE_DEPENDENCIES);
}

/// The function's archive does not grow with the command.
#[test]
fn the_function_does_not_contain_the_command() {
    let manifest = fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let (_, dependencies) = manifest.split_once("[dependencies]\n").unwrap();
    let (dependencies, _) = dependencies.split_once("\n[").unwrap();
    for unwanted in ["clap", "delegated-role-cli", "saphyr"] {
        assert!(!dependencies.contains(unwanted), "the function depends on {unwanted}");
    }
}

/// Deadlines, pauses and jitter are decided in one place. A single pause is no loop.
#[test]
fn only_one_loop_waits() {
    for (file, text) in sources(FUNCTION) {
        let code = code(&text);
        assert!(
            file == "backoff.rs" || !(code.contains("loop {") && code.contains("sleep(")),
            "{file} waits in its own loop: use poll_until"
        );
    }
}

#[test]
fn one_file_is_one_idea() {
    let sources = [FUNCTION, CORE, CLI].into_iter().flat_map(sources);
    // Tables that `make catalogue` writes are not code.
    for (file, text) in sources.filter(|(file, _)| Path::new(file).extension().is_some_and(|kind| kind == "rs")) {
        let lines = text.split("#[cfg(test)]").next().unwrap().lines().count();
        assert!(lines <= LINES, "{file} has {lines} lines: split it by idea");
    }
}

#[test]
fn one_tls_stack() {
    let lock = fs::read_to_string(repository().join("Cargo.lock")).unwrap();
    let packages: Vec<&str> =
        lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    for unwanted in ["aws-lc-sys", "aws-lc-rs", "openssl-sys", "native-tls", "s2n-tls"] {
        assert!(!packages.contains(&unwanted), "{unwanted} came in: see `cargo tree -i {unwanted}`");
    }
    assert_eq!(packages.iter().filter(|name| **name == "rustls").count(), 1);
}

#[test]
fn the_maps_are_complete() {
    for krate in [FUNCTION, CORE, CLI] {
        let library = &sources(krate)["lib.rs"];
        for line in library.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
            let name = line.trim_end_matches(';');
            assert!(library.contains(&format!("//! | [`{name}`] |")), "{name} is not on the map in {krate}/src/lib.rs");
        }
    }
}
