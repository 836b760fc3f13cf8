//! `probe`: whether a customer's role opens with its external ID and with nothing less, from the caller's own credentials.

use std::env;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use delegated_role_core::access_check::answer::Verdict;
use delegated_role_core::access_check::question::Check;
use delegated_role_core::findings::Reason;
use delegated_role_core::secrets::Secrets;
use delegated_role_core::seed::Seed;
use delegated_role_core::timestamp::Timestamp;
use delegated_role_core::values::Properties;
use serde_json::{Value, json};
use service_provider_access::access_check::{Checked, PROBES, check};

use crate::caller::{Caller, block_on};
use crate::console::{Console, Style};
use crate::deployment::read_file;
use crate::outcome::{Outcome, Unusable};
use crate::report::message;
use crate::visible::visible;

/// The variable that may hold the external ID.
const VARIABLE: &str = "DELEGATED_ROLE_EXTERNAL_ID";

/// The longest input with an external ID.
const LONGEST: u64 = 4_096;

/// The arguments of `probe`.
#[derive(Debug, Args)]
#[command(after_help = "\
The external ID is read from --external-id-file, otherwise from the variable DELEGATED_ROLE_EXTERNAL_ID, otherwise from
standard input. It is never an argument, since others can read those. Each probe is an sts:AssumeRole whose session may do
nothing. The caller needs permission for sts:AssumeRole on the role.

Exit codes:
  0  the role is safe
  1  it is not, or that could not be determined
  2  unusable input; standard error says why

Examples:
  delegated-role probe arn:aws:iam::111122223333:role/delegated/acme --external-id-file acme.id
  pass show acme/external-id | delegated-role probe arn:aws:iam::111122223333:role/delegated/acme
")]
pub struct Arguments {
    /// The role's ARN
    #[arg(value_name = "ROLE_ARN")]
    role: String,
    /// A file with the external ID; - is standard input
    #[arg(long, value_name = "FILE")]
    external_id_file: Option<PathBuf>,
    /// The customer's account, which the role must be in
    #[arg(long, value_name = "ACCOUNT_ID")]
    customer_account: Option<String>,
    /// The role must require MFA, so no probe may open it
    #[arg(long)]
    require_mfa: bool,
    /// How the verdict is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How the verdict is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Sends the probes and prints the verdict.
///
/// # Errors
/// The input or the credentials cannot be used.
pub fn run(arguments: &Arguments, now: Timestamp, console: &mut Console<'_>) -> Result<Outcome, Unusable> {
    let external_id = external_id(arguments, console)?;
    block_on(async { probe(arguments, &external_id, &Caller::find().await?, now, console).await })
}

/// The same with this external ID and as this caller.
///
/// # Errors
/// The question is one that the function refuses.
pub async fn probe(
    arguments: &Arguments,
    external_id: &str,
    caller: &Caller,
    now: Timestamp,
    console: &mut Console<'_>,
) -> Result<Outcome, Unusable> {
    let mut properties = Properties::new();
    properties.insert("RoleArn".to_owned(), json!(arguments.role));
    properties.insert("ExternalId".to_owned(), json!(external_id));
    properties.insert("RequireMfa".to_owned(), json!(arguments.require_mfa));
    if let Some(account) = &arguments.customer_account {
        properties.insert("CustomerAccountId".to_owned(), json!(account));
    }
    let question = Check::read(&properties, &caller.account, "", "probe").map_err(|problems| {
        Unusable::new(Reason::from(problems).without(&Secrets::of_properties(&properties)).to_string())
    })?;
    let checked = check(&question, None, &caller.sts(), &seed()?, now).await;
    console.print(&match arguments.format {
        Format::Text => text(&question, &checked, console),
        Format::Json => format!("{:#}\n", json(&question, &checked)),
    })?;
    let safe = checked.answer.verdict == Verdict::Safe;
    Ok(if safe { Outcome::Fine } else { Outcome::Findings })
}

fn external_id(arguments: &Arguments, console: &mut Console<'_>) -> Result<String, Unusable> {
    let given = match (&arguments.external_id_file, env::var(VARIABLE)) {
        (Some(file), _) => read_file(file, console)?,
        (None, Ok(value)) if !value.is_empty() => value,
        (None, _) => console.read_input(LONGEST)?,
    };
    let external_id = given.trim().to_owned();
    if external_id.is_empty() {
        return Err(Unusable::new(format!(
            "There is no external ID. Give it in --external-id-file FILE, in {VARIABLE}, or on standard input."
        )));
    }
    Ok(external_id)
}

fn seed() -> Result<Seed, Unusable> {
    let mut bytes = [0; Seed::BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Unusable::new(format!("The operating system gives no randomness: {error}.")))?;
    Ok(Seed::new(bytes))
}

fn secrets(question: &Check) -> Secrets {
    Secrets::of_external_ids([&question.question.external_id])
}

fn text(question: &Check, checked: &Checked, console: &Console<'_>) -> String {
    let verdict = checked.answer.verdict;
    let style = if verdict == Verdict::Safe { Style::Green } else { Style::Red };
    let said = match &checked.result {
        Ok(attributes) => attributes.get(PROBES).cloned().unwrap_or_default(),
        Err(finding) => message(finding),
    };
    // A proxy may repeat the request in its error.
    let said = secrets(question).hidden_in(&said);
    let said: Vec<String> = said.lines().map(visible).collect();
    let said = said.join("\n");
    format!("{} {}\n{said}\n", console.styled(style, verdict.name()), question.question.role)
}

/// As the function answers a direct call.
fn json(question: &Check, checked: &Checked) -> Value {
    let role = &question.question.role;
    let (probes, reason) = match &checked.result {
        Ok(attributes) => (attributes.get(PROBES).cloned().unwrap_or_default(), String::new()),
        Err(finding) => (String::new(), finding.to_string()),
    };
    let hidden = |text: &str| secrets(question).hidden_in(text);
    json!({
        "Verdict": checked.answer.verdict.name(),
        "RoleArn": role.to_string(),
        "AccountId": role.account().id.to_string(),
        "Probes": hidden(&probes),
        "CheckedAt": checked.answer.checked_at(),
        "Reason": hidden(&reason),
    })
}
