//! The delegated role: what it should be, what there is, and the plan from one to the other.
//!
//! A delegation **desires** a role, a role is **observed**, the difference is **planned** as data. Create, update and
//! a repeated delivery of either are one idempotent operation.

pub mod account_lookup;
pub mod attributes;
pub mod declaration;
pub mod delegation;
pub mod desired;
pub mod goal;
pub mod guardrail_policy;
pub mod home_region;
pub mod name_conflict;
pub mod observed;
pub mod ownership;
pub mod plan;
pub mod policy_names;
pub mod previous_template;
pub mod session_revocation;
pub mod state_tag;
pub mod trust;
