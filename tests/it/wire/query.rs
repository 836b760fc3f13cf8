//! The AWS Query protocol of IAM and STS: a form in, XML out.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response};

use super::fake::Transport;

/// A service that speaks the protocol.
pub(crate) struct Api {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    /// The host that SDKs call.
    pub(super) endpoint: &'static str,
    /// How the scope of a signature for the service ends: `/iam/aws4_request`.
    pub(super) signed_for: &'static str,
}

/// A signed, well-formed request: its action and its parameters.
pub(crate) struct Form {
    pub(super) action: String,
    pub(super) parameters: BTreeMap<String, String>,
}

impl Api {
    /// The error is for the author of the test: what the code under test must not send.
    pub(super) fn read(&self, transport: Transport, request: &Request<Bytes>) -> Result<Form, String> {
        let Self { name, version, endpoint, signed_for } = self;
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();

        let host = request.uri().host().unwrap_or(header(HOST));
        if transport == Transport::Sdk && (host != *endpoint || request.uri().scheme_str() != Some("https")) {
            return Err(format!("not the endpoint of {name}: {}, must be https://{endpoint}/", request.uri()));
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
            return Err("a parameter occurs twice".to_owned());
        }
        let action = parameters.remove("Action").ok_or("a request without an Action")?;
        // The SDK is trusted to compute the signature.
        let signature = header(AUTHORIZATION);
        if !(signature.starts_with("AWS4-HMAC-SHA256 Credential=")
            && signature.contains(&format!("{signed_for}, "))
            && signature.contains("Signature="))
        {
            return Err(format!("{action} is not signed for {name}: Authorization {signature:?}"));
        }
        match parameters.remove("Version") {
            Some(given) if given == *version => Ok(Form { action, parameters }),
            given => Err(format!("{action} has the version {given:?}, must be {version:?}")),
        }
    }

    pub(super) fn unknown_action(&self, action: &str) -> String {
        format!("the fake {} does not know the action {action}", self.name)
    }

    pub(super) fn unknown_parameter(&self, action: &str, parameter: &str) -> String {
        format!("the fake {} does not know the parameter {parameter} of {action}", self.name)
    }

    /// The answer to a call, successful or not.
    pub(super) fn answer(&self, action: &str, result: Result<Xml, Refusal>, request_id: &str) -> Response<Bytes> {
        let (status, root, content) = match result {
            Ok(result) => {
                let metadata = Xml::new().text("RequestId", request_id);
                let content =
                    Xml::new().element(&format!("{action}Result"), &result).element("ResponseMetadata", &metadata);
                (200, format!("{action}Response"), content)
            }
            Err(Refusal { status, code, message }) => {
                let fault_of = if status < 500 { "Sender" } else { "Receiver" };
                let error = Xml::new().text("Type", fault_of).text("Code", code).text("Message", message);
                let content = Xml::new().element("Error", &error).text("RequestId", request_id);
                (status, "ErrorResponse".to_owned(), content)
            }
        };
        let (service, version) = (self.name.to_ascii_lowercase(), self.version);
        let body = format!(r#"<{root} xmlns="https://{service}.amazonaws.com/doc/{version}/">{content}</{root}>"#);
        Response::builder()
            .status(status)
            .header("x-amzn-RequestId", request_id)
            .header(CONTENT_TYPE, "text/xml")
            .body(body.into())
            .expect("all parts are well-formed")
    }
}

/// AWS refuses a call.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// `caller` has no permission for `action` (such as `iam:GetRole`) on `resource`.
    pub(crate) fn access_denied(caller: &str, action: &str, resource: &str, reason: &str) -> Self {
        let message = format!("User: {caller} is not authorized to perform: {action} on resource: {resource} {reason}");
        Self::new(403, "AccessDenied", message.trim_end())
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.code)
    }
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
        write!(self.0, "<{name}>{content}</{name}>").expect("a String takes all text");
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
