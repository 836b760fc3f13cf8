//! The command `delegated-role` says what the function does: `check` finds what the function refuses and warns of, and
//! `plan` prints the calls that it makes. `PROPTEST_CASES=10000` tries more properties.

use std::env;
use std::time::{Duration, SystemTime};

use delegated_role_cli::deployment::Deployment;
use delegated_role_cli::judgement::{Declared, declared};
use delegated_role_cli::native::native;
use delegated_role_cli::plan::{Action, between};
use delegated_role_cli::template::{Inputs, Template};
use delegated_role_core::findings::{Code, Severity};
use delegated_role_core::identifiers::{AccountId, Region, StackArn};
use delegated_role_core::owner_limits::Settings;
use delegated_role_core::policy::Document;
use delegated_role_core::timestamp::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::fixtures::{
    ACCOUNT, ADMINISTRATOR, AUDIT, DENY_ALL, EC2, ID, OTHER_ID, OTHER_PROVIDER, PROVIDER, READ_ONLY, S3, allow, deny,
};
use crate::stack::{Answer, Stack};

/// When the first request was sent, and the second.
const SENT: u64 = 1_795_348_800;
pub(crate) const LATER: u64 = SENT + 300;

fn cases() -> ProptestConfig {
    let cases = env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60);
    // Templates that the function refuses are rejected where a test needs a role.
    ProptestConfig { cases, max_global_rejects: 20 * cases, failure_persistence: None, ..ProptestConfig::default() }
}

pub(crate) fn at(seconds: u64) -> Timestamp {
    (SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).into()
}

/// What the command knows of the deployment: all.
fn deployment(stack: &Stack) -> Deployment {
    let inputs = Inputs {
        account: AccountId::parse(ACCOUNT).ok(),
        region: Region::parse(stack.region).ok(),
        stack_name: Some("customer".to_owned()),
        ..Inputs::default()
    };
    let settings = Settings::from_environment(|name| {
        stack.settings.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
    });
    let limits = delegated_role_core::owner_limits::OwnerLimits { function_role: None, ..settings.limits.unwrap() };
    Deployment::new(inputs, limits, StackArn::parse(&stack.id).ok())
}

/// The resource with these properties, read from a template.
fn read(stack: &Stack, properties: &Value) -> Declared {
    let resource = json!({"Type": stack.resource_type, "Properties": properties});
    let template = json!({"Resources": {stack.logical_id.clone(): resource}}).to_string();
    let template = Template::read(&template).unwrap();
    declared("template.json", &template, &deployment(stack)).unwrap().remove(0)
}

/// The codes of the findings of one severity, sorted.
fn found(declared: &Declared, stack: &Stack, severity: Severity) -> Vec<String> {
    let findings = declared.findings(&deployment(stack), at(SENT + 1), None);
    let of_severity = findings.iter().filter(|located| located.finding.severity == severity);
    let mut codes: Vec<String> = of_severity.map(|located| located.finding.code.to_string()).collect();
    codes.sort();
    codes
}

/// The codes in a text of the function's, sorted.
fn codes_in(text: &str) -> Vec<String> {
    let mut codes: Vec<String> =
        Code::ALL.iter().flat_map(|code| vec![code.to_string(); text.matches(&format!(" [{code}]")).count()]).collect();
    codes.sort();
    codes
}

/// Whether all that the function says fits into its answer.
fn is_whole(text: &str) -> bool {
    !text.contains('…') && !text.contains(" more.")
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

/// For each property values of which most are well-formed.
fn values() -> Vec<(&'static str, Vec<Value>)> {
    vec![
        (
            "ExternalAwsAccountId",
            vec![json!(PROVIDER), json!([PROVIDER, OTHER_PROVIDER]), json!(ACCOUNT), json!("1"), json!([]), json!({})],
        ),
        (
            "ExternalId",
            vec![json!(ID), json!([ID, OTHER_ID]), json!("x y"), json!(""), json!("12345678"), json!([ID, ID])],
        ),
        ("RequireExternalId", vec![json!(true), json!("false"), json!("no")]),
        ("RequireMfa", vec![json!(true), json!("false"), json!("perhaps")]),
        ("MfaMaxAge", vec![json!(600), json!("0")]),
        ("MaxSessionDuration", vec![json!(3600), json!("7200"), json!(43_201)]),
        (
            "CustomPolicy",
            vec![
                allow("s3:GetObject", "arn:aws:s3:::a/*"),
                deny("s3:*"),
                allow("*", "*"),
                allow("iam:PassRole", "*"),
                json!("{}"),
                json!(""),
                json!([]),
                allow("s3:GetObject", "bucket"),
                json!({"Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}, {"Effect": "Deny", "Action": "ec2:Stop*", "Resource": "*"}]}),
            ],
        ),
        (
            "ManagedPolicyArns",
            vec![
                json!([]),
                json!(AUDIT),
                json!([EC2, S3]),
                json!(format!("{AUDIT},{EC2}")),
                json!(ADMINISTRATOR),
                json!(READ_ONLY),
                json!([AUDIT, DENY_ALL]),
                json!("arn:aws:iam::333333333333:policy/a"),
                json!([AUDIT, AUDIT]),
            ],
        ),
        (
            "AllowedPrincipalArns",
            vec![
                json!(format!("arn:aws:iam::{PROVIDER}:role/a")),
                json!(["arn:aws:iam::999999999999:role/b"]),
                json!("*"),
            ],
        ),
        ("PrincipalOrgId", vec![json!("o-aaaaaaaaaa"), json!("o")]),
        ("SourceIps", vec![json!(["203.0.113.0/24"]), json!("10.0.0.0/8")]),
        (
            "ExpiresAt",
            vec![
                json!("2027-01-01T00:00:00Z"),
                json!("2020-01-01T00:00:00Z"),
                json!("2027-06-01T00:00:00Z"),
                json!("tomorrow"),
            ],
        ),
        ("RoleName", vec![json!("Auditor"), json!("auditor"), json!("Another"), json!("not a name")]),
        ("Path", vec![json!("/delegated/"), json!("/delegated/x/"), json!("/other/")]),
        ("Description", vec![json!("for the auditor"), json!("")]),
        (
            "Tags",
            vec![
                json!([{"Key": "team", "Value": "a"}]),
                json!([{"Key": "team", "Value": "b"}, {"Key": "cost", "Value": "c"}]),
                json!([{"Key": "aws:x", "Value": ""}]),
                json!("team"),
            ],
        ),
        ("PermissionsBoundary", vec![json!(S3), json!(EC2), json!("boundary")]),
        ("PolicyOwnership", vec![json!("Exclusive"), json!("Declared"), json!("Mine")]),
        ("RevokeSessions", vec![json!("Never"), json!("OnNarrowing"), json!("Always")]),
        ("Revision", vec![json!(1), json!("2")]),
        ("AllowAdministrativeAccess", vec![json!(true), json!("false")]),
        ("RequireMFA", vec![json!(true)]),
        (
            "Policies",
            vec![
                json!([{"PolicyName": "More", "PolicyDocument": allow("sqs:SendMessage", "arn:aws:sqs:us-east-1:111111111111:a")}]),
            ],
        ),
        ("AllowSessionTags", vec![json!(true)]),
    ]
}

/// Properties of a role. `wrong`: how many of a hundred values are any of the list; the others are the first ones of it.
fn any_properties(wrong: u32) -> impl Strategy<Value = Value> {
    let members = values().into_iter().map(move |(name, values)| {
        let usual = values[..values.len().min(2)].to_vec();
        let required = name == "ExternalAwsAccountId";
        let present = if required { 0.97 } else { 0.3 };
        let value = prop_oneof![100 - wrong => select(usual), wrong => select(values)];
        proptest::option::weighted(present, value).prop_map(move |value| value.map(|value| (name.to_owned(), value)))
    });
    members.collect::<Vec<_>>().prop_map(|members| Value::Object(members.into_iter().flatten().collect()))
}

/// Properties of which few are wrong, so that most are accepted: the names that are unknown are left out.
fn accepted_properties() -> impl Strategy<Value = Value> {
    let only_usual = |properties: Value| {
        let mut members = properties.as_object().cloned().unwrap_or_default();
        for name in ["RequireMFA", "AllowAdministrativeAccess"] {
            members.remove(name);
        }
        if members.get("RequireExternalId") == Some(&json!("false")) {
            members.remove("ExternalId");
        }
        if members.get("RequireMfa") != Some(&json!(true)) {
            members.remove("MfaMaxAge");
        }
        Value::Object(members)
    };
    any_properties(6).prop_map(only_usual)
}

fn any_settings() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    select(vec![
        vec![],
        vec![("TRUSTED_ACCOUNT_IDS", PROVIDER)],
        vec![("PERMIT_MISSING_EXTERNAL_ID", "true"), ("PERMIT_ADMINISTRATIVE_ACCESS", "true")],
        vec![("MAX_SESSION_DURATION_CAP", "3600"), ("MIN_EXTERNAL_ID_LENGTH", "20")],
        vec![("REQUIRED_PERMISSIONS_BOUNDARY", S3), ("ALLOWED_MANAGED_POLICY_ARNS", "arn:aws:iam::aws:policy/*Audit")],
    ])
}

fn with(stack: Stack, settings: &[(&'static str, &'static str)]) -> Stack {
    settings.iter().fold(stack, |stack, (name, value)| stack.with(name, value))
}

/// The answer to a create says what the command found.
fn agrees(stack: &Stack, declared: &Declared, answer: &Answer) -> Result<(), TestCaseError> {
    let errors = found(declared, stack, Severity::Error);
    if answer.succeeded() {
        prop_assert_eq!(errors, Vec::<String>::new());
        if stack.resource_type == "Custom::DelegatedRole" {
            let warnings = answer.attribute("Warnings");
            if is_whole(warnings) {
                prop_assert_eq!(codes_in(warnings), found(declared, stack, Severity::Warning), "{}", warnings);
            }
        }
        return Ok(());
    }
    let reason = answer.reason();
    let said = codes_in(reason);
    if is_whole(reason) {
        prop_assert_eq!(said, errors, "{}", reason);
    } else {
        prop_assert!(said.iter().all(|code| errors.contains(code)), "{reason}\n{errors:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn what_the_function_refuses_is_what_check_refuses(properties in any_properties(25), settings in any_settings()) {
        let stack = with(Stack::new(), &settings);
        let answer = run(stack.create(properties.clone()));
        agrees(&stack, &read(&stack, &properties), &answer)?;
    }

    #[test]
    fn the_same_holds_for_external_ids(
        prefix in proptest::option::of(select(vec![json!("acme"), json!("a b"), json!("")])),
        rotation in proptest::option::of(select(vec![json!(2), json!([]), json!("x".repeat(300))])),
        misspelt in proptest::option::of(Just(json!("x"))),
    ) {
        let members = [("Prefix", prefix), ("Rotation", rotation), ("Rotaton", misspelt)];
        let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let properties = Value::Object(members.collect::<Map<_, _>>());
        let stack = Stack::of("Custom::ExternalId");
        let answer = run(stack.create(properties.clone()));
        agrees(&stack, &read(&stack, &properties), &answer)?;
    }

    #[test]
    fn the_same_holds_for_access_checks(
        role in proptest::option::weighted(0.9, select(vec![
            json!(format!("arn:aws:iam::{PROVIDER}:role/a")), json!(format!("arn:aws:iam::{ACCOUNT}:role/a")), json!("role"),
            json!(format!("arn:aws-cn:iam::{PROVIDER}:role/a")),
        ])),
        id in proptest::option::weighted(0.9, select(vec![json!(ID), json!("x y"), json!([ID])])),
        customer in proptest::option::of(select(vec![json!(PROVIDER), json!(OTHER_PROVIDER), json!("1")])),
        inconclusive in proptest::option::of(select(vec![json!("Succeed"), json!("Ignore")])),
        mfa in proptest::option::of(select(vec![json!(true), json!("perhaps")])),
    ) {
        let members = [
            ("RoleArn", role), ("ExternalId", id), ("CustomerAccountId", customer), ("OnInconclusive", inconclusive),
            ("RequireMfa", mfa),
        ];
        let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let properties = Value::Object(members.collect::<Map<_, _>>());
        let stack = Stack::of("Custom::AccessCheck");
        let answer = run(stack.create(properties.clone()));
        let declared = read(&stack, &properties);
        // A question that is well-formed is asked, and has a verdict.
        if found(&declared, &stack, Severity::Error).is_empty() {
            prop_assert!(answer.succeeded() || answer.0["PhysicalResourceId"].as_str().unwrap().starts_with("access-check-"));
        } else {
            agrees(&stack, &declared, &answer)?;
        }
    }

    #[test]
    fn the_native_role_is_the_role_that_the_function_makes(properties in accepted_properties(), settings in any_settings()) {
        let stack = with(Stack::new(), &settings);
        let created = run(stack.create(properties.clone()));
        prop_assume!(created.succeeded());
        let role = stack.account.role(created.physical_id()).unwrap();
        let native = native(&read(&stack, &properties), &deployment(&stack), at(SENT + 1)).unwrap();
        let mut given = native.properties.clone();
        let ids = role.trust.json().pointer("/Statement/0/Condition/StringEquals/sts:ExternalId").cloned();
        if let Some(ids) = ids {
            let condition = given["AssumeRolePolicyDocument"].pointer_mut("/Statement/0/Condition/StringEquals").unwrap();
            condition["sts:ExternalId"] = ids;
        }
        // IAM writes a trust policy in its own form.
        let [written, made] = [given["AssumeRolePolicyDocument"].clone(), role.trust.json()].map(Document::from_value);
        prop_assert!(written.unwrap().same_meaning(&made.unwrap()), "{}", role.trust.text());
        let policies = role.inline_policies.iter().map(|(name, policy)| json!({"PolicyName": name, "PolicyDocument": policy.json()}));
        let mut policies: Vec<Value> = policies.collect();
        policies.sort_by_key(|policy| policy["PolicyName"].to_string());
        let mut written = given["Policies"].as_array().unwrap().clone();
        written.sort_by_key(|policy| policy["PolicyName"].to_string());
        prop_assert_eq!(written, policies);
        prop_assert_eq!(given.get("MaxSessionDuration"), Some(&json!(role.max_session_duration)));
        prop_assert_eq!(given.get("Path"), Some(&json!(role.path)));
        prop_assert_eq!(given.get("Description").cloned(), role.description.filter(|text| !text.is_empty()).map(Value::from));
        prop_assert_eq!(given.get("PermissionsBoundary").cloned(), role.permissions_boundary.map(Value::from));
        let mut attached = role.attached_policies.clone();
        attached.sort();
        prop_assert_eq!(given.get("ManagedPolicyArns").cloned().unwrap_or(json!([])), json!(attached));
    }

    #[test]
    fn what_plan_prints_is_what_the_function_does(old in accepted_properties(), new in accepted_properties(), settings in any_settings()) {
        let stack = with(Stack::new(), &settings);
        let (was, is) = (read(&stack, &old), read(&stack, &new));
        let created = run(stack.create(old.clone()));
        prop_assume!(created.succeeded());
        let change = between(Some(&was), Some(&is), &deployment(&stack), at(LATER)).unwrap();
        stack.account.clear_calls();
        let updated = run(later(&stack, stack.update_event(created.physical_id(), old.clone(), new.clone())));
        if change.findings.iter().any(|finding| finding.severity == Severity::Error) {
            prop_assert!(!updated.succeeded(), "the function accepts what plan refuses: {:?}", change.findings);
            prop_assert_eq!(stack.account.writes(), Vec::<String>::new());
            return Ok(());
        }
        prop_assert!(updated.succeeded(), "{}", updated.0);
        if change.action == Action::Replace {
            let deleted = run(later(&stack, delete(&stack, created.physical_id(), &old)));
            prop_assert!(deleted.succeeded(), "{}", deleted.0);
        }
        let names = [updated.physical_id(), created.physical_id()];
        prop_assert_eq!(stack.account.writes(), calls(&change.operations.steps(), names), "{} -> {}", old, new);
        prop_assert_eq!(change.action == Action::Replace, names[0] != names[1]);

        stack.account.clear_calls();
        let gone = between(Some(&read(&stack, &new)), None, &deployment(&stack), at(LATER)).unwrap();
        // What ended sessions stays on a role until it is removed.
        let ended = change.operations.steps().concat().iter().any(|call| call.contains("AWSRevokeOlderSessions"));
        if !ended {
            let deleted = run(later(&stack, delete(&stack, updated.physical_id(), &new)));
            prop_assert!(deleted.succeeded(), "{}", deleted.0);
            prop_assert_eq!(stack.account.writes(), calls(&gone.operations.steps(), [updated.physical_id(); 2]));
        }
    }
}

/// Sends an event as one that was sent later than the create.
pub(crate) async fn later(stack: &Stack, mut event: Value) -> Answer {
    let url = event["ResponseURL"].as_str().unwrap().replace("20261122T120000Z", "20261122T120500Z");
    event["ResponseURL"] = json!(url);
    stack.send_at(event, SystemTime::UNIX_EPOCH + Duration::from_secs(LATER + 1)).await
}

/// The delete that CloudFormation sends for a role that is gone from the template.
fn delete(stack: &Stack, name: &str, properties: &Value) -> Value {
    stack.event("Delete", &json!({"PhysicalResourceId": name, "ResourceProperties": properties}))
}

/// Printed operations in the words of the account's record. Those after a create of another role are about the old one.
pub(crate) fn calls(steps: &[Vec<String>], [new, old]: [&str; 2]) -> Vec<String> {
    let mut name = new;
    let mut calls = Vec::new();
    let creates = steps.iter().flatten().any(|call| call.starts_with("iam:CreateRole"));
    for printed in steps.iter().flatten() {
        let call = printed.strip_prefix("iam:").unwrap();
        if creates && (call.starts_with("Detach") || call.starts_with("Delete")) {
            name = old;
        }
        calls.push(match call.split_once(' ') {
            Some(("CreateRole", name)) => format!("CreateRole {name}"),
            Some((action, about)) => format!("{action} {name} {about}"),
            None => format!("{call} {name}"),
        });
    }
    calls
}
