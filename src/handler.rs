//! One request in, one answer out, within the deadline. It fails only when no answer can be delivered.
//!
//! Every event with a usable response URL is answered, also after a malformed event, a denied permission, a panic or at
//! the deadline. Without an answer CloudFormation waits for up to an hour, and as long again in the rollback.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use delegated_role_core::findings::{Code, Finding, Reason};
use delegated_role_core::identifiers::FunctionArn;
use delegated_role_core::owner_limits::Settings;
use delegated_role_core::seed::Seed;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::aws::{Aws, Calls, CloudFormation, Iam, Sts};
use crate::callback::{Undelivered, deliver};
use crate::command::{Command, Refusal, Timing, id_of_refusal, known_type};
use crate::connections::Connections;
use crate::direct::{self, Answered, Task};
use crate::event::{Call, Event};
use crate::log::metrics::Counted;
use crate::log::{Line, finding};
use crate::request::{Envelope, Intent, ResponseUrl, secrets};
use crate::response::{Attributes, Cause, Response};

/// The answer is sent at least this long before Lambda's deadline, which leaves time for a second attempt.
const TO_ANSWER: Duration = Duration::from_secs(3);

/// Calls to AWS end this long before the deadline, so that the last failure can still be reported.
const TO_FINISH: Duration = Duration::from_secs(4);

/// Delivery ends this long before Lambda's deadline. An invocation that Lambda ends is neither logged nor reported as
/// failed.
const TO_REPORT: Duration = Duration::from_millis(500);

/// What all requests of the process share.
#[derive(Clone, Debug)]
pub struct Handler {
    /// Connections for the answer.
    pub connections: Connections,
    /// The IAM client.
    pub iam: aws_sdk_iam::Client,
    /// The STS client.
    pub sts: aws_sdk_sts::Client,
    /// The CloudFormation client.
    pub cloudformation: aws_sdk_cloudformation::Client,
    /// The function's Region.
    pub region: String,
    /// The origins of an emulator, to which answers are also allowed.
    pub emulators: Vec<String>,
    /// What the function's owner allows.
    pub settings: Settings,
}

/// What Lambda says about one invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The ARN by which the function was invoked.
    pub function_arn: String,
    /// When Lambda ends it.
    pub deadline: Instant,
    /// The current time.
    pub now: SystemTime,
}

/// Why an event got no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// The response URL is missing or not allowed.
    #[error("the event was refused and not answered: {0}")]
    NoAddress(&'static str),
    /// The answer could not be delivered.
    #[error(transparent)]
    Undelivered(#[from] Undelivered),
}

impl Handler {
    /// Handles one event. A request of CloudFormation is answered at its URL and returns null. A direct call returns its
    /// answer.
    ///
    /// # Errors
    /// Only when no answer could be delivered to CloudFormation.
    pub async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, Unanswered> {
        match Event::read(event) {
            Event::Request(event) => self.answer(event, invocation).await.map(|()| Value::Null),
            Event::Direct(call) => Ok(self.call(call, invocation).await),
        }
    }

    /// Runs a direct call, and returns its answer.
    async fn call(&self, call: Call, invocation: Invocation) -> Value {
        let (started, at, name) = (Instant::now(), invocation.now, call.name());
        self.connections.begin_event(invocation.now);
        let aws = Arc::new(self.aws(&invocation));
        let done = self.run_call(call, &aws, &invocation).await;
        let envelope = Envelope { request_type: name.to_owned(), ..Envelope::default() };
        if let Some(report) = &done.report {
            finding::write(report, at);
        }
        let counted = match (&done.report, done.verdict) {
            (Some(report), _) => Some(Counted::Audit {
                roles: report.entries.len(),
                findings: report.count().into_iter().map(|(code, count)| (code.name(), count)).collect(),
            }),
            (None, Some(verdict)) => Some(Counted::AccessCheck { verdict, failed: done.failed.is_some() }),
            (None, None) => None,
        };
        let physical_id = String::new();
        let response = match done.failed {
            Some((reason, cause)) => Response::Failed { physical_id, reason, cause },
            None => Response::Success { physical_id, attributes: Attributes::default() },
        };
        Line {
            envelope: &envelope,
            resource_type: Some(name),
            response: Some(&response),
            undelivered: None,
            calls: aws.calls(),
            at,
            took: started.elapsed(),
            counted,
        }
        .write();
        done.answer
    }

    async fn run_call(&self, call: Call, aws: &Arc<Aws>, invocation: &Invocation) -> Answered {
        let (name, now) = (call.name(), invocation.now.into());
        let function = FunctionArn::parse(&invocation.function_arn);
        let read = || Task::read(call, function, &self.settings, now);
        let task = match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Ok(task)) => task,
            Ok(Err(refusal)) => return direct::failed(name, refusal.reason, refusal.cause, now),
            Err(_) => return direct::failed(name, panicked(), Cause::Panicked, now),
        };
        let Some(seed) = seed() else { return direct::failed(name, no_randomness(), Cause::Other, now) };
        let work = {
            let aws = Arc::clone(aws);
            Box::pin(async move { task.run(&aws, &seed).await })
        };
        match finished(work, invocation.deadline - TO_ANSWER).await {
            Ok(answered) => answered,
            Err((cause, reason)) => direct::failed(name, reason, cause, now),
        }
    }

    /// Handles one request of CloudFormation.
    async fn answer(&self, event: Value, invocation: Invocation) -> Result<(), Unanswered> {
        let (started, at) = (Instant::now(), invocation.now);
        let envelope = Envelope::read(&event);
        let log = |response: Option<&Response>, calls: Calls, undelivered: Option<String>| {
            let (resource_type, took) = (known_type(&envelope), started.elapsed());
            let counted = response.and_then(|response| Counted::of_request(resource_type, response, calls));
            Line { envelope: &envelope, resource_type, response, undelivered, calls, at, took, counted }.write();
        };
        let url = match ResponseUrl::accept(&event, &self.region, &self.emulators) {
            Ok(url) => url,
            Err(why) => {
                let unanswered = Unanswered::NoAddress(why);
                log(None, Calls::default(), Some(unanswered.to_string()));
                return Err(unanswered);
            }
        };
        self.connections.begin_event(invocation.now);
        // The handshake with the response bucket happens while IAM works.
        self.connections.open(url.expose(), 1).await;
        let deadline = invocation.deadline;
        let (response, calls) = self.respond(event, &envelope, &url, invocation).await;
        let delivered = deliver(&self.connections, &url, &response.body(&envelope), deadline - TO_REPORT).await;
        log(Some(&response), calls, delivered.as_ref().err().map(ToString::to_string));
        Ok(delivered?)
    }

    /// Runs what the event asks for. Returns the answer and the calls to AWS that it took.
    pub async fn respond(
        &self,
        event: Value,
        envelope: &Envelope,
        url: &ResponseUrl,
        invocation: Invocation,
    ) -> (Response, Calls) {
        let secrets = secrets(&event);
        let (response, calls) = self.run(event, envelope, url, invocation).await;
        (response.without(&secrets), calls)
    }

    async fn run(
        &self,
        event: Value,
        envelope: &Envelope,
        url: &ResponseUrl,
        invocation: Invocation,
    ) -> (Response, Calls) {
        let read = || {
            let timing = Timing { sent: url.signed_at(), now: invocation.now.into() };
            let function = FunctionArn::parse(&invocation.function_arn);
            Command::read(envelope, Intent::read(event, envelope), function, &self.settings, timing)
        };
        let command = match unless_it_panics(envelope, read) {
            Ok(command) => command,
            Err(response) => return (response, Calls::default()),
        };
        let physical_id = command.physical_id().to_owned();
        let Some(seed) = seed() else {
            let response = Response::Failed { physical_id, reason: no_randomness(), cause: Cause::Other };
            return (response, Calls::default());
        };
        let aws = Arc::new(self.aws(&invocation));
        let work = {
            let aws = Arc::clone(&aws);
            // Boxed, since it is kilobytes and moves into a task.
            Box::pin(async move { command.run(&aws, &seed).await })
        };
        let response = watched(work, invocation.deadline - TO_ANSWER, physical_id).await;
        (response, aws.calls())
    }

    /// The services, for the length of one event.
    fn aws(&self, invocation: &Invocation) -> Aws {
        let (until, now) = (invocation.deadline - TO_FINISH, invocation.now);
        Aws {
            iam: Iam::new(self.iam.clone(), until, now),
            sts: Sts::new(self.sts.clone(), until, now),
            cloudformation: CloudFormation::new(self.cloudformation.clone(), until, now),
        }
    }
}

/// The randomness of one event. `None` if the operating system returned none.
fn seed() -> Option<Seed> {
    let mut bytes = [0; Seed::BYTES];
    getrandom::fill(&mut bytes).ok().map(|()| Seed::new(bytes))
}

fn no_randomness() -> Reason {
    let message = "The operating system returned no random bytes, so no external ID could be generated. Try again.";
    Finding::failure(Code::InternalError, message).into()
}

const TIMED_OUT: &str =
    "The function timed out before all AWS calls completed. What was done is safe to leave. Try again.";

/// The reason after a panic. Its own message may quote secrets.
fn panicked() -> Reason {
    const MESSAGE: &str = "Internal error (panic; see the function's log). What was done is safe to leave. Update the stack again, \
                           and report the error if it persists.";
    Finding::failure(Code::InternalError, MESSAGE).into()
}

/// What a request asks for, or the answer to one that cannot be read. It is read before there is a task that would
/// catch a panic.
fn unless_it_panics(envelope: &Envelope, read: impl FnOnce() -> Result<Command, Refusal>) -> Result<Command, Response> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(command)) => Ok(command),
        Ok(Err(Refusal { physical_id, reason })) => {
            Err(Response::Failed { physical_id, reason, cause: Cause::Refused })
        }
        Err(_) => {
            let physical_id = id_of_refusal(envelope);
            Err(Response::Failed { physical_id, reason: panicked(), cause: Cause::Panicked })
        }
    }
}

/// Runs the work for a request, see [`finished`].
async fn watched(
    work: impl Future<Output = Response> + Send + 'static,
    until: Instant,
    physical_id: String,
) -> Response {
    match finished(work, until).await {
        Ok(response) => response,
        Err((cause, reason)) => Response::Failed { physical_id, reason, cause },
    }
}

/// Runs work in a separate task, so that there is always an answer: a panic in it is caught, and it is aborted at the
/// deadline.
async fn finished<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
    until: Instant,
) -> Result<T, (Cause, Reason)> {
    let work = tokio::spawn(work);
    let abandon = work.abort_handle();
    match timeout_at(until, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => Err((Cause::Panicked, panicked())),
        Err(_) => {
            abandon.abort();
            Err((Cause::TimedOut, Finding::failure(Code::TimedOut, TIMED_OUT).into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    async fn failed(work: impl Future<Output = Response> + Send + 'static) -> String {
        let until = Instant::now() + Duration::from_secs(5);
        let Response::Failed { physical_id, reason, cause } = watched(work, until, "role".into()).await else {
            panic!("it succeeded");
        };
        assert_eq!(physical_id, "role");
        let reason = reason.to_string();
        assert_eq!(cause == Cause::Panicked, reason == panicked().to_string());
        assert!(Instant::now() <= until + Duration::from_millis(1), "answered in time");
        reason
    }

    #[tokio::test(start_paused = true)]
    async fn work_without_an_end_is_aborted_and_answered() {
        let (alive, abandoned) = oneshot::channel::<()>();
        let reason = failed(async move {
            let _alive = alive;
            std::future::pending().await
        });
        assert_eq!(
            reason.await,
            "The function timed out before all AWS calls completed. What was done is safe to leave. Try again. [timed-out]"
        );
        let dropped = tokio::time::timeout(Duration::from_secs(60), abandoned).await;
        assert!(matches!(dropped, Ok(Err(_))), "the work is dropped, so it can write nothing after the answer");
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_answered_without_its_message() {
        let reason = failed(async { panic!("a secret") }).await;
        assert!(reason.starts_with("Internal error (panic; ") && reason.ends_with(" [internal-error]"), "{reason}");
        assert!(!reason.contains("secret"), "{reason}");
    }

    #[test]
    fn a_panic_while_the_request_is_read_is_answered() {
        let answer = |envelope: &Envelope| match unless_it_panics(envelope, || panic!("a secret")) {
            Err(Response::Failed { physical_id, reason, cause: Cause::Panicked }) => {
                assert_eq!(reason, panicked());
                physical_id
            }
            other => panic!("{other:?}"),
        };
        let create = Envelope { logical_id: "Access".into(), ..Envelope::default() };
        assert!(answer(&create).starts_with("refused-"), "nothing was made, and a delete of that is harmless");
        let update = Envelope { physical_id: Some("role".into()), ..create };
        assert_eq!(answer(&update), "role");
    }
}
