//! AWS does not respond, or the code panics: there is an answer before the deadline.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::SHORT;
use crate::fixtures::{AUDIT, EC2, ID, PROVIDER};
use crate::function::{Function, lines, requests, until};
use crate::stack::Answer;
use crate::wire::bucket;
use crate::wire::iam::Fault;
use crate::wire::lambda::Invocation;

#[tokio::test]
async fn if_iam_does_not_respond_the_answer_has_the_right_id_in_time() {
    tokio::join!(
        check_answer_in_time("Create", Fault::hang().every()),
        check_answer_in_time("Create", Fault::reply_hangs().on("CreateRole").every()),
        check_answer_in_time("Create", Fault::hang().on("AttachRolePolicy").every()),
        check_answer_in_time("Create", Fault::throttled().every()),
        check_answer_in_time("Update", Fault::hang().every()),
        check_answer_in_time("Update", Fault::hang().on_writes().every()),
        check_answer_in_time("Delete", Fault::hang().on("DeleteRole").every()),
    );
}

async fn check_answer_in_time(request_type: &str, fault: Fault) {
    let mut function = Function::new().await;
    let case = format!("{request_type}, {fault}");
    let properties = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": [AUDIT] });
    let before = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": [EC2] });
    let fields = if request_type == "Create" {
        json!({ "ResourceProperties": properties })
    } else {
        assert!(function.create(&before).await.succeeded());
        json!({ "PhysicalResourceId": "Auditor", "ResourceProperties": properties, "OldResourceProperties": before })
    };
    // The time to initialize does not count.
    until("init is over", || function.iam.connections() >= 3).await;
    function.account.fail(fault);
    // There is time for a second attempt to answer, too.
    function.bucket.fail(bucket::Fault::status(503));
    let event = function.event(request_type, fields);
    let earlier = function.bucket.answers().len();

    let (lambda, bucket) = (&mut function.lambda, &function.bucket);
    // The real deadline is a little later: it counts from when the function takes the event.
    let deadline = Instant::now() + SHORT;
    let first_attempt = async {
        until("an answer is sent", || bucket.received().len() > earlier).await;
        Instant::now()
    };
    let (ended, sent) = tokio::join!(lambda.invoke(&event, SHORT), first_attempt);
    assert_eq!(ended, Invocation::Response(Value::Null), "{case}");
    let left = deadline.saturating_duration_since(sent);
    assert!(left >= Duration::from_millis(2500), "{case}: answered {left:?} before the deadline");
    let answer = Answer(bucket.answers().pop().expect("the bucket kept it").json());
    assert_ne!(answer.reason(), "", "{case}");
    assert_eq!(answer.physical_id(), "Auditor", "{case}");
    assert_eq!(function.account.unused_faults(), [""; 0], "{case}");

    // The same process continues, and the abandoned work does not.
    function.account.clear_faults();
    function.account.clear_calls();
    assert!(function.delete(answer.physical_id(), &properties).await.succeeded(), "{case}");
    assert_eq!(function.account.roles(), [""; 0], "{case}");
    let writes = function.account.writes();
    assert!(writes.iter().all(|call| call.starts_with("De")), "{case}: {writes:?}");
}

#[tokio::test]
async fn a_panic_is_answered_without_its_message() {
    let mut function = Function::panicking().await;
    let properties = json!({ "ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ExternalId": ID });
    for _ in 0..2 {
        let answer = function.create(&properties).await;
        assert!(answer.reason().starts_with("Internal error (panic; see the function's log)"), "{}", answer.reason());
        assert_eq!(answer.physical_id(), "Auditor", "the role may exist");
    }
    let log = function.log().await;
    assert_eq!(requests(&log).len(), 2, "the process continues");
    let panics: Vec<_> = lines(&log).into_iter().filter(|line| line["message"] == "panic").collect();
    assert!(!panics.is_empty() && panics.iter().all(|panic| panic["place"].is_string()), "{log:#?}");
    assert!(!log.concat().contains("worker thread"), "the message of a panic can contain anything: {log:#?}");
}
