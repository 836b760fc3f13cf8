//! One role for several Regions: IAM is global, stacks are regional. The stack of the home Region manages the role. The
//! stacks of other Regions wait until the role exists and is as they declare it, and return its attributes.
//!
//! Only the ownership tags of a role say which stack manages it. So only new tags, or a new name, move a role to another
//! Region, and a template can return to its old `HomeRegion` after the new one was refused.

use std::collections::BTreeSet;

use super::desired::DesiredRole;
use super::guardrail_policy::{GUARDRAIL_POLICY, expiry};
use super::observed::LiveRole;
use super::ownership::{
    Claim, Claimant, EXTERNAL_ID_TAG, LOGICAL_ID_TAG, OUR_TAGS, REVOKE_TAG, STACK_TAG, StackResource, Tags,
};
use super::plan::{Operation, Plan};
use super::policy_names::CUSTOM_POLICY;
use super::state_tag::STATE_TAG;
use super::trust::Trust;
use crate::identifiers::{Account, Region, RoleName, RolePath, StackArn};

/// The resource in the home Region that manages a role, as far as a stack in another Region knows it.
#[derive(Clone, Copy, Debug)]
pub struct HomeResource<'a> {
    /// The account of both stacks.
    pub account: &'a Account,
    /// The home Region.
    pub region: &'a Region,
    /// The resource in this stack. The one in the home Region has the same logical ID.
    pub here: &'a StackResource,
}

impl HomeResource<'_> {
    /// The resource that manages the role with these tags, if it is in the home Region.
    pub fn manager(&self, tags: &Tags) -> Option<StackResource> {
        let stack = tags.get(STACK_TAG).and_then(|stack| self.stack_there(stack))?;
        let logical_id = tags.get(LOGICAL_ID_TAG).filter(|logical_id| *logical_id == self.here.logical_id)?;
        Some(StackResource {
            stack_id: stack.to_string(),
            stack_name: stack.name().to_owned(),
            logical_id: logical_id.to_owned(),
        })
    }

    /// The stack with this ID, if it is in the home Region.
    fn stack_there(&self, stack_id: &str) -> Option<StackArn> {
        let Account { partition, id: account } = self.account;
        StackArn::parse(stack_id).ok().filter(|stack| {
            stack.partition() == partition.as_str()
                && stack.account() == account.as_str()
                && stack.region() == self.region.as_str()
        })
    }
}

/// A role is managed if the stack of the home Region manages it. This stack manages none.
impl Claimant for HomeResource<'_> {
    fn claim(&self, _name: &RoleName, _path: &RolePath, tags: &Tags) -> Claim {
        if self.manager(tags).is_some() {
            return Claim::Ours;
        }
        let another_stack = tags.get(STACK_TAG).is_some_and(|stack| self.stack_there(stack).is_none());
        let another_resource = tags.get(LOGICAL_ID_TAG).is_some_and(|logical_id| logical_id != self.here.logical_id);
        if another_stack || another_resource { Claim::others(tags) } else { Claim::Unmarked }
    }
}

/// What must change so that the live role is the desired one, in terms of the template's properties. It comes from the
/// plan that the stack of the home Region would execute.
pub fn differences(live: &LiveRole, desired: &DesiredRole, plan: &Plan) -> BTreeSet<String> {
    let place = [
        ("RoleName (in IAM's spelling it is another)", live.name != desired.name),
        ("Path", live.path != desired.path),
    ];
    let operations = plan.steps.iter().flatten();
    operations.flat_map(|operation| what_changes(operation, live, desired)).chain(those_that_differ(&place)).collect()
}

fn what_changes(operation: &Operation, live: &LiveRole, desired: &DesiredRole) -> Vec<String> {
    let property = |name: &str| vec![name.to_owned()];
    match operation {
        // These are never planned for an existing role.
        Operation::Create(_) | Operation::DeleteRole => property("RoleName"),
        Operation::PutBoundary(_) | Operation::DeleteBoundary => property("PermissionsBoundary"),
        Operation::SetTrust(trust) => who_differs(live.trust.as_ref(), trust),
        Operation::SetSettings { description, max_session_duration } => those_that_differ(&[
            ("Description", live.description != *description),
            ("MaxSessionDuration", live.max_session_duration != *max_session_duration),
        ]),
        Operation::Tag(tags) => tags.0.keys().filter(|key| !internal(key)).map(|key| tag(key)).collect(),
        Operation::Untag(keys) => keys.iter().filter(|key| !internal(key)).map(|key| tag(key)).collect(),
        // A difference in the trust is already listed. This is a trust that was written, but did not end the sessions
        // yet.
        Operation::EndSessions(_) if live.tags.get(REVOKE_TAG).is_none() => Vec::new(),
        Operation::EndSessions(_) => vec!["sessions of an earlier trust, which are not ended yet".to_owned()],
        Operation::PutInline(name, _) | Operation::DeleteInline(name) if name == CUSTOM_POLICY => property(name),
        Operation::PutInline(name, _) | Operation::DeleteInline(name) if desired.inline.contains_key(name) => {
            vec![format!("Policies ({name})")]
        }
        Operation::PutInline(name, _) if name == GUARDRAIL_POLICY => {
            // It also names the function that wrote it, which can be another one in each Region.
            let standing = live.inline.get(GUARDRAIL_POLICY).and_then(Option::as_ref);
            match standing
                .filter(|policy| policy.only_denies() && desired.guardrail_policy.is_held_by(policy))
                .map(expiry)
            {
                Some(expires_at) if expires_at == desired.trust.conditions.expires_at => Vec::new(),
                Some(_) => property("ExpiresAt"),
                None => property(name),
            }
        }
        Operation::PutInline(name, _) | Operation::DeleteInline(name) => others(name),
        Operation::Attach(arn) => vec![format!("ManagedPolicyArns ({arn} is missing)")],
        Operation::Detach(arn) => others(arn),
    }
}

fn others(policy: &str) -> Vec<String> {
    vec![format!("the policy {policy}, which is not in this stack's template")]
}

/// Tags about the progress of a change, not about the role itself.
fn internal(key: &str) -> bool {
    [REVOKE_TAG, STATE_TAG].contains(&key)
}

/// Tag values can be anything, the external ID included. So only the keys are listed.
fn tag(key: &str) -> String {
    match key {
        EXTERNAL_ID_TAG => "ExternalId".to_owned(),
        key if key.starts_with(OUR_TAGS) => format!("the tag {key}"),
        key => format!("Tags ({key})"),
    }
}

fn who_differs(live: Option<&Trust>, desired: &Trust) -> Vec<String> {
    let Some(live) = live else {
        return vec!["the trust policy, which is not one that this resource writes".to_owned()];
    };
    live.differing_properties(desired).map(ToOwned::to_owned).collect()
}

fn those_that_differ(properties: &[(&str, bool)]) -> Vec<String> {
    properties.iter().filter(|(_, differs)| *differs).map(|(name, _)| (*name).to_owned()).collect()
}
