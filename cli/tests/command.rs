//! The command as it is run.

#![allow(clippy::expect_used, reason = "a test insists")]

use std::process::{Command, Output, Stdio};

fn delegated_role(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_delegated-role"));
    command.args(arguments).stdin(Stdio::null()).output().expect("the command runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn help_shows_examples_and_exit_codes() {
    let output = delegated_role(&["--help"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let help = text(&output.stdout);
    for part in ["Exit codes:\n  0  ", "Examples:\n  delegated-role ", "NO_COLOR"] {
        assert!(help.contains(part), "{help}");
    }
    assert!(!help.contains('\u{1b}'), "colours only on a terminal: {help}");
}

#[test]
fn unusable_arguments_end_with_2_and_a_sentence() {
    let output = delegated_role(&["chekc"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
    assert!(text(&output.stderr).contains("unrecognized subcommand 'chekc'"), "{}", text(&output.stderr));
}

#[test]
fn each_shell_has_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = delegated_role(&["completions", shell]);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{shell}");
        assert!(text(&output.stdout).contains("completions"), "{shell}");
    }
}
