//! The JSON schemas of the resource types and of the audit.

use clap::Args;
use delegated_role_core::audit::report::Report;
use delegated_role_core::resource_types::ResourceType;
use serde_json::{Map, Value};

use crate::console::Console;
use crate::outcome::{Outcome, Unusable};

/// The arguments of `schema`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  delegated-role schema Custom::DelegatedRole > DelegatedRole.json
  delegated-role schema AccessCheck
  delegated-role schema Audit > audit.schema.json
")]
pub struct Arguments {
    /// The resource type, with or without its prefix, or Audit. Left out, those of all types are printed, each under its name
    #[arg(value_name = "TYPE")]
    resource_type: Option<String>,
}

/// The name of what an audit answers.
const AUDIT: &str = "Audit";

/// Prints the schema of the audit, of one resource type, or an object with those of all.
///
/// # Errors
/// There is no such resource type, or standard output cannot be written.
pub fn run(arguments: &Arguments, console: &mut Console<'_>) -> Result<Outcome, Unusable> {
    let schema = match &arguments.resource_type {
        Some(name) if name == AUDIT => Report::json_schema(),
        Some(name) => ResourceType::named(name).ok_or_else(|| unknown(name))?.json_schema(),
        None => Value::Object(all()),
    };
    console.print(&format!("{schema:#}\n"))?;
    Ok(Outcome::Fine)
}

fn all() -> Map<String, Value> {
    ResourceType::ALL.into_iter().map(|known| (known.name.to_owned(), known.json_schema())).collect()
}

fn unknown(name: &str) -> Unusable {
    let known = ResourceType::ALL.map(|known| known.name).join(", ");
    Unusable::new(format!(
        "\"{name}\" is not a resource type. The resource types are {known}; Audit is the answer to an audit."
    ))
}
