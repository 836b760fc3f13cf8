//! The audit: what is found in each role of the function, as it is now, and the report about all of them.
//!
//! A role is **inspected**, its stack is **looked up**, and both are judged to findings. The function reads, this module
//! decides. It writes nothing, and no external ID is in a report.

pub mod admission;
pub mod drift;
pub mod findings;
pub mod inspected;
pub mod lifetime;
pub mod limits;
pub mod reach;
pub mod report;
pub mod stack_lookup;
pub mod written_trust;
