//! Conditions as IAM accepts them: known operators, and values of the operator's type.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;
use time::{Date, Month};

/// What the values of an operator must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    Date,
    Boolean,
    /// A boolean that no policy variable can stand for.
    Presence,
    Base64,
    Address,
    Arn,
}

const OPERATORS: [(&str, Type); 27] = [
    ("ArnEquals", Type::Arn),
    ("ArnLike", Type::Arn),
    ("ArnNotEquals", Type::Arn),
    ("ArnNotLike", Type::Arn),
    ("BinaryEquals", Type::Base64),
    ("Bool", Type::Boolean),
    ("DateEquals", Type::Date),
    ("DateGreaterThan", Type::Date),
    ("DateGreaterThanEquals", Type::Date),
    ("DateLessThan", Type::Date),
    ("DateLessThanEquals", Type::Date),
    ("DateNotEquals", Type::Date),
    ("IpAddress", Type::Address),
    ("NotIpAddress", Type::Address),
    ("Null", Type::Presence),
    ("NumericEquals", Type::Number),
    ("NumericGreaterThan", Type::Number),
    ("NumericGreaterThanEquals", Type::Number),
    ("NumericLessThan", Type::Number),
    ("NumericLessThanEquals", Type::Number),
    ("NumericNotEquals", Type::Number),
    ("StringEquals", Type::Text),
    ("StringEqualsIgnoreCase", Type::Text),
    ("StringLike", Type::Text),
    ("StringNotEquals", Type::Text),
    ("StringNotEqualsIgnoreCase", Type::Text),
    ("StringNotLike", Type::Text),
];

const SETS: [&str; 2] = ["ForAllValues:", "ForAnyValue:"];
const IF_EXISTS: &str = "IfExists";

/// The type of an operator's values, or what to write in place of an operator that IAM does not have.
pub(super) fn operator(given: &str) -> Result<Type, String> {
    let of = |base: &str| OPERATORS.iter().find(|(name, _)| *name == base).map(|(_, values)| *values);
    let single = SETS.iter().find_map(|set| given.strip_prefix(set)).unwrap_or(given);
    let base = single.strip_suffix(IF_EXISTS).unwrap_or(single);
    match of(base) {
        // It already tests for the key.
        Some(Type::Presence) if base != single => Err(base.to_owned()),
        Some(values) => Ok(values),
        None => Err(in_the_right_letter_case(given).unwrap_or("one that IAM has, such as StringEquals".to_owned())),
    }
}

/// The operator that differs from the given one only in letter case.
fn in_the_right_letter_case(given: &str) -> Option<String> {
    let mut known = SETS.iter().chain([&""]).flat_map(|set| {
        OPERATORS.iter().flat_map(move |(base, _)| ["", IF_EXISTS].map(|suffix| format!("{set}{base}{suffix}")))
    });
    known.find(|known| known.eq_ignore_ascii_case(given)).map(|known| format!("{known}, in this letter case"))
}

impl Type {
    /// What is wrong with a value, and what to write; it does not quote the value, which may be an external ID.
    pub(super) fn problem(self, value: &Value) -> Option<&'static str> {
        let text = match value {
            Value::String(text) => text.clone(),
            scalar => scalar.to_string(),
        };
        let (valid, problem) = match self {
            Self::Text => return None,
            Self::Number => (is_number(&text), "is not a number: write one such as 3600"),
            Self::Date => {
                (is_date(&text), "is not a date: write one such as 2030-01-31T00:00:00Z, or the seconds since 1970")
            }
            Self::Boolean => (is_boolean(&text) || text.contains("${"), "is neither true nor false: write one of them"),
            Self::Presence => (is_boolean(&text), "is neither true nor false: write one of them"),
            Self::Base64 => (is_base64(&text), "is not base64 with padding: encode it"),
            Self::Address => {
                (is_address(&text), "is not an IP address: write an address, or a range such as 203.0.113.0/24")
            }
            Self::Arn => (is_arn(&text), "is not an ARN: write one of six parts, or *"),
        };
        (!valid).then_some(problem)
    }
}

fn is_boolean(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

/// IAM accepts signs, decimals and exponents, but no white space, no hexadecimal digits and no names.
fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) && text.parse::<f64>().is_ok()
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok() || text.parse::<IpNet>().is_ok()
}

fn is_arn(text: &str) -> bool {
    text == "*" || (text.starts_with("arn:") && text.split(':').count() >= 6 && !text.contains(char::is_control))
}

fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    !digits.is_empty()
        && text.len().is_multiple_of(4)
        && text.len() - digits.len() <= 2
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}

/// Seconds since 1970, or a date as the W3C's profile of ISO 8601 writes it: from a year alone to fractions of a second.
fn is_date(text: &str) -> bool {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse::<i64>().is_ok();
    }
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut fields = date.split('-');
    let year = fields.next().and_then(|year| number(year, 4));
    let month = fields.next().map(|month| number(month, 2));
    let day = fields.next().map(|day| number(day, 2));
    let date_exists = match (year, month, day) {
        (Some(_), None, None) => true,
        (Some(year), Some(Some(month)), day) => exists(year, month, day.unwrap_or(Some(1))),
        _ => false,
    };
    let complete = day.is_some() && fields.next().is_none();
    date_exists && time.map_or(day.is_none() || complete, |time| complete && is_time(time))
}

/// A number written with exactly this number of digits.
fn number(text: &str, digits: usize) -> Option<u16> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn exists(year: u16, month: u16, day: Option<u16>) -> bool {
    let month = u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok());
    let day = day.and_then(|day| u8::try_from(day).ok());
    month.zip(day).is_some_and(|(month, day)| Date::from_calendar_date(year.into(), month, day).is_ok())
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.fraction`, and then `Z`, `+hh`, `+hh:mm` or nothing.
fn is_time(text: &str) -> bool {
    let within = |text: Option<&str>, most: u16| text.and_then(|text| number(text, 2)).is_some_and(|n| n <= most);
    let (clock, zone_is_valid) = if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        (clock, true)
    } else if let Some((clock, zone)) = text.split_once(['+', '-']) {
        let mut zone = zone.split(':');
        let hours = within(zone.next(), 23);
        let minutes = zone.next().is_none_or(|minutes| within(Some(minutes), 59));
        (clock, hours && minutes && zone.next().is_none())
    } else {
        (text, true)
    };
    let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(clock, fraction)| (clock, Some(fraction)));
    let mut fields = clock.split(':');
    let hours = within(fields.next(), 23);
    let minutes = within(fields.next(), 59);
    let seconds = fields.next();
    let fraction_is_valid = fraction.is_none_or(|fraction| {
        seconds.is_some() && (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit())
    });
    zone_is_valid
        && hours
        && minutes
        && seconds.is_none_or(|seconds| within(Some(seconds), 59))
        && fraction_is_valid
        && fields.next().is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{OPERATORS, Type, operator};

    #[test]
    fn every_operator_takes_a_set_and_all_but_null_take_if_exists() {
        for (base, _) in OPERATORS {
            for set in ["", "ForAllValues:", "ForAnyValue:"] {
                assert!(operator(&format!("{set}{base}")).is_ok(), "{set}{base}");
                assert_eq!(operator(&format!("{set}{base}IfExists")).is_ok(), base != "Null", "{set}{base}IfExists");
            }
        }
    }

    #[test]
    fn what_to_write_in_place_of_an_unknown_operator() {
        let other = "one that IAM has, such as StringEquals";
        for (given, instead) in [
            ("stringEquals", "StringEquals, in this letter case"),
            ("foranyvalue:StringLikeIfexists", "ForAnyValue:StringLikeIfExists, in this letter case"),
            ("NullIfExists", "Null"),
            ("StringEqual", other),
            ("ForAllValues::StringEquals", other),
            ("ForAllValues:ForAnyValue:StringEquals", other),
            ("StringEqualsIfExistsIfExists", other),
            ("IfExists", other),
            ("", other),
        ] {
            assert_eq!(operator(given).err().as_deref(), Some(instead), "{given}");
        }
    }

    fn check<const A: usize, const R: usize>(values: Type, accepted: [Value; A], refused: [Value; R]) {
        for value in accepted {
            assert_eq!(values.problem(&value), None, "{value}");
        }
        for value in refused {
            assert!(values.problem(&value).is_some(), "{value}");
        }
    }

    #[test]
    fn numbers() {
        check(
            Type::Number,
            [json!("10"), json!(10), json!("10.5"), json!(-1), json!("-1"), json!("1e3"), json!(0.5)],
            [
                json!(" 10"),
                json!("0x10"),
                json!("abc"),
                json!(""),
                json!("inf"),
                json!("NaN"),
                json!("-"),
                json!("${aws:x}"),
            ],
        );
        check(Type::Number, [], [json!(true), json!("1 0"), json!("1,5"), json!("١")]);
    }

    #[test]
    fn dates() {
        check(
            Type::Date,
            [
                json!("2026"),
                json!("2026-01"),
                json!("2026-01-31"),
                json!("2026-01-01T00:00Z"),
                json!("2026-01-01t23:59:59z"),
                json!("2026-01-01T00:00:00.123456789Z"),
                json!("2026-01-01T00:00:00+09:00"),
                json!("2026-01-01T00:00:00-09"),
                json!("2026-01-01T00:00:00"),
                json!("1767225600"),
                json!(1_767_225_600),
                json!("9223372036854775807"),
            ],
            [
                json!(""),
                json!("tomorrow"),
                json!("2026/01/01"),
                json!("2026-13-45"),
                json!("2026-02-30"),
                json!("2026-1-1"),
                json!("26-01-01"),
                json!("Fri, 01 Jan 2026 00:00:00 GMT"),
                json!("9223372036854775808"),
                json!("-1"),
            ],
        );
        check(
            Type::Date,
            [],
            [
                json!("2026-01-01T"),
                json!("2026-01-01T00"),
                json!("2026-01T00:00Z"),
                json!("2026-01-01T24:00:00Z"),
                json!("2026-01-01T00:60:00Z"),
                json!("2026-01-01T00:00:60Z"),
                json!("2026-01-01T00:00:00.Z"),
                json!("2026-01-01T00:00:00.1234567890Z"),
                json!("2026-01-01T00:00:00+9"),
                json!("2026-01-01T00:00:00+09:60"),
                json!("2026-01-01T00:00:00Z "),
                json!("2026-01-01-01"),
                json!("${aws:CurrentTime}"),
                json!(1.5),
                json!(true),
            ],
        );
    }

    #[test]
    fn booleans() {
        let all = [json!(true), json!("true"), json!("False"), json!("FALSE")];
        check(Type::Boolean, all.clone(), [json!("yes"), json!(1), json!(""), json!(" true")]);
        check(Type::Presence, all, [json!("yes"), json!(0), json!("")]);
        // IAM replaces policy variables in values of Bool, but not of Null.
        let variable = json!("${aws:PrincipalTag/mfa}");
        check(Type::Boolean, [variable.clone()], []);
        check(Type::Presence, [], [variable]);
    }

    #[test]
    fn base64() {
        check(
            Type::Base64,
            [json!("YWJj"), json!("YWJjZA=="), json!("YWJjZGU=")],
            [json!("abc"), json!("!!!"), json!("YWJj=="), json!("===="), json!(""), json!("YWJjZ===")],
        );
    }

    #[test]
    fn addresses() {
        check(
            Type::Address,
            [
                json!("203.0.113.0/24"),
                json!("203.0.113.5"),
                json!("0.0.0.0/0"),
                json!("2001:db8::/32"),
                json!("2001:db8::1"),
                json!("::/0"),
            ],
            [
                json!("203.0.113.999/24"),
                json!("example.com"),
                json!("1.2.3"),
                json!("10.0.0.0/33"),
                json!("203.0.113.5 "),
                json!("2001:db8::/129"),
                json!("${aws:SourceIp}"),
                json!("*"),
            ],
        );
    }

    #[test]
    fn arns() {
        check(
            Type::Arn,
            [
                json!("*"),
                json!("arn:*:s3:::b"),
                json!("arn:aws:*:*:*:*"),
                json!("arn:aws:bedrock:*:${aws:PrincipalAccount}:prompt/*"),
            ],
            [
                json!("nope"),
                json!("arn:aws:s3:b"),
                json!("arn:aws:s3:::a\nb"),
                json!("${aws:PrincipalArn}"),
                json!(""),
                json!("**"),
                json!(5),
            ],
        );
    }

    #[test]
    fn texts_are_not_restricted() {
        check(Type::Text, [json!(""), json!("any ${aws:x} *"), json!(5), json!(true)], []);
    }
}
