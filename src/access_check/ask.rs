//! Sends the probes to STS. A session that STS returns can do nothing, and its credentials are dropped unread.

use std::ops::ControlFlow;
use std::time::Duration;

use delegated_role_core::access_check::probe::{Kind, Probe, Sent};
use delegated_role_core::access_check::question::Question;
use delegated_role_core::access_check::verdict::{
    AwsMessage, ProbeResult, Reply, are_contradictory, must_not_open, wrong_openings,
};
use delegated_role_core::identifiers::ExternalId;
use delegated_role_core::secrets::Secrets;
use tokio::time::sleep;

use crate::aws::{DeniedBy, Failure, Kind as FailureKind, Patience, Sts};
use crate::backoff::{Schedule, poll_until};

/// The duration of a session, in seconds: the shortest that STS allows.
const SHORTEST_SESSION: i32 = 900;

/// The session's name, as the customer's `CloudTrail` shows it.
const SESSION_NAME: &str = "access-check";

/// The session policy: the session may do nothing.
const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// How long the right ID is sent again while it is denied. A new or changed role takes effect everywhere within seconds.
const PROPAGATION: Duration = Duration::from_secs(30);

/// How often all probes are sent while their results contradict each other.
const ROUNDS: u32 = 3;

/// The pause before more probes are sent to a role whose change has just taken effect, or whose results contradict each
/// other.
const TO_SETTLE: Duration = Duration::from_secs(3);

/// The pause before the first wrong probe that got a session is repeated.
const TO_CONFIRM: Duration = Duration::from_secs(1);

/// Sends all probes, and returns their results. If the results contradict each other, it sends all probes again while
/// time is left, and returns the last results. A wrong probe that got a session twice ends the check: no later result
/// could change the verdict.
pub async fn ask(sts: &Sts, question: &Question, probes: &[Probe]) -> Vec<ProbeResult> {
    let rounds = Schedule::every(TO_SETTLE).at_most(ROUNDS);
    let results = poll_until(sts.deadline(), rounds, async |_| {
        let results = ask_once(sts, question, probes).await;
        let settled = !wrong_openings(question, &results).is_empty() || !are_contradictory(&results);
        if settled { ControlFlow::Break(results) } else { ControlFlow::Continue(results) }
    });
    results.await.unwrap_or_else(|contradictory| contradictory)
}

async fn ask_once(sts: &Sts, question: &Question, probes: &[Probe]) -> Vec<ProbeResult> {
    let mut results = Vec::with_capacity(probes.len());
    for probe in probes {
        let reply = match probe.kind {
            // If no probe may get a session, there is nothing to wait for.
            Kind::Right if !question.require_mfa => try_until_open(sts, question, probe).await,
            _ => try_once(sts, question, probe).await,
        };
        let reply = match reply {
            Reply::Opened if must_not_open(question, probe.kind) => {
                // A trust policy that was just narrowed allows the old callers for a short time. One pause is enough
                // for all probes.
                if wrong_openings(question, &results).is_empty() && sts.has_time_for(TO_CONFIRM) {
                    sleep(TO_CONFIRM).await;
                }
                confirm(sts, question, probe).await
            }
            reply => reply,
        };
        results.push(ProbeResult { kind: probe.kind, reply });
    }
    results
}

/// The reply to a wrong probe that got a session. It counts only if the probe gets a session a second time.
async fn confirm(sts: &Sts, question: &Question, probe: &Probe) -> Reply {
    match try_once(sts, question, probe).await {
        Reply::Opened => Reply::Opened,
        Reply::Denied(_) => Reply::OpenedOnce,
        _ => Reply::Unconfirmed,
    }
}

/// Sends the probe until it gets another reply than a denial, or the window ends. If the first session comes after a
/// denial, a pause follows, in which the change can take effect everywhere: until then, denials of other probes say
/// nothing about the trust policy.
async fn try_until_open(sts: &Sts, question: &Question, probe: &Probe) -> Reply {
    let window = Schedule::backoff().within(PROPAGATION);
    let reply = poll_until(sts.deadline(), window, async |attempt| {
        let reply = try_once(sts, question, probe).await;
        if matches!(reply, Reply::Denied(_)) {
            return ControlFlow::Continue(reply);
        }
        if reply == Reply::Opened && attempt.number > 1 && sts.has_time_for(TO_SETTLE) {
            sleep(TO_SETTLE).await;
        }
        ControlFlow::Break(reply)
    });
    reply.await.unwrap_or_else(|denied| denied)
}

async fn try_once(sts: &Sts, question: &Question, probe: &Probe) -> Reply {
    let external_id = match &probe.sent {
        Sent::NoId => None,
        Sent::Id(id) => Some(id),
        Sent::Nothing(why) => return Reply::NotSent(why),
    };
    if !sts.has_time_for(Duration::ZERO) {
        return Reply::NotTried;
    }
    let answer = sts
        .call("sts:AssumeRole", Patience::Usual, |client| {
            let request = client
                .assume_role()
                .role_arn(question.role.as_str())
                .role_session_name(SESSION_NAME)
                .duration_seconds(SHORTEST_SESSION)
                .policy(NOTHING)
                .set_external_id(external_id.map(|id| id.expose().to_owned()));
            async { request.send().await.map(drop) }
        })
        .await;
    match answer {
        Ok(()) => Reply::Opened,
        Err(failure) if failure.kind == FailureKind::Denied => Reply::Denied(message(&failure, external_id)),
        Err(failure) => Reply::Unclear(message(&failure, external_id)),
    }
}

/// AWS's message in one line of limited length, without the external ID that was sent, in case it is quoted.
fn message(failure: &Failure, external_id: Option<&ExternalId>) -> AwsMessage {
    const LONGEST: usize = 400;
    let text = Secrets::of_external_ids(external_id).hidden_in(failure.message());
    let text = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    // Read from the whole message: with long names, the kind of policy comes late in it.
    let by_our_side = failure.denied_by().is_some_and(DeniedBy::is_the_callers);
    AwsMessage { text, request_id: failure.request_id().map(ToOwned::to_owned), by_our_side }
}
