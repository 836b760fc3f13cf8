//! What CloudFormation says about a resource: whether an operation on it is in progress, and when its creation began.

use std::fmt;
use std::time::SystemTime;

use aws_sdk_cloudformation::primitives::DateTime;
use delegated_role_core::role::ownership::StackResource;
use delegated_role_core::timestamp::Timestamp;

use crate::aws::{CloudFormation, Failure, Patience};

/// How CloudFormation reports a resource of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceStatus {
    /// Such as `CREATE_IN_PROGRESS`. Empty if CloudFormation does not know the resource, or no longer.
    status: String,
    /// The physical ID that CloudFormation knows the resource by.
    physical_id: Option<String>,
}

impl ResourceStatus {
    /// Whether a create (no `known` physical ID) or an update of this resource is still in progress.
    pub fn is_in_progress(&self, known: Option<&str>) -> bool {
        match known {
            None => self.status == "CREATE_IN_PROGRESS",
            Some(known) => {
                let same = self.physical_id.as_deref().is_none_or(|physical_id| physical_id == known);
                same && ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"].contains(&self.status.as_str())
            }
        }
    }
}

impl fmt::Display for ResourceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.status.is_empty() { "unknown to the stack" } else { &self.status })
    }
}

/// Asks CloudFormation for the status of a resource, see [`DescribeStackResource`]. It also answers for deleted stacks
/// if the request contains the ID of the stack.
///
/// [`DescribeStackResource`]:
/// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResource.html
///
/// # Errors
/// The call failed, so it is unknown whether an operation is in progress.
pub async fn resource_status(
    cloudformation: &CloudFormation,
    resource: &StackResource,
) -> Result<ResourceStatus, Failure> {
    let answer = cloudformation
        .call("cloudformation:DescribeStackResource", Patience::Usual, |client| {
            let request = client.describe_stack_resource();
            request.stack_name(&resource.stack_id).logical_resource_id(&resource.logical_id).send()
        })
        .await?;
    let detail = answer.stack_resource_detail();
    Ok(ResourceStatus {
        status: detail
            .and_then(|detail| detail.resource_status())
            .map_or_else(String::new, |status| status.as_str().to_owned()),
        physical_id: detail
            .and_then(|detail| detail.physical_resource_id())
            .filter(|physical_id| !physical_id.is_empty())
            .map(ToOwned::to_owned),
    })
}

/// When the creation of a resource began, from the events of the stack. `None` if they do not say.
///
/// # Errors
/// The call failed.
pub async fn creation_began(
    cloudformation: &CloudFormation,
    resource: &StackResource,
) -> Result<Option<Timestamp>, Failure> {
    let mut token = None;
    loop {
        let page = cloudformation
            .call("cloudformation:DescribeStackEvents", Patience::Usual, |client| {
                client.describe_stack_events().stack_name(&resource.stack_id).set_next_token(token.clone()).send()
            })
            .await?;
        // The newest event comes first.
        let began = page.stack_events().iter().find(|event| {
            event.logical_resource_id() == Some(&resource.logical_id)
                && event.resource_status().is_some_and(|status| status.as_str() == "CREATE_IN_PROGRESS")
        });
        if let Some(event) = began {
            return Ok(event.timestamp().and_then(timestamp));
        }
        token = page.next_token().map(ToOwned::to_owned);
        if token.is_none() {
            return Ok(None);
        }
    }
}

fn timestamp(time: &DateTime) -> Option<Timestamp> {
    SystemTime::try_from(*time).ok().map(Timestamp::from)
}
