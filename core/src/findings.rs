//! Findings: problems, warnings and what an audit reports, each a sentence with a code.
//!
//! A finding is a value: programs read its parts, people read it as one sentence that ends with its code in square
//! brackets. `docs/messages.md` explains every code.

mod code;
mod finding;
mod fit;
mod problems;
mod reason;

pub use self::code::Code;
pub use self::finding::{Finding, Severity};
pub use self::fit::{cut, length};
pub use self::problems::Problems;
pub use self::reason::Reason;
