//! `AssumeRole` as the access check may send it, and the session that answers it.

use bytes::Bytes;
use hyper::Request;
use serde_json::{Value, json};

use super::super::fake::Transport;
use super::super::query::{Api, Xml};

pub(super) const API: Api = Api {
    name: "STS",
    version: "2011-06-15",
    endpoint: "sts.us-east-1.amazonaws.com",
    signed_for: "/us-east-1/sts/aws4_request",
};

/// The access key, the secret key and the token of each session.
pub(super) const CREDENTIALS: [&str; 3] =
    ["ASIACUSTOMERSKEYID", "secret-key-of-the-customers-role", "session-token-of-the-customers-role"];

/// A request for a short session that has no permissions.
pub(crate) struct AssumeRole {
    pub(super) role: String,
    pub(super) external_id: Option<String>,
}

impl AssumeRole {
    /// The error is for the author of the test: what the code under test must not send.
    pub(super) fn read(transport: Transport, request: &Request<Bytes>) -> Result<Self, String> {
        let form = API.read(transport, request)?;
        if form.action != "AssumeRole" {
            return Err(API.unknown_action(&form.action));
        }
        let mut parameters = form.parameters;
        let mut must_be = |name: &str, wanted: &str| match parameters.remove(name) {
            Some(given) if given == wanted => Ok(()),
            given => Err(format!("{name} is {given:?}, must be {wanted:?}")),
        };
        must_be("DurationSeconds", "900")?;
        must_be("RoleSessionName", "access-check")?;
        let policy = parameters.remove("Policy").ok_or("a session without a policy has all permissions of the role")?;
        if !denies_everything(&policy) {
            return Err(format!("the policy of the session does not deny everything: {policy}"));
        }
        let role = parameters.remove("RoleArn").ok_or("AssumeRole without RoleArn")?;
        let external_id = parameters.remove("ExternalId");
        if external_id.as_deref().is_some_and(|id| !is_external_id(id)) {
            return Err(format!("STS refuses this external ID before it looks at the role: {external_id:?}"));
        }
        match parameters.keys().next() {
            Some(unknown) => Err(API.unknown_parameter("AssumeRole", unknown)),
            None => Ok(Self { role, external_id }),
        }
    }

    pub(super) fn session(&self) -> Xml {
        let session = self.role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/access-check";
        let user = Xml::new().text("AssumedRoleId", "AROACUSTOMERSROLE:access-check").text("Arn", session);
        let [key, secret, token] = CREDENTIALS;
        let credentials = Xml::new()
            .text("AccessKeyId", key)
            .text("SecretAccessKey", secret)
            .text("SessionToken", token)
            .text("Expiration", "2026-11-22T12:15:01Z");
        Xml::new().element("AssumedRoleUser", &user).element("Credentials", &credentials).text("PackedPolicySize", 6)
    }
}

fn denies_everything(policy: &str) -> bool {
    let wanted =
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Deny", "Action": "*", "Resource": "*" }] });
    serde_json::from_str::<Value>(policy).is_ok_and(|policy| policy == wanted)
}

/// STS accepts 2 to 1224 of `[\w+=,.@:\/-]`.
fn is_external_id(text: &str) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_+=,.@:/-".contains(character);
    (2..=1224).contains(&text.len()) && text.chars().all(allowed)
}
