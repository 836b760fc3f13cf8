//! The characters that IAM accepts in a policy document: U+0009, U+000A, U+000D and U+0020 to U+00FF.

use serde_json::Value;

/// The first character of a value, in its keys and strings, that IAM refuses.
pub(super) fn refused_character(value: &Value) -> Option<char> {
    match value {
        Value::String(text) => refused_in(text),
        Value::Array(list) => list.iter().find_map(refused_character),
        Value::Object(members) => {
            members.iter().find_map(|(key, value)| refused_in(key).or_else(|| refused_character(value)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The first character of a text that IAM refuses.
pub(super) fn refused_in(text: &str) -> Option<char> {
    text.chars().find(|c| !matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}'))
}

/// What is wrong with an element that has such a character, and what to write. The character itself may be invisible,
/// so the sentence gives its code point.
pub(super) fn sentence(element: &str, character: char) -> String {
    let instead = match character {
        '\u{2018}'..='\u{201b}' => ": write a straight quotation mark (')",
        '\u{201c}'..='\u{201f}' => ": write a straight quotation mark (\")",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => ": write a hyphen (-)",
        '\u{2026}' => ": write three dots (...)",
        '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{3000}' => ": write a space",
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => ", which is invisible: remove it",
        _ => ": IAM accepts tab, line feed, carriage return and U+0020 to U+00FF only",
    };
    format!("{element} has the character U+{:04X}{instead}", u32::from(character))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{refused_character, refused_in, sentence};

    #[test]
    fn iam_accepts_tab_line_breaks_and_latin_1() {
        for accepted in ["", "\t\n\r", " ~\u{7f}\u{80}\u{a0}é\u{ff}"] {
            assert_eq!(refused_in(accepted), None, "{accepted:?}");
        }
        for refused in ['\0', '\u{7}', '\u{b}', '\u{1f}', '\u{100}', '’', '“', '\u{2028}', '\u{feff}', '字', '😀']
        {
            assert_eq!(refused_in(&format!("a{refused}b")), Some(refused), "{refused:?}");
        }
    }

    #[test]
    fn keys_and_nested_values_count() {
        assert_eq!(refused_character(&json!({"a": ["b", {"c": "d—"}], "n": 1, "t": true, "z": null})), Some('—'));
        assert_eq!(refused_character(&json!({"a": {"“b”": 1}})), Some('“'));
        assert_eq!(refused_character(&json!({"a": ["b", {"c": "d"}]})), None);
    }

    #[test]
    fn the_sentence_says_what_to_write() {
        for (character, says) in [
            ('’', "Id has the character U+2019: write a straight quotation mark (')"),
            ('“', "Id has the character U+201C: write a straight quotation mark (\")"),
            ('–', "Id has the character U+2013: write a hyphen (-)"),
            ('…', "Id has the character U+2026: write three dots (...)"),
            ('\u{2028}', "Id has the character U+2028: write a space"),
            ('\u{200b}', "Id has the character U+200B, which is invisible: remove it"),
            (
                '\u{7}',
                "Id has the character U+0007: IAM accepts tab, line feed, carriage return and U+0020 to U+00FF only",
            ),
            (
                '😀',
                "Id has the character U+1F600: IAM accepts tab, line feed, carriage return and U+0020 to U+00FF only",
            ),
        ] {
            assert_eq!(sentence("Id", character), says);
        }
    }
}
