//! One account, the function in it, CloudFormation's ear, and Lambda with its ways: an invocation that fails
//! or dies is delivered again, twice at most, to a fresh process.

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
pub(super) const USUAL: Duration = Duration::from_mins(1);

/// How often Lambda delivers an event whose invocations all fail.
const DELIVERIES: u32 = 3;

/// What CloudFormation asks of the function.
#[derive(Clone, Debug)]
pub(super) enum Request {
    Create { wish: Value },
    Update { id: String, old: Value, new: Value },
    Delete { id: String, wish: Value },
}

pub(super) struct World {
    pub(super) account: Account,
    pub(super) bucket: Bucket,
    /// What CloudFormation reports of the resource: by default, that the newest request's operation is in progress.
    pub(super) cloudformation: CloudFormation,
    /// Told when the process is to die.
    pub(super) death: Arc<Notify>,
    /// What is to go wrong after each death, in order.
    pub(super) after_deaths: VecDeque<Fault>,
    /// How many of the next answers the process dies over, as soon as the bucket has read them.
    pub(super) deadly_answers: usize,
    iam: Server,
    status: Server,
    lambda: Option<Lambda>,
    events: Vec<Value>,
    /// Events whose answer was heard, though Lambda knows of nothing but a failed invocation.
    owed: Vec<Value>,
    log: Vec<String>,
    complaints: Vec<String>,
}

/// How an invocation ended.
enum End {
    Returned,
    Failed,
}

impl World {
    pub(super) async fn new() -> Self {
        let account = Account::new();
        let (iam, bucket) = (account.serve().await, Bucket::start().await);
        let cloudformation = CloudFormation::new();
        let status = cloudformation.serve().await;
        Self {
            account,
            bucket,
            cloudformation,
            death: Arc::default(),
            after_deaths: VecDeque::new(),
            deadly_answers: 0,
            iam,
            status,
            lambda: None,
            events: Vec::new(),
            owed: Vec::new(),
            log: Vec::new(),
            complaints: Vec::new(),
        }
    }

    /// One whose account holds what another one's held.
    pub(super) async fn with(state: &State) -> Self {
        let world = Self::new().await;
        world.account.edit(|account| account.clone_from(state));
        world
    }

    /// Delivers a request as often as Lambda would and returns what CloudFormation hears: nothing, where all
    /// deliveries failed. What Lambda delivers although an answer was heard comes with [`settle`](Self::settle).
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
        for _ in 0..DELIVERIES {
            let end = self.invoke(&event, timeout).await;
            let heard = self.heard(&event).is_some();
            match end {
                End::Returned if heard => break,
                End::Returned => self.complain("Lambda believes that all went well, but nobody was answered"),
                End::Failed if heard => {
                    self.owed.push(event.clone());
                    break;
                }
                End::Failed => {}
            }
        }
        self.heard(&event)
    }

    /// An event that CloudFormation sent at this time and that is not delivered yet.
    pub(super) fn send(&mut self, request: &Request, sent: SystemTime) -> Value {
        let event = self.event(request, sent);
        self.events.push(event.clone());
        event
    }

    /// Lambda delivers an event that it delivered before.
    pub(super) async fn deliver_again(&mut self, event: &Value) {
        if let End::Failed = self.invoke(event, USUAL).await {
            self.complain(format!("{} failed when it was delivered again", event["RequestType"]));
        }
    }

    /// The event of the request that was sent last.
    pub(super) fn last_event(&self) -> Value {
        self.events.last().unwrap().clone()
    }

    /// Takes back from Lambda what [`settle`](Self::settle) would deliver.
    pub(super) fn forget_owed(&mut self) {
        self.owed.clear();
    }

    /// Lambda tries again a minute later, when CloudFormation has long gone on.
    pub(super) async fn settle(&mut self) {
        for event in std::mem::take(&mut self.owed) {
            self.invoke(&event, USUAL).await;
        }
    }

    pub(super) fn complain(&mut self, complaint: impl Into<String>) {
        self.complaints.push(complaint.into());
    }

    /// Ends the process, checks all that was ever said, and returns what was wrong with anything.
    pub(super) async fn finish(mut self) -> Vec<String> {
        self.end_process().await;
        let known = [ID, OTHER_ID, "%7CAccess"].into_iter().chain(Lambda::SECRETS);
        let mut secrets: Vec<String> = known.map(str::to_owned).collect();
        let moments = self.account.snapshots();
        let roles = moments.iter().flat_map(|moment| &moment.roles);
        secrets.extend(roles.filter_map(|role| role.tags.get(EXTERNAL_ID_TAG)).cloned());
        let mut told: Vec<String> = self.log.clone();
        for put in self.bucket.received() {
            if put.body.len() > 4096 {
                self.complain(format!("an answer has {} bytes", put.body.len()));
            }
            let Some(event) = self.events.iter().find(|event| self.target(event) == put.target) else {
                self.complain("somebody else was answered");
                continue;
            };
            let answer = Answer(put.json());
            let wrong: Vec<_> = ["StackId", "RequestId", "LogicalResourceId"]
                .into_iter()
                .filter(|echo| answer.0[echo] != event[echo])
                .collect();
            if !wrong.is_empty() || answer.physical_id().is_empty() {
                self.complain(format!("an answer is malformed: {wrong:?}"));
            }
            if !answer.succeeded() {
                told.push(answer.0.to_string());
            }
        }
        for line in &told {
            if let Some(secret) = secrets.iter().find(|secret| line.contains(secret.as_str())) {
                self.complaints.push(format!("{secret} is told: {line}"));
            }
        }
        self.complaints
    }

    /// The process, if there is one, is killed as the kernel kills: it does not notice.
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
        let (heard, deadly) = (self.bucket.received().len(), self.deadly_answers > 0);
        let bucket = &self.bucket;
        let answer_read = async {
            while !deadly || bucket.received().len() == heard {
                if !deadly {
                    pending::<()>().await;
                }
                sleep(Duration::from_millis(2)).await;
            }
        };
        let ended = tokio::select! {
            biased;
            ended = lambda.invoke(event, timeout) => Some(ended),
            () = self.death.notified() => None,
            () = answer_read => {
                self.deadly_answers -= 1;
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
                self.complain(format!("the function ended by itself: {status}"));
                self.log.extend(lambda.kill().await);
                End::Failed
            }
            Some(Invocation::TimedOut) => {
                self.log.extend(lambda.kill().await);
                End::Failed
            }
            None => {
                self.log.extend(lambda.kill().await);
                if let Some(fault) = self.after_deaths.pop_front() {
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

    /// CloudFormation listens to the first answer for each URL.
    fn heard(&self, event: &Value) -> Option<Answer> {
        let answers = self.bucket.answers();
        answers.iter().find(|put| put.target == self.target(event)).map(|put| Answer(put.json()))
    }

    fn target<'e>(&self, event: &'e Value) -> &'e str {
        event["ResponseURL"].as_str().unwrap().strip_prefix(&self.bucket.origin()).unwrap()
    }

    /// The event as CloudFormation sends it at this time.
    fn event(&self, request: &Request, sent: SystemTime) -> Value {
        let properties = |wish: &Value| {
            let mut properties = wish.clone();
            properties["ServiceToken"] = json!(FUNCTION);
            properties["ServiceTimeout"] = json!("360");
            properties
        };
        let (kind, fields) = match request {
            Request::Create { wish } => ("Create", json!({ "ResourceProperties": properties(wish) })),
            Request::Update { id, old, new } => (
                "Update",
                json!({
                    "PhysicalResourceId": id, "ResourceProperties": properties(new),
                    "OldResourceProperties": properties(old),
                }),
            ),
            Request::Delete { id, wish } => {
                ("Delete", json!({ "PhysicalResourceId": id, "ResourceProperties": properties(wish) }))
            }
        };
        let mut event = Stack::in_account(self.account.clone(), "customer").event(kind, &fields);
        event["ResponseURL"] = self.bucket.url_signed_at("Access", sent).into();
        event["RequestId"] = json!(format!("request-{}", self.events.len() + 1));
        event
    }
}
