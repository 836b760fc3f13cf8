//! One account, the function in it, the response bucket, and Lambda's retries: an event whose invocation fails or dies is
//! delivered again, at most twice, to a new process.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::fixtures::{EXTERNAL_ID_TAG, FUNCTION, ID, OTHER_ID};
use crate::stack::{Answer, Stack};
use crate::wire::bucket::Bucket;
use crate::wire::cloudformation::CloudFormation;
use crate::wire::iam::{Account, Fault, State};
use crate::wire::lambda::{Invocation, Lambda};
use crate::wire::server::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_service-provider-access");

/// The function's timeout as it is installed.
pub(super) const TIMEOUT: Duration = Duration::from_mins(1);

/// How often Lambda delivers an event whose invocations all fail.
const DELIVERIES: usize = 3;

/// A request of CloudFormation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Request {
    Create { properties: Value },
    Update { id: String, old: Value, new: Value },
    Delete { id: String, properties: Value },
}

pub(super) struct Simulation {
    pub(super) account: Account,
    pub(super) bucket: Bucket,
    /// What CloudFormation reports about the resource. By default, the operation of the newest request is in progress.
    pub(super) cloudformation: CloudFormation,
    /// Notified when the process must be killed.
    pub(super) kill: Arc<Notify>,
    /// The fault that is added after each kill, in order.
    pub(super) after_kills: VecDeque<Fault>,
    /// How many of the next answers kill the process as soon as the bucket has read them.
    pub(super) fatal_answers: usize,
    /// How often Lambda delivered the newest request.
    pub(super) deliveries: usize,
    iam: Server,
    status: Server,
    lambda: Option<Lambda>,
    events: Vec<Value>,
    /// Events that have an answer although their invocation failed, so Lambda delivers them again.
    retries: Vec<Value>,
    log: Vec<String>,
    problems: Vec<String>,
}

/// A service to which the process keeps connections.
#[derive(Clone, Copy, Debug)]
pub(super) enum Service {
    Iam,
    Bucket,
}

/// How an invocation ended.
enum End {
    Returned,
    Failed,
}

impl Simulation {
    pub(super) async fn new() -> Self {
        let account = Account::new();
        let (iam, bucket) = (account.serve().await, Bucket::start().await);
        let cloudformation = CloudFormation::new();
        let status = cloudformation.serve().await;
        Self {
            account,
            bucket,
            cloudformation,
            kill: Arc::default(),
            after_kills: VecDeque::new(),
            fatal_answers: 0,
            deliveries: 0,
            iam,
            status,
            lambda: None,
            events: Vec::new(),
            retries: Vec::new(),
            log: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// With this state of the account.
    pub(super) async fn with(state: &State) -> Self {
        let simulation = Self::new().await;
        simulation.account.edit(|account| account.clone_from(state));
        simulation
    }

    /// Delivers a request as often as Lambda does and returns the answer, or `None` if all deliveries failed. What Lambda
    /// delivers again after an answer comes with [`settle`](Self::settle).
    pub(super) async fn deliver(&mut self, request: &Request, timeout: Duration) -> Option<Answer> {
        self.deliver_sent(request, SystemTime::now(), timeout).await
    }

    /// The same for a request that CloudFormation sent at this time.
    pub(super) async fn deliver_sent(
        &mut self,
        request: &Request,
        sent: SystemTime,
        timeout: Duration,
    ) -> Option<Answer> {
        let event = self.send(request, sent);
        self.cloudformation.follow(&event);
        for delivery in 1..=DELIVERIES {
            self.deliveries = delivery;
            let end = self.invoke(&event, timeout).await;
            let answered = self.answer_to(&event).is_some();
            match end {
                End::Returned if answered => break,
                End::Returned => self.report("for Lambda, the invocation succeeded, but there is no answer"),
                End::Failed if answered => {
                    self.retries.push(event.clone());
                    break;
                }
                End::Failed => {}
            }
        }
        self.answer_to(&event)
    }

    /// An event that CloudFormation sent at this time and that is not delivered yet.
    pub(super) fn send(&mut self, request: &Request, sent: SystemTime) -> Value {
        let event = self.event(request, sent);
        self.events.push(event.clone());
        event
    }

    /// Lambda delivers an event that it delivered before.
    pub(super) async fn deliver_again(&mut self, event: &Value) {
        if let End::Failed = self.invoke(event, TIMEOUT).await {
            self.report(format!("{} failed when it was delivered again", event["RequestType"]));
        }
    }

    /// The event of the request that was sent last.
    pub(super) fn last_event(&self) -> Value {
        self.events.last().unwrap().clone()
    }

    /// Forgets what [`settle`](Self::settle) would deliver.
    pub(super) fn forget_retries(&mut self) {
        self.retries.clear();
    }

    /// Delivers the retries of Lambda, which come later than the next request of CloudFormation.
    pub(super) async fn settle(&mut self) {
        for event in std::mem::take(&mut self.retries) {
            self.invoke(&event, TIMEOUT).await;
        }
    }

    pub(super) fn report(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// Ends the process, checks all answers and the whole log, and returns all problems.
    pub(super) async fn finish(mut self) -> Vec<String> {
        self.end_process().await;
        let known = [ID, OTHER_ID, "%7CAccess"].into_iter().chain(Lambda::SECRETS);
        let mut secrets: Vec<String> = known.map(str::to_owned).collect();
        let snapshots = self.account.snapshots();
        let roles = snapshots.iter().flat_map(|snapshot| &snapshot.roles);
        secrets.extend(roles.filter_map(|role| role.tags.get(EXTERNAL_ID_TAG)).cloned());
        let mut output: Vec<String> = self.log.clone();
        for put in self.bucket.received() {
            if put.body.len() > 4096 {
                self.report(format!("an answer has {} bytes", put.body.len()));
            }
            let Some(event) = self.events.iter().find(|event| self.target(event) == put.target) else {
                self.report("an answer went to another URL");
                continue;
            };
            let answer = Answer(put.json());
            let wrong: Vec<_> = ["StackId", "RequestId", "LogicalResourceId"]
                .into_iter()
                .filter(|echo| answer.0[echo] != event[echo])
                .collect();
            if !wrong.is_empty() || answer.physical_id().is_empty() {
                self.report(format!("an answer is malformed: {wrong:?}"));
            }
            if !answer.succeeded() {
                output.push(answer.0.to_string());
            }
        }
        for line in &output {
            if let Some(secret) = secrets.iter().find(|secret| line.contains(secret.as_str())) {
                self.problems.push(format!("{secret} is revealed: {line}"));
            }
        }
        self.problems
    }

    /// The process that answered the last event and waits for the next one.
    pub(super) fn process(&self) -> &Lambda {
        self.lambda.as_ref().expect("the process waits for an event")
    }

    /// Freezes the process, breaks its connections to some services, and thaws it.
    pub(super) async fn freeze(&self, services: &[Service], damage: fn(&Server)) {
        let process = self.process();
        process.freeze().await;
        for service in services {
            damage(self.server(*service));
        }
        process.thaw().await;
    }

    /// How many connections to the service were opened so far.
    pub(super) fn connections(&self, service: Service) -> usize {
        self.server(service).connections()
    }

    fn server(&self, service: Service) -> &Server {
        match service {
            Service::Iam => &self.iam,
            Service::Bucket => self.bucket.server(),
        }
    }

    /// Kills the process, if there is one, without a signal that it can handle.
    pub(super) async fn end_process(&mut self) {
        if let Some(mut lambda) = self.lambda.take() {
            self.log.extend(lambda.kill().await);
        }
    }

    async fn invoke(&mut self, event: &Value, timeout: Duration) -> End {
        let mut lambda = match self.lambda.take() {
            Some(lambda) => lambda,
            None => self.started().await,
        };
        let (received, fatal) = (self.bucket.received().len(), self.fatal_answers > 0);
        let bucket = &self.bucket;
        let answer_read = async {
            while !fatal || bucket.received().len() == received {
                if !fatal {
                    pending::<()>().await;
                }
                sleep(Duration::from_millis(2)).await;
            }
        };
        let ended = tokio::select! {
            biased;
            ended = lambda.invoke(event, timeout) => Some(ended),
            () = self.kill.notified() => None,
            () = answer_read => {
                self.fatal_answers -= 1;
                None
            }
        };
        match ended {
            Some(Invocation::Response(_)) => {
                self.lambda = Some(lambda);
                End::Returned
            }
            Some(Invocation::Error(_)) => {
                self.lambda = Some(lambda);
                End::Failed
            }
            Some(Invocation::Exited(status)) => {
                self.report(format!("the process ended by itself: {status}"));
                self.log.extend(lambda.kill().await);
                End::Failed
            }
            Some(Invocation::TimedOut) => {
                self.log.extend(lambda.kill().await);
                End::Failed
            }
            None => {
                self.log.extend(lambda.kill().await);
                if let Some(fault) = self.after_kills.pop_front() {
                    self.account.fail(fault);
                }
                End::Failed
            }
        }
    }

    async fn started(&self) -> Lambda {
        let (iam, status, bucket) = (self.iam.origin(), self.status.origin(), self.bucket.origin());
        let environment = [
            ("AWS_ENDPOINT_URL_IAM", iam.as_str()),
            ("AWS_ENDPOINT_URL_CLOUDFORMATION", &status),
            ("AWS_ENDPOINT_URL_S3", &bucket),
            ("TRUSTED_ACCOUNT_IDS", "*"),
        ];
        Lambda::start(BINARY, &environment).await
    }

    /// CloudFormation reads the first answer for each URL.
    fn answer_to(&self, event: &Value) -> Option<Answer> {
        let answers = self.bucket.answers();
        answers.iter().find(|put| put.target == self.target(event)).map(|put| Answer(put.json()))
    }

    fn target<'e>(&self, event: &'e Value) -> &'e str {
        event["ResponseURL"].as_str().unwrap().strip_prefix(&self.bucket.origin()).unwrap()
    }

    /// The event as CloudFormation sends it at this time.
    fn event(&self, request: &Request, sent: SystemTime) -> Value {
        let complete = |properties: &Value| {
            let mut properties = properties.clone();
            properties["ServiceToken"] = json!(FUNCTION);
            properties["ServiceTimeout"] = json!("360");
            properties
        };
        let (kind, fields) = match request {
            Request::Create { properties } => ("Create", json!({ "ResourceProperties": complete(properties) })),
            Request::Update { id, old, new } => (
                "Update",
                json!({
                    "PhysicalResourceId": id, "ResourceProperties": complete(new),
                    "OldResourceProperties": complete(old),
                }),
            ),
            Request::Delete { id, properties } => {
                ("Delete", json!({ "PhysicalResourceId": id, "ResourceProperties": complete(properties) }))
            }
        };
        let mut event = Stack::in_account(self.account.clone(), "customer").event(kind, &fields);
        event["ResponseURL"] = self.bucket.url_signed_at("Access", sent).into();
        event["RequestId"] = json!(format!("request-{}", self.events.len() + 1));
        event
    }
}
