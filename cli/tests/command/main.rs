//! The command as it is run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test insists")]

mod bad_input;
#[cfg(feature = "account")]
mod caller;
mod check;
mod hidden_characters;
mod mistakes;
mod native;
mod plan;
mod report;
mod run;

use self::run::run;

#[test]
fn help_shows_examples_and_exit_codes() {
    let output = run(&["--help"]);
    assert_eq!((output.code, output.remarks.as_str()), (0, ""));
    let help = output.printed;
    for part in ["Exit codes:\n  0  ", "Examples:\n  delegated-role ", "NO_COLOR"] {
        assert!(help.contains(part), "{help}");
    }
    assert!(!help.contains('\u{1b}'), "colours only on a terminal: {help}");
}

#[test]
fn unusable_arguments_end_with_2_and_a_sentence() {
    let output = run(&["chekc"]);
    assert_eq!((output.code, output.printed.as_str()), (2, ""));
    assert!(output.remarks.contains("unrecognized subcommand 'chekc'"), "{}", output.remarks);
}

#[test]
fn each_shell_has_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = run(&["completions", shell]);
        assert_eq!((output.code, output.remarks.as_str()), (0, ""), "{shell}");
        assert!(output.printed.contains("completions"), "{shell}");
    }
}
