//! `check`: every problem and warning of a template, in the words of the function.

mod json;
mod sarif;
mod text;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use delegated_role_core::findings::Severity;
use delegated_role_core::timestamp::Timestamp;

use crate::console::Console;
use crate::deployment::{self, read_template};
use crate::judgement::declared;
use crate::outcome::{Outcome, Unusable};
use crate::report::{Checked, Report};

/// The arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  no finding of severity error
  1  findings of severity error
  2  unusable input; standard error says why

Examples:
  delegated-role check template.yaml
  delegated-role check template.yaml --parameter Provider=444455556666 --account 111122223333
  delegated-role check access/*.yaml --limit TrustedAccountIds=444455556666 --format sarif > check.sarif
")]
pub struct Arguments {
    /// Templates of CloudFormation or SAM, in YAML or JSON; - is standard input
    #[arg(required = true, value_name = "TEMPLATE")]
    templates: Vec<PathBuf>,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    deployment: deployment::Arguments,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// For code scanning (SARIF 2.1.0)
    Sarif,
}

/// Checks the templates and prints what is found.
///
/// # Errors
/// A template cannot be read.
pub fn run(arguments: &Arguments, now: Timestamp, console: &mut Console<'_>) -> Result<Outcome, Unusable> {
    let files: Vec<&Path> = arguments.templates.iter().map(PathBuf::as_path).collect();
    let deployment = arguments.deployment.read(&files, console)?;
    let mut templates = Vec::new();
    for file in &arguments.templates {
        templates.push((file.display().to_string(), read_template(file, console)?));
    }
    deployment.check_parameters(&templates)?;
    let mut resources = Vec::new();
    for (file, template) in &templates {
        for resource in declared(file, template, &deployment)? {
            let findings = resource.findings(&deployment, now, None);
            let unknown = resource.unknown(&deployment);
            resources.push(Checked { template: file.clone(), resource, findings, unknown });
        }
    }
    let report = Report { templates: templates.len(), resources };
    let printed = match arguments.format {
        Format::Text => text::print(&report, console),
        Format::Json => json::print(&report),
        Format::Sarif => sarif::print(&report),
    };
    console.print(&printed)?;
    let failed = report.count(Severity::Error) > 0;
    Ok(if failed { Outcome::Findings } else { Outcome::Fine })
}
