//! The command `delegated-role`: what a template would do, before it is deployed.
//!
//! It decides nothing about roles itself. What is a problem and which operations a change takes is decided in
//! `delegated-role-core`, for the function and for this command alike.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`arguments`] | what can be typed, with its help |
//! | [`console`] | where output goes: results, remarks, colours |
//! | [`outcome`] | how a run ends: the exit code |
//! | [`schema`] | the JSON schemas of the resource types |
//! | [`completions`] | completions for shells |

pub mod arguments;
pub mod completions;
pub mod console;
pub mod outcome;
pub mod schema;

use clap::CommandFactory;

use arguments::{Arguments, Verb};
use console::Console;
use outcome::{Outcome, Unusable};

/// Runs one verb.
///
/// # Errors
/// What makes the input unusable.
pub fn run(arguments: &Arguments, console: &mut Console<'_>) -> Result<Outcome, Unusable> {
    match &arguments.verb {
        Verb::Schema(arguments) => schema::run(arguments, console),
        Verb::Completions(arguments) => completions::run(arguments, Arguments::command(), console),
    }
}
