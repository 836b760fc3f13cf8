//! Events that overlap, come in the wrong order, or too late. Through the handler and in virtual time, so that
//! one event may begin at any moment of another.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::operation::{MADE_UP, auditor, auditor_with};
use super::safety::by_content;
use super::{AUDIT, EC2};
use crate::fixtures::PROVIDER;
use crate::stack::Stack;
use crate::wire::iam::{Fault, Role};

/// How long each call takes here.
const LATENCY: Duration = Duration::from_millis(400);

/// Moments at which a second event may begin, until the first has certainly ended.
fn moments(every: Duration, until: Duration) -> impl Iterator<Item = Duration> {
    (0..).map(move |n| every * n + Duration::from_millis(1)).take_while(move |moment| *moment < until)
}

const OFTEN: Duration = Duration::from_millis(150);

fn slow_stack() -> Stack {
    let stack = Stack::new();
    stack.account.edit(|aws| aws.latency = LATENCY);
    stack
}

fn roles(stack: &Stack) -> Vec<Role> {
    stack.account.edit(|aws| aws.roles.iter().map(by_content).collect())
}

/// With a name of its own, and with one that is derived.
fn wishes() -> [Value; 2] {
    [auditor(), json!({ "ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [AUDIT, EC2] })]
}

// --- Overlapping ---

#[tokio::test(start_paused = true)]
async fn a_delete_that_comes_while_the_create_still_runs_leaves_nothing() {
    for wish in wishes() {
        for delay in moments(OFTEN, 6 * LATENCY) {
            let stack = slow_stack();
            let late_delete = async {
                sleep(delay).await;
                stack.delete(MADE_UP, wish.clone()).await
            };
            let (_, deleted) = tokio::join!(stack.create(wish.clone()), late_delete);
            assert!(deleted.succeeded(), "{delay:?}: {}", deleted.reason());
            assert_eq!(roles(&stack), [], "{delay:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_never_heard_of_its_role_may_make_another_which_goes_too() {
    for times in [1, 2] {
        for delay in moments(2 * LATENCY, Duration::from_secs(25)) {
            let stack = slow_stack();
            stack.account.fail(Fault::reply_hangs().on("CreateRole").first(times));
            let late_delete = async {
                sleep(delay).await;
                stack.delete(MADE_UP, auditor()).await
            };
            let (_, deleted) = tokio::join!(stack.create(auditor()), late_delete);
            assert!(deleted.succeeded(), "{delay:?}: {}", deleted.reason());
            assert_eq!(roles(&stack), [], "{times} replies lost, {delay:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_does_not_make_anew_what_was_removed_under_its_hands() {
    let begins = 6 * LATENCY;
    let mut overlapped = 0;
    for delay in moments(OFTEN, 2 * begins) {
        let stack = slow_stack();
        let first = stack.create(auditor()).await;
        stack.account.clear_calls();
        // Lambda may deliver an event twice without any failure.
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
    assert!(overlapped > 10, "only {overlapped} times the role was there when the create asked for it");
}

// --- In the wrong order ---

#[tokio::test(start_paused = true)]
async fn a_create_that_begins_after_its_delete_leaves_nothing_while_that_still_looks() {
    for seconds in [1, 10, 30, 45] {
        let stack = slow_stack();
        let late_create = async {
            sleep(Duration::from_secs(seconds)).await;
            stack.create(auditor()).await
        };
        let (deleted, _) = tokio::join!(stack.delete(MADE_UP, auditor()), late_create);
        assert!(deleted.succeeded(), "{seconds} s: {}", deleted.reason());
        assert_eq!(roles(&stack), [], "{seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_comes_again_spares_the_role_of_the_stack_that_followed() {
    let first = Stack::new();
    first.create(auditor()).await;
    assert!(first.delete("Auditor", auditor()).await.succeeded());
    let second = Stack { id: first.id.replace("11111111-", "99999999-"), ..first.clone() };
    assert!(second.create(auditor()).await.succeeded());
    let before = roles(&second);
    for id in ["Auditor", MADE_UP] {
        assert!(first.delete(id, auditor()).await.succeeded(), "{id}");
        assert_eq!(roles(&second), before, "{id}");
    }
}

// --- Too late ---

#[tokio::test(start_paused = true)]
async fn a_create_that_is_delivered_again_when_its_operation_is_over_brings_nothing_back() {
    let stack = Stack::new();
    let mut properties = auditor();
    properties["ServiceTimeout"] = json!("360");
    let event = stack.event("Create", &json!({ "ResourceProperties": properties }));
    let created = stack.send(event.clone()).await;
    assert!(stack.delete(created.physical_id(), auditor()).await.succeeded());
    stack.account.clear_calls();

    let sent = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800);
    let late = stack.send_at(event, sent + Duration::from_secs(361)).await;
    assert!(late.reason().contains("its operation was over after 360"), "{}", late.reason());
    assert_eq!((stack.account.calls(), roles(&stack)), (Vec::<String>::new(), Vec::new()));
}

// --- What it costs ---

#[tokio::test(start_paused = true)]
async fn only_a_delete_under_a_made_up_id_waits() {
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
        assert_eq!(took(made, &refused_id().await).await, 0, "nothing was ever made");
    }
    // Time is left for removing what appears at last, and for the answer.
    assert!((47..53).contains(&took(false, MADE_UP).await), "until the time is over");
    assert!((12..=15).contains(&took(true, MADE_UP).await), "as long as another may be made");
}

async fn refused_id() -> String {
    Stack::new().create(json!({})).await.physical_id().to_owned()
}

// --- Replacements ---

#[tokio::test(start_paused = true)]
async fn a_replacement_that_fails_at_any_call_and_its_rollback_leave_exactly_the_old_role() {
    let (old, new) = (auditor(), auditor_with(&json!({ "RoleName": "Reviewer", "ManagedPolicyArns": [EC2] })));
    for dies in [false, true] {
        for call in 1.. {
            let stack = Stack::new();
            stack.create(old.clone()).await;
            let before = roles(&stack);
            let refused = Fault::refused(409, "LimitExceeded", "Cannot exceed a quota.");
            // Where it dies, nothing that it asks for from then on is done.
            stack.account.fail(if dies { Fault::connection_cut().since(call) } else { refused.nth(call) });
            let failed = stack.update("Auditor", old.clone(), new.clone()).await;
            if !stack.account.unused_faults().is_empty() {
                assert!(call > 7, "there was a middle");
                break;
            }
            if failed.succeeded() {
                // It is all the same what is on a role that is not there.
                continue;
            }
            assert_eq!(failed.physical_id(), "Auditor", "call {call}: {}", failed.reason());
            stack.account.clear_faults();
            let back = stack.update("Auditor", new.clone(), old.clone()).await;
            assert!(back.succeeded(), "call {call}: {}", back.reason());
            assert_eq!(roles(&stack), before, "call {call}");
        }
    }
}
