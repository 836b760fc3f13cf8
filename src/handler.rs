//! One request in, one answer out, within the deadline. Cannot fail, save by not reaching anyone.
//!
//! Every event that carries a usable response URL is answered: a malformed one, a denied permission, a
//! panic and the deadline included. Without an answer CloudFormation waits for up to an hour, and a
//! rollback as long again.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::aws::{Aws, Iam, Sts};
use crate::callback::{Undelivered, deliver};
use crate::command::{Command, Function, Refusal, Timing};
use crate::connections::Connections;
use crate::guardrails::Settings;
use crate::request::{Envelope, Intent, ResponseUrl};
use crate::response::Response;
use crate::seed::Seed;

/// The answer is sent so long before Lambda's deadline at the latest, to leave time for a second try.
const TO_ANSWER: Duration = Duration::from_secs(3);

/// Calls to AWS are not tried again after that, so that a reason can still be told from the last one.
const TO_FINISH: Duration = Duration::from_secs(4);

/// Delivering ends so long before Lambda's deadline: an invocation that is cut off there is neither
/// logged nor reported to Lambda as failed.
const TO_REPORT: Duration = Duration::from_millis(500);

/// What lives as long as the process: made once, shared by all requests.
#[derive(Clone, Debug)]
pub struct Handler {
    /// Connections for the answer.
    pub connections: Connections,
    /// The IAM client.
    pub iam: aws_sdk_iam::Client,
    /// The STS client.
    pub sts: aws_sdk_sts::Client,
    /// The function's Region.
    pub region: String,
    /// Origins of an emulator that may be answered, too.
    pub emulators: Vec<String>,
    /// What the function's owner allows.
    pub settings: Settings,
}

/// What Lambda tells about one invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The ARN by which the function was invoked.
    pub function_arn: String,
    /// When Lambda ends it.
    pub deadline: Instant,
    /// What time it is.
    pub now: SystemTime,
}

/// Why an event got no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// There is nobody to answer, or somebody whom we must not.
    #[error("nothing was done and nobody was answered: {0}")]
    NoAddress(&'static str),
    /// The answer could not be delivered.
    #[error(transparent)]
    Undelivered(#[from] Undelivered),
}

impl Handler {
    /// Handles one event.
    ///
    /// # Errors
    /// Only when no answer could be delivered.
    pub async fn handle(&self, event: Value, invocation: Invocation) -> Result<(), Unanswered> {
        let started = Instant::now();
        let envelope = Envelope::read(&event);
        let url = match ResponseUrl::accept(&event, &self.region, &self.emulators) {
            Ok(url) => url,
            Err(why) => {
                let unanswered = Unanswered::NoAddress(why);
                log_unanswerable(&envelope, &unanswered);
                return Err(unanswered);
            }
        };
        // The handshake with the bucket happens while IAM works.
        self.connections.open(url.expose(), 1).await;
        let deadline = invocation.deadline;
        let (response, calls) = self.respond(event, &envelope, &url, invocation).await;
        let delivered = deliver(&self.connections, &url, &response.body(&envelope), deadline - TO_REPORT).await;
        log(&envelope, &response, calls, started.elapsed(), delivered.as_ref().err());
        Ok(delivered?)
    }

    /// Does what the event asks and tells what came of it, and how many calls to AWS it took.
    pub async fn respond(
        &self,
        event: Value,
        envelope: &Envelope,
        url: &ResponseUrl,
        invocation: Invocation,
    ) -> (Response, u32) {
        let timing = Timing { sent: url.signed_at(), now: invocation.now };
        let function = Function::named(&invocation.function_arn, self.settings.clone());
        let command = match Command::read(envelope, Intent::read(event, envelope), function, timing) {
            Ok(command) => command,
            Err(Refusal { physical_id, reason }) => return (Response::Failed { physical_id, reason }, 0),
        };
        let mut bytes = [0; Seed::BYTES];
        if getrandom::fill(&mut bytes).is_err() {
            let reason = "The system gave no random bytes, so no external ID could be made. Try again.".to_owned();
            return (Response::Failed { physical_id: command.physical_id().to_owned(), reason }, 0);
        }
        let seed = Seed::new(bytes);
        let physical_id = command.physical_id().to_owned();
        let until = invocation.deadline - TO_FINISH;
        let (iam, sts) = (self.iam.clone(), self.sts.clone());
        let aws = Arc::new(Aws { iam: Iam::new(iam, until, timing.now), sts: Sts::new(sts, until, timing.now) });

        let work = {
            let aws = Arc::clone(&aws);
            async move { command.run(&aws, &seed).await }
        };
        let response = watched(work, invocation.deadline - TO_ANSWER, physical_id).await;
        (response, aws.calls())
    }
}

/// Work that is answered for, whatever becomes of it. It is a task of its own: a panic in it is caught, and
/// when the time is over it is abandoned where it stands.
async fn watched(
    work: impl Future<Output = Response> + Send + 'static,
    until: Instant,
    physical_id: String,
) -> Response {
    let work = tokio::spawn(work);
    let abandon = work.abort_handle();
    let reason = match timeout_at(until, work).await {
        Ok(Ok(response)) => return response,
        Ok(Err(_)) => {
            "The function met an error of its own (a panic; the log says where). Whatever was done is safe to leave; update \
             the stack again, and report it if it stays."
        }
        Err(_) => {
            abandon.abort();
            "The function's time was over before AWS had answered everything. Whatever was done is safe to leave; try again."
        }
    };
    Response::Failed { physical_id, reason: reason.to_owned() }
}

/// The one line of a request that nobody could be told about.
fn log_unanswerable(envelope: &Envelope, why: &Unanswered) {
    let line = Line { outcome: "unanswerable", reason: Some(why.to_string()), ..Line::default() };
    line.write(envelope);
}

/// The one line of a request that was carried out or refused.
fn log(envelope: &Envelope, response: &Response, calls: u32, took: Duration, undelivered: Option<&Undelivered>) {
    let (outcome, reason) = match response {
        Response::Success { .. } => ("success", None),
        Response::Failed { reason, .. } => ("failed", Some(reason.clone())),
    };
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let line = Line { outcome, reason, calls, duration_ms, undelivered: undelivered.map(ToString::to_string) };
    line.write(envelope);
}

/// One line for one request: a success at `info`, a failure at `warn`, and at `error` what nobody was told.
/// Never in it: the response URL, external IDs, credentials.
#[derive(Default)]
struct Line {
    outcome: &'static str,
    reason: Option<String>,
    calls: u32,
    duration_ms: u64,
    undelivered: Option<String>,
}

impl Line {
    fn write(&self, envelope: &Envelope) {
        let Envelope { request_id, request_type, resource_type, stack_id, logical_id, .. } = envelope;
        let Self { outcome, reason, calls, duration_ms, undelivered } = self;
        let answered = undelivered.is_none() && *outcome != "unanswerable";
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    request_id,
                    request_type,
                    resource_type,
                    stack_id,
                    logical_id,
                    outcome,
                    reason,
                    aws_calls = calls,
                    duration_ms,
                    answered,
                    undelivered,
                    "request"
                )
            };
        }
        match (answered, *outcome) {
            (false, _) => line!(error),
            (true, "success") => line!(info),
            (true, _) => line!(warn),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    async fn failed(work: impl Future<Output = Response> + Send + 'static) -> String {
        let until = Instant::now() + Duration::from_secs(5);
        let Response::Failed { physical_id, reason } = watched(work, until, "role".into()).await else {
            panic!("it succeeded");
        };
        assert_eq!(physical_id, "role");
        assert!(Instant::now() <= until + Duration::from_millis(1), "told in time");
        reason
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_never_ends_is_abandoned_and_answered_for() {
        let (alive, abandoned) = oneshot::channel::<()>();
        let reason = failed(async move {
            let _alive = alive;
            std::future::pending().await
        });
        assert!(reason.await.starts_with("The function's time was over"));
        let dropped = tokio::time::timeout(Duration::from_secs(60), abandoned).await;
        assert!(matches!(dropped, Ok(Err(_))), "the work is dropped, so it can write nothing after the answer");
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_answered_for_without_its_words() {
        let reason = failed(async { panic!("a secret") }).await;
        assert!(reason.starts_with("The function met an error of its own (a panic;"), "{reason}");
        assert!(!reason.contains("secret"), "{reason}");
    }
}
