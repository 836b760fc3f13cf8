//! `plan`: what a new template would change of the roles of an old one, before it is deployed.

mod access;
mod change;
mod json;
mod permissions;
mod text;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use delegated_role_core::findings::Severity;
use delegated_role_core::timestamp::Timestamp;

pub use self::change::{Action, Change, Operations, between};
use crate::console::Console;
use crate::deployment::{self, Deployment, read_template};
use crate::judgement::{Declared, ROLE, declared};
use crate::outcome::{Outcome, Unusable};

/// The arguments of `plan`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  the plan is made
  1  findings of severity error; the function would refuse the new template
  2  unusable input; standard error says why. With --detailed-exitcode also: the plan has changes

Examples:
  delegated-role plan template.yaml --against <(git show main:template.yaml)
  delegated-role plan new.yaml --against old.yaml --parameters parameters.json --stack-name access
")]
pub struct Arguments {
    /// The new template; - is standard input
    #[arg(value_name = "TEMPLATE")]
    template: PathBuf,
    /// The old template, whose roles are taken for what there is
    #[arg(long, value_name = "OLD")]
    against: PathBuf,
    /// How the plan is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// End with 2 when the plan has changes
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    deployment: deployment::Arguments,
}

/// How the plan is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Plans the change and prints it.
///
/// # Errors
/// A template cannot be read, or the old one is one that the function would have refused.
pub fn run(arguments: &Arguments, now: Timestamp, console: &mut Console<'_>) -> Result<Outcome, Unusable> {
    let deployment = arguments.deployment.read(console)?;
    let files = [&arguments.against, &arguments.template];
    let mut templates = Vec::new();
    for file in files {
        templates.push((file.display().to_string(), read_template(file, console)?));
    }
    deployment.check_parameters(&templates)?;
    let mut roles = Vec::new();
    for (file, template) in &templates {
        let declared = declared(file, template, &deployment)?;
        roles.push(declared.into_iter().filter(|declared| declared.kind == ROLE).collect::<Vec<_>>());
    }
    let [old, new] = &roles[..] else { return Ok(Outcome::Fine) };
    let changes = compare(old, new, &deployment, now)?;
    console.print(&match arguments.format {
        Format::Text => text::print(&changes, console),
        Format::Json => json::print(&changes),
    })?;
    let findings = changes.iter().flat_map(|change| &change.findings);
    let refused = findings.into_iter().any(|finding| finding.severity == Severity::Error);
    let differs = changes.iter().any(|change| change.action != Action::None);
    Ok(match (refused, differs && arguments.detailed_exitcode) {
        (true, _) => Outcome::Findings,
        (false, true) => Outcome::Changes,
        (false, false) => Outcome::Fine,
    })
}

/// The changes of all roles: those of the new template in its order, then those that it no longer has.
fn compare(
    old: &[Declared],
    new: &[Declared],
    deployment: &Deployment,
    now: Timestamp,
) -> Result<Vec<Change>, Unusable> {
    let same = |roles: &'_ [Declared], name: &str| roles.iter().position(|role| role.logical_id == name);
    let kept = new.iter().map(|new| {
        let old = same(old, &new.logical_id).map(|index| &old[index]);
        between(old, Some(new), deployment, now)
    });
    let gone = old.iter().filter(|old| same(new, &old.logical_id).is_none());
    kept.chain(gone.map(|old| between(Some(old), None, deployment, now))).collect()
}
