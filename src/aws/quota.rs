//! Explains which quota a call would exceed, from AWS's message and the number in it.

/// What is limited, to how much, and what to do, as sentences. `None` where AWS's message names no quota that a role can
/// exceed.
pub(super) fn explain(message: &str) -> Option<String> {
    if let Some((_, rest)) = message.split_once("Cannot exceed quota for ") {
        let (name, limit) = rest.split_once(": ")?;
        return known(name, number(limit)?);
    }
    let (_, rest) = message.split_once("Maximum policy size of ")?;
    let limit = number(rest)?;
    Some(format!(
        "all inline policies of a role together may have at most {limit} characters, not counting white space, and AWS \
         does not increase this quota. Shorten CustomPolicy and Policies, move parts of them to a managed policy (ManagedPolicyArns), or \
         remove inline policies that others added to the role"
    ))
}

fn known(name: &str, limit: u32) -> Option<String> {
    Some(match name {
        "PoliciesPerRole" | "AttachedPoliciesPerRole" => format!(
            "a role in this account may have at most {limit} managed policies, including those that others attached. Remove \
             some from ManagedPolicyArns, combine them into one policy, or request an increase of \"Managed policies per \
             role\" in Service Quotas"
        ),
        "ACLSizePerRole" => format!(
            "a trust policy in this account may have at most {limit} characters, not counting white space. Give fewer or \
             shorter AllowedPrincipalArns, SourceIps, ExternalAwsAccountId or ExternalId, or request an increase of \"Role \
             trust policy length\" in Service Quotas"
        ),
        "RolesPerAccount" => format!(
            "this account has the maximum of {limit} roles. Delete roles that are no longer used, or request an increase of \
             \"Roles per account\" in Service Quotas"
        ),
        _ => return None,
    })
}

/// The number at the start of a text.
fn number(text: &str) -> Option<u32> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..digits].parse().ok()
}
