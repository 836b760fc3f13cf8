//! The policies of a role, inline and attached, and the managed policies.

use super::super::super::query::{Refusal, Xml};
use super::super::call::Call;
use super::super::document::Document;
use super::super::rules;
use super::super::state::{Policy, State};
use super::{Answer, date, page, writable};

// --- Inline policies ---

pub(super) fn put_role_policy(state: &mut State, call: &Call) -> Answer {
    let name = rules::policy_name(call)?.to_owned();
    let document = Document::inline(call.required("PolicyDocument")?)?;
    let limit = state.quotas.inline_policies_size;
    let role = writable(state, call)?;
    let others = role.inline_policies.iter().filter(|(other, _)| **other != name);
    let size = document.size() + others.map(|(_, other)| other.size()).sum::<usize>();
    if size > limit {
        return Err(Refusal::limit(format!("Maximum policy size of {limit} bytes exceeded for role {}", role.name)));
    }
    role.inline_policies.insert(name, document);
    Ok(Xml::new())
}

pub(super) fn delete_role_policy(state: &mut State, call: &Call) -> Answer {
    let name = rules::policy_name(call)?;
    match writable(state, call)?.inline_policies.remove(name) {
        Some(_) => Ok(Xml::new()),
        None => Err(no_such_role_policy(name)),
    }
}

pub(super) fn get_role_policy(state: &mut State, call: &Call) -> Answer {
    let name = rules::policy_name(call)?;
    let role = state.find_role(rules::role_name(call)?)?;
    let document = role.inline_policies.get(name).ok_or_else(|| no_such_role_policy(name))?;
    Ok(Xml::new().text("RoleName", &role.name).text("PolicyName", name).text("PolicyDocument", document.encoded()))
}

pub(super) fn list_role_policies(state: &mut State, call: &Call) -> Answer {
    let role = state.find_role(rules::role_name(call)?)?;
    let names: Vec<&String> = role.inline_policies.keys().collect();
    let (page, rest) = page(state, call, &names)?;
    Ok(rest.append_to(Xml::new().texts("PolicyNames", page)))
}

fn no_such_role_policy(name: &str) -> Refusal {
    Refusal::absent(format!("The role policy with name {name} cannot be found."))
}

// --- Attached policies ---

pub(super) fn attach_role_policy(state: &mut State, call: &Call) -> Answer {
    let arn = rules::policy_arn(call, "PolicyArn")?.to_owned();
    let limit = state.quotas.attached_policies_per_role;
    let policy = state.policy(&arn).cloned();
    let role = writable(state, call)?;
    match policy {
        None => return Err(Refusal::absent(format!("Policy {arn} does not exist or is not attachable."))),
        Some(policy) if policy.path.starts_with("/aws-service-role/") => {
            let message = "Cannot attach a Service Role Policy to a Customer Role.";
            return Err(Refusal::new(400, "PolicyNotAttachable", message));
        }
        Some(_) => (),
    }
    if !role.attached_policies.contains(&arn) {
        if role.attached_policies.len() >= limit {
            return Err(Refusal::limit(format!("Cannot exceed quota for PoliciesPerRole: {limit}")));
        }
        role.attached_policies.push(arn);
    }
    Ok(Xml::new())
}

pub(super) fn detach_role_policy(state: &mut State, call: &Call) -> Answer {
    let arn = rules::policy_arn(call, "PolicyArn")?;
    let role = writable(state, call)?;
    let Some(at) = role.attached_policies.iter().position(|attached| attached == arn) else {
        return Err(Refusal::absent(format!("Policy {arn} was not found.")));
    };
    role.attached_policies.remove(at);
    Ok(Xml::new())
}

pub(super) fn list_attached_role_policies(state: &mut State, call: &Call) -> Answer {
    let role = state.find_role(rules::role_name(call)?)?;
    let (page, rest) = page(state, call, &role.attached_policies)?;
    let policies = page.iter().map(|arn| {
        let name = arn.rsplit('/').next().unwrap_or_default();
        Xml::new().text("PolicyName", name).text("PolicyArn", arn)
    });
    Ok(rest.append_to(Xml::new().list("AttachedPolicies", policies)))
}

// --- Managed policies ---

pub(super) fn get_policy(state: &mut State, call: &Call) -> Answer {
    let policy = managed_policy(state, call)?;
    let attached = state.roles.iter().filter(|role| role.attached_policies.contains(&policy.arn)).count();
    let bounding = state.roles.iter().filter(|role| role.permissions_boundary.as_ref() == Some(&policy.arn)).count();
    let xml = Xml::new()
        .text("PolicyName", &policy.name)
        .text("PolicyId", &policy.id)
        .text("Arn", &policy.arn)
        .text("Path", &policy.path)
        .text("DefaultVersionId", &policy.default_version)
        .text("AttachmentCount", attached)
        .text("PermissionsBoundaryUsageCount", bounding)
        .text("IsAttachable", true)
        .text("CreateDate", date(super::LONG_AGO))
        .text("UpdateDate", date(super::LONG_AGO));
    Ok(Xml::new().element("Policy", &xml))
}

pub(super) fn get_policy_version(state: &mut State, call: &Call) -> Answer {
    let policy = managed_policy(state, call)?;
    let version = call.required("VersionId")?;
    let document = policy.document(version).ok_or_else(|| {
        Refusal::absent(format!("Policy {} version {version} does not exist or is not attachable.", policy.arn))
    })?;
    let xml = Xml::new()
        .text("Document", document.encoded())
        .text("VersionId", version)
        .text("IsDefaultVersion", policy.default_version == version)
        .text("CreateDate", date(super::LONG_AGO));
    Ok(Xml::new().element("PolicyVersion", &xml))
}

fn managed_policy<'a>(state: &'a State, call: &Call) -> Result<&'a Policy, Refusal> {
    let arn = rules::policy_arn(call, "PolicyArn")?;
    state.policy(arn).ok_or_else(|| Refusal::absent(format!("Policy {arn} was not found.")))
}
