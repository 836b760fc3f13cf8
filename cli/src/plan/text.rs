//! A plan for people: `+` for what comes, `~` for what changes, `-` for what goes.

use std::fmt::Write;

use delegated_role_core::findings::Severity;

use super::change::{Action, Change};
use crate::console::{Console, Style};
use crate::report::severity;
use crate::visible::visible;

pub(super) fn print(changes: &[Change], console: &Console<'_>) -> String {
    let mut text = String::new();
    for change in changes {
        print_change(change, console, &mut text);
    }
    let refused = changes.iter().filter(|change| is_refused(change)).count();
    let count = |action| changes.iter().filter(|change| change.action == action && !is_refused(change)).count();
    let refused = if refused == 0 { String::new() } else { format!(", {refused} refused") };
    let _ = writeln!(
        text,
        "Plan: {} to create, {} to update, {} to replace, {} to delete, {} unchanged{refused}.",
        count(Action::Create),
        count(Action::Update),
        count(Action::Replace),
        count(Action::Delete),
        count(Action::None)
    );
    text
}

fn is_refused(change: &Change) -> bool {
    change.findings.iter().any(|finding| finding.severity == Severity::Error)
}

fn print_change(change: &Change, console: &Console<'_>, text: &mut String) {
    let (sign, style, what) = match change.action {
        Action::Create => ("+", Style::Green, "is created"),
        Action::Update => ("~", Style::Yellow, "is changed"),
        Action::Replace => ("-/+", Style::Red, "is replaced: a new role takes its place"),
        Action::Delete => ("-", Style::Red, "is removed"),
        Action::None => (" ", Style::Dim, "does not change"),
    };
    let what = if is_refused(change) { "is refused" } else { what };
    let heading = console.styled(Style::Bold, &visible(&change.logical_id));
    let _ = writeln!(text, "{} {heading} {what}", console.styled(style, sign));
    let mut list = |sign: &str, style: Style, items: &[String]| {
        for item in items {
            let _ = writeln!(text, "    {} {}", console.styled(style, sign), visible(item));
        }
    };
    list("+", Style::Green, &change.gains);
    list("-", Style::Red, &change.loses);
    let ended: Vec<String> = change.ended.iter().map(|sessions| format!("ends {sessions}")).collect();
    list("!", Style::Yellow, &ended);
    for finding in &change.findings {
        let style = if finding.severity == Severity::Error { Style::Red } else { Style::Yellow };
        let _ = writeln!(text, "    {}: {}", console.styled(style, severity(finding)), visible(&finding.to_string()));
    }
    for unknown in &change.unknown {
        let _ = writeln!(
            text,
            "    ? {} is known after deployment only: {}.",
            visible(&unknown.property),
            visible(&unknown.reasons.join("; "))
        );
    }
    for (index, step) in change.operations.steps().iter().enumerate() {
        let _ = writeln!(text, "    {:>3}. {}", index + 1, visible(&step.join("; ")));
    }
    text.push('\n');
}
