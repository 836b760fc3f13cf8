//! `audit`: what the function's audit finds, from the caller's own credentials.

mod csv;
mod text;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use delegated_role_core::audit::findings::Terms;
use delegated_role_core::audit::report::Report;
use delegated_role_core::findings::{Code, Severity};
use delegated_role_core::identifiers::{FunctionArn, Region};
use delegated_role_core::installation::Installation;
use delegated_role_core::owner_limits::Settings;
use delegated_role_core::timestamp::Timestamp;
use service_provider_access::audit::{Progress, audit_with_progress};
use service_provider_access::aws::Aws;

use crate::audited::Audited;
use crate::caller::{Caller, block_on};
use crate::console::Console;
use crate::deployment::{pair, read_file, read_template};
use crate::outcome::{Outcome, Unusable};
use crate::owner;
use crate::page;
use crate::template::Inputs;

/// The arguments of `audit`.
#[derive(Debug, Args)]
#[command(after_help = "\
It reads the account of your credentials and writes nothing. The findings are those of the function if you give the
function's environment:

  aws lambda get-function-configuration --function-name service-provider-access > function.json

Without it, the limits are the defaults, any account may be trusted, and it is not judged whether guardrail policies follow
the settings of the function.

Exit codes:
  0  no finding of severity error
  1  findings of severity error, or the audit is not complete
  2  unusable input; standard error says why

Examples:
  delegated-role audit --environment function.json
  delegated-role audit --html access.html
  AWS_PROFILE=customer delegated-role audit --format csv > access.csv
")]
pub struct Arguments {
    /// The function's environment: a file with what aws lambda get-function-configuration prints; - is standard input
    #[arg(long, value_name = "FILE")]
    environment: Option<PathBuf>,
    /// A setting of the function, such as RolePathPrefix=/partners/ or UnusedAfterDays=30
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    limit: Vec<String>,
    /// The template that installs the function; its parameters' defaults are the settings
    #[arg(long, value_name = "TEMPLATE", conflicts_with = "environment")]
    installed_by: Option<PathBuf>,
    /// How the audit is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Also write a page: one file for a browser, which loads nothing
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// How the audit is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people
    Text,
    /// What the function answers
    Json,
    /// One line for each role, for spreadsheets
    Csv,
}

/// Audits the account of the caller's credentials.
///
/// # Errors
/// The input or the credentials cannot be used.
pub fn run(arguments: &Arguments, now: Timestamp, console: &mut Console<'_>) -> Result<Outcome, Unusable> {
    let settings = arguments.settings(console)?;
    block_on(async { audit(arguments, settings, &Caller::find().await?, now, console).await })
}

/// The same with these settings and as this caller.
///
/// # Errors
/// The settings are wrong, or the output cannot be written.
pub async fn audit(
    arguments: &Arguments,
    settings: Settings,
    caller: &Caller,
    now: Timestamp,
    console: &mut Console<'_>,
) -> Result<Outcome, Unusable> {
    let terms = terms(settings, caller, now)?;
    let aws = Aws { iam: caller.iam(), sts: caller.sts(), cloudformation: caller.cloudformation() };
    let mut report = audit_with_progress(&aws, &terms, |Progress { read, all }| {
        console.progress(&format!("Reading roles: {read} of {all}"));
    })
    .await;
    console.end_progress();
    if terms.installation.limits.function_role.is_none() {
        without_outdated_guardrails(&mut report);
        console.remark(
            "The settings of the function are not known, so its limits are only judged as they were given, and it is not judged \
             whether guardrail policies follow them. Give --environment.",
        );
    }
    let json = report.to_json();
    let audited = Audited::read(&json)?;
    console.print(&match arguments.format {
        Format::Text => text::print(&audited, console),
        Format::Json => format!("{json:#}\n"),
        Format::Csv => csv::print(&audited),
    })?;
    if let Some(file) = &arguments.html {
        page::write(&audited, file, console)?;
    }
    if !audited.is_complete() {
        console.remark("The audit is not complete.");
    }
    let fine = audited.is_complete() && audited.count(Severity::Error) == 0;
    Ok(if fine { Outcome::Fine } else { Outcome::Findings })
}

impl Arguments {
    /// The settings of the function, as far as the user gives them.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn settings(&self, console: &mut Console<'_>) -> Result<Settings, Unusable> {
        let limits = self.limit.iter().map(|text| pair("--limit", text)).collect::<Result<Vec<_>, _>>()?;
        let mut environment = vec![("TRUSTED_ACCOUNT_IDS".to_owned(), "*".to_owned())];
        if let Some(file) = &self.environment {
            // Where the function trusts no account, neither does the audit.
            environment = owner::of_function(&file.display().to_string(), &read_file(file, console)?)?;
        }
        if let Some(file) = &self.installed_by {
            let template = read_template(file, console)?;
            let file = file.display().to_string();
            environment.extend(owner::of_template(&file, &template, &Inputs::default(), console)?);
        }
        owner::settings(environment, &limits)
    }
}

/// Where and how the function of the caller's account and Region would audit.
fn terms(settings: Settings, caller: &Caller, now: Timestamp) -> Result<Terms, Unusable> {
    let limits = settings.limits.map_err(|problems| owner::wrong(&problems))?;
    let settings = settings.audit.map_err(|problems| owner::wrong(&problems))?;
    let region = &caller.region;
    Region::parse(region).map_err(|_| Unusable::new(format!("{region} is not a Region.")))?;
    let (partition, account) = (&caller.account.partition, &caller.account.id);
    let function = format!("arn:{partition}:lambda:{region}:{account}:function:service-provider-access");
    let function =
        FunctionArn::parse(&function).map_err(|_| Unusable::new("The account and Region make no function's ARN."))?;
    Ok(Terms { installation: Installation { function, limits }, settings, now })
}

/// What a guardrail policy protects beside the role depends on the role and the stack of the function.
fn without_outdated_guardrails(report: &mut Report) {
    for entry in &mut report.entries {
        entry
            .findings
            .retain(|finding| finding.code != Code::GuardrailsMissing || finding.severity != Severity::Warning);
    }
}
