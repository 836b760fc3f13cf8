//! What no reason and no log line may repeat: the external IDs of a request, wherever they stand in it, and values that
//! may be one in the wrong property.
//!
//! A text is redacted before it is shortened: the start of a secret that was cut off would not be found. Where AWS or a
//! message shortened a text before, the start before its `…` is redacted, too.

use std::fmt;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::identifiers::{AccountId, ExternalId};
use crate::values::{Properties, plain, scalar};

/// A shorter secret is not replaced in a text: it may be part of any word.
const SHORTEST: usize = 6;

/// Secrets, each with the words that replace it. They cannot be printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Vec<(String, &'static str)>);

impl Secrets {
    /// The secrets in the properties of an event, new and old.
    pub fn of_event(event: &Value) -> Self {
        let mut secrets = Self::default();
        for properties in ["ResourceProperties", "OldResourceProperties"] {
            if let Some(properties) = event.get(properties).and_then(Value::as_object) {
                secrets.add_all_of(properties);
            }
        }
        secrets.in_order()
    }

    /// These secrets and one more, such as a handle from which external IDs are derived.
    #[must_use]
    pub fn and(mut self, secret: &str) -> Self {
        self.add(secret, "(hidden)");
        self.in_order()
    }

    /// The secrets in the properties of a resource.
    pub fn of_properties(properties: &Properties) -> Self {
        let mut secrets = Self::default();
        secrets.add_all_of(properties);
        secrets.in_order()
    }

    /// These external IDs.
    pub fn of_external_ids<'a>(ids: impl IntoIterator<Item = &'a ExternalId>) -> Self {
        let mut secrets = Self::default();
        for id in ids {
            secrets.add(id.expose(), EXTERNAL_ID);
        }
        secrets.in_order()
    }

    /// The external IDs in a policy as IAM returns it that cannot be read: what stands in quotes between a key
    /// `sts:ExternalId` and the end of its object.
    pub fn of_unreadable_policy(encoded: &str) -> Self {
        const KEY: &str = "\"sts:externalid\"";
        let mut secrets = Self::default();
        let text = percent_decode_str(encoded).decode_utf8_lossy();
        // In ASCII only, so that the places in both texts are the same.
        let lower = text.to_ascii_lowercase();
        for (at, key) in lower.match_indices(KEY) {
            let values = text[at + key.len()..].split('}').next().unwrap_or_default();
            values.split('"').skip(1).step_by(2).for_each(|value| secrets.add(value, EXTERNAL_ID));
        }
        secrets.in_order()
    }

    /// These secrets and those.
    #[must_use]
    pub fn and_all(mut self, other: &Self) -> Self {
        other.0.iter().for_each(|(secret, instead)| self.add(secret, instead));
        self.in_order()
    }

    /// A text without the secrets.
    pub fn hidden_in(&self, text: &str) -> String {
        let mut hidden = text.to_owned();
        for (secret, instead) in self.0.iter().filter(|(secret, _)| secret.len() >= SHORTEST) {
            if hidden.contains(secret) {
                hidden = hidden.replace(secret, instead);
            }
            hidden = without_starts(&hidden, secret, instead);
        }
        hidden
    }

    /// Whether a text as a whole is a secret, however short.
    pub fn contain(&self, text: &str) -> bool {
        self.0.iter().any(|(secret, _)| secret == text)
    }

    fn add_all_of(&mut self, properties: &Properties) {
        for (name, value) in properties {
            let name = plain(name);
            if name.contains("externalid") && !name.starts_with("require") {
                self.add_strings(value);
            } else if name.contains("accountid") {
                self.add_malformed_accounts(value);
            }
        }
    }

    /// Every string in a value, those with which it names its members included.
    fn add_strings(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.add_strings(item)),
            Value::Object(members) => members.iter().for_each(|(name, member)| {
                self.add(name, EXTERNAL_ID);
                self.add_strings(member);
            }),
            other => self.add(&scalar(other).unwrap_or_default(), EXTERNAL_ID),
        }
    }

    /// An external ID that was put in the place of an account.
    fn add_malformed_accounts(&mut self, value: &Value) {
        let texts = match value {
            Value::Array(items) => items.iter().filter_map(scalar).collect(),
            one => Vec::from_iter(scalar(one)),
        };
        for text in texts.iter().filter(|text| AccountId::parse(text).is_err() && !text.starts_with("arn:")) {
            self.add(text, "(hidden)");
        }
    }

    fn add(&mut self, secret: &str, instead: &'static str) {
        if !secret.is_empty() && !self.contain(secret) {
            self.0.push((secret.to_owned(), instead));
        }
    }

    /// Longer ones first: one may contain another.
    fn in_order(mut self) -> Self {
        self.0.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        self
    }
}

const EXTERNAL_ID: &str = "(the external ID)";

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} hidden)", self.0.len())
    }
}

/// A text without the start of a secret before a `…`.
fn without_starts(text: &str, secret: &str, instead: &str) -> String {
    let mut parts: Vec<String> = text.split('…').map(ToOwned::to_owned).collect();
    let shortened = parts.len() - 1;
    for part in &mut parts[..shortened] {
        let starts = secret.char_indices().map(|(at, _)| &secret[..at]).filter(|start| start.len() >= SHORTEST);
        if let Some(start) = starts.rev().find(|start| part.ends_with(start)) {
            part.truncate(part.len() - start.len());
            part.push_str(instead);
        }
    }
    parts.join("…")
}

/// Whether a value may be an external ID that was put into another property by mistake: a word of its characters that is
/// not short.
pub fn may_be_external_id(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 12 && ExternalId::parse(text).is_ok() || text.len() >= 8 && is_random(text)
}

/// The same where long words are ordinary: only one that looks random, and like nothing else that templates contain.
pub fn looks_like_external_id(text: &str) -> bool {
    let text = text.trim();
    let first = text.split(['/', ',']).next().unwrap_or_default();
    let date = text.trim_start_matches(['+', '-']);
    let known = ["arn:", "o-", "ou-", "r-"].iter().any(|start| text.starts_with(start))
        || (text.starts_with('/') && text.ends_with('/'))
        || date.get(..5).is_some_and(|year| year.ends_with('-') && year[..4].bytes().all(|byte| byte.is_ascii_digit()))
        || first.parse::<std::net::IpAddr>().is_ok();
    text.len() >= 12 && !known && is_random(text)
}

/// A word of letters and digits that has more digits than names have.
fn is_random(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    ExternalId::parse(text).is_ok() && text.bytes().any(|byte| byte.is_ascii_alphabetic()) && digits * 8 >= text.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "acme-7d1c9a3e-5b2f-4c8d";

    #[test]
    fn the_external_ids_of_a_request_are_hidden_everywhere() {
        let event = json!({
            "ResourceProperties": {"ExternalId": [ID, {"nested-name": "nested-value"}], "RequireExternalId": "required"},
            "OldResourceProperties": {
                "external_id": 1_234_567_890_123_u64, "ExternalAwsAccountId": ["misplaced-id", "111122223333", "arn:aws:iam::1:root"],
            },
        });
        let secrets = Secrets::of_event(&event).and("a-handle");
        for (text, hidden) in [
            (format!("is \"{ID}\"; {ID}"), "is \"(the external ID)\"; (the external ID)"),
            ("nested-name nested-value".into(), "(the external ID) (the external ID)"),
            ("1234567890123".into(), "(the external ID)"),
            ("misplaced-id".into(), "(hidden)"),
            ("a-handle".into(), "(hidden)"),
            ("required 111122223333 arn:aws:iam::1:root".into(), "required 111122223333 arn:aws:iam::1:root"),
        ] {
            assert_eq!(secrets.hidden_in(&text), hidden);
        }
        assert_eq!(format!("{secrets:?}"), "Secrets(6 hidden)");
    }

    #[test]
    fn the_start_of_a_secret_in_a_shortened_text_is_hidden() {
        let id = ExternalId::parse(ID).expect("an external ID");
        let secrets = Secrets::of_external_ids([&id]);
        for length in SHORTEST..ID.len() {
            assert_eq!(
                secrets.hidden_in(&format!("\"{}…\" is", &ID[..length])),
                "\"(the external ID)…\" is",
                "{length}"
            );
        }
        assert_eq!(secrets.hidden_in("acme-…, acme-7d1c9a3 and …"), "acme-…, acme-7d1c9a3 and …");
        let umlauts = json!({"ResourceProperties": {"ExternalId": "größte-geheimnisse"}});
        assert_eq!(Secrets::of_event(&umlauts).hidden_in("größte-gehei…"), "(the external ID)…");
    }

    #[test]
    fn of_two_secrets_the_longer_one_is_hidden_first() {
        let ids = ["secret-one", "secret-one-and-more"].map(|id| ExternalId::parse(id).expect("an external ID"));
        assert_eq!(Secrets::of_external_ids(&ids).hidden_in("secret-one-and-more"), "(the external ID)");
    }

    #[test]
    fn the_external_ids_of_a_policy_that_cannot_be_read_are_hidden() {
        let text = r#"{"Condition": {"StringLike": {"STS:ExternalId" : ["first-one", "second-one"], "a": "b"}}, {"sts:ExternalId": "third-one"}, "a": "another""#;
        let secrets = Secrets::of_unreadable_policy(text);
        for id in ["first-one", "second-one", "third-one"] {
            assert_eq!(secrets.hidden_in(id), "(the external ID)");
        }
        assert_eq!(secrets.hidden_in("another"), "another");
        assert_eq!(Secrets::of_unreadable_policy("no policy"), Secrets::default());
        assert_eq!(Secrets::default().and_all(&secrets), secrets);
    }

    #[test]
    fn a_short_secret_is_hidden_only_as_a_whole_word() {
        let secrets = Secrets::of_properties(json!({"ExternalId": "ab"}).as_object().expect("an object"));
        assert_eq!((secrets.contain("ab"), secrets.hidden_in("about")), (true, "about".to_owned()));
    }

    #[test]
    fn what_may_be_an_external_id_is_recognized() {
        for word in [ID, "an-external-id-of-the-provider", "acme-7d1c", "9b2f1c0e8d7a4b6c", " 123456789012345678\n"] {
            assert!(may_be_external_id(word), "{word}");
        }
        for word in ["yes", "exclusive", "OnNarrowing ", "129601", "1 hour and a half", "Always", ""] {
            assert!(!may_be_external_id(word), "{word}");
        }
        for word in [ID, "9b2f1c0e8d7a4b6c", "/9b2f1c0e8d7a4b6c"] {
            assert!(looks_like_external_id(word), "{word}");
        }
        for word in [
            "SecurityAudit",
            "AmazonEC2ReadOnlyAccess",
            "AmazonRoute53ReadOnlyAccess",
            "arn:aws:iam::111122223333:role/x",
            "2027-01-31T18:00Z",
            "203.0.113.0/33",
            "203.0.113.0/24,198.51.100.0/24",
            "/delegated//eu1/2345/",
            "+2027-01-31T18:00:00Z",
            "-9999-01-31T18:00:00Z",
            "o-A1B2C3D4E5",
            "ou-a1b2c3d4e5",
            "us-east-123",
        ] {
            assert!(!looks_like_external_id(word), "{word}");
        }
    }
}
