//! Text of others for people to read: characters that cannot be seen, or that change the order or the colour of what
//! follows, are written out.

/// The text with such characters as `<U+202E>`.
pub fn visible(text: &str) -> String {
    let shown = |character: char| {
        if is_hidden(character) { format!("<U+{:04X}>", u32::from(character)) } else { character.to_string() }
    };
    text.chars().map(shown).collect()
}

/// Control characters, separators of lines, marks and overrides of the direction, and what has no width.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        assert_eq!(visible("a\u{202e}b\u{1b}[31m\u{200b}\n"), "a<U+202E>b<U+001B>[31m<U+200B><U+000A>");
        assert_eq!(visible("Überprüfung 日本 <b>"), "Überprüfung 日本 <b>");
    }
}
