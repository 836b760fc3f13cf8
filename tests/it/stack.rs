//! One resource of one stack: events go through the whole handler to an in-memory account, and the result is the answer
//! that the function would send.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use aws_sdk_iam::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::TokioSleep;
use delegated_role_core::findings::Code;
use delegated_role_core::identifiers::Partition;
use delegated_role_core::owner_limits::Settings;
use serde_json::{Map, Value, json};
use service_provider_access::aws;
use service_provider_access::connections::Connections;
use service_provider_access::handler::{Handler, Invocation};
use service_provider_access::request::{Envelope, ResponseUrl};
use tokio::time::Instant;

use crate::fixtures::{ACCOUNT, FUNCTION};
use crate::wire::cloudformation::CloudFormation;
use crate::wire::iam::Account;
use crate::wire::sts::Customer;

const REGION: &str = "us-east-1";

/// They carry no answers here. To load the root certificates for each event would take too long.
static CONNECTIONS: LazyLock<Connections> = LazyLock::new(|| Connections::new().expect("an HTTP client"));

/// A stack with one resource, and the function that serves it.
#[derive(Clone)]
pub(crate) struct Stack {
    pub(crate) account: Account,
    /// The customer whose role the function can check.
    pub(crate) customer: Customer,
    /// What CloudFormation reports about the resource.
    pub(crate) cloudformation: CloudFormation,
    pub(crate) resource_type: &'static str,
    /// The Region of the stack and its function.
    pub(crate) region: &'static str,
    pub(crate) id: String,
    pub(crate) logical_id: String,
    /// The owner's settings, by environment variable.
    pub(crate) settings: Vec<(&'static str, String)>,
    /// The timeout of an invocation.
    pub(crate) timeout: Duration,
}

/// The answer that CloudFormation receives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer(pub(crate) Value);

impl Answer {
    pub(crate) fn succeeded(&self) -> bool {
        self.0["Status"] == "SUCCESS"
    }

    /// The reason of a failure. Panics on a success. So is a reason without a code of `docs/messages.md`.
    pub(crate) fn reason(&self) -> &str {
        assert_eq!(self.0["Status"], "FAILED", "{}", self.0);
        let reason = self.0["Reason"].as_str().unwrap();
        assert!(Code::ALL.iter().any(|code| reason.contains(&format!(" [{code}]"))), "no code: {reason}");
        reason
    }

    pub(crate) fn physical_id(&self) -> &str {
        self.0["PhysicalResourceId"].as_str().unwrap()
    }

    /// An attribute of a success. Panics on a failure.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        assert!(self.succeeded(), "{}", self.0["Reason"]);
        self.0["Data"][name].as_str().unwrap_or_else(|| panic!("no attribute {name}"))
    }
}

impl Stack {
    /// A stack in a new account. Its roles can trust any provider.
    pub(crate) fn new() -> Self {
        Self::in_account(Account::new(), "customer")
    }

    /// A stack of a provider, with a resource of another type than a role.
    pub(crate) fn of(resource_type: &'static str) -> Self {
        Self { resource_type, ..Self::in_account(Account::new(), "provider") }
    }

    /// A stack with this name and a role, in an existing account.
    pub(crate) fn in_account(account: Account, name: &str) -> Self {
        Self {
            account,
            customer: Customer::new(),
            cloudformation: CloudFormation::new(),
            resource_type: "Custom::DelegatedRole",
            region: REGION,
            id: format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/11111111-2222-3333-4444-555555555555"),
            logical_id: "Access".into(),
            settings: vec![("TRUSTED_ACCOUNT_IDS", "*".into())],
            timeout: Duration::from_secs(60),
        }
    }

    /// The stack of another Region in the same account, and the function there.
    pub(crate) fn in_region(&self, region: &'static str) -> Self {
        let id = self.id.replace(self.region, region).replace("11111111-", "22222222-");
        Self { region, id, cloudformation: CloudFormation::new(), ..self.clone() }
    }

    /// A stack in an account of another partition, in this Region of it.
    pub(crate) fn in_partition(partition: &'static str, region: &'static str) -> Self {
        let stack = Self::in_account(Account::in_partition(partition, ACCOUNT), "customer").in_region(region);
        Self { id: stack.id.replace("arn:aws:", &format!("arn:{partition}:")), ..stack }
    }

    /// Sets one of the owner's settings.
    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.settings.retain(|(name, _)| *name != variable);
        self.settings.push((variable, value.to_owned()));
        self
    }

    pub(crate) async fn create(&self, properties: Value) -> Answer {
        self.send(self.event("Create", &json!({ "ResourceProperties": wire(properties) }))).await
    }

    pub(crate) async fn update(&self, physical_id: &str, old: Value, new: Value) -> Answer {
        self.send(self.update_event(physical_id, old, new)).await
    }

    /// The event of an update.
    pub(crate) fn update_event(&self, physical_id: &str, old: Value, new: Value) -> Value {
        let fields = json!({
            "PhysicalResourceId": physical_id,
            "ResourceProperties": wire(new),
            "OldResourceProperties": wire(old),
        });
        self.event("Update", &fields)
    }

    pub(crate) async fn delete(&self, physical_id: &str, properties: Value) -> Answer {
        let fields = json!({ "PhysicalResourceId": physical_id, "ResourceProperties": wire(properties) });
        self.send(self.event("Delete", &fields)).await
    }

    /// An event of this stack, with these additional fields.
    pub(crate) fn event(&self, request_type: &str, fields: &Value) -> Value {
        let mut event = json!({
            "RequestType": request_type,
            "ResponseURL": format!("{}/answer?X-Amz-Date=20261122T120000Z&X-Amz-Signature=not-to-be-told", self.bucket()),
            "StackId": self.id,
            "RequestId": "request-1",
            "ResourceType": self.resource_type,
            "LogicalResourceId": self.logical_id,
            "ServiceToken": self.function(),
        });
        event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        event
    }

    /// Sends an event and checks what holds for each answer.
    pub(crate) async fn send(&self, event: Value) -> Answer {
        let signed_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800);
        Box::pin(self.send_at(event, signed_at + Duration::from_secs(1))).await
    }

    /// Like [`send`](Self::send), at this time of the function's clock.
    pub(crate) async fn send_at(&self, event: Value, now: SystemTime) -> Answer {
        let handler = self.handler();
        self.cloudformation.follow(&event);
        let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        self.account.edit(|aws| aws.time = aws.time.max(Some(seconds)));
        let envelope = Envelope::read(&event);
        let url = ResponseUrl::accept(&event, self.region, &[]).expect("a response URL of CloudFormation");
        let invocation = Invocation { function_arn: self.function(), deadline: Instant::now() + self.timeout, now };
        let deadline = invocation.deadline;
        let (response, _) = handler.respond(event, &envelope, &url, invocation).await;
        assert!(Instant::now() + Duration::from_secs(3) <= deadline, "answered too late");
        let body = response.body(&envelope);
        assert!(body.len() <= 4096, "the answer has {} bytes", body.len());
        assert!(!body.contains("not-to-be-told"), "the answer contains the response URL: {body}");
        let answer = Answer(serde_json::from_str(&body).expect("the answer is JSON"));
        assert!(!answer.physical_id().is_empty());
        answer
    }

    /// Calls the function directly, and returns its answer.
    pub(crate) async fn call(&self, event: Value) -> Value {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_860);
        Box::pin(self.call_at(event, now)).await
    }

    /// Like [`call`](Self::call), at this time of the function's clock.
    pub(crate) async fn call_at(&self, event: Value, now: SystemTime) -> Value {
        let invocation = Invocation { function_arn: self.function(), deadline: Instant::now() + self.timeout, now };
        let deadline = invocation.deadline;
        let answer = self.handler().handle(event, invocation).await.expect("a direct call never fails");
        assert!(Instant::now() + Duration::from_secs(3) <= deadline, "answered too late");
        answer
    }

    fn function(&self) -> String {
        let partition = Partition::of_region(self.region);
        FUNCTION.replace(REGION, self.region).replace("arn:aws:", &format!("arn:{partition}:"))
    }

    fn bucket(&self) -> String {
        let name = format!("cloudformation-custom-resource-response-{}", self.region.replace('-', ""));
        let region = if self.region == REGION { String::new() } else { format!(".{}", self.region) };
        format!("https://{name}.s3{region}.{}", Partition::of_region(self.region).dns_suffix())
    }

    pub(crate) fn handler(&self) -> Handler {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret-key", Some("token".into()), None, "test");
        let credentials = SharedCredentialsProvider::new(credentials);
        let region = || self.region.to_owned();
        let (iam, sts) = (self.account.http_client(), self.customer.http_client());
        let configuration =
            |http| aws::configuration(region(), None, false, credentials.clone(), http, TokioSleep::new());
        Handler {
            connections: CONNECTIONS.clone(),
            iam: aws_sdk_iam::Client::new(&configuration(iam)),
            sts: aws_sdk_sts::Client::new(&configuration(sts)),
            cloudformation: aws_sdk_cloudformation::Client::new(&configuration(self.cloudformation.http_client())),
            region: region(),
            emulators: Vec::new(),
            settings: Settings::from_environment(|name| {
                self.settings.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
            }),
        }
    }
}

/// Properties as CloudFormation sends them: all scalars are strings, and it adds two of its own.
fn wire(properties: Value) -> Value {
    let mut properties = stringified(properties);
    if let Value::Object(fields) = &mut properties {
        fields.insert("ServiceToken".into(), json!(FUNCTION));
        fields.insert("ServiceTimeout".into(), json!("360"));
    }
    properties
}

/// The same with all scalars as strings, at any depth.
fn stringified(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key, stringified(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(stringified).collect()),
        Value::Bool(flag) => json!(flag.to_string()),
        Value::Number(number) => json!(number.to_string()),
        other => other,
    }
}
