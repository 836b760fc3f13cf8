//! The AWS Query protocol: a form in, XML out.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response};

use super::actions::{self, Action};
use super::service::Door;
use super::state::State;

const VERSION: &str = "2010-05-08";

/// A request that is signed, well-formed and of an action that is known, with known parameters only.
pub(crate) struct Call {
    pub(crate) action: &'static Action,
    parameters: BTreeMap<String, String>,
}

impl Call {
    /// The error tells the test's author what the code under test should not have sent.
    pub(crate) fn read(state: &State, door: Door, request: &Request<Bytes>) -> Result<Self, String> {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();

        let host = request.uri().host().unwrap_or(header(HOST));
        if door == Door::Sdk && (host != state.endpoint() || request.uri().scheme_str() != Some("https")) {
            return Err(format!("not IAM's endpoint: {}, should be https://{}/", request.uri(), state.endpoint()));
        }
        if request.method() != Method::POST || request.uri().path() != "/" {
            return Err(format!("not a call of the Query protocol: {} {}", request.method(), request.uri()));
        }
        if header(CONTENT_TYPE) != "application/x-www-form-urlencoded" {
            return Err(format!("not a form: Content-Type {:?}", header(CONTENT_TYPE)));
        }
        let mut parameters: BTreeMap<String, String> =
            form_urlencoded::parse(request.body()).map(|(name, value)| (name.into(), value.into())).collect();
        let name = parameters.remove("Action").ok_or("a request without an Action")?;
        if !signed(header(AUTHORIZATION)) {
            return Err(format!("{name} is not signed for IAM: Authorization {:?}", header(AUTHORIZATION)));
        }
        if parameters.remove("Version").as_deref() != Some(VERSION) {
            return Err(format!("{name} is not of IAM's version {VERSION}"));
        }
        let action = actions::find(&name).ok_or_else(|| format!("the fake account does not know the action {name}"))?;
        let unknown = parameters.keys().find(|parameter| {
            let top_level = parameter.split('.').next().unwrap_or_default();
            !action.parameters.contains(&top_level)
        });
        match unknown {
            Some(unknown) => Err(format!("the fake account does not know the parameter {unknown} of {name}")),
            None => Ok(Self { action, parameters }),
        }
    }

    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.optional(name).ok_or_else(|| {
            Refusal::invalid(format!(
                "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
                camel_case(name)
            ))
        })
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<u32>, Refusal> {
        self.optional(name)
            .map(|text| {
                text.parse().map_err(|_| Refusal::new(400, "MalformedInput", format!("{text} is not a number")))
            })
            .transpose()
    }

    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        (1..).map_while(|n| self.optional(&format!("{name}.member.{n}"))).collect()
    }

    /// The tags in the order sent, duplicates included: judging them is not the protocol's matter.
    pub(crate) fn tags(&self) -> Vec<(&str, &str)> {
        (1..)
            .map_while(|n| {
                let key = self.optional(&format!("Tags.member.{n}.Key"))?;
                Some((key, self.optional(&format!("Tags.member.{n}.Value")).unwrap_or_default()))
            })
            .collect()
    }

    /// The call in one line: the action and what it names.
    pub(crate) fn line(&self) -> String {
        let mut line = self.action.name.to_owned();
        for name in self.action.line {
            let value = match *name {
                "Tags" => self.tags().iter().map(|(key, _)| *key).collect::<Vec<_>>().join(","),
                "TagKeys" => self.list(name).join(","),
                name => self.optional(name).unwrap_or_default().to_owned(),
            };
            write!(line, " {value}").expect("a String takes everything");
        }
        line
    }
}

/// Whether somebody signed this for IAM. Whether the signature is right is the SDK's matter, not ours.
fn signed(authorization: &str) -> bool {
    authorization.starts_with("AWS4-HMAC-SHA256 Credential=")
        && authorization.contains("/iam/aws4_request, ")
        && authorization.contains("Signature=")
}

/// `RoleName` as AWS's validation messages spell it: `roleName`.
pub(crate) fn camel_case(name: &str) -> String {
    name[..1].to_ascii_lowercase() + &name[1..]
}

/// AWS said no.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(400, "MalformedPolicyDocument", message)
    }

    pub(crate) fn absent(message: impl Into<String>) -> Self {
        Self::new(404, "NoSuchEntity", message)
    }

    pub(crate) fn no_such_role(name: &str) -> Self {
        Self::absent(format!("The role with name {name} cannot be found."))
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "DeleteConflict", message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(409, "LimitExceeded", message)
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.code)
    }
}

/// The answer to a call, successful or not, as it goes over the wire.
pub(crate) fn answer(call: &Call, result: Result<Xml, Refusal>, request_id: &str) -> Response<Bytes> {
    let name = call.action.name;
    let (status, root, content) = match result {
        Ok(result) => (
            200,
            format!("{name}Response"),
            Xml::new()
                .element(&format!("{name}Result"), &result)
                .element("ResponseMetadata", &Xml::new().text("RequestId", request_id)),
        ),
        Err(refusal) => {
            let at_fault = if refusal.status < 500 { "Sender" } else { "Receiver" };
            let error = Xml::new().text("Type", at_fault).text("Code", refusal.code).text("Message", refusal.message);
            let content = Xml::new().element("Error", &error).text("RequestId", request_id);
            (refusal.status, "ErrorResponse".to_owned(), content)
        }
    };
    let body = format!(r#"<{root} xmlns="https://iam.amazonaws.com/doc/{VERSION}/">{content}</{root}>"#);
    Response::builder()
        .status(status)
        .header("x-amzn-RequestId", request_id)
        .header(CONTENT_TYPE, "text/xml")
        .body(body.into())
        .expect("all parts are well-formed")
}

/// Markup whose texts are already escaped.
#[derive(Default)]
pub(crate) struct Xml(String);

impl Xml {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn text(self, name: &str, value: impl Display) -> Self {
        let value = value.to_string();
        let escaped = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;");
        self.element(name, &Xml(escaped))
    }

    pub(crate) fn optional_text(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    pub(crate) fn element(mut self, name: &str, content: &Xml) -> Self {
        write!(self.0, "<{name}>{content}</{name}>").expect("a String takes everything");
        self
    }

    pub(crate) fn list(self, name: &str, members: impl IntoIterator<Item = Xml>) -> Self {
        self.element(name, &members.into_iter().fold(Xml::new(), |list, member| list.element("member", &member)))
    }

    /// A list whose members are texts.
    pub(crate) fn texts(self, name: &str, members: impl IntoIterator<Item = impl Display>) -> Self {
        self.element(name, &members.into_iter().fold(Xml::new(), |list, member| list.text("member", member)))
    }
}

impl Display for Xml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
