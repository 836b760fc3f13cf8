//! The page for who cannot see it well, or at all.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::audits::{incomplete, nothing, ten};
use crate::chromium::Browser;

/// The texts that a reader cannot tell from what is behind them (WCAG 2.2 AA, 1.4.3).
const CONTRAST: &str = r"(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const pixel = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const luminance = rgb => rgb.slice(0, 3).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => { for (let e = element; e; e = e.parentElement) { const c = pixel(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
  const found = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest('script, title, desc, .skip')) continue;
    const style = getComputedStyle(element);
    const color = pixel(element.closest('svg') ? style.fill : style.color);
    const [a, b] = [luminance(color), luminance(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    seen += 1;
    if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${element.className.baseVal ?? element.className}: ${walker.currentNode.data.slice(0, 40)}`);
  }
  return {seen, found};
})()";

#[test]
#[ignore = "needs Chromium: make page"]
fn all_text_has_enough_contrast_in_both_schemes_and_on_paper() {
    let mut browser = Browser::showing(&incomplete());
    let mut backgrounds = Vec::new();
    for scheme in ["light", "dark", "print"] {
        if scheme == "print" {
            browser.print();
        } else {
            browser.scheme(scheme);
        }
        let contrast = browser.value(CONTRAST);
        assert_eq!(contrast["found"], json!([]), "{scheme}");
        assert!(contrast["seen"].as_u64().unwrap() > 150, "{contrast}");
        backgrounds.push(browser.value("getComputedStyle(document.body).backgroundColor"));
    }
    backgrounds.dedup();
    assert_eq!(backgrounds.len(), 3, "{backgrounds:?}");
    browser.scheme("dark");
    browser.show(&nothing());
    assert_eq!(browser.value(CONTRAST)["found"], json!([]));
}

/// The names of what a screen reader finds, by role.
fn tree(browser: &mut Browser) -> BTreeMap<String, Vec<String>> {
    let nodes = browser.call("Accessibility.getFullAXTree", &json!({}));
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in nodes["nodes"].as_array().unwrap().iter().filter(|node| node["ignored"] == false) {
        let text = |field: &Value| field["value"].as_str().unwrap_or_default().to_owned();
        found.entry(text(&node["role"])).or_default().push(text(&node["name"]));
    }
    found
}

#[test]
#[ignore = "needs Chromium: make page"]
fn a_screen_reader_finds_the_table_the_pictures_and_the_filter() {
    let mut browser = Browser::showing(&ten());
    for width in [1440, 390] {
        browser.screen(width, 900);
        let tree = tree(&mut browser);
        assert_eq!(tree["heading"].len(), 4, "{tree:?}");
        assert_eq!(tree["searchbox"], ["Filter roles by text"]);
        let pictures = tree.get("image").or_else(|| tree.get("img")).unwrap();
        let expected = [
            "Bands from accounts to roles. 9 accounts or principals can enter through 10 roles: 3 with errors, 3 with warnings only, 4 \
             without findings. The same as a list is below the picture.",
            "Timeline of 10 roles. The columns Until and Last used of the table have the same dates.",
        ];
        assert_eq!(pictures, &expected, "at {width}");
        if width == 1440 {
            assert_eq!(tree["columnheader"], ["Role", "Who can enter", "May do", "Until", "Last used", "Findings"]);
            assert_eq!(tree["rowheader"].len(), 10);
            assert!(
                tree["table"][0].starts_with("10 roles, 4 errors, 3 warnings, as of 22 Nov 2026."),
                "{:?}",
                tree["table"]
            );
        }
        for button in &tree["button"] {
            assert!(!button.is_empty());
        }
    }
    let ids = browser.value(
        "(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id); const unknown = [...document.querySelectorAll('[aria-labelledby],[aria-controls],[for]')]
            .flatMap(e => (e.getAttribute('aria-labelledby') ?? e.getAttribute('aria-controls') ?? e.getAttribute('for')).split(' ')).filter(id => !document.getElementById(id));
            return [ids.length - new Set(ids).size, unknown]; })()",
    );
    assert_eq!(ids, json!([0, []]), "IDs are unique, and those that are named exist");
    assert_eq!(browser.value("document.documentElement.lang"), "en");
}

/// What the picture shows is in a list, too, with each role of each account.
#[test]
#[ignore = "needs Chromium: make page"]
fn the_picture_is_a_list_too() {
    let mut browser = Browser::showing(&ten());
    browser.value("document.querySelector('details.as-list').open = true");
    let items = browser.texts("details.as-list li");
    assert_eq!(items.len(), 9, "{items:#?}");
    let expected = "777788889999, 2 roles: ManagedServices (Administrator, raises rights, passes roles, shares resources, reads data, whole \
                    services; error); BackupService (Sensitive, reads data, whole services; no findings)";
    assert!(items.iter().any(|item| item == expected), "{items:#?}");
}

#[test]
#[ignore = "needs Chromium: make page"]
fn the_keyboard_is_enough() {
    let mut browser = Browser::showing(&ten());
    let mut reached = Vec::new();
    for _ in 0..14 {
        for kind in ["keyDown", "keyUp"] {
            browser.call(
                "Input.dispatchKeyEvent",
                &json!({"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}),
            );
        }
        reached.push(
            browser.value(
                "document.activeElement.id || document.activeElement.className || document.activeElement.tagName",
            ),
        );
        let outlined = browser.value("getComputedStyle(document.activeElement).outlineStyle !== 'none' || document.activeElement === document.body");
        assert_eq!(outlined, true, "{reached:?}");
    }
    assert_eq!(reached[..3], ["skip", "SUMMARY", "filter-text"]);
    assert_eq!(reached.iter().filter(|element| *element == "BUTTON").count(), 7, "{reached:?}");
}
