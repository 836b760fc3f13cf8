//! The program itself: the binary that is deployed, under Lambda's Runtime API, with real sockets to IAM
//! and to the bucket that takes its answers.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test insists")]

mod provider;

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::stack::{Answer, FUNCTION, HOME, PROVIDER, Stack};
use crate::wire::bucket::{self, Bucket};
use crate::wire::iam::{Account, Fault, Role};
use crate::wire::lambda::{Invocation, Lambda};
use crate::wire::server::Server;
use crate::wire::sts::Customer;

const BINARY: &str = env!("CARGO_BIN_EXE_service-provider-access");
const AUDIT: &str = "arn:aws:iam::aws:policy/SecurityAudit";
const EC2: &str = "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess";
const ID: &str = "an-external-id-of-the-provider";
const OTHER_ID: &str = "another-external-id-of-the-provider";

/// The function's timeout as it is installed.
const USUAL: Duration = Duration::from_mins(1);
/// One that a test can wait out.
const SHORT: Duration = Duration::from_secs(8);

// --- The protocol ---

#[tokio::test]
async fn one_process_answers_create_update_and_delete() {
    let mut function = Installed::new().await;
    let first = json!({ "ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT, EC2] });
    let second =
        json!({ "ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT], "MaxSessionDuration": "7200" });

    let created = function.create(&first).await;
    let name = created.physical_id();
    assert_eq!(function.account.role(name).unwrap().arn, created.attribute("RoleArn"));

    let updated = function.update(name, &first, &second).await;
    assert_eq!(updated.physical_id(), name);
    assert_eq!(updated.attribute("ExternalId"), created.attribute("ExternalId"));
    let role = function.account.role(name).unwrap();
    assert_eq!((role.max_session_duration, role.attached_policies), (7200, vec![AUDIT.to_owned()]));

    let deleted = function.delete(name, &second).await;
    assert!(deleted.succeeded(), "{}", deleted.reason());
    assert_eq!(function.account.roles(), [""; 0]);
    assert_eq!(requests(&function.log().await).len(), 3, "it was one process");
}

#[tokio::test]
async fn the_bucket_hears_one_put_for_each_event_and_nothing_else() {
    let mut function = Installed::new().await;
    let wish = json!({ "ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT] });
    let created = function.create(&wish).await;
    // A warm function finds the connections of the last event still open.
    function.update(created.physical_id(), &wish, &wish).await;
    function.delete(created.physical_id(), &wish).await;
    let heard: Vec<_> = function.bucket.received().into_iter().map(|put| (put.method, put.kept)).collect();
    assert_eq!(heard, vec![(hyper::Method::PUT, true); 3]);
}

#[tokio::test]
async fn the_longest_answers_are_within_the_limit() {
    let mut function = Installed::new().await;
    let id = "x".repeat(1224);
    let answer = function.create(&json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": id })).await;
    assert_eq!(answer.attribute("ExternalId"), id);
    assert_eq!((answer.attribute("TerraformProvider"), answer.attribute("AwsConfigProfile")), ("", ""));
    assert_ne!(answer.attribute("Warnings"), "");

    let misspelt = (0..200).map(|n| (format!("Größe-{n}-{}", "\"é".repeat(20)), json!("x")));
    let answer = function.create(&Value::Object(misspelt.collect())).await;
    assert!(answer.reason().ends_with('…'), "{}", answer.reason());
    assert!(answer.0.to_string().len() > 4000, "no more is cut than must be: {}", answer.0);
}

#[tokio::test]
async fn a_troubled_bucket_is_asked_until_it_takes_the_answer() {
    let mut function = Installed::new().await;
    function.bucket.fail(bucket::Fault::status(503));
    function.bucket.fail(bucket::Fault::connection_cut());
    function.bucket.fail(bucket::Fault::redirect());
    function.bucket.fail(bucket::Fault::status(403));
    function.bucket.fail(bucket::Fault::reply_lost());
    let wish = json!({ "ExternalAwsAccountId": PROVIDER });
    let event = function.event("Create", json!({ "ResourceProperties": wish }));
    let ended = function.lambda.invoke(&event, USUAL).await;
    assert_eq!(ended, Invocation::Response(Value::Null));

    let received = function.bucket.received();
    assert_eq!(received.iter().map(|put| put.kept).collect::<Vec<_>>(), [false, false, false, false, true, true]);
    let mut answers = (0..received.len()).map(|nth| function.heard(&event, nth));
    let first = answers.next().unwrap();
    assert!(first.succeeded(), "{}", first.reason());
    assert!(answers.all(|answer| answer == first), "the same answer each time, to the same place");
    assert_eq!(function.account.writes().len(), 2, "the work is done once: {:?}", function.account.writes());
}

#[tokio::test]
async fn a_bucket_that_is_silent_is_asked_again() {
    let mut function = Installed::new().await;
    function.bucket.fail(bucket::Fault::hang());
    let answer = function.create(&json!({ "ExternalAwsAccountId": PROVIDER })).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    assert_eq!(function.bucket.received().len(), 2);
}

#[tokio::test]
async fn a_warm_function_goes_to_work_even_if_the_bucket_is_silent() {
    let mut function = Installed::new().await;
    let before = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor" });
    let wish = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": [AUDIT] });
    assert!(function.create(&before).await.succeeded());
    function.bucket.fail(bucket::Fault::hang().every());
    let fields =
        json!({ "PhysicalResourceId": "Auditor", "ResourceProperties": wish, "OldResourceProperties": before });
    let event = function.event("Update", fields);
    let ended = function.lambda.invoke(&event, SHORT).await;
    assert_ne!(ended, Invocation::Response(Value::Null), "nobody took an answer");
    assert_eq!(function.account.role("Auditor").unwrap().attached_policies, [AUDIT]);
    assert!(function.bucket.received().len() > 1);
    for nth in 1..function.bucket.received().len() {
        assert!(function.heard(&event, nth).succeeded(), "an answer was at least tried");
    }
}

#[tokio::test]
async fn lambda_hears_of_an_error_only_when_no_answer_could_be_delivered() {
    let mut function = Installed::new().await;
    function.bucket.fail(bucket::Fault::status(503).every());
    let wish = json!({ "ExternalAwsAccountId": PROVIDER });
    let event = function.event("Create", json!({ "ResourceProperties": wish }));
    let Invocation::Error(error) = function.lambda.invoke(&event, SHORT).await else {
        panic!("nobody was answered, and Lambda does not know");
    };
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.starts_with("the answer could not be delivered in "), "{message}");
    assert!(message.ends_with(" attempts: HTTP status 503"), "{message}");
    let attempts = function.bucket.received().len();
    assert!(attempts >= 4, "it is not given up early: {attempts} attempts");
    let made = function.account.roles();
    assert_eq!(made.len(), 1);

    // Lambda delivers it again, which finds the work done.
    let mut function = function.with_a_healthy_bucket().await;
    let again = function.event("Create", json!({ "ResourceProperties": wish }));
    let answer = function.answer_to(&again).await;
    assert_eq!([answer.attribute("RoleName")], [made[0].as_str()]);
    assert_eq!(function.account.roles(), made);
}

#[tokio::test]
async fn lambda_hears_of_a_bucket_that_never_says_a_word() {
    let mut function = Installed::new().await;
    function.bucket.fail(bucket::Fault::hang().every());
    let event = function.event("Create", json!({ "ResourceProperties": { "ExternalAwsAccountId": PROVIDER } }));
    let ended = function.lambda.invoke(&event, SHORT).await;
    let log = function.log().await;
    assert!(matches!(ended, Invocation::Error(_)), "Lambda had to end it: {ended:?}");
    assert_eq!(requests(&log).len(), 1, "what it did is in the log: {log:#?}");
}

#[tokio::test]
async fn no_other_place_than_the_response_bucket_is_ever_written_to() {
    let mut function = Installed::new().await;
    let other = Bucket::start().await;
    let own = function.bucket.url_for("Access");
    let signed = own.strip_prefix(&function.bucket.origin()).unwrap();
    let regional = "cloudformation-custom-resource-response";
    let places = [
        other.url_for("Access"),
        format!("{}@{}", "http://someone", &own["http://".len()..]),
        own.replace("http://", "https://"),
        format!("https://{regional}-euwest1.s3.eu-west-1.amazonaws.com{signed}"),
        format!("http://{regional}-useast1.s3.amazonaws.com{signed}"),
        format!("https://{regional}-useast1.s3.amazonaws.com.example.com{signed}"),
        signed.to_owned(),
        String::new(),
    ];
    for place in &places {
        let properties = json!({ "ExternalAwsAccountId": PROVIDER });
        let event = function.event("Create", json!({ "ResponseURL": place, "ResourceProperties": properties }));
        let ended = function.lambda.invoke(&event, USUAL).await;
        let Invocation::Error(error) = ended else { panic!("{place}: {ended:?}") };
        assert!(!error.to_string().contains("X-Amz"), "{error}");
    }
    assert_eq!(function.account.calls(), [""; 0]);
    assert_eq!((other.connections(), function.bucket.received().len()), (0, 0));

    let log = function.log().await;
    let errors =
        lines(&log).into_iter().filter(|line| line["level"] == "ERROR" && line["outcome"] == "unanswerable").count();
    assert_eq!(errors, places.len(), "each is an error in the log: {log:#?}");
}

#[tokio::test]
async fn a_request_that_cannot_be_answered_has_its_line_in_the_log() {
    let mut function = Installed::new().await;
    let event = function.event("Create", json!({ "ResponseURL": "https://example.com/", "ResourceProperties": {} }));
    function.lambda.invoke(&event, USUAL).await;
    let log = function.log().await;
    let about: Vec<_> = lines(&log).into_iter().filter(|line| line["request_id"] == event["RequestId"]).collect();
    assert_eq!(about.len(), 1, "somebody will look for the stack that hangs: {log:#?}");
    assert_eq!(about[0]["logical_id"], "Access");
}

#[tokio::test]
async fn a_stack_of_another_account_or_region_is_refused() {
    let mut function = Installed::new().await;
    let wish = json!({ "ExternalAwsAccountId": PROVIDER });
    for (account, region) in [("333333333333", "us-east-1"), (HOME, "eu-west-1")] {
        let stack = format!("arn:aws:cloudformation:{region}:{account}:stack/other/1");
        let fields = |rest: Value| {
            let mut fields = json!({ "StackId": stack, "ResourceProperties": wish });
            fields.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            fields
        };
        let refused = function.answer_to(&function.event("Create", fields(json!({})))).await;
        let told = format!("The stack is in account {account} and Region {region}, but this function works for");
        assert!(refused.reason().starts_with(&told), "{}", refused.reason());
        let gone = fields(json!({ "PhysicalResourceId": refused.physical_id() }));
        assert!(function.answer_to(&function.event("Delete", gone)).await.succeeded(), "its delete is harmless");
    }
    assert_eq!(function.account.calls(), [""; 0]);
}

#[tokio::test]
async fn malformed_events_are_answered_and_none_ends_the_process() {
    let mut function = Installed::new().await;
    let wish = json!({ "ExternalAwsAccountId": PROVIDER });
    for fields in [
        json!({ "RequestType": "Destroy", "ResourceProperties": wish }),
        json!({ "RequestType": null, "ResourceProperties": wish }),
        json!({ "RequestType": ["Create"], "ResourceProperties": wish }),
        json!({ "ResourceType": "Custom::Other", "ResourceProperties": wish }),
        json!({ "ResourceType": 1, "ResourceProperties": wish }),
        json!({ "StackId": "customer", "ResourceProperties": wish }),
        json!({ "StackId": {}, "ResourceProperties": wish }),
        json!({ "LogicalResourceId": 7, "ResourceProperties": wish }),
        json!({ "RequestId": null, "ResourceProperties": wish }),
        json!({ "ResourceProperties": "ExternalAwsAccountId" }),
        json!({ "ResourceProperties": null }),
        json!({}),
        json!({ "RequestType": "Update", "ResourceProperties": wish }),
        json!({ "RequestType": "Update", "PhysicalResourceId": "", "ResourceProperties": wish, "OldResourceProperties": wish }),
        json!({ "RequestType": "Update", "PhysicalResourceId": "x", "ResourceProperties": wish, "OldResourceProperties": [] }),
        json!({ "RequestType": "Delete" }),
    ] {
        let event = function.event("Create", fields);
        let ended = function.lambda.invoke(&event, USUAL).await;
        assert_eq!(ended, Invocation::Response(Value::Null), "{event}");
        let answer = Answer(function.bucket.answers().pop().expect("there is an answer").json());
        assert_ne!(answer.reason(), "", "{event}");
        assert_ne!(answer.physical_id(), "", "{event}");
        // What was readable comes back.
        for echo in ["StackId", "RequestId", "LogicalResourceId"] {
            assert_eq!(answer.0[echo], event[echo].as_str().unwrap_or_default(), "{event}");
        }
    }
    for nonsense in [json!(null), json!([]), json!("Create"), json!({})] {
        let ended = function.lambda.invoke(&nonsense, USUAL).await;
        assert!(matches!(ended, Invocation::Error(_)), "{nonsense}: {ended:?}");
    }
    assert_eq!(function.account.calls(), [""; 0]);
    assert!(function.create(&wish).await.succeeded(), "it still works");
}

#[tokio::test]
async fn a_delivery_after_the_operation_is_over_writes_nothing() {
    let mut function = Installed::new().await;
    let url = function.bucket.url_signed_at("Access", SystemTime::now() - Duration::from_secs(400));
    let properties = json!({ "ExternalAwsAccountId": PROVIDER, "ServiceTimeout": "360" });
    let event = function.event("Create", json!({ "ResponseURL": url, "ResourceProperties": properties }));
    let answer = function.answer_to(&event).await;
    assert!(answer.reason().contains("ServiceTimeout"), "{}", answer.reason());
    assert_eq!(function.account.writes(), [""; 0]);
}

#[tokio::test]
async fn wrong_settings_are_told_to_the_stack() {
    let mut function = Installed::with(&[("MAX_SESSION_DURATION_CAP", "an hour")]).await;
    let answer = function.create(&json!({ "ExternalAwsAccountId": PROVIDER })).await;
    assert!(answer.reason().contains("MAX_SESSION_DURATION_CAP"), "{}", answer.reason());
    assert!(function.delete(answer.physical_id(), &json!({})).await.succeeded());
}

#[tokio::test]
async fn no_proxy_sees_anything() {
    let proxy = Bucket::start().await;
    let origin = proxy.origin();
    let variables = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let mut function = Installed::with(&variables.map(|variable| (variable, origin.as_str()))).await;
    assert!(function.create(&json!({ "ExternalAwsAccountId": PROVIDER })).await.succeeded());
    assert_eq!(proxy.connections(), 0);
}

// --- Time, panics and death ---

#[tokio::test]
async fn when_iam_is_silent_the_true_id_is_told_in_time() {
    tokio::join!(
        told_in_time("Create", Fault::hang().every()),
        told_in_time("Create", Fault::reply_hangs().on("CreateRole").every()),
        told_in_time("Create", Fault::hang().on("AttachRolePolicy").every()),
        told_in_time("Create", Fault::throttled().every()),
        told_in_time("Update", Fault::hang().every()),
        told_in_time("Update", Fault::hang().on_writes().every()),
        told_in_time("Delete", Fault::hang().on("DeleteRole").every()),
    );
}

async fn told_in_time(request_type: &str, fault: Fault) {
    let mut function = Installed::new().await;
    let case = format!("{request_type}, {fault}");
    let wish = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": [AUDIT] });
    let before = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": [EC2] });
    let fields = if request_type == "Create" {
        json!({ "ResourceProperties": wish })
    } else {
        assert!(function.create(&before).await.succeeded());
        json!({ "PhysicalResourceId": "Auditor", "ResourceProperties": wish, "OldResourceProperties": before })
    };
    // Init is not what is measured.
    until("init is over", || function.iam.connections() >= 3).await;
    function.account.fail(fault);
    // There is time for a second try, too.
    function.bucket.fail(bucket::Fault::status(503));
    let event = function.event(request_type, fields);
    let earlier = function.bucket.answers().len();

    let (lambda, bucket) = (&mut function.lambda, &function.bucket);
    // The deadline counts from when the event is taken: it is a little later than this.
    let deadline = Instant::now() + SHORT;
    let first_try = async {
        until("an answer is sent", || bucket.received().len() > earlier).await;
        Instant::now()
    };
    let (ended, sent) = tokio::join!(lambda.invoke(&event, SHORT), first_try);
    assert_eq!(ended, Invocation::Response(Value::Null), "{case}");
    let left = deadline.saturating_duration_since(sent);
    assert!(left >= Duration::from_millis(2500), "{case}: answered {left:?} before the deadline");
    let answer = Answer(bucket.answers().pop().expect("it was kept").json());
    assert_ne!(answer.reason(), "", "{case}");
    assert_eq!(answer.physical_id(), "Auditor", "{case}");
    assert_eq!(function.account.unused_faults(), [""; 0], "{case}");

    // The same process goes on, and what was abandoned does not come back.
    function.account.clear_faults();
    function.account.clear_calls();
    assert!(function.delete(answer.physical_id(), &wish).await.succeeded(), "{case}");
    assert_eq!(function.account.roles(), [""; 0], "{case}");
    let writes = function.account.writes();
    assert!(writes.iter().all(|call| call.starts_with("De")), "{case}: {writes:?}");
}

#[tokio::test]
async fn a_panic_is_answered_and_its_words_are_not_told() {
    let mut function = Installed::panicking().await;
    let wish = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ExternalId": ID });
    for _ in 0..2 {
        let answer = function.create(&wish).await;
        assert!(answer.reason().starts_with("The function met an error of its own"), "{}", answer.reason());
        assert_eq!(answer.physical_id(), "Auditor", "nobody can know how far it came");
    }
    let log = function.log().await;
    assert_eq!(requests(&log).len(), 2, "the process lives on");
    let panics: Vec<_> = lines(&log).into_iter().filter(|line| line["message"] == "panic").collect();
    assert!(!panics.is_empty() && panics.iter().all(|panic| panic["place"].is_string()), "{log:#?}");
    assert!(!log.concat().contains("worker thread"), "a panic's words may hold anything: {log:#?}");
}

#[tokio::test]
async fn a_create_that_died_anywhere_is_completed_by_the_next_delivery() {
    let wish = json!({
        "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "ManagedPolicyArns": [AUDIT, EC2], "CustomPolicy": read_bucket(),
        "Tags": [{ "Key": "team", "Value": "platform" }],
    });
    let mut undisturbed = Installed::new().await;
    let name = undisturbed.create(&wish).await.physical_id().to_owned();
    let role = undisturbed.account.role(&name).map(by_content);
    let writes = undisturbed.account.writes().len();
    assert!(writes >= 4, "there is a middle");

    for write in 1..=writes {
        let mut function = Installed::new().await;
        let event = function.event("Create", json!({ "ResourceProperties": wish }));
        function.die_during(&event, write).await;
        let answer = function.answer_to(&event).await;
        assert_eq!(answer.attribute("RoleName"), name, "died during write {write}");
        assert_eq!(function.account.role(&name).map(by_content), role, "died during write {write}");
    }
}

#[tokio::test]
async fn a_delete_that_died_anywhere_is_completed_by_the_next_delivery() {
    let wish = json!({
        "ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT, EC2], "CustomPolicy": read_bucket(),
    });
    for write in 1.. {
        let mut function = Installed::new().await;
        let name = function.create(&wish).await.physical_id().to_owned();
        function.account.clear_calls();
        let event = function.event("Delete", json!({ "PhysicalResourceId": name, "ResourceProperties": wish }));
        function.die_during(&event, write).await;
        let last = function.account.writes().iter().any(|call| call.starts_with("DeleteRole "));
        let deleted = function.answer_to(&event).await;
        assert!(deleted.succeeded(), "died during write {write}: {}", deleted.reason());
        assert_eq!(function.account.roles(), [""; 0], "died during write {write}");
        if last {
            assert!(write >= 4, "there was a middle");
            return;
        }
    }
}

#[tokio::test]
async fn a_narrowing_that_died_anywhere_ends_its_sessions_with_the_next_delivery() {
    let wish = |id: &str| json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ExternalId": id, "ManagedPolicyArns": AUDIT });
    let (before, after) = (wish(ID), wish(OTHER_ID));
    // Even one that would not do so by itself, and the one that brings the old trust back.
    let mut never = after.clone();
    never["RevokeSessions"] = json!("Never");
    let case = async |write: usize, next: &Value| {
        let mut function = Installed::new().await;
        assert!(function.create(&before).await.succeeded());
        function.account.clear_calls();
        let fields =
            json!({ "PhysicalResourceId": "Auditor", "ResourceProperties": after, "OldResourceProperties": before });
        let event = function.event("Update", fields);
        function.die_during(&event, write).await;
        let narrowed = function.account.role("Auditor").unwrap().trust.text().contains(OTHER_ID);
        let answer = function.update("Auditor", &after, next).await;
        assert_eq!(answer.attribute("Warnings"), "", "died during write {write}");
        let role = function.account.role("Auditor").unwrap();
        assert!(!role.tags.contains_key("service-provider-access:revoke"), "died during write {write}");
        assert!(role.inline_policies.contains_key("AWSRevokeOlderSessions"), "died during write {write}");
        (write, narrowed)
    };
    // Mark, trust, deny, and the mark again. They wait side by side.
    let cases = (1..=4).flat_map(|write| [&after, &before, &never].map(|next| case(write, next)));
    let narrowed = futures_util::future::join_all(cases).await;
    assert!(narrowed.into_iter().all(|(write, narrowed)| narrowed == (write >= 2)));
}

/// A role apart from what IAM makes up.
fn by_content(mut role: Role) -> Role {
    role.attached_policies.sort();
    Role { id: String::new(), created: 0, ..role }
}

// --- Speed ---

#[tokio::test]
async fn a_cold_create_finds_its_connections_open() {
    let mut function = Installed::new().await;
    until("three connections to IAM are open before any event", || function.iam.connections() == 3).await;
    assert_eq!(function.account.calls(), [""; 0], "nothing is sent ahead");

    // So slow that everything that can be side by side is.
    function.account.edit(|aws| aws.latency = Duration::from_millis(100));
    let wish = json!({
        "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": [AUDIT, EC2],
        "CustomPolicy": read_bucket(),
    });
    assert!(function.create(&wish).await.succeeded());
    assert_eq!(function.account.max_in_flight(), 3);
    assert_eq!(function.iam.connections(), 3, "no more are opened, none is left idle");
    assert_eq!(function.bucket.connections(), 1);
    let calls = function.account.calls();
    assert_eq!((calls.len(), calls[0].as_str()), (5, "CreateRole Auditor"));
    // That IAM hears nothing else over them is what the account insists on when it is dropped.
}

#[tokio::test]
async fn the_connection_for_the_answer_is_opened_while_iam_works() {
    let mut function = Installed::new().await;
    function.account.fail(Fault::hang().every());
    let event = function.event("Create", json!({ "ResourceProperties": { "ExternalAwsAccountId": PROVIDER } }));
    let (lambda, bucket) = (&mut function.lambda, &function.bucket);
    let watch = async {
        until("the connection is open", || bucket.connections() == 1).await;
        // IAM is silent until seconds before the deadline: this is long before there is an answer.
        sleep(Duration::from_millis(300)).await;
        bucket.received().len()
    };
    let (_, sent) = tokio::join!(lambda.invoke(&event, SHORT), watch);
    assert_eq!(sent, 0, "it was opened for the answer only when that was there");
    assert_eq!(bucket.connections(), 1, "and is the one that carries it");
}

#[tokio::test]
async fn a_warm_function_opens_no_more_connections_than_it_needs() {
    let mut function = Installed::new().await;
    let wish = json!({ "ExternalAwsAccountId": PROVIDER });
    let name = function.create(&wish).await.physical_id().to_owned();
    let rounds = 5;
    for _ in 0..rounds {
        function.update(&name, &wish, &wish).await;
    }
    assert!(function.iam.connections() <= 4, "{} connections to IAM", function.iam.connections());
    assert!(function.bucket.connections() <= 1 + rounds, "{} to the bucket", function.bucket.connections());
}

// --- The log ---

#[tokio::test]
async fn every_request_is_one_line() {
    let mut function = Installed::new().await;
    let wish = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor" });
    let event = function.event("Create", json!({ "ResourceProperties": wish }));
    function.account.fail(Fault::throttled().on("CreateRole"));
    assert!(function.answer_to(&event).await.succeeded());
    let calls = function.account.calls().len();
    let failing = function.create(&json!({ "RoleName": "Auditor" })).await;
    let requests = requests(&function.log().await);

    assert_eq!(requests.len(), 2);
    let [first, second] = &requests[..] else { panic!("there are two") };
    for key in ["timestamp", "level", "target", "request_id", "stack_id", "logical_id", "duration_ms"] {
        assert!(!first[key].is_null(), "{key} is missing: {first}");
    }
    assert!(first["duration_ms"].is_u64(), "{first}");
    let told =
        ["request_id", "request_type", "resource_type", "logical_id", "outcome", "aws_calls"].map(|key| &first[key]);
    let calls = json!(calls);
    let expected = [
        &event["RequestId"],
        &json!("Create"),
        &json!("Custom::DelegatedRole"),
        &json!("Access"),
        &json!("success"),
        &calls,
    ];
    assert_eq!(told, expected);
    assert_eq!(calls, 3, "repeated calls count");
    assert_eq!((&second["outcome"], second["reason"].as_str()), (&json!("failed"), Some(failing.reason())));
    assert_eq!(second["aws_calls"], 1, "a look for what an earlier delivery may have left");
}

#[tokio::test]
async fn no_secret_is_told_at_any_level() {
    // The second would be a filter for other crates if it were taken for one.
    for level in ["trace", "trace,lambda_runtime=trace,reqwest=trace,hyper=trace,aws_smithy_runtime=trace"] {
        let mut function = Installed::with(&[("RUST_LOG", level)]).await;
        let known = [ID, OTHER_ID, "%7CAccess"].into_iter().chain(Lambda::SECRETS);
        let mut secrets: Vec<String> = known.map(str::to_owned).collect();
        let mut told = vivid_life(&mut function, &mut secrets).await;
        let log = function.log().await;
        assert!(requests(&log).len() >= 8, "{log:#?}");
        let repeated = lines(&log).iter().any(|line| line["message"] == "trying again");
        assert_eq!(repeated, level == "trace", "what is told at lower levels is among it: {log:#?}");
        told.extend(log);

        let mut function = Installed::panicking().await;
        function.create(&json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": ID })).await;
        told.extend(function.log().await);

        for secret in &secrets {
            assert!(secret.len() >= 6, "{secret} may stand anywhere");
            let leak = told.iter().find(|line| line.contains(secret.as_str()));
            assert_eq!(leak, None, "{secret} is told");
        }
    }
}

/// All that may happen to secrets: `secrets` learns those that are made on the way. Returns all that was told to
/// people other than in the log.
async fn vivid_life(function: &mut Installed, secrets: &mut Vec<String>) -> Vec<String> {
    let mut told = Vec::new();
    let wish = |external_id: Value| json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": external_id });

    function.account.fail(Fault::throttled().on("CreateRole"));
    let created = function.create(&json!({ "ExternalAwsAccountId": PROVIDER })).await;
    let name = created.physical_id().to_owned();
    secrets.push(created.attribute("ExternalId").to_owned());
    assert!(function.update(&name, &json!({}), &wish(json!([ID, OTHER_ID]))).await.succeeded());

    // IAM quotes what it was sent.
    let document = function.account.role(&name).unwrap().trust.json().to_string();
    for (action, message) in [
        (
            "UpdateAssumeRolePolicy",
            format!(
                "1 validation error detected: Value '{document}' at 'policyDocument' failed to satisfy constraint: Member must have length less than or equal to 10"
            ),
        ),
        (
            "UpdateAssumeRolePolicy",
            format!(
                "2 validation errors detected: Value '{document}' at 'policyDocument' failed to satisfy constraint: Member must not be null; Value '{OTHER_ID}' at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"
            ),
        ),
    ] {
        function.account.fail(Fault::refused(400, "ValidationError", &message).on(action));
        let failed = function.update(&name, &wish(json!([ID, OTHER_ID])), &wish(json!(ID))).await;
        assert!(failed.reason().contains("iam:UpdateAssumeRolePolicy"), "{}", failed.reason());
        told.push(failed.reason().to_owned());
    }
    let organization = "with an explicit deny in a service control policy";
    function.account.fail(Fault::denied_because(organization).on("UpdateAssumeRolePolicy"));
    told.push(function.update(&name, &json!({}), &wish(json!(OTHER_ID))).await.reason().to_owned());

    // What is wrong with an external ID, or near one, is told without it.
    for properties in [
        wish(json!(format!("{ID} {OTHER_ID}!"))),
        wish(json!([ID, ID])),
        wish(json!([ID, OTHER_ID, "third"])),
        wish(json!({ ID: OTHER_ID })),
        json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RequireExternalId": "false" }),
        json!({ "ExternalAwsAccountId": PROVIDER, "ExternalID": ID, "external_id": OTHER_ID }),
    ] {
        told.push(function.create(&properties).await.reason().to_owned());
    }
    let trusts = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{PROVIDER}:root") }, "Action": "sts:AssumeRole",
        "Condition": { "StringEquals": { "sts:ExternalId": ID } },
    }] });
    function.account.put_role(Role::named("Taken").path("/delegated/").trust(trusts));
    let taken = json!({ "ExternalAwsAccountId": PROVIDER, "ExternalId": OTHER_ID, "RoleName": "Taken" });
    told.push(function.create(&taken).await.reason().to_owned());
    let malformed =
        function.event("Create", json!({ "RequestId": { "secret": ID }, "ResourceProperties": [OTHER_ID] }));
    function.lambda.invoke(&malformed, USUAL).await;
    told.push(function.bucket.answers().pop().unwrap().json()["Reason"].to_string());

    // Nobody can be answered.
    let elsewhere = function.event("Create", json!({ "ResponseURL": "https://example.com/?X-Amz-Signature=secret" }));
    told.push(format!("{:?}", function.lambda.invoke(&elsewhere, USUAL).await));
    function.bucket.fail(bucket::Fault::status(503));
    function.bucket.fail(bucket::Fault::connection_cut().every());
    let unheard = function.event(
        "Update",
        json!({
            "PhysicalResourceId": name, "ResourceProperties": wish(json!(ID)), "OldResourceProperties": {},
        }),
    );
    let ended = function.lambda.invoke(&unheard, Duration::from_secs(5)).await;
    assert_ne!(ended, Invocation::Response(Value::Null), "nobody took an answer");
    told.push(format!("{ended:?}"));
    told
}

// --- The function, installed ---

/// The function in an account of its own, with one stack that uses it, and somebody else's account.
struct Installed {
    account: Account,
    iam: Server,
    customer: Customer,
    sts: Server,
    bucket: Bucket,
    lambda: Lambda,
    environment: Vec<(String, String)>,
}

impl Installed {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(settings: &[(&str, &str)]) -> Self {
        let account = Account::new();
        let iam = account.serve().await;
        let endpoint = iam.origin();
        Self::in_account(account, iam, &endpoint, settings).await
    }

    /// One whose every attempt to open a connection to IAM ends in a panic: the name in its endpoint is looked
    /// up by a thread, and no thread gets a stack of that size.
    async fn panicking() -> Self {
        let account = Account::new();
        let iam = account.serve().await;
        let endpoint = iam.origin().replace("127.0.0.1", "localhost");
        let settings = [("RUST_MIN_STACK", "4611686018427387904"), ("RUST_LOG", "trace")];
        Self::in_account(account, iam, &endpoint, &settings).await
    }

    async fn in_account(account: Account, iam: Server, endpoint: &str, settings: &[(&str, &str)]) -> Self {
        let bucket = Bucket::start().await;
        let customer = Customer::new();
        let sts = customer.serve().await;
        let addresses = [
            ("AWS_ENDPOINT_URL_IAM", endpoint),
            ("AWS_ENDPOINT_URL_STS", &sts.origin()),
            ("AWS_ENDPOINT_URL_S3", &bucket.origin()),
        ];
        let addresses = addresses.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment: Vec<_> = [("TRUSTED_ACCOUNT_IDS", PROVIDER)]
            .iter()
            .chain(settings)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .chain(addresses)
            .collect();
        let lambda = started(&environment).await;
        Self { account, iam, customer, sts, bucket, lambda, environment }
    }

    /// The same account after the bucket's troubles are over.
    async fn with_a_healthy_bucket(mut self) -> Self {
        self.lambda.kill().await;
        let endpoint = self.iam.origin();
        Self::in_account(self.account, self.iam, &endpoint, &[]).await
    }

    /// An event of the stack's; what `fields` holds stands in it as it is, save that properties get what
    /// CloudFormation adds.
    fn event(&self, request_type: &str, mut fields: Value) -> Value {
        for properties in ["ResourceProperties", "OldResourceProperties"] {
            if let Some(Value::Object(properties)) = fields.get_mut(properties) {
                properties.entry("ServiceToken").or_insert(json!(FUNCTION));
                properties.entry("ServiceTimeout").or_insert(json!("360"));
            }
        }
        let mut event = Stack::in_account(self.account.clone(), "customer").event(request_type, &json!({}));
        event["ResponseURL"] = self.bucket.url_for("Access").into();
        event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        event
    }

    async fn create(&mut self, properties: &Value) -> Answer {
        let event = self.event("Create", json!({ "ResourceProperties": properties }));
        self.answer_to(&event).await
    }

    async fn update(&mut self, physical_id: &str, old: &Value, new: &Value) -> Answer {
        let fields = json!({
            "PhysicalResourceId": physical_id, "ResourceProperties": new, "OldResourceProperties": old,
        });
        let event = self.event("Update", fields);
        self.answer_to(&event).await
    }

    async fn delete(&mut self, physical_id: &str, properties: &Value) -> Answer {
        let fields = json!({ "PhysicalResourceId": physical_id, "ResourceProperties": properties });
        let event = self.event("Delete", fields);
        self.answer_to(&event).await
    }

    /// What CloudFormation hears about an event, and Lambda nothing bad.
    async fn answer_to(&mut self, event: &Value) -> Answer {
        let ended = self.lambda.invoke(event, USUAL).await;
        assert_eq!(ended, Invocation::Response(Value::Null));
        let received = self.bucket.received();
        let kept = received.iter().enumerate().filter(|(_, put)| put.kept && put.target == self.target(event));
        let [nth] = kept.map(|(nth, _)| nth).collect::<Vec<_>>()[..] else { panic!("not one answer: {received:?}") };
        self.heard(event, nth)
    }

    /// Starts the event, lets the process die when this write was done and IAM is about to say so, and starts
    /// another one.
    async fn die_during(&mut self, event: &Value, write: usize) {
        self.account.fail(Fault::reply_hangs().on_writes().nth(write));
        let account = &self.account;
        tokio::select! {
            ended = self.lambda.invoke(event, USUAL) => panic!("it ended: {ended:?}"),
            () = until("the write is done", || account.unused_faults().is_empty()) => {}
        }
        self.lambda.kill().await;
        self.account.clear_faults();
        assert!(self.bucket.answers().iter().all(|put| put.target != self.target(event)), "nobody was answered");
        self.lambda = started(&self.environment).await;
    }

    /// What the bucket received as its `nth` request, counted from zero, checked for what holds for every answer.
    fn heard(&self, event: &Value, nth: usize) -> Answer {
        let put = self.bucket.received().swap_remove(nth);
        assert_eq!((put.method.as_str(), put.target.as_str()), ("PUT", self.target(event)));
        let header = |name| put.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(header("content-type"), [""], "the URL is signed for an empty one");
        assert_eq!(header("content-length"), [put.body.len().to_string()]);
        for name in ["transfer-encoding", "authorization", "x-amz-security-token", "cookie"] {
            assert_eq!(header(name), [""; 0], "{name}");
        }
        assert!(put.body.len() <= 4096, "{} bytes", put.body.len());
        let answer = Answer(put.json());
        for echo in ["StackId", "RequestId", "LogicalResourceId"] {
            assert_eq!(answer.0[echo], event[echo]);
        }
        assert!((1..=1024).contains(&answer.physical_id().len()), "{}", answer.0);
        answer
    }

    /// Path and query of an event's response URL.
    fn target<'e>(&self, event: &'e Value) -> &'e str {
        event["ResponseURL"].as_str().unwrap().strip_prefix(&self.bucket.origin()).unwrap()
    }

    /// All that the process wrote until now, which is its end.
    async fn log(&mut self) -> Vec<String> {
        self.lambda.kill().await
    }
}

async fn started(environment: &[(String, String)]) -> Lambda {
    let environment: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Lambda::start(BINARY, &environment).await
}

/// A log is JSON, line by line.
fn lines(log: &[String]) -> Vec<Value> {
    let parsed = log.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")));
    let lines: Vec<Value> = parsed.collect();
    assert!(lines.iter().all(Value::is_object), "{log:#?}");
    lines
}

/// The lines that tell what became of a request.
fn requests(log: &[String]) -> Vec<Value> {
    lines(log).into_iter().filter(|line| line["message"] == "request").collect()
}

/// Waits for what is bound to come; the limit is for tests that fail.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < limit, "in vain: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

fn read_bucket() -> Value {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*" },
    ] })
}
