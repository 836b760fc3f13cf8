//! For how long: one session, the access as a whole, and the sessions of those who are shut out.

use super::RevokeSessions;
use crate::identifiers::Invalid;
use crate::owner_limits::OwnerLimits;
use crate::properties::Reader;
use crate::timestamp::Timestamp;

pub(super) fn max_session_duration(reader: &mut Reader<'_>, limits: &OwnerLimits, warnings: &mut Vec<String>) -> u32 {
    const PROPERTY: &str = "MaxSessionDuration";
    let seconds = reader.number(PROPERTY, 3_600..=43_200, "seconds").unwrap_or(3_600);
    let cap = limits.max_session_duration_cap;
    if seconds > cap {
        reader.problem(
            PROPERTY,
            format_args!(
                "is {seconds}, more than the {cap} seconds that the function's owner allows (MaxSessionDurationCap)."
            ),
        );
    }
    if seconds > 3_600 {
        warnings.push(format!(
            "MaxSessionDuration is {seconds} seconds, but a provider who comes from a role session (role chaining) gets one \
             hour at most."
        ));
    }
    seconds
}

/// A role that is never open is a mistake where it is asked for first. Later it is how access ends, and what a
/// rollback may have to bring back.
pub(super) fn expires_at(
    reader: &mut Reader<'_>,
    now: Timestamp,
    first_time: bool,
    warnings: &mut Vec<String>,
) -> Option<Timestamp> {
    const PROPERTY: &str = "ExpiresAt";
    let expires_at = reader.one(PROPERTY, Timestamp::parse)?;
    if expires_at > now {
        return Some(expires_at);
    }
    if first_time {
        reader.problem(PROPERTY, format_args!("is {expires_at}, but it is {now} already; give a time to come."));
    } else {
        warnings.push(format!(
            "ExpiresAt is {expires_at}, which is past: the role is shut, and the sessions that it gave can do nothing any more."
        ));
    }
    Some(expires_at)
}

pub(super) fn revoke_sessions(reader: &mut Reader<'_>) -> RevokeSessions {
    let given = reader.one("RevokeSessions", |text| match text {
        "OnNarrowing" => Ok(RevokeSessions::OnNarrowing),
        "Never" => Ok(RevokeSessions::Never),
        _ => Err(Invalid::new("OnNarrowing or Never")),
    });
    given.unwrap_or(RevokeSessions::OnNarrowing)
}
