//! The metrics in the log of the real binary, read as `CloudWatch` reads them, and the kinds of failures.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use service_provider_access::handler::Invocation;
use service_provider_access::request::{Envelope, ResponseUrl};
use service_provider_access::response::{Cause, Response};
use tokio::time::Instant;

use crate::fixtures::{FUNCTION, ID, PROVIDER, SCP_DENIAL, trust};
use crate::function::{Function, lines, requests};
use crate::stack::Stack;
use crate::template::Deployment;
use crate::wire::bucket;
use crate::wire::iam::{Fault, Role};
use crate::wire::lambda;
use crate::wire::sts::{self, Customer};

/// A timeout of the function that leaves time for any answer, and that a test can wait for.
const SHORT: Duration = Duration::from_secs(7);

async fn create(function: &mut Function, properties: &Value) {
    let event = function.event("Create", json!({ "ResourceProperties": properties }));
    function.lambda.invoke(&event, SHORT).await;
    function.account.clear_faults();
}

/// Ends the process and returns the lines with the result of a request.
async fn logged(function: &mut Function) -> Vec<Value> {
    requests(&function.log().await)
}

// --- The metrics of a line ---

#[tokio::test]
async fn a_success_counts_with_its_calls_and_its_time() {
    let mut function = Function::new().await;
    function.account.fail(Fault::throttled().on("CreateRole"));
    function.account.fail(Fault::unavailable().on("CreateRole"));
    create(&mut function, &json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": ID })).await;
    let [line] = &logged(&mut function).await[..] else { panic!("not one line") };
    let metrics = metrics(line);

    assert_eq!(metrics.len(), 13, "each once over all, and once by type, and the faults over all: {metrics:?}");
    assert_eq!(metrics[&(String::new(), "Faults".to_owned())], 0);
    for place in ["", "ResourceType=Custom::DelegatedRole"] {
        let value = |name: &str| metrics[&(place.to_owned(), name.to_owned())];
        assert_eq!(["Requests", "Failures", "AwsCalls", "Retries", "Throttles"].map(value), [1, 0, 4, 2, 1]);
        assert!((100..7000).contains(&value("Duration")), "{metrics:?}");
    }
    assert_eq!((&line["outcome"], &line["aws_calls"]), (&json!("success"), &json!(4)));
    assert_eq!(line["duration_ms"], line["Duration"]);
    assert!(!line.to_string().contains(ID));
}

#[tokio::test]
async fn failures_are_counted_by_kind() {
    let properties = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor" });
    let mut function = Function::new().await;
    create(&mut function, &json!({})).await;
    create(&mut function, &json!({ "ExternalAwsAccountId": "999999999999" })).await;
    function.account.fail(Fault::denied_because(SCP_DENIAL).on("CreateRole"));
    create(&mut function, &properties).await;
    function.account.fail(Fault::refused(400, "InvalidInput", "Not that.").on("CreateRole"));
    create(&mut function, &properties).await;
    // The first failure counts, not a failure of the cleanup after it.
    function.account.fail(Fault::denied_because(SCP_DENIAL).on("CreateRole"));
    function.account.fail(Fault::refused(400, "InvalidInput", "Not that.").on("GetRole"));
    create(&mut function, &properties).await;
    function.account.fail(Fault::throttled().every());
    create(&mut function, &properties).await;
    let lines = logged(&mut function).await;
    let kinds: Vec<_> = lines.iter().map(kind_of_failure).collect();
    assert_eq!(kinds, ["Refused", "Refused", "Denied", "Other", "Denied", "Throttled"].map(Some));
}

#[tokio::test]
async fn wrong_settings_count_apart_from_mistakes_in_templates() {
    for (setting, value) in [("MAX_SESSION_DURATION_CAP", "an hour"), ("ROLE_PATH_PREFIX", "delegated")] {
        let mut function = Function::with(&[(setting, value)]).await;
        create(&mut function, &json!({ "ExternalAwsAccountId": PROVIDER })).await;
        let lines = logged(&mut function).await;
        assert_eq!(lines.iter().map(kind_of_failure).collect::<Vec<_>>(), [Some("Settings")], "{setting}");
    }
    let mut function = Function::with(&[("MAX_SESSION_DURATION_CAP", "an hour")]).await;
    function.lambda.invoke(&json!({"Audit": {}}), SHORT).await;
    let lines = logged(&mut function).await;
    assert_eq!(lines.iter().map(kind_of_failure).collect::<Vec<_>>(), [Some("Settings")]);
    // Without the prefix, the name of a role whose create got no answer is unknown.
    let mut function = Function::with(&[("ROLE_PATH_PREFIX", "delegated")]).await;
    let gone = json!({ "PhysicalResourceId": "stack-Access-1A2B3C4D5E6F", "ResourceProperties": {} });
    let event = function.event("Delete", gone);
    function.lambda.invoke(&event, SHORT).await;
    let lines = logged(&mut function).await;
    assert_eq!(lines.iter().map(kind_of_failure).collect::<Vec<_>>(), [Some("Settings")]);
}

#[tokio::test]
async fn missing_replies_and_panics_are_counted_separately() {
    let mut function = Function::new().await;
    function.account.fail(Fault::hang().every());
    create(&mut function, &json!({ "ExternalAwsAccountId": PROVIDER })).await;
    // The first call ends when there is no time for another: AWS did not reply.
    let lines = logged(&mut function).await;
    assert_eq!(lines.iter().map(kind_of_failure).collect::<Vec<_>>(), [Some("Unavailable")]);

    let mut function = Function::panicking().await;
    create(&mut function, &json!({ "ExternalAwsAccountId": PROVIDER })).await;
    let lines = logged(&mut function).await;
    assert_eq!(lines.iter().map(kind_of_failure).collect::<Vec<_>>(), [Some("Panicked")]);
}

#[tokio::test]
async fn a_request_without_an_answer_is_counted_as_unanswered() {
    let mut function = Function::new().await;
    let properties = json!({ "ResourceProperties": { "ExternalAwsAccountId": PROVIDER } });
    let mut elsewhere = function.event("Create", properties.clone());
    elsewhere["ResponseURL"] = "https://example.com/?X-Amz-Signature=secret".into();
    function.lambda.invoke(&elsewhere, SHORT).await;
    function.bucket.fail(bucket::Fault::status(503).every());
    let event = function.event("Create", properties.clone());
    function.lambda.invoke(&event, SHORT).await;
    let lines = logged(&mut function).await;
    assert_eq!(lines.iter().map(kind_of_failure).collect::<Vec<_>>(), [Some("Unanswered"); 2]);
    assert_eq!(lines[1]["outcome"], "success", "the role is still made");
}

#[tokio::test]
async fn the_content_of_an_event_adds_no_metric_and_no_long_line() {
    let mut function = Function::new().await;
    let endless = "Custom::X".repeat(10_000);
    for fields in [
        json!({ "ResourceType": "Custom::Other" }),
        json!({ "ResourceType": endless, "LogicalResourceId": endless, "RequestId": endless, "RequestType": endless }),
        json!({ "ResourceType": ["Custom::DelegatedRole"] }),
        json!({ "ResourceType": "" }),
        json!({ "RequestId": r#"","metrics":"{\"_aws\":{}}","#, "metrics": "{}", "_aws": {} }),
    ] {
        let event = function.event("Create", fields);
        function.lambda.invoke(&event, SHORT).await;
    }
    let log = function.log().await;
    assert!(log.iter().all(|line| line.len() < 8000), "CloudWatch reads no metrics from longer ones");
    let types: Vec<_> = requests(&log)
        .iter()
        .map(|line| {
            assert_eq!(kind_of_failure(line), Some("Refused"));
            line["ResourceType"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(types, ["Unknown", "Unknown", "Unknown", "Unknown", "Custom::DelegatedRole"]);
}

#[tokio::test]
async fn only_the_log_level_off_disables_the_metrics() {
    for (level, expected) in [("error", 2), ("warn", 2), ("info", 2), ("trace", 2), ("off", 0)] {
        let mut function = Function::with(&[("RUST_LOG", level)]).await;
        create(&mut function, &json!({ "ExternalAwsAccountId": PROVIDER })).await;
        create(&mut function, &json!({})).await;
        let lines = logged(&mut function).await;
        let failures: Vec<_> = lines.iter().map(kind_of_failure).collect();
        assert_eq!(failures, [None, Some("Refused")][..expected], "{level}");
    }
}

// --- The alarms ---

#[tokio::test]
async fn the_alarms_of_the_templates_watch_existing_metrics() {
    let mut function = Function::new().await;
    create(&mut function, &json!({})).await;
    function.lambda.invoke(&json!({"Audit": {}}), SHORT).await;
    function.lambda.invoke(&json!({"AccessCheck": {}}), SHORT).await;
    let lines = logged(&mut function).await;
    let made: BTreeMap<_, _> = lines.iter().flat_map(metrics).collect();
    for (name, deployment, own) in [
        ("template.yaml", Deployment::of_shipped_template(), Some(["ServiceProviderAccess", "AuditFindings"])),
        ("provider.yaml", Deployment::of_provider_template(), Some(["ServiceProviderAccess", "FailedAccessChecks"])),
    ] {
        let resources = deployment.declared("/Resources").as_object().unwrap();
        let alarms = resources.values().filter(|resource| resource["Type"] == "AWS::CloudWatch::Alarm");
        let mut watched = Vec::new();
        for alarm in alarms {
            let properties = &alarm["Properties"];
            assert_eq!(alarm["Condition"], "HasAlarmTopic", "{name}: {alarm}");
            assert_eq!(properties["TreatMissingData"], "notBreaching", "{name}: {alarm}");
            assert_eq!(properties["AlarmActions"], json!([{ "Ref": "AlarmTopicArn" }]), "{name}: {alarm}");
            watched.push(["Namespace", "MetricName"].map(|key| properties[key].as_str().unwrap()));
        }
        watched.sort_unstable();
        let mut metrics =
            vec![["AWS/Lambda", "Errors"], ["ServiceProviderAccess", "Faults"], ["ServiceProviderAccess", "Throttles"]];
        metrics.extend(own);
        metrics.sort_unstable();
        assert_eq!(watched, metrics, "{name}");
        for [namespace, metric] in metrics {
            // Only a metric over all requests includes those with an unknown resource type.
            let exists = made.contains_key(&(String::new(), metric.to_owned()));
            assert_eq!(exists, namespace == "ServiceProviderAccess", "{metric} of {name}");
        }
    }
}

// --- Direct calls ---

#[tokio::test]
async fn an_audit_counts_its_roles_and_each_finding_by_its_code() {
    let mut function = Function::new().await;
    function.account.put_role(Role::named("Build").path("/delegated/").trust(trust(ID)));
    let ended = function.lambda.invoke(&json!({"Audit": {}}), SHORT).await;
    let lambda::Invocation::Response(report) = ended else { panic!("{ended:?}") };
    assert_eq!(report["Roles"][0]["Findings"][0]["Code"], "unmarked");
    let log = function.log().await;
    let [line] = &requests(&log)[..] else { panic!("not one line") };
    assert_eq!((&line["request_type"], &line["outcome"]), (&json!("Audit"), &json!("success")));
    let over_all = |name: &str| (String::new(), name.to_owned());
    let counted = metrics(line);
    assert_eq!([&counted[&over_all("AuditedRoles")], &counted[&over_all("AuditFindings")]], [&1, &0]);
    assert_eq!(line["FindingsByCode"], json!({"unmarked": 1}));
    let found: Vec<_> = lines(&log).into_iter().filter(|line| line["message"] == "finding").collect();
    let [line] = &found[..] else { panic!("{log:#?}") };
    assert_eq!(line["role"], "arn:aws:iam::111111111111:role/delegated/Build");
    assert_eq!((&line["code"], &line["severity"]), (&json!("unmarked"), &json!("error")));
    assert_eq!(line["finding"], report["Roles"][0]["Findings"][0]["Message"]);
    let by_code = ("Code=unmarked".to_owned(), "AuditFindings".to_owned());
    assert_eq!(metrics(line), BTreeMap::from([(over_all("AuditFindings"), 1), (by_code, 1)]));
}

/// Sets what the customer's role accepts.
type Set = fn(&Customer);

#[tokio::test]
async fn a_direct_check_counts_by_its_verdict_and_never_fails_for_lambda() {
    let inconclusive =
        || sts::Fault::denied_because("because no identity-based policy allows the sts:AssumeRole action");
    let right = json!({"RoleArn": Customer::ROLE, "ExternalId": ID});
    let accepted = json!({"RoleArn": Customer::ROLE, "ExternalId": ID, "OnInconclusive": "Succeed"});
    let safe: Set = |customer| customer.trusts(|id| id == Some(ID));
    let open: Set = |customer| customer.trusts(|_| true);
    let shut: Set = |_| {};
    for (event, set, fault, verdict, kind) in [
        (&right, safe, None, "Safe", None),
        (&right, open, None, "Unsafe", Some("Unsafe")),
        (&right, shut, None, "Shut", Some("Shut")),
        (&right, shut, Some(inconclusive()), "Inconclusive", Some("Inconclusive")),
        (&accepted, shut, Some(inconclusive()), "Inconclusive", None),
        (&json!({"RoleArn": "not-an-arn", "ExternalId": ID}), shut, None, "Refused", Some("Refused")),
        (&json!("now"), shut, None, "Refused", Some("Refused")),
    ] {
        let mut function = Function::new().await;
        set(&function.customer);
        if let Some(fault) = fault {
            function.customer.fail(fault.every());
        }
        let ended = function.lambda.invoke(&json!({"AccessCheck": event}), Duration::from_mins(1)).await;
        let lambda::Invocation::Response(answer) = ended else { panic!("{ended:?}") };
        assert_eq!(answer["Verdict"], verdict, "{answer:#}");
        let log = function.log().await;
        assert!(!log.iter().any(|line| line.contains(ID)), "{log:#?}");
        let [line] = &requests(&log)[..] else { panic!("not one line") };
        let outcome = if kind.is_some() { "failed" } else { "success" };
        assert_eq!((&line["outcome"], kind_of_failure(line)), (&json!(outcome), kind));
        // The alarm of provider.yaml watches this. A refused input is a failure here: no author of a template sees it.
        assert_eq!(check_of(line), Some((verdict, u64::from(kind.is_some()))));
        assert_eq!(line["request_type"], "AccessCheck");
    }
}

/// The verdict of the only check that a line counts, and how many checks failed.
fn check_of(line: &Value) -> Option<(&str, u64)> {
    let metrics = metrics(line);
    let over_all = |name: &str| metrics.get(&(String::new(), name.to_owned())).copied();
    let Some(checks) = over_all("AccessChecks") else {
        assert_eq!(over_all("FailedAccessChecks"), None);
        return None;
    };
    let verdict = line["Verdict"].as_str().unwrap();
    assert_eq!((checks, metrics[&(format!("Verdict={verdict}"), "AccessChecks".to_owned())]), (1, 1));
    over_all("FailedAccessChecks").map(|failed| (verdict, failed))
}

// --- The check of a customer's role ---

#[tokio::test(start_paused = true)]
async fn a_check_that_fails_counts_by_its_verdict() {
    let cases: [(Set, Option<Cause>); 5] = [
        (|customer| customer.trusts(|id| id == Some(ID)), None),
        (|customer| customer.trusts(|_| true), Some(Cause::Unsafe)),
        (|_| {}, Some(Cause::Shut)),
        (
            |customer| {
                let reason = "because no identity-based policy allows the sts:AssumeRole action";
                customer.fail(sts::Fault::denied_because(reason).every());
            },
            Some(Cause::Inconclusive),
        ),
        (|customer| customer.fail(sts::Fault::throttled().every()), Some(Cause::Inconclusive)),
    ];
    for (nth, (set, expected)) in cases.into_iter().enumerate() {
        let stack = Stack::of("Custom::AccessCheck");
        set(&stack.customer);
        let properties = json!({ "RoleArn": Customer::ROLE, "ExternalId": ID });
        let event = stack.event("Create", &json!({ "ResourceProperties": properties }));
        assert_eq!(cause(&stack, event).await, expected, "case {nth}");
    }
}

async fn cause(stack: &Stack, event: Value) -> Option<Cause> {
    let envelope = Envelope::read(&event);
    let url = ResponseUrl::accept(&event, "us-east-1", &[]).unwrap();
    let now = url.signed_at().unwrap().into();
    let invocation = Invocation { function_arn: FUNCTION.into(), deadline: Instant::now() + stack.timeout, now };
    match stack.handler().respond(event, &envelope, &url, invocation).await.0 {
        Response::Success { .. } => None,
        Response::Failed { cause, .. } => Some(cause),
    }
}

#[tokio::test]
async fn a_check_of_a_stack_counts_like_a_direct_one() {
    let mut function = Function::new().await;
    let properties = |external_id: &str| json!({"RoleArn": Customer::ROLE, "ExternalId": external_id});
    let fields = |properties: Value| json!({"ResourceType": "Custom::AccessCheck", "ResourceProperties": properties});
    function.customer.trusts(|id| id == Some(ID));
    let first = function.event("Create", fields(properties(ID)));
    function.lambda.invoke(&first, SHORT).await;
    // A rollback to a question that was answered asks no one, so it is no check.
    let mut rollback = fields(properties(ID));
    let answer = function.bucket.answers().pop().unwrap().json();
    rollback["PhysicalResourceId"] = answer["PhysicalResourceId"].clone();
    rollback["OldResourceProperties"] = properties("another-external-id");
    let rollback = function.event("Update", rollback);
    function.lambda.invoke(&rollback, SHORT).await;
    function.customer.trusts(|_| true);
    function.lambda.invoke(&first, SHORT).await;
    let refused = function.event("Create", fields(properties("?")));
    function.lambda.invoke(&refused, SHORT).await;
    let mut delete = fields(properties(ID));
    delete["PhysicalResourceId"] = answer["PhysicalResourceId"].clone();
    let delete = function.event("Delete", delete);
    function.lambda.invoke(&delete, SHORT).await;
    create(&mut function, &json!({ "ExternalAwsAccountId": PROVIDER })).await;
    let lines = logged(&mut function).await;
    let checks: Vec<_> = lines.iter().map(check_of).collect();
    // The author of a template sees that it was refused.
    assert_eq!(checks, [Some(("Safe", 0)), None, Some(("Unsafe", 1)), Some(("Refused", 0)), None, None]);
}

// --- Reading metrics as CloudWatch does ---

/// All metrics that `CloudWatch` reads from a line, by dimensions and name, with their values. Panics if it would read
/// none: see the specification of the embedded metric format.
fn metrics(line: &Value) -> BTreeMap<(String, String), u64> {
    let aws = line["_aws"].as_object().unwrap_or_else(|| panic!("no metrics: {line}"));
    assert_eq!(aws.len(), 2, "{line}");
    let age = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()
        - u128::from(aws["Timestamp"].as_u64().unwrap());
    assert!(age < 60_000, "made at {age} ms ago");
    let mut made = BTreeMap::new();
    for directive in aws["CloudWatchMetrics"].as_array().unwrap() {
        assert_eq!(directive.as_object().unwrap().len(), 3, "{directive}");
        assert_eq!(directive["Namespace"], "ServiceProviderAccess");
        let sets = directive["Dimensions"].as_array().unwrap();
        assert!(!sets.is_empty(), "without dimensions there is no metric");
        for set in sets {
            let dimensions: Vec<String> = set
                .as_array()
                .unwrap()
                .iter()
                .map(|name| {
                    let name = name.as_str().unwrap();
                    let value = line[name].as_str().unwrap_or_else(|| panic!("no dimension {name}: {line}"));
                    assert!((1..=1024).contains(&value.len()) && value.is_ascii(), "{value}");
                    format!("{name}={value}")
                })
                .collect();
            for metric in directive["Metrics"].as_array().unwrap() {
                let name = metric["Name"].as_str().unwrap();
                assert!(["Count", "Milliseconds"].contains(&metric["Unit"].as_str().unwrap()), "{metric}");
                let value = line[name].as_u64().unwrap_or_else(|| panic!("no value of {name}: {line}"));
                let twice = made.insert((dimensions.join(","), name.to_owned()), value);
                assert_eq!(twice, None, "{name} counts twice: {line}");
            }
        }
    }
    made
}

/// The kind of failure in the metrics; `None` for a success.
fn kind_of_failure(line: &Value) -> Option<&str> {
    let metrics = metrics(line);
    let kind = line["FailureKind"].as_str();
    let failures = metrics[&(String::new(), "Failures".to_owned())];
    assert_eq!(failures, u64::from(kind.is_some()), "{line}");
    // The alarm watches these. A mistake in a template raises no alarm.
    let faults = metrics[&(String::new(), "Faults".to_owned())];
    assert_eq!(faults, u64::from(kind.is_some_and(|kind| kind != "Refused")), "{line}");
    if let Some(kind) = kind {
        assert_eq!(metrics[&(format!("FailureKind={kind}"), "Failures".to_owned())], 1, "{line}");
    }
    kind
}
