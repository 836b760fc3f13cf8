//! Any input: events of any shape, events that are almost valid, and policies and names of any text.
//!
//! `cargo test` runs a few cases of each. `make fuzz` sets `FUZZ_SECONDS`, and each test runs for this time and reports its
//! progress. A case that fails is reduced and printed. Add it as a test of its own.

mod direct;
mod event;
mod json;

use std::cell::Cell;
use std::env;
use std::fmt::Debug;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use delegated_role_core::findings::Code;
use delegated_role_core::identifiers::{
    AccountId, ExternalId, ExternalIdPrefix, OrganizationId, Partition, PolicyArn, PrincipalArn, PublicCidr, RoleArn,
    RoleName, RolePath,
};
use delegated_role_core::policy::{Author, Document, Privilege, Terms};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};
use serde_json::{Map, Value, json};
use service_provider_access::aws::Calls;
use service_provider_access::handler::Invocation;
use service_provider_access::log::Line;
use service_provider_access::log::lines::WithMetrics;
use service_provider_access::request::{Envelope, ResponseUrl, read_event};
use service_provider_access::response::{Cause, Response};
use tracing_subscriber::layer::SubscriberExt;

use self::event::{Fuzzed, any_fuzzed};
use self::json::{any_json, any_key, any_text};
use crate::fixtures::{FUNCTION, PROVIDER};
use crate::stack::Stack;
use crate::wire::bucket::Bucket;
use crate::wire::iam::{Account, Role};
use crate::wire::lambda::{Invocation as Ended, Lambda};

/// Part of all external IDs in the events. No answer and no log may contain it.
const SECRET: &str = "never-to-be-told-7d1c9e55";

/// Other text that no answer and no log may contain: parts of the presigned URL and of the function's credentials.
const SECRETS: [&str; 5] = [SECRET, "not-to-be-told", "X-Amz-", "secret-key", "AKIDEXAMPLE"];

// --- Whole requests ---

#[test]
fn any_event_with_a_response_url_is_answered() {
    let fields = proptest::collection::vec((any_key(), any_json()), 0..8);
    cases("any event", 300, (any_json(), fields, any::<bool>()), |(event, fields, right_place)| {
        let stack = Stack::new();
        // An event may have no response URL, but it must not end the process.
        answer(&stack, event)?;
        let mut event = stack.event("Create", &Value::Object(fields.into_iter().collect()));
        event["ResponseURL"] = stack.event("", &json!({}))["ResponseURL"].take();
        if right_place {
            event["StackId"] = stack.id.clone().into();
        }
        prop_assert!(answer(&stack, event)?.is_some());
        Ok(())
    });
}

#[test]
fn an_almost_valid_event_succeeds_or_is_refused_and_its_delete_leaves_nothing() {
    cases("almost right", 300, any_fuzzed(), |Fuzzed { resource_type, request_type, there, event }| {
        let stack = Stack { resource_type, ..Stack::new() };
        let right = format!("{SECRET}-id");
        stack.customer.trusts(move |id| id == Some(right.as_str()));
        let name = there.put(&stack);
        let before = contents(&stack.account);
        let event = stack.event(request_type, &event(&name));
        let Some(first) = answer(&stack, event.clone())? else { return Ok(()) };
        if first.failed() == Some(Cause::Refused) {
            prop_assert_eq!(&contents(&stack.account), &before, "refused, and yet changed: {}", first.body);
        }
        if first.failed().is_none() && resource_type == "Custom::DelegatedRole" {
            // A second delivery finds the work done.
            let made = contents(&stack.account);
            let again = answer(&stack, event.clone())?.expect("as before");
            prop_assert_eq!(again.failed(), None, "{}", again.body);
            prop_assert_eq!(&again.body["PhysicalResourceId"], &first.body["PhysicalResourceId"]);
            prop_assert_eq!(&contents(&stack.account), &made, "a second delivery changed something");
        }
        // CloudFormation sends a delete after each create, successful or not.
        if request_type == "Create" {
            let mut gone = event;
            gone["RequestType"] = "Delete".into();
            gone["PhysicalResourceId"] = first.body["PhysicalResourceId"].clone();
            let deleted = answer(&stack, gone)?.expect("as before");
            let refused = first.failed() == Some(Cause::Refused);
            prop_assert!(deleted.failed().is_none() || refused && !before.is_empty(), "{}", deleted.body);
            let left: Vec<_> = contents(&stack.account).into_iter().filter(|role| !before.contains(role)).collect();
            prop_assert_eq!(&left, &Vec::<Value>::new(), "left behind");
        }
        Ok(())
    });
}

#[test]
fn text_that_no_json_parser_accepts_completely_is_answered() {
    let broken =
        select(vec!["1e999", r#""\ud800""#, "[[", "]", "nul", "\u{0}", "{\"a\":1,\"a\":{}}", "-", "\"", ",,", ""]);
    let strategy = (any_fuzzed(), proptest::collection::vec((any::<prop::sample::Index>(), broken), 0..4));
    cases("broken text", 150, strategy, |(fuzzed, breaks)| {
        let stack = Stack { resource_type: fuzzed.resource_type, ..Stack::new() };
        let mut text = stack.event(fuzzed.request_type, &(fuzzed.event)("Auditor")).to_string();
        for (at, what) in breaks {
            let at = text.floor_char_boundary(at.index(text.len()));
            text.insert_str(at, what);
        }
        answer(&stack, read_event(&text)).map(drop)
    });
}

/// The answer, and the log.
struct Answered {
    response: Response,
    body: Value,
}

impl Answered {
    fn failed(&self) -> Option<Cause> {
        match self.response {
            Response::Success { .. } => None,
            Response::Failed { cause, .. } => Some(cause),
        }
    }
}

/// Handles an event as the function does, and checks what holds for each answer. `None` if the event has no response URL.
/// A panic ends the case.
fn answer(stack: &Stack, event: Value) -> Result<Option<Answered>, TestCaseError> {
    let log = Log::default();
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(log.clone());
    let _listening = tracing::subscriber::set_default(
        tracing_subscriber::registry().with(lines.map_event_format(WithMetrics)).with(
            tracing_subscriber::filter::Targets::new().with_target("service_provider_access", tracing::Level::TRACE),
        ),
    );
    let envelope = Envelope::read(&event);
    let Ok(url) = ResponseUrl::accept(&event, "us-east-1", &[]) else { return Ok(None) };
    let calls_before = (stack.account.writes().len(), stack.customer.requests().len());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let now = url.signed_at().map_or(std::time::SystemTime::UNIX_EPOCH, Into::into);
    let (response, calls) = runtime.block_on(async {
        let deadline = tokio::time::Instant::now() + stack.timeout;
        let invocation = Invocation { function_arn: FUNCTION.into(), deadline, now };
        let handled = stack.handler().respond(event, &envelope, &url, invocation).await;
        assert!(tokio::time::Instant::now() + Duration::from_secs(3) <= deadline, "answered too late");
        handled
    });
    let text = response.body(&envelope);
    let took = Duration::from_millis(1);
    let line = Line {
        envelope: &envelope,
        resource_type: None,
        response: Some(&response),
        undelivered: None,
        calls,
        at: now,
        took,
        counted: None,
    };
    line.write();

    prop_assert!(text.len() <= 4096, "{} bytes", text.len());
    let body: Value = serde_json::from_str(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let id = body["PhysicalResourceId"].as_str().unwrap_or_default();
    prop_assert!((1..=1024).contains(&id.len()), "{body}");
    let lines = log.take();
    prop_assert!(
        lines.lines().all(|line| line.len() < 16_000 && serde_json::from_str::<Map<String, Value>>(line).is_ok())
    );
    prop_assert!(lines.contains(r#""_aws":{"#), "its metrics are missing: {lines}");
    let mut secrets: Vec<String> = SECRETS.map(str::to_owned).into();
    match &response {
        Response::Success { .. } => {
            // Only the attributes for external IDs contain one.
            secrets.extend(body["Data"]["ExternalId"].as_str().filter(|id| id.len() >= 6).map(ToOwned::to_owned));
        }
        Response::Failed { reason, cause, .. } => {
            let reason = reason.to_string();
            prop_assert!(body["Status"] == "FAILED" && !reason.is_empty());
            prop_assert_ne!(*cause, Cause::Panicked);
            prop_assert_ne!(*cause, Cause::TimedOut);
            prop_assert!(Code::ALL.iter().any(|code| reason.contains(&format!(" [{code}]"))), "no code: {reason}");
            for secret in &secrets {
                prop_assert!(!reason.contains(secret.as_str()), "{secret} is revealed: {reason}");
            }
        }
    }
    for secret in &secrets {
        prop_assert!(!lines.contains(secret.as_str()), "{secret} is logged: {lines}");
    }
    if calls == Calls::default() {
        let calls_after = (stack.account.writes().len(), stack.customer.requests().len());
        prop_assert_eq!(calls_before, calls_after, "calls that were not counted");
    }
    Ok(Some(Answered { response, body }))
}

/// All roles, without what IAM generates.
fn contents(account: &Account) -> Vec<Value> {
    let role =
        |name: String| account.role(&name).map(|role| json!(format!("{:?}", Role { id: String::new(), ..role })));
    account.roles().into_iter().filter_map(role).collect()
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8(bytes).expect("the log is text")
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_program_answers_a_deeply_nested_event() {
    let (account, bucket) = (Account::new(), Bucket::start().await);
    let iam = account.serve().await;
    let (endpoint, origin) = (iam.origin(), bucket.origin());
    let settings = [("AWS_ENDPOINT_URL_IAM", endpoint.as_str()), ("AWS_ENDPOINT_URL_S3", origin.as_str())];
    let mut lambda = Lambda::start(env!("CARGO_BIN_EXE_service-provider-access"), &settings).await;
    let deep = (0..300).fold(json!("x"), |inner, _| json!([inner]));
    let properties = json!({ "ExternalAwsAccountId": PROVIDER, "CustomPolicy": deep });
    let mut event = Stack::new().event("Create", &json!({ "ResourceProperties": properties }));
    event["ResponseURL"] = bucket.url_for("Access").into();
    assert_eq!(lambda.invoke(&event, Duration::from_secs(10)).await, Ended::Response(Value::Null));
    let answers = bucket.answers();
    let [answer] = &answers[..] else { panic!("not one answer: {answers:?}") };
    let reported = "The request's ResourceProperties are missing or cannot be read";
    assert!(answer.json()["Reason"].as_str().unwrap().starts_with(reported), "{}", answer.json());
    assert_eq!(account.calls(), [""; 0]);
}

// --- Values ---

fn privileges(document: &Document) -> Vec<Privilege> {
    let terms = Terms {
        partition: "aws",
        account: "111111111111",
        role_prefix: "delegated/",
        passable_roles: &[],
        required_boundary: None,
        boundary_in_force: false,
        allow_administrative: false,
    };
    document.privileges(Author::Customer, &terms)
}

#[test]
fn a_policy_of_any_shape_is_refused_or_keeps_its_meaning() {
    let text = prop_oneof![
        json::any_policy().prop_map(|policy| policy.to_string()),
        any_json().prop_map(|json| json.to_string()),
        any_text()
    ];
    cases("policies", 300, text, |text| {
        let read = [
            Document::parse(&text),
            Document::from_encoded(&text),
            serde_json::from_str(&text).map_or_else(|_| Document::parse(""), Document::from_value),
        ];
        for document in read {
            let Ok(document) = document.map_err(|why| why.to_string()) else { continue };
            let printed = document.to_json();
            let again = Document::parse(&printed);
            prop_assert!(again.as_ref() == Ok(&document), "{printed}");
            prop_assert_eq!(again.map(|again| again.to_json()), Ok(printed.clone()));
            let whitespace = printed.chars().filter(char::is_ascii_whitespace).count();
            prop_assert_eq!(document.size() + whitespace, printed.chars().count());
            // All checks end, with the same result each time.
            let partition = Partition::parse("aws").expect("a partition");
            let judged = || {
                (
                    document.only_denies(),
                    document.grants_nothing(),
                    privileges(&document),
                    document.problems_as_identity_policy(&partition),
                )
            };
            prop_assert_eq!(format!("{:?}", judged()), format!("{:?}", judged()));
            if document.only_denies() {
                prop_assert!(document.grants_nothing() && privileges(&document).is_empty(), "{printed}");
            }
        }
        Ok(())
    });
}

#[test]
fn a_name_is_refused_or_stays_as_it_was() {
    cases("names", 400, json::any_name(), |text| {
        macro_rules! same {
            ($($kind:ident),*) => {
                $(if let Ok(name) = $kind::parse(&text) {
                    prop_assert_eq!(name.to_string(), text.clone(), "{}", stringify!($kind));
                    prop_assert!(text.is_ascii());
                })*
            };
        }
        same!(
            AccountId,
            Partition,
            RoleName,
            RolePath,
            RoleArn,
            PolicyArn,
            PrincipalArn,
            OrganizationId,
            ExternalIdPrefix
        );
        if let Ok(id) = ExternalId::parse(&text) {
            prop_assert_eq!(id.expose(), text.as_str());
            prop_assert_eq!(format!("{id:?}"), "ExternalId(hidden)");
        }
        if let Ok(range) = PublicCidr::parse(&text) {
            prop_assert_eq!(PublicCidr::parse(&range.to_string()), Ok(range));
        }
        Ok(())
    });
}

// --- Running ---

/// Runs this number of cases of a strategy, or as many as the time in `FUZZ_SECONDS` allows.
fn cases<S: Strategy>(name: &str, few: u32, strategy: S, test: impl Fn(S::Value) -> TestCaseResult)
where
    S::Value: Debug,
{
    let given = env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let until = given.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let done = Cell::new(0_u64);
    let mut reported = Instant::now();
    loop {
        let config = Config { cases: few, failure_persistence: None, ..Config::default() };
        let ended = TestRunner::new(config).run(&strategy, |value| {
            done.set(done.get() + 1);
            test(value)
        });
        if let Err(why) = ended {
            panic!("{name}, after {} cases: {why}", done.get());
        }
        let Some(until) = until else { return };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || reported.elapsed() > Duration::from_secs(10) {
            reported = Instant::now();
            // Not through the output of the test, which is shown only at its end.
            let _ = writeln!(std::io::stderr(), "{name}: {} cases, {} s left", done.get(), left.as_secs());
        }
        if left.is_zero() {
            return;
        }
    }
}
