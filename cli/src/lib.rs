//! The command `delegated-role`: what a template would do, before it is deployed.
//!
//! It decides nothing about roles itself. What is a problem and which operations a change takes is decided in
//! `delegated-role-core`, for the function and for this command alike. What calls AWS is behind the feature `account`.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`arguments`] | what can be typed, with its help |
//! | [`check`] | every problem and warning of a template |
//! | [`plan`] | what a new template changes of the roles of an old one |
//! | [`native`] | the roles as native resources |
//! | [`audit`] | what the function's audit finds, from a terminal |
//! | [`probe`] | whether a customer's role opens with its external ID and with nothing less |
//! | [`schema`] | the JSON schemas of the resource types |
//! | [`completions`] | completions for shells |
//! | [`page`] | the page of an audit |
//! | [`audited`] | an audit, read from its JSON |
//! | [`report`] | what was found in templates |
//! | [`judgement`] | what the function would say of a resource |
//! | [`worlds`] | judging values of which parts are unknown |
//! | [`deployment`] | what is known of the deployment: parameters, account, Region, limits |
//! | [`owner`] | the limits of the function's owner |
//! | [`template`] | templates, read with places and resolved |
//! | [`caller`] | AWS with the caller's own credentials |
//! | [`console`] | where output goes: results, remarks, colours |
//! | [`visible`] | text of others, with its hidden characters written out |
//! | [`outcome`] | how a run ends: the exit code |

pub mod arguments;
#[cfg(feature = "account")]
pub mod audit;
pub mod audited;
#[cfg(feature = "account")]
pub mod caller;
pub mod check;
pub mod completions;
pub mod console;
pub mod deployment;
pub mod judgement;
pub mod native;
pub mod outcome;
pub mod owner;
pub mod page;
pub mod plan;
#[cfg(feature = "account")]
pub mod probe;
pub mod report;
pub mod schema;
pub mod template;
pub mod visible;
pub mod worlds;

use clap::CommandFactory;

use arguments::{Arguments, Verb};
use console::Console;
use delegated_role_core::timestamp::Timestamp;
use outcome::{Outcome, Unusable};

/// Runs one verb. `now` is the current time.
///
/// # Errors
/// What makes the input unusable.
pub fn run(arguments: &Arguments, now: Timestamp, console: &mut Console<'_>) -> Result<Outcome, Unusable> {
    match &arguments.verb {
        Verb::Check(arguments) => check::run(arguments, now, console),
        Verb::Native(arguments) => native::run(arguments, now, console),
        Verb::Plan(arguments) => plan::run(arguments, now, console),
        #[cfg(feature = "account")]
        Verb::Probe(arguments) => probe::run(arguments, now, console),
        #[cfg(feature = "account")]
        Verb::Audit(arguments) => audit::run(arguments, now, console),
        Verb::Report(arguments) => page::run(arguments, console),
        Verb::Schema(arguments) => schema::run(arguments, console),
        Verb::Completions(arguments) => completions::run(arguments, Arguments::command(), console),
    }
}
