//! Which quota a call would pass, by AWS's wording, with the number that AWS gives.

/// What there is too much of, how much there may be, and what to do, as sentences. None where AWS's message names
/// no quota that a role can pass.
pub(super) fn explained(message: &str) -> Option<String> {
    if let Some((_, rest)) = message.split_once("Cannot exceed quota for ") {
        let (name, limit) = rest.split_once(": ")?;
        return known(name, number(limit)?);
    }
    let (_, rest) = message.split_once("Maximum policy size of ")?;
    let limit = number(rest)?;
    Some(format!(
        "all inline policies of a role together may have at most {limit} characters, white space not counted, and AWS \
         raises that for nobody. Shorten CustomPolicy, move some of it to a managed policy (ManagedPolicyArns), or take off \
         what others put on the role"
    ))
}

fn known(name: &str, limit: u32) -> Option<String> {
    Some(match name {
        "PoliciesPerRole" | "AttachedPoliciesPerRole" => format!(
            "a role of this account may have at most {limit} managed policies, those counted that others attached. Take some \
             out of ManagedPolicyArns, put them together in one policy, or have \"Managed policies per role\" \
             raised in Service Quotas"
        ),
        "ACLSizePerRole" => format!(
            "a trust policy of this account may have at most {limit} characters, white space not counted. Name fewer or shorter \
             AllowedPrincipalArns, SourceIps, ExternalAwsAccountId or ExternalId, or have \"Role trust policy length\" raised \
             in Service Quotas"
        ),
        "RolesPerAccount" => format!(
            "this account may have at most {limit} roles, and has them. Delete some that nobody uses, or have \"Roles per \
             account\" raised in Service Quotas"
        ),
        _ => return None,
    })
}

/// The number at the start of a text.
fn number(text: &str) -> Option<u32> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..digits].parse().ok()
}
