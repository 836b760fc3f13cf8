//! What is tried on a role: the right external ID, and everything that must not do in its stead.
//!
//! `None` and `wrong` alone would miss a trust that compares with `StringLike "x*"`, or regardless of letter
//! case: so the right ID is also changed in each place where a pattern may begin, end, or let pass.

use super::question::Question;
use crate::identifiers::ExternalId;
use crate::seed::Seed;

/// One way to ask for the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// With the right ID: nothing else says anything while this is denied.
    Right,
    /// Without any.
    Without,
    /// With another of the same length.
    Random,
    /// With the first character changed.
    First,
    /// With the middle character changed.
    Middle,
    /// With the last character changed.
    Last,
    /// With upper and lower case exchanged.
    CaseFlipped,
    /// With a character after it.
    Appended,
    /// With a character before it.
    Prepended,
    /// With the right ID once more: what was denied in between was not denied for another reason.
    RightAgain,
}

/// The order in which they are tried.
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
    /// None: there is no such request. Says why.
    Nothing(&'static str),
}

/// A way to ask, with what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The way.
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
        characters[index] = another_than(characters[index], draw(seed, index));
        characters
    };
    let wrong = match kind {
        Kind::Right | Kind::RightAgain => return Sent::Id(right.clone()),
        Kind::Without => return Sent::NoId,
        Kind::Random => random_instead_of(&characters, seed),
        Kind::First => changed_at(0),
        Kind::Middle => changed_at(characters.len() / 2),
        Kind::Last => changed_at(last),
        Kind::CaseFlipped if !characters.iter().any(char::is_ascii_alphabetic) => {
            return Sent::Nothing("it has no letters");
        }
        Kind::CaseFlipped => characters.iter().copied().map(flipped).collect(),
        Kind::Appended => [&characters[..], &[draw(seed, 0)]].concat(),
        Kind::Prepended => [&[draw(seed, 0)], &characters[..]].concat(),
    };
    match ExternalId::parse(&wrong.into_iter().collect::<String>()) {
        Ok(id) => Sent::Id(id),
        // All that is put in is allowed, so it has grown beyond what STS takes from anybody.
        Err(_) => Sent::Nothing("STS takes no longer one"),
    }
}

/// Letters and digits that nobody can foresee.
const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

fn letters(seed: &Seed) -> impl Iterator<Item = char> {
    seed.stream().map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]))
}

fn draw(seed: &Seed, index: usize) -> char {
    letters(seed).nth(index).unwrap_or('x')
}

/// `drawn`, unless that is the same letter in either case.
fn another_than(character: char, drawn: char) -> char {
    if !character.eq_ignore_ascii_case(&drawn) {
        return drawn;
    }
    if drawn == 'x' { 'y' } else { 'x' }
}

/// Of the same length, and different in every place: no pattern that keeps any part of the right one fits.
fn random_instead_of(characters: &[char], seed: &Seed) -> Vec<char> {
    characters.iter().zip(letters(seed)).map(|(character, drawn)| another_than(*character, drawn)).collect()
}

fn flipped(character: char) -> char {
    if character.is_ascii_uppercase() { character.to_ascii_lowercase() } else { character.to_ascii_uppercase() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_check::question::Check;
    use crate::identifiers::{AccountId, Home, Partition};

    fn probed(id: &str) -> Vec<(Kind, Sent)> {
        let (Ok(partition), Ok(account)) = (Partition::parse("aws"), AccountId::parse("111111111111")) else {
            panic!("well-formed");
        };
        let properties = serde_json::json!({"RoleArn": "arn:aws:iam::999999999999:role/Acme", "ExternalId": id});
        let properties = properties.as_object().cloned().unwrap_or_default();
        match Check::read(&properties, &Home { partition, account }, "stack", "Check") {
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

    /// The places in which two texts of the same length differ, whatever the letters' case.
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
    fn every_probe_differs_from_the_right_id_in_just_what_it_says() {
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
    fn what_cannot_be_sent_is_told() {
        let sent =
            |id: &str, kind: Kind| probed(id).into_iter().find(|(known, _)| *known == kind).map(|(_, sent)| sent);
        assert_eq!(sent("1234-5678", Kind::CaseFlipped), Some(Sent::Nothing("it has no letters")));
        let longest = "x".repeat(1224);
        for kind in [Kind::Appended, Kind::Prepended] {
            assert_eq!(sent(&longest, kind), Some(Sent::Nothing("STS takes no longer one")));
        }
    }
}
