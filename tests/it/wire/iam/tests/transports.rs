//! The two ways to connect, and what is a panic on both.

use super::*;

#[tokio::test]
async fn the_loopback_server_serves_the_same_account() {
    let account = Account::new();
    account.put_role(Role::named("acme"));
    let server = account.serve().await;
    // The SDK's own HTTP client needs TLS. Plain HTTP shows the bytes on the wire.
    let post = async |body: &str| {
        let head = "POST / HTTP/1.1\r\nHost: loopback\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                    Authorization: AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/iam/aws4_request, Signature=00";
        exchange(&server.authority(), &format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await
    };

    let answer = post("Action=DeleteRole&Version=2010-05-08&RoleName=acme").await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("there is a body");
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\nx-amzn-requestid: 00000001-0000-4000-8000-000000000001\r\n"),
        "{head}"
    );
    assert_eq!(
        body,
        "<DeleteRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><DeleteRoleResult></DeleteRoleResult>\
         <ResponseMetadata><RequestId>00000001-0000-4000-8000-000000000001</RequestId></ResponseMetadata>\
         </DeleteRoleResponse>"
    );
    assert_eq!(account.roles(), [""; 0]);

    account.fail(Fault::connection_cut());
    assert_eq!(post("Action=GetRole&Version=2010-05-08&RoleName=acme").await, "");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
#[should_panic(expected = "the fake IAM does not know the action ListUsers")]
async fn an_unknown_action_is_a_panic() {
    let account = Account::new();
    let _ = client(&account).list_users().send().await;
}

#[tokio::test]
#[should_panic(expected = "the fake IAM does not know the parameter PathPrefix of ListAttachedRolePolicies")]
async fn an_unknown_parameter_is_a_panic() {
    let account = Account::new();
    let _ = client(&account).list_attached_role_policies().role_name("acme").path_prefix("/").send().await;
}

#[tokio::test]
#[should_panic(
    expected = "not the endpoint of IAM: https://iam.cn-north-1.amazonaws.com.cn/, must be https://iam.amazonaws.com/"
)]
async fn another_partition_is_a_panic() {
    let account = Account::new();
    let china = config().region(Region::new("cn-north-1")).http_client(account.http_client()).build();
    let _ = Client::from_conf(china).get_account_summary().send().await;
}

#[tokio::test]
#[should_panic(expected = "GetRole is not signed for IAM: Authorization \"\"")]
async fn a_panic_in_a_servers_task_is_repeated_when_the_account_is_dropped() {
    let account = Account::new();
    let server = account.serve().await;
    let body = "Action=GetRole&Version=2010-05-08&RoleName=acme";
    let head = "POST / HTTP/1.1\r\nHost: loopback\r\nContent-Type: application/x-www-form-urlencoded";
    // The server's task hides the panic: the caller sees only a closed connection.
    let answer =
        exchange(&server.authority(), &format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await;
    assert_eq!(answer, "");
}

/// Sends a request over a new connection and returns the whole answer.
async fn exchange(authority: &str, request: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    let mut stream = tokio::net::TcpStream::connect(authority).await.expect("the server listens");
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the server closes the connection");
    answer
}
