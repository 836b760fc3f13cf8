//! Tests through interfaces that do not change: plans applied to a model of IAM, whole requests through the real SDK to an
//! in-memory account, the real binary under the Lambda Runtime API, and the rules of the architecture.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod access_check;
mod agreement;
mod architecture;
mod attributes;
mod audit;
mod callers_account;
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
mod migrating;
mod narrowing;
mod operations;
mod partitions;
mod permissions;
mod plan;
mod policies;
mod process;
mod properties;
mod retries;
mod session_actions;
mod stack;
mod template;
mod vendors;
mod watching;
mod wire;
