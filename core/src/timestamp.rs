//! Moments as IAM's conditions write them: in UTC, to the second, or to the millisecond as the console does.

use std::fmt;
use std::time::{Duration, SystemTime};

use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

use crate::identifiers::Invalid;

const SECONDS: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const COMPACT: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
const MILLISECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// A moment in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// Reads exactly `YYYY-MM-DDTHH:MM:SSZ`, of a day and a time that exist, in the years that IAM's conditions know.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        PrimitiveDateTime::parse(text, SECONDS)
            .map(|moment| Self(moment.assume_utc()))
            .ok()
            // What is not written back alike had a sign before its year.
            .filter(|moment| moment.to_string() == text && (1970..=9999).contains(&moment.0.year()))
            .ok_or_else(|| {
                Invalid::new(
                    "a time in UTC that exists, in a year from 1970 to 9999, written like 2027-01-31T18:00:00Z",
                )
            })
    }

    /// Reads a date as others may have written it: RFC 3339, with any offset and fraction.
    pub fn read(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC).map(Self)
    }

    /// Reads `20261122T120000Z`, the form of `X-Amz-Date`.
    pub fn parse_compact(text: &str) -> Option<Self> {
        let timestamp = PrimitiveDateTime::parse(text, COMPACT).ok()?;
        Some(Self(timestamp.assume_utc())).filter(|timestamp| timestamp.to_compact() == text)
    }

    /// `20261122T120000Z`, the form of `X-Amz-Date`.
    pub fn to_compact(self) -> String {
        self.0.format(COMPACT).unwrap_or_default()
    }

    /// The first full second that is at least `pause` later.
    #[must_use]
    pub fn full_second_after(self, pause: Duration) -> Self {
        let later = self.0.saturating_add(pause.try_into().unwrap_or(time::Duration::MAX));
        let begun = Self(later).truncated();
        if begun.0 == later { begun } else { Self(begun.0.saturating_add(time::Duration::SECOND)) }
    }

    /// How long it is until `later`; nothing when that is past.
    pub fn until(self, later: Self) -> Duration {
        (later.0 - self.0).try_into().unwrap_or_default()
    }

    /// `2026-11-22T12:00:00.000Z`, as the console writes it.
    pub fn to_milliseconds(self) -> String {
        self.0.format(MILLISECONDS).unwrap_or_default()
    }

    fn truncated(self) -> Self {
        Self(self.0.replace_nanosecond(0).unwrap_or(self.0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(time.into())
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0.into()
    }
}

/// `2026-11-22T12:00:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(SECONDS).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_form_of_an_existing_time_is_accepted() {
        for good in ["2026-11-22T12:00:00Z", "2028-02-29T23:59:59Z", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z"] {
            assert_eq!(Timestamp::parse(good).map(|moment| moment.to_string()).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "2026-11-22",
            "2026-11-22T12:00Z",
            "2026-11-22T12:00:00",
            "2026-11-22T12:00:00.000Z",
            "2026-11-22T12:00:00+00:00",
            "2026-11-22t12:00:00z",
            "2026-11-22 12:00:00Z",
            " 2026-11-22T12:00:00Z",
            "2026-11-22T12:00:00Z\n",
            "+2026-11-22T12:00:00Z",
            "-026-11-22T12:00:00Z",
            "26-11-22T12:00:00Z",
            "12026-11-22T12:00:00Z",
            "2026-1-22T12:00:00Z",
            "2026-13-01T00:00:00Z",
            "2027-02-29T00:00:00Z",
            "2026-11-31T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T12:60:00Z",
            "2026-12-31T23:59:60Z",
            "1795348800",
            "1969-12-31T23:59:59Z",
            "0001-01-01T00:00:00Z",
            "-9999-11-22T12:00:00Z",
        ] {
            assert!(Timestamp::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn other_spellings_of_the_same_moment_are_read() {
        let noon = Timestamp::parse("2026-11-22T12:00:00Z").ok();
        for same in ["2026-11-22T12:00:00Z", "2026-11-22T12:00:00.000Z", "2026-11-22T13:00:00+01:00"] {
            assert_eq!(Timestamp::read(same), noon, "{same}");
        }
        for other in ["2026-11-22", "1795348800", "soon", "9999-12-31T23:59:59-01:00"] {
            assert_eq!(Timestamp::read(other), None, "{other}");
        }
    }

    #[test]
    fn a_full_second_is_never_too_early() {
        for (from, until) in [
            ("2026-11-22T12:00:00Z", "2026-11-22T12:00:05.000Z"),
            ("2026-11-22T12:00:00.001Z", "2026-11-22T12:00:06.000Z"),
            ("2026-12-31T23:59:54.999999999Z", "2027-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.5Z", "9999-12-31T23:59:59.999Z"),
        ] {
            let later = Timestamp::read(from).expect("a moment").full_second_after(Duration::from_secs(5));
            assert_eq!(later.to_milliseconds(), until, "{from}");
        }
    }

    #[test]
    fn a_time_in_the_past_needs_no_waiting() {
        let [early, late] =
            ["2026-11-22T12:00:00Z", "2026-11-22T12:00:06Z"].map(|text| Timestamp::read(text).expect("a moment"));
        assert_eq!((early.until(late), late.until(early)), (Duration::from_secs(6), Duration::ZERO));
    }
}
