//! The page of an audit in a real browser. The page is written by the real binary, and Chromium shows it.
//!
//! `make page` runs these tests. They fail if there is no Chromium.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test insists")]

mod accessible;
mod audits;
mod chromium;
mod filter;
mod hostile;
mod looks;
mod shown;
