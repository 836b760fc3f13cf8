//! Credentials that do not work: a sentence that says what to do, exit code 2, no secret, and no long wait.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};

use crate::run::{Folder, Run};

const ROLE: &str = "arn:aws:iam::111122223333:role/delegated/acme";
const SECRETS: [&str; 3] = ["a-secret-external-id-4711", "a-secret-access-key-4711", "a-session-token-4711"];
const KEYS: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", SECRETS[1]),
    ("AWS_SESSION_TOKEN", SECRETS[2]),
    ("AWS_REGION", "eu-west-1"),
];
const IDENTITY: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
    <Arn>arn:aws:iam::444455556666:user/auditor</Arn><UserId>AIDA</UserId><Account>444455556666</Account>\
    </GetCallerIdentityResult></GetCallerIdentityResponse>";

/// An AWS that answers each request with what `answer` says for its action: an error's code and message, or a body.
fn aws(answer: impl Fn(&str) -> Result<&'static str, (&'static str, &'static str)> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let action = action(&mut stream);
            let (status, body) = match answer(&action) {
                Ok(body) => ("200 OK", body.to_owned()),
                Err((code, message)) => (
                    "403 Forbidden",
                    format!(
                        "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
                    ),
                ),
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).unwrap();
        }
    });
    endpoint
}

/// The action that a request asks for.
fn action(stream: &mut TcpStream) -> String {
    let (mut request, mut buffer) = (String::new(), [0; 4096]);
    while !request.contains("Action=") || !request.contains("Version=") {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "no action: {request}");
        request.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    let (_, action) = request.split_once("Action=").unwrap();
    action.split('&').next().unwrap().to_owned()
}

const PROBE: &[&str] = &["probe", ROLE];
const PLAN: &[&str] = &["plan", "a.yaml", "--live", "--stack-name", "access"];

fn run(environment: &[(&str, &str)], arguments: &[&str]) -> Run {
    let template = "Resources:\n  Access:\n    Type: Custom::DelegatedRole\n    Properties: {ExternalAwsAccountId: \"444455556666\"}\n";
    let config = "[profile empty]\nregion = eu-west-1\n[profile loop]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/a\n\
                  source_profile = nowhere\n";
    let folder = Folder::new(&[("a.yaml", template), ("config", config)]);
    let apart = [("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_CONFIG_FILE", "config"), ("HOME", ".")];
    let started = Instant::now();
    let run = folder.run_in(&[&apart, environment].concat(), arguments, SECRETS[0]);
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    for secret in SECRETS {
        assert!(!run.printed.contains(secret) && !run.remarks.contains(secret), "{secret} is printed: {run:?}");
    }
    run
}

/// Both verbs that call AWS end with 2, and say the same.
fn check(environments: &[&[(&str, &str)]], expected: &Expect) {
    let mut said = String::new();
    for environment in environments {
        let runs = [PROBE, PLAN].map(|arguments| run(environment, arguments));
        for run in &runs {
            assert_eq!((run.code, run.printed.as_str()), (2, ""), "{}", run.remarks);
        }
        assert_eq!(runs[0].remarks, runs[1].remarks);
        write!(said, "{}", runs[0].remarks).unwrap();
    }
    expected.assert_eq(&said);
}

#[test]
fn credentials_that_are_not_there() {
    check(
        &[
            &[("AWS_REGION", "eu-west-1")],
            &[("AWS_PROFILE", "empty")],
            &[("AWS_PROFILE", "nowhere"), ("AWS_REGION", "eu-west-1")],
            &[("AWS_PROFILE", "loop")],
            &KEYS[..3],
        ],
        &expect![[r"
            delegated-role: No AWS credentials were found. Set AWS_PROFILE to a profile that has some, or sign in (aws sso login, aws configure).
            delegated-role: No AWS credentials were found. The profile empty (AWS_PROFILE) does not exist or has none. Set AWS_PROFILE to a profile that has some, or sign in (aws sso login, aws configure).
            delegated-role: No AWS credentials were found. The profile nowhere (AWS_PROFILE) does not exist or has none. Set AWS_PROFILE to a profile that has some, or sign in (aws sso login, aws configure).
            delegated-role: No AWS credentials were found. The profile loop (AWS_PROFILE) does not exist or has none. Set AWS_PROFILE to a profile that has some, or sign in (aws sso login, aws configure).
            delegated-role: No Region is set. Set AWS_REGION, or give AWS_PROFILE a profile that has a region.
        "]],
    );
}

#[test]
fn credentials_that_aws_refuses() {
    let refused = [
        ("ExpiredToken", "The security token included in the request is expired"),
        ("InvalidClientTokenId", "The security token included in the request is invalid."),
        ("SignatureDoesNotMatch", "The request signature does not match. The Canonical String: a-session-token-4711"),
        ("AccessDenied", "The VPC endpoint policy does not allow it"),
    ];
    let endpoints: Vec<String> = refused.into_iter().map(|error| aws(move |_| Err(error))).collect();
    let environments: Vec<Vec<(&str, &str)>> =
        endpoints.iter().map(|endpoint| [&KEYS[..], &[("AWS_ENDPOINT_URL", endpoint)]].concat()).collect();
    let environments: Vec<&[(&str, &str)]> = environments.iter().map(Vec::as_slice).collect();
    check(
        &environments,
        &expect![[r"
        delegated-role: Your AWS credentials have expired. Sign in again (aws sso login), or get new ones.
        delegated-role: AWS does not know your credentials: the access key does not exist or is inactive, its session token is missing, or Region eu-west-1 is not enabled in its account. Check AWS_PROFILE and AWS_REGION.
        delegated-role: AWS rejects the signature of your requests: the secret access key is wrong, or the clock of this computer is.
        delegated-role: AWS refuses sts:GetCallerIdentity to your credentials: The VPC endpoint policy does not allow it.
    "]],
    );
}

/// As in a Region that does not exist, whose host has no address.
#[test]
fn no_answer() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{closed}");
    check(
        &[&[&KEYS[..], &[("AWS_ENDPOINT_URL", &endpoint)]].concat()],
        &expect![[r"
        delegated-role: STS did not answer in Region eu-west-1. Check that there is a Region of this name (AWS_REGION, or the region of the profile), and that this computer can reach AWS.
    "]],
    );
}

#[test]
fn what_the_caller_may_not_do() {
    let endpoint = aws(|action| match action {
        "GetCallerIdentity" => Ok(IDENTITY),
        _ => Err(("AccessDenied", "User: arn:aws:iam::444455556666:user/auditor is not authorized to perform this")),
    });
    let environment = [&KEYS[..], &[("AWS_ENDPOINT_URL", &endpoint)]].concat();
    let denied = run(&environment, PLAN);
    assert_eq!((denied.code, denied.printed.as_str()), (2, ""));
    expect![[r"
        delegated-role: The stack cannot be read. cloudformation:DescribeStackResources was denied: User: arn:aws:iam::444455556666:user/auditor is not authorized to perform this. Your credentials need permission for cloudformation:DescribeStackResources.
    "]].assert_eq(&denied.remarks);

    let stack = "arn:aws:cloudformation:us-east-1:111122223333:stack/access/9f2a4c10-0000-0000-0000-000000000000";
    let elsewhere = run(&environment, &["plan", "a.yaml", "--live", "--stack-id", stack]);
    assert_eq!((elsewhere.code, elsewhere.printed.as_str()), (2, ""));
    expect![[r"
        delegated-role: Your credentials are for account 444455556666 and Region eu-west-1, but the stack is in account 111122223333 and Region us-east-1. Set AWS_PROFILE and AWS_REGION to those of the stack.
    "]].assert_eq(&elsewhere.remarks);

    // A denial is an answer about the role.
    let shut = run(&environment, PROBE);
    assert_eq!((shut.code, shut.remarks.as_str()), (1, ""));
    assert!(shut.printed.starts_with(&format!("Shut {ROLE}\n")), "{}", shut.printed);
}
