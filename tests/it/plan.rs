//! A plan as it is printed: the lines are the calls that are made, in this order, and hold no secret.

use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::TokioSleep;
use delegated_role_core::identifiers::{ExternalId, FunctionArn};
use delegated_role_core::installation::Installation;
use delegated_role_core::owner_limits::Settings;
use delegated_role_core::role::account_lookup::AccountLookup;
use delegated_role_core::role::declaration::{Declaration, Previous};
use delegated_role_core::role::goal::Goal;
use delegated_role_core::role::observed::Observed;
use delegated_role_core::role::ownership::StackResource;
use delegated_role_core::role::plan::{self, Plan};
use delegated_role_core::timestamp::Timestamp;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use service_provider_access::aws::{self, Iam, Patience};
use service_provider_access::iam::execute::execute;
use service_provider_access::iam::reads::{ReadAttached, observe};
use tokio::time::Instant;

use crate::fixtures::{AUDIT, EC2, FUNCTION, ID, OTHER_ID, PROVIDER, read_bucket};
use crate::wire::iam::Account;

fn resource() -> StackResource {
    StackResource {
        stack_id: "arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555"
            .into(),
        stack_name: "customer".into(),
        logical_id: "Access".into(),
    }
}

fn iam(account: &Account) -> Iam {
    let credentials = aws_sdk_iam::config::Credentials::new("AKIDEXAMPLE", "secret-key", None, None, "test");
    let credentials = aws_sdk_iam::config::SharedCredentialsProvider::new(credentials);
    let configuration =
        aws::configuration("us-east-1".into(), None, false, credentials, account.http_client(), TokioSleep::new());
    let client = aws_sdk_iam::Client::new(&configuration);
    Iam::new(client, Instant::now() + Duration::from_secs(50), SystemTime::UNIX_EPOCH)
}

/// Plans the change from the observed role to the declared one, checks how it is printed, executes it, and compares the
/// calls with what was printed.
async fn check(account: &Account, before: Option<&Value>, declared: &Value, printed: Expect) {
    let limits =
        Settings::from_environment(|name| (name == "TRUSTED_ACCOUNT_IDS").then(|| "*".to_owned())).limits.unwrap();
    let installation = Installation { function: FunctionArn::parse(FUNCTION).unwrap(), limits };
    let properties = |value: &Value| value.as_object().unwrap().clone();
    let previous = before.map(|before| Previous { physical_id: "Auditor".into(), properties: properties(before) });
    let declaration = Declaration {
        resource: resource(),
        properties: properties(declared),
        previous,
        sent: Timestamp::parse_compact("20261122T120000Z"),
    };
    let fresh = ExternalId::from_random([7; ExternalId::RANDOM_BYTES]);
    let now = Timestamp::from(SystemTime::UNIX_EPOCH);
    let goal = Goal::read(&declaration, &installation, AccountLookup::default(), now, fresh).unwrap();
    let iam = iam(account);
    let live = match observe(&iam, &declaration.resource, &goal.name, ReadAttached::WhatCanBe).await.unwrap() {
        Observed::Ours(live) => Some(live),
        _ => None,
    };
    let role = goal.desired(&declaration.resource, &goal.external_ids(live.as_deref(), None, live.is_none()));
    let plan = match &live {
        Some(live) => plan::to_change(live, &role, &goal.once_declared(), goal.lookup.quotas),
        None => plan::to_create(&role),
    };
    printed.assert_eq(&plan.to_string());
    account.clear_calls();
    execute(&iam, &goal.name, &plan, Patience::Usual).await.unwrap();
    assert_eq!(account.writes(), calls_in(&plan));
}

/// The printed calls, in the words of the account's record.
fn calls_in(plan: &Plan) -> Vec<String> {
    let printed = plan.to_string();
    let lines = printed.lines().flat_map(|line| line.split_once(". ").unwrap().1.split("; "));
    let call = |printed: &str| match printed.strip_prefix("iam:").unwrap().split_once(' ') {
        Some(("CreateRole", name)) => format!("CreateRole {name}"),
        Some((action, about)) => format!("{action} Auditor {about}"),
        None => format!("{} Auditor", printed.strip_prefix("iam:").unwrap()),
    };
    lines.map(call).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_printed_is_what_is_executed() {
    let account = Account::new();
    let first = json!({
        "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT,
        "CustomPolicy": read_bucket(), "Tags": [{"Key": "team", "Value": "platform"}],
    });
    check(
        &account,
        None,
        &first,
        expect![[r"
        1. iam:CreateRole Auditor
        2. iam:PutRolePolicy ServiceProviderAccessGuardrails
        3. iam:PutRolePolicy CustomPolicy; iam:AttachRolePolicy arn:aws:iam::aws:policy/SecurityAudit
    "]],
    )
    .await;
    let second = json!({
        "ExternalAwsAccountId": PROVIDER, "ExternalId": OTHER_ID, "RoleName": "Auditor", "ManagedPolicyArns": EC2,
        "Description": "for the auditor", "MaxSessionDuration": "7200", "PermissionsBoundary": AUDIT,
    });
    check(
        &account,
        Some(&first),
        &second,
        expect![[r"
        1. iam:TagRole service-provider-access:revoke,service-provider-access:state
        2. iam:PutRolePermissionsBoundary arn:aws:iam::aws:policy/SecurityAudit
        3. iam:DetachRolePolicy arn:aws:iam::aws:policy/SecurityAudit; iam:DeleteRolePolicy CustomPolicy
        4. iam:UpdateAssumeRolePolicy
        5. iam:PutRolePolicy AWSRevokeOlderSessions
        6. iam:UntagRole service-provider-access:revoke
        7. iam:AttachRolePolicy arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess
        8. iam:UntagRole team
        9. iam:UpdateRole
    "]],
    )
    .await;
    check(&account, Some(&second), &second, expect![[r""]]).await;
}
