//! Late and repeated deliveries, and roles that a create did not make: the newest request decides, no role is left
//! without a stack, and no role that was there before is removed.

use std::time::{Duration, SystemTime};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures::{AUDIT, DENY_ALL, LOGICAL_ID_TAG, PROVIDER, SCP_DENIAL, STACK_TAG};
use crate::stack::{Answer, Stack};
use crate::wire::iam::{Fault, Role};

const FIRST: &str = "the-first-external-id-1";
const SECOND: &str = "the-second-external-id-2";
const HAND_OVER: &str = "service-provider-access:hand-over-to";

fn declared(external_id: &str) -> Value {
    json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": external_id, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT})
}

/// A request with the time at which CloudFormation sent it, in seconds after noon.
struct Request {
    event: Value,
    sent: u64,
}

impl Request {
    fn new(stack: &Stack, request_type: &str, sent: u64, fields: &Value) -> Self {
        let mut event = stack.event(request_type, fields);
        let (minutes, seconds) = (sent / 60, sent % 60);
        let date = format!("X-Amz-Date=20261122T12{minutes:02}{seconds:02}Z");
        event["ResponseURL"] =
            json!(event["ResponseURL"].as_str().unwrap().replace("X-Amz-Date=20261122T120000Z", &date));
        Self { event, sent }
    }

    fn create(stack: &Stack, sent: u64, properties: &Value) -> Self {
        Self::new(stack, "Create", sent, &json!({ "ResourceProperties": properties }))
    }

    fn update(stack: &Stack, sent: u64, old: &Value, new: &Value) -> Self {
        let fields = json!({"PhysicalResourceId": "Auditor", "ResourceProperties": new, "OldResourceProperties": old});
        Self::new(stack, "Update", sent, &fields)
    }

    fn delete(stack: &Stack, sent: u64, physical_id: &str, properties: &Value) -> Self {
        Self::new(stack, "Delete", sent, &json!({"PhysicalResourceId": physical_id, "ResourceProperties": properties}))
    }

    /// Delivered so many seconds after it was sent.
    async fn delivered_after(&self, stack: &Stack, seconds: u64) -> Answer {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800 + self.sent + seconds);
        stack.send_at(self.event.clone(), at).await
    }
}

fn external_id(stack: &Stack) -> String {
    let trust = stack.account.role("Auditor").unwrap().trust.json();
    trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"].as_str().unwrap().to_owned()
}

// --- The newest request decides ---

#[tokio::test(start_paused = true)]
async fn an_older_request_changes_nothing_and_deletes_nothing() {
    let stack = Stack::new();
    let create = Request::create(&stack, 0, &declared(FIRST));
    assert!(create.delivered_after(&stack, 1).await.succeeded());
    let update = Request::update(&stack, 20, &declared(FIRST), &declared(SECOND));
    assert!(update.delivered_after(&stack, 1).await.succeeded());
    let standing = stack.account.role("Auditor");
    stack.account.clear_calls();
    for older in [create, Request::delete(&stack, 10, "Auditor", &declared(FIRST))] {
        let answer = older.delivered_after(&stack, 30).await;
        let expected = format!(
            "This request was sent at 2026-11-22T12:00:{:02}Z, but the role Auditor was written by a request sent later, at \
             2026-11-22T12:00:20Z. Nothing was changed.",
            older.sent
        );
        assert_eq!(answer.reason(), expected);
    }
    // CreateRole is how a create looks: it found the name taken.
    assert_eq!(stack.account.writes(), ["CreateRole Auditor"]);
    assert_eq!(stack.account.role("Auditor"), standing);
    assert_eq!(external_id(&stack), SECOND);
    // Delivered again, the newest one is the same again.
    assert!(update.delivered_after(&stack, 40).await.succeeded());
    assert_eq!(external_id(&stack), SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_first_delete_delivered_again_leaves_the_role_of_a_later_create() {
    let stack = Stack::new();
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    let delete = Request::delete(&stack, 10, "Auditor", &declared(FIRST));
    assert!(delete.delivered_after(&stack, 1).await.succeeded());
    assert!(Request::create(&stack, 20, &declared(SECOND)).delivered_after(&stack, 1).await.succeeded());
    assert!(!delete.delivered_after(&stack, 30).await.succeeded());
    assert_eq!(external_id(&stack), SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_update_that_never_arrived_cannot_be_carried_out_after_its_rollback() {
    let stack = Stack::new();
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    let lost = Request::update(&stack, 10, &declared(FIRST), &declared(SECOND));
    let rollback = Request::update(&stack, 20, &declared(SECOND), &declared(FIRST));
    stack.account.clear_calls();
    assert!(rollback.delivered_after(&stack, 1).await.succeeded());
    assert_eq!(stack.account.writes(), ["TagRole Auditor service-provider-access:state"], "the role is as declared");
    assert!(!lost.delivered_after(&stack, 30).await.succeeded());
    assert_eq!(external_id(&stack), FIRST);
}

#[tokio::test(start_paused = true)]
async fn an_older_rollback_leaves_the_role_of_a_newer_replacement() {
    let stack = Stack::new();
    let (old, mut new) = (declared(FIRST), declared(FIRST));
    new["RoleName"] = json!("Reviewer");
    assert!(Request::create(&stack, 0, &old).delivered_after(&stack, 1).await.succeeded());
    let rollback = Request::update(&stack, 10, &new, &old);
    assert!(rollback.delivered_after(&stack, 1).await.succeeded());
    let replaced = Request::update(&stack, 20, &old, &new).delivered_after(&stack, 1).await;
    assert_eq!(replaced.physical_id(), "Reviewer");
    let standing = stack.account.roles();
    assert_eq!(
        rollback.delivered_after(&stack, 30).await.reason(),
        "This request was sent at 2026-11-22T12:00:10Z, but the role Reviewer was written by a request sent later, at \
         2026-11-22T12:00:20Z. Nothing was changed."
    );
    assert_eq!(stack.account.roles(), standing);
}

#[tokio::test(start_paused = true)]
async fn an_update_that_changes_nothing_writes_nothing() {
    let stack = Stack::new();
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    stack.account.clear_calls();
    let mut revised = declared(FIRST);
    revised["Revision"] = json!("2");
    let update = Request::update(&stack, 10, &declared(FIRST), &revised);
    assert!(update.delivered_after(&stack, 1).await.succeeded());
    assert_eq!(stack.account.writes(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_record_is_written_before_anything_else() {
    let stack = Stack::new();
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    let written = |stack: &Stack| stack.account.role("Auditor").unwrap().tags["service-provider-access:state"].clone();
    assert!(written(&stack).starts_with("as-of=20261122T120000Z trust="), "{}", written(&stack));
    stack.account.fail(Fault::denied_because(SCP_DENIAL).on("UpdateAssumeRolePolicy").every());
    let update = Request::update(&stack, 20, &declared(FIRST), &declared(SECOND));
    assert!(!update.delivered_after(&stack, 1).await.succeeded());
    assert!(written(&stack).starts_with("as-of=20261122T120020Z trust="), "{}", written(&stack));
    stack.account.clear_faults();
    // So what was sent before it comes too late, though it changed nothing yet.
    let older = Request::update(&stack, 10, &declared(FIRST), &declared("a-third-external-id-3"));
    assert!(older.delivered_after(&stack, 30).await.reason().contains("written by a request sent later"));
}

// --- A late request asks whether its operation is still in progress ---

#[tokio::test(start_paused = true)]
async fn a_late_request_whose_operation_is_over_writes_nothing() {
    for (status, physical_id) in [
        ("CREATE_COMPLETE", "Auditor"),
        ("CREATE_FAILED", ""),
        ("DELETE_IN_PROGRESS", "Auditor"),
        ("DELETE_COMPLETE", "Auditor"),
        ("UPDATE_IN_PROGRESS", "Auditor"),
        ("", ""),
    ] {
        let stack = Stack::new();
        stack.cloudformation.set(status, physical_id);
        let answer = Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 60).await;
        assert!(!answer.succeeded(), "{status}");
        assert_eq!((stack.account.writes(), stack.account.roles()), (Vec::new(), Vec::new()), "{status}");
        assert!(answer.physical_id().starts_with("refused-"), "{status}");
    }
    let stack = Stack::new();
    stack.cloudformation.set("DELETE_COMPLETE", "Auditor");
    assert_eq!(
        Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 60).await.reason(),
        "This request belongs to an operation that is over, so nothing was changed: CloudFormation reports the resource Access as \
         DELETE_COMPLETE, and the creation that the request was sent for is no longer in progress."
    );
}

#[tokio::test(start_paused = true)]
async fn a_late_update_is_carried_out_only_while_that_resource_is_being_updated() {
    for (status, physical_id, carried_out) in [
        ("UPDATE_IN_PROGRESS", "Auditor", true),
        ("UPDATE_IN_PROGRESS", "Successor", false),
        ("UPDATE_COMPLETE", "Auditor", false),
        ("UPDATE_FAILED", "Auditor", false),
        ("CREATE_IN_PROGRESS", "Auditor", false),
    ] {
        let stack = Stack::new();
        assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
        stack.cloudformation.set(status, physical_id);
        let update = Request::update(&stack, 10, &declared(FIRST), &declared(SECOND));
        assert_eq!(update.delivered_after(&stack, 46).await.succeeded(), carried_out, "{status} {physical_id}");
        assert_eq!(external_id(&stack) == SECOND, carried_out, "{status} {physical_id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_request_writes_nothing_when_cloudformation_does_not_say() {
    let stack = Stack::new();
    stack.cloudformation.edit(|report| report.denied = true);
    let answer = Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 46).await;
    assert!(
        answer.reason().starts_with(
            "This request was sent 46 seconds ago, and whether its operation is still in progress could not be determined, so \
             nothing was changed. cloudformation:DescribeStackResource was denied"
        ),
        "{}",
        answer.reason()
    );
    assert_eq!(stack.account.writes(), [""; 0]);
    // In time, nothing is asked.
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 44).await.succeeded());
    assert_eq!(stack.cloudformation.edit(|report| report.calls.len()), 1);
}

#[tokio::test(start_paused = true)]
async fn an_update_makes_a_missing_role_again_only_while_it_is_in_progress() {
    for (status, made_again) in [("UPDATE_IN_PROGRESS", true), ("UPDATE_COMPLETE", false)] {
        let stack = Stack::new();
        stack.cloudformation.set(status, "Auditor");
        let update = Request::update(&stack, 0, &declared(FIRST), &declared(SECOND));
        assert_eq!(update.delivered_after(&stack, 1).await.succeeded(), made_again, "{status}");
        assert_eq!(stack.account.role("Auditor").is_some(), made_again, "{status}");
    }
}

// --- A create that did not make the role never removes it ---

fn handed_over(stack: &Stack) -> Role {
    let mark = "customer/Access".to_owned();
    stack.account.put_role(Role::named("Auditor").path("/delegated/"));
    stack.account.edit(|aws| aws.role_mut("Auditor").tags.insert(HAND_OVER.to_owned(), mark));
    stack.account.role("Auditor").unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_create_takes_over_a_role_that_was_handed_over_to_it() {
    let stack = Stack::new();
    let before = handed_over(&stack);
    let created = Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await;
    assert_eq!(created.physical_id(), "Auditor");
    let role = stack.account.role("Auditor").unwrap();
    assert_eq!((role.id, external_id(&stack)), (before.id, FIRST.to_owned()));
    assert_eq!(role.tags["service-provider-access:stack-id"], stack.id);
    assert!(!role.tags.contains_key(HAND_OVER), "the marks have taken its place");
    // From then on it is the stack's own.
    assert!(Request::delete(&stack, 20, "Auditor", &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    assert!(stack.account.role("Auditor").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_role_that_was_handed_over_to_another_resource_is_left_alone() {
    for mark in ["customer/Other", "other/Access", "Access", ""] {
        let stack = Stack::new();
        handed_over(&stack);
        stack.account.edit(|aws| aws.role_mut("Auditor").tags.insert(HAND_OVER.to_owned(), mark.to_owned()));
        let before = stack.account.role("Auditor");
        let answer = Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await;
        assert!(answer.reason().contains("tag the role service-provider-access:hand-over-to = customer/Access"));
        assert_eq!(stack.account.role("Auditor"), before, "{mark}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_that_was_there_before_survives_the_failure_of_the_create_that_takes_it_over() {
    let mistakes = [
        json!({"MaxSessionDuration": "1"}),
        json!({"Path": "/delegated/elsewhere/"}),
        json!({"CustomPolicy": "not JSON"}),
    ];
    for mistake in mistakes {
        let stack = Stack::new();
        handed_over(&stack);
        let mut wrong = declared(FIRST);
        wrong.as_object_mut().unwrap().extend(mistake.as_object().unwrap().clone());
        check_survives(&stack, &wrong).await;
    }
    for call in ["TagRole", "UpdateAssumeRolePolicy", "AttachRolePolicy", "PutRolePolicy", "UntagRole"] {
        let stack = Stack::new();
        handed_over(&stack);
        stack.account.fail(Fault::denied_because(SCP_DENIAL).on(call).every());
        check_survives(&stack, &declared(FIRST)).await;
    }
    // Tagged with the marks of this very resource instead of handed over.
    let marked = || {
        let stack = Stack::new();
        handed_over(&stack);
        stack.account.edit(|aws| {
            let tags = &mut aws.role_mut("Auditor").tags;
            tags.insert(STACK_TAG.into(), stack.id.clone());
            tags.insert(LOGICAL_ID_TAG.into(), "Access".into());
        });
        stack
    };
    let stack = marked();
    stack.account.fail(Fault::denied_because(SCP_DENIAL).on("AttachRolePolicy").every());
    check_survives(&stack, &declared(FIRST)).await;
    let mut wrong = declared(FIRST);
    wrong["MaxSessionDuration"] = json!("1");
    let stack = marked();
    let failed = Request::create(&stack, 0, &wrong).delivered_after(&stack, 1).await;
    assert!(failed.physical_id().starts_with("refused-"), "{}", failed.0);
}

/// The create fails, and its delete touches nothing.
async fn check_survives(stack: &Stack, properties: &Value) {
    let failed = Request::create(stack, 0, properties).delivered_after(stack, 1).await;
    assert!(!failed.succeeded() && failed.physical_id().starts_with("refused-"), "{properties}: {}", failed.0);
    stack.account.clear_faults();
    stack.account.clear_calls();
    for id in [failed.physical_id(), "customer-Access-MADEUP"] {
        assert!(Request::delete(stack, 10, id, properties).delivered_after(stack, 1).await.succeeded());
    }
    assert_eq!(stack.account.writes(), [""; 0], "{properties}");
    assert!(stack.account.role("Auditor").is_some(), "{properties}");
}

#[tokio::test(start_paused = true)]
async fn a_role_outside_the_prefix_cannot_be_taken_over_and_nothing_says_otherwise() {
    let stack = Stack::new();
    stack.account.put_role(Role::named("Auditor"));
    let answer = Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await;
    assert!(
        answer.reason().ends_with(
            "It was not changed. Choose another RoleName. A role outside /delegated/ (RolePathPrefix) cannot be taken over, and \
             role names are unique across paths."
        ),
        "{}",
        answer.reason()
    );
    stack.account.edit(|aws| {
        let tags = &mut aws.role_mut("Auditor").tags;
        tags.insert("service-provider-access:stack-id".into(), stack.id.clone());
        tags.insert("service-provider-access:logical-id".into(), "Access".into());
    });
    stack.account.clear_calls();
    assert!(Request::delete(&stack, 10, "Auditor", &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    assert_eq!(stack.account.writes(), [""; 0], "a role at the root path is never removed, whatever its tags say");
}

// --- Deletes ---

#[tokio::test(start_paused = true)]
async fn a_delete_under_a_made_up_id_waits_only_while_a_create_can_still_run() {
    let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800);
    for (began_before, waits) in [(10, true), (361, false), (3_600, false)] {
        let stack = Stack::new();
        let began = noon - Duration::from_secs(began_before);
        stack.cloudformation.edit(|report| report.creation_began = Some(began));
        let started = tokio::time::Instant::now();
        let delete = Request::delete(&stack, 0, "customer-Access-MADEUP", &declared(FIRST));
        assert!(delete.delivered_after(&stack, 0).await.succeeded());
        assert_eq!(started.elapsed() > Duration::from_secs(40), waits, "{began_before}: {:?}", started.elapsed());
        assert!(stack.account.calls().len() < 40, "{}", stack.account.calls().len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_an_unknown_type_succeeds() {
    let stack = Stack { resource_type: "Custom::DelegatedRoll", ..Stack::new() };
    let deleted = Request::delete(&stack, 0, "whatever", &json!({})).delivered_after(&stack, 1).await;
    assert!(deleted.succeeded(), "{}", deleted.0);
    assert_eq!(stack.account.calls(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_a_later_update_wrote_is_deleted_by_its_stack_whatever_home_region_the_template_names() {
    let stack = Stack::new();
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    let update = Request::update(&stack, 20, &declared(FIRST), &declared(SECOND));
    assert!(update.delivered_after(&stack, 1).await.succeeded());
    let mut elsewhere = declared(SECOND);
    elsewhere["HomeRegion"] = json!("eu-west-1");
    let delete = Request::delete(&stack, 40, "Auditor", &elsewhere);
    assert!(delete.delivered_after(&stack, 1).await.succeeded());
    assert_eq!(stack.account.roles(), [""; 0], "no role is left without a stack");
}

// --- Policies of others ---

#[tokio::test(start_paused = true)]
async fn a_policy_that_cannot_be_read_is_never_removed_by_an_update() {
    let stack = Stack::new();
    assert!(Request::create(&stack, 0, &declared(FIRST)).delivered_after(&stack, 1).await.succeeded());
    let emergency = "arn:aws:iam::111111111111:policy/Emergency";
    for (attached, warning) in [
        (
            DENY_ALL,
            "arn:aws:iam::aws:policy/AWSDenyAll is on the role but not declared. It only denies, so it was not removed",
        ),
        (
            emergency,
            "arn:aws:iam::111111111111:policy/Emergency is attached to the role but not declared, and it could not be read",
        ),
    ] {
        stack.account.edit(|aws| aws.role_mut("Auditor").attached_policies = vec![AUDIT.into(), attached.into()]);
        stack.account.fail(Fault::denied_because(SCP_DENIAL).on("GetPolicyVersion").every());
        stack.account.fail(Fault::denied_because(SCP_DENIAL).on("GetPolicy").every());
        let mut revised = declared(FIRST);
        revised["Revision"] = json!("2");
        let update = Request::update(&stack, 10, &declared(FIRST), &revised).delivered_after(&stack, 1).await;
        assert!(update.attribute("Warnings").starts_with(warning), "{}", update.attribute("Warnings"));
        assert_eq!(stack.account.role("Auditor").unwrap().attached_policies, [AUDIT, attached]);
        stack.account.clear_faults();
    }
}

// --- Any order of deliveries ---

/// What CloudFormation asks for, one request after the other.
#[derive(Clone, Debug)]
struct Operation {
    /// The external ID that the template declares; none deletes the role.
    desired: Option<&'static str>,
    /// How many seconds after the request before it was sent.
    after: u64,
    /// Whether Lambda delivers it at once, and how many seconds after it was sent Lambda delivers it again.
    delivered: (bool, Vec<u64>),
}

prop_compose! {
    fn any_operation()(
        desired in prop_oneof![Just(None), Just(Some(FIRST)), Just(Some(SECOND)), Just(Some("a-third-external-id-3"))],
        after in 1_u64..400,
        prompt in any::<bool>(),
        again in vec(2_u64..300, 0..=2),
    ) -> Operation {
        Operation { desired, after, delivered: (prompt, again) }
    }
}

/// A delivery: when, and of which request.
type Delivery = (u64, usize);

/// The requests of the operations, and their deliveries in order of time. The newest request arrives at once.
fn requests_and_deliveries(stack: &Stack, operations: &[Operation]) -> (Vec<Request>, Vec<Delivery>) {
    let (mut requests, mut deliveries) = (Vec::new(), Vec::new());
    let (mut sent, mut before) = (0, None);
    for (index, operation) in operations.iter().enumerate() {
        sent += operation.after;
        let old = before.map(declared);
        let request = match (old, operation.desired) {
            (None, Some(id)) => Request::create(stack, sent, &declared(id)),
            (Some(old), Some(id)) => Request::update(stack, sent, &old, &declared(id)),
            (old, None) => Request::delete(stack, sent, "Auditor", &old.unwrap_or_else(|| declared(FIRST))),
        };
        before = operation.desired;
        requests.push(request);
        let (prompt, again) = &operation.delivered;
        let newest = index + 1 == operations.len();
        deliveries.extend((*prompt || newest).then_some((sent, index)));
        // Within 45 seconds nothing but the role itself can tell that a request is old: a delete leaves no role.
        let gone = operations.iter().any(|operation| operation.desired.is_none());
        let again = again.iter().filter(|seconds| !gone || **seconds > 45);
        deliveries.extend(again.map(|seconds| (sent + seconds, index)));
    }
    deliveries.sort_unstable();
    (requests, deliveries)
}

/// What CloudFormation reports at this time: the operation that it sent last, in progress until its request is answered.
fn report_at(stack: &Stack, time: u64, operations: &[Operation], answered: &[usize]) {
    let mut sent = 0;
    let mut status = String::new();
    for (index, operation) in operations.iter().enumerate() {
        sent += operation.after;
        if sent <= time {
            let existed = index > 0 && operations[index - 1].desired.is_some();
            let kind = match (existed, operation.desired) {
                (_, None) => "DELETE",
                (true, Some(_)) => "UPDATE",
                (false, Some(_)) => "CREATE",
            };
            let state = if answered.contains(&index) { "COMPLETE" } else { "IN_PROGRESS" };
            status = format!("{kind}_{state}");
        }
    }
    stack.cloudformation.set(&status, "Auditor");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_order_of_deliveries_the_newest_request_decides(operations in vec(any_operation(), 1..=4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let stack = Stack::new();
            let (requests, deliveries) = requests_and_deliveries(&stack, &operations);
            let mut answered = Vec::new();
            for (time, index) in deliveries {
                report_at(&stack, time, &operations, &answered);
                requests[index].delivered_after(&stack, time - requests[index].sent).await;
                answered.push(index);
            }
            let newest = operations.last().unwrap().desired.map(str::to_owned);
            let role = stack.account.role("Auditor").map(|_| external_id(&stack));
            prop_assert_eq!(role, newest, "{:?}", operations);
            Ok(())
        })?;
    }
}
