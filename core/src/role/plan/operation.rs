//! A plan as data: calls to IAM in order, as they are executed and as they are printed.

use std::fmt;

use crate::findings::Finding;
use crate::identifiers::PolicyArn;
use crate::policy::Document;
use crate::role::desired::DesiredRole;
use crate::role::ownership::Tags;
use crate::role::session_revocation::REVOCATION_POLICY;
use crate::role::trust::Trust;

/// One call that changes a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Makes the role, with its trust, settings, boundary and tags, but without permissions.
    Create(Box<DesiredRole>),
    /// Sets or replaces the permissions boundary.
    PutBoundary(PolicyArn),
    /// Removes the permissions boundary.
    DeleteBoundary,
    /// Replaces the trust policy.
    SetTrust(Box<Trust>),
    /// Sets the description and the maximum session duration.
    SetSettings {
        /// Empty: none.
        description: String,
        /// In seconds.
        max_session_duration: u32,
    },
    /// Adds or overwrites tags.
    Tag(Tags),
    /// Removes tags.
    Untag(Vec<String>),
    /// Writes an inline policy.
    PutInline(String, Document),
    /// Removes an inline policy.
    DeleteInline(String),
    /// Denies everything to sessions that were issued until now, and what this existing document under the same name
    /// denies. The cut-off is calculated when the operation is executed.
    EndSessions(Option<Document>),
    /// Attaches a managed policy.
    Attach(PolicyArn),
    /// Detaches a managed policy.
    Detach(String),
    /// Removes the role, which has no policies any more.
    DeleteRole,
}

/// Steps to execute one after the other. The operations of one step may be concurrent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// None of them is empty.
    pub steps: Vec<Vec<Operation>>,
    /// Warnings.
    pub warnings: Vec<Finding>,
}

impl Plan {
    pub(super) fn of(steps: impl IntoIterator<Item = Vec<Operation>>, warnings: Vec<Finding>) -> Self {
        Self { steps: steps.into_iter().filter(|step| !step.is_empty()).collect(), warnings }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// The permission that the call needs, and its object. Tags are printed by key and policies by name, because a plan
/// contains external IDs and must print none.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(role) => write!(f, "iam:CreateRole {}", role.name),
            Self::PutBoundary(arn) => write!(f, "iam:PutRolePermissionsBoundary {arn}"),
            Self::DeleteBoundary => f.write_str("iam:DeleteRolePermissionsBoundary"),
            Self::SetTrust(_) => f.write_str("iam:UpdateAssumeRolePolicy"),
            Self::SetSettings { .. } => f.write_str("iam:UpdateRole"),
            Self::Tag(tags) => write!(f, "iam:TagRole {}", tags.0.keys().cloned().collect::<Vec<_>>().join(",")),
            Self::Untag(keys) => write!(f, "iam:UntagRole {}", keys.join(",")),
            Self::PutInline(name, _) => write!(f, "iam:PutRolePolicy {name}"),
            Self::DeleteInline(name) => write!(f, "iam:DeleteRolePolicy {name}"),
            Self::EndSessions(_) => write!(f, "iam:PutRolePolicy {REVOCATION_POLICY}"),
            Self::Attach(arn) => write!(f, "iam:AttachRolePolicy {arn}"),
            Self::Detach(arn) => write!(f, "iam:DetachRolePolicy {arn}"),
            Self::DeleteRole => f.write_str("iam:DeleteRole"),
        }
    }
}

/// One line for each step.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            let calls: Vec<String> = step.iter().map(ToString::to_string).collect();
            writeln!(f, "{}. {}", index + 1, calls.join("; "))?;
        }
        Ok(())
    }
}
