//! Asks STS, and tells what it said. A session that is handed out can do nothing and is dropped unseen.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::probe::{Kind, Probe, Sent};
use super::question::Question;
use super::verdict::{Finding, Heard};
use crate::aws::{Failure, Kind as FailureKind, Patience, Sts};
use crate::patience::pause_after;

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

/// How long a role is left alone that answered in two ways.
const TO_SETTLE: Duration = Duration::from_secs(3);

/// Tries all probes, again while the answers contradict each other and time is left, and tells what was
/// heard last.
pub async fn ask(sts: &Sts, question: &Question, probes: &[Probe]) -> Vec<Finding> {
    let mut round = 1;
    loop {
        let findings = ask_once(sts, question, probes).await;
        if round == ROUNDS || !Finding::contradict(&findings) || !sts.has_time_for(TO_SETTLE) {
            return findings;
        }
        round += 1;
        sleep(TO_SETTLE).await;
    }
}

async fn ask_once(sts: &Sts, question: &Question, probes: &[Probe]) -> Vec<Finding> {
    let mut findings = Vec::with_capacity(probes.len());
    for probe in probes {
        let heard = match probe.kind {
            // Nobody waits for a role to open that must not.
            Kind::Right if !question.require_mfa => knock_until_open(sts, question, probe).await,
            Kind::RightAgain if !question.require_mfa => knock(sts, question, probe).await,
            _ => knock_twice(sts, question, probe).await,
        };
        findings.push(Finding { kind: probe.kind, heard });
    }
    findings
}

/// Denied as long as the window lasts, or anything else as soon as it is heard.
async fn knock_until_open(sts: &Sts, question: &Question, probe: &Probe) -> Heard {
    let closes = Instant::now() + PROPAGATION;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let heard = knock(sts, question, probe).await;
        let pause = pause_after(attempts);
        let worthwhile = Instant::now() + pause < closes && sts.has_time_for(pause);
        if !matches!(heard, Heard::Denied(_)) || !worthwhile {
            return heard;
        }
        sleep(pause).await;
    }
}

/// Open only if it opens a second time, too.
async fn knock_twice(sts: &Sts, question: &Question, probe: &Probe) -> Heard {
    match knock(sts, question, probe).await {
        Heard::Opened => match knock(sts, question, probe).await {
            Heard::Denied(_) => Heard::OpenedOnce,
            second => second,
        },
        first => first,
    }
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
fn said(failure: &Failure, external_id: Option<&str>) -> String {
    const LONGEST: usize = 400;
    let hidden = external_id.filter(|id| id.len() >= 6);
    let words = hidden.map_or_else(|| failure.said().to_owned(), |id| failure.said().replace(id, "(the external ID)"));
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}
