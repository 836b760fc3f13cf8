//! Events that overlap, come in the wrong order, or too late. They go through the handler in virtual time, so one event can
//! start at any time during another.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::operation::{GENERATED_ID, auditor};
use super::safety::without_generated_fields;
use super::{AUDIT, EC2};
use crate::fixtures::PROVIDER;
use crate::stack::Stack;
use crate::wire::iam::{Fault, Role};

/// How long each call takes here.
const LATENCY: Duration = Duration::from_millis(400);

/// Delays after which a second event starts, until the first has ended.
fn delays(every: Duration, until: Duration) -> impl Iterator<Item = Duration> {
    (0..).map(move |n| every * n + Duration::from_millis(1)).take_while(move |delay| *delay < until)
}

const OFTEN: Duration = Duration::from_millis(150);

fn slow_stack() -> Stack {
    let stack = Stack::new();
    stack.account.edit(|aws| aws.latency = LATENCY);
    stack
}

fn roles(stack: &Stack) -> Vec<Role> {
    stack.account.edit(|aws| aws.roles.iter().map(without_generated_fields).collect())
}

/// With a given name and with a derived one.
fn all_properties() -> [Value; 2] {
    [auditor(), json!({ "ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT, EC2] })]
}

// --- Overlapping ---

#[tokio::test(start_paused = true)]
async fn a_delete_during_the_create_leaves_no_role() {
    for properties in all_properties() {
        for delay in delays(OFTEN, 6 * LATENCY) {
            let stack = slow_stack();
            let late_delete = async {
                sleep(delay).await;
                stack.delete(GENERATED_ID, properties.clone()).await
            };
            let (_, deleted) = tokio::join!(stack.create(properties.clone()), late_delete);
            assert!(deleted.succeeded(), "{delay:?}: {}", deleted.reason());
            assert_eq!(roles(&stack), [], "{delay:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_after_a_create_without_a_reply_leaves_no_role() {
    for times in [1, 2] {
        for delay in delays(2 * LATENCY, Duration::from_secs(25)) {
            let stack = slow_stack();
            stack.account.fail(Fault::reply_hangs().on("CreateRole").first(times));
            let late_delete = async {
                sleep(delay).await;
                stack.delete(GENERATED_ID, auditor()).await
            };
            let (_, deleted) = tokio::join!(stack.create(auditor()), late_delete);
            assert!(deleted.succeeded(), "{delay:?}: {}", deleted.reason());
            assert_eq!(roles(&stack), [], "{times} replies lost, {delay:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_create_does_not_make_the_role_again_during_its_delete() {
    let begins = 6 * LATENCY;
    let mut overlapped = 0;
    for delay in delays(OFTEN, 2 * begins) {
        let stack = slow_stack();
        let first = stack.create(auditor()).await;
        stack.account.clear_calls();
        // Lambda can deliver an event twice without a failure.
        let again = async {
            sleep(begins).await;
            stack.create(auditor()).await
        };
        let delete = async {
            sleep(delay).await;
            stack.delete(first.physical_id(), auditor()).await
        };
        let (_, deleted) = tokio::join!(again, delete);
        assert!(deleted.succeeded(), "{delay:?}: {}", deleted.reason());
        let writes = stack.account.writes();
        let asked = writes.iter().position(|call| call.starts_with("CreateRole"));
        if asked < writes.iter().position(|call| call.starts_with("DeleteRole ")) {
            assert_eq!(roles(&stack), [], "{delay:?}");
            overlapped += 1;
        }
    }
    assert!(overlapped > 10, "the events overlapped only {overlapped} times");
}

// --- In the wrong order ---

#[tokio::test(start_paused = true)]
async fn a_create_that_starts_during_its_delete_leaves_no_role() {
    for seconds in [1, 10, 30, 45] {
        let stack = slow_stack();
        let late_create = async {
            sleep(Duration::from_secs(seconds)).await;
            stack.create(auditor()).await
        };
        let (deleted, _) = tokio::join!(stack.delete(GENERATED_ID, auditor()), late_create);
        assert!(deleted.succeeded(), "{seconds} s: {}", deleted.reason());
        assert_eq!(roles(&stack), [], "{seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_delete_does_not_change_the_role_of_a_new_stack() {
    let first = Stack::new();
    first.create(auditor()).await;
    assert!(first.delete("Auditor", auditor()).await.succeeded());
    let second = Stack { id: first.id.replace("11111111-", "99999999-"), ..first.clone() };
    assert!(second.create(auditor()).await.succeeded());
    let before = roles(&second);
    for id in ["Auditor", GENERATED_ID] {
        assert!(first.delete(id, auditor()).await.succeeded(), "{id}");
        assert_eq!(roles(&second), before, "{id}");
    }
}

// --- Too late ---

#[tokio::test(start_paused = true)]
async fn a_create_delivered_again_after_the_end_of_its_operation_makes_no_role() {
    let stack = Stack::new();
    let mut properties = auditor();
    properties["ServiceTimeout"] = json!("360");
    let event = stack.event("Create", &json!({ "ResourceProperties": properties }));
    let created = stack.send(event.clone()).await;
    assert!(stack.delete(created.physical_id(), auditor()).await.succeeded());
    stack.account.clear_calls();

    let sent = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800);
    let late = stack.send_at(event, sent + Duration::from_secs(361)).await;
    assert!(late.reason().contains("its operation timed out after 360"), "{}", late.reason());
    assert_eq!((stack.account.calls(), roles(&stack)), (Vec::<String>::new(), Vec::new()));
}

// --- What it costs ---

#[tokio::test(start_paused = true)]
async fn only_a_delete_with_an_id_from_cloudformation_waits() {
    let took = async |made: bool, id: &str| {
        let stack = Stack::new();
        if made {
            stack.create(auditor()).await;
        }
        let started = Instant::now();
        let deleted = stack.delete(id, auditor()).await;
        assert!(deleted.succeeded(), "{}", deleted.reason());
        started.elapsed().as_secs()
    };
    for made in [true, false] {
        assert_eq!(took(made, "Auditor").await, 0, "its own ID");
        assert_eq!(took(made, &refused_id().await).await, 0, "no role was made");
    }
    // There is time left to remove a role that appears late, and for the answer.
    assert!((47..53).contains(&took(false, GENERATED_ID).await), "until shortly before the deadline");
    assert!((12..=15).contains(&took(true, GENERATED_ID).await), "as long as another role can appear");
}

async fn refused_id() -> String {
    Stack::new().create(json!({})).await.physical_id().to_owned()
}
