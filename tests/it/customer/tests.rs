//! The customer's STS against the real SDK.

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

/// `opened`, or the code and message of what came instead.
async fn heard(request: AssumeRoleFluentBuilder) -> String {
    match request.send().await {
        Ok(session) => {
            let credentials = session.credentials().expect("a session has credentials");
            let [key, secret, token] = Customer::CREDENTIALS;
            assert_eq!(credentials.access_key_id(), key);
            assert_eq!((credentials.secret_access_key(), credentials.session_token()), (secret, token));
            "opened".to_owned()
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
async fn it_opens_as_it_is_told_and_remembers_who_asked_when() {
    let customer = Customer::new();
    let denied = format!(
        "AccessDenied: User: arn:aws:sts::111111111111:assumed-role/service-provider-access-checker-us-east-1/\
         service-provider-access-provider is not authorized to perform: sts:AssumeRole on resource: {}",
        Customer::ROLE
    );
    assert_eq!(heard(request(&customer).external_id(ID)).await, denied, "nobody is trusted yet");
    customer.opens(|id| id == Some(ID));
    customer.opens_after(Duration::from_secs(5), |id| id.is_none());
    assert_eq!(heard(request(&customer)).await, denied);
    assert_eq!(heard(request(&customer).external_id(ID)).await, "opened");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(heard(request(&customer)).await, "opened");
    assert_eq!(heard(request(&customer).external_id(ID)).await, denied);
    let other = "arn:aws:iam::999999999999:role/Other";
    assert_eq!(heard(request(&customer).role_arn(other)).await, denied.replace(Customer::ROLE, other));

    let knock = |id: Option<&str>, seconds| Knock {
        role: Customer::ROLE.to_owned(),
        external_id: id.map(ToOwned::to_owned),
        at: Duration::from_secs(seconds),
    };
    let other = Knock { role: other.to_owned(), ..knock(None, 5) };
    let all = [knock(Some(ID), 0), knock(None, 0), knock(Some(ID), 0), knock(None, 5), knock(Some(ID), 5), other];
    assert_eq!(customer.knocks(), all);
}

#[tokio::test(start_paused = true)]
async fn disturbances_strike_what_they_are_told_to() {
    let customer = Customer::new();
    customer.opens(|id| id == Some(ID));
    customer.disturb(Disturbance::opened().of(|id| id.is_none()).nth(2));
    customer.disturb(Disturbance::throttled().of(|id| id.is_some()).first(1));
    customer.disturb(Disturbance::cut().of(|id| id.is_some()));
    customer.disturb(Disturbance::denied_because("because I say so").of(|id| id.is_some()).nth(1));
    customer.disturb(Disturbance::refused(400, "ValidationError", "Bad EXTERNAL-ID").of(|id| id.is_some()).first(1));
    customer.disturb(Disturbance::silence().of(|id| id.is_some()).first(1));
    for wanted in ["Throttling: Rate exceeded", "no answer", "because I say so", "Bad an-external-id", "no answer"] {
        let heard = heard(request(&customer).external_id(ID)).await;
        assert!(heard.ends_with(wanted), "{heard}");
    }
    assert_eq!(heard(request(&customer).external_id(ID)).await, "opened");
    assert!(heard(request(&customer)).await.starts_with("AccessDenied"));
    assert!(customer.has_unstruck_disturbances());
    assert_eq!(heard(request(&customer)).await, "opened");
    assert!(!customer.has_unstruck_disturbances());
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
#[should_panic(expected = "DurationSeconds is Some(\"3600\"), should be \"900\"")]
async fn a_longer_session_is_a_panic() {
    let customer = Customer::new();
    let _ = request(&customer).duration_seconds(3600).send().await;
}

#[tokio::test]
#[should_panic(expected = "RoleSessionName is Some(\"me\"), should be \"access-check\"")]
async fn another_session_name_is_a_panic() {
    let customer = Customer::new();
    let _ = request(&customer).role_session_name("me").send().await;
}

#[tokio::test]
#[should_panic(expected = "the session's policy does not just deny everything")]
async fn a_session_that_can_do_something_is_a_panic() {
    let customer = Customer::new();
    let _ = request(&customer).policy(NOTHING.replace("Deny", "Allow")).send().await;
}

#[tokio::test]
#[should_panic(expected = "a session without a policy could do all that the role may")]
async fn a_session_without_a_policy_is_a_panic() {
    let customer = Customer::new();
    let _ = request(&customer).set_policy(None).send().await;
}

#[tokio::test]
#[should_panic(expected = "STS would not read this external ID")]
async fn an_id_that_is_none_is_a_panic() {
    let customer = Customer::new();
    let _ = request(&customer).external_id("x".repeat(1225)).send().await;
}

#[tokio::test]
#[should_panic(expected = "not the Region's STS: https://sts.eu-west-1.amazonaws.com/")]
async fn another_region_is_a_panic() {
    let customer = Customer::new();
    let elsewhere = config(&customer).region(Region::new("eu-west-1")).build();
    let _ = request(&customer).customize().config_override(elsewhere.to_builder()).send().await;
}

#[tokio::test]
#[should_panic(expected = "AssumeRole is not signed for the Region's STS: \"\"")]
async fn a_swallowed_panic_comes_back_with_the_customer() {
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
    // The server's task takes the panic with it: the caller sees no more than a closed connection.
    let _ = stream.read_to_string(&mut answer).await;
    assert_eq!(answer, "");
}
