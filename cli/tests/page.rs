//! The page for authors, run: what its commands print is what the page says. Its files are written as they come. (Those of
//! its commands that need cfn-lint are run by `tests/tools/test_authoring.py`.)

#![allow(clippy::expect_used, reason = "a test insists")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex_lite::Regex;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/authoring.md");

/// One fenced block: its language, the name of the file that the sentence before it gives it, and its text.
struct Block {
    language: String,
    file: Option<String>,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let fence = Regex::new(r"(?s)(?:`([A-Za-z0-9_./-]+)`:\n\n)?```([a-z]+)\n(.*?)```\n").expect("a pattern");
    let block = |found: regex_lite::Captures<'_>| Block {
        language: found[2].to_owned(),
        file: found.get(1).map(|file| file.as_str().to_owned()),
        text: found[3].to_owned(),
    };
    fence.captures_iter(page).map(block).collect()
}

/// A folder of its own for what the page writes.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn write(folder: &Path, block: &Block) {
    if let Some(file) = &block.file {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, &block.text).expect("a file");
    }
}

/// Runs a line in a shell, after a command that ended with `last`: what it prints, and how it ends.
fn run(folder: &Path, line: &str, last: i32) -> (String, i32) {
    let command = Path::new(env!("CARGO_BIN_EXE_delegated-role"));
    let path = format!("{}:{}", command.parent().expect("a folder").display(), std::env::var("PATH").expect("a PATH"));
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec 2>&1; (exit {last}); {line}")]).env("PATH", path).current_dir(folder);
    let output = shell.output().expect("a shell");
    (String::from_utf8(output.stdout).expect("text"), output.status.code().expect("an exit code"))
}

#[test]
fn every_command_prints_what_the_page_says() {
    let page = fs::read_to_string(PAGE).expect("the page");
    let folder = folder("authoring");
    let (mut expected, mut printed, mut ran) = (String::new(), String::new(), 0);
    for block in blocks(&page) {
        write(&folder, &block);
        if block.language != "console" || block.text.starts_with("$ cfn-lint ") {
            continue;
        }
        let mut last = 0;
        for line in block.text.lines().filter_map(|line| line.strip_prefix("$ ")) {
            let (output, code) = run(&folder, line, last);
            write!(printed, "$ {line}\n{output}").expect("text");
            (last, ran) = (code, ran + 1);
        }
        expected.push_str(&block.text);
    }
    assert!(ran > 8, "{ran} commands");
    assert_eq!(printed, expected, "docs/authoring.md");
}

/// A workflow that starts with a wrong argument checks nothing.
#[test]
fn the_commands_in_files_have_arguments_that_exist() {
    let page = fs::read_to_string(PAGE).expect("the page");
    let folder = folder("authoring-in-ci");
    let command = Regex::new(r"(?m)(?:run|entry): (delegated-role .*)$").expect("a pattern");
    let mut ran = 0;
    for block in blocks(&page) {
        write(&folder, &block);
        if block.file.as_deref() == Some("acme.yaml") {
            write(&folder, &Block { file: Some("access/acme.yaml".to_owned()), ..block });
            continue;
        }
        for found in command.captures_iter(&block.text).filter(|_| block.language == "yaml") {
            // pre-commit appends the files.
            let line = if found[1].contains("access/") {
                found[1].to_owned()
            } else {
                format!("{} access/acme.yaml", &found[1])
            };
            let (output, code) = run(&folder, &line, 0);
            assert_eq!(code, 0, "{line}: {output}");
            ran += 1;
        }
    }
    assert_eq!(ran, 2);
    let sarif = fs::read_to_string(folder.join("check.sarif")).expect("what the workflow uploads");
    assert!(sarif.contains("\"version\": \"2.1.0\""), "{sarif}");
}
