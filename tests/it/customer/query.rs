//! `AssumeRole` in the AWS Query protocol: a form in, XML out.

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response};
use serde_json::{Value, json};

use super::service::Door;
use crate::account::query::Xml;

const VERSION: &str = "2011-06-15";
const ENDPOINT: &str = "sts.us-east-1.amazonaws.com";

/// Who asks, as STS names the function's session.
const CALLER: &str = "arn:aws:sts::111111111111:assumed-role/service-provider-access-checker-us-east-1/\
                      service-provider-access-provider";

/// The access key, the secret key and the token of every session.
pub(crate) const CREDENTIALS: [&str; 3] =
    ["ASIACUSTOMERSKEYID", "secret-key-of-the-customers-role", "session-token-of-the-customers-role"];

/// A request for a session that can do nothing and soon ends.
pub(crate) struct AssumeRole {
    pub(crate) role: String,
    pub(crate) external_id: Option<String>,
}

impl AssumeRole {
    /// The error tells the test's author what the code under test should not have sent.
    pub(crate) fn read(door: Door, request: &Request<Bytes>) -> Result<Self, String> {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();

        let host = request.uri().host().unwrap_or(header(HOST));
        if door == Door::Sdk && (host != ENDPOINT || request.uri().scheme_str() != Some("https")) {
            return Err(format!("not the Region's STS: {}, should be https://{ENDPOINT}/", request.uri()));
        }
        if request.method() != Method::POST || request.uri().path() != "/" {
            return Err(format!("not a call of the Query protocol: {} {}", request.method(), request.uri()));
        }
        if header(CONTENT_TYPE) != "application/x-www-form-urlencoded" {
            return Err(format!("not a form: Content-Type {:?}", header(CONTENT_TYPE)));
        }
        let sent: Vec<(String, String)> =
            form_urlencoded::parse(request.body()).map(|(name, value)| (name.into(), value.into())).collect();
        let mut parameters: BTreeMap<_, _> = sent.iter().cloned().collect();
        if parameters.len() < sent.len() {
            return Err("a parameter is given twice".to_owned());
        }
        let mut take = |name: &str| parameters.remove(name);

        match take("Action").as_deref() {
            Some("AssumeRole") => {}
            other => return Err(format!("the customer's STS does not know the action {}", other.unwrap_or("(none)"))),
        }
        if !signed(header(AUTHORIZATION)) {
            return Err(format!("AssumeRole is not signed for the Region's STS: {:?}", header(AUTHORIZATION)));
        }
        let mut must_be = |name: &str, wanted: &str| match take(name) {
            Some(given) if given == wanted => Ok(()),
            given => Err(format!("{name} is {given:?}, should be {wanted:?}")),
        };
        must_be("Version", VERSION)?;
        must_be("DurationSeconds", "900")?;
        must_be("RoleSessionName", "access-check")?;
        let policy = take("Policy").ok_or("a session without a policy could do all that the role may")?;
        if !denies_everything(&policy) {
            return Err(format!("the session's policy does not just deny everything: {policy}"));
        }
        let role = take("RoleArn").ok_or("AssumeRole of which role?")?;
        let external_id = take("ExternalId");
        if external_id.as_deref().is_some_and(|id| !is_external_id(id)) {
            return Err(format!("STS would not read this external ID: {external_id:?}"));
        }
        match parameters.keys().next() {
            Some(unknown) => Err(format!("the customer's STS does not know the parameter {unknown}")),
            None => Ok(Self { role, external_id }),
        }
    }
}

/// Whether somebody signed this for STS in its Region. Whether the signature is right is the SDK's matter.
fn signed(authorization: &str) -> bool {
    authorization.starts_with("AWS4-HMAC-SHA256 Credential=")
        && authorization.contains("/us-east-1/sts/aws4_request, ")
        && authorization.contains("Signature=")
}

fn denies_everything(policy: &str) -> bool {
    let wanted =
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Deny", "Action": "*", "Resource": "*" }] });
    serde_json::from_str::<Value>(policy).is_ok_and(|policy| policy == wanted)
}

/// STS takes 2 to 1224 of `[\w+=,.@:\/-]`.
fn is_external_id(text: &str) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_+=,.@:/-".contains(character);
    (2..=1224).contains(&text.len()) && text.chars().all(allowed)
}

/// STS said no.
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    /// A role that is not there is denied in the same words.
    pub(crate) fn denied(call: &AssumeRole, because: &str) -> Self {
        let message =
            format!("User: {CALLER} is not authorized to perform: sts:AssumeRole on resource: {} {because}", call.role);
        Self { status: 403, code: "AccessDenied", message: message.trim_end().to_owned() }
    }
}

/// The answer to a call, successful or not, as it goes over the wire.
pub(crate) fn answer(call: &AssumeRole, result: Result<(), Refusal>, request_id: &str) -> Response<Bytes> {
    let (status, root, content) = match result {
        Ok(()) => {
            let metadata = Xml::new().text("RequestId", request_id);
            let content = Xml::new().element("AssumeRoleResult", &session(call)).element("ResponseMetadata", &metadata);
            (200, "AssumeRoleResponse", content)
        }
        Err(Refusal { status, code, message }) => {
            let at_fault = if status < 500 { "Sender" } else { "Receiver" };
            let error = Xml::new().text("Type", at_fault).text("Code", code).text("Message", message);
            (status, "ErrorResponse", Xml::new().element("Error", &error).text("RequestId", request_id))
        }
    };
    let body = format!(r#"<{root} xmlns="https://sts.amazonaws.com/doc/{VERSION}/">{content}</{root}>"#);
    Response::builder()
        .status(status)
        .header("x-amzn-RequestId", request_id)
        .header(CONTENT_TYPE, "text/xml")
        .body(body.into())
        .expect("all parts are well-formed")
}

fn session(call: &AssumeRole) -> Xml {
    let session = call.role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/access-check";
    let user = Xml::new().text("AssumedRoleId", "AROACUSTOMERSROLE:access-check").text("Arn", session);
    let [key, secret, token] = CREDENTIALS;
    let credentials = Xml::new()
        .text("AccessKeyId", key)
        .text("SecretAccessKey", secret)
        .text("SessionToken", token)
        .text("Expiration", "2026-11-22T12:15:01Z");
    Xml::new().element("AssumedRoleUser", &user).element("Credentials", &credentials).text("PackedPolicySize", 6)
}
