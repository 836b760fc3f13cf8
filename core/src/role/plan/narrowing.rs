//! Ending the sessions of callers whom a new trust no longer admits.
//!
//! The deny must follow the trust: otherwise sessions that are issued between both would stay valid. If the process
//! dies in between, the old sessions must still end. So the role is tagged before, and each later plan that finds the
//! tag ends the sessions, whatever the template then declares.

use super::operation::Operation;
use crate::policy::Document;
use crate::role::delegation::RevokeSessions;
use crate::role::observed::LiveRole;
use crate::role::ownership::{REVOKE_PENDING, REVOKE_TAG, TAGS_ON_A_ROLE, Tags};
use crate::role::session_revocation::{self, REVOCATION_POLICY};
use crate::role::trust::Change;

#[derive(Default)]
pub(super) struct Narrowing {
    /// Removes what a policy under the name of the deny allows, also if others wrote it. What it denies stays.
    pub(super) clear: Vec<Operation>,
    /// Before the trust.
    pub(super) mark: Vec<Operation>,
    /// After the trust.
    pub(super) end: Vec<Operation>,
    /// After the deny.
    pub(super) unmark: Vec<Operation>,
    /// The size of the deny, or of the existing one, in characters.
    pub(super) size: usize,
}

impl Narrowing {
    /// Ends sessions when the trust admits fewer or other callers, or when an earlier plan that had to do so died.
    ///
    /// # Guarantees
    /// - When the plan is complete, no session that was issued under the trust before it can do anything.
    /// - If the process dies after the tag is written, each later plan ends the sessions, even if `RevokeSessions` is
    ///   `Never` by then.
    /// - What an existing policy under the same name denies stays denied, and its cut-off never moves back.
    ///
    /// # Assumptions
    /// - IAM evaluates the policies of a role at each call of a session.
    /// - STS issues sessions under the old trust for at most five seconds after `UpdateAssumeRolePolicy`, and the clock of
    ///   the function is not behind the clock of STS by more than that.
    ///
    /// # Caveats
    /// - New sessions can do nothing until the cut-off, so the answer to the stack waits for it.
    /// - If tags of others leave no room for the tag, and the process dies after the trust is written, sessions that were
    ///   issued between the first deny and the new trust stay valid.
    /// - It ends only sessions of this role, not what they created, nor sessions of other roles that they assumed.
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
            // Tags of others leave no room for the tag, and must not keep a trust open. Then the existing sessions end
            // before the trust changes, and those that are issued in between end after it.
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
