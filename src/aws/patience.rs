//! Which failures of a call may be temporary, by what was just done.

/// Which failures may be temporary, beside those that always may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// No others.
    Usual,
    /// The role was created, or got its boundary, a moment ago. Where IAM does not know this yet, it answers that the role
    /// does not exist, or denies the call because it does not see the role's path or boundary.
    Settling,
    /// The policy may have been made a moment ago by the same template.
    JustMade,
}
