//! Why a template cannot be read.

use super::node::Place;
use crate::outcome::Unusable;

/// Why a template cannot be read: a sentence, and the place if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Option<Place>,
    /// What is wrong, and what to do.
    pub sentence: String,
}

impl Fault {
    /// At a place.
    pub fn at(place: Place, sentence: impl Into<String>) -> Self {
        Self { place: Some(place), sentence: sentence.into() }
    }

    /// Of the file as a whole.
    pub fn of_file(sentence: impl Into<String>) -> Self {
        Self { place: None, sentence: sentence.into() }
    }

    /// A function that is not supported: a language extension, a macro, or a misspelled one.
    pub(super) fn unsupported(function: &str, place: Place) -> Self {
        let function = function.split("::").take(2).collect::<Vec<_>>().join("::");
        Self::at(
            place,
            format!(
                "{function} is not supported here. If it is a language extension (AWS::LanguageExtensions) or a macro, check the \
                 processed template: aws cloudformation get-template --template-stage Processed."
            ),
        )
    }

    /// As the end of a run, with the name of the file.
    pub fn in_file(&self, file: &str) -> Unusable {
        let place = self.place.map(|place| format!(":{place}")).unwrap_or_default();
        Unusable::new(format!("{file}{place}: {}", self.sentence))
    }
}
