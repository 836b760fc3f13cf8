//! The Content-Security-Policy of the page: nothing is loaded from anywhere, and only the page's own style and script
//! count, which are known by their hashes.

use sha2::{Digest, Sha256};

/// The policy of a page with this style and this script.
pub(super) fn content_policy(style: &str, script: &str) -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(script)
    )
}

fn hash(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(text.as_bytes())))
}

/// In the alphabet of RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: u32| char::from(ALPHABET[(bits % 64) as usize]);
    let group = |three: &[u8]| {
        let at = |index: usize| u32::from(three.get(index).copied().unwrap_or_default());
        let bits = (at(0) << 16) | (at(1) << 8) | at(2);
        let letters = [letter(bits >> 18), letter(bits >> 12), letter(bits >> 6), letter(bits)];
        let written = three.len() + 1;
        letters.into_iter().take(written).chain(std::iter::repeat_n('=', 4 - written)).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::content_policy;

    #[test]
    fn the_hash_is_that_of_the_text() {
        assert_eq!(
            content_policy("", "alert('hello, world.')"),
            "default-src 'none'; style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; script-src \
             'sha256-z7IoX/QsYkrz9LZKb2LLCAumMcIkNrhCt67R4hnu9as='; base-uri 'none'; form-action 'none'"
        );
    }
}
