//! What arrived: a request of CloudFormation, or a direct call.

use delegated_role_core::values::Properties;
use serde_json::Value;

/// What arrived.
#[derive(Clone, Debug)]
pub enum Event {
    /// A request of CloudFormation, or something that no one can answer. It is refused there.
    Request(Value),
    /// A call of someone who waits for the result, or of a schedule.
    Direct(Call),
}

/// A direct call, of a caller that IAM allows to invoke the function.
#[derive(Clone, Debug)]
pub enum Call {
    /// `{"Audit": {}}`: audit every role of the function.
    Audit(Properties),
    /// `{"AccessCheck": {…}}`: check a customer's role, by the properties of `Custom::AccessCheck`.
    AccessCheck(Properties),
    /// A direct call of this name that cannot be read. Says why.
    Malformed(&'static str, String),
}

/// The members of a direct call: each event has exactly one of them.
const AUDIT: &str = "Audit";
const ACCESS_CHECK: &str = "AccessCheck";

/// What only a request of CloudFormation has.
const RESPONSE_URL: &str = "ResponseURL";

impl Event {
    /// Reads it. An event that names a direct call and has no response URL is one, however malformed.
    pub fn read(event: Value) -> Self {
        let named = [AUDIT, ACCESS_CHECK].into_iter().find(|name| event.get(name).is_some());
        match (named, event) {
            (Some(name), Value::Object(members)) if !members.contains_key(RESPONSE_URL) => {
                Self::Direct(Call::read(name, members))
            }
            (_, event) => Self::Request(event),
        }
    }
}

impl Call {
    /// Its name in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Audit(_) => AUDIT,
            Self::AccessCheck(_) => ACCESS_CHECK,
            Self::Malformed(name, _) => name,
        }
    }

    fn read(name: &'static str, mut members: Properties) -> Self {
        let value = members.remove(name);
        if let Some(other) = members.keys().next() {
            // Any other name is not repeated: it may be a misplaced value.
            let other = if other == ACCESS_CHECK { ACCESS_CHECK } else { "another" };
            return Self::Malformed(
                name,
                format!(
                    "The event has the members {name} and {other}; a direct call has exactly one, {AUDIT} or {ACCESS_CHECK}."
                ),
            );
        }
        match value {
            Some(Value::Object(properties)) if name == AUDIT => Self::Audit(properties),
            Some(Value::Object(properties)) => Self::AccessCheck(properties),
            _ => Self::Malformed(
                name,
                format!(
                    "{name} of the event is not an object; send {{\"{AUDIT}\": {{}}}}, or the properties of Custom::AccessCheck as \
                 {{\"{ACCESS_CHECK}\": {{…}}}}."
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_a_response_url_or_names_no_call_is_a_request() {
        for event in [
            json!({"RequestType": "Create", "ResponseURL": "u"}),
            json!({"Audit": {}, "ResponseURL": "u"}),
            json!({"audit": {}}),
            json!({}),
            json!("Audit"),
            json!(["Audit"]),
            Value::Null,
        ] {
            assert!(matches!(Event::read(event.clone()), Event::Request(read) if read == event), "{event}");
        }
    }

    #[test]
    fn a_direct_call_has_one_member_that_is_an_object() {
        let read = |event: Value| match Event::read(event) {
            Event::Direct(Call::Malformed(_, why)) => why,
            Event::Direct(call) => call.name().to_owned(),
            Event::Request(_) => "a request".to_owned(),
        };
        assert_eq!(read(json!({"Audit": {}})), "Audit");
        assert_eq!(read(json!({"AccessCheck": {"RoleArn": "x"}})), "AccessCheck");
        assert_eq!(
            read(json!({"Audit": {}, "AccessCheck": {}})),
            "The event has the members Audit and AccessCheck; a direct call has exactly one, Audit or AccessCheck."
        );
        assert_eq!(
            read(json!({"AccessCheck": {}, "an-external-id": 1})),
            "The event has the members AccessCheck and another; a direct call has exactly one, Audit or AccessCheck."
        );
        for odd in [json!({"Audit": null}), json!({"Audit": "now"}), json!({"Audit": []})] {
            assert!(read(odd).starts_with("Audit of the event is not an object; send "));
        }
    }
}
