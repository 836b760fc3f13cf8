//! The results as two tables: by operation and by fault.

use std::fmt::Write as _;
use std::sync::Arc;

use super::operation::Case;
use super::trial::{Ended, Name};

pub(super) fn tables(cases: &[Arc<Case>], ended: &[Ended]) -> String {
    // The answer is a call, too.
    let calls = |name: &str| {
        let case = cases.iter().find(|case| case.operation.name == name);
        case.map_or_else(|| "-".to_owned(), |case| (case.reference.calls.len() + 1).to_string())
    };
    let order = |name: &str| cases.iter().position(|case| case.operation.name == name).unwrap_or(usize::MAX);
    let mut operations = names(ended, |name| name.operation);
    operations.sort_by_key(|name| order(name));
    let faults = names(ended, |name| name.fault);

    let mut text = line("operation", "calls", ["trials", "survived", "not survived"]);
    for operation in operations {
        let own = counts(ended.iter().filter(|trial| trial.name.operation == operation));
        text += &line(operation, &calls(operation), own);
    }
    text += &line("all", "", counts(ended.iter()));
    text += &line("\nfault", "", ["trials", "survived", "not survived"]);
    for fault in faults {
        text += &line(fault, "", counts(ended.iter().filter(|trial| trial.name.fault == fault)));
    }
    text + &line("all", "", counts(ended.iter()))
}

/// Each name once, sorted.
fn names(ended: &[Ended], part: impl Fn(&Name) -> &'static str) -> Vec<&'static str> {
    let mut names: Vec<_> = ended.iter().map(|trial| part(&trial.name)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn counts<'a>(trials: impl Iterator<Item = &'a Ended>) -> [String; 3] {
    let (survived, not_survived): (Vec<_>, Vec<_>) = trials.partition(|trial| trial.survived());
    [survived.len() + not_survived.len(), survived.len(), not_survived.len()].map(|count| count.to_string())
}

fn line(name: &str, calls: &str, [trials, survived, not_survived]: [impl AsRef<str>; 3]) -> String {
    let [trials, survived, not_survived] = [trials.as_ref(), survived.as_ref(), not_survived.as_ref()];
    let mut line = String::new();
    writeln!(line, "{name:60} {calls:>5} {trials:>7} {survived:>9} {not_survived:>13}").expect("a string grows");
    line
}
