//! The fake STS and the real SDK.

use aws_sdk_sts::Client;
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_sts::error::ProvideErrorMetadata;
use aws_sdk_sts::operation::RequestId;
use aws_sdk_sts::operation::assume_role::builders::AssumeRoleFluentBuilder;

use super::*;

const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
const ID: &str = "an-external-id";

fn config(customer: &Customer) -> Builder {
    aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIAEXAMPLE", "secret", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(10)).build())
        .http_client(customer.http_client())
}

fn request(customer: &Customer) -> AssumeRoleFluentBuilder {
    let client = Client::from_conf(config(customer).build());
    client
        .assume_role()
        .role_arn(Customer::ROLE)
        .role_session_name("access-check")
        .duration_seconds(900)
        .policy(NOTHING)
}

/// `session`, or the code and message of the error.
async fn outcome_of(request: AssumeRoleFluentBuilder) -> String {
    match request.send().await {
        Ok(session) => {
            let credentials = session.credentials().expect("a session has credentials");
            let [key, secret, token] = Customer::CREDENTIALS;
            assert_eq!(credentials.access_key_id(), key);
            assert_eq!((credentials.secret_access_key(), credentials.session_token()), (secret, token));
            "session".to_owned()
        }
        Err(error) => match error.code() {
            Some(code) => {
                assert!(error.request_id().is_some());
                format!("{code}: {}", error.message().unwrap_or_default())
            }
            None => "no answer".to_owned(),
        },
    }
}

#[tokio::test(start_paused = true)]
async fn it_decides_by_the_trust_policy_and_records_each_request() {
    let customer = Customer::new();
    let denied = format!(
        "AccessDenied: User: arn:aws:sts::111111111111:assumed-role/service-provider-access-checker-us-east-1/\
         service-provider-access-provider is not authorized to perform: sts:AssumeRole on resource: {}",
        Customer::ROLE
    );
    assert_eq!(outcome_of(request(&customer).external_id(ID)).await, denied, "there is no trust yet");
    customer.trusts(|id| id == Some(ID));
    customer.trusts_after(Duration::from_secs(5), |id| id.is_none());
    assert_eq!(outcome_of(request(&customer)).await, denied);
    assert_eq!(outcome_of(request(&customer).external_id(ID)).await, "session");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(outcome_of(request(&customer)).await, "session");
    assert_eq!(outcome_of(request(&customer).external_id(ID)).await, denied);
    let other = "arn:aws:iam::999999999999:role/Other";
    assert_eq!(outcome_of(request(&customer).role_arn(other)).await, denied.replace(Customer::ROLE, other));

    let received = |id: Option<&str>, seconds| Received {
        role: Customer::ROLE.to_owned(),
        external_id: id.map(ToOwned::to_owned),
        at: Duration::from_secs(seconds),
    };
    let other = Received { role: other.to_owned(), ..received(None, 5) };
    let all = [
        received(Some(ID), 0),
        received(None, 0),
        received(Some(ID), 0),
        received(None, 5),
        received(Some(ID), 5),
        other,
    ];
    assert_eq!(customer.requests(), all);
}

#[tokio::test(start_paused = true)]
async fn a_fault_applies_to_the_requests_that_it_is_set_for() {
    let customer = Customer::new();
    customer.trusts(|id| id == Some(ID));
    customer.fail(Fault::session().of(|id| id.is_none()).nth(2));
    customer.fail(Fault::throttled().of(|id| id.is_some()).first(1));
    customer.fail(Fault::connection_cut().of(|id| id.is_some()));
    customer.fail(Fault::denied_because("because I say so").of(|id| id.is_some()).nth(1));
    customer.fail(Fault::refused(400, "ValidationError", "Bad EXTERNAL-ID").of(|id| id.is_some()).first(1));
    customer.fail(Fault::hang().of(|id| id.is_some()).first(1));
    for wanted in ["Throttling: Rate exceeded", "no answer", "because I say so", "Bad an-external-id", "no answer"] {
        let outcome = outcome_of(request(&customer).external_id(ID)).await;
        assert!(outcome.ends_with(wanted), "{outcome}");
    }
    assert_eq!(outcome_of(request(&customer).external_id(ID)).await, "session");
    assert!(outcome_of(request(&customer)).await.starts_with("AccessDenied"));
    assert_eq!(customer.unused_faults(), ["special failure of some external IDs"]);
    assert_eq!(outcome_of(request(&customer)).await, "session");
    assert_eq!(customer.unused_faults(), [""; 0]);
}

#[tokio::test]
#[should_panic(expected = "does not know the action GetCallerIdentity")]
async fn another_action_is_a_panic() {
    let customer = Customer::new();
    let _ = Client::from_conf(config(&customer).build()).get_caller_identity().send().await;
}

#[tokio::test]
#[should_panic(expected = "does not know the parameter SourceIdentity")]
async fn another_parameter_is_a_panic() {
    let customer = Customer::new();
    let _ = request(&customer).source_identity("me").send().await;
}

#[tokio::test]
#[should_panic(expected = "DurationSeconds is Some(\"3600\"), must be \"900\"")]
async fn a_longer_session_is_a_panic() {
    let customer = Customer::new();
    let _ = request(&customer).duration_seconds(3600).send().await;
}

#[tokio::test]
#[should_panic(expected = "RoleSessionName is Some(\"me\"), must be \"access-check\"")]
async fn another_session_name_is_a_panic() {
    let customer = Customer::new();
    let _ = request(&customer).role_session_name("me").send().await;
}

#[tokio::test]
#[should_panic(expected = "the policy of the session does not deny everything")]
async fn a_session_with_permissions_is_a_panic() {
    let customer = Customer::new();
    let _ = request(&customer).policy(NOTHING.replace("Deny", "Allow")).send().await;
}

#[tokio::test]
#[should_panic(expected = "a session without a policy has all permissions of the role")]
async fn a_session_without_a_policy_is_a_panic() {
    let customer = Customer::new();
    let _ = request(&customer).set_policy(None).send().await;
}

#[tokio::test]
#[should_panic(expected = "STS refuses this external ID before it looks at the role")]
async fn a_malformed_external_id_is_a_panic() {
    let customer = Customer::new();
    let _ = request(&customer).external_id("x".repeat(1225)).send().await;
}

#[tokio::test]
#[should_panic(expected = "not the endpoint of STS: https://sts.eu-west-1.amazonaws.com/")]
async fn another_region_is_a_panic() {
    let customer = Customer::new();
    let elsewhere = config(&customer).region(Region::new("eu-west-1")).build();
    let _ = request(&customer).customize().config_override(elsewhere.to_builder()).send().await;
}

#[tokio::test]
#[should_panic(expected = "AssumeRole is not signed for STS: Authorization \"\"")]
async fn a_panic_in_a_servers_task_is_repeated_when_the_customer_is_dropped() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let customer = Customer::new();
    let server = customer.serve().await;
    let body = "Action=AssumeRole&Version=2011-06-15";
    let head = "POST / HTTP/1.1\r\nHost: loopback\r\nConnection: close\r\n\
                Content-Type: application/x-www-form-urlencoded";
    let mut stream = tokio::net::TcpStream::connect(server.authority()).await.expect("the server listens");
    let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = String::new();
    // The server's task hides the panic: the caller sees only a closed connection.
    let _ = stream.read_to_string(&mut answer).await;
    assert_eq!(answer, "");
}
