//! The whole page: one file that loads nothing.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::content_policy::content_policy;
use super::{picture, roles, summary, timeline};
use crate::audited::Audited;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page of an audit.
pub(super) fn document(audited: &Audited) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(content_policy(STYLE, SCRIPT));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                title { (summary::title(audited)) }
                // These two are the only texts that are not escaped. Both are files of this program.
                style { (PreEscaped(STYLE)) }
            }
            body class=(if audited.is_complete() { "" } else { "incomplete-audit" }) {
                a class="skip" href="#roles" { "Skip to the roles" }
                (summary::incomplete(audited))
                (summary::head(audited))
                main {
                    @if audited.roles.is_empty() {
                        (nothing(audited))
                    } @else {
                        (summary::numbers(audited))
                        (picture::picture(audited))
                        (roles::roles(audited))
                        (timeline::timeline(audited))
                    }
                }
                (summary::foot(audited))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn nothing(audited: &Audited) -> Markup {
    html! {
        section class="card empty" aria-labelledby="nothing" {
            @if audited.is_complete() {
                svg width="56" height="56" viewBox="0 0 16 16" aria-hidden="true" { (super::severity::form(None)) }
                h2 id="nothing" { "There are no delegated roles" }
                p { "The audit is complete and found no role under the prefix of the function, so no provider can enter through one." }
            } @else {
                h2 id="nothing" { "No role was read" }
                p { "This does not mean that there are none: the audit is not complete." }
            }
        }
    }
}
