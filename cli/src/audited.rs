//! An audit as its JSON says it. The text, the CSV and the page are all made from this, so that they say the same of a new
//! audit and of a saved one.

mod contents;
mod read;

pub use self::contents::{Audited, Finding, Reach, Role, counted};
