//! The access check: safe means that the external ID opens the role, and that nothing less does.
//!
//! A **question** about a customer's role is asked with several **probes**; what STS answers is judged to a
//! **verdict**, and the verdict is kept in the physical ID, so that the rollback to a question already answered needs
//! no second answer from a customer who may have changed the role.
//!
//! What cannot be seen from outside: a second external ID that the role accepts, and other principals that it
//! trusts.

pub mod answer;
pub mod probe;
pub mod question;
pub mod verdict;
