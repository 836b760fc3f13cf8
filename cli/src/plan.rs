//! `plan`: what a new template would change of the roles of an old one, before it is deployed.

mod access;
mod change;
mod json;
#[cfg(feature = "account")]
mod live;
mod permissions;
mod text;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use delegated_role_core::findings::Severity;
use delegated_role_core::timestamp::Timestamp;

pub use self::change::{Action, Change, Operations, between};
#[cfg(feature = "account")]
use crate::caller::{Caller, block_on};
use crate::console::Console;
use crate::deployment::{self, Deployment, read_template};
use crate::judgement::{Declared, ROLE, declared};
use crate::outcome::{Outcome, Unusable};
use crate::template::Template;

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
  delegated-role plan access.yaml --against access.yaml --against-parameters old.json --parameters new.json
  AWS_PROFILE=customer delegated-role plan new.yaml --live --stack-name access
")]
pub struct Arguments {
    /// The new template; - is standard input
    #[arg(value_name = "TEMPLATE")]
    template: PathBuf,
    /// The old template; without --live, the plan assumes that its roles are deployed
    #[arg(long, value_name = "OLD", required_unless_present = "live")]
    against: Option<PathBuf>,
    /// A file with the values of OLD's parameters; without it, they are those of TEMPLATE
    #[arg(long, value_name = "FILE", conflicts_with = "live")]
    against_parameters: Vec<PathBuf>,
    /// Compare with the roles in the account of your credentials, which are only read; needs --stack-name or --stack-id
    #[arg(long)]
    live: bool,
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
    let mut deployment = arguments.deployment.read(&[&arguments.template], console)?;
    let mut templates = Vec::new();
    for file in arguments.against.iter().chain([&arguments.template]) {
        templates.push((file.display().to_string(), read_template(file, console)?));
    }
    deployment.check_parameters(&templates)?;
    let Some(new) = templates.pop() else { return Ok(Outcome::Fine) };
    let old = templates.first();
    let changes = if arguments.live {
        in_account(&mut deployment, old, &new, now)?
    } else {
        let before = match &arguments.against_parameters[..] {
            [] => deployment.clone(),
            files => deployment.with_parameters(files, console)?,
        };
        let old = old.map(|old| roles(old, &before)).transpose()?.unwrap_or_default();
        compare(&old, &roles(&new, &deployment)?, &deployment, now)?
    };
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

#[cfg(feature = "account")]
fn in_account(
    deployment: &mut Deployment,
    old: Option<&(String, Template)>,
    new: &(String, Template),
    now: Timestamp,
) -> Result<Vec<Change>, Unusable> {
    block_on(async { against_account(&Caller::find().await?, deployment, old, new, now).await })
}

#[cfg(not(feature = "account"))]
fn in_account(
    _: &mut Deployment,
    _: Option<&(String, Template)>,
    _: &(String, Template),
    _: Timestamp,
) -> Result<Vec<Change>, Unusable> {
    Err(Unusable::new("--live is not part of this build: it was built without the feature account."))
}

/// The changes of the roles in the caller's account to the new template. The old template, where it is given, says what was
/// declared.
///
/// # Errors
/// The account cannot be read, or a template cannot be resolved.
#[cfg(feature = "account")]
pub async fn against_account(
    caller: &Caller,
    deployment: &mut Deployment,
    old: Option<&(String, Template)>,
    new: &(String, Template),
    now: Timestamp,
) -> Result<Vec<Change>, Unusable> {
    let stack = deployment.stack_to_find();
    let stack =
        stack.ok_or_else(|| Unusable::new("--live needs the stack: give --stack-name NAME or --stack-id STACK_ID."))?;
    deployment.locate(&caller.account.id, &caller.region, None)?;
    let stack = live::find_stack(caller, &stack).await?;
    let installation = deployment.locate(&caller.account.id, &caller.region, stack.id.as_deref())?;
    let old = old.map(|old| roles(old, deployment)).transpose()?.unwrap_or_default();
    let new = roles(new, deployment)?;
    live::Account { iam: caller.iam(), stack, deployment, installation }.changes(&old, &new, now).await
}

fn roles((file, template): &(String, Template), deployment: &Deployment) -> Result<Vec<Declared>, Unusable> {
    let declared = declared(file, template, deployment)?;
    Ok(declared.into_iter().filter(|declared| declared.kind == ROLE).collect())
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
