//! The inline policies of a template that change, and how they change without granting too much on the way.
//!
//! Policies that both allow and deny change one after the other, but a deny of one may restrain an allow of another. So
//! what the new template denies stands before anything that it grants, and what the old one denied goes last:
//!
//! - **restrain**: each policy that brings denies gets them beside what it holds already.
//! - **first**: where only one of those also grants something, it is written as a whole, after the others.
//! - **grant**: all others are written. Those that lose denies keep them for now.
//! - **release**: those denies go.
//!
//! A policy that changes alone is written once.

use super::operation::Operation;
use crate::policy::Document;
use crate::role::desired::DesiredRole;
use crate::role::observed::LiveRole;

/// One policy that is to be written.
pub(super) struct Put<'a> {
    pub(super) name: &'a str,
    /// What stands under the name; none where it cannot be understood.
    #[expect(clippy::option_option, reason = "nothing under the name differs from a policy that cannot be understood")]
    standing: Option<Option<&'a Document>>,
    wanted: &'a Document,
}

/// All that differ, by name.
pub(super) fn to_put<'a>(live: Option<&'a LiveRole>, desired: &'a DesiredRole) -> Vec<Put<'a>> {
    let standing = |name: &str| live.and_then(|live| live.inline.get(name)).map(Option::as_ref);
    let puts = desired.inline.iter().map(|(name, wanted)| Put { name, standing: standing(name), wanted });
    puts.filter(|put| put.standing.flatten() != Some(put.wanted)).collect()
}

impl Put<'_> {
    /// How many characters stand now.
    pub(super) fn size(&self) -> usize {
        self.old().map_or(0, Document::size)
    }

    pub(super) fn wanted_size(&self) -> usize {
        self.wanted.size()
    }

    fn old(&self) -> Option<&Document> {
        self.standing.flatten()
    }

    /// Whether it allows something new.
    fn adds(&self) -> bool {
        self.wanted.allowances().is_some_and(|new| !self.old().is_some_and(|old| old.states_all_of(&new)))
    }

    /// Whether it allows something no longer.
    fn drops(&self) -> bool {
        match self.standing {
            Some(Some(old)) => old.allowances().is_some_and(|old| !self.wanted.states_all_of(&old)),
            Some(None) => true,
            None => false,
        }
    }

    /// Whether it denies something new.
    fn brings(&self) -> bool {
        self.wanted.denials().is_some_and(|new| !self.old().is_some_and(|old| old.states_all_of(&new)))
    }

    /// Whether it denies something no longer.
    pub(super) fn loses(&self) -> bool {
        self.old().and_then(Document::denials).is_some_and(|old| !self.wanted.states_all_of(&old))
    }

    fn put(&self, policy: Document) -> Operation {
        Operation::PutInline(self.name.to_owned(), policy)
    }

    /// What stands, and what is denied in future.
    fn restrained(&self) -> Option<Document> {
        let denials = self.wanted.denials()?;
        self.old().map_or_else(|| Some(denials.clone()), |old| old.joined(&denials))
    }

    /// What is wanted, and what was denied.
    fn retained(&self) -> Option<Document> {
        match self.old().and_then(Document::denials) {
            Some(denials) => self.wanted.joined(&denials),
            None => Some(self.wanted.clone()),
        }
    }

    /// All that either denies; nothing where neither does. None where both cannot be in one document.
    #[expect(clippy::option_option, reason = "no denies differ from denies that cannot be in one document")]
    pub(super) fn only_denials(&self) -> Option<Option<Document>> {
        match (self.old().and_then(Document::denials), self.wanted.denials()) {
            (Some(old), Some(new)) => old.joined(&new).map(Some),
            (old, new) => Some(old.or(new)),
        }
    }

    /// The write after which nothing but denies stand under the name, if one is needed.
    pub(super) fn strip(&self, denials: Option<Document>) -> Option<Operation> {
        match denials {
            Some(denials) => (self.old() != Some(&denials)).then(|| self.put(denials)),
            None => self.standing.map(|_| Operation::DeleteInline(self.name.to_owned())),
        }
    }

    /// The write that leaves only what it denies now.
    pub(super) fn strip_to_own_denials(&self) -> Option<Operation> {
        self.strip(self.old().and_then(Document::denials))
    }

    /// The removal of what that left.
    pub(super) fn remove_denials(&self) -> Option<Operation> {
        self.old().and_then(Document::denials).and_then(|_| self.remove())
    }

    pub(super) fn remove(&self) -> Option<Operation> {
        self.standing.map(|_| Operation::DeleteInline(self.name.to_owned()))
    }

    pub(super) fn write(&self) -> Operation {
        self.put(self.wanted.clone())
    }
}

/// The writes, in the order of their stages.
#[derive(Default)]
pub(super) struct Stages {
    pub(super) restrain: Vec<Operation>,
    pub(super) first: Vec<Operation>,
    pub(super) grant: Vec<Operation>,
    pub(super) release: Vec<Operation>,
    /// What the policies take while they change, each at its largest.
    pub(super) largest: usize,
}

impl Stages {
    /// None where a stage needs statements of two language versions in one document. `others_deny` says that denies come
    /// elsewhere, too.
    pub(super) fn of(puts: &[Put<'_>], others_deny: bool) -> Option<Self> {
        let alone = puts.iter().filter(|put| put.brings() && put.adds()).count() == 1;
        let mut stages = Self::default();
        for (index, put) in puts.iter().enumerate() {
            let mut others = puts.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, other)| other);
            let retains = put.loses() && (others_deny || others.any(|other| other.drops() || other.brings()));
            let written = if retains { put.retained()? } else { put.wanted.clone() };
            let mut largest = put.size().max(written.size());
            match (put.brings(), put.adds()) {
                (true, true) if alone => stages.first.push(put.put(written)),
                (true, true) => {
                    let restrained = put.restrained()?;
                    largest = largest.max(restrained.size());
                    stages.restrain.push(put.put(restrained));
                    stages.grant.push(put.put(written));
                }
                (true, false) => stages.restrain.push(put.put(written)),
                (false, _) => stages.grant.push(put.put(written)),
            }
            if retains {
                stages.release.push(put.write());
            }
            stages.largest += largest;
        }
        Some(stages)
    }
}
