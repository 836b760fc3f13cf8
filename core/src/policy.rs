//! IAM policy documents as values: read strictly, compared by meaning, judged by what they grant,
//! printed in one form.

mod catalogue;
mod document;
mod equivalence;
mod malformed;
mod pattern;
mod printing;
mod privileges;
mod statement;
mod strict_json;
#[cfg(test)]
mod tests;
mod validation;
mod wording;

pub use catalogue::{ByArn, aws_managed};
pub use document::Document;
pub use malformed::Malformed;
pub use pattern::{glob_matches, globs_intersect};
pub use privileges::{Author, Code, Privilege, Severity, Terms};
pub use validation::Rejected;
