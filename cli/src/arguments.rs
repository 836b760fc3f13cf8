//! What can be typed. Each verb keeps its own arguments beside its code.

use clap::{Parser, Subcommand};

#[cfg(feature = "account")]
use crate::{audit, probe};
use crate::{check, completions, native, page, plan, schema};

/// Shows what a delegated role in a template would be, before it is deployed.
#[derive(Debug, Parser)]
#[command(
    name = "delegated-role",
    version,
    about = "Shows what delegated roles in CloudFormation templates would be, before they are deployed",
    after_help = AFTER_HELP,
    propagate_version = true,
    disable_help_subcommand = true
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Find every problem of delegated roles in templates
    Check(check::Arguments),
    /// Show what a new template changes: who gains and loses access, and the calls in order
    Plan(plan::Arguments),
    /// Print the roles as native resources, for reviewers and for tools that know only those
    Native(native::Arguments),
    /// Prove that a customer's role opens with its external ID and with nothing less
    #[cfg(feature = "account")]
    Probe(probe::Arguments),
    /// Find what is no longer as agreed in the roles of your account
    #[cfg(feature = "account")]
    Audit(audit::Arguments),
    /// Write the page of a saved audit
    Report(page::Arguments),
    /// Print the JSON schema of a resource type, or of an audit
    Schema(schema::Arguments),
    /// Print the completions of a shell
    Completions(completions::Arguments),
}

const AFTER_HELP: &str = "\
Exit codes:
  0  no finding of severity error
  1  findings of severity error
  2  unusable input; standard error says why

Examples:
  delegated-role check template.yaml
  delegated-role plan new.yaml --against old.yaml
  delegated-role native template.yaml > native.yaml
  delegated-role probe arn:aws:iam::111122223333:role/delegated/acme --external-id-file acme.id
  delegated-role audit --environment function.json
  delegated-role report audit.json --html audit.html
  delegated-role schema Custom::DelegatedRole
  delegated-role completions bash > ~/.local/share/bash-completion/completions/delegated-role

Colors are used on a terminal only, and never when NO_COLOR is set.
";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_verb_has_an_example() {
        for verb in Arguments::command().get_subcommands_mut() {
            let help = verb.render_long_help().to_string();
            assert!(help.contains("Examples:\n  delegated-role "), "{help}");
        }
    }
}
