//! Gives a service provider access to an AWS account, and never more than agreed.
//!
//! A CloudFormation custom resource. A stack's event is **requested**, read as a **command**, run, and
//! **answered**. A direct call is audited or checked, and its answer is returned. The modules, in the order in which a request meets them:
//!
//! | module | what it is |
//! | --- | --- |
//! | [`handler`] | one request in, one answer out, within the deadline |
//! | [`event`] | what arrived: a request of CloudFormation, or a direct call |
//! | [`direct`] | a direct call, from its event to its answer |
//! | [`request`] | what CloudFormation asks: envelope and intent |
//! | [`command`] | what a request asks for; knows its physical ID before any write |
//! | [`role`] | the role in the account: made as the template says, removed, or awaited |
//! | [`access_check`] | asks STS whether a customer's role can be assumed with the external ID, and not without it |
//! | [`audit`] | reads every role of the function, and reports what is found |
//! | [`cloudformation`] | what CloudFormation says about a resource: is an operation in progress |
//! | [`iam`] | what is read from IAM and written to it |
//! | [`aws`] | the AWS services of one request, and failed calls |
//! | [`backoff`] | how long to wait before trying again |
//! | [`response`] | the answer to CloudFormation, always within its limits |
//! | [`callback`] | sends the answer to the presigned URL |
//! | [`log`] | the log line of a request, and its metrics |
//! | [`connections`] | one HTTP client for AWS and the answer, opened ahead |
//!
//! The binary decides nothing: it reads its environment, makes the clients and serves the Lambda
//! Runtime API.

pub mod access_check;
pub mod audit;
pub mod aws;
pub mod backoff;
pub mod callback;
pub mod cloudformation;
pub mod command;
pub mod connections;
pub mod direct;
pub mod event;
pub mod handler;
pub mod iam;
pub mod log;
pub mod request;
pub mod response;
pub mod role;
