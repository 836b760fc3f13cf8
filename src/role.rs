//! The role in the account: made as the template says, removed, or awaited if the stack of another Region manages it.

pub mod converge;
mod delivery;
pub mod outcome;
pub mod remove;
mod secondary_region;
