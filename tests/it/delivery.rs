//! Late and repeated deliveries, and roles that a create did not make: the newest request decides, no role is left
//! without a stack, and no role that was there before is removed.

mod any_order;
mod deletes;
mod late;
mod newest;
mod take_over;

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::fixtures::{AUDIT, PROVIDER};
use crate::stack::{Answer, Stack};

const FIRST: &str = "the-first-external-id-1";

const SECOND: &str = "the-second-external-id-2";

fn declared(external_id: &str) -> Value {
    json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": external_id, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT})
}

/// A request with the time at which CloudFormation sent it, in seconds after noon.
struct Request {
    event: Value,
    sent: u64,
}

impl Request {
    fn new(stack: &Stack, request_type: &str, sent: u64, fields: &Value) -> Self {
        let mut event = stack.event(request_type, fields);
        let (minutes, seconds) = (sent / 60, sent % 60);
        let date = format!("X-Amz-Date=20261122T12{minutes:02}{seconds:02}Z");
        event["ResponseURL"] =
            json!(event["ResponseURL"].as_str().unwrap().replace("X-Amz-Date=20261122T120000Z", &date));
        Self { event, sent }
    }

    fn create(stack: &Stack, sent: u64, properties: &Value) -> Self {
        Self::new(stack, "Create", sent, &json!({ "ResourceProperties": properties }))
    }

    fn update(stack: &Stack, sent: u64, old: &Value, new: &Value) -> Self {
        let fields = json!({"PhysicalResourceId": "Auditor", "ResourceProperties": new, "OldResourceProperties": old});
        Self::new(stack, "Update", sent, &fields)
    }

    fn delete(stack: &Stack, sent: u64, physical_id: &str, properties: &Value) -> Self {
        Self::new(stack, "Delete", sent, &json!({"PhysicalResourceId": physical_id, "ResourceProperties": properties}))
    }

    /// Delivered this number of seconds after it was sent.
    async fn delivered_after(&self, stack: &Stack, seconds: u64) -> Answer {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800 + self.sent + seconds);
        stack.send_at(self.event.clone(), at).await
    }
}

fn external_id(stack: &Stack) -> String {
    let trust = stack.account.role("Auditor").unwrap().trust.json();
    trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"].as_str().unwrap().to_owned()
}
