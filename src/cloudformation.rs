//! What CloudFormation says about a resource: whether an operation on it is in progress, and when its creation began.

use std::fmt;
use std::time::SystemTime;

use aws_sdk_cloudformation::primitives::DateTime;
use delegated_role_core::audit::stack_lookup::StackLookup;
use delegated_role_core::identifiers::RoleName;
use delegated_role_core::role::ownership::StackResource;
use delegated_role_core::timestamp::Timestamp;

use crate::aws::{CloudFormation, Failure, Kind, Patience};

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

    /// What it says about the role of this name, which belongs to the resource by its tags.
    pub fn about(&self, role: &RoleName, resource: &StackResource) -> StackLookup {
        let logical_id = &resource.logical_id;
        if self.status.ends_with("_IN_PROGRESS") {
            return StackLookup::InProgress;
        }
        if self.status.is_empty() || ["DELETE_COMPLETE", "DELETE_SKIPPED"].contains(&self.status.as_str()) {
            return StackLookup::Gone(format!("its stack, or the resource {logical_id} in it, was deleted"));
        }
        match self.physical_id.as_deref() {
            Some(other) if !other.eq_ignore_ascii_case(role.as_str()) => {
                StackLookup::Gone(format!("the resource {logical_id} of its stack is now the role {other}"))
            }
            _ => StackLookup::Manages,
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

/// Whether the stack in the tags of a role still manages it. A stack or resource that CloudFormation does not know is gone.
///
/// # Errors
/// The call failed, so it is unknown. A denied call says nothing about the stack.
pub async fn look_up(
    cloudformation: &CloudFormation,
    role: &RoleName,
    resource: &StackResource,
) -> Result<StackLookup, Failure> {
    match resource_status(cloudformation, resource).await {
        Ok(status) => Ok(status.about(role, resource)),
        Err(failure) if failure.kind == Kind::Other && failure.message().contains("does not exist") => {
            let logical_id = &resource.logical_id;
            Ok(StackLookup::Gone(format!("its stack does not exist, or no longer has the resource {logical_id}")))
        }
        Err(failure) => Err(failure),
    }
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
