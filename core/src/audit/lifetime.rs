//! Whether a role is still needed: its last use, and the end of its access.

use std::time::Duration;

use super::inspected::Inspected;
use crate::findings::{Code, Finding};
use crate::owner_limits::AuditSettings;
use crate::timestamp::Timestamp;

/// What is found at the time `now`. `expires_at` is the end of the access.
pub fn findings(
    role: &Inspected,
    expires_at: Option<Timestamp>,
    settings: AuditSettings,
    now: Timestamp,
) -> Vec<Finding> {
    let AuditSettings { unused_after_days, expiring_within_days } = settings;
    let older = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment.until(now) > days(unused_after_days));
    let unused = match role.last_used {
        Some(last_used) if older(Some(last_used)) => Some(format!("The role was last used on {last_used}")),
        Some(_) => None,
        None => Some("The role was never used, as far as IAM knows".to_owned()),
    };
    let unused = unused.filter(|_| older(role.created)).map(|unused| {
        let message = format!(
            "{unused}: not within {unused_after_days} days (UnusedAfterDays). Ask the provider whether it still needs the role."
        );
        Finding::warning(Code::Unused, "", message)
    });
    let ending = expires_at.and_then(|end| {
        if end <= now {
            let message = format!("The access ended on {end}: the role is closed. Delete its stack if it is not needed.");
            Some(Finding::warning(Code::Expired, "ExpiresAt", message))
        } else if now.until(end) <= days(expiring_within_days) {
            let message = format!(
                "The access ends on {end}, within {expiring_within_days} days (ExpiringWithinDays). Give a later ExpiresAt if the \
                 provider still needs it."
            );
            Some(Finding::warning(Code::Expiring, "ExpiresAt", message))
        } else {
            None
        }
    });
    unused.into_iter().chain(ending).collect()
}

fn days(number: u32) -> Duration {
    Duration::from_secs(u64::from(number) * 86_400)
}
