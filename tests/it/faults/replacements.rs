//! Replacements that fail: the rollback leaves exactly the old role. It removes what failed replacements made, and nothing
//! that was there before them. In virtual time.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::EC2;
use super::operation::{auditor, auditor_with};
use super::safety::without_generated_fields;
use crate::fixtures::{LOGICAL_ID_TAG, PROVIDER, STACK_TAG};
use crate::stack::{Answer, Stack};
use crate::wire::iam::{Fault, Role};

/// Noon, when the first request is sent.
const NOON: Duration = Duration::from_secs(1_795_348_800);

fn reviewer() -> Value {
    auditor_with(&json!({ "RoleName": "Reviewer", "ManagedPolicyArns": [EC2] }))
}

fn roles(stack: &Stack) -> Vec<Role> {
    stack.account.edit(|aws| aws.roles.iter().map(without_generated_fields).collect())
}

/// An update of the role `id`, sent so many minutes after noon.
async fn update(stack: &Stack, minutes: u64, id: &str, old: Value, new: Value) -> Answer {
    let fields = json!({ "PhysicalResourceId": id, "ResourceProperties": new, "OldResourceProperties": old });
    send(stack, minutes, "Update", &fields).await
}

async fn send(stack: &Stack, minutes: u64, request_type: &str, fields: &Value) -> Answer {
    let mut event = stack.event(request_type, fields);
    let url = event["ResponseURL"].as_str().unwrap().replace("T120000Z", &format!("T12{minutes:02}00Z"));
    event["ResponseURL"] = url.into();
    stack.send_at(event, SystemTime::UNIX_EPOCH + NOON + Duration::from_secs(minutes * 60 + 1)).await
}

fn refused() -> Fault {
    Fault::refused(409, "LimitExceeded", "Cannot exceed a quota.")
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_fails_at_any_call_and_its_rollback_leave_exactly_the_old_role() {
    for dies in [false, true] {
        for call in 1.. {
            let stack = Stack::new();
            stack.create(auditor()).await;
            let before = roles(&stack);
            // If it dies, no further call has an effect.
            stack.account.fail(if dies { Fault::connection_cut().since(call) } else { refused().nth(call) });
            let failed = stack.update("Auditor", auditor(), reviewer()).await;
            if !stack.account.unused_faults().is_empty() {
                assert!(call > 7, "enough calls to fail between");
                break;
            }
            if failed.succeeded() {
                // Some calls only read the policies of a role that does not exist.
                continue;
            }
            assert_eq!(failed.physical_id(), "Auditor", "call {call}: {}", failed.reason());
            stack.account.clear_faults();
            let back = stack.update("Auditor", reviewer(), auditor()).await;
            assert!(back.succeeded(), "call {call}: {}", back.reason());
            assert_eq!(roles(&stack), before, "call {call}");
        }
    }
}

/// With `--disable-rollback`, an update that failed is followed by another update, and only then by a rollback.
#[tokio::test(start_paused = true)]
async fn the_rollback_after_two_failed_replacements_leaves_exactly_the_old_role() {
    for dies in [false, true] {
        for call in 1.. {
            let stack = Stack::new();
            stack.create(auditor()).await;
            let before = roles(&stack);
            // It makes the role, and then dies.
            stack.account.fail(Fault::connection_cut().on_writes().since(2));
            assert!(!update(&stack, 1, "Auditor", auditor(), reviewer()).await.succeeded());
            assert_eq!(stack.account.roles(), ["Auditor", "Reviewer"]);
            stack.account.clear_faults();

            stack.account.fail(if dies { Fault::connection_cut().since(call) } else { refused().nth(call) });
            let failed = update(&stack, 2, "Auditor", auditor(), reviewer()).await;
            if !stack.account.unused_faults().is_empty() {
                assert!(call > 7, "enough calls to fail between");
                break;
            }
            stack.account.clear_faults();
            let id = failed.physical_id();
            let back = update(&stack, 3, id, reviewer(), auditor()).await;
            assert!(back.succeeded(), "call {call}: {}", back.reason());
            if failed.succeeded() {
                // Then the rollback replaces the new role, and CloudFormation deletes it.
                assert!(stack.delete(id, reviewer()).await.succeeded());
                continue;
            }
            assert_eq!(id, "Auditor", "call {call}: {}", failed.reason());
            assert_eq!(roles(&stack), before, "call {call}, dies: {dies}");
        }
    }
}

/// A role that has the new name before the replacement, and that no failed replacement made.
#[derive(Clone, Copy, Debug)]
enum Standing {
    /// An earlier role of the resource, which `UpdateReplacePolicy: Retain` kept when it was replaced.
    Retained,
    /// Made by hand before the role of the resource, and marked for the resource.
    MadeBefore,
    /// Made by hand after it.
    MadeAfter,
    /// Made by the function for another stack, and marked for the resource.
    OfAnotherStack,
}

impl Standing {
    const ALL: [Self; 4] = [Self::Retained, Self::MadeBefore, Self::MadeAfter, Self::OfAnotherStack];

    async fn set_up(self, stack: &Stack) {
        if let Self::Retained = self {
            assert!(stack.create(reviewer()).await.succeeded());
            assert!(update(stack, 1, "Reviewer", reviewer(), auditor()).await.succeeded());
            return;
        }
        assert!(stack.create(auditor()).await.succeeded());
        if let Self::OfAnotherStack = self {
            let other = Stack { id: stack.id.replace("stack/customer/", "stack/other/"), ..stack.clone() };
            assert!(send(&other, 1, "Create", &json!({ "ResourceProperties": reviewer() })).await.succeeded());
        } else {
            let trust = json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": { "AWS": format!("arn:aws:iam::{PROVIDER}:root") },
                "Condition": { "StringEquals": { "sts:ExternalId": "the-external-id-of-before" } },
            }] });
            stack.account.put_role(Role::named("Reviewer").path("/delegated/").trust(trust));
        }
        stack.account.edit(|aws| {
            let role = aws.roles.iter_mut().find(|role| role.name == "Reviewer").unwrap();
            role.tags.insert(STACK_TAG.to_owned(), stack.id.clone());
            role.tags.insert(LOGICAL_ID_TAG.to_owned(), stack.logical_id.clone());
            if let Self::MadeAfter = self {
                role.created = NOON.as_secs() + 60;
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_that_no_failed_replacement_made_survives_the_rollback() {
    for standing in Standing::ALL {
        for call in 1.. {
            let stack = Stack::new();
            standing.set_up(&stack).await;
            stack.account.fail(Fault::connection_cut().since(call));
            let failed = update(&stack, 2, "Auditor", auditor(), reviewer()).await;
            if failed.succeeded() {
                assert!(call > 7, "enough calls to fail between");
                break;
            }
            assert_eq!(failed.physical_id(), "Auditor", "call {call}: {}", failed.reason());
            stack.account.clear_faults();
            let back = update(&stack, 3, "Auditor", reviewer(), auditor()).await;
            assert!(back.succeeded(), "call {call}: {}", back.reason());
            assert!(stack.account.role("Reviewer").is_some(), "{standing:?}, call {call}");
        }
    }
}
