//! The metrics in the log of the real binary, read as `CloudWatch` reads them, and how operators are told of
//! failures apart.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use regex_lite::Regex;
use serde_json::{Value, json};
use service_provider_access::handler::Invocation;
use service_provider_access::request::{Envelope, ResponseUrl};
use service_provider_access::response::{Cause, Response};
use tokio::time::Instant;

use crate::stack::{FUNCTION, PROVIDER, Stack};
use crate::wire::bucket::{self, Bucket};
use crate::wire::iam::{Account, Fault};
use crate::wire::lambda::Lambda;
use crate::wire::server::Server;
use crate::wire::sts::{self, Customer};

const BINARY: &str = env!("CARGO_BIN_EXE_service-provider-access");
const ID: &str = "an-external-id-of-the-provider";

/// Long enough for any answer, and short enough to wait for the last one.
const SHORT: Duration = Duration::from_secs(7);

// --- What CloudWatch makes of a line ---

#[tokio::test]
async fn a_success_counts_with_its_calls_and_its_time() {
    let mut function = Installed::new().await;
    function.account.fail(Fault::throttled().on("CreateRole"));
    function.account.fail(Fault::unavailable().on("CreateRole"));
    function.create(&json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": ID })).await;
    let [line] = &function.lines().await[..] else { panic!("there is one") };
    let metrics = metrics(line);

    assert_eq!(metrics.len(), 12, "each once over all, and once by type: {metrics:?}");
    for place in ["", "ResourceType=Custom::DelegatedRole"] {
        let value = |name: &str| metrics[&(place.to_owned(), name.to_owned())];
        assert_eq!(["Requests", "Failures", "AwsCalls", "Retries", "Throttles"].map(value), [1, 0, 4, 2, 1]);
        assert!((100..7000).contains(&value("Duration")), "{metrics:?}");
    }
    assert_eq!((&line["outcome"], &line["aws_calls"]), (&json!("success"), &json!(4)));
    assert_eq!(line["duration_ms"], line["Duration"]);
    assert!(!line.to_string().contains(ID));
}

/// A denial that is final: the function's own policy would be waited for.
const ORGANIZATION: &str = "with an explicit deny in a service control policy";

#[tokio::test]
async fn failures_count_by_whom_an_operator_would_ask() {
    let wish = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor" });
    let mut function = Installed::new().await;
    function.create(&json!({})).await;
    function.create(&json!({ "ExternalAwsAccountId": "999999999999" })).await;
    function.account.fail(Fault::denied_because(ORGANIZATION).on("CreateRole"));
    function.create(&wish).await;
    function.account.fail(Fault::refused(400, "InvalidInput", "Not that.").on("CreateRole"));
    function.create(&wish).await;
    // The first cause counts, not what went wrong while it was cleaned up after.
    function.account.fail(Fault::denied_because(ORGANIZATION).on("CreateRole"));
    function.account.fail(Fault::refused(400, "InvalidInput", "Not that.").on("GetRole"));
    function.create(&wish).await;
    function.account.fail(Fault::throttled().every());
    function.create(&wish).await;
    let lines = function.lines().await;
    let kinds: Vec<_> = lines.iter().map(kind_of_failure).collect();
    assert_eq!(kinds, ["Refused", "Refused", "Denied", "Other", "Denied", "Throttled"].map(Some));
}

#[tokio::test]
async fn time_and_silence_count_apart() {
    let mut function = Installed::new().await;
    function.account.fail(Fault::hang().every());
    function.create(&json!({ "ExternalAwsAccountId": PROVIDER })).await;
    // The first call ends when there is no time for a further one: AWS was silent.
    let lines = function.lines().await;
    assert_eq!(lines.iter().map(kind_of_failure).collect::<Vec<_>>(), [Some("Unavailable")]);

    let mut function = Installed::with(&[("RUST_MIN_STACK", "4611686018427387904")], "localhost").await;
    function.create(&json!({ "ExternalAwsAccountId": PROVIDER })).await;
    let lines = function.lines().await;
    assert_eq!(lines.iter().map(kind_of_failure).collect::<Vec<_>>(), [Some("Panicked")]);
}

#[tokio::test]
async fn who_is_told_nothing_counts_as_unanswered() {
    let mut function = Installed::new().await;
    let wish = json!({ "ResourceProperties": { "ExternalAwsAccountId": PROVIDER } });
    let mut elsewhere = function.event(&wish);
    elsewhere["ResponseURL"] = "https://example.com/?X-Amz-Signature=secret".into();
    function.lambda.invoke(&elsewhere, SHORT).await;
    function.bucket.fail(bucket::Fault::status(503).every());
    let event = function.event(&wish);
    function.lambda.invoke(&event, SHORT).await;
    let lines = function.lines().await;
    assert_eq!(lines.iter().map(kind_of_failure).collect::<Vec<_>>(), [Some("Unanswered"); 2]);
    assert_eq!(lines[1]["outcome"], "success", "the role is made all the same");
}

#[tokio::test]
async fn what_an_event_says_makes_no_metric_of_its_own_and_no_long_line() {
    let mut function = Installed::new().await;
    let endless = "Custom::X".repeat(10_000);
    for fields in [
        json!({ "ResourceType": "Custom::Other" }),
        json!({ "ResourceType": endless, "LogicalResourceId": endless, "RequestId": endless, "RequestType": endless }),
        json!({ "ResourceType": ["Custom::DelegatedRole"] }),
        json!({ "ResourceType": "" }),
        json!({ "RequestId": r#"","metrics":"{\"_aws\":{}}","#, "metrics": "{}", "_aws": {} }),
    ] {
        let event = function.event(&fields);
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
async fn no_level_but_off_silences_the_metrics() {
    for (level, expected) in [("error", 2), ("warn", 2), ("info", 2), ("trace", 2), ("off", 0)] {
        let mut function = Installed::with(&[("RUST_LOG", level)], "127.0.0.1").await;
        function.create(&json!({ "ExternalAwsAccountId": PROVIDER })).await;
        function.create(&json!({})).await;
        let lines = function.lines().await;
        let failures: Vec<_> = lines.iter().map(kind_of_failure).collect();
        assert_eq!(failures, [None, Some("Refused")][..expected], "{level}");
    }
}

// --- The alarms ---

#[tokio::test]
async fn the_templates_watch_metrics_that_there_are() {
    let mut function = Installed::new().await;
    function.create(&json!({})).await;
    let lines = function.lines().await;
    let made = metrics(&lines[0]);
    let alarm = Regex::new(r"(?s)Namespace: (\S+)\n +MetricName: (\S+)\n").unwrap();
    for (name, template) in
        [("template.yaml", include_str!("../../template.yaml")), ("provider.yaml", include_str!("../../provider.yaml"))]
    {
        let watched: Vec<_> = alarm.captures_iter(template).map(|found| found.extract::<2>().1).collect();
        let own =
            [("ServiceProviderAccess", "Failures"), ("ServiceProviderAccess", "Throttles"), ("AWS/Lambda", "Errors")];
        assert_eq!(watched, own.map(|(namespace, metric)| [namespace, metric]), "{name}");
        for (namespace, metric) in own {
            // Only over all requests does an alarm see those of types that nobody knows.
            let there = made.contains_key(&(String::new(), metric.to_owned()));
            assert_eq!(there, namespace == "ServiceProviderAccess", "{metric} of {name}");
        }
        assert_eq!(
            template.matches("Type: AWS::CloudWatch::Alarm\n    Condition: HasAlarmTopic\n").count(),
            3,
            "{name}"
        );
        assert_eq!(
            template.matches("TreatMissingData: notBreaching\n      AlarmActions: [!Ref AlarmTopicArn]\n").count(),
            3
        );
    }
}

// --- The check of a customer's role ---

#[tokio::test(start_paused = true)]
async fn a_role_that_does_not_open_is_no_failure_of_the_functions() {
    type Set = fn(&Customer);
    let cases: [(Set, Option<Cause>); 5] = [
        (|customer| customer.trusts(|id| id == Some(ID)), None),
        (|customer| customer.trusts(|_| true), Some(Cause::Refused)),
        (|_| {}, Some(Cause::Refused)),
        (
            |customer| {
                let reason = "because no identity-based policy allows the sts:AssumeRole action";
                customer.fail(sts::Fault::denied_because(reason).every());
            },
            Some(Cause::Denied),
        ),
        (|customer| customer.fail(sts::Fault::throttled().every()), Some(Cause::Throttled)),
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
    let now = url.signed_at().unwrap();
    let invocation = Invocation { function_arn: FUNCTION.into(), deadline: Instant::now() + stack.timeout, now };
    match stack.handler().respond(event, &envelope, &url, invocation).await.0 {
        Response::Success { .. } => None,
        Response::Failed { cause, .. } => Some(cause),
    }
}

// --- Reading as CloudWatch does ---

/// Every metric that `CloudWatch` would make of a line, by dimensions and name, with its value. Panics where it would
/// make none: see the specification of the embedded metric format.
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
        assert!(!sets.is_empty(), "no set makes no metric");
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

/// What an operator's alarm by kind would see; none for a success.
fn kind_of_failure(line: &Value) -> Option<&str> {
    let metrics = metrics(line);
    let kind = line["FailureKind"].as_str();
    let failures = metrics[&(String::new(), "Failures".to_owned())];
    assert_eq!(failures, u64::from(kind.is_some()), "{line}");
    if let Some(kind) = kind {
        assert_eq!(metrics[&(format!("FailureKind={kind}"), "Failures".to_owned())], 1, "{line}");
    }
    kind
}

// --- The function, installed ---

struct Installed {
    account: Account,
    bucket: Bucket,
    lambda: Lambda,
    _iam: Server,
}

impl Installed {
    async fn new() -> Self {
        Self::with(&[], "127.0.0.1").await
    }

    async fn with(settings: &[(&str, &str)], iam_host: &str) -> Self {
        let account = Account::new();
        let iam = account.serve().await;
        let bucket = Bucket::start().await;
        let (endpoint, origin) = (iam.origin().replace("127.0.0.1", iam_host), bucket.origin());
        let own = [
            ("TRUSTED_ACCOUNT_IDS", PROVIDER),
            ("AWS_ENDPOINT_URL_IAM", endpoint.as_str()),
            ("AWS_ENDPOINT_URL_S3", origin.as_str()),
        ];
        let lambda = Lambda::start(BINARY, &[&own, settings].concat()).await;
        Self { account, bucket, lambda, _iam: iam }
    }

    fn event(&self, fields: &Value) -> Value {
        let mut event = Stack::in_account(self.account.clone(), "customer").event("Create", &json!({}));
        event["ResponseURL"] = self.bucket.url_for("Access").into();
        event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        event
    }

    async fn create(&mut self, properties: &Value) {
        let event = self.event(&json!({ "ResourceProperties": properties }));
        self.lambda.invoke(&event, SHORT).await;
        self.account.clear_faults();
    }

    async fn log(&mut self) -> Vec<String> {
        self.lambda.kill().await
    }

    async fn lines(&mut self) -> Vec<Value> {
        requests(&self.log().await)
    }
}

/// The lines that tell what became of a request.
fn requests(log: &[String]) -> Vec<Value> {
    let lines =
        log.iter().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("not JSON: {line}")));
    lines.filter(|line| line["message"] == "request").collect()
}
