//! `report`: the page of an audit, from its saved JSON. `audit --html` writes the same page.
//!
//! Markup is written by templates that escape every text of the audit; no text of it is ever part of the style or the
//! script.

mod content_policy;
mod document;
mod moments;
mod picture;
mod roles;
mod severity;
mod summary;
mod timeline;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::audited::Audited;
use crate::console::Console;
use crate::deployment::read_up_to;
use crate::outcome::{Outcome, Unusable};

/// The largest audit, in bytes. Lambda answers with 6 MiB at most.
const LARGEST: u64 = 16 << 20;

/// The arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = "\
The page is one file. It loads nothing, and can be sent, kept and printed.

Exit codes:
  0  the page is written, whatever was found
  2  unusable input; standard error says why

Examples:
  delegated-role report audit.json --html audit.html
  delegated-role audit --format json | delegated-role report - --html audit.html
")]
pub struct Arguments {
    /// The JSON of an audit, as the function or `audit --format json` gives it; - is standard input
    #[arg(value_name = "AUDIT")]
    audit: PathBuf,
    /// The page to write
    #[arg(long, value_name = "FILE")]
    html: PathBuf,
}

/// Writes the page of a saved audit.
///
/// # Errors
/// The input is no audit of a version that this command knows, or the page cannot be written.
pub fn run(arguments: &Arguments, console: &mut Console<'_>) -> Result<Outcome, Unusable> {
    let text = read_up_to(LARGEST, "the most that this command reads as an audit", &arguments.audit, console)?;
    let name =
        if arguments.audit == Path::new("-") { "Standard input".into() } else { arguments.audit.to_string_lossy() };
    let within = |why: &dyn std::fmt::Display| Unusable::new(format!("{name}: {why}"));
    let json = serde_json::from_str(&text).map_err(|error| within(&format!("This is not valid JSON: {error}.")))?;
    let audited = Audited::read(&json).map_err(|why| within(&why))?;
    write(&audited, &arguments.html, console)?;
    Ok(Outcome::Fine)
}

/// Writes the page of an audit into a file.
///
/// # Errors
/// The file cannot be written.
pub fn write(audited: &Audited, file: &Path, console: &mut Console<'_>) -> Result<(), Unusable> {
    let page = document::document(audited).into_string();
    fs::write(file, page)
        .map_err(|error| Unusable::new(format!("{}: The page cannot be written: {error}.", file.display())))?;
    console.remark(&format!("The page is in {}.", file.display()));
    Ok(())
}
