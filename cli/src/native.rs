//! `native`: the roles of a template as `AWS::IAM::Role`, for reviewers and for tools that know native resources only.

mod resource;
mod yaml;

use std::path::PathBuf;

use clap::Args;
use delegated_role_core::findings::Severity;
use delegated_role_core::timestamp::Timestamp;

pub use self::resource::{Native, native};
use crate::console::Console;
use crate::deployment::{self, read_template};
use crate::judgement::{ROLE, declared};
use crate::outcome::{Outcome, Unusable};

/// The arguments of `native`.
#[derive(Debug, Args)]
#[command(after_help = "\
External IDs are parameters of the printed template. They are never printed.

Exit codes:
  0  every role is printed
  1  the function would refuse a role; standard error says why, and the others are printed
  2  unusable input; standard error says why

Examples:
  delegated-role native template.yaml > native.yaml
  delegated-role native template.yaml --parameter Provider=444455556666 --account 111122223333
")]
pub struct Arguments {
    /// The template; - is standard input
    #[arg(value_name = "TEMPLATE")]
    template: PathBuf,
    #[command(flatten)]
    deployment: deployment::Arguments,
}

/// Prints the template.
///
/// # Errors
/// The template cannot be read.
pub fn run(arguments: &Arguments, now: Timestamp, console: &mut Console<'_>) -> Result<Outcome, Unusable> {
    let deployment = arguments.deployment.read(&[&arguments.template], console)?;
    let file = arguments.template.display().to_string();
    let templates = [(file, read_template(&arguments.template, console)?)];
    deployment.check_parameters(&templates)?;
    let [(file, template)] = &templates;
    let mut outcome = Outcome::Fine;
    let mut roles = Vec::new();
    for role in declared(file, template, &deployment)?.iter().filter(|declared| declared.kind == ROLE) {
        let findings = role.findings(&deployment, now, None);
        let errors: Vec<_> = findings.iter().filter(|located| located.finding.severity == Severity::Error).collect();
        if errors.is_empty() {
            roles.push(native(role, &deployment, now)?);
        } else {
            outcome = Outcome::Findings;
            for error in errors {
                console.remark(&format!("{file}:{}: {}: {}", error.place, role.logical_id, error.finding));
            }
        }
    }
    console.print(&yaml::print(&roles))?;
    Ok(outcome)
}
