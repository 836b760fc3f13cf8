//! AWS at the wire: in-memory fakes that real SDK clients and the real binary call in AWS's own protocols.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`iam`] | IAM of the customer's account |
//! | [`sts`] | STS of a provider, with one role of a customer |
//! | [`cloudformation`] | how CloudFormation reports the resource that a request is about |
//! | [`bucket`] | the S3 bucket that receives the answers to CloudFormation |
//! | [`lambda`] | the Lambda Runtime API around the real binary |
//! | [`fake`] | what these fakes share: faults, latency, and a panic on each request that they do not know |
//! | [`fault`] | a failure, the calls that it applies to, and how often |
//! | [`query`] | the AWS Query protocol: a form in, XML out |
//! | [`sdk`], [`server`] | the two ways to connect: the HTTP client of an SDK, and a loopback port |

#![allow(clippy::expect_used, reason = "tests may panic")]

pub(crate) mod bucket;
pub(crate) mod cloudformation;
mod fake;
mod fault;
pub(crate) mod iam;
pub(crate) mod lambda;
mod query;
mod sdk;
pub(crate) mod server;
pub(crate) mod sts;

pub(crate) use self::fault::ClockError;
