//! What a caller may do with the session beside assuming the role: tag it, and name the identity behind it.
//!
//! STS evaluates these actions with `sts:AssumeRole`, and all of them must be allowed. Their requests carry neither the external ID
//! nor the keys of MFA, so they have a statement of their own. Alone, they let in no one.

/// One such action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionAction {
    /// The caller passes session tags, or has transitive ones.
    TagSession,
    /// The caller passes a source identity, or has one.
    SetSourceIdentity,
}

impl SessionAction {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::TagSession, Self::SetSourceIdentity];

    /// The property that allows it.
    pub fn property(self) -> &'static str {
        match self {
            Self::TagSession => "AllowSessionTags",
            Self::SetSourceIdentity => "AllowSourceIdentity",
        }
    }

    /// Its name in a policy.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::TagSession => "sts:TagSession",
            Self::SetSourceIdentity => "sts:SetSourceIdentity",
        }
    }

    /// The action of this name, in whatever letter case.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name().eq_ignore_ascii_case(name))
    }
}
