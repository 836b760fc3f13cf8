//! The probes of a role: the right external ID, and values that must not be accepted instead.
//!
//! No ID and one wrong ID would not find a trust policy that compares with `StringLike "x*"` or ignores letter case. So
//! the right ID is also changed at its start, in its middle, at its end, in its case, and made longer.

use super::question::Question;
use crate::identifiers::ExternalId;
use crate::seed::Seed;

/// A kind of probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The right ID. While it is denied, the other probes say nothing about the trust policy.
    Right,
    /// No ID.
    Without,
    /// A random ID of the same length.
    Random,
    /// The first character changed.
    First,
    /// The middle character changed.
    Middle,
    /// The last character changed.
    Last,
    /// Upper and lower case exchanged.
    CaseFlipped,
    /// A character appended.
    Appended,
    /// A character prepended.
    Prepended,
    /// The right ID again: it shows that the denials before it were not denials of all requests.
    RightAgain,
}

/// The order in which they are sent.
const ORDER: [Kind; 10] = [
    Kind::Right,
    Kind::Without,
    Kind::Random,
    Kind::First,
    Kind::Middle,
    Kind::Last,
    Kind::CaseFlipped,
    Kind::Appended,
    Kind::Prepended,
    Kind::RightAgain,
];

impl Kind {
    /// What is sent, as a phrase.
    pub fn name(self) -> &'static str {
        match self {
            Self::Right => "the right external ID",
            Self::Without => "no external ID",
            Self::Random => "a random external ID of the same length",
            Self::First => "the first character changed",
            Self::Middle => "the middle character changed",
            Self::Last => "the last character changed",
            Self::CaseFlipped => "the letters' case flipped",
            Self::Appended => "a character appended",
            Self::Prepended => "a character prepended",
            Self::RightAgain => "the right external ID again",
        }
    }

    /// Whether it is the right ID that is sent.
    pub fn is_right(self) -> bool {
        matches!(self, Self::Right | Self::RightAgain)
    }
}

/// What is sent to STS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A request without an external ID.
    NoId,
    /// A request with this one.
    Id(ExternalId),
    /// No request, because there is no such external ID. Says why.
    Nothing(&'static str),
}

/// A probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Its kind.
    pub kind: Kind,
    /// What is sent.
    pub sent: Sent,
}

/// All probes of a question, in order.
pub fn probes(question: &Question, seed: &Seed) -> Vec<Probe> {
    ORDER.map(|kind| Probe { kind, sent: sent(kind, &question.external_id, seed) }).into()
}

fn sent(kind: Kind, right: &ExternalId, seed: &Seed) -> Sent {
    let characters: Vec<char> = right.expose().chars().collect();
    let last = characters.len() - 1;
    let changed_at = |index: usize| {
        let mut characters = characters.clone();
        characters[index] = other_than(characters[index], draw(seed, index));
        characters
    };
    let wrong = match kind {
        Kind::Right | Kind::RightAgain => return Sent::Id(right.clone()),
        Kind::Without => return Sent::NoId,
        Kind::Random => random_like(&characters, seed),
        Kind::First => changed_at(0),
        Kind::Middle => changed_at(characters.len() / 2),
        Kind::Last => changed_at(last),
        Kind::CaseFlipped if !characters.iter().any(char::is_ascii_alphabetic) => {
            return Sent::Nothing("the ID has no letters");
        }
        Kind::CaseFlipped => characters.iter().copied().map(flipped).collect(),
        Kind::Appended => [&characters[..], &[draw(seed, 0)]].concat(),
        Kind::Prepended => [&[draw(seed, 0)], &characters[..]].concat(),
    };
    match ExternalId::parse(&wrong.into_iter().collect::<String>()) {
        Ok(id) => Sent::Id(id),
        // All characters are allowed, so it is too long.
        Err(_) => Sent::Nothing("the ID would be longer than STS allows"),
    }
}

/// The characters of random IDs.
const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

fn random_characters(seed: &Seed) -> impl Iterator<Item = char> {
    seed.stream().map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]))
}

fn draw(seed: &Seed, index: usize) -> char {
    random_characters(seed).nth(index).unwrap_or('x')
}

/// `drawn`, unless it is the same letter, ignoring case.
fn other_than(character: char, drawn: char) -> char {
    if !character.eq_ignore_ascii_case(&drawn) {
        return drawn;
    }
    if drawn == 'x' { 'y' } else { 'x' }
}

/// Of the same length, and different in every place: no pattern that contains a part of the right ID matches it.
fn random_like(characters: &[char], seed: &Seed) -> Vec<char> {
    characters.iter().zip(random_characters(seed)).map(|(character, drawn)| other_than(*character, drawn)).collect()
}

fn flipped(character: char) -> char {
    if character.is_ascii_uppercase() { character.to_ascii_lowercase() } else { character.to_ascii_uppercase() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_check::question::Check;
    use crate::identifiers::{Account, AccountId, Partition};

    fn probed(id: &str) -> Vec<(Kind, Sent)> {
        let (Ok(partition), Ok(account)) = (Partition::parse("aws"), AccountId::parse("111111111111")) else {
            panic!("well-formed");
        };
        let properties = serde_json::json!({"RoleArn": "arn:aws:iam::999999999999:role/Acme", "ExternalId": id});
        let properties = properties.as_object().cloned().unwrap_or_default();
        match Check::read(&properties, &Account { partition, id: account }, "stack", "Check") {
            Ok(check) => probes(&check.question, &Seed::new([7; 32])).into_iter().map(|p| (p.kind, p.sent)).collect(),
            Err(problems) => panic!("{problems}"),
        }
    }

    fn id(probes: &[(Kind, Sent)], kind: Kind) -> String {
        match probes.iter().find(|(known, _)| *known == kind) {
            Some((_, Sent::Id(id))) => id.expose().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    /// The positions in which two texts of the same length differ, ignoring letter case.
    fn differences(left: &str, right: &str) -> Vec<usize> {
        assert_eq!(left.len(), right.len());
        left.chars()
            .zip(right.chars())
            .enumerate()
            .filter(|(_, (l, r))| !l.eq_ignore_ascii_case(r))
            .map(|(i, _)| i)
            .collect()
    }

    #[test]
    fn each_probe_differs_from_the_right_id_only_as_its_name_says() {
        for right in ["Acme-4f3e2d1c0b9a8877x", "xXyY", "ab", "x".repeat(1223).as_str()] {
            let probes = probed(right);
            let last = right.len() - 1;
            assert_eq!(probes.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ORDER);
            assert_eq!([id(&probes, Kind::Right), id(&probes, Kind::RightAgain)], [right, right]);
            assert!(probes.contains(&(Kind::Without, Sent::NoId)));
            assert_eq!(differences(&id(&probes, Kind::Random), right), (0..=last).collect::<Vec<_>>());
            assert_eq!(differences(&id(&probes, Kind::First), right), [0]);
            assert_eq!(differences(&id(&probes, Kind::Middle), right), [right.len() / 2]);
            assert_eq!(differences(&id(&probes, Kind::Last), right), [last]);
            let flipped = id(&probes, Kind::CaseFlipped);
            assert!(flipped != right && flipped.eq_ignore_ascii_case(right), "{flipped}");
            let (appended, prepended) = (id(&probes, Kind::Appended), id(&probes, Kind::Prepended));
            assert_eq!((appended.len(), &appended[..=last]), (right.len() + 1, right));
            assert_eq!((prepended.len(), &prepended[1..]), (right.len() + 1, right));
        }
    }

    #[test]
    fn a_probe_that_cannot_be_sent_says_why() {
        let sent =
            |id: &str, kind: Kind| probed(id).into_iter().find(|(known, _)| *known == kind).map(|(_, sent)| sent);
        assert_eq!(sent("1234-5678", Kind::CaseFlipped), Some(Sent::Nothing("the ID has no letters")));
        let longest = "x".repeat(1224);
        for kind in [Kind::Appended, Kind::Prepended] {
            assert_eq!(sent(&longest, kind), Some(Sent::Nothing("the ID would be longer than STS allows")));
        }
    }
}
