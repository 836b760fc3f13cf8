//! The process: arguments and streams. It decides nothing.

use std::env;
use std::io::{IsTerminal, stderr, stdin, stdout};
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use delegated_role_cli::arguments::Arguments;
use delegated_role_cli::console::{Console, may_have_colors};
use delegated_role_cli::outcome::Unusable;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let colors = may_have_colors(&stdout(), |name| env::var(name).ok());
    let (mut input, mut output, mut remarks) = (stdin(), stdout(), stderr());
    let progress = remarks.is_terminal();
    let mut console = Console::new(&mut input, &mut output, &mut remarks, colors).with_progress(progress);
    match delegated_role_cli::run(&arguments, SystemTime::now().into(), &mut console) {
        Ok(outcome) => outcome.into(),
        Err(unusable) => {
            console.remark(&format!("delegated-role: {unusable}"));
            Unusable::CODE.into()
        }
    }
}
