//! The probes: which ones, in which order, when they are repeated, and for how long.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;

/// A round of probes of a role that only the right ID can assume.
const ROUND: [&str; 10] = [
    "right",
    "none",
    "19 characters of 19",
    "character 1 of 19",
    "character 10 of 19",
    "character 19 of 19",
    "case",
    "one more at the end",
    "one more at the start",
    "right",
];

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

// --- The probes ---

#[tokio::test(start_paused = true)]
async fn probes_are_sent_one_after_the_other() {
    let stack = checking(exactly);
    stack.customer.set_latency(Duration::from_millis(100));
    assert_eq!(verdict(&create(&stack, usual()).await), "safe");
    let times: Vec<_> = stack.customer.requests().iter().map(|request| request.at.as_millis()).collect();
    assert_eq!(times, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
}

#[tokio::test(start_paused = true)]
async fn each_probe_differs_from_the_right_id_as_its_name_says() {
    let check = async |id: &str, expected: &[&str], skipped: &[&str]| {
        let open_to = id.to_owned();
        let stack = checking(move |asked| asked == Some(&open_to));
        let answer = create(&stack, question(&json!({ "ExternalId": id }))).await;
        assert_eq!(verdict(&answer), "safe", "{}", answer.0);
        assert_eq!(all_differences(&stack, id), expected, "{id}");
        let lines: Vec<_> = answer.attribute("Probes").lines().filter(|line| line.contains("not sent")).collect();
        assert_eq!(lines, skipped, "{id}");
    };
    check(RIGHT, &ROUND, &[]).await;
    // Only letters, and only other characters.
    for id in ["abcdefghijklmnopqrs", "ABCDEFGHIJKLMNOPQRS"] {
        check(id, &ROUND, &[]).await;
    }
    let without_letters: Vec<_> = ROUND.into_iter().filter(|probe| *probe != "case").collect();
    for id in ["0123456789012345678", "_+=,.@:/-_+=,.@:/-_"] {
        check(id, &without_letters, &["the letters' case flipped: not sent, because the ID has no letters"]).await;
    }
    check(
        &"x".repeat(1224),
        &[
            "right",
            "none",
            "1224 characters of 1224",
            "character 1 of 1224",
            "character 613 of 1224",
            "character 1224 of 1224",
            "case",
            "right",
        ],
        &[
            "a character appended: not sent, because the ID would be longer than STS allows",
            "a character prepended: not sent, because the ID would be longer than STS allows",
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_shortest_ids_have_all_probes() {
    for (id, count) in [("ab", 10), ("a1", 10), ("12", 9), ("--", 9), ("aB", 10)] {
        let stack = checking(move |asked| asked == Some(id));
        let answer = create(&stack, question(&json!({ "ExternalId": id }))).await;
        assert_eq!(verdict(&answer), "safe", "{}", answer.0);
        let asked = stack.customer.external_ids();
        assert_eq!(asked.len(), count, "{asked:?}");
        assert_eq!(asked.iter().filter(|asked| asked.as_deref() == Some(id)).count(), 2, "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_wrong_ids_cannot_be_predicted() {
    let mut randoms = BTreeSet::new();
    let mut others = BTreeSet::new();
    for _ in 0..50 {
        let stack = checking(exactly);
        create(&stack, usual()).await;
        let asked = stack.customer.external_ids();
        randoms.insert(asked[2].clone());
        others.insert(asked.into_iter().skip(3).collect::<Vec<_>>());
    }
    assert_eq!(randoms.len(), 50);
    assert!(others.len() > 40, "{} of 50", others.len());
}

// --- Waiting ---

#[tokio::test(start_paused = true)]
async fn the_check_waits_for_a_role_that_can_be_assumed_soon() {
    for after in [1, 5, 20, 26] {
        let stack = checking(no_id);
        stack.customer.trusts_after(seconds(after), exactly);
        let answer = create(&stack, usual()).await;
        assert_eq!(verdict(&answer), "safe", "after {after} s: {}", answer.0);
        let requests = stack.customer.requests();
        assert_eq!(all_differences(&stack, RIGHT)[requests.len() - ROUND.len()..], ROUND, "after {after} s");
        // A denial shortly after the change may come from the old trust policy.
        let [.., opened, next] = &requests[..=requests.len() - ROUND.len() + 1] else { panic!("{requests:?}") };
        assert_eq!(
            next.at.checked_sub(opened.at),
            Some(seconds(3)),
            "the change has time to reach all of STS before the next probe: {requests:?}"
        );
        assert!(requests.last().unwrap().at <= seconds(after + 6), "no longer than necessary: {requests:?}");
        assert!(requests.len() < 40, "not too often: {}", requests.len());
    }
}

#[tokio::test(start_paused = true)]
async fn the_check_waits_for_a_role_at_most_half_a_minute() {
    let stack = checking(no_id);
    stack.customer.trusts_after(seconds(31), exactly);
    let answer = create(&stack, usual()).await;
    assert_eq!(verdict(&answer), "shut", "{}", answer.0);
    let requests = stack.customer.requests();
    // The other probes are sent, too, each once.
    assert_eq!(all_differences(&stack, RIGHT)[requests.len() - ROUND.len()..], ROUND);
    assert!((seconds(26)..=seconds(30)).contains(&requests.last().unwrap().at), "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn the_check_ends_in_time_whatever_sts_does() {
    type MakeFault = fn() -> Fault;
    let faults: [(&str, MakeFault); 5] = [
        ("none", || Fault::hang().nth(usize::MAX)),
        ("throttled", || Fault::throttled().every()),
        ("silence", || Fault::hang().every()),
        ("silence after three", || Fault::hang().since(4)),
        ("cut", || Fault::connection_cut().every()),
    ];
    for trust in [exactly, no_id, none] {
        for latency in [0, 300, 2_500, 9_000] {
            for (name, fault) in faults {
                for timeout in [60, 20, 5] {
                    let mut stack = checking(trust);
                    stack.timeout = seconds(timeout);
                    stack.customer.set_latency(Duration::from_millis(latency));
                    stack.customer.fail(fault());
                    // `Stack::send` checks that the answer is in time.
                    let answer = create(&stack, question(&json!({ "OnInconclusive": "Succeed" }))).await;
                    let case = format!("{latency} ms, fault: {name}, {timeout} s: {}", answer.0);
                    let last = stack.customer.requests().last().map(|request| request.at).unwrap_or_default();
                    assert!(last <= seconds(timeout - 4), "asked at {last:?}: {case}");
                    assert!(answered(&answer).is_some(), "{case}");
                    assert!(name == "none" || verdict(&answer) != "safe", "{case}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn temporary_faults_do_not_change_the_verdict() {
    for fault in [
        || Fault::throttled().first(3),
        || Fault::server_error().first(3),
        || Fault::unavailable().first(3),
        || Fault::connection_cut().first(3),
        || Fault::hang().first(2),
        || Fault::throttled().nth(5),
        || Fault::connection_cut().nth(10),
        || Fault::hang().nth(10),
    ] {
        let stack = checking(exactly);
        stack.customer.fail(fault());
        let answer = create(&stack, usual()).await;
        assert_eq!(verdict(&answer), "safe", "{}", answer.0);
        assert!(stack.customer.unused_faults().is_empty());
        let mut asked = all_differences(&stack, RIGHT);
        asked.dedup();
        assert_eq!(asked, ROUND, "only a probe without an answer is repeated");
    }
}

// --- Repeated probes ---

#[tokio::test(start_paused = true)]
async fn an_unexpected_session_is_confirmed_at_once() {
    let stack = checking(|id| exactly(id) || none(id) || appended(id));
    assert_eq!(verdict(&create(&stack, usual()).await), "unsafe");
    let mut expected = ROUND.to_vec();
    expected.insert(8, ROUND[7]);
    expected.insert(2, ROUND[1]);
    assert_eq!(all_differences(&stack, RIGHT), expected);
}

#[tokio::test(start_paused = true)]
async fn an_unexpected_session_that_is_not_confirmed_causes_another_round() {
    let stack = checking(exactly);
    stack.customer.fail(Fault::session().of(none).nth(1));
    assert_eq!(verdict(&create(&stack, usual()).await), "safe");
    let mut first = ROUND.to_vec();
    first.insert(2, "none");
    assert_eq!(all_differences(&stack, RIGHT), [&first[..], &ROUND].concat());
    let requests = stack.customer.requests();
    assert!(requests[first.len()].at >= seconds(1), "a change has time to take effect: {requests:?}");
}

#[tokio::test(start_paused = true)]
async fn a_right_id_that_no_longer_works_causes_another_round() {
    let stack = checking(exactly);
    stack.customer.fail(Fault::denied().of(right).nth(2));
    assert_eq!(verdict(&create(&stack, usual()).await), "safe");
    assert_eq!(all_differences(&stack, RIGHT), [ROUND, ROUND].concat());
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_corrected_during_the_check_is_safe() {
    let stack = checking(|id| exactly(id) || none(id));
    stack.customer.fail(Fault::denied().of(right).nth(2));
    stack.customer.trusts_after(seconds(1), exactly);
    assert_eq!(verdict(&create(&stack, usual()).await), "safe");
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_the_provider_that_denies_only_some_requests_is_retried() {
    let stack = checking(exactly);
    let own = "with an explicit deny in a service control policy";
    stack.customer.fail(Fault::denied_because(own).of(none).nth(1));
    assert_eq!(verdict(&create(&stack, usual()).await), "safe");
    assert_eq!(all_differences(&stack, RIGHT), [ROUND, ROUND].concat());
}

#[tokio::test(start_paused = true)]
async fn a_role_whose_answers_contradict_each_other_is_inconclusive() {
    let stack = checking(exactly);
    stack.customer.fail(Fault::session().of(every_second_from(0, none)).every());
    let answer = create(&stack, question(&json!({ "OnInconclusive": "Succeed" }))).await;
    assert_eq!(verdict(&answer), "inconclusive");
    expect![[r"
        the right external ID: opened
        no external ID: opened once, then denied
        a random external ID of the same length: denied
        the first character changed: denied
        the middle character changed: denied
        the last character changed: denied
        the letters' case flipped: denied
        a character appended: denied
        a character prepended: denied
        the right external ID again: opened
        Inconclusive: its answers changed between attempts, as they do for a short time after a change of the trust policy.
        Not visible from outside: a second external ID that the role accepts, other principals that it trusts, and access under conditions that this check does not meet."]]
    .assert_eq(answer.attribute("Probes"));
    let mut round = ROUND.to_vec();
    round.insert(2, "none");
    assert_eq!(all_differences(&stack, RIGHT), round.repeat(3), "at most three rounds");

    let stack = checking(exactly);
    stack.customer.fail(Fault::denied().of(every_second_from(1, right)).every());
    let answer = create(&stack, question(&json!({ "OnInconclusive": "Succeed" }))).await;
    assert_eq!(verdict(&answer), "inconclusive");
    assert_eq!(all_differences(&stack, RIGHT), ROUND.repeat(3));
}

/// Every second request that fits, after this number of requests.
fn every_second_from(start: usize, fits: fn(Option<&str>) -> bool) -> impl Fn(Option<&str>) -> bool + Send {
    let seen = AtomicUsize::new(start);
    move |id| fits(id) && seen.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
}
