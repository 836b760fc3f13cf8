//! Everything that is tested through a door that does not move: the plan folded through a model of
//! IAM, whole requests on an in-memory account behind the real SDK, the real binary under the Lambda
//! Runtime API, and the rules of the house.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test insists")]

mod access_check;
mod architecture;
mod attributes;
mod convergence;
mod delegated_role;
mod delivery;
mod docs;
mod external_id;
mod faults;
mod fixtures;
mod function;
mod fuzz;
mod home_region;
mod metrics;
mod narrowing;
mod partitions;
mod permissions;
mod plan;
mod process;
mod properties;
mod retries;
mod stack;
mod template;
mod vendors;
mod wire;
