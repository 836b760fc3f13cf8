//! The function as it is installed: the real binary under the Lambda Runtime API, with real sockets to IAM, STS and the
//! response bucket.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::fixtures::{FUNCTION, PROVIDER};
use crate::stack::{Answer, Stack};
use crate::wire::bucket::Bucket;
use crate::wire::cloudformation::CloudFormation;
use crate::wire::iam::{Account, Fault};
use crate::wire::lambda::{Invocation, Lambda};
use crate::wire::server::Server;
use crate::wire::sts::Customer;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_service-provider-access");

/// The timeout of the function as it is installed.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(1);

/// The function in a new account, one stack that uses it, and the account of a customer.
pub(crate) struct Function {
    pub(crate) account: Account,
    pub(crate) iam: Server,
    pub(crate) customer: Customer,
    pub(crate) sts: Server,
    pub(crate) bucket: Bucket,
    pub(crate) cloudformation: CloudFormation,
    _cloudformation_server: Server,
    pub(crate) lambda: Lambda,
    pub(crate) environment: Vec<(String, String)>,
}

impl Function {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With these environment variables.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let account = Account::new();
        let iam = account.serve().await;
        let endpoint = iam.origin();
        Self::in_account(account, iam, &endpoint, settings).await
    }

    /// Each attempt to open a connection to IAM panics: a thread resolves the name in the endpoint, and no thread can
    /// get a stack of this size.
    pub(crate) async fn panicking() -> Self {
        let account = Account::new();
        let iam = account.serve().await;
        let endpoint = iam.origin().replace("127.0.0.1", "localhost");
        let settings = [("RUST_MIN_STACK", "4611686018427387904"), ("RUST_LOG", "trace")];
        Self::in_account(account, iam, &endpoint, &settings).await
    }

    /// In this account, with another endpoint than that of its server, if the test needs one.
    pub(crate) async fn in_account(account: Account, iam: Server, endpoint: &str, settings: &[(&str, &str)]) -> Self {
        let bucket = Bucket::start().await;
        let customer = Customer::new();
        let sts = customer.serve().await;
        let cloudformation = CloudFormation::new();
        let cloudformation_server = cloudformation.serve().await;
        let cloudformation_endpoint = cloudformation_server.origin();
        let addresses = [
            ("AWS_ENDPOINT_URL_CLOUDFORMATION", cloudformation_endpoint.as_str()),
            ("AWS_ENDPOINT_URL_IAM", endpoint),
            ("AWS_ENDPOINT_URL_STS", &sts.origin()),
            ("AWS_ENDPOINT_URL_S3", &bucket.origin()),
        ];
        let addresses = addresses.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment: Vec<_> = [("TRUSTED_ACCOUNT_IDS", PROVIDER)]
            .iter()
            .chain(settings)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .chain(addresses)
            .collect();
        let lambda = started(&environment).await;
        Self {
            account,
            iam,
            customer,
            sts,
            bucket,
            cloudformation,
            _cloudformation_server: cloudformation_server,
            lambda,
            environment,
        }
    }

    /// A new process in the same account, with a new bucket that has no faults.
    pub(crate) async fn with_a_new_bucket(mut self) -> Self {
        self.lambda.kill().await;
        let endpoint = self.iam.origin();
        Self::in_account(self.account, self.iam, &endpoint, &[]).await
    }

    /// A new process with this environment.
    pub(crate) async fn restart(&mut self, environment: Vec<(String, String)>) {
        self.lambda.kill().await;
        self.environment = environment;
        self.lambda = started(&self.environment).await;
    }

    /// An event of the stack with these fields. Properties also get what CloudFormation adds.
    pub(crate) fn event(&self, request_type: &str, mut fields: Value) -> Value {
        for properties in ["ResourceProperties", "OldResourceProperties"] {
            if let Some(Value::Object(properties)) = fields.get_mut(properties) {
                properties.entry("ServiceToken").or_insert(json!(FUNCTION));
                properties.entry("ServiceTimeout").or_insert(json!("360"));
            }
        }
        let mut event = Stack::in_account(self.account.clone(), "customer").event(request_type, &json!({}));
        event["ResponseURL"] = self.bucket.url_for("Access").into();
        event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.cloudformation.follow(&event);
        event
    }

    pub(crate) async fn create(&mut self, properties: &Value) -> Answer {
        let event = self.event("Create", json!({ "ResourceProperties": properties }));
        self.answer_to(&event).await
    }

    pub(crate) async fn update(&mut self, physical_id: &str, old: &Value, new: &Value) -> Answer {
        let fields = json!({
            "PhysicalResourceId": physical_id, "ResourceProperties": new, "OldResourceProperties": old,
        });
        let event = self.event("Update", fields);
        self.answer_to(&event).await
    }

    pub(crate) async fn delete(&mut self, physical_id: &str, properties: &Value) -> Answer {
        let fields = json!({ "PhysicalResourceId": physical_id, "ResourceProperties": properties });
        let event = self.event("Delete", fields);
        self.answer_to(&event).await
    }

    /// The one answer that CloudFormation receives. For Lambda, the invocation succeeds.
    pub(crate) async fn answer_to(&mut self, event: &Value) -> Answer {
        self.cloudformation.follow(event);
        let ended = self.lambda.invoke(event, TIMEOUT).await;
        assert_eq!(ended, Invocation::Response(Value::Null));
        let received = self.bucket.received();
        let kept = received.iter().enumerate().filter(|(_, put)| put.kept && put.target == self.target(event));
        let [nth] = kept.map(|(nth, _)| nth).collect::<Vec<_>>()[..] else { panic!("not one answer: {received:?}") };
        self.received(event, nth)
    }

    /// Starts the event, kills the process after this write and before IAM's answer, and starts a new process.
    pub(crate) async fn kill_during(&mut self, event: &Value, write: usize) {
        self.cloudformation.follow(event);
        self.account.fail(Fault::reply_hangs().on_writes().nth(write));
        let account = &self.account;
        tokio::select! {
            ended = self.lambda.invoke(event, TIMEOUT) => panic!("the invocation ended: {ended:?}"),
            () = until("the write is done", || account.unused_faults().is_empty()) => {}
        }
        self.lambda.kill().await;
        self.account.clear_faults();
        assert!(self.bucket.answers().iter().all(|put| put.target != self.target(event)), "there is no answer");
        self.lambda = started(&self.environment).await;
    }

    /// The `nth` request to the bucket, counted from zero, after a check of what holds for all answers.
    pub(crate) fn received(&self, event: &Value, nth: usize) -> Answer {
        let put = self.bucket.received().swap_remove(nth);
        assert_eq!((put.method.as_str(), put.target.as_str()), ("PUT", self.target(event)));
        let header = |name| put.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(header("content-type"), [""], "the URL is signed for an empty Content-Type");
        assert_eq!(header("content-length"), [put.body.len().to_string()]);
        for name in ["transfer-encoding", "authorization", "x-amz-security-token", "cookie"] {
            assert_eq!(header(name), [""; 0], "{name}");
        }
        assert!(put.body.len() <= 4096, "{} bytes", put.body.len());
        let answer = Answer(put.json());
        for echo in ["StackId", "RequestId", "LogicalResourceId"] {
            assert_eq!(answer.0[echo], event[echo]);
        }
        assert!((1..=1024).contains(&answer.physical_id().len()), "{}", answer.0);
        answer
    }

    /// Path and query of the response URL of an event.
    fn target<'e>(&self, event: &'e Value) -> &'e str {
        event["ResponseURL"].as_str().unwrap().strip_prefix(&self.bucket.origin()).unwrap()
    }

    /// Ends the process and returns all that it wrote.
    pub(crate) async fn log(&mut self) -> Vec<String> {
        self.lambda.kill().await
    }
}

async fn started(environment: &[(String, String)]) -> Lambda {
    let environment: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Lambda::start(BINARY, &environment).await
}

/// The lines of a log. Each is a JSON object.
pub(crate) fn lines(log: &[String]) -> Vec<Value> {
    let parsed = log.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")));
    let lines: Vec<Value> = parsed.collect();
    assert!(lines.iter().all(Value::is_object), "{log:#?}");
    lines
}

/// The lines with the result of a request.
pub(crate) fn requests(log: &[String]) -> Vec<Value> {
    lines(log).into_iter().filter(|line| line["message"] == "request").collect()
}

/// Waits for something that must happen. The limit is for tests that fail.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < limit, "waited in vain until {what}");
        sleep(Duration::from_millis(5)).await;
    }
}
