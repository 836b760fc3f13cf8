//! What the page says of an audit.

use serde_json::json;

use crate::audits::{audit, finding, incomplete, nothing, role, ten, two_hundred, with};
use crate::chromium::Browser;

#[test]
#[ignore = "needs Chromium: make page"]
fn the_worst_role_is_first_and_its_worst_finding() {
    let mut browser = Browser::showing(&ten());
    let names = browser.texts("#roles .role-name");
    assert_eq!(names[..3], ["MonitoringVendor", "ManagedServices", "Unmarked"]);
    assert_eq!(names[6..], ["BackupService", "SecurityAudit2026", "CostReports", "LogShipping"]);
    let roles = [with(
        role("Mixed", &["222222222222"]),
        json!({"Findings": [finding("unused", "warning", "w"), finding("open", "error", "e"), finding("expiring", "warning", "x")]}),
    )];
    browser.show(&audit(&roles, &[]));
    assert_eq!(browser.texts(".findings .head"), ["error:\nopen", "warning:\nunused", "warning:\nexpiring"]);
}

#[test]
#[ignore = "needs Chromium: make page"]
fn the_start_says_how_many_when_and_which_account() {
    let mut browser = Browser::showing(&ten());
    assert_eq!(browser.texts("h1"), ["Who can enter account 111122223333"]);
    assert_eq!(browser.texts(".facts"), ["Audited on 22 Nov 2026, 12:01 UTC from eu-west-1. The audit is complete."]);
    assert_eq!(
        browser.texts(".lede"),
        [
            "7 accounts and principals can enter through 9 roles. 1 role is open to anyone on AWS. The access of 1 role has ended. 3 \
         roles need action."
        ]
    );
    let tiles = browser.texts(".tiles > div");
    let tiles: Vec<String> = tiles.iter().map(|tile| tile.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(tiles[..2], ["4 Errors in 3 roles", "3 Warnings in 3 roles"].map(ordered));
    assert_eq!(browser.value("document.title"), "Access to account 111122223333, 22 Nov 2026");
}

/// The number is above its name on the screen, and after it in the text.
fn ordered(tile: &str) -> String {
    let (number, rest) = tile.split_once(' ').unwrap();
    let (name, note) = rest.split_once(' ').unwrap();
    format!("{name} {number} {note}")
}

#[test]
#[ignore = "needs Chromium: make page"]
fn an_account_with_nothing_says_so() {
    let mut browser = Browser::showing(&nothing());
    assert_eq!(browser.texts(".lede"), ["No provider can enter: there is no role under the prefix of the function."]);
    assert_eq!(browser.texts("h2"), ["There are no delegated roles"]);
    assert_eq!((browser.count("table"), browser.count("svg.picture"), browser.count(".incomplete")), (0, 0, 0));
    browser.show(&audit(&[], &["The roles could not all be listed. iam:ListRoles was denied."]));
    assert_eq!(browser.texts("h2"), ["This audit is not complete", "No role was read"]);
    assert_eq!(browser.texts(".lede"), ["No role was read, so it is not known who can enter."]);
}

#[test]
#[ignore = "needs Chromium: make page"]
fn an_incomplete_audit_cannot_be_overlooked() {
    let mut browser = Browser::showing(&incomplete());
    assert!(browser.value("document.title").as_str().unwrap().starts_with("NOT COMPLETE: "));
    assert_eq!(browser.texts(".incomplete h2"), ["This audit is not complete"]);
    assert_eq!(browser.texts(".incomplete li").len(), 2);
    assert_eq!(browser.texts(".facts strong"), ["The audit is not complete."]);
    assert_eq!(browser.texts("caption strong"), ["Not complete: roles or findings may be missing."]);
    // Above everything, in a colour of its own, and still there at the end of the page.
    let place = "document.querySelector('.reminder').getBoundingClientRect().top";
    assert_eq!(browser.value("document.querySelector('.incomplete').getBoundingClientRect().top"), 0.0);
    let colors = "new Set(['.incomplete', '.reminder', 'body'].map(s => getComputedStyle(document.querySelector(s)).backgroundColor)).size";
    assert_eq!(browser.value(colors), 2);
    browser.value("window.scrollTo(0, document.body.scrollHeight)");
    assert_eq!(browser.value(place), 0.0);
    browser.value("window.scrollTo(0, 0)");
    // And at the edge of each printed page.
    browser.print();
    assert_eq!(browser.value("getComputedStyle(document.body).page"), "incomplete");
    browser.show(&ten());
    assert_eq!((browser.count(".incomplete"), browser.count(".reminder")), (0, 0));
}

#[test]
#[ignore = "needs Chromium: make page"]
fn two_hundred_roles_stay_a_picture() {
    let mut browser = Browser::showing(&two_hundred());
    assert_eq!(browser.count("#roles tbody tr"), 200);
    let names = browser.texts("svg.picture.wide .flows .name");
    assert!((21..=26).contains(&names.len()), "{names:?}");
    let details = browser.texts("svg.picture.wide .flows .detail");
    assert_eq!(names[names.len() - 2..], ["72 further roles", "104 further roles"]);
    assert_eq!(details[names.len() - 2..], ["Sensitive, without findings", "Limited, without findings"]);
    // Each role is in exactly one line of the picture.
    let numbers = browser.value(
        "[...document.querySelectorAll('svg.picture.wide .flows g.line')].flatMap(g => g.dataset.role.split(' ')).map(Number).sort((a, b) => a - b)",
    );
    assert_eq!(numbers, json!((0..200).collect::<Vec<_>>()));
    assert!(browser.texts("#timeline-heading + p")[0].contains("174 further roles are in the table only: "));
    let heights =
        browser.value("[...document.querySelectorAll('svg.picture.wide')].map(s => s.getBoundingClientRect().height)");
    for height in heights.as_array().unwrap() {
        assert!(height.as_f64().unwrap() < 1_600.0, "{heights}");
    }
}

#[test]
#[ignore = "needs Chromium: make page"]
fn the_wider_the_band_the_more_the_role_may_do() {
    let mut browser = Browser::showing(&ten());
    let heights = browser.value(
        "Object.fromEntries([...document.querySelectorAll('svg.picture.wide .flows g.line')].map(g => [g.querySelector('.name').textContent,
            g.querySelector('.node').getBoundingClientRect().height / g.querySelectorAll('.band').length]))",
    );
    let height = |name: &str| heights[name].as_f64().unwrap();
    assert!(height("Unmarked") < height("CostReports"), "{heights}");
    assert!(height("CostReports") < height("BackupService"), "{heights}");
    assert!(height("BackupService") < height("ManagedServices"), "{heights}");
    // Colour is never alone: errors are striped, warnings dotted.
    let patterns = browser.value(
        "[...new Set([...document.querySelectorAll('svg.picture.wide .band')].map(b => b.querySelector('.base').classList[1] + ' ' +
            (b.querySelector('.over')?.getAttribute('fill') ?? 'plain')))].sort()",
    );
    assert_eq!(patterns, json!(["error url(#stripes-wide)", "fine plain", "warning url(#dots-wide)"]));
}
