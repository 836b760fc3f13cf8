//! A request of CloudFormation: the envelope that every answer needs, and the intent in it.
//!
//! The event arrives as plain JSON. The envelope is read leniently, so that even a malformed event is
//! answered; the intent is read strictly. The protocol is that of [custom resource requests].
//!
//! [custom resource requests]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use aws_lambda_events::event::cloudformation::CloudFormationCustomResourceRequest;
use delegated_role_core::external_id::Handle;
use delegated_role_core::findings::{Code, Finding};
use delegated_role_core::identifiers::Partition;
use delegated_role_core::properties::Properties;
use delegated_role_core::secrets::Secrets;
use delegated_role_core::timestamp::Timestamp;
use reqwest::Url;
use serde_json::Value;
use serde_json::value::RawValue;

/// Reads an event as Lambda delivers it. JSON allows more than a reader can represent: very deep nesting, unpaired
/// surrogates, numbers out of range. A member that contains one of these becomes null, so that the event can be answered
/// with the others.
pub fn read_event(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| {
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).unwrap_or_default();
        let read = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).unwrap_or_default();
        members.iter().map(|(name, raw)| (name.clone(), read(raw))).collect()
    })
}

/// The part of a request that is needed to answer it, whatever else is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// `Create`, `Update` or `Delete`; anything else is refused.
    pub request_type: String,
    /// CloudFormation's ID of this request.
    pub request_id: String,
    /// The ARN of the stack.
    pub stack_id: String,
    /// The resource's name in the template.
    pub logical_id: String,
    /// `Custom::…`.
    pub resource_type: String,
    /// The ID from an earlier answer, or one that CloudFormation generated. `None` on Create.
    pub physical_id: Option<String>,
    /// How long CloudFormation waits for an answer.
    pub service_timeout: Duration,
}

impl Envelope {
    /// Reads what is present. Missing parts are empty.
    pub fn read(event: &Value) -> Self {
        let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let timeout = event.pointer("/ResourceProperties/ServiceTimeout").and_then(|value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        });
        Self {
            request_type: text("RequestType"),
            request_id: text("RequestId"),
            stack_id: text("StackId"),
            logical_id: text("LogicalResourceId"),
            resource_type: text("ResourceType"),
            physical_id: Some(text("PhysicalResourceId")).filter(|id| !id.is_empty()),
            service_timeout: Duration::from_secs(timeout.unwrap_or(3600)),
        }
    }
}

/// What no answer and no log line may repeat: the external IDs, and the handle from which they are derived.
pub fn secrets(event: &Value) -> Secrets {
    let secrets = Secrets::of_event(event);
    let physical_id = event.get("PhysicalResourceId").and_then(Value::as_str).unwrap_or_default();
    if Handle::parse(physical_id).is_some() { secrets.and(physical_id) } else { secrets }
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub enum Intent {
    /// Create the resource.
    Create {
        /// The properties in the template.
        properties: Properties,
    },
    /// Change the resource.
    Update {
        /// The resource's ID.
        physical_id: String,
        /// The properties in the new template.
        properties: Properties,
        /// The properties in the old template.
        old_properties: Properties,
    },
    /// Delete the resource.
    Delete {
        /// The resource's ID.
        physical_id: String,
        /// The properties in the template; empty if they cannot be read.
        properties: Properties,
    },
}

impl Intent {
    /// The resource's ID. `None` on Create.
    pub fn physical_id(&self) -> Option<&str> {
        match self {
            Self::Create { .. } => None,
            Self::Update { physical_id, .. } | Self::Delete { physical_id, .. } => Some(physical_id),
        }
    }

    /// The properties in the new template; on Delete, those in the last one.
    pub fn properties(&self) -> &Properties {
        match self {
            Self::Create { properties } | Self::Update { properties, .. } | Self::Delete { properties, .. } => {
                properties
            }
        }
    }

    /// Reads the intent. A Delete is read leniently, because it must work whatever the properties are.
    ///
    /// # Errors
    /// A sentence that says what is malformed.
    pub fn read(event: Value, envelope: &Envelope) -> Result<Self, Finding> {
        if envelope.request_type == "Delete" {
            let physical_id =
                envelope.physical_id.clone().ok_or_else(|| malformed("The request has no PhysicalResourceId."))?;
            let properties = event.get("ResourceProperties").and_then(Value::as_object).cloned().unwrap_or_default();
            return Ok(Self::Delete { physical_id, properties });
        }
        let request: CloudFormationCustomResourceRequest = serde_json::from_value(event).map_err(|error| {
            malformed(format!(
                "The request is not a CloudFormation request for a custom resource ({}).",
                redacted(&error.to_string())
            ))
        })?;
        match request {
            CloudFormationCustomResourceRequest::Create(create) => {
                Ok(Self::Create { properties: object("ResourceProperties", create.resource_properties)? })
            }
            CloudFormationCustomResourceRequest::Update(update) => Ok(Self::Update {
                physical_id: Some(update.physical_resource_id)
                    .filter(|id| !id.is_empty())
                    .ok_or_else(|| malformed("The request has an empty PhysicalResourceId."))?,
                properties: object("ResourceProperties", update.resource_properties)?,
                old_properties: object("OldResourceProperties", update.old_resource_properties)?,
            }),
            _ => Err(malformed("The RequestType is not Create, Update or Delete.")),
        }
    }
}

fn malformed(message: impl Into<String>) -> Finding {
    Finding::failure(Code::MalformedRequest, message)
}

fn object(name: &str, value: Value) -> Result<Properties, Finding> {
    match value {
        Value::Object(properties) => Ok(properties),
        Value::Null => Err(malformed(format!(
            "The request's {name} are missing or cannot be read: they are nested deeper than 120 levels, or contain a \
             number that is out of range or an unpaired surrogate. Correct the template."
        ))),
        _ => Err(malformed(format!("The request's {name} are not an object."))),
    }
}

/// A parser's message without the values that it quotes.
fn redacted(message: &str) -> String {
    let mut outside = true;
    let mut text = String::new();
    for character in message.chars() {
        if character == '"' {
            outside = !outside;
            text.push('"');
        } else if outside {
            text.push(character);
        }
    }
    text
}

/// The presigned URL to which the answer goes. Everyone who has it can answer the request, so it cannot be printed.
#[derive(Clone)]
pub struct ResponseUrl(String);

impl ResponseUrl {
    /// Accepts the URL of an event if its host is CloudFormation's response bucket in this Region, or an emulator's.
    /// With any other host, everyone who may invoke the function could have role ARNs and external IDs sent there.
    ///
    /// # Errors
    /// Why the URL is refused, without the URL.
    pub fn accept(event: &Value, region: &str, emulators: &[String]) -> Result<Self, &'static str> {
        let text = event.get("ResponseURL").and_then(Value::as_str).ok_or("the event has no ResponseURL")?;
        let url = Url::parse(text).map_err(|_| "the ResponseURL is not a URL")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the ResponseURL contains a user name or password");
        }
        let emulated =
            emulators.iter().any(|emulator| Url::parse(emulator).is_ok_and(|own| own.origin() == url.origin()));
        let genuine = url.scheme() == "https"
            && url.port().is_none()
            && url
                .host_str()
                .is_some_and(|host| Partition::of_region(region).response_hosts(region).any(|own| own == host));
        if emulated || genuine {
            Ok(Self(text.to_owned()))
        } else {
            Err("the host of the ResponseURL is not CloudFormation's response bucket in this Region")
        }
    }

    /// The URL itself, exactly as CloudFormation sent it. Never for a log or a reason.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// When CloudFormation sent the request: the signature's `X-Amz-Date`, if there is one.
    pub fn signed_at(&self) -> Option<Timestamp> {
        let url = Url::parse(&self.0).ok()?;
        let (_, date) = url.query_pairs().find(|(key, _)| key == "X-Amz-Date")?;
        Timestamp::parse_compact(&date)
    }
}

impl fmt::Debug for ResponseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseUrl(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn accepted(url: &str, region: &str) -> bool {
        ResponseUrl::accept(&json!({ "ResponseURL": url }), region, &["http://127.0.0.1:4566".to_owned()]).is_ok()
    }

    #[test]
    fn answers_go_to_the_response_buckets_of_this_region_only() {
        let bucket = "https://cloudformation-custom-resource-response";
        for (url, region) in [
            (format!("{bucket}-useast1.s3.amazonaws.com/arn%3Aaws?X-Amz-Date=20261122T101112Z"), "us-east-1"),
            (format!("{bucket}-euwest1.s3-eu-west-1.amazonaws.com/x"), "eu-west-1"),
            (format!("{bucket}-eucentral1.s3.eu-central-1.amazonaws.com/x"), "eu-central-1"),
            (format!("{bucket}-cnnorth1.s3.cn-north-1.amazonaws.com.cn/x"), "cn-north-1"),
            (format!("{bucket}-usgovwest1.s3.us-gov-west-1.amazonaws.com/x"), "us-gov-west-1"),
            (format!("{bucket}-usgovwest1.s3-us-gov-west-1.amazonaws.com/x"), "us-gov-west-1"),
            (format!("{bucket}-euscdeeast1.s3.eusc-de-east-1.amazonaws.eu/x"), "eusc-de-east-1"),
            ("http://127.0.0.1:4566/anything".to_owned(), "us-east-1"),
        ] {
            assert!(accepted(&url, region), "{url}");
        }
        // Anyone in the commercial partition could create this bucket there.
        let commercial = format!("{bucket}-usgovwest1.s3.amazonaws.com/x");
        assert!(!accepted(&commercial, "us-gov-west-1"));
        for url in [
            format!("{bucket}-euwest1.s3.eu-west-1.amazonaws.com/x"),
            format!("http://{}/x", &bucket["https://".len()..]),
            format!("{bucket}-useast1.s3.amazonaws.com:8443/x"),
            format!("{bucket}-useast1.s3.amazonaws.com.evil.example/x"),
            format!("{bucket}-useast1.evil.s3.amazonaws.com/x"),
            format!("https://evil@{}-useast1.s3.amazonaws.com/x", &bucket["https://".len()..]),
            "https://my-bucket.s3.amazonaws.com/x".to_owned(),
            "https://127.0.0.1:4566/x".to_owned(),
            "http://127.0.0.1:4567/x".to_owned(),
            "file:///etc/passwd".to_owned(),
            String::new(),
        ] {
            assert!(!accepted(&url, "us-east-1"), "{url}");
        }
    }

    #[test]
    fn the_signature_says_when_the_request_was_sent() {
        let signed = |query: &str| ResponseUrl(format!("https://bucket/x?{query}")).signed_at();
        let at = signed("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=19700101T010203Z");
        assert_eq!(at, Timestamp::parse("1970-01-01T01:02:03Z").ok());
        assert_eq!(signed("X-Amz-Date=yesterday"), None);
        assert_eq!(signed("other=1"), None);
    }

    #[test]
    fn the_url_cannot_be_printed() {
        assert_eq!(format!("{:?}", ResponseUrl("https://secret".to_owned())), "ResponseUrl(hidden)");
    }

    #[test]
    fn a_malformed_event_still_has_an_envelope() {
        let envelope =
            Envelope::read(&json!({"RequestId": 7, "StackId": "s", "ResourceProperties": {"ServiceTimeout": "60"}}));
        assert_eq!((envelope.request_id.as_str(), envelope.stack_id.as_str()), ("", "s"));
        assert_eq!(envelope.service_timeout, Duration::from_secs(60));
        assert_eq!(Envelope::read(&json!([])).service_timeout, Duration::from_secs(3600));
    }

    #[test]
    fn a_member_that_cannot_be_read_leaves_the_others_readable() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        for unreadable in [deep.as_str(), "1e999", r#""\ud800""#, r#"{"Tags": [{"Key": "\udfff"}]}"#] {
            let text = format!(
                r#"{{"RequestType":"Create","ResponseURL":"u","ResourceProperties":{unreadable},"StackId":"s"}}"#
            );
            let event = read_event(&text);
            let expected =
                json!({"RequestType": "Create", "ResponseURL": "u", "ResourceProperties": null, "StackId": "s"});
            assert_eq!(event, expected, "{}", &unreadable[..4]);
        }
        assert_eq!(read_event(r#"{"a": 1, "a": 2}"#), json!({"a": 2}));
        assert_eq!([read_event("[1e999]"), read_event("{"), read_event("")], [json!({}), json!({}), json!({})]);
    }

    #[test]
    fn a_parsers_message_does_not_repeat_values() {
        let event = json!({"RequestType": "Create", "RequestId": {"secret": "s3cret"}});
        let message = Intent::read(event, &Envelope::default()).expect_err("malformed").to_string();
        assert!(!message.contains("s3cret"), "{message}");
        assert_eq!(redacted(r#"invalid type: string "s3cret", expected x"#), r#"invalid type: string "", expected x"#);
    }

    #[test]
    fn a_delete_is_read_whatever_the_properties_are() {
        let event = json!({"RequestType": "Delete", "PhysicalResourceId": "role", "ResourceProperties": "nonsense"});
        let intent = Intent::read(event.clone(), &Envelope::read(&event));
        assert!(
            matches!(intent, Ok(Intent::Delete { physical_id, properties }) if physical_id == "role" && properties.is_empty())
        );
    }
}
