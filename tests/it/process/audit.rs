//! The audit of the real binary: each code of its table, and that it writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use delegated_role_core::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::fixtures::{
    GUARDRAILS, ID, LOGICAL_ID_TAG, PROVIDER, READ_ONLY, REVOKE_TAG, S3, SCP_DENIAL, STATE_TAG, merged, trust_everybody,
};
use crate::function::{Function, TIMEOUT, lines, requests};
use crate::wire::iam::{Fault, Role};
use crate::wire::lambda::Invocation;

const DAY: Duration = Duration::from_hours(24);

/// The function with one role for each code, named after it.
pub(super) struct Audited {
    pub(super) function: Function,
}

impl Audited {
    pub(super) async fn new() -> Self {
        Self { function: Function::new().await }
    }

    /// Makes a role of its own resource, as its stack would.
    pub(super) async fn make(&mut self, name: &str, properties: &Value) {
        let declared = json!({"RoleName": name, "ExternalAwsAccountId": PROVIDER, "ExternalId": ID});
        let declared = merged(declared, properties);
        self.send("Create", name, json!({"ResourceProperties": declared})).await;
        self.report(name, "CREATE_COMPLETE");
    }

    pub(super) async fn send(&mut self, request_type: &str, name: &str, fields: Value) {
        let url = self.function.bucket.url_for(&format!("{request_type}-{name}"));
        let fields = merged(fields, &json!({"LogicalResourceId": name, "ResponseURL": url}));
        let event = self.function.event(request_type, fields);
        let answer = self.function.answer_to(&event).await;
        assert!(answer.succeeded(), "{name}: {}", answer.reason());
    }

    /// What CloudFormation says about the resource from now on. Empty: it does not know it.
    pub(super) fn report(&self, name: &str, status: &str) {
        let stack = self.function.event("Create", json!({}))["StackId"].as_str().unwrap().to_owned();
        let reported = ((stack, name.to_owned()), (status.to_owned(), name.to_owned()));
        self.function.cloudformation.edit(|report| report.others.extend([reported]));
    }

    pub(super) fn by_hand(&self, name: &str, change: impl FnOnce(&mut Role)) {
        self.function.account.edit(|aws| change(aws.role_mut(name)));
    }

    /// The answer to the invoker of the audit.
    pub(super) async fn audit(&mut self) -> Value {
        match self.function.lambda.invoke(&json!({"Audit": {}}), TIMEOUT).await {
            Invocation::Response(report) => report,
            other => panic!("{other:?}"),
        }
    }
}

fn at(time: SystemTime) -> String {
    Timestamp::from(time).to_string()
}

fn codes(role: &Value) -> Vec<&str> {
    role["Findings"].as_array().unwrap().iter().map(|finding| finding["Code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_code_of_the_table_is_reported_and_logged_by_the_program() {
    let now = SystemTime::now();
    let mut audited = Audited::new().await;
    for name in ["fine", "drifted", "open", "guardrails", "over-limits", "orphaned", "revoking", "unused", "old"] {
        audited.make(name, &json!({})).await;
    }
    audited.make("expiring", &json!({"ExpiresAt": at(now + 10 * DAY)})).await;
    audited.make("later", &json!({"ExpiresAt": at(now + 20 * DAY)})).await;
    audited.make("expired", &json!({"ExpiresAt": at(now + DAY)})).await;
    let past =
        json!({"RoleName": "expired", "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "ExpiresAt": at(now - DAY)});
    let update = json!({"PhysicalResourceId": "expired", "ResourceProperties": past, "OldResourceProperties": {}});
    audited.send("Update", "expired", update).await;
    audited.make("unmarked", &json!({})).await;

    audited.by_hand("drifted", |role| role.attached_policies.push(S3.into()));
    audited.by_hand("open", |role| role.trust = trust_everybody().into());
    audited.by_hand("guardrails", |role| drop(role.inline_policies.remove(GUARDRAILS)));
    audited.by_hand("over-limits", |role| role.attached_policies.push("arn:aws:iam::aws:policy/IAMFullAccess".into()));
    audited.report("orphaned", "DELETE_COMPLETE");
    audited.by_hand("revoking", |role| drop(role.tags.insert(REVOKE_TAG.into(), "pending".into())));
    let long_ago = (now - 100 * DAY).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    audited.by_hand("unused", |role| role.created = long_ago);
    audited.by_hand("old", |role| drop(role.tags.remove(STATE_TAG)));
    audited.by_hand("unmarked", |role| drop(role.tags.remove(LOGICAL_ID_TAG)));
    audited.function.account.put_role(Role::named("elsewhere").path("/service-role/"));

    let report = audited.audit().await;
    assert_eq!((&report["Complete"], &report["Gaps"]), (&json!(true), &json!([])));
    let roles = report["Roles"].as_array().unwrap();
    let found: BTreeMap<&str, Vec<&str>> =
        roles.iter().map(|role| (role["RoleName"].as_str().unwrap(), codes(role))).collect();
    let expected: BTreeMap<&str, Vec<&str>> = BTreeMap::from([
        ("fine", vec![]),
        ("later", vec![]),
        ("drifted", vec!["drifted"]),
        ("open", vec!["open", "drifted"]),
        ("guardrails", vec!["drifted", "guardrails-missing"]),
        ("over-limits", vec!["drifted", "over-limits"]),
        ("orphaned", vec!["orphaned"]),
        ("unmarked", vec!["unmarked"]),
        ("revoking", vec!["revocation-pending"]),
        ("unused", vec!["unused"]),
        ("expiring", vec!["expiring"]),
        ("expired", vec!["expired"]),
        ("old", vec!["not-recorded"]),
    ]);
    assert_eq!(found, expected);

    // docs/audit.md has the same codes.
    let page = include_str!("../../../docs/audit.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let table: BTreeSet<&str> = rows
        .filter(|row| row.contains("| error") || row.contains("| warning"))
        .flat_map(|row| row.split('|').nth(1).unwrap().split(','))
        .map(|code| code.trim().trim_matches('`'))
        .collect();
    assert_eq!(table, expected.values().flatten().copied().collect());

    let log = audited.function.log().await;
    let in_report = roles.iter().flat_map(|role| {
        let findings = role["Findings"].as_array().unwrap().iter();
        findings.map(|finding| json!([role["RoleArn"], finding["Code"], finding["Severity"], finding["Message"]]))
    });
    let mut in_report: Vec<String> = in_report.map(|finding| finding.to_string()).collect();
    let lines = lines(&log);
    let in_log = lines.iter().filter(|line| line["message"] == "finding");
    let in_log = in_log.map(|line| json!([line["role"], line["code"], line["severity"], line["finding"]]));
    let mut in_log: Vec<String> = in_log.map(|finding| finding.to_string()).collect();
    in_report.sort();
    in_log.sort();
    assert_eq!(in_log, in_report);
}

#[tokio::test]
async fn an_audit_writes_nothing_even_if_every_part_of_a_role_is_wrong() {
    let mut audited = Audited::new().await;
    audited.make("wrong", &json!({"ManagedPolicyArns": [READ_ONLY]})).await;
    audited.report("wrong", "");
    audited.by_hand("wrong", |role| {
        role.trust = trust_everybody().into();
        role.inline_policies.remove(GUARDRAILS);
        role.attached_policies.push(S3.into());
        role.permissions_boundary = Some(S3.into());
        role.max_session_duration = 7_200;
        role.tags.insert(REVOKE_TAG.into(), "pending".into());
    });
    audited.function.account.put_role(Role::named("unmarked").path("/delegated/"));
    let account = audited.function.account.clone();
    let before: Vec<_> = ["wrong", "unmarked"].map(|name| account.role(name)).into();
    account.clear_calls();
    audited.function.cloudformation.edit(|report| report.calls.clear());
    account.fail(Fault::denied_because(SCP_DENIAL).on_writes().every());

    let report = audited.audit().await;
    assert_eq!((&report["Complete"], report["Roles"].as_array().unwrap().len()), (&json!(true), 2), "{report:#}");
    let wrong = ["open", "drifted", "drifted", "drifted", "drifted", "drifted", "guardrails-missing", "orphaned"];
    assert!(codes(&report["Roles"][1]).starts_with(&wrong), "{report:#}");
    assert_eq!(account.writes(), [""; 0]);
    assert_eq!(["wrong", "unmarked"].map(|name| account.role(name)), before[..]);
    let actions: BTreeSet<String> =
        account.calls().iter().map(|call| call.split(' ').next().unwrap().to_owned()).collect();
    let reads = ["GetPolicy", "GetPolicyVersion", "GetRole", "GetRolePolicy"];
    let lists = ["ListAttachedRolePolicies", "ListRolePolicies", "ListRoles"];
    assert!(actions.iter().all(|action| [&reads[..], &lists].concat().contains(&action.as_str())), "{actions:?}");
    let asked = audited.function.cloudformation.edit(|report| report.calls.clone());
    assert_eq!(asked, ["DescribeStackResource"], "only the role with marks has a stack");
    assert_eq!(audited.function.customer.requests(), []);
    assert_eq!(audited.function.bucket.received().len(), 1, "only the create was answered there");
    let log = audited.function.log().await;
    assert_eq!(requests(&log).last().unwrap()["outcome"], "success");
}
