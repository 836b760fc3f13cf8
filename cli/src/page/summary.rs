//! The start of the page: which account, when, how many roles and findings, and whether the audit is complete.

use std::collections::BTreeSet;

use delegated_role_core::audit::reach::Level;
use delegated_role_core::findings::Severity;
use maud::{Markup, html};

use super::severity::icon;
use super::{moments, words};
use crate::audited::{Audited, Role, counted};
use crate::visible::visible;

/// The title, which a browser shows in its tab.
pub(super) fn title(audited: &Audited) -> String {
    let incomplete = if audited.is_complete() { "" } else { "NOT COMPLETE: " };
    let account = audited.account.as_deref().map(|account| format!(" to account {}", visible(account)));
    format!("{incomplete}Access{}, {}", account.unwrap_or_default(), moments::day(audited.at))
}

/// What is missing. It cannot be overlooked: above everything, and again at the edge of each screen and printed page.
pub(super) fn incomplete(audited: &Audited) -> Markup {
    html! {
        @if !audited.is_complete() {
            section class="incomplete" aria-labelledby="incomplete" {
                div {
                    h2 id="incomplete" { "This audit is not complete" }
                    p { "What is on this page may not be everything. This could not be read:" }
                    ul { @for gap in &audited.gaps { li { (visible(gap)) } } }
                }
            }
            p class="reminder" aria-hidden="true" { "Audit not complete" }
        }
    }
}

/// The heading.
pub(super) fn head(audited: &Audited) -> Markup {
    html! {
        header class="page-head" {
            p class="eyebrow" { "Access review of delegated roles" }
            h1 {
                @match &audited.account {
                    Some(account) => { "Who can enter account " (visible(account)) },
                    None => "Who can enter the account",
                }
            }
            p class="facts" {
                "Audited on " time datetime=(audited.at) { (moments::day(audited.at)) ", " (moments::time(audited.at)) }
                @if let Some(region) = &audited.region { " from " (visible(region)) }
                ". "
                @if audited.is_complete() { "The audit is complete." }
                @else { strong class="error" { "The audit is not complete." } }
            }
            p class="lede" { (sentence(audited)) }
        }
    }
}

/// The roles whose access has not ended.
fn open(audited: &Audited) -> impl Iterator<Item = &Role> {
    audited.roles.iter().filter(|role| role.ends.is_none_or(|end| end > audited.at))
}

/// The accounts and other principals that can enter.
fn principals(audited: &Audited) -> BTreeSet<&str> {
    open(audited).flat_map(|role| &role.accounts).map(String::as_str).collect()
}

fn sentence(audited: &Audited) -> String {
    let all = audited.roles.len();
    if all == 0 && audited.is_complete() {
        return "No provider can enter: there is no role under the prefix of the function.".to_owned();
    }
    if all == 0 {
        return "No role was read, so it is not known who can enter.".to_owned();
    }
    let roles = open(audited).count();
    let to_anyone = open(audited).filter(|role| role.accounts.iter().any(|account| account == "*")).count();
    let known = principals(audited).len() - usize::from(to_anyone > 0);
    let who = counted(known, "account or principal", "accounts and principals");
    let mut sentences = vec![format!("{who} can enter through {}.", counted(roles, "role", "roles"))];
    if to_anyone > 0 {
        sentences.push(format!("{} open to anyone on AWS.", counted(to_anyone, "role is", "roles are")));
    }
    if all > roles {
        sentences.push(format!("The access of {} has ended.", counted(all - roles, "role", "roles")));
    }
    let with = |severity| audited.roles.iter().filter(|role| role.severity() == Some(severity)).count();
    sentences.push(match (with(Severity::Error), with(Severity::Warning)) {
        (0, 0) => "Nothing was found in any of them.".to_owned(),
        (0, warnings) => format!("There are no errors; look at {}.", counted(warnings, "role", "roles")),
        (1, _) => "1 role needs action.".to_owned(),
        (errors, _) => format!("{errors} roles need action."),
    });
    sentences.join(" ")
}

/// The numbers.
pub(super) fn numbers(audited: &Audited) -> Markup {
    let [errors, warnings] = [Severity::Error, Severity::Warning].map(|severity| audited.count(severity));
    let within = |severity| {
        let roles = audited.roles.iter().filter(|role| role.count(severity) > 0).count();
        format!("in {}", counted(roles, "role", "roles"))
    };
    let administrators = audited.roles.iter().filter(|role| role.reach.level == Level::Administrator).count();
    let fine = audited.roles.iter().filter(|role| role.findings.is_empty()).count();
    let endless = audited.roles.iter().filter(|role| role.ends.is_none()).count();
    let none = Markup::default();
    html! {
        dl class="tiles" {
            (tile("Errors", errors, &icon(Some(Severity::Error)), &within(Severity::Error)))
            (tile("Warnings", warnings, &icon(Some(Severity::Warning)), &within(Severity::Warning)))
            (tile("Roles without findings", fine, &icon(None), &format!("of {}", audited.roles.len())))
            (tile("Accounts and principals", principals(audited).len(), &none, "that can enter"))
            (tile("Administrators", administrators, &none, "roles that can raise their rights"))
            (tile("Roles without an end", endless, &none, "open until they are removed"))
        }
    }
}

fn tile(name: &str, number: usize, icon: &Markup, note: &str) -> Markup {
    html! {
        div {
            dt { (name) }
            dd class="number" { (icon) (number) }
            dd class="note" { (note) }
        }
    }
}

/// The end of the page: what its words mean.
pub(super) fn foot(audited: &Audited) -> Markup {
    html! {
        footer class="page-foot" {
            p {
                "“May do” is the worst case of the role's policies: denies, the permissions boundary and the guardrail policy are not \
                 taken off. " strong { (words::level(Level::Administrator)) } " can raise its rights; "
                strong { (words::level(Level::Sensitive)) } " has rights that a reviewer should know; "
                strong { (words::level(Level::Limited)) } " has neither. “Last used” is what IAM knows of the last 400 days. \
                 This page loads nothing and was made from the audit of "
                time datetime=(audited.at) { (moments::day(audited.at)) } "; it does not change afterwards."
            }
        }
    }
}
