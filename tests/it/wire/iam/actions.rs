//! The calls that the fake knows, and what each does.

mod policies;
mod role;

use std::time::{Duration, SystemTime};

use delegated_role_core::timestamp::Timestamp;

use super::super::query::{Refusal, Xml};
use super::call::Call;
use super::rules;
use super::state::{LONG_AGO, Role, State};

pub(crate) struct Action {
    pub(crate) name: &'static str,
    pub(crate) writes: bool,
    /// The parameters in the call's one-line form.
    pub(crate) line: &'static [&'static str],
    /// All parameters that it can have.
    pub(crate) parameters: &'static [&'static str],
    pub(crate) perform: fn(&mut State, &Call) -> Answer,
}

type Answer = Result<Xml, Refusal>;

pub(crate) fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

const ACTIONS: &[Action] = &[
    Action {
        name: "CreateRole",
        writes: true,
        line: &["RoleName"],
        parameters: &[
            "RoleName",
            "Path",
            "AssumeRolePolicyDocument",
            "Description",
            "MaxSessionDuration",
            "PermissionsBoundary",
            "Tags",
        ],
        perform: role::create_role,
    },
    read("GetRole", &["RoleName"], role::get_role),
    Action {
        name: "UpdateRole",
        writes: true,
        line: &["RoleName"],
        parameters: &["RoleName", "Description", "MaxSessionDuration"],
        perform: role::update_role,
    },
    Action {
        name: "UpdateAssumeRolePolicy",
        writes: true,
        line: &["RoleName"],
        parameters: &["RoleName", "PolicyDocument"],
        perform: role::update_assume_role_policy,
    },
    write("PutRolePermissionsBoundary", &["RoleName", "PermissionsBoundary"], role::put_role_permissions_boundary),
    write("DeleteRolePermissionsBoundary", &["RoleName"], role::delete_role_permissions_boundary),
    write("TagRole", &["RoleName", "Tags"], role::tag_role),
    write("UntagRole", &["RoleName", "TagKeys"], role::untag_role),
    Action {
        name: "PutRolePolicy",
        writes: true,
        line: &["RoleName", "PolicyName"],
        parameters: &["RoleName", "PolicyName", "PolicyDocument"],
        perform: policies::put_role_policy,
    },
    write("DeleteRolePolicy", &["RoleName", "PolicyName"], policies::delete_role_policy),
    write("AttachRolePolicy", &["RoleName", "PolicyArn"], policies::attach_role_policy),
    write("DetachRolePolicy", &["RoleName", "PolicyArn"], policies::detach_role_policy),
    write("DeleteRole", &["RoleName"], role::delete_role),
    Action {
        name: "ListRoles",
        writes: false,
        line: &["PathPrefix"],
        parameters: &["PathPrefix", "Marker", "MaxItems"],
        perform: role::list_roles,
    },
    list("ListRolePolicies", &["RoleName", "Marker", "MaxItems"], policies::list_role_policies),
    read("GetRolePolicy", &["RoleName", "PolicyName"], policies::get_role_policy),
    list("ListAttachedRolePolicies", &["RoleName", "Marker", "MaxItems"], policies::list_attached_role_policies),
    read("GetPolicy", &["PolicyArn"], policies::get_policy),
    read("GetPolicyVersion", &["PolicyArn", "VersionId"], policies::get_policy_version),
    list("ListInstanceProfilesForRole", &["RoleName", "Marker", "MaxItems"], role::list_instance_profiles_for_role),
    read("GetAccountSummary", &[], get_account_summary),
];

const fn read(
    name: &'static str,
    parameters: &'static [&'static str],
    perform: fn(&mut State, &Call) -> Answer,
) -> Action {
    Action { name, writes: false, line: parameters, parameters, perform }
}

const fn write(
    name: &'static str,
    parameters: &'static [&'static str],
    perform: fn(&mut State, &Call) -> Answer,
) -> Action {
    Action { name, writes: true, line: parameters, parameters, perform }
}

const fn list(
    name: &'static str,
    parameters: &'static [&'static str],
    perform: fn(&mut State, &Call) -> Answer,
) -> Action {
    Action { name, writes: false, line: &["RoleName"], parameters, perform }
}

#[expect(clippy::unnecessary_wraps, reason = "all actions have one form")]
fn get_account_summary(state: &mut State, _: &Call) -> Answer {
    let quotas = &state.quotas;
    let summary = [
        ("AccountMFAEnabled", 1),
        ("AssumeRolePolicySizeQuota", quotas.trust_size),
        ("AttachedPoliciesPerRoleQuota", quotas.attached_policies_per_role),
        ("InstanceProfiles", state.instance_profiles.len()),
        ("PolicySizeQuota", 6_144),
        ("RolePolicySizeQuota", quotas.inline_policies_size),
        ("Roles", state.roles.len()),
        ("RolesQuota", quotas.roles),
        ("VersionsPerPolicyQuota", 5),
    ];
    let map = summary
        .into_iter()
        .fold(Xml::new(), |map, (key, value)| map.element("entry", &Xml::new().text("key", key).text("value", value)));
    Ok(Xml::new().element("SummaryMap", &map))
}

// --- Shared by several actions ---

/// The role of a call that writes, unless only AWS may change it.
fn writable<'a>(state: &'a mut State, call: &Call) -> Result<&'a mut Role, Refusal> {
    let name = rules::role_name(call)?;
    state.find_role(name)?;
    let role = state.role_mut(name);
    if ["/aws-service-role/", "/aws-reserved/"].iter().any(|path| role.path.starts_with(path)) {
        let message = format!(
            "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
            role.name
        );
        return Err(Refusal::new(400, "UnmodifiableEntity", message));
    }
    Ok(role)
}

/// A moment in seconds since 1970, as IAM writes it.
fn date(seconds: u64) -> String {
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

/// Whether another page follows, and from where.
struct Rest(Option<usize>);

impl Rest {
    fn append_to(self, xml: Xml) -> Xml {
        xml.text("IsTruncated", self.0.is_some()).optional_text("Marker", self.0.map(|next| format!("from-{next}")))
    }
}

fn page<'a, T>(state: &State, call: &Call, all: &'a [T]) -> Result<(&'a [T], Rest), Refusal> {
    let start = match call.optional("Marker") {
        None => 0,
        Some(marker) => marker
            .strip_prefix("from-")
            .and_then(|start| start.parse().ok())
            .filter(|start| *start < all.len())
            .ok_or_else(|| Refusal::invalid("Invalid Marker."))?,
    };
    let wanted = call.number("MaxItems")?.map_or(usize::MAX, |items| items as usize);
    let end = start.saturating_add(wanted.min(state.page_size)).min(all.len());
    Ok((&all[start..end], Rest((end < all.len()).then_some(end))))
}
