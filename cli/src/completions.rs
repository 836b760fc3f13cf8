//! Completions for shells.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::console::Console;
use crate::outcome::{Outcome, Unusable};

/// The arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  delegated-role completions bash > ~/.local/share/bash-completion/completions/delegated-role
  delegated-role completions fish > ~/.config/fish/completions/delegated-role.fish
")]
pub struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints those of `command`.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(arguments: &Arguments, mut command: Command, console: &mut Console<'_>) -> Result<Outcome, Unusable> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut command, "delegated-role", &mut script);
    console.print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Fine)
}
