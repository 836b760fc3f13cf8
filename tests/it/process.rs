//! The program itself: the binary that is deployed, under Lambda's Runtime API, with real sockets to IAM, STS and the
//! response bucket.

mod answers;
mod audit;
mod audit_secrets;
mod connections;
mod crashes;
mod deadline;
mod events;
mod log;
mod provider;
mod response_bucket;
mod warm;

use std::time::Duration;

use crate::function::lines;

/// A timeout of the function that a test can wait for.
const SHORT: Duration = Duration::from_secs(8);

/// The second would add the logs of other crates if it were taken for a filter.
const LOG_LEVELS: [&str; 2] =
    ["trace", "trace,lambda_runtime=trace,reqwest=trace,hyper=trace,aws_smithy_runtime=trace"];

/// Checks that none of the outputs of a function with this log level contains a secret.
fn check_log(level: &str, log: &[String], secrets: &[String], outputs: &[String]) {
    let retried = lines(log).iter().any(|line| line["message"] == "trying again");
    assert_eq!(retried, level == "trace", "the log contains lower levels: {log:#?}");
    for secret in secrets {
        assert!(secret.len() >= 6, "{secret} is too short to search for");
        let leak = outputs.iter().find(|line| line.contains(secret.as_str()));
        assert_eq!(leak, None, "{secret} is revealed");
    }
}
