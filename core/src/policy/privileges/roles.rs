//! The roles that may be passed or assumed: those that the owner lists.

use super::terms::Terms;
use crate::identifiers::RolePattern;
use crate::policy::catalogue::CATALOGUE;
use crate::policy::pattern::{glob_includes, globs_intersect};

/// The owner's list for one action.
pub(super) struct Roles<'a> {
    pub(super) terms: &'a Terms<'a>,
    /// Whether the action works only within the account. Then any account means the own one.
    pub(super) own_account_only: bool,
}

impl Roles<'_> {
    /// Whether the owner lists every role that this resource matches: one of the list includes it. What can match a
    /// reserved role has to be listed just as it is written.
    pub(super) fn permit(&self, written: &str) -> bool {
        let resource = self.in_own_account(&without_variables(written));
        let Some(role) = role_of(&resource) else { return false };
        let mut listed = self.terms.passable_roles.iter().map(RolePattern::as_str);
        if is_reserved(&resource) || can_be_reserved(role) {
            return listed.any(|pattern| pattern == resource || pattern == written);
        }
        listed.any(|pattern| glob_includes(pattern, &resource))
    }

    /// The resource with the own partition and account in place of `*`, if it can mean no other.
    fn in_own_account(&self, resource: &str) -> String {
        let mut parts: Vec<_> = resource.splitn(6, ':').collect();
        if self.own_account_only
            && let ["arn", partition, "iam", "", account, role] = &mut parts[..]
            && role.starts_with("role/")
        {
            if *partition == "*" {
                *partition = self.terms.partition;
            }
            if *account == "*" {
                *account = self.terms.account;
            }
        }
        parts.join(":")
    }
}

/// The path and name, or their pattern, in the ARN of roles. Nothing for what only a wildcard could make such an ARN.
fn role_of(resource: &str) -> Option<&str> {
    match resource.splitn(6, ':').collect::<Vec<_>>()[..] {
        ["arn", _, "iam", "", _, resource] => resource.strip_prefix("role/").filter(|role| !role.contains(':')),
        _ => None,
    }
}

/// Whether a pattern of path and name can match a reserved role where AWS and the CDK have it: `*` or `?dk-*`, too.
fn can_be_reserved(role: &str) -> bool {
    CATALOGUE.reserved_roles.iter().any(|reserved| globs_intersect(role, reserved))
}

/// Whether a resource is aimed at one of the reserved roles: it is one of their names or patterns, or begins as they do,
/// under any path.
pub(super) fn is_reserved(resource: &str) -> bool {
    let Some(path) = resource.splitn(6, ':').nth(5).and_then(|resource| resource.strip_prefix("role/")) else {
        return false;
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    CATALOGUE.reserved_roles.iter().any(|reserved| {
        let written = if reserved.contains('/') { path } else { name };
        let (aimed, known) = (literal(written), literal(reserved));
        !aimed.is_empty()
            && globs_intersect(&without_variables(written), reserved)
            && (aimed.starts_with(known) || known.starts_with(aimed))
    })
}

/// The fixed start of a pattern.
fn literal(pattern: &str) -> &str {
    pattern.split(['*', '?', '$']).next().unwrap_or_default()
}

/// The pattern with a `*` for each policy variable, also for one that is never closed.
fn without_variables(pattern: &str) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, variable)) = rest.split_once("${") {
        text.push_str(before);
        text.push('*');
        rest = variable.split_once('}').map_or("", |(_, after)| after);
    }
    text + rest
}
