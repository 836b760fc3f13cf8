//! A check during the life of a stack: which answers are reused, and what is checked again.

use super::*;

async fn safe(stack: &Stack, properties: Value) -> Answer {
    let answer = create(stack, properties).await;
    assert_eq!(verdict(&answer), "safe", "{}", answer.0);
    stack.customer.clear_requests();
    answer
}

// --- The rollback to a question that has an answer ---

#[tokio::test(start_paused = true)]
async fn a_question_that_has_an_answer_is_not_checked_again() {
    let stack = checking(exactly);
    let before = safe(&stack, usual()).await;
    // The customer changed the role. The provider's stack must still be able to roll back.
    stack.customer.trusts(no_id);
    let wider = question(&json!({ "Revision": "2" }));
    let failed = update(&stack, before.physical_id(), usual(), wider.clone()).await;
    assert!(failed.reason().contains("did not open"), "{}", failed.reason());
    stack.customer.clear_requests();

    let later = stack.event(
        "Update",
        &json!({
            "PhysicalResourceId": failed.physical_id(), "ResourceProperties": usual(), "OldResourceProperties": wider,
        }),
    );
    let at = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_795_348_800 + 300);
    let rolled_back = checked(&stack, stack.send_at(later, at).await);
    assert_eq!(rolled_back, before, "the same answer, with the same time");
    assert_eq!(stack.customer.requests(), []);
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_skipped_probes_is_reused_unchanged() {
    for id in ["0123456789", &"x".repeat(1224)] {
        let stack = checking({
            let id = id.to_owned();
            move |asked| asked == Some(&id)
        });
        let properties = question(&json!({ "ExternalId": id }));
        let before = safe(&stack, properties.clone()).await;
        assert_eq!(update(&stack, before.physical_id(), json!({}), properties).await, before);
        assert_eq!(stack.customer.requests(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn properties_that_do_not_change_the_question_cause_no_new_check() {
    let stack = checking(exactly);
    let before = safe(&stack, usual()).await;
    for further in [
        json!({ "OnInconclusive": "Succeed" }),
        json!({ "CustomerAccountId": Customer::ID }),
        json!({ "RequireMfa": false }),
        json!({ "Revision": "" }),
    ] {
        assert_eq!(update(&stack, before.physical_id(), usual(), question(&further)).await, before);
    }
    assert_eq!(stack.customer.requests(), []);
}

#[tokio::test(start_paused = true)]
async fn each_other_question_is_checked() {
    let other_role = "arn:aws:iam::999999999999:role/Other";
    for further in [
        json!({ "Revision": "2" }),
        json!({ "RoleArn": other_role }),
        json!({ "ExternalId": "another-external-id" }),
        json!({ "RequireMfa": true }),
    ] {
        let stack = checking(exactly);
        let before = safe(&stack, usual()).await;
        let asked = question(&further);
        let _ = update(&stack, before.physical_id(), usual(), asked.clone()).await;
        let requests = stack.customer.requests();
        assert!(requests.len() >= 10, "{asked}: {} requests", requests.len());
        assert_eq!(json!(requests[0].role), asked["RoleArn"]);
        assert_eq!(json!(requests[0].external_id), asked["ExternalId"]);
    }
    // The answer of another resource is not reused.
    let stack = checking(exactly);
    let before = safe(&stack, usual()).await;
    let mut others = [stack.clone(), stack.clone()];
    others[0].logical_id = "Other".into();
    others[1].id = stack.id.replace("provider", "other");
    for other in &others {
        let answer = update(other, before.physical_id(), usual(), usual()).await;
        assert_ne!(answer.physical_id(), before.physical_id());
        assert_eq!(stack.customer.requests().len(), 10);
        stack.customer.clear_requests();
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_another_question_replaces_the_first() {
    let stack = checking(exactly);
    let before = safe(&stack, usual()).await;
    let revised = question(&json!({ "Revision": "2" }));
    let after = update(&stack, before.physical_id(), usual(), revised.clone()).await;
    assert_eq!(verdict(&after), "safe");
    assert_ne!(after.physical_id(), before.physical_id());
    // CloudFormation cleans up, or rolls back and cleans up.
    stack.customer.clear_requests();
    assert!(delete(&stack, before.physical_id(), usual()).await.succeeded());
    assert!(delete(&stack, after.physical_id(), revised).await.succeeded());
    assert_eq!(stack.customer.requests(), []);
}

#[tokio::test(start_paused = true)]
async fn an_inconclusive_answer_is_reused_only_if_it_is_tolerated() {
    let stack = checking(exactly);
    stack.customer.fail(Fault::throttled().every());
    let tolerant = question(&json!({ "OnInconclusive": "Succeed" }));
    let before = create(&stack, tolerant.clone()).await;
    assert_eq!(verdict(&before), "inconclusive");
    stack.customer.clear_faults();
    stack.customer.clear_requests();

    let again = update(&stack, before.physical_id(), usual(), tolerant.clone()).await;
    assert_eq!(again.physical_id(), before.physical_id());
    for attribute in ["Verdict", "RoleArn", "AccountId", "CheckedAt"] {
        assert_eq!(again.attribute(attribute), before.attribute(attribute));
    }
    expect!["Not checked again; the check at 2026-11-22T12:00:01Z was inconclusive."]
        .assert_eq(again.attribute("Probes"));
    assert_eq!(stack.customer.requests(), []);

    let strict = update(&stack, before.physical_id(), tolerant, usual()).await;
    assert_eq!(verdict(&strict), "safe");
    assert_eq!(stack.customer.requests().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_contains_no_answer_causes_a_check() {
    let stack = checking(exactly);
    let before = safe(&stack, usual()).await;
    let safe = before.physical_id();
    for physical_id in [
        "provider-Check-1A2B3C4D5E6F",
        "refused-0f0f",
        &safe.replace("-safe-", "-shut-"),
        &safe.replace("-safe-", "-unsafe-"),
        &safe.replace("-safe-", "-fine-"),
        &safe.replace("20261122", "20261322"),
        &format!("{safe}0"),
        &format!("{safe}-"),
        &format!(" {safe}"),
        &safe.replace("access-check-", ""),
    ] {
        let answer = update(&stack, physical_id, usual(), usual()).await;
        assert_eq!(stack.customer.requests().len(), 10, "{physical_id}");
        assert_eq!(answer.physical_id(), safe, "checked at the same time, with the same answer");
        stack.customer.clear_requests();
    }
}

// --- Failures and deletes ---

#[tokio::test(start_paused = true)]
async fn a_failed_create_and_its_delete_leave_nothing() {
    for (trust, word) in
        [(no_id as fn(Option<&str>) -> bool, "shut"), (|_| true, "unsafe"), (|id| right(id) || none(id), "unsafe")]
    {
        let stack = checking(trust);
        let failed = create(&stack, usual()).await;
        assert_ne!(failed.reason(), "");
        assert_eq!(answered(&failed), Some((word.to_owned(), "20261122T120001Z".to_owned())));
        stack.customer.clear_requests();
        assert!(delete(&stack, failed.physical_id(), usual()).await.succeeded());
        assert_eq!(stack.customer.requests(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_never_checks_a_role() {
    let stack = checking(exactly);
    for physical_id in ["provider-Check-1A2B3C4D5E6F", "refused-0f0f", "access-check-", "ProviderAccess"] {
        for properties in [usual(), json!({}), json!({ "RoleArn": ["x"], "Unknown": 1 })] {
            let answer = delete(&stack, physical_id, properties).await;
            assert!(answer.succeeded(), "{}", answer.0);
            assert_eq!(answer.physical_id(), physical_id);
        }
    }
    assert_eq!(stack.customer.requests(), []);
}

#[tokio::test(start_paused = true)]
async fn a_failed_update_keeps_its_id() {
    let stack = checking(exactly);
    let before = safe(&stack, usual()).await;
    stack.customer.trusts(|_| true);
    for further in [json!({ "Revision": "2" }), json!({ "RequireMfa": true }), json!({ "RequireMfa": "perhaps" })] {
        let failed = update(&stack, before.physical_id(), usual(), question(&further)).await;
        assert_ne!(failed.reason(), "");
        assert_eq!(failed.physical_id(), before.physical_id());
    }
}
