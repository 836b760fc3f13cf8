//! Late and repeated deliveries: Lambda may deliver a request again after newer requests of `CloudFormation`.
//!
//! Two facts decide whether a request is still valid. The state tag of the role says when the newest request that wrote
//! it was sent. And a request that arrives late asks `CloudFormation` whether its operation is still in progress.

use std::time::Duration;

use delegated_role_core::findings::{Code, Finding};
use delegated_role_core::role::declaration::Declaration;
use delegated_role_core::role::observed::LiveRole;
use delegated_role_core::timestamp::Timestamp;

use super::outcome::NotConverged;
use crate::aws::Aws;
use crate::cloudformation::{ResourceStatus, resource_status};

/// First deliveries arrive within seconds. Lambda repeats a failed one after a minute.
const LATE: Duration = Duration::from_secs(45);

/// Refuses a late request whose operation has ended. If this is unknown, nothing is written either.
pub(super) async fn check_operation(aws: &Aws, declaration: &Declaration) -> Result<(), NotConverged> {
    let Some(sent) = declaration.sent else { return Ok(()) };
    let age = sent.until(Timestamp::from(aws.iam.now()));
    if age <= LATE {
        return Ok(());
    }
    let age = age.as_secs();
    match resource_status(&aws.cloudformation, &declaration.resource).await {
        Ok(status) => check_in_progress(&status, declaration),
        Err(failure) => Err(NotConverged::untouched(late(format!(
            "This request was sent {age} seconds ago, and whether its operation is still in progress could not be determined, so \
             nothing was changed. {failure} Run the operation again."
        )))),
    }
}

/// Refuses to create the missing role of an update whose operation has ended. If `CloudFormation` does not answer, the role
/// is created: [`check_operation`] refused late requests before.
pub(super) async fn check_missing_role(aws: &Aws, declaration: &Declaration) -> Result<(), NotConverged> {
    if declaration.sent.is_none() {
        return Ok(());
    }
    match resource_status(&aws.cloudformation, &declaration.resource).await {
        Ok(status) => check_in_progress(&status, declaration),
        Err(_) => Ok(()),
    }
}

fn check_in_progress(status: &ResourceStatus, declaration: &Declaration) -> Result<(), NotConverged> {
    let known = declaration.previous.as_ref().map(|previous| previous.physical_id.as_str());
    if status.is_in_progress(known) {
        return Ok(());
    }
    let operation = if known.is_some() { "update" } else { "creation" };
    Err(NotConverged::untouched(late(format!(
        "This request belongs to an operation that is over, so nothing was changed: CloudFormation reports the resource {} as {status}, \
         and the {operation} that the request was sent for is no longer in progress.",
        declaration.resource.logical_id
    ))))
}

fn late(message: String) -> Finding {
    Finding::failure(Code::LateRequest, message)
}

/// Refuses a request that is older than the state tag of the role.
pub(super) fn check_newest(live: &LiveRole, declaration: &Declaration) -> Result<(), NotConverged> {
    match overtaken(live, declaration.sent) {
        Some(reason) => Err(NotConverged::nothing_left(reason)),
        None => Ok(()),
    }
}

/// Why a request that was sent at this time may not change the role: a newer one wrote it.
pub(super) fn overtaken(live: &LiveRole, sent: Option<Timestamp>) -> Option<Finding> {
    let state = live.state();
    let (sent, as_of) = sent.zip(state.as_of).filter(|_| state.is_newer_than(sent))?;
    Some(late(format!(
        "This request was sent at {sent}, but the role {} was written by a request sent later, at {as_of}. Nothing was changed.",
        live.name
    )))
}
