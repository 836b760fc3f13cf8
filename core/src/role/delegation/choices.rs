//! What a template chooses among, as types.

use crate::identifiers::ExternalId;

/// How the provider's external ID is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalIdWish {
    /// By us: random, kept with the role.
    Generated,
    /// By the template: the first is the one in use, a second is accepted beside it.
    Explicit(Vec<ExternalId>),
    /// There is none.
    NotRequired,
}

/// What happens to policies that others put on the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyOwnership {
    /// They are taken off, unless all they do is deny.
    Exclusive,
    /// They stay.
    Declared,
}

/// Whether sessions end with the trust that they were handed out under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeSessions {
    /// They do when it lets in fewer, or others.
    OnNarrowing,
    /// They live until their time is over.
    Never,
}
