//! The life of a delegated role, in whole requests through the handler.

mod create;
mod delete;
mod events;
mod external_id;
mod faults;
mod handoff;
mod ownership;
mod replacement;
mod update;
