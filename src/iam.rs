//! What the function reads from IAM and writes to it. Nothing else in the crate calls IAM.

pub mod execute;
pub mod reads;
