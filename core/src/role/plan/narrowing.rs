//! Ending the sessions of those whom a new trust shuts out.
//!
//! The deny can only follow the trust, or sessions handed out in between would outlive it. So that a process
//! that dies in between does not leave them alive, the role is marked before: whoever finds the mark
//! ends the sessions, whatever is wished then.

use super::operation::Operation;
use crate::policy::Document;
use crate::role::delegation::RevokeSessions;
use crate::role::observed::LiveRole;
use crate::role::ownership::{REVOKE_PENDING, REVOKE_TAG, TAGS_ON_A_ROLE, Tags};
use crate::role::session_revocation::{self, REVOCATION_POLICY};
use crate::role::trust::Change;

#[derive(Default)]
pub(super) struct Narrowing {
    /// What stands under the deny's name and may allow: off, whoever put it there. What it denies stays.
    pub(super) clear: Vec<Operation>,
    /// Before the trust.
    pub(super) mark: Vec<Operation>,
    /// After the trust.
    pub(super) end: Vec<Operation>,
    /// After that.
    pub(super) unmark: Vec<Operation>,
    /// What the deny takes, or the one that stands already, in characters.
    pub(super) size: usize,
}

impl Narrowing {
    pub(super) fn of(live: &LiveRole, change: Change, revoke_sessions: RevokeSessions) -> Self {
        let pending = live.tags.get(REVOKE_TAG).is_some();
        let narrows = matches!(change, Change::Narrower | Change::Incomparable);
        let ends_sessions = pending || (narrows && revoke_sessions == RevokeSessions::OnNarrowing);
        let standing = live.inline.get(REVOCATION_POLICY);
        let size = standing.and_then(Option::as_ref).map_or(0, Document::size);
        if !ends_sessions {
            return Self { size, ..Self::default() };
        }
        let denying = standing.and_then(Option::as_ref).and_then(Document::denials);
        let end = vec![Operation::EndSessions(denying.clone())];
        let tag = || vec![Operation::Tag(Tags([(REVOKE_TAG.to_owned(), REVOKE_PENDING.to_owned())].into()))];
        let untag = || vec![Operation::Untag(vec![REVOKE_TAG.to_owned()])];
        let (mark, unmark) = if pending {
            (Vec::new(), untag())
        } else if live.tags.0.len() < TAGS_ON_A_ROLE {
            (tag(), untag())
        } else {
            // Others' tags leave no room for the mark, and must not keep a trust open: then the sessions that
            // there are end before, and those handed out meanwhile after.
            (end.clone(), Vec::new())
        };
        let plain = standing.is_none_or(|policy| policy.as_ref().is_some_and(Document::only_denies));
        let clear = match &denying {
            _ if plain => Vec::new(),
            Some(denials) => vec![Operation::PutInline(REVOCATION_POLICY.to_owned(), denials.clone())],
            None => vec![Operation::DeleteInline(REVOCATION_POLICY.to_owned())],
        };
        Self { clear, mark, end, unmark, size: session_revocation::size(denying.as_ref()) }
    }
}
