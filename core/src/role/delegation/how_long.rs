//! How long access lasts: one session, the access as a whole, and sessions that were issued before the trust was
//! narrowed.

use super::choices::RevokeSessions;
use crate::findings::Code;
use crate::identifiers::Invalid;
use crate::owner_limits::OwnerLimits;
use crate::properties::Reader;
use crate::timestamp::Timestamp;

pub(super) fn max_session_duration(reader: &mut Reader<'_>, limits: &OwnerLimits) -> u32 {
    const PROPERTY: &str = "MaxSessionDuration";
    let seconds = reader.number(PROPERTY).unwrap_or(3_600);
    let cap = limits.max_session_duration_cap;
    if seconds > cap {
        reader.problem(
            Code::NotPermittedByOwner,
            PROPERTY,
            format_args!(
                "is {seconds}, more than the {cap} seconds that the function's owner allows (MaxSessionDurationCap)."
            ),
        );
    }
    if seconds > 3_600 {
        reader.warning(
            Code::RoleChaining,
            PROPERTY,
            format!(
                "MaxSessionDuration is {seconds} seconds, but a provider that calls from a role session (role chaining) gets \
                 one hour at most."
            ),
        );
    }
    seconds
}

/// A new role that is never open is a mistake. Later, a time in the past is allowed: access ends in this way, and a
/// rollback may have to restore it.
pub(super) fn expires_at(reader: &mut Reader<'_>, now: Timestamp, first_time: bool) -> Option<Timestamp> {
    const PROPERTY: &str = "ExpiresAt";
    let expires_at = reader.one(PROPERTY, Timestamp::parse)?;
    if expires_at > now {
        return Some(expires_at);
    }
    if first_time {
        let what = format_args!("is {expires_at}, but it is {now} now; it must be in the future.");
        reader.problem(Code::InThePast, PROPERTY, what);
    } else {
        reader.warning(
            Code::Expired,
            PROPERTY,
            format!(
                "ExpiresAt is {expires_at}, which is in the past: the role is closed, and sessions that it issued can do nothing."
            ),
        );
    }
    Some(expires_at)
}

pub(super) fn revoke_sessions(reader: &mut Reader<'_>) -> RevokeSessions {
    let given = reader.word("RevokeSessions", |text| match text {
        "OnNarrowing" => Ok(RevokeSessions::OnNarrowing),
        "Never" => Ok(RevokeSessions::Never),
        _ => Err(Invalid::new("OnNarrowing or Never")),
    });
    given.unwrap_or(RevokeSessions::OnNarrowing)
}
