//! The verb `audit` as it is run: the real binary, and the in-memory account of the function's tests over loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test insists")]

/// The function and the account of its tests.
#[allow(dead_code, unused_imports, reason = "other tests use the rest")]
#[path = "../../../tests/it"]
mod it {
    pub(crate) mod fixtures;
    pub(crate) mod stack;
    /// Without what only a function on Lambda needs.
    pub(crate) mod wire {
        pub(crate) mod cloudformation;
        mod fake;
        mod fault;
        pub(crate) mod iam;
        mod query;
        mod sdk;
        pub(crate) mod server;
        pub(crate) mod sts;
    }
}

mod account;
mod csv;
mod findings;
mod settings;

use self::it::{fixtures, stack, wire};
