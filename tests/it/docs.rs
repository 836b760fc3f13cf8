//! What the documentation names is there: files, links and their headings, `make` targets, tests, and the code that
//! SECURITY.md holds against each threat.

use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

/// Files that a reader of the documentation creates, or finds in a release.
const OF_THE_READER: &[&str] = &[
    "sbom.cdx.json",
    "deploy.env",
    "deploy-provider.env",
    "acme.yaml",
    "acme-next.yaml",
    "onboarding.yaml",
    "parameters.json",
    "shut-out.json",
    ".github/workflows/templates.yml",
    ".pre-commit-config.yaml",
    ".vscode/settings.json",
];

/// Names of Terraform that look like those of tests.
const OF_TERRAFORM: &[&str] = &[
    "allow_self_assume_role",
    "aws_iam_policy_document",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "custom_role_policy_arns",
    "custom_role_trust_policy",
    "external_aws_account_id",
    "inline_policy_json_document",
    "override_inline_policy_documents",
    "override_trust_policy_documents",
    "role_permissions_boundary_arn",
    "role_requires_session_name",
    "service_provider_requires_mfa",
    "source_inline_policy_documents",
    "source_trust_policy_documents",
];

/// Not part of the repository, or not text.
const SKIPPED: &[&str] = &[".git", ".aws-sam", ".tools", "dist", "target", "__pycache__"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if SKIPPED.contains(&entry.file_name().to_str().unwrap()) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() { collect(&entry.path(), files) } else { files.push(entry.path()) }
    }
}

/// Every file of the repository, as its path from the root.
fn files() -> Vec<String> {
    let mut files = Vec::new();
    collect(root(), &mut files);
    files.iter().map(|path| path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()).collect()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// The files with one of these endings, and their text.
fn texts(endings: &[&str]) -> Vec<(String, String)> {
    let ends =
        |file: &String| endings.iter().any(|ending| Path::new(file).extension().is_some_and(|end| end == *ending));
    files().into_iter().filter(ends).map(|file| (file.clone(), read(&file))).collect()
}

/// Everything that matches the one group of a pattern.
fn all(pattern: &str, text: &str) -> Vec<String> {
    Regex::new(pattern).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// The text outside of fenced blocks.
fn prose(text: &str) -> String {
    Regex::new(r"(?ms)^```.*?^```$").unwrap().replace_all(text, "").into_owned()
}

/// The parts of the text in backticks.
fn spans(text: &str) -> Vec<String> {
    all("`([^`\n]+)`", &prose(text))
}

/// Fails with every finding of every page.
fn check(what: &str, mut find: impl FnMut(&str, &str) -> Vec<String>) {
    let found: Vec<String> = texts(&["md"])
        .iter()
        .flat_map(|(page, text)| find(page, text).into_iter().map(move |finding| format!("{page}: {finding}")))
        .collect();
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

/// The anchors that GitHub gives to the headings of a page.
fn anchors(text: &str) -> Vec<String> {
    let headings = all(r"(?m)^#+ (.+)$", &prose(text));
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    headings
        .iter()
        .map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-"))
        .collect()
}

#[test]
fn links_lead_somewhere() {
    check("links that lead nowhere", |page, text| {
        let links = all(r"\]\(([^)\s]+)\)", &prose(text));
        let dead = |link: &String| {
            if link.starts_with("https://") {
                return false;
            }
            let (file, anchor) = link.split_once('#').map_or((link.as_str(), None), |(file, at)| (file, Some(at)));
            let target = match file {
                "" => root().join(page),
                file => root().join(page).parent().unwrap().join(file),
            };
            if !target.exists() {
                return true;
            }
            anchor.is_some_and(|anchor| !anchors(&fs::read_to_string(&target).unwrap()).contains(&anchor.to_owned()))
        };
        links.into_iter().filter(dead).collect()
    });
}

#[test]
fn files_that_are_named_exist() {
    let files = files();
    let file = Regex::new(r"^[A-Za-z0-9_.-][A-Za-z0-9_./-]*\.(rs|py|yaml|yml|json|toml|txt|md)$").unwrap();
    let folder = Regex::new(r"^[a-z][a-z0-9_./-]*/$").unwrap();
    check("files that do not exist", |_, text| {
        let missing = |name: &String| {
            if OF_THE_READER.contains(&name.as_str()) {
                false
            } else if folder.is_match(name) {
                !files.iter().any(|file| file.starts_with(name) || file.contains(&format!("/{name}")))
            } else {
                file.is_match(name) && !files.iter().any(|file| file == name || file.ends_with(&format!("/{name}")))
            }
        };
        spans(text).into_iter().filter(missing).collect()
    });
}

#[test]
fn make_targets_that_are_named_exist() {
    let targets = all(r"(?m)^([a-z][a-z0-9-]*):", &read("Makefile"));
    check("targets that the Makefile does not have", |_, text| {
        let named = all(r"(?m)(?:^|`)make ([a-z][a-z0-9-]*)", text);
        named.into_iter().filter(|target| !targets.contains(target)).collect()
    });
}

#[test]
fn tests_that_are_named_exist() {
    let sources: String = texts(&["rs", "py"]).into_iter().map(|(_, text)| text).collect();
    let name = Regex::new(r"^[a-z0-9]+(_[a-z0-9]+){3,}$").unwrap();
    check("tests that do not exist", |_, text| {
        let named = spans(text).into_iter().filter(|span| name.is_match(span));
        named.filter(|test| !OF_TERRAFORM.contains(&test.as_str()) && !sources.contains(&format!(" {test}("))).collect()
    });
}

/// As in "`check_age` (`src/command.rs`)" and "`check_age` in `src/command.rs`".
#[test]
fn code_is_in_the_file_that_is_named_for_it() {
    let pairs = Regex::new(r"`([A-Za-z_:]+)` (?:\(|in )`([a-z_/.]+\.rs)`").unwrap();
    check("code that is not there", |_, text| {
        let text = prose(text);
        let named = pairs.captures_iter(&text).map(|found| (found[1].to_owned(), found[2].to_owned()));
        let absent = |(code, file): &(String, String)| {
            let last = code.rsplit(':').next().unwrap();
            !root().join(file).exists() || !Regex::new(&format!(r"\b{last}\b")).unwrap().is_match(&read(file))
        };
        named.filter(absent).map(|(code, file)| format!("{code} in {file}")).collect()
    });
    let security = read("SECURITY.md");
    assert!(pairs.captures_iter(&security).count() > 10, "SECURITY.md names the code that holds each threat");
}

/// The first column of the table of reasons: the text between the ellipses is in the source of the function.
#[test]
fn reasons_that_are_quoted_are_the_functions_own() {
    let source: String =
        texts(&["rs"]).into_iter().filter(|(file, _)| file.contains("src/")).map(|(_, text)| text).collect();
    let source = Regex::new(r"\\\n\s*").unwrap().replace_all(&source, "");
    let page = read("docs/troubleshooting.md");
    let (_, table) = page.split_once("\n| the reason says |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| `"));
    let quoted: Vec<String> = rows.flat_map(|row| spans(row.split(" | ").next().unwrap())).collect();
    assert!(quoted.len() > 20, "{quoted:?}");
    let fragments =
        quoted.iter().flat_map(|reason| reason.split('…')).map(|part| part.trim_matches([' ', ',', '(', ')', ':']));
    let stale: Vec<&str> = fragments.filter(|part| !source.contains(part)).collect();
    assert!(stale.is_empty(), "docs/troubleshooting.md quotes what the function does not say: {stale:#?}");
}
