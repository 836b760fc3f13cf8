//! What the command finds is what the function finds.

use std::collections::BTreeSet;
use std::time::SystemTime;

use expect_test::expect;
use serde_json::{Value, json};

use crate::account::{audit, every_state, make};
use crate::fixtures::SCP_DENIAL;
use crate::stack::Stack;
use crate::wire::iam::{Fault, Role};

/// The answer of the function, apart from the moment.
async fn of_function(stack: &Stack) -> Value {
    timeless(stack.call_at(json!({"Audit": {}}), SystemTime::now()).await)
}

fn timeless(mut report: Value) -> Value {
    assert_ne!(report["AuditedAt"].take(), Value::Null);
    report
}

#[tokio::test]
async fn every_code_is_found_as_by_the_function() {
    let stack = every_state().await.with("MAX_SESSION_DURATION_CAP", "3600");
    let run = audit(&stack, &["--format", "json", "--limit", "MaxSessionDurationCap=3600"], &[]).await;
    let report = timeless(run.json());
    assert_eq!(report, of_function(&stack).await);
    assert_eq!((run.code, &report["Complete"]), (1, &json!(true)));
    let findings = report["Roles"].as_array().unwrap().iter().flat_map(|role| role["Findings"].as_array().unwrap());
    let codes: BTreeSet<&str> = findings.map(|finding| finding["Code"].as_str().unwrap()).collect();
    let expected = [
        "drifted",
        "expired",
        "expiring",
        "guardrails-missing",
        "not-recorded",
        "open",
        "orphaned",
        "over-limits",
        "revocation-pending",
        "unmarked",
        "unused",
    ];
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn the_table_has_the_worst_role_first_and_all_findings_below() {
    let stack = every_state().await;
    let run = audit(&stack, &[], &[]).await;
    assert_eq!(run.code, 1, "{}", run.remarks);
    let (head, table) = run.printed.split_once("\n\n").unwrap();
    assert!(head.starts_with("Audit of account 111111111111 in us-east-1, 20"), "{head}");
    assert!(head.ends_with("Z: 11 roles, 10 errors, 4 warnings."), "{head}");
    let (table, findings) = table.split_once("\n\n").unwrap();
    // The dates depend on the day.
    let table = table.replace(&crate::account::in_days(5)[..10], "IN 5 DAYS ");
    expect![[r"
        ROLE       PROVIDERS          MAY DO     UNTIL       LAST USED     FINDINGS
        Ended      222222222222       sensitive  2020-01-01  no use known  2 errors, 1 warning
        Opened     *                  sensitive  no end      no use known  2 errors
        Unguarded  222222222222       sensitive  no end      no use known  2 errors
        Unmarked   ec2.amazonaws.com  nothing    no end      no use known  2 errors
        Orphan     222222222222       sensitive  no end      no use known  1 error
        Pending    222222222222       sensitive  no end      no use known  1 error
        Early      222222222222       sensitive  no end      no use known  1 warning
        Ending     222222222222       sensitive  IN 5 DAYS   no use known  1 warning
        Idle       222222222222       sensitive  no end      no use known  1 warning
        Fine       222222222222       sensitive  no end      no use known  no findings
        Long       222222222222       sensitive  no end      no use known  no findings"]]
    .assert_eq(&table);
    assert!(findings.contains("\n\nOpened\n  error[open] The trust policy lets in more than "), "{findings}");
    assert!(!findings.contains("\nFine\n"), "{findings}");
}

#[tokio::test]
async fn an_account_with_nothing_says_so() {
    let run = audit(&Stack::new(), &[], &[]).await;
    let (_, rest) = run.printed.split_once("Z: ").unwrap();
    let sentence =
        "There is no role under the prefix: no provider can enter the account through a role of the function.\n";
    assert_eq!((run.code, rest), (0, format!("0 roles, no findings.\n{sentence}").as_str()));
}

#[tokio::test]
async fn findings_of_severity_error_and_gaps_end_with_1_and_warnings_do_not() {
    let stack = Stack::new();
    make(&stack, "Auditor", &json!({})).await;
    stack.account.clear_calls();
    assert_eq!(audit(&stack, &[], &[]).await.code, 0);
    crate::account::by_hand(&stack, "Auditor", |role| role.created = 1_600_000_000);
    assert_eq!(audit(&stack, &[], &[]).await.code, 0);
    stack.account.fail(Fault::denied_because(SCP_DENIAL).on("GetRolePolicy"));
    let run = audit(&stack, &[], &[]).await;
    assert_eq!(run.code, 1);
    assert!(
        run.printed.contains("\nTHE AUDIT IS NOT COMPLETE. What is missing:\n  The role Auditor was not audited. "),
        "{}",
        run.printed
    );
    assert!(run.printed.ends_with("\nNo role was read.\n"), "{}", run.printed);
    assert!(run.remarks.ends_with("The audit is not complete.\n"), "{}", run.remarks);
    stack.account.clear_faults();
    stack.account.put_role(Role::named("Unmarked").path("/delegated/"));
    assert_eq!(audit(&stack, &[], &[]).await.code, 1);
}

#[tokio::test]
async fn what_others_wrote_cannot_control_the_terminal() {
    let stack = Stack::new();
    let principal = "\u{1b}[2Jevil\u{202e}\n\rOK";
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}]});
    stack.account.put_role(Role::named("Unmarked").path("/delegated/").trust(trust));
    let run = audit(&stack, &[], &[]).await;
    assert!(run.printed.contains("<U+001B>[2Jevil<U+202E><U+000A><U+000D>OK"), "{}", run.printed);
    assert!(!run.printed.contains('\u{202e}'), "{}", run.printed);
}
