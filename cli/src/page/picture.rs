//! The picture: providers' accounts on the left, the roles and what they may do on the right, and a band for each way in.
//! A band is as wide as the role reaches. Its colour and its pattern are the gravest severity.

mod content;
mod layout;

use delegated_role_core::findings::Severity;
use maud::{Markup, html};

use self::content::Content;
use self::layout::{Band, Layout, Shape};
use super::severity::{class, form, icon, word};
use super::words;
use crate::audited::{Audited, counted};

/// The section.
pub(super) fn picture(audited: &Audited) -> Markup {
    let content = Content::of(&audited.roles);
    html! {
        section class="card" aria-labelledby="picture-heading" {
            header {
                h2 id="picture-heading" { "Who can enter, and what they may do" }
                @if content.hides_roles() {
                    p { "The worst roles one by one; others that are alike are one line. All are in the table below." }
                }
            }
            figure {
                (drawn(&content, &Shape::WIDE))
                (drawn(&content, &Shape::NARROW))
                (legend())
            }
            (as_list(audited))
        }
    }
}

fn drawn(content: &Content<'_>, shape: &Shape) -> Markup {
    let layout = Layout::new(content, shape);
    let (width, height) = (shape.width, layout.height);
    let id = |name: &str| format!("{name}-{}", shape.name);
    let account_end = shape.left - 6.0;
    html! {
        svg class={ "picture " (shape.name) } viewBox={ "0 0 " (width) " " (height) } role="img"
            aria-labelledby={ (id("picture-title")) " " (id("picture-description")) } {
            title id=(id("picture-title")) { "Bands from accounts to roles." }
            desc id=(id("picture-description")) { (content.described()) " The same as a list is below the picture." }
            defs { (patterns(shape)) }
            text class="heading" x=(account_end) y="14" text-anchor="end" font-size=(shape.small) { (shape.left_heading) }
            text class="heading" x=(shape.right + 12.0) y="14" font-size=(shape.small) { (shape.right_heading) }
            g class="flows" {
                @for (line, drawn) in content.lines.iter().zip(&layout.lines) {
                    g class="line" data-role=(line.numbers()) {
                        title { (line.described()) }
                        @for band in &drawn.bands { (band_of(band, line.severity, shape)) }
                        rect class="node" x=(shape.right) y=(drawn.top) width="5" height=(drawn.height) rx="1.5" {}
                        svg x=(shape.right + 12.0) y=(drawn.middle - shape.size * 0.95) width=(shape.size) height=(shape.size)
                            viewBox="0 0 16 16" { (form(line.severity)) }
                        text class="name" x=(shape.name_start()) y=(drawn.middle - 2.0) font-size=(shape.size) {
                            (words::cut(&line.name, shape.name_characters))
                        }
                        text class="detail" x=(shape.name_start()) y=(drawn.middle + shape.small) font-size=(shape.small) {
                            (words::cut(&line.detail, shape.detail_characters))
                        }
                    }
                }
            }
            @for (account, drawn) in content.accounts.iter().zip(&layout.accounts) {
                rect class="node" x=(shape.left) y=(drawn.top) width="5" height=(drawn.height) rx="1.5" {}
                text class="account" x=(account_end) y=(drawn.middle + shape.size * 0.35) text-anchor="end" font-size=(shape.account_size) {
                    title { (account.name) }
                    (words::cut(&account.name, shape.account_characters))
                }
            }
        }
    }
}

/// A severity has a pattern beside its colour: stripes, dots, nothing.
fn patterns(shape: &Shape) -> Markup {
    html! {
        pattern id={ "stripes-" (shape.name) } width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
            path class="stripe error" d="M0 0V7" {}
        }
        pattern id={ "dots-" (shape.name) } width="7" height="7" patternUnits="userSpaceOnUse" {
            circle class="dot warning" cx="2" cy="2" r="1.1" {}
        }
    }
}

fn band_of(Band { path }: &Band, severity: Option<Severity>, shape: &Shape) -> Markup {
    let pattern = match severity {
        Some(Severity::Error) => Some("stripes"),
        Some(Severity::Warning) => Some("dots"),
        None => None,
    };
    html! {
        g class="band" {
            path class={ "base " (class(severity)) } d=(path) {}
            @if let Some(pattern) = pattern {
                path class="over" d=(path) fill={ "url(#" (pattern) "-" (shape.name) ")" } {}
            }
        }
    }
}

fn legend() -> Markup {
    let entry = |severity: Option<Severity>, text: &str| html! { li { (icon(severity)) (text) } };
    html! {
        ul class="legend" {
            (entry(Some(Severity::Error), "error: striped"))
            (entry(Some(Severity::Warning), "warning: dotted"))
            (entry(None, "no findings: plain"))
            li {
                svg width="40" height="14" viewBox="0 0 40 14" aria-hidden="true" {
                    path class="swatch fine" d="M0 6 40 1V13L0 8Z" opacity="0.5" {}
                }
                "the wider, the more the role may do"
            }
        }
    }
}

fn as_list(audited: &Audited) -> Markup {
    html! {
        details class="as-list" {
            summary { "The picture as a list" }
            ul {
                @for (account, roles) in content::by_account(&audited.roles) {
                    li {
                        strong class="code" { (words::principal(account)) } ", " (counted(roles.len(), "role", "roles")) ": "
                        @for (index, role) in roles.iter().enumerate() {
                            @if index > 0 { "; " }
                            (crate::visible::visible(&role.name)) " (" (words::line(&role.reach)) "; " (word(role.severity())) ")"
                        }
                    }
                }
            }
        }
    }
}
