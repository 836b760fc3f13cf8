//! Text of others stays text: nothing of it runs, loads or changes the page.

use serde_json::{Value, json};

use crate::audits::{HOSTILE, hostile, ten};
use crate::chromium::Browser;

/// As the page writes what cannot be seen.
fn shown(text: &str) -> String {
    text.replace('\u{202e}', "<U+202E>").replace('\u{2066}', "<U+2066>")
}

#[test]
#[ignore = "needs Chromium: make page"]
fn hostile_text_stays_text() {
    let mut browser = Browser::showing(&hostile());
    assert_eq!(browser.complaints(), Vec::<&Value>::new());
    let requests = browser.requests();
    assert!(matches!(&requests[..], [page] if page.starts_with("file://")), "{requests:?}");
    // Pointing at everything runs nothing, either.
    browser.value(
        "for (const e of document.querySelectorAll('*')) e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))",
    );
    assert_eq!(browser.value("window.hacked ?? null"), Value::Null);
    let elements = browser.value(
        "Object.fromEntries(['script', 'style', 'img', 'iframe', 'link', 'object', '[onerror],[onload],[onmouseover]', 'a:not([href=\"#roles\"])', \
         '[style]', 'meta[http-equiv]'].map(s => [s, document.querySelectorAll(s).length]))",
    );
    assert_eq!(
        elements,
        json!({"script": 1, "style": 1, "img": 0, "iframe": 0, "link": 0, "object": 0,
            "[onerror],[onload],[onmouseover]": 0, "a:not([href=\"#roles\"])": 0, "[style]": 0, "meta[http-equiv]": 1})
    );
    let mut names = browser.texts("#roles .role-name");
    names.sort();
    let mut expected: Vec<String> = HOSTILE.iter().map(|text| shown(text)).collect();
    expected.sort();
    assert_eq!(names, expected);
    let mut messages = browser.texts("#roles .findings p");
    messages.sort();
    messages.dedup();
    assert_eq!(messages, expected);
    let gaps = browser.texts(".incomplete li");
    assert_eq!(gaps, HOSTILE.map(shown));
    assert_eq!(browser.texts("h1"), [format!("Who can enter account {}", HOSTILE[1])]);
    let whole = browser.value("document.documentElement.outerHTML + document.title").as_str().unwrap().to_owned();
    assert!(!whole.contains(['\u{202e}', '\u{2066}']), "the direction of the text can be changed");
    // In the pictures and their descriptions, too.
    let titles =
        browser.value("[...document.querySelectorAll('svg.wide g.line > title')].map(e => e.textContent).join()");
    for text in HOSTILE {
        assert!(titles.as_str().unwrap().contains(&shown(text)), "{text}");
    }
}

/// The page's policy holds where escaping would fail.
#[test]
#[ignore = "needs Chromium: make page"]
fn the_page_can_neither_load_nor_run_anything() {
    let mut browser = Browser::showing(&ten());
    let blocked = browser.value(
        "new Promise(done => {
            const blocked = [];
            document.addEventListener('securitypolicyviolation', event => blocked.push(event.effectiveDirective));
            document.body.insertAdjacentHTML('beforeend',
                '<img src=\"https://example.com/x.png\" onerror=\"window.hacked=1\"><p style=\"color:red\"><iframe src=\"data:text/html,x\"></iframe>');
            const script = document.createElement('script');
            script.textContent = 'window.hacked = 2';
            document.body.append(script);
            fetch('https://example.com/').catch(() => {});
            setTimeout(() => done([...new Set(blocked)].sort()), 1000);
        })",
    );
    assert_eq!(
        blocked,
        json!(["connect-src", "frame-src", "img-src", "script-src-attr", "script-src-elem", "style-src-attr"])
    );
    assert_eq!(browser.value("window.hacked ?? null"), Value::Null);
}
