//! A severity for people: a form, a word and a colour, so that none of them has to be seen.

use delegated_role_core::findings::Severity;
use maud::{Markup, html};

/// The class of a severity in the style sheet.
pub(super) fn class(severity: Option<Severity>) -> &'static str {
    severity.map_or("fine", Severity::name)
}

/// The word for the worst that was found in a role.
pub(super) fn word(severity: Option<Severity>) -> &'static str {
    severity.map_or("no findings", Severity::name)
}

/// The form of a severity, 16 by 16, without its word: a diamond, a triangle, a ring.
pub(super) fn form(severity: Option<Severity>) -> Markup {
    match severity {
        Some(Severity::Error) => html! { path class="form error" d="M8 0.8 15.2 8 8 15.2 0.8 8Z" {} },
        Some(Severity::Warning) => html! { path class="form warning" d="M8 1.5 15 14.2H1Z" {} },
        None => html! { circle class="form fine" cx="8" cy="8" r="5.2" {} },
    }
}

/// The form as a picture of its own in a line of text.
pub(super) fn icon(severity: Option<Severity>) -> Markup {
    html! { svg class="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" { (form(severity)) } }
}
