//! What CloudFormation says about the resource that a role belongs to.

/// Whether the stack in the tags of a role still manages it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StackLookup {
    /// It does.
    Manages,
    /// It does, and an operation on the resource is in progress.
    InProgress,
    /// It does not. Says why, as the end of a sentence.
    Gone(String),
    /// The stack is in another Region, so the function there looks it up.
    OtherRegion,
    /// The look-up failed, or the role names no stack.
    Unknown,
}
