//! Lets a service provider into an AWS account, and never further than agreed.
//!
//! A CloudFormation custom resource. A stack's event is **requested**, read as a **command**, run, and
//! **answered**. The modules, in the order in which a request meets them:
//!
//! | module | what it is |
//! | --- | --- |
//! | [`handler`] | one request in, one answer out, within the deadline |
//! | [`request`] | what CloudFormation asks: envelope and intent |
//! | [`command`] | all that can be asked of us; knows its physical ID before any write |
//! | [`delegated_role`] | the role: desired, observed, planned, executed |
//! | [`external_id`] | the provider's external ID for a customer: made once, derived ever after |
//! | [`access_check`] | safe: the external ID opens the customer's role, and nothing less does |
//! | [`guardrails`] | what the function's owner allows, whatever a template asks |
//! | [`properties`] | reading wire properties: typed values, or every problem at once |
//! | [`policy`] | IAM documents as values: judged, compared by meaning, printed canonically |
//! | [`identifiers`] | validated names; holding one is proof |
//! | [`seed`] | the randomness of one request |
//! | [`aws`] | AWS as one request uses it, and what a failed call is |
//! | [`patience`] | how long to wait before trying again |
//! | [`response`] | what CloudFormation hears: always within its limits |
//! | [`callback`] | carries the answer to the presigned URL |
//! | [`log`] | what is logged of a request, and its metrics |
//! | [`connections`] | one HTTP client for AWS and the answer, opened ahead |
//!
//! The binary decides nothing: it reads its environment, makes the clients and serves the Lambda
//! Runtime API.

pub mod access_check;
pub mod aws;
pub mod callback;
pub mod command;
pub mod connections;
pub mod delegated_role;
pub mod external_id;
pub mod guardrails;
pub mod handler;
pub mod identifiers;
pub mod log;
pub mod patience;
pub mod policy;
pub mod properties;
pub mod request;
pub mod response;
pub mod seed;
