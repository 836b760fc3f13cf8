//! The filter by text.

use serde_json::json;

use crate::audits::{ten, two_hundred};
use crate::chromium::Browser;

const ROWS: &str = "#roles tbody tr";

fn type_text(browser: &mut Browser, text: &str) {
    browser.value("document.getElementById('filter-text').select()");
    browser.call("Input.insertText", &json!({"text": text}));
}

#[test]
#[ignore = "needs Chromium: make page"]
fn rows_with_all_words_stay() {
    let mut browser = Browser::showing(&ten());
    assert_eq!((browser.count(ROWS), browser.texts("#filter-status")), (10, vec![String::new()]));
    type_text(&mut browser, "managed POWERuser");
    assert_eq!(browser.texts("#roles .role-name"), ["ManagedServices"]);
    assert_eq!(browser.texts("#filter-status"), ["Filter “managed POWERuser”: 1 of 10 roles"]);
    // The pictures follow.
    let lines = browser.value(
        "[...document.querySelectorAll('svg.picture.wide')].map(s => s.querySelectorAll('g.line:not(.dim)').length)",
    );
    assert_eq!(lines, json!([1, 1]));
    type_text(&mut browser, "nothing has this");
    assert_eq!((browser.count(ROWS), browser.texts("#no-match")), (0, vec!["No role has this text.".to_owned()]));
    for kind in ["keyDown", "keyUp"] {
        browser.call(
            "Input.dispatchKeyEvent",
            &json!({"type": kind, "key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27}),
        );
    }
    assert_eq!((browser.count(ROWS), browser.count("#no-match")), (10, 0));
    assert_eq!(browser.complaints().len(), 0);
}

#[test]
#[ignore = "needs Chromium: make page"]
fn a_code_is_a_button() {
    let mut browser = Browser::showing(&two_hundred());
    assert_eq!(
        browser.texts(".chips button"),
        ["drifted8", "unused16"].map(|text| text.replace("ed8", "ed\n8").replace("ed16", "ed\n16"))
    );
    let press = "document.querySelector('.chips button').click()";
    browser.value(press);
    assert_eq!(browser.count(ROWS), 8);
    assert_eq!(browser.value("document.querySelector('.chips button').getAttribute('aria-pressed')"), "true");
    browser.value(press);
    assert_eq!(browser.count(ROWS), 200);
}

#[test]
#[ignore = "needs Chromium: make page"]
fn without_the_script_the_page_is_complete() {
    let mut browser = Browser::showing(&ten());
    browser.call("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    browser.reload();
    assert_eq!((browser.count(ROWS), browser.count("#filter"), browser.count(".chips button")), (10, 0, 0));
}
