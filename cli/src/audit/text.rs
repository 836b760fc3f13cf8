//! The audit for people: a table of the roles, the worst first, and below it what was found in each.

use delegated_role_core::findings::Severity;
use delegated_role_core::timestamp::Timestamp;

use crate::audited::{Audited, Role, counted};
use crate::console::{Console, Style};
use crate::visible::visible;

/// How many accounts of a role are in its line.
const ACCOUNTS: usize = 3;

/// The space between two columns.
const GAP: usize = 2;

const HEADINGS: [&str; 6] = ["ROLE", "PROVIDERS", "MAY DO", "UNTIL", "LAST USED", "FINDINGS"];

pub(super) fn print(audited: &Audited, console: &Console<'_>) -> String {
    let mut text = head(audited, console);
    if audited.roles.is_empty() {
        text.push_str(if audited.is_complete() {
            "There is no role under the prefix: no provider can enter the account through a role of the function.\n"
        } else {
            "No role was read.\n"
        });
        return text;
    }
    text.push('\n');
    text.push_str(&table(&audited.roles, console));
    for role in audited.roles.iter().filter(|role| !role.findings.is_empty()) {
        let mut lines = vec![String::new(), console.styled(Style::Bold, &visible(&role.name))];
        for finding in &role.findings {
            let kind = format!("{}[{}]", finding.severity.name(), visible(&finding.code));
            lines.push(format!("  {} {}", console.styled(style(finding.severity), &kind), visible(&finding.message)));
        }
        text.extend(lines.into_iter().map(|line| line + "\n"));
    }
    text
}

fn head(audited: &Audited, console: &Console<'_>) -> String {
    let account = audited.account.as_deref().map(|account| format!(" of account {}", visible(account)));
    let region = audited.region.as_deref().map(|region| format!(" in {}", visible(region)));
    let [account, region] = [account, region].map(Option::unwrap_or_default);
    let roles = counted(audited.roles.len(), "role", "roles");
    let mut text = format!("Audit{account}{region}, {}: {roles}, {}.\n", audited.at, audited.findings_in_words());
    if !audited.is_complete() {
        text.push_str(&console.styled(Style::Red, "THE AUDIT IS NOT COMPLETE. What is missing:"));
        text.push('\n');
        text.extend(audited.gaps.iter().map(|gap| format!("  {}\n", visible(gap))));
    }
    text
}

fn table(roles: &[Role], console: &Console<'_>) -> String {
    let rows: Vec<[String; 6]> = [HEADINGS.map(ToOwned::to_owned)].into_iter().chain(roles.iter().map(cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let line = |(index, row): (usize, &[String; 6])| {
        let padded = row.iter().zip(&widths).map(|(cell, width)| {
            let padding = width - cell.chars().count() + GAP;
            format!("{cell}{}", " ".repeat(padding))
        });
        let line = padded.collect::<String>().trim_end().to_owned();
        let severity = index.checked_sub(1).and_then(|role| roles.get(role)).and_then(Role::severity);
        let line = match (index, severity) {
            (0, _) => console.styled(Style::Bold, &line),
            (_, Some(severity)) => console.styled(style(severity), &line),
            (_, None) => line,
        };
        format!("{line}\n")
    };
    rows.iter().enumerate().map(line).collect()
}

fn cells(role: &Role) -> [String; 6] {
    let accounts: Vec<String> = role.accounts.iter().take(ACCOUNTS).map(|account| visible(account)).collect();
    let more = role.accounts.len().saturating_sub(ACCOUNTS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let day = |moment: Option<Timestamp>, without: &str| moment.map_or_else(|| without.to_owned(), day);
    [
        visible(&role.name),
        if accounts.is_empty() { "none".to_owned() } else { format!("{}{more}", accounts.join(", ")) },
        role.reach.level.to_string(),
        day(role.ends, "no end"),
        day(role.last_used, "no use known"),
        role.findings_in_words(),
    ]
}

fn day(moment: Timestamp) -> String {
    moment.to_string().chars().take(10).collect()
}

fn style(severity: Severity) -> Style {
    if severity == Severity::Error { Style::Red } else { Style::Yellow }
}
