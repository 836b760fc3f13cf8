//! The audit for spreadsheets: RFC 4180, one line for each role. A cell that a spreadsheet could read as a formula begins
//! with an apostrophe.

use delegated_role_core::findings::Severity;
use delegated_role_core::timestamp::Timestamp;

use crate::audited::{Audited, Role};

const COLUMNS: [&str; 21] = [
    "AuditedAt",
    "AccountId",
    "Complete",
    "RoleName",
    "RoleArn",
    "StackId",
    "LogicalId",
    "ExternalAwsAccountIds",
    "RequiresExternalId",
    "RequiresMfa",
    "MaxSessionDuration",
    "ExpiresAt",
    "CreatedAt",
    "LastUsedAt",
    "Policies",
    "Level",
    "Privileges",
    "Services",
    "Errors",
    "Warnings",
    "Findings",
];

/// What a formula can begin with, in narrow and wide letters.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

pub(super) fn print(audited: &Audited) -> String {
    let mut lines = vec![line(COLUMNS.map(ToOwned::to_owned).as_slice())];
    let complete = audited.is_complete().to_string();
    let start = [audited.at.to_string(), audited.account.clone().unwrap_or_default(), complete];
    // Without a role of its own, so that no filter by role hides what is missing.
    for gap in &audited.gaps {
        let mut cells = start.to_vec();
        cells.resize(COLUMNS.len() - 1, String::new());
        cells.push(format!("NOT COMPLETE: {gap}"));
        lines.push(line(&cells));
    }
    lines.extend(audited.roles.iter().map(|role| line(&[start.as_slice(), &cells(role)].concat())));
    lines.concat()
}

fn cells(role: &Role) -> Vec<String> {
    let list = |items: &[String]| items.join("; ");
    let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string()).unwrap_or_default();
    let findings = role
        .findings
        .iter()
        .map(|finding| format!("{} {}: {}", finding.severity.name(), finding.code, finding.message));
    vec![
        role.name.clone(),
        role.arn.clone(),
        role.stack_id.clone().unwrap_or_default(),
        role.logical_id.clone().unwrap_or_default(),
        list(&role.accounts),
        role.requires_external_id.to_string(),
        role.requires_mfa.to_string(),
        role.longest_session.to_string(),
        moment(role.ends),
        moment(role.created),
        moment(role.last_used),
        list(&role.policies),
        role.reach.level.to_string(),
        list(&role.reach.privileges),
        list(&role.reach.services),
        role.count(Severity::Error).to_string(),
        role.count(Severity::Warning).to_string(),
        findings.collect::<Vec<_>>().join("\n"),
    ]
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(&no_formula(cell))).collect();
    format!("{}\r\n", cells.join(","))
}

fn quoted(cell: &str) -> String {
    // Some spreadsheets separate cells by semicolons or tabs.
    if cell.contains(['"', ',', ';', '\t', '\r', '\n']) {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell.to_owned()
}

fn no_formula(cell: &str) -> String {
    let begins = |text: &str| text.starts_with(FORMULA);
    // A spreadsheet may ignore what is not visible at the start.
    let visible = cell.trim_start_matches(|character: char| character.is_whitespace() || character.is_control());
    if begins(visible) || cell.starts_with(['\t', '\r', '\n']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::line;

    fn check(cells: &[&str], expected: &str) {
        let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
        assert_eq!(line(&cells), expected);
    }

    #[test]
    fn cells_are_quoted_as_rfc_4180_says() {
        check(&["a", "b c", ""], "a,b c,\r\n");
        check(&["a,b", "say \"it\"", "two\nlines", "a;b"], "\"a,b\",\"say \"\"it\"\"\",\"two\nlines\",\"a;b\"\r\n");
    }

    #[test]
    fn no_cell_is_a_formula() {
        check(&["=1+1", "+1", "-1", "@SUM(A1)", "＝1"], "'=1+1,'+1,'-1,'@SUM(A1),'＝1\r\n");
        check(&[" =1", "\t=1", "\u{a0}=1", "\r1", "\u{7f}=1"], "' =1,\"'\t=1\",'\u{a0}=1,\"'\r1\",'\u{7f}=1\r\n");
        check(&["=HYPERLINK(\"x\",\"y\")"], "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"\r\n");
        check(&["a=b", "arn:aws:iam::aws:policy/A-B", "*", "42"], "a=b,arn:aws:iam::aws:policy/A-B,*,42\r\n");
    }
}
