//! A role name that is in use by a role of another resource: whose role it is, and what to do.

use super::declaration::Declaration;
use super::home_region::HomeResource;
use super::observed::{Foreign, LiveRole};
use super::ownership::{Claim, HAND_OVER_TAG, LOGICAL_ID_TAG, STACK_TAG, StackResource};
use crate::findings::{Code, Finding};
use crate::identifiers::{Region, RoleName, RoleNamePrefix, RolePath, StackArn};
use crate::installation::Installation;
use crate::owner_limits::OwnerLimits;

/// Why a role cannot be created or changed: its name is in use.
pub fn taken(
    foreign: &Foreign,
    declaration: &Declaration,
    installation: &Installation,
    home_region: Option<&Region>,
) -> Finding {
    let Foreign { name, arn, path, .. } = foreign;
    let OwnerLimits { role_path_prefix: prefix, role_name_prefix, .. } = &installation.limits;
    let outside = if role_name_prefix.is_empty() { !path.is_under(prefix) } else { path != prefix };
    let what_to_do = match (another_region(&foreign.claim, installation.region().as_str()), home_region) {
        (Some(other), Some(home_region)) => format!(
            "HomeRegion cannot be {home_region} while a stack in {other} manages the role. Set HomeRegion to {other}. To move the \
             role, tag it {} first and then set HomeRegion in every stack; or change RoleName and HomeRegion together.",
            mark_of(&declaration.resource)
        ),
        (Some(other), None) => format!(
            "IAM is global. To share the role among Regions, set HomeRegion to {other} in every stack, with the same RoleName and \
             the same logical ID. Otherwise choose another RoleName."
        ),
        (None, None) if matches!(foreign.claim, Claim::Others { .. }) => format!(
            "{} (HomeRegion shares a role among Regions, not among stacks of one Region.)",
            choose_or_hand_over(declaration)
        ),
        (None, _) if outside => format!(
            "Choose another RoleName. A role outside {prefix} (RolePathPrefix) cannot be taken over, and role names are unique \
             across paths."
        ),
        (None, _) => choose_or_hand_over(declaration),
    };
    let message = format!("The role name {name} is taken: {arn} {}. It was not changed. {what_to_do}", whose(foreign));
    Finding::error(Code::NameTaken, "RoleName", message)
}

/// Only a create takes a role over.
fn choose_or_hand_over(declaration: &Declaration) -> String {
    if declaration.previous.is_some() {
        return "Choose another RoleName.".to_owned();
    }
    format!(
        "Choose another RoleName; or, for this resource to take the role over, tag the role {HAND_OVER_TAG} = {} and create the \
         resource again.",
        declaration.resource.hand_over_mark()
    )
}

/// Why a role cannot be shared with the home Region: the stack there does not manage it.
pub fn not_managed_there(foreign: &Foreign, home: HomeResource<'_>) -> Finding {
    let because = |message| Finding::error(Code::HomeRegion, "HomeRegion", message);
    let HomeResource { region, here, .. } = home;
    let Foreign { name, arn, claim, .. } = foreign;
    let stack_mark = format!("{STACK_TAG} = the ID of the stack in {region}");
    let to_move = format!(
        "tag it {stack_mark} first and then set HomeRegion in every stack; or change RoleName and HomeRegion together."
    );
    let what_to_do = match (claim, another_region(claim, region.as_str())) {
        (Claim::Others { stack_id, .. }, _) if *stack_id == here.stack_id => {
            return because(format!(
                "HomeRegion cannot be {region}: this stack itself manages the role {name}. Nothing was changed. To move the role \
                 there, {to_move}"
            ));
        }
        (_, Some(kept_in)) => format!("Set HomeRegion to {kept_in}. To move the role, {to_move}"),
        (Claim::Others { logical_id, .. }, None) if !logical_id.is_empty() && *logical_id != here.logical_id => {
            format!(
                "If all Regions share that role, the resource needs the same logical ID in every template; here it is {}. Otherwise \
                 choose another RoleName for all Regions.",
                here.logical_id
            )
        }
        (_, None) => format!(
            "Choose another RoleName for all Regions, or hand the role over by tagging it {stack_mark} and {LOGICAL_ID_TAG} = {}.",
            here.logical_id
        ),
    };
    because(format!("HomeRegion cannot be {region}: {arn} {}. Nothing was changed. {what_to_do}", whose(foreign)))
}

/// Why the stack of another Region does not create a role that was deleted.
pub fn no_longer_managed_there(name: &RoleName, region: &Region) -> Finding {
    let message = format!(
        "HomeRegion was {region}, and the stack there no longer manages the role {name}. The role was not created here, because a \
         rollback to {region} would then fail. To move the role, change RoleName and HomeRegion together; or delete this resource \
         and create it again."
    );
    Finding::error(Code::HomeRegion, "HomeRegion", message)
}

/// Why a role that may be ours without its tags was not deleted.
pub fn not_deleted(foreign: &Foreign, resource: &StackResource) -> Finding {
    let Foreign { name, arn, trusts, .. } = foreign;
    let message = format!(
        "The role {name} ({arn}, which trusts {trusts}) has no tags of this resource, so it was not deleted. If it belongs to \
         this stack, tag it {} and delete again. If not, delete the stack and retain this resource.",
        mark_of(resource)
    );
    Finding::failure(Code::Unmarked, message)
}

/// Why a role cannot become the desired one in its place: IAM neither moves nor renames a role.
pub fn not_in_place(live: &LiveRole, name: &RoleName, path: &RolePath) -> Option<Finding> {
    if live.name != *name {
        return Some(only_case_differs(name, live.name.as_str()));
    }
    (live.path != *path).then(|| {
        let message = format!(
            "Path is {path}, but the role {name} is under {}, and IAM cannot move a role. Change RoleName together with \
             Path, so that a new role replaces this one.",
            live.path
        );
        Finding::error(Code::CannotChange, "Path", message)
    })
}

/// Why a role is not deleted although it has the tags of the resource: its name is not one of the function's.
pub fn outside_name_prefix(name: &RoleName, prefix: &RoleNamePrefix) -> Finding {
    let message = format!(
        "The role {name} was not deleted: its name does not begin with {prefix} (RoleNamePrefix), so the function may not change \
         it. Delete the role by hand (aws iam delete-role), then delete again."
    );
    Finding::failure(Code::NotPermittedByOwner, message)
}

/// Why a name cannot change in letter case only.
pub fn only_case_differs(name: &RoleName, known: &str) -> Finding {
    let message = format!(
        "RoleName {name} differs from {known} in letter case only, and IAM role names ignore case. Keep the old spelling, or \
         choose another name."
    );
    Finding::error(Code::CannotChange, "RoleName", message)
}

fn whose(Foreign { claim, trusts, .. }: &Foreign) -> String {
    match claim {
        Claim::Others { stack_id, logical_id } => {
            let region = region_of(claim).map_or_else(String::new, |region| format!(" in {region}"));
            format!("belongs to the resource {} of the stack {}{region}", or_unknown(logical_id), or_unknown(stack_id))
        }
        Claim::Ours | Claim::Unmarked => format!("was not made by this resource; it trusts {trusts}"),
    }
}

/// The Region of the stack that a role is marked for.
fn region_of(claim: &Claim) -> Option<String> {
    let Claim::Others { stack_id, .. } = claim else { return None };
    StackArn::parse(stack_id).ok().map(|stack| stack.region().to_owned())
}

/// The same, if it is not this one.
fn another_region(claim: &Claim, region: &str) -> Option<String> {
    region_of(claim).filter(|other| other != region)
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "(unknown)" } else { text }
}

fn mark_of(resource: &StackResource) -> String {
    format!("{STACK_TAG} = {} and {LOGICAL_ID_TAG} = {}", resource.stack_id, resource.logical_id)
}
