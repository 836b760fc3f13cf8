//! All that is found in one role.

use super::admission::Admission;
use super::inspected::Inspected;
use super::stack_lookup::StackLookup;
use super::{drift, lifetime, limits};
use crate::findings::{Code, Finding};
use crate::installation::Installation;
use crate::owner_limits::AuditSettings;
use crate::role::account_lookup::AccountLookup;
use crate::role::guardrail_policy::{GUARDRAIL_POLICY, GuardrailPolicy, expiry};
use crate::role::ownership::{LOGICAL_ID_TAG, REVOKE_TAG, STACK_TAG, StackResource};
use crate::timestamp::Timestamp;

/// What the roles of one audit have in common.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Where the function works, and what its owner allows today.
    pub installation: Installation,
    /// What the owner set for the audit.
    pub settings: AuditSettings,
    /// The current time.
    pub now: Timestamp,
}

/// All findings about a role. No external ID is in them.
pub fn findings(role: &Inspected, stack: &StackLookup, lookup: &AccountLookup, terms: &Terms) -> Vec<Finding> {
    let admission = Admission::of(role.trust.as_ref());
    let found = match role.resource() {
        Some(resource) => of_a_resource(role, &resource, &admission, stack, lookup, terms),
        None => of_no_resource(&admission),
    };
    let secrets = role.secrets();
    let hidden = |finding: Finding| {
        let message = secrets.hidden_in(&finding.message);
        finding.saying(message)
    };
    found.into_iter().map(hidden).collect()
}

fn of_a_resource(
    role: &Inspected,
    resource: &StackResource,
    admission: &Admission,
    stack: &StackLookup,
    lookup: &AccountLookup,
    Terms { installation, settings, now }: &Terms,
) -> Vec<Finding> {
    let guardrails = GuardrailPolicy::new(installation, resource);
    // The function of that Region has its own settings, and reports what depends on them.
    let own = *stack != StackLookup::OtherRegion;
    let mut found = Vec::new();
    found.extend(open(admission, installation));
    found.extend(drift::findings(role, admission.expires_at, |expires_at| guardrails.policy(expires_at)));
    found.extend(guardrails_missing(role, admission, &guardrails, own));
    if own {
        found.extend(limits::findings(role, admission, resource, installation, lookup, *now));
    }
    found.extend(orphaned(stack, resource));
    if role.tags.get(REVOKE_TAG).is_some() {
        let message = "A change of the role was not finished: sessions that were issued before access was narrowed may still work. \
                       Change Revision and update the stack.";
        found.push(Finding::error(Code::RevocationPending, "", message));
    }
    found.extend(lifetime::findings(role, admission.expires_at, *settings, *now));
    if *stack == StackLookup::InProgress {
        const IN_PROGRESS: &str = "A stack operation on the role is in progress; audit it again when that is complete.";
        let changing = [Code::Drifted, Code::GuardrailsMissing, Code::RevocationPending];
        let said = |finding: Finding| if changing.contains(&finding.code) { finding.and(IN_PROGRESS) } else { finding };
        return found.into_iter().map(said).collect();
    }
    found
}

/// No stack manages the role, so no update of one restores it.
fn of_no_resource(admission: &Admission) -> Vec<Finding> {
    let open = lets_in_more(&admission.openings, "Correct it or remove the role by hand");
    open.into_iter().chain([unmarked(admission)]).collect()
}

/// Whom a role of a resource lets in too much. An update of its stack restores it.
fn open(admission: &Admission, installation: &Installation) -> Option<Finding> {
    let mut openings = admission.openings.clone();
    if openings.is_empty() && !admission.requires_external_id && !installation.limits.permit_missing_external_id {
        let loose = "it does not require an external ID that is compared exactly (StringEquals), as the function's owner demands";
        openings.push(loose.to_owned());
    }
    lets_in_more(&openings, "Change Revision and update the stack")
}

fn lets_in_more(openings: &[String], remedy: &str) -> Option<Finding> {
    let message = format!(
        "The trust policy lets in more than a trust policy of this function: {}. {remedy} at once, and find out who used the role.",
        openings.join("; ")
    );
    (!openings.is_empty()).then(|| Finding::error(Code::Open, "", message))
}

/// `own`: the settings of this function are those that the guardrail policy follows.
fn guardrails_missing(
    role: &Inspected,
    admission: &Admission,
    guardrails: &GuardrailPolicy,
    own: bool,
) -> Option<Finding> {
    let policy = role.inline.get(GUARDRAIL_POLICY).map(Option::as_ref);
    let what = match policy {
        None => "is missing",
        Some(None) => "cannot be read",
        Some(Some(policy)) if !guardrails.is_held_by(policy) || !policy.only_denies() => "was changed",
        Some(Some(policy)) => {
            let late = admission.expires_at.is_some_and(|end| expiry(policy).is_none_or(|denied| denied > end));
            let current = guardrails.policy(admission.expires_at).same_meaning(policy);
            match (late, current) {
                (true, _) => "does not deny everything when the access ends",
                (false, false) if own => return Some(outdated()),
                (false, _) => return None,
            }
        }
    };
    let message = format!(
        "The inline policy {GUARDRAIL_POLICY} {what}, so sessions of the role may be able to change the role, its stack or the \
         function. Change Revision and update the stack."
    );
    Some(Finding::error(Code::GuardrailsMissing, "", message))
}

/// It protects the role itself, but was written when the function had other settings.
fn outdated() -> Finding {
    let message = format!(
        "The inline policy {GUARDRAIL_POLICY} does not protect exactly what the settings of the function protect today. Change \
         Revision and update the stack."
    );
    Finding::warning(Code::GuardrailsMissing, "", message)
}

fn orphaned(stack: &StackLookup, resource: &StackResource) -> Option<Finding> {
    let StackLookup::Gone(why) = stack else { return None };
    let message = format!(
        "No stack manages the role: {why}. It still admits the provider. Delete the role, or hand it over to a stack (the tags name \
         {} in {}).",
        resource.logical_id, resource.stack_id
    );
    Some(Finding::error(Code::Orphaned, "", message))
}

fn unmarked(admission: &Admission) -> Finding {
    let whom: Vec<_> = admission.accounts.iter().map(String::as_str).collect();
    let whom = if whom.is_empty() { "no known principal".to_owned() } else { whom.join(", ") };
    let message = format!(
        "The role is under the prefix of the function, but does not have its tags {STACK_TAG} and {LOGICAL_ID_TAG}, so it is not \
         known which stack manages it. It trusts {whom}. Restore the tags, or remove the role by hand."
    );
    Finding::error(Code::Unmarked, "", message)
}
