//! The result of converging a role: the attributes, or why it failed and what may be left.

use std::collections::BTreeMap;

use delegated_role_core::findings::{Code, Finding, Problems, Reason};
use delegated_role_core::identifiers::{AccountId, RoleName};
use delegated_role_core::role::attributes;
use delegated_role_core::role::desired::{DesiredRole, ExternalIds};
use delegated_role_core::role::goal::Goal;
use delegated_role_core::role::observed::Identity;
use delegated_role_core::role::session_revocation::REVOCATION_POLICY;
use delegated_role_core::secrets::Secrets;
use delegated_role_core::timestamp::Timestamp;
use tokio::time::sleep;

use crate::aws::{Failure, Iam};

/// A role as it is declared.
#[derive(Debug)]
pub struct Converged {
    /// Its name.
    pub name: RoleName,
    /// The attributes of the resource.
    pub attributes: BTreeMap<&'static str, String>,
}

/// A role that could not be made as declared.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct NotConverged {
    /// What happened and what to do.
    pub reason: Reason,
    /// What may be left.
    pub left_behind: LeftBehind,
}

/// What a failed declaration may have left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftBehind {
    /// Nothing that this resource may remove.
    Nothing,
    /// Nothing by this delivery. An earlier delivery of the same request may have got further.
    Unknown,
    /// Possibly a role of this name.
    Role(RoleName),
}

impl From<Failure> for NotConverged {
    /// A read that failed: nothing was written.
    fn from(failure: Failure) -> Self {
        Self::untouched(Finding::from(failure))
    }
}

impl From<Problems> for NotConverged {
    fn from(problems: Problems) -> Self {
        Self::untouched(problems)
    }
}

impl NotConverged {
    /// This delivery wrote nothing.
    pub fn untouched(reason: impl Into<Reason>) -> Self {
        Self { reason: reason.into(), left_behind: LeftBehind::Unknown }
    }

    /// There is nothing that the delete of this resource may remove.
    pub fn nothing_left(reason: impl Into<Reason>) -> Self {
        Self { reason: reason.into(), left_behind: LeftBehind::Nothing }
    }

    /// The role may exist.
    pub fn leaving(name: &RoleName, reason: impl Into<Reason>) -> Self {
        Self { reason: reason.into(), left_behind: LeftBehind::Role(name.clone()) }
    }
}

impl NotConverged {
    /// The same without these secrets: AWS may quote what it rejects.
    #[must_use]
    pub fn without(self, secrets: &Secrets) -> Self {
        Self { reason: self.reason.without(secrets), ..self }
    }
}

impl Converged {
    /// The answer for a role as it is declared. `further` are warnings beyond those of the declaration.
    pub fn of(
        goal: &Goal<'_>,
        role: &DesiredRole,
        identity: &Identity,
        external_ids: &ExternalIds,
        further: impl IntoIterator<Item = Finding>,
    ) -> Self {
        let Goal { delegation, .. } = goal;
        let Identity { arn, id } = identity;
        let accounts: Vec<_> = delegation.accounts.iter().map(AccountId::as_str).collect();
        let notes = [external_ids.warning.clone(), role.warnings()].into_iter().flatten();
        let warnings: Vec<Finding> = delegation.warnings.iter().cloned().chain(notes).chain(further).collect();
        let attributes =
            attributes::attributes(role, arn, id, &accounts.join(","), external_ids.in_force.first(), &warnings);
        Self { name: role.name.clone(), attributes }
    }
}

/// Waits until new sessions are valid, because the role may be used as soon as the stack is complete. Returns a warning
/// if the deadline does not leave enough time.
pub(super) async fn outlast(iam: &Iam, sessions_ended_until: Option<Timestamp>) -> Option<Finding> {
    let until = sessions_ended_until?;
    let pause = Timestamp::from(iam.now()).until(until);
    if pause.is_zero() || iam.has_time_for(pause) {
        sleep(pause).await;
        return None;
    }
    let message = format!(
        "Sessions issued before {until} can do nothing: {REVOCATION_POLICY} ends them, and there was no time to wait for that \
         moment."
    );
    Some(Finding::warning(Code::SessionsEnding, "RevokeSessions", message))
}
