//! What is reported as one: the actions and resources of a code.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{Code, Severity};
use super::privilege::Privilege;
use super::reach::Extent;
use crate::policy::statement::Place;

/// How many actions a warning gives as examples.
const EXAMPLES: usize = 3;
/// The services whose actions come first as examples, the most dangerous first.
const WORST: [&str; 9] = ["secretsmanager", "ssm", "s3", "kms", "ram", "dynamodb", "lambda", "cloudformation", "ec2"];

pub(super) struct Found {
    /// The first statement that it is about, and the others.
    place: Place,
    further: BTreeSet<usize>,
    /// With the extent that makes it worse or better as an example.
    actions: BTreeMap<String, Extent>,
    resources: BTreeMap<String, Extent>,
}

impl Found {
    pub(super) fn at(place: &Place) -> Self {
        Self { place: place.clone(), further: BTreeSet::new(), actions: BTreeMap::new(), resources: BTreeMap::new() }
    }

    /// Adds what one statement gives.
    pub(super) fn add<'r>(
        &mut self,
        place: &Place,
        action: String,
        resources: impl Iterator<Item = (&'r str, Extent)>,
    ) {
        self.covers(place);
        let mut widest = Extent::Named;
        for (shown, extent) in resources {
            widest = widest.max(extent);
            match self.resources.get_mut(shown) {
                Some(known) => *known = extent.max(*known),
                None => {
                    self.resources.insert(shown.to_owned(), extent);
                }
            }
        }
        let known = self.actions.entry(action).or_insert(widest);
        *known = widest.max(*known);
    }

    /// Adds a statement to those that it is about.
    pub(super) fn covers(&mut self, place: &Place) {
        if place.number() < self.place.number() {
            self.further.insert(std::mem::replace(&mut self.place, place.clone()).number());
        } else if place.number() > self.place.number() {
            self.further.insert(place.number());
        }
    }

    pub(super) fn privilege(self, severity: Severity, code: Code) -> Privilege {
        let count = self.actions.len();
        let mut actions = worst_first(self.actions);
        if severity == Severity::Warning {
            actions.truncate(EXAMPLES);
        }
        Privilege {
            code,
            severity,
            statement: self.place.number(),
            further_statements: self.further.into_iter().collect(),
            sid: self.place.sid().map(ToOwned::to_owned),
            actions,
            count,
            resources: widest_first(self.resources),
        }
    }
}

/// The widest come first. Of equally wide ones, the shorter come first.
fn widest_first(found: BTreeMap<String, Extent>) -> Vec<String> {
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by(|(a, wide_a), (b, wide_b)| wide_b.cmp(wide_a).then(a.len().cmp(&b.len())).then(a.cmp(b)));
    found.into_iter().map(|(written, _)| written).collect()
}

/// The actions with the widest reach come first, then those of the most dangerous services. Actions that remove access
/// come last.
fn worst_first(found: BTreeMap<String, Extent>) -> Vec<String> {
    let rank = |action: &str| {
        let (service, name) = action.split_once(':').unwrap_or((action, ""));
        let takes_away = ["Delete", "Remove", "Revoke", "Disassociate"].iter().any(|verb| name.starts_with(verb));
        (takes_away, WORST.iter().position(|known| *known == service).unwrap_or(WORST.len()))
    };
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by(|(a, wide_a), (b, wide_b)| wide_b.cmp(wide_a).then(rank(a).cmp(&rank(b))).then(a.cmp(b)));
    found.into_iter().map(|(written, _)| written).collect()
}
