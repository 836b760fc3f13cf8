//! The access check: a role is safe if it can be assumed with its external ID, and not without it.
//!
//! A **question** about a customer's role is answered with several **probes**: the replies of STS are judged to a
//! **verdict**. The physical ID keeps the verdict, so that a rollback to a question that was already answered succeeds
//! even if the customer has changed the role since.
//!
//! Not visible from outside: a second external ID that the role accepts, and other principals that it trusts.

pub mod answer;
pub mod probe;
pub mod question;
pub mod verdict;
