//! The tag that records what was last written to a role: when the request was sent, and a short hash of each part.
//!
//! Lambda may deliver a request again after newer requests. The tag shows which request is older, and whether a role was
//! changed by hand.

use std::fmt;

use super::ownership::Tags;
use crate::identifiers::digest;
use crate::policy::Document;
use crate::timestamp::Timestamp;

/// The tag's key.
pub const STATE_TAG: &str = "service-provider-access:state";

/// How many hexadecimal digits of a hash are kept. All parts together must fit the 256 characters of a tag.
const DIGITS: usize = 12;

/// What the tag says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// When the newest request that wrote the role was sent.
    pub as_of: Option<Timestamp>,
    /// When the request was sent that created the role, if that was a failed replacement and a later one continued it.
    pub made: Option<Timestamp>,
    /// The role as that request wrote it.
    pub parts: Option<Parts>,
}

/// A short hash of each part of a role. Two hashes are equal if both parts have the same meaning for IAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The trust policy.
    pub trust: String,
    /// The inline policies, except the one that ends sessions.
    pub inline: String,
    /// The attached policies.
    pub attachments: String,
    /// The permissions boundary.
    pub boundary: String,
    /// Description and longest session.
    pub settings: String,
}

impl Parts {
    /// The hashes of a role with these parts.
    pub fn of<'a>(
        trust: &Document,
        inline: impl IntoIterator<Item = (&'a str, &'a Document)>,
        attachments: impl IntoIterator<Item = &'a str>,
        boundary: Option<&str>,
        (description, max_session_duration): (&str, u32),
    ) -> Self {
        let short = |parts: &[&str]| digest(parts)[..DIGITS].to_owned();
        let sorted = |mut texts: Vec<String>| {
            texts.sort_unstable();
            short(&texts.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let inline = inline.into_iter().map(|(name, policy)| format!("{name} {}", policy.fingerprint())).collect();
        Self {
            trust: short(&[&trust.fingerprint()]),
            inline: sorted(inline),
            attachments: sorted(attachments.into_iter().map(ToOwned::to_owned).collect()),
            boundary: short(&[boundary.unwrap_or_default()]),
            settings: short(&[description, &max_session_duration.to_string()]),
        }
    }
}

impl State {
    /// The tag of a role. Empty if it is missing or malformed.
    pub fn read(tags: &Tags) -> Self {
        let text = tags.get(STATE_TAG).unwrap_or_default();
        let field = |name: &str| {
            text.split(' ').find_map(|field| field.strip_prefix(name)?.strip_prefix('=')).map(ToOwned::to_owned)
        };
        let parts = || {
            Some(Parts {
                trust: field("trust")?,
                inline: field("inline")?,
                attachments: field("attachments")?,
                boundary: field("boundary")?,
                settings: field("settings")?,
            })
        };
        let moment = |name| field(name).and_then(|text| Timestamp::parse_compact(&text));
        Self { as_of: moment("as-of"), made: moment("made"), parts: parts() }
    }

    /// When the request was sent that created the role, as far as the tag says. A role that is older was not created by it.
    pub fn origin(&self) -> Option<Timestamp> {
        self.made.or(self.as_of)
    }

    /// Whether a request that was sent at this time is older than the recorded one.
    pub fn is_newer_than(&self, sent: Option<Timestamp>) -> bool {
        self.as_of.zip(sent).is_some_and(|(as_of, sent)| sent < as_of)
    }
}

/// As the tag's value.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = |name: &str, at: Option<Timestamp>| at.map(|at| format!("{name}={}", at.to_compact()));
        let moments = [moment("as-of", self.as_of), moment("made", self.made)];
        let parts = self.parts.as_ref().map(|Parts { trust, inline, attachments, boundary, settings }| {
            format!("trust={trust} inline={inline} attachments={attachments} boundary={boundary} settings={settings}")
        });
        f.write_str(&moments.into_iter().flatten().chain(parts).collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_read_back_and_fits_the_limits_of_iam() {
        let [trust, inline, attachments, boundary, settings] =
            ["a", "b", "c", "d", "e"].map(|part| part.repeat(DIGITS));
        let state = State {
            as_of: Timestamp::parse_compact("20261128T050000Z"),
            made: None,
            parts: Some(Parts { trust, inline, attachments, boundary, settings }),
        };
        let text = state.to_string();
        assert_eq!(
            text,
            "as-of=20261128T050000Z trust=aaaaaaaaaaaa inline=bbbbbbbbbbbb attachments=cccccccccccc \
             boundary=dddddddddddd settings=eeeeeeeeeeee"
        );
        assert!(text.len() <= 256 && text.chars().all(crate::identifiers::is_tag_character));
        let continued = State { made: Timestamp::parse_compact("20261128T040000Z"), ..state.clone() };
        let longer = continued.to_string();
        assert_eq!(longer, text.replace("Z trust", "Z made=20261128T040000Z trust"));
        assert!(longer.len() <= 256);
        let read = |text: &str| State::read(&Tags([(STATE_TAG.to_owned(), text.to_owned())].into()));
        assert_eq!((read(&text), read(&longer)), (state.clone(), continued));
        assert_eq!(read(&format!("{text} tags=ffffffffffff")), state, "a newer function may record more");
        assert_eq!(read("trust=aaaaaaaaaaaa"), State::default(), "a part is missing: not one that we write");
        assert_eq!(read(""), State::default());
        assert_eq!(State::read(&Tags::default()), State::default());
    }

    #[test]
    fn only_an_earlier_request_is_older() {
        let at = |text: &str| Timestamp::parse_compact(text);
        let state = State { as_of: at("20261128T050000Z"), ..State::default() };
        assert!(state.is_newer_than(at("20261128T045959Z")));
        assert!(!state.is_newer_than(at("20261128T050000Z")), "the same request, delivered again");
        assert!(!state.is_newer_than(at("20261128T050001Z")));
        assert!(!state.is_newer_than(None) && !State::default().is_newer_than(at("20261128T050000Z")));
    }
}
