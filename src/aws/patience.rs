//! Which failures of a call may be temporary, by what was just done.

/// Which failures may be temporary, beside those that always may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// None.
    Usual,
    /// The role was just created, or just got its boundary. As long as IAM does not know this everywhere, it answers
    /// that the role does not exist, or denies the call because it does not know the path or boundary of the role.
    Settling,
    /// The same template may have just created the policy.
    JustMade,
}
