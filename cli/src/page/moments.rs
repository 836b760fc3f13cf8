//! Moments for people. What is relative is relative to the audit, since a page is read later.

use delegated_role_core::timestamp::Timestamp;
use maud::{Markup, html};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const DAY: u64 = 86_400;

/// `31 Jan 2027`.
pub(super) fn day(moment: Timestamp) -> String {
    let text = moment.to_string();
    let mut parts = text.get(..10).unwrap_or_default().split('-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let month = month.and_then(|month| MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?));
    match (year, month, day) {
        (Some(year), Some(month), Some(day)) => format!("{} {month} {year}", day.trim_start_matches('0')),
        _ => text,
    }
}

/// `18:00 UTC`.
pub(super) fn time(moment: Timestamp) -> String {
    format!("{} UTC", moment.to_string().get(11..16).unwrap_or_default())
}

/// The whole days from one moment to the other; negative if that is before.
pub(super) fn days(from: Timestamp, to: Timestamp) -> i64 {
    let days = |duration: std::time::Duration| i64::try_from(duration.as_secs() / DAY).unwrap_or(i64::MAX);
    if to >= from { days(from.until(to)) } else { -days(to.until(from)) }
}

/// How far it is from the audit, in words.
pub(super) fn distance(audit: Timestamp, moment: Timestamp) -> String {
    let days = days(audit, moment);
    let words = match days.unsigned_abs() {
        0 => return if moment < audit { "the same day" } else { "within a day" }.to_owned(),
        1 => "1 day".to_owned(),
        days @ 2..=90 => format!("{days} days"),
        days @ 91..=729 => format!("{} months", days / 30),
        days => format!("{} years", days / 365),
    };
    if days < 0 { format!("{words} earlier") } else { format!("{words} later") }
}

/// The day, for programs, too.
pub(super) fn shown(moment: Timestamp) -> Markup {
    html! { time datetime=(moment) { (day(moment)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a moment")
    }

    #[test]
    fn days_are_written_for_people() {
        assert_eq!(day(at("2027-01-31T18:00:00Z")), "31 Jan 2027");
        assert_eq!(day(at("2026-12-01T00:00:00Z")), "1 Dec 2026");
        assert_eq!(time(at("2027-01-31T18:05:00Z")), "18:05 UTC");
    }

    #[test]
    fn distances_are_from_the_audit() {
        let audit = at("2026-11-22T12:00:00Z");
        for (moment, words) in [
            ("2026-11-22T13:00:00Z", "within a day"),
            ("2026-11-22T11:00:00Z", "the same day"),
            ("2026-11-23T12:00:00Z", "1 day later"),
            ("2026-12-06T12:00:00Z", "14 days later"),
            ("2026-08-24T12:00:00Z", "90 days earlier"),
            ("2027-05-22T12:00:00Z", "6 months later"),
            ("2029-11-22T12:00:00Z", "3 years later"),
        ] {
            assert_eq!(distance(audit, at(moment)), words, "{moment}");
        }
    }
}
