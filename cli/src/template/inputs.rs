//! What is known of a deployment beside the template.

use std::collections::BTreeMap;

use delegated_role_core::identifiers::{AccountId, Partition, Region};

use super::value::Value;

/// What is known of a deployment.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Values of parameters.
    pub parameters: BTreeMap<String, String>,
    /// The account.
    pub account: Option<AccountId>,
    /// The Region.
    pub region: Option<Region>,
    /// The name of the stack.
    pub stack_name: Option<String>,
}

impl Inputs {
    /// The partition: that of the Region, `aws` without one.
    pub fn partition(&self) -> Partition {
        Partition::of_region(self.region.as_ref().map_or("us-east-1", Region::as_str))
    }

    /// What `Ref` makes of a pseudo parameter; none when there is none of this name.
    pub(super) fn pseudo_parameter(&self, name: &str) -> Option<Value> {
        let given = |value: Option<&str>, option: &str| {
            value
                .map_or_else(|| Value::Unknown(format!("{name}; give {option}")), |value| Value::Text(value.to_owned()))
        };
        Some(match name {
            "AWS::NoValue" => Value::Nothing,
            "AWS::AccountId" => given(self.account.as_ref().map(AccountId::as_str), "--account"),
            "AWS::Region" => given(self.region.as_ref().map(Region::as_str), "--region"),
            "AWS::StackName" => given(self.stack_name.as_deref(), "--stack-name"),
            "AWS::Partition" => Value::Text(self.partition().as_str().to_owned()),
            "AWS::URLSuffix" => Value::Text(self.partition().dns_suffix().to_owned()),
            "AWS::StackId" | "AWS::NotificationARNs" => Value::Unknown(name.to_owned()),
            _ => return None,
        })
    }
}
