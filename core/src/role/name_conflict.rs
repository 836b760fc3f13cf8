//! A name that is somebody else's: whose, and what to do.

use super::home_region::Elsewhere;
use super::observed::Foreign;
use super::ownership::{Claim, LOGICAL_ID_TAG, STACK_TAG, StackResource};
use crate::identifiers::{Region, RoleName, StackArn};

/// Why a role cannot be made or changed: its name is taken. `region` is the one here.
pub fn taken(foreign: &Foreign, resource: &StackResource, region: &str, home_region: Option<&Region>) -> String {
    let Foreign { name, arn, .. } = foreign;
    let mark = mark_of(resource);
    let what_to_do = match (another_region(&foreign.claim, region), home_region) {
        (Some(other), Some(home_region)) => format!(
            "HomeRegion cannot be {home_region} while the role is kept in {other}. Let HomeRegion be {other}; or, to move the \
             role, tag it {mark} first, and then give every stack the new HomeRegion; or give RoleName and HomeRegion new values \
             together."
        ),
        (Some(other), None) => format!(
            "IAM is global: if all Regions are to share the role, give every stack HomeRegion: {other}, the same RoleName and the \
             same name for the resource. Else choose another RoleName, or hand the role over by tagging it {mark}."
        ),
        (None, None) if matches!(foreign.claim, Claim::Others { .. }) => format!(
            "Choose another RoleName, or hand the role over by tagging it {mark}. (HomeRegion shares a role among Regions, not \
             among the stacks of one.)"
        ),
        (None, _) => format!("Choose another RoleName, or hand the role over by tagging it {mark}."),
    };
    format!("The role name {name} is taken: {arn} {}. It was not changed. {what_to_do}", whose(foreign))
}

/// Why a role cannot be shared with the home Region: its stack is not the one that keeps it.
pub fn not_kept_there(foreign: &Foreign, elsewhere: Elsewhere<'_>) -> String {
    let Elsewhere { region, here, .. } = elsewhere;
    let Foreign { name, arn, claim, .. } = foreign;
    let stack_mark = format!("{STACK_TAG} = the ID of the stack in {region}");
    let to_move = format!(
        "tag it {stack_mark} first, and then give every stack the new HomeRegion; or give RoleName and HomeRegion new values \
         together."
    );
    let what_to_do = match (claim, another_region(claim, region.as_str())) {
        (Claim::Others { stack_id, .. }, _) if *stack_id == here.stack_id => {
            return format!(
                "HomeRegion cannot be {region}: the role {name} is kept by this very stack. Nothing was changed. To move the role \
                 there, {to_move}"
            );
        }
        (_, Some(kept_in)) => format!("Let HomeRegion be {kept_in}; or, to move the role, {to_move}"),
        (Claim::Others { logical_id, .. }, None) if !logical_id.is_empty() && *logical_id != here.logical_id => {
            format!(
                "If that is the role that all Regions are to share, the resource must have the same name in every template, and here it \
             is {}. Else choose another RoleName for all Regions.",
                here.logical_id
            )
        }
        (_, None) => format!(
            "Choose another RoleName for all Regions, or hand the role over by tagging it {stack_mark} and {LOGICAL_ID_TAG} = {}.",
            here.logical_id
        ),
    };
    format!("HomeRegion cannot be {region}: {arn} {}. Nothing was changed. {what_to_do}", whose(foreign))
}

/// Why the stack of another Region does not make a role that is gone.
pub fn no_longer_kept_there(name: &RoleName, region: &Region) -> String {
    format!(
        "HomeRegion was {region}, and the stack there no longer keeps the role {name}. It was not made here, since going back to \
         {region} would be refused then. To move the role, give RoleName and HomeRegion new values together; or delete this resource \
         and make it again."
    )
}

/// Why a role that may be ours with its tags stripped was not deleted.
pub fn not_deleted(foreign: &Foreign, resource: &StackResource) -> String {
    let Foreign { name, arn, trusts, .. } = foreign;
    format!(
        "The role {name} ({arn}, which trusts {trusts}) bears no tags of this resource, so it was not deleted. If it is \
         this stack's, tag it {} and delete again; if it is not, delete the stack and retain this resource.",
        mark_of(resource)
    )
}

/// Why two spellings of a name cannot be told apart.
pub fn only_case_differs(name: &RoleName, known: &str) -> String {
    format!(
        "RoleName {name} differs from {known} in letter case only, and IAM's names ignore case: there cannot be both. Keep \
         the old spelling, or choose a really different name."
    )
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
