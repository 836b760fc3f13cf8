//! Who gains and loses access, in words.

use std::collections::BTreeSet;
use std::fmt::Display;

use delegated_role_core::identifiers::AccountId;
use delegated_role_core::role::observed::LiveRole;
use delegated_role_core::role::trust::{Mfa, Trust};

use crate::worlds::UNKNOWN_ACCOUNT;

/// The properties whose changes have words of their own.
const IN_WORDS: [&str; 8] = [
    "ExternalAwsAccountId",
    "AllowedPrincipalArns",
    "ExternalId",
    "RequireMfa",
    "MfaMaxAge",
    "PrincipalOrgId",
    "SourceIps",
    "ExpiresAt",
];

/// Says who and what gains and loses access from one role to the other.
pub(super) fn compare(
    old: Option<&LiveRole>,
    new: Option<&LiveRole>,
    gains: &mut Vec<String>,
    loses: &mut Vec<String>,
) {
    let [before, after] = [old, new].map(|role| role.map(callers).unwrap_or_default());
    gains.extend(after.difference(&before).cloned());
    loses.extend(before.difference(&after).cloned());
    if let (None, Some(new)) = (old, new) {
        gains.push(format!("sessions of up to {} seconds", new.max_session_duration));
        let expiry = new.trust.as_ref().and_then(|trust| trust.conditions.expires_at);
        gains.extend(expiry.map(|at| format!("access until {at}")));
    }
    let (Some(old), Some(new)) = (old, new) else { return };
    if let (Some(was), Some(is)) = (&old.trust, &new.trust) {
        conditions(was, is, gains, loses);
    }
    let longest = |role: &LiveRole| format!("sessions of up to {} seconds", role.max_session_duration);
    if new.max_session_duration > old.max_session_duration {
        gains.push(format!("{} ({} before)", longest(new), old.max_session_duration));
    }
    if new.max_session_duration < old.max_session_duration {
        loses.push(format!("{} ({} from now on)", longest(old), new.max_session_duration));
    }
}

/// Who may assume the role, apart from the conditions.
fn callers(role: &LiveRole) -> BTreeSet<String> {
    let Some(trust) = &role.trust else {
        return BTreeSet::from(["the callers of a trust policy that the function did not write".to_owned()]);
    };
    let principals = &trust.conditions.principals;
    if principals.is_empty() {
        let account = |account: &AccountId| match account.as_str() {
            UNKNOWN_ACCOUNT => "an account that is known after deployment only".to_owned(),
            known => format!("account {known}"),
        };
        return trust.accounts.iter().map(account).collect();
    }
    principals.iter().map(|arn| format!("principal {arn}")).collect()
}

/// What changes for all callers.
fn conditions(old: &Trust, new: &Trust, gains: &mut Vec<String>, loses: &mut Vec<String>) {
    match (old.external_ids.is_empty(), new.external_ids.is_empty()) {
        (false, true) => gains.push("callers without an external ID".to_owned()),
        (true, false) => loses.push("callers without the external ID".to_owned()),
        _ => {
            if !new.external_ids.is_subset(&old.external_ids) {
                gains.push("callers with the new external ID".to_owned());
            }
            if !old.external_ids.is_subset(&new.external_ids) {
                loses.push("callers with an external ID that is no longer accepted".to_owned());
            }
        }
    }
    let (was, is) = (&old.conditions, &new.conditions);
    if was.mfa != is.mfa {
        let (more, fewer) = (rank(is.mfa) > rank(was.mfa), rank(is.mfa) < rank(was.mfa));
        if more {
            gains.push(shut_out_by(was.mfa));
        }
        if fewer {
            loses.push(shut_out_by(is.mfa));
        }
    }
    if was.organization != is.organization {
        gains.extend(was.organization.iter().map(|id| format!("callers outside the organization {id}")));
        loses.extend(is.organization.iter().map(|id| format!("callers outside the organization {id}")));
    }
    let calls = |range: &dyn Display| format!("calls from {range}");
    match (was.source_ips.is_empty(), is.source_ips.is_empty()) {
        (true, true) => {}
        (true, false) => loses.push(format!("calls from outside {}", list(&is.source_ips))),
        (false, true) => gains.push(format!("calls from outside {}", list(&was.source_ips))),
        (false, false) => {
            gains.extend(is.source_ips.difference(&was.source_ips).map(|range| calls(range)));
            loses.extend(was.source_ips.difference(&is.source_ips).map(|range| calls(range)));
        }
    }
    match (was.expires_at, is.expires_at) {
        (Some(old), None) => gains.push(format!("access after {old}, without end")),
        (None, Some(new)) => loses.push(format!("access after {new}")),
        (Some(old), Some(new)) if new > old => gains.push(format!("access until {new} ({old} before)")),
        (Some(old), Some(new)) if new < old => loses.push(format!("access after {new} (until {old} before)")),
        _ => {}
    }
    for property in old.differing_properties(new).filter(|property| !IN_WORDS.contains(property)) {
        gains.push(format!("callers by the new {property}"));
        loses.push(format!("callers by the old {property}"));
    }
}

/// How many callers a requirement of MFA lets in.
fn rank(mfa: Mfa) -> u32 {
    match mfa {
        Mfa::NotRequired => u32::MAX,
        Mfa::Required => u32::MAX - 1,
        Mfa::RequiredWithin(seconds) => seconds,
    }
}

fn shut_out_by(mfa: Mfa) -> String {
    match mfa {
        Mfa::NotRequired | Mfa::Required => "callers without MFA".to_owned(),
        Mfa::RequiredWithin(seconds) => format!("callers who used MFA more than {seconds} seconds ago"),
    }
}

fn list<T: Display>(items: &BTreeSet<T>) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
