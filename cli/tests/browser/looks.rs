//! How the page looks: nothing is cut off at three widths, and screenshots for who wants to look.

use std::path::PathBuf;
use std::{env, fs};

use serde_json::{Value, json};

use crate::audits::{incomplete, nothing, ten, two_hundred};
use crate::chromium::Browser;

const WIDTHS: [u32; 3] = [390, 900, 1440];

/// Texts that are cut off by the edge of the screen, or of their picture.
const CUT_OFF: &str = "(() => {
  const width = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.closest('.off-screen, .skip'))
    .filter(e => { const box = e.getBoundingClientRect(); return box.right > width + 1 || (box.width > 0 && box.left < -1); });
  const texts = [...document.querySelectorAll('svg.picture text')].filter(e => e.checkVisibility()).filter(e => {
    const [box, svg] = [e.getBoundingClientRect(), e.closest('svg.picture').getBoundingClientRect()];
    return box.left < svg.left - 1 || box.right > svg.right + 1 || box.bottom > svg.bottom + 1;
  });
  return [document.documentElement.scrollWidth > width, [...out, ...texts].slice(0, 5).map(e => e.tagName + ' ' + e.textContent.slice(0, 40))];
})()";

fn folder() -> Option<PathBuf> {
    env::var_os("PAGE_SHOTS").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// Written to the folder in `PAGE_SHOTS`, if there is one.
fn keep(name: &str, picture: &[u8]) {
    if let Some(folder) = folder() {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }
}

/// Width and height of a PNG.
fn size(picture: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
    assert!(picture.starts_with(b"\x89PNG"));
    (number(16), number(20))
}

fn check(browser: &mut Browser, name: &str, audit: &Value) {
    browser.screen(1440, 900);
    browser.show(audit);
    for width in WIDTHS {
        browser.screen(width, 900);
        let cut_off = browser.value(CUT_OFF);
        let mut pictures = Vec::new();
        for scheme in ["light", "dark"] {
            browser.scheme(scheme);
            let picture = browser.screenshot();
            keep(&format!("{name}-{width}-{scheme}"), &picture);
            assert_eq!(size(&picture).0, width);
            assert!(picture.len() > 8_000, "{name} at {width} is empty: {} bytes", picture.len());
            pictures.push(picture);
        }
        assert_ne!(pictures[0], pictures[1], "light and dark differ");
        assert_eq!(cut_off, json!([false, []]), "{name} at {width}");
    }
    browser.scheme("light");
}

#[test]
#[ignore = "needs Chromium: make page"]
fn nothing_is_cut_off_at_three_widths_in_both_schemes() {
    let mut browser = Browser::showing(&nothing());
    for (name, audit) in
        [("nothing", nothing()), ("ten", ten()), ("two-hundred", two_hundred()), ("incomplete", incomplete())]
    {
        check(&mut browser, name, &audit);
    }
}

#[test]
#[ignore = "needs Chromium: make page"]
fn paper_has_everything_but_what_cannot_be_pressed() {
    let mut browser = Browser::showing(&incomplete());
    browser.value("document.querySelector('.chips button').click()");
    let shown = browser.count("#roles tbody tr");
    browser.print();
    assert_eq!((browser.count(".chips button"), browser.count("#filter-text")), (0, 0));
    // Who prints a part is told so on the paper.
    let status = browser.texts("#filter-status");
    assert!(status[0].ends_with(&format!(": {shown} of 10 roles")), "{status:?}");
    let paper = browser.call("Page.printToPDF", &json!({"printBackground": true, "preferCSSPageSize": true}));
    let paper = aws_smithy_types::base64::decode(paper["data"].as_str().unwrap()).unwrap();
    assert!(paper.starts_with(b"%PDF"));
    if let Some(folder) = folder() {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("incomplete.pdf"), paper).unwrap();
    }
}
