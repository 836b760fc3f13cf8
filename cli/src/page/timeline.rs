//! The timeline: for each role when it was made, last used, and when its access ends.

use std::cmp::Reverse;

use delegated_role_core::findings::Severity;
use delegated_role_core::timestamp::Timestamp;
use maud::{Markup, html};

use super::severity::{form, word};
use super::{moments, words};
use crate::audited::{Audited, Role, counted};
use crate::visible::visible;

/// The most roles that are drawn. The others are in the table.
const MOST: usize = 26;

/// As far as IAM knows of uses, in days.
const PAST: i64 = 400;

/// The nearest and the furthest end of the future, in days.
const FUTURE: std::ops::RangeInclusive<i64> = 100..=1_100;

/// The forms of the timeline, for a wide screen and a narrow one.
struct Shape {
    name: &'static str,
    width: f64,
    /// Where the names end and the lines begin. On a narrow screen, the names are above the lines.
    start: f64,
    end: f64,
    row: f64,
    size: f64,
    small: f64,
    characters: usize,
    above: bool,
    /// The days at which the past and the future have a mark.
    ticks: &'static [i64],
}

const WIDE: Shape = Shape {
    name: "wide",
    width: 1080.0,
    start: 230.0,
    end: 980.0,
    row: 30.0,
    size: 14.0,
    small: 12.5,
    characters: 24,
    above: false,
    ticks: &[-365, -270, -180, -90, 90, 180, 365, 730],
};

const NARROW: Shape = Shape {
    name: "narrow",
    width: 360.0,
    start: 6.0,
    end: 318.0,
    row: 44.0,
    size: 12.5,
    small: 11.0,
    characters: 44,
    above: true,
    ticks: &[-365, -180, 180, 365, 730],
};

/// The section.
pub(super) fn timeline(audited: &Audited) -> Markup {
    let mut roles: Vec<(usize, &Role)> = audited.roles.iter().enumerate().collect();
    roles.sort_by_key(|(number, role)| (role.ends.is_none(), role.ends, Reverse(unused(role)), *number));
    let (drawn, others) = roles.split_at(roles.len().min(MOST));
    html! {
        section class="card" aria-labelledby="timeline-heading" {
            header {
                h2 id="timeline-heading" { "When access ends, and when it was last used" }
                p { "What ends first is at the top. " (rest(others)) }
            }
            figure {
                (picture(audited.at, drawn, &WIDE))
                (picture(audited.at, drawn, &NARROW))
                (legend())
            }
        }
    }
}

fn rest(others: &[(usize, &Role)]) -> String {
    if others.is_empty() {
        return String::new();
    }
    let open = others.iter().filter(|(_, role)| role.ends.is_none()).count();
    let unused = others.iter().filter(|(_, role)| role.last_used.is_none()).count();
    format!(
        "{} in the table only: {open} without an end, {unused} without a known use.",
        counted(others.len(), "further role is", "further roles are")
    )
}

fn has(role: &Role, code: &str) -> bool {
    role.findings.iter().any(|finding| finding.code == code)
}

fn unused(role: &Role) -> bool {
    has(role, "unused")
}

/// The days of the future that are shown.
fn future(audit: Timestamp, roles: &[(usize, &Role)]) -> i64 {
    let ends = roles.iter().filter_map(|(_, role)| role.ends).map(|end| moments::days(audit, end));
    ends.max().unwrap_or_default().clamp(*FUTURE.start(), *FUTURE.end())
}

/// Where a day is: the past has a half, the future the other.
fn place(shape: &Shape, future: i64, day: i64) -> f64 {
    let part_of = |part: i64, of: i64| {
        let number = |days: i64| f64::from(i32::try_from(days).unwrap_or(i32::MAX));
        number(part) / number(of)
    };
    let now = f64::midpoint(shape.start, shape.end);
    if day < 0 {
        now - part_of(day.abs().min(PAST), PAST) * (now - shape.start)
    } else {
        now + part_of(day.min(future), future) * (shape.end - now)
    }
}

fn picture(audit: Timestamp, roles: &[(usize, &Role)], shape: &Shape) -> Markup {
    let future = future(audit, roles);
    let top = 40.0;
    let count = f64::from(u32::try_from(roles.len()).unwrap_or_default());
    let bottom = top + shape.row * count;
    let at = |day: i64| place(shape, future, day);
    let id = |name: &str| format!("{name}-{}", shape.name);
    html! {
        svg class={ "picture " (shape.name) } viewBox={ "0 0 " (shape.width) " " (bottom + 8.0) } role="img"
            aria-labelledby={ (id("timeline-title")) " " (id("timeline-description")) } {
            title id=(id("timeline-title")) { "Timeline of " (counted(roles.len(), "role", "roles")) "." }
            desc id=(id("timeline-description")) { "The columns Until and Last used of the table have the same dates." }
            @for day in shape.ticks.iter().filter(|day| **day < future) {
                path class="grid" d={ "M" (at(*day)) " 30V" (bottom) } {}
                text class="tick" x=(at(*day)) y="22" text-anchor="middle" font-size=(shape.small) { (tick(*day)) }
            }
            path class="now" d={ "M" (at(0)) " 30V" (bottom) } {}
            text class="now-label" x=(at(0)) y="22" text-anchor="middle" font-size=(shape.small) { "audit" }
            @for (index, (number, role)) in roles.iter().enumerate() {
                @let row = top + shape.row * f64::from(u32::try_from(index).unwrap_or_default());
                g class="line" data-role=(number) { (life(audit, role, shape, row, &at)) }
            }
        }
    }
}

fn tick(day: i64) -> String {
    let sign = if day < 0 { "−" } else { "+" };
    match day.abs() {
        days @ 0..=364 => format!("{sign}{} mo", days / 30),
        days => format!("{sign}{} y", days / 365),
    }
}

/// One role: its name, a line while it exists, a dot for its last use and a bar for its end.
fn life(audit: Timestamp, role: &Role, shape: &Shape, row: f64, at: &impl Fn(i64) -> f64) -> Markup {
    let middle = if shape.above { row + shape.row - 12.0 } else { row + shape.row / 2.0 };
    let day = |moment: Timestamp| moments::days(audit, moment);
    let from = role.created.map_or(shape.start, |created| at(day(created)));
    // Room for the words that there is no use.
    let from = if role.last_used.is_none() && !shape.above { from.max(shape.start + 96.0) } else { from };
    let end = role.ends.map(|end| (at(day(end)), moments::day(end)));
    let to = end.as_ref().map_or(shape.end, |(end, _)| *end);
    let flagged = |flag: bool| if flag { "warning" } else { "plain" };
    let name_at =
        if shape.above { (shape.start, row + 14.0, "start") } else { (shape.start - 34.0, middle + 5.0, "end") };
    let icon_at = if shape.above { (shape.width - 16.0, row + 2.0) } else { (shape.start - 26.0, middle - 7.0) };
    html! {
        title { (described(role)) }
        text class="name" x=(name_at.0) y=(name_at.1) text-anchor=(name_at.2) font-size=(shape.size) {
            (words::cut(&visible(&role.name), shape.characters))
        }
        svg x=(icon_at.0) y=(icon_at.1) width="13" height="13" viewBox="0 0 16 16" { (form(role.severity())) }
        path class=(if end.is_some() { "life" } else { "life open" }) d={ "M" (from.min(to)) " " (middle) "H" (to) } {}
        @match role.last_used {
            Some(used) => {
                circle class={ "used " (flagged(unused(role))) } cx=(at(day(used))) cy=(middle) r="5" {}
            },
            None if !shape.above => {
                text class="detail" x=(shape.start + 2.0) y=(middle + 4.5) font-size=(shape.small) { "no use known" }
            },
            None => {}
        }
        @match &end {
            Some((end, text)) => {
                rect class={ "end " (flagged(has(role, "expiring") || has(role, "expired"))) } x=(end - 2.0) y=(middle - 8.0)
                    width="4" height="16" rx="1" {}
                // On a narrow screen, the names take the place beside the end.
                text class="detail" x=(if shape.above { end.min(shape.end) } else { end + 8.0 }) y=(if shape.above { middle - 11.0 } else { middle + 4.5 })
                    text-anchor=(if shape.above { "end" } else { "start" }) font-size=(shape.small) { (text) }
            },
            None => {
                path class="arrow" d={ "M" (shape.end - 6.0) " " (middle - 5.0) "L" (shape.end) " " (middle) "L" (shape.end - 6.0) " " (middle + 5.0) } {}
                @if !shape.above {
                    text class="detail" x=(shape.end + 8.0) y=(middle + 4.5) font-size=(shape.small) { "no end" }
                }
            }
        }
    }
}

fn described(role: &Role) -> String {
    let day = |moment: Option<Timestamp>, without: &str| moment.map_or_else(|| without.to_owned(), moments::day);
    format!(
        "{}\nMade: {}\nLast used: {}\nEnds: {}\n{}",
        visible(&role.name),
        day(role.created, "not known"),
        day(role.last_used, "no use known"),
        day(role.ends, "no end"),
        match role.severity() {
            Some(Severity::Error | Severity::Warning) => role.findings_in_words(),
            None => word(None).to_owned(),
        }
    )
}

fn legend() -> Markup {
    html! {
        ul class="legend" {
            li { svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" { circle class="used" cx="7" cy="7" r="5" {} } "last used (without a dot: no use known)" }
            li { svg width="14" height="16" viewBox="0 0 14 16" aria-hidden="true" { rect class="end" x="5" y="0" width="4" height="16" rx="1" {} } "access ends" }
            li { svg width="40" height="14" viewBox="0 0 40 14" aria-hidden="true" { path class="life open" d="M0 7H36" {} path class="arrow" d="M32 2L38 7L32 12" {} } "no end" }
            li { svg width="28" height="14" viewBox="0 0 28 14" aria-hidden="true" { circle class="used warning" cx="6" cy="7" r="5" {} rect class="end warning" x="20" y="0" width="4" height="14" rx="1" {} } "with a warning" }
        }
    }
}
