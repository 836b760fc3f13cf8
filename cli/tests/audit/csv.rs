//! The audit for spreadsheets.

use serde_json::json;

use crate::account::{audit, by_hand, every_state, make};
use crate::fixtures::SCP_DENIAL;
use crate::stack::Stack;
use crate::wire::iam::{Fault, Role};

/// The cells of each line, by RFC 4180.
fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' if quoted && rest.peek() == Some(&'"') => cell.push(rest.next().unwrap()),
            '"' => quoted = !quoted,
            ',' if !quoted => line.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {
                assert_eq!(rest.next(), Some('\n'));
                line.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut line));
            }
            other => cell.push(other),
        }
    }
    assert!(line.is_empty() && cell.is_empty() && !quoted, "the last line ends: {text}");
    lines
}

#[tokio::test]
async fn each_role_is_one_line_of_the_same_number_of_cells() {
    let run = audit(&every_state().await, &["--format", "csv"], &[]).await;
    let lines = cells(&run.printed);
    assert_eq!((run.code, lines.len()), (1, 12));
    let column = |name: &str| lines[0].iter().position(|heading| heading == name).unwrap();
    for line in &lines {
        assert_eq!(line.len(), 21, "{line:?}");
    }
    let names: Vec<&str> = lines[1..].iter().map(|line| line[column("RoleName")].as_str()).collect();
    assert_eq!(names[..3], ["Ended", "Opened", "Unguarded"]);
    let opened = &lines[2];
    assert_eq!(opened[column("Complete")], "true");
    assert_eq!(opened[column("AccountId")], "111111111111");
    assert_eq!(opened[column("ExternalAwsAccountIds")], "*");
    assert_eq!(opened[column("Errors")], "2");
    let findings: Vec<&str> = opened[column("Findings")].lines().collect();
    assert!(findings[0].starts_with("error open: ") && findings[1].starts_with("error drifted: "), "{findings:?}");
}

#[tokio::test]
async fn no_value_of_others_is_a_formula() {
    let stack = Stack::new();
    make(&stack, "Auditor", &json!({})).await;
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "=HYPERLINK(\"x\")"}, "Action": "sts:AssumeRole"}]});
    by_hand(&stack, "Auditor", |role| {
        role.trust = trust.into();
        role.tags.insert("service-provider-access:logical-id".into(), "@SUM(1+1)".into());
    });
    stack.account.put_role(Role::named("-1+1").path("/delegated/"));
    stack.account.put_role(Role::named("+1").path("/delegated/"));
    stack.account.put_role(Role::named("=1").path("/delegated/"));
    stack.account.clear_calls();
    let run = audit(&stack, &["--format", "csv"], &[]).await;
    let lines = cells(&run.printed);
    assert_eq!(lines.len(), 5, "{}", run.printed);
    for cell in lines.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
    }
    for kept in ["'=HYPERLINK(\"x\")", "'@SUM(1+1)", "'-1+1", "'+1", "'=1"] {
        assert!(lines.iter().flatten().any(|cell| cell == kept), "{kept} in {}", run.printed);
    }
}

#[tokio::test]
async fn what_is_missing_is_a_line() {
    let stack = Stack::new();
    make(&stack, "Auditor", &json!({})).await;
    stack.account.clear_calls();
    stack.account.fail(Fault::denied_because(SCP_DENIAL).on("GetRolePolicy"));
    let run = audit(&stack, &["--format", "csv"], &[]).await;
    let lines = cells(&run.printed);
    assert_eq!((run.code, lines.len(), lines[1][2].as_str()), (1, 2, "false"));
    assert!(lines[1][20].starts_with("NOT COMPLETE: The role Auditor was not audited. "), "{:?}", lines[1]);
}
