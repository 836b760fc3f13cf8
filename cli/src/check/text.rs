//! Findings for people: one line each, aligned, as compilers write them.

use delegated_role_core::findings::Severity;

use crate::console::{Console, Style};
use crate::report::{Report, message, severity};
use crate::visible::visible;

struct Line {
    place: String,
    kind: String,
    style: Style,
    message: String,
}

pub(super) fn print(report: &Report, console: &Console<'_>) -> String {
    let mut lines = Vec::new();
    for checked in &report.resources {
        let place = |place| format!("{}:{place}", checked.template);
        for located in &checked.findings {
            let finding = &located.finding;
            lines.push(Line {
                place: place(located.place),
                kind: format!("{}[{}]", severity(finding), finding.code),
                style: if finding.severity == Severity::Error { Style::Red } else { Style::Yellow },
                message: visible(&message(finding)),
            });
        }
        for unknown in &checked.unknown {
            lines.push(Line {
                place: place(unknown.place),
                kind: "unknown".to_owned(),
                style: Style::Dim,
                message: visible(&format!(
                    "{} is known after deployment only: {}.",
                    unknown.property,
                    unknown.reasons.join("; ")
                )),
            });
        }
    }
    let places = lines.iter().map(|line| line.place.chars().count()).max().unwrap_or_default();
    let kinds = lines.iter().map(|line| line.kind.chars().count()).max().unwrap_or_default();
    let printed = lines.iter().map(|Line { place, kind, style, message }| {
        format!("{place:places$}  {}  {message}\n", console.styled(*style, &format!("{kind:kinds$}")))
    });
    format!("{}{}\n", printed.collect::<String>(), summary(report))
}

fn summary(report: &Report) -> String {
    let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let unknown: usize = report.resources.iter().map(|checked| checked.unknown.len()).sum();
    let properties = if unknown == 1 { "1 property" } else { &format!("{unknown} properties") };
    let later = if unknown == 0 { String::new() } else { format!(" {properties} known after deployment only.") };
    format!(
        "Checked {} in {}: {}, {}.{later}",
        count(report.resources.len(), "resource"),
        count(report.templates, "template"),
        count(report.count(Severity::Error), "error"),
        count(report.count(Severity::Warning), "warning"),
    )
}
