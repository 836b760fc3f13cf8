//! The table of all roles, the worst first, with a filter by text.

use std::collections::BTreeMap;

use delegated_role_core::audit::reach::Level;
use delegated_role_core::findings::Severity;
use delegated_role_core::timestamp::Timestamp;
use maud::{Markup, html};

use super::severity::{class, icon};
use super::{moments, words};
use crate::audited::{Audited, Finding, Role, counted};
use crate::visible::visible;

/// The section.
pub(super) fn roles(audited: &Audited) -> Markup {
    html! {
        section class="card" id="roles" aria-labelledby="roles-heading" {
            header {
                h2 id="roles-heading" { "Roles" }
                p { "The worst first. The picture and the timeline show the same roles." }
            }
            (filter(audited))
            table {
                caption {
                    (counted(audited.roles.len(), "role", "roles")) ", " (audited.findings_in_words())
                    ", as of " (moments::day(audited.at)) ". "
                    @if !audited.is_complete() { strong { "Not complete: roles or findings may be missing." } }
                }
                colgroup {
                    col class="role"; col class="who"; col class="what"; col class="until"; col class="used"; col class="found";
                }
                thead {
                    tr {
                        th scope="col" { "Role" }
                        th scope="col" { "Who can enter" }
                        th scope="col" { "May do" }
                        th scope="col" { "Until" }
                        th scope="col" { "Last used" }
                        th scope="col" { "Findings" }
                    }
                }
                tbody { @for (number, role) in audited.roles.iter().enumerate() { (row(audited.at, number, role)) } }
            }
            p class="no-match" id="no-match" hidden { "No role has this text." }
        }
    }
}

/// Hidden until the script is there to use it.
fn filter(audited: &Audited) -> Markup {
    let mut codes: BTreeMap<(std::cmp::Reverse<Severity>, &str), usize> = BTreeMap::new();
    for finding in audited.roles.iter().flat_map(|role| &role.findings) {
        *codes.entry((std::cmp::Reverse(finding.severity), &finding.code)).or_default() += 1;
    }
    html! {
        form class="filter" id="filter" role="search" hidden {
            div class="field" {
                label for="filter-text" { "Filter roles by text" }
                input id="filter-text" type="search" autocomplete="off" spellcheck="false"
                    placeholder="name, account, service, code …" aria-controls="roles" aria-describedby="filter-status";
            }
            @if !codes.is_empty() {
                div class="chips" role="group" aria-label="Filter by finding" {
                    @for ((severity, code), count) in &codes {
                        button type="button" data-find=(visible(code)) aria-pressed="false" {
                            (icon(Some(severity.0))) (visible(code)) b { (count) }
                        }
                    }
                }
            }
            output id="filter-status" for="filter-text" aria-live="polite" {}
        }
    }
}

fn row(audit: Timestamp, number: usize, role: &Role) -> Markup {
    html! {
        tr class=(class(role.severity())) data-row=(number) {
            th scope="row" {
                div class="role-name" { (visible(&role.name)) }
                div class="code quiet small" { (visible(&role.arn)) }
                @if let Some(resource) = &role.logical_id {
                    div class="quiet small" {
                        (visible(resource)) " in stack "
                        (role.stack_id.as_deref().map_or_else(|| "not known".to_owned(), stack))
                    }
                }
            }
            td class="who" data-label="Who can enter" { (who(role)) }
            td class="what" data-label="May do" { (may_do(role)) }
            td class="until" data-label="Until" {
                @match role.ends {
                    Some(end) => { (moments::shown(end)) div class="quiet small" { (moments::distance(audit, end)) } },
                    None => { "no end" },
                }
            }
            td class="used" data-label="Last used" {
                @match role.last_used {
                    Some(used) => { (moments::shown(used)) div class="quiet small" { (moments::distance(audit, used)) } },
                    None => { "no use known" },
                }
            }
            td class="found" data-label="Findings" { (findings(&role.findings)) }
        }
    }
}

/// The name in the ID of a stack.
fn stack(id: &str) -> String {
    visible(id.split('/').nth(1).unwrap_or(id))
}

fn who(role: &Role) -> Markup {
    let requirement = |required: bool, yes: &'static str, no: &'static str| {
        html! { li class=(if required { "yes" } else { "no" }) { (if required { yes } else { no }) } }
    };
    html! {
        ul class="code" {
            @for account in &role.accounts { li { (words::principal(account)) } }
            @if role.accounts.is_empty() { li { "no known principal" } }
        }
        ul class="yes-no small" {
            (requirement(role.requires_external_id, "external ID required", "no external ID required"))
            (requirement(role.requires_mfa, "MFA required", "no MFA required"))
        }
        div class="quiet small" { "sessions of up to " (session(role.longest_session)) }
    }
}

fn session(seconds: u64) -> String {
    match (seconds / 3600, seconds % 3600) {
        (hours, 0) => counted(usize::try_from(hours).unwrap_or(usize::MAX), "hour", "hours"),
        _ => format!("{} minutes", seconds / 60),
    }
}

fn may_do(role: &Role) -> Markup {
    let reach = &role.reach;
    let privileges = words::privileges(reach);
    html! {
        div class={ "level " (reach.level.name()) } { (marks(reach.level)) (words::level(reach.level)) }
        @if !privileges.is_empty() { div class="small" { (privileges.join(", ")) } }
        @if let Some(services) = words::services(reach) { div class="small" { "on " (services) } }
        @if !role.policies.is_empty() {
            ul class="policies quiet small" {
                @for policy in &role.policies { li title=(visible(policy)) { (words::policy(policy)) } }
            }
        }
    }
}

/// How far a role reaches, as marks beside the word.
fn marks(level: Level) -> Markup {
    html! {
        svg viewBox="0 0 34 12" width="34" height="12" aria-hidden="true" {
            @for mark in 0..4_usize {
                rect class=(if mark < words::marks(level) { "mark on" } else { "mark" })
                    x=(mark * 9) y=(8 - mark * 2) width="6" height=(4 + mark * 2) rx="1" {}
            }
        }
    }
}

fn findings(findings: &[Finding]) -> Markup {
    html! {
        @if findings.is_empty() {
            div class="none" { (icon(None)) "Nothing found" }
        } @else {
            ul class="findings" {
                @for finding in findings {
                    li {
                        div class={ "head " (finding.severity.name()) } {
                            (icon(Some(finding.severity))) (finding.severity.name()) ": " b class="code" { (visible(&finding.code)) }
                        }
                        p { (visible(&finding.message)) }
                    }
                }
            }
        }
    }
}
