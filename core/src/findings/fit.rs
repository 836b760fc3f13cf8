//! Texts within a number of bytes. Texts are sent inside a JSON string, so a byte counts as it is escaped there.

use serde_json::json;

/// The length of a text inside a JSON string, in bytes, without the quotes.
pub fn length(text: &str) -> usize {
    json!(text).to_string().len() - 2
}

/// As many whole characters from the start as take at most `room` bytes inside a JSON string. A text that was cut ends
/// in `…`.
pub fn cut(text: &str, room: usize) -> String {
    if length(text) <= room {
        return text.to_owned();
    }
    let ellipsis = '…';
    let mut left = room.saturating_sub(ellipsis.len_utf8());
    let mut kept = String::new();
    for character in text.chars() {
        let Some(rest) = left.checked_sub(length(character.encode_utf8(&mut [0; 4]))) else { break };
        left = rest;
        kept.push(character);
    }
    if room >= ellipsis.len_utf8() {
        kept.push(ellipsis);
    }
    kept
}
