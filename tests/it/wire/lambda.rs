//! The Lambda Runtime API around the real binary.
//!
//! The binary runs as a process of its own, with the environment that Lambda gives it and nothing of the test's
//! environment. It asks this Runtime API for events and posts how each ended.

use std::collections::HashMap;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hyper::{Method, Request, Response};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::fake::lock;
use super::server::{ConnectionLost, Server};

/// How long a function may initialize before it asks for its first event.
const INIT: Duration = Duration::from_secs(10);

/// One root certificate. To read all those of the operating system takes most of the time that a debug build needs to
/// start, and the fakes have no TLS.
const ROOT_CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/wire/root.pem");

/// A running function.
pub(crate) struct Lambda {
    child: Child,
    events: mpsc::UnboundedSender<Event>,
    runtime: Arc<Runtime>,
    /// Standard output and standard error together, as in its log group.
    log: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
    invocations: u64,
    _server: Server,
}

/// How an invocation ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Invocation {
    /// The handler returned.
    Response(Value),
    /// The handler failed: Lambda would deliver the event again.
    Error(Value),
    /// The handler did not return in time, and Lambda killed the function.
    TimedOut,
    /// The process ended without a result.
    Exited(ExitStatus),
}

impl Lambda {
    pub(crate) const FUNCTION: &str = "service-provider-access";
    pub(crate) const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:111111111111:function:service-provider-access";

    /// The key, the secret and the token that it runs with.
    const CREDENTIALS: [&str; 3] = ["ASIAEXAMPLE", "the-functions-secret-key", "the-functions-session-token"];

    /// What no log and no answer may contain: these, and the signature of a response URL.
    pub(crate) const SECRETS: [&str; 4] = [Self::CREDENTIALS[0], Self::CREDENTIALS[1], Self::CREDENTIALS[2], "X-Amz-"];

    /// Starts the binary. Its environment is Lambda's own and `environment`: the owner's settings, and the addresses
    /// `AWS_ENDPOINT_URL_IAM` and `AWS_ENDPOINT_URL_S3`. With an empty `SSL_CERT_FILE`, it reads the root certificates of
    /// the operating system.
    pub(crate) async fn start(binary: impl AsRef<Path>, environment: &[(&str, &str)]) -> Self {
        let (events, waiting) = mpsc::unbounded_channel();
        let runtime = Arc::new(Runtime::new(waiting));
        let api = Arc::clone(&runtime);
        let server = Server::start(move |request| Arc::clone(&api).answer(request)).await;

        let mut command = Command::new(binary.as_ref());
        command
            .env_clear()
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", server.authority().as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", Self::FUNCTION),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/service-provider-access"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]00000000000000000000000000000000"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_DEFAULT_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", Self::CREDENTIALS[0]),
                ("AWS_SECRET_ACCESS_KEY", Self::CREDENTIALS[1]),
                ("AWS_SESSION_TOKEN", Self::CREDENTIALS[2]),
                ("LANG", "en_US.UTF-8"),
                ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
                ("SSL_CERT_FILE", ROOT_CERTIFICATES),
                ("TZ", ":UTC"),
            ])
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if environment.contains(&("SSL_CERT_FILE", "")) {
            command.env_remove("SSL_CERT_FILE");
        }
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{} does not start: {error}", binary.as_ref().display()));

        let log = Arc::default();
        let readers = vec![
            keep_lines(child.stdout.take().expect("it is piped"), &log),
            keep_lines(child.stderr.take().expect("it is piped"), &log),
        ];
        Self { child, events, runtime, log, readers, invocations: 0, _server: server }
    }

    /// Gives the function an event and waits until it ended, at most as long as this timeout of the function. The
    /// time starts when the function takes the event.
    pub(crate) async fn invoke(&mut self, event: &Value, timeout: Duration) -> Invocation {
        self.invocations += 1;
        let request_id = format!("{0:08x}-1111-4000-8000-{0:012x}", self.invocations);
        let (taken, when_taken) = oneshot::channel();
        let (ended, when_ended) = oneshot::channel();
        let event = Event { request_id, body: event.to_string().into(), timeout, taken, ended };
        self.events.send(event).expect("the Runtime API still runs");

        let end = async {
            let taken = tokio::time::timeout(INIT, when_taken).await;
            taken.expect("the function asks for an event within its time to initialize").expect("the sender is kept");
            tokio::time::timeout(timeout, when_ended).await.map(|end| end.expect("the sender is kept"))
        };
        // Biased, because a function may exit as soon as its answer is accepted.
        let invocation = tokio::select! {
            biased;
            end = end => end.unwrap_or(Invocation::TimedOut),
            status = self.child.wait() => Invocation::Exited(status.expect("the child can be waited for")),
        };
        if invocation == Invocation::TimedOut {
            self.kill().await;
        }
        invocation
    }

    /// The error of a function that could not initialize.
    pub(crate) fn init_error(&self) -> Option<Value> {
        lock(&self.runtime.exchange).init_error.clone()
    }

    /// How many descriptors the process has open.
    pub(crate) fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id().expect("the process runs"));
        std::fs::read_dir(folder).expect("the process runs").count()
    }

    /// How much memory of the process is resident, in KiB.
    pub(crate) fn memory(&self) -> usize {
        let file = format!("/proc/{}/status", self.child.id().expect("the process runs"));
        let status = std::fs::read_to_string(file).expect("the process runs");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the kernel reports it");
        resident.trim().trim_end_matches(" kB").parse().expect("it is a number")
    }

    /// Stops the process as Lambda does between two events.
    pub(crate) async fn freeze(&self) {
        self.signal("-STOP").await;
    }

    /// Lets a frozen process run again.
    pub(crate) async fn thaw(&self) {
        self.signal("-CONT").await;
    }

    async fn signal(&self, signal: &str) {
        let process = self.child.id().expect("the process runs").to_string();
        let status = Command::new("kill").args([signal, &process]).status().await;
        assert!(status.expect("there is a kill command").success());
    }

    /// Ends the process and returns all that it wrote, line by line.
    pub(crate) async fn kill(&mut self) -> Vec<String> {
        // The process may have ended already.
        let _ = self.child.kill().await;
        for reader in self.readers.drain(..) {
            reader.await.expect("reading lines does not panic");
        }
        lock(&self.log).clone()
    }
}

fn keep_lines(output: impl AsyncRead + Send + Unpin + 'static, log: &Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    let log = Arc::clone(log);
    let mut lines = BufReader::new(output).lines();
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            lock(&log).push(line);
        }
    })
}

// --- The Runtime API ---

struct Event {
    request_id: String,
    body: Bytes,
    timeout: Duration,
    taken: oneshot::Sender<()>,
    ended: oneshot::Sender<Invocation>,
}

struct Runtime {
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Event>>,
    exchange: Mutex<Exchange>,
}

#[derive(Default)]
struct Exchange {
    /// By request ID: who waits for the end of the invocation.
    in_flight: HashMap<String, oneshot::Sender<Invocation>>,
    init_error: Option<Value>,
}

impl Runtime {
    fn new(waiting: mpsc::UnboundedReceiver<Event>) -> Self {
        Self { waiting: waiting.into(), exchange: Mutex::default() }
    }

    async fn answer(self: Arc<Self>, request: Request<Bytes>) -> Result<Response<Bytes>, ConnectionLost> {
        let Some(resource) = request.uri().path().strip_prefix("/2018-06-01/runtime/") else {
            return Ok(status(404));
        };
        let segments: Vec<&str> = resource.split('/').collect();
        match (request.method(), &segments[..]) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => {
                Ok(self.end(id, Invocation::Response(json(request.body()))))
            }
            (&Method::POST, ["invocation", id, "error"]) => Ok(self.end(id, Invocation::Error(json(request.body())))),
            (&Method::POST, ["init", "error"]) => {
                lock(&self.exchange).init_error = Some(json(request.body()));
                Ok(status(202))
            }
            _ => Ok(status(404)),
        }
    }

    async fn next(&self) -> Result<Response<Bytes>, ConnectionLost> {
        let event = self.waiting.lock().await.recv().await.ok_or(ConnectionLost)?;
        let deadline = SystemTime::now() + event.timeout;
        let deadline = deadline.duration_since(UNIX_EPOCH).expect("it is after 1970").as_millis();
        let response = Response::builder()
            .header("Lambda-Runtime-Aws-Request-Id", &event.request_id)
            .header("Lambda-Runtime-Deadline-Ms", deadline.to_string())
            .header("Lambda-Runtime-Invoked-Function-Arn", Lambda::FUNCTION_ARN)
            .header("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
            .header("Content-Type", "application/json")
            .body(event.body)
            .expect("all parts are well-formed");
        lock(&self.exchange).in_flight.insert(event.request_id, event.ended);
        // The receiver is gone if the test gave up.
        let _ = event.taken.send(());
        Ok(response)
    }

    fn end(&self, request_id: &str, invocation: Invocation) -> Response<Bytes> {
        match lock(&self.exchange).in_flight.remove(request_id) {
            Some(ended) => {
                let _ = ended.send(invocation);
                status(202)
            }
            None => status(400),
        }
    }
}

fn status(code: u16) -> Response<Bytes> {
    Response::builder().status(code).body(Bytes::new()).expect("the status is valid")
}

/// What the function posted: JSON, or its text.
fn json(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_function_has_the_environment_of_lambda_and_not_of_the_test() {
        let mut lambda = Lambda::start("/usr/bin/env", &[("ROLE_PATH_PREFIX", "/delegated/")]).await;
        let ended = lambda.invoke(&Value::Null, Duration::from_secs(1)).await;
        assert_eq!(ended, Invocation::Exited(ExitStatus::default()), "it asks for no event");
        assert_eq!(lambda.init_error(), None, "it reports no error");

        let log = lambda.kill().await;
        assert!(log.contains(&"ROLE_PATH_PREFIX=/delegated/".to_owned()), "{log:?}");
        assert!(log.contains(&"AWS_REGION=us-east-1".to_owned()), "{log:?}");
        assert!(!log.iter().any(|line| line.starts_with("CARGO")), "{log:?}");
    }
}
