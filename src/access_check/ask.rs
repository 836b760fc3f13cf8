//! Asks STS, and tells what it said. A session that is handed out can do nothing and is dropped unseen.

use std::ops::ControlFlow;
use std::time::Duration;

use delegated_role_core::access_check::probe::{Kind, Probe, Sent};
use delegated_role_core::access_check::question::Question;
use delegated_role_core::access_check::verdict::{Finding, Heard, Said, are_contradictory, wrong_openings};
use tokio::time::sleep;

use crate::aws::{DeniedBy, Failure, Kind as FailureKind, Patience, Sts};
use crate::backoff::{Schedule, poll_until};

/// How long a session would live: STS grants no shorter one, in seconds.
const SHORTEST_SESSION: i32 = 900;

/// The session's name, as the customer's trail of events shows it.
const SESSION_NAME: &str = "access-check";

/// What a session may do.
const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// How long the right ID is tried while it is denied: a role that was just made, or changed, opens everywhere
/// within seconds.
const PROPAGATION: Duration = Duration::from_secs(30);

/// How often all probes are tried while their answers contradict each other.
const ROUNDS: u32 = 3;

/// How long a role is left alone that has just begun to open, or answered in two ways.
const TO_SETTLE: Duration = Duration::from_secs(3);

/// How long after it opened the first wrong probe is tried for the second time.
const TO_CONFIRM: Duration = Duration::from_secs(1);

/// Tries all probes, again while the answers contradict each other and time is left, and tells what was
/// heard last. What opened twice to a wrong probe has opened: nothing that is heard later changes that.
pub async fn ask(sts: &Sts, question: &Question, probes: &[Probe]) -> Vec<Finding> {
    let rounds = Schedule::every(TO_SETTLE).at_most(ROUNDS);
    let findings = poll_until(sts.deadline(), rounds, async |_| {
        let findings = ask_once(sts, question, probes).await;
        let settled = !wrong_openings(question, &findings).is_empty() || !are_contradictory(&findings);
        if settled { ControlFlow::Break(findings) } else { ControlFlow::Continue(findings) }
    });
    findings.await.unwrap_or_else(|contradictory| contradictory)
}

async fn ask_once(sts: &Sts, question: &Question, probes: &[Probe]) -> Vec<Finding> {
    let mut findings = Vec::with_capacity(probes.len());
    for probe in probes {
        let heard = match probe.kind {
            // Nobody waits for a role to open that must not.
            Kind::Right if !question.require_mfa => knock_until_open(sts, question, probe).await,
            _ => knock(sts, question, probe).await,
        };
        let heard = match heard {
            Heard::Opened if question.must_not_open(probe.kind) => {
                // A trust that was just tightened opens a moment longer. One moment is enough for all.
                if wrong_openings(question, &findings).is_empty() && sts.has_time_for(TO_CONFIRM) {
                    sleep(TO_CONFIRM).await;
                }
                confirm(sts, question, probe).await
            }
            heard => heard,
        };
        findings.push(Finding { kind: probe.kind, heard });
    }
    findings
}

/// What to make of a wrong probe that opened: open only if it opens a second time, too.
async fn confirm(sts: &Sts, question: &Question, probe: &Probe) -> Heard {
    match knock(sts, question, probe).await {
        Heard::Opened => Heard::Opened,
        Heard::Denied(_) => Heard::OpenedOnce,
        _ => Heard::Unconfirmed,
    }
}

/// Denied as long as the window lasts, or anything else as soon as it is heard. Where it opens after all, it is
/// given a while to open everywhere: denials that are heard meanwhile would say nothing about the trust.
async fn knock_until_open(sts: &Sts, question: &Question, probe: &Probe) -> Heard {
    let window = Schedule::backoff().within(PROPAGATION);
    let heard = poll_until(sts.deadline(), window, async |attempt| {
        let heard = knock(sts, question, probe).await;
        if matches!(heard, Heard::Denied(_)) {
            return ControlFlow::Continue(heard);
        }
        if heard == Heard::Opened && attempt.number > 1 && sts.has_time_for(TO_SETTLE) {
            sleep(TO_SETTLE).await;
        }
        ControlFlow::Break(heard)
    });
    heard.await.unwrap_or_else(|denied| denied)
}

async fn knock(sts: &Sts, question: &Question, probe: &Probe) -> Heard {
    let external_id = match &probe.sent {
        Sent::NoId => None,
        Sent::Id(id) => Some(id.expose()),
        Sent::Nothing(why) => return Heard::NotSent(why),
    };
    if !sts.has_time_for(Duration::ZERO) {
        return Heard::NotAsked;
    }
    let answer = sts
        .call("sts:AssumeRole", Patience::Usual, |client| {
            let request = client
                .assume_role()
                .role_arn(question.role.as_str())
                .role_session_name(SESSION_NAME)
                .duration_seconds(SHORTEST_SESSION)
                .policy(NOTHING)
                .set_external_id(external_id.map(ToOwned::to_owned));
            async { request.send().await.map(drop) }
        })
        .await;
    match answer {
        Ok(()) => Heard::Opened,
        Err(failure) if failure.kind == FailureKind::Denied => Heard::Denied(said(&failure, external_id)),
        Err(failure) => Heard::Unclear(said(&failure, external_id)),
    }
}

/// AWS's words in one line of bearable length, without the ID that was sent, in case it was quoted. Too short
/// a one would leave nothing of the words.
fn said(failure: &Failure, external_id: Option<&str>) -> Said {
    const LONGEST: usize = 400;
    let hidden = external_id.filter(|id| id.len() >= 6);
    let words = hidden.map_or_else(|| failure.said().to_owned(), |id| failure.said().replace(id, "(the external ID)"));
    let words = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    // Whose policy it was is read from all of them: with long names, AWS tells it late.
    let by_our_side = failure.denied_by().is_some_and(DeniedBy::is_the_callers);
    Said { words, request_id: failure.request_id().map(ToOwned::to_owned), by_our_side }
}
