//! An account with roles in every state, and the command with credentials for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use delegated_role_core::timestamp::Timestamp;
use hyper::Response;
use serde_json::{Value, json};

use crate::fixtures::{ACCOUNT, PROVIDER, READ_ONLY, merged, read_bucket, trust_everybody};
use crate::stack::Stack;
use crate::wire::iam::Role;
use crate::wire::server::Server;

/// The external ID of every role. No output may contain it.
pub(crate) const ID: &str = "an-external-id-that-no-output-has";

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) printed: String,
    pub(crate) remarks: String,
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.printed).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Makes a role of the stack, as the function does, for the real current time.
pub(crate) async fn make(stack: &Stack, name: &str, properties: &Value) {
    let stack = Stack { logical_id: name.to_owned(), ..stack.clone() };
    let role = json!({
        "RoleName": name,
        "ExternalAwsAccountId": PROVIDER,
        "ExternalId": ID,
        "CustomPolicy": read_bucket(),
        "ManagedPolicyArns": READ_ONLY,
    });
    let mut event = stack.event("Create", &json!({"ResourceProperties": merged(role, properties)}));
    let (url, now) = (event["ResponseURL"].as_str().unwrap(), Timestamp::from(SystemTime::now()).to_compact());
    event["ResponseURL"] = url.replace("20261122T120000Z", &now).into();
    stack.cloudformation.set("CREATE_IN_PROGRESS", "");
    let answer = stack.send_at(event, SystemTime::now()).await;
    assert!(answer.succeeded(), "{answer:?}");
    reported(&stack, name, "CREATE_COMPLETE");
}

/// How CloudFormation reports the resource of a role.
pub(crate) fn reported(stack: &Stack, name: &str, status: &str) {
    let resource = (stack.id.clone(), name.to_owned());
    stack.cloudformation.edit(|report| report.others.insert(resource, (status.to_owned(), name.to_owned())));
}

pub(crate) fn by_hand(stack: &Stack, name: &str, change: impl FnOnce(&mut Role)) {
    stack.account.edit(|aws| change(aws.role_mut(name)));
}

/// A moment so many days from now, or before now.
pub(crate) fn in_days(days: i64) -> String {
    let distance = Duration::from_secs(days.unsigned_abs() * 86_400);
    let moment = if days < 0 { SystemTime::now() - distance } else { SystemTime::now() + distance };
    Timestamp::from(moment).to_string()
}

/// A role for each code, and one without findings.
pub(crate) async fn every_state() -> Stack {
    let stack = Stack::new();
    for name in ["Fine", "Opened", "Unguarded", "Orphan", "Pending", "Early", "Idle"] {
        make(&stack, name, &json!({})).await;
    }
    make(&stack, "Ending", &json!({"ExpiresAt": in_days(5)})).await;
    make(&stack, "Ended", &json!({"ExpiresAt": in_days(50)})).await;
    make(&stack, "Long", &json!({"MaxSessionDuration": "43200"})).await;
    stack.account.put_role(Role::named("Unmarked").path("/delegated/"));
    by_hand(&stack, "Opened", |role| role.trust = trust_everybody().into());
    by_hand(&stack, "Unguarded", |role| drop(role.inline_policies.remove("ServiceProviderAccessGuardrails")));
    reported(&stack, "Orphan", "DELETE_COMPLETE");
    by_hand(&stack, "Pending", |role| {
        drop(role.tags.insert("service-provider-access:revoke".into(), "pending".into()));
    });
    by_hand(&stack, "Early", |role| drop(role.tags.remove("service-provider-access:state")));
    by_hand(&stack, "Idle", |role| role.created = 1_600_000_000);
    by_hand(&stack, "Ended", |role| {
        let trust = role.trust.json();
        let text = trust.to_string();
        let (start, rest) = text.split_once("\"aws:CurrentTime\":\"").unwrap();
        let (_, end) = rest.split_once('"').unwrap();
        let text = format!("{start}\"aws:CurrentTime\":\"2020-01-01T00:00:00Z\"{end}");
        role.trust = serde_json::from_str::<Value>(&text).unwrap().into();
    });
    stack.account.clear_calls();
    stack
}

/// Runs the command against the account of this stack. It is checked that it wrote nothing and showed no external ID.
pub(crate) async fn audit(stack: &Stack, arguments: &[&str], files: &[(&str, &str)]) -> Run {
    let folder = Folder::new(files);
    let run = audit_in(&folder.0, stack, arguments).await;
    drop(folder);
    run
}

/// The same in a folder.
pub(crate) async fn audit_in(folder: &Path, stack: &Stack, arguments: &[&str]) -> Run {
    let [iam, cloudformation] = [stack.account.serve().await, stack.cloudformation.serve().await];
    let sts = identity().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_delegated-role"));
    command.arg("audit").args(arguments).current_dir(folder).env_clear();
    command.envs([
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret-key"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    command.env("AWS_ENDPOINT_URL_IAM", iam.origin());
    command.env("AWS_ENDPOINT_URL_STS", sts.origin());
    command.env("AWS_ENDPOINT_URL_CLOUDFORMATION", cloudformation.origin());
    command.stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert_eq!(stack.account.writes(), [""; 0], "an audit writes nothing");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let run = Run { code: output.status.code().unwrap(), printed: text(output.stdout), remarks: text(output.stderr) };
    for text in [&run.printed, &run.remarks] {
        assert!(!text.contains(ID) && !text.contains("secret-key"), "a secret is printed: {text}");
        assert!(
            !text.contains('\u{1b}') && !text.contains('\r') | arguments.contains(&"csv"),
            "only on a terminal: {text}"
        );
    }
    run
}

/// STS, as far as it says whose the credentials are.
async fn identity() -> Server {
    Server::start(|request: hyper::Request<Bytes>| async move {
        assert!(request.body().starts_with(b"Action=GetCallerIdentity&"), "{request:?}");
        let body = format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Arn>arn:aws:iam::{ACCOUNT}:user/auditor</Arn><UserId>AIDAEXAMPLE</UserId><Account>{ACCOUNT}</Account>\
             </GetCallerIdentityResult></GetCallerIdentityResponse>"
        );
        Ok(Response::new(Bytes::from(body)))
    })
    .await
}

/// A folder with files, until it is dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("audit-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
