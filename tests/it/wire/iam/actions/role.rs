//! The role itself: its trust policy, settings, permissions boundary and tags.

use super::super::super::query::{Refusal, Xml};
use super::super::call::Call;
use super::super::document::{self, Document};
use super::super::rules;
use super::super::state::{Role, State};
use super::{Answer, date, page, writable};

pub(super) fn create_role(state: &mut State, call: &Call) -> Answer {
    let mut role = Role::named(rules::role_name(call)?).path(rules::path(call)?);
    role.description = non_empty(rules::description(call)?.unwrap_or_default());
    role.max_session_duration = rules::max_session_duration(call)?;
    rules::add_tags(call, &mut role.tags)?;
    role.trust = trust(state, call, "AssumeRolePolicyDocument")?;
    if call.optional("PermissionsBoundary").is_some() {
        role.permissions_boundary = Some(boundary(state, call)?);
    }
    if state.role(&role.name).is_some() {
        let message = format!("Role with name {} already exists.", role.name);
        return Err(Refusal::new(409, "EntityAlreadyExists", message));
    }
    if state.roles.len() >= state.quotas.roles {
        return Err(Refusal::limit(format!("Cannot exceed quota for RolesPerAccount: {}", state.quotas.roles)));
    }
    let role = state.make_role(role);
    state.unsettle(&role.name);
    // Only GetRole returns the description, the session duration and the boundary.
    Ok(Xml::new().element("Role", &identity(&role).list("Tags", tags(&role))))
}

pub(super) fn get_role(state: &mut State, call: &Call) -> Answer {
    let role = state.find_role(rules::role_name(call)?)?;
    let used = role.last_used.map(|used| Xml::new().text("LastUsedDate", date(used)).text("Region", "us-east-1"));
    let last_used = used.unwrap_or_else(Xml::new);
    let mut xml = identity(role)
        .optional_text("Description", role.description.as_ref())
        .text("MaxSessionDuration", role.max_session_duration)
        .element("RoleLastUsed", &last_used);
    if let Some(arn) = &role.permissions_boundary {
        let boundary = Xml::new().text("PermissionsBoundaryType", "Policy").text("PermissionsBoundaryArn", arn);
        xml = xml.element("PermissionsBoundary", &boundary);
    }
    if !role.tags.is_empty() {
        xml = xml.list("Tags", tags(role));
    }
    Ok(Xml::new().element("Role", &xml))
}

pub(super) fn update_role(state: &mut State, call: &Call) -> Answer {
    let description = rules::description(call)?.map(non_empty);
    let max_session_duration = rules::max_session_duration(call)?;
    let role = writable(state, call)?;
    if let Some(description) = description {
        role.description = description;
    }
    role.max_session_duration = max_session_duration;
    Ok(Xml::new())
}

pub(super) fn update_assume_role_policy(state: &mut State, call: &Call) -> Answer {
    let trust = trust(state, call, "PolicyDocument")?;
    writable(state, call)?.trust = trust;
    Ok(Xml::new())
}

pub(super) fn put_role_permissions_boundary(state: &mut State, call: &Call) -> Answer {
    let boundary = boundary(state, call)?;
    writable(state, call)?.permissions_boundary = Some(boundary);
    Ok(Xml::new())
}

pub(super) fn delete_role_permissions_boundary(state: &mut State, call: &Call) -> Answer {
    writable(state, call)?.permissions_boundary = None;
    Ok(Xml::new())
}

pub(super) fn tag_role(state: &mut State, call: &Call) -> Answer {
    rules::add_tags(call, &mut writable(state, call)?.tags)?;
    Ok(Xml::new())
}

pub(super) fn untag_role(state: &mut State, call: &Call) -> Answer {
    let keys = call.list("TagKeys");
    let gone = |key: &String| keys.iter().any(|gone| gone.to_lowercase() == key.to_lowercase());
    writable(state, call)?.tags.retain(|key, _| !gone(key));
    Ok(Xml::new())
}

pub(super) fn delete_role(state: &mut State, call: &Call) -> Answer {
    let role = writable(state, call)?.clone();
    let conflict = if state.instance_profiles.iter().any(|profile| profile.role == role.name) {
        "Cannot delete entity, must remove roles from instance profile first."
    } else if !role.attached_policies.is_empty() {
        "Cannot delete entity, must detach all policies first."
    } else if !role.inline_policies.is_empty() {
        "Cannot delete entity, must delete policies first."
    } else {
        state.roles.retain(|other| other.name != role.name);
        return Ok(Xml::new());
    };
    Err(Refusal::conflict(conflict))
}

/// IAM lists roles without their tags, their boundary and their last use.
pub(super) fn list_roles(state: &mut State, call: &Call) -> Answer {
    let prefix = call.optional("PathPrefix").unwrap_or("/");
    let roles: Vec<&Role> = state.roles.iter().filter(|role| role.path.starts_with(prefix)).collect();
    let (page, rest) = page(state, call, &roles)?;
    Ok(rest.append_to(Xml::new().list("Roles", page.iter().map(|role| identity(role)))))
}

pub(super) fn list_instance_profiles_for_role(state: &mut State, call: &Call) -> Answer {
    let role = state.find_role(rules::role_name(call)?)?;
    let names: Vec<&String> = state
        .instance_profiles
        .iter()
        .filter(|profile| profile.role == role.name)
        .map(|profile| &profile.name)
        .collect();
    let (page, rest) = page(state, call, &names)?;
    let profiles = page.iter().map(|name| {
        Xml::new()
            .text("Path", "/")
            .text("InstanceProfileName", name)
            .text("InstanceProfileId", "AIPAEXAMPLE0000000001")
            .text("Arn", state.arn("instance-profile", "/", name))
            .text("CreateDate", date(super::LONG_AGO))
            .list("Roles", [identity(role)])
    });
    Ok(rest.append_to(Xml::new().list("InstanceProfiles", profiles)))
}

fn trust(state: &State, call: &Call, parameter: &str) -> Result<Document, Refusal> {
    let text = call.required(parameter)?;
    let trust = Document::trust(text, state)?;
    let limit = state.quotas.trust_size;
    // IAM measures what was sent, before it unwraps lists of one element.
    if document::size(text) > limit {
        return Err(Refusal::limit(format!("Cannot exceed quota for ACLSizePerRole: {limit}")));
    }
    Ok(trust)
}

fn boundary(state: &State, call: &Call) -> Result<String, Refusal> {
    let arn = rules::policy_arn(call, "PermissionsBoundary")?;
    match state.policy(arn) {
        Some(policy) => Ok(policy.arn.clone()),
        None => Err(Refusal::absent(format!("Scope ARN: {arn} does not exist or is not attachable."))),
    }
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// What each answer with a role contains.
fn identity(role: &Role) -> Xml {
    Xml::new()
        .text("Path", &role.path)
        .text("RoleName", &role.name)
        .text("RoleId", &role.id)
        .text("Arn", &role.arn)
        .text("CreateDate", date(role.created))
        .text("AssumeRolePolicyDocument", role.trust.encoded())
}

fn tags(role: &Role) -> impl Iterator<Item = Xml> {
    role.tags.iter().map(|(key, value)| Xml::new().text("Key", key).text("Value", value))
}
