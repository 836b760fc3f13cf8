//! The metrics of a request, in CloudWatch's [embedded metric format]: CloudWatch makes them from the log, so the
//! function makes no call for them and needs no permission.
//!
//! [embedded metric format]:
//! https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

use std::collections::BTreeMap;

use delegated_role_core::access_check::answer::Verdict;
use serde_json::{Value, json};

use crate::aws::Calls;
use crate::response::{Cause, REFUSED, Response};

/// Their namespace in CloudWatch.
pub const NAMESPACE: &str = "ServiceProviderAccess";

/// The measurements of one request.
#[derive(Clone, Debug)]
pub struct Measured {
    /// When the request came, in milliseconds since 1970.
    pub at_ms: u64,
    /// Its resource type, if the function knows it.
    pub resource_type: Option<&'static str>,
    /// How it failed. `None` if it succeeded.
    pub failure: Option<FailureKind>,
    /// The calls to AWS.
    pub calls: Calls,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What an audit or an access check found.
    pub counted: Option<Counted>,
}

/// What an audit or an access check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// The audited roles, and the findings of each kind.
    Audit {
        /// How many roles were read.
        roles: usize,
        /// How many findings there are, by the name of their code.
        findings: BTreeMap<&'static str, usize>,
    },
    /// An access check.
    AccessCheck {
        /// Its verdict.
        verdict: &'static str,
        /// Whether it is worth an alarm.
        failed: bool,
    },
}

/// The resource type whose requests are access checks.
const ACCESS_CHECK: &str = "Custom::AccessCheck";

/// The attribute that has the verdict of a check.
const VERDICT: &str = "Verdict";

impl Counted {
    /// The access check of a request of CloudFormation that made `calls`. `None` if it made none, as after an answer that
    /// was already known.
    pub fn of_request(resource_type: Option<&str>, response: &Response, calls: Calls) -> Option<Self> {
        if resource_type != Some(ACCESS_CHECK) {
            return None;
        }
        let verdict = match response {
            Response::Success { attributes, .. } if calls.sent > 0 => {
                let verdict = attributes.values.get(VERDICT)?;
                Verdict::ALL.into_iter().map(Verdict::name).find(|name| name == verdict)?
            }
            Response::Success { .. } => return None,
            Response::Failed { cause: Cause::Refused, .. } => REFUSED,
            Response::Failed { cause: Cause::Unsafe, .. } => Verdict::Unsafe.name(),
            Response::Failed { cause: Cause::Shut, .. } => Verdict::Shut.name(),
            Response::Failed { .. } => Verdict::Inconclusive.name(),
        };
        // The author of a template sees that it was refused.
        let failed = matches!(response, Response::Failed { .. }) && verdict != REFUSED;
        Some(Self::AccessCheck { verdict, failed })
    }
}

/// How a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// CloudFormation got an answer.
    Answered(Cause),
    /// CloudFormation got no answer, and the stack waits.
    Unanswered,
}

impl FailureKind {
    /// Whether it is worth an alarm: everything but a mistake in a template, which its author sees.
    fn is_a_fault(self) -> bool {
        self != Self::Answered(Cause::Refused)
    }

    /// Its name, the value of a metric dimension. Alarms depend on it.
    fn name(self) -> &'static str {
        match self {
            Self::Answered(Cause::Refused) => "Refused",
            Self::Answered(Cause::Denied) => "Denied",
            Self::Answered(Cause::Throttled) => "Throttled",
            Self::Answered(Cause::Unavailable) => "Unavailable",
            Self::Answered(Cause::TimedOut) => "TimedOut",
            Self::Answered(Cause::Panicked) => "Panicked",
            Self::Answered(Cause::Settings) => "Settings",
            Self::Answered(Cause::Unsafe) => "Unsafe",
            Self::Answered(Cause::Shut) => "Shut",
            Self::Answered(Cause::Inconclusive) => "Inconclusive",
            Self::Answered(Cause::Other) => "Other",
            Self::Unanswered => "Unanswered",
        }
    }
}

/// The members that make a JSON line a document in this format: every metric in total and by resource type, the
/// failures by kind too, and the faults in total.
pub fn document(measured: &Measured) -> Value {
    let metric = |(name, unit): (&str, &str)| json!({ "Name": name, "Unit": unit });
    let metrics = [
        ("Requests", "Count"),
        ("Failures", "Count"),
        ("AwsCalls", "Count"),
        ("Retries", "Count"),
        ("Throttles", "Count"),
        ("Duration", "Milliseconds"),
    ];
    let mut directives = vec![
        json!({
            "Namespace": NAMESPACE,
            "Dimensions": [[], ["ResourceType"]],
            "Metrics": metrics.map(metric),
        }),
        // For the alarm, which needs no dimension. CloudWatch bills each metric.
        json!({ "Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": [metric(("Faults", "Count"))] }),
    ];
    if measured.failure.is_some() {
        directives.push(json!({
            "Namespace": NAMESPACE,
            "Dimensions": [["FailureKind"]],
            "Metrics": [metric(("Failures", "Count"))],
        }));
    }
    let Calls { sent, retried, throttled } = measured.calls;
    let mut document = json!({
        "_aws": { "Timestamp": measured.at_ms, "CloudWatchMetrics": directives },
        "ResourceType": measured.resource_type.unwrap_or("Unknown"),
        "Requests": 1,
        "Failures": u8::from(measured.failure.is_some()),
        "Faults": u8::from(measured.failure.is_some_and(FailureKind::is_a_fault)),
        "AwsCalls": sent,
        "Retries": retried,
        "Throttles": throttled,
        "Duration": measured.duration_ms,
    });
    if let Some(failure) = measured.failure {
        document["FailureKind"] = failure.name().into();
    }
    if let Some(counted) = &measured.counted {
        count(&mut document, counted);
    }
    document
}

/// Adds what an audit or a check found. Each finding has a line of its own, which counts it by code; the zero here lets the
/// alarm end.
fn count(document: &mut Value, counted: &Counted) {
    let (metrics, dimensions) = match counted {
        Counted::Audit { roles, findings } => {
            document["AuditedRoles"] = (*roles).into();
            document["AuditFindings"] = 0.into();
            document["FindingsByCode"] = json!(findings);
            (&["AuditedRoles", "AuditFindings"][..], json!([[]]))
        }
        Counted::AccessCheck { verdict, failed } => {
            document["AccessChecks"] = 1.into();
            document["FailedAccessChecks"] = u8::from(*failed).into();
            document[VERDICT] = (*verdict).into();
            add(document, &["FailedAccessChecks"], json!([[]]));
            (&["AccessChecks"][..], json!([[], [VERDICT]]))
        }
    };
    add(document, metrics, dimensions);
}

#[expect(clippy::needless_pass_by_value, reason = "every caller makes the dimensions in place")]
fn add(document: &mut Value, metrics: &[&str], dimensions: Value) {
    let metrics: Vec<Value> = metrics.iter().map(|name| json!({ "Name": name, "Unit": "Count" })).collect();
    if let Some(Value::Array(directives)) = document.pointer_mut("/_aws/CloudWatchMetrics") {
        directives.push(json!({ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics }));
    }
}

/// The members that count one finding of an audit, in total and by its code.
pub fn of_finding(at_ms: u64, code: &str) -> Value {
    json!({
        "_aws": {
            "Timestamp": at_ms,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [[], ["Code"]],
                "Metrics": [{ "Name": "AuditFindings", "Unit": "Count" }],
            }],
        },
        "Code": code,
        "AuditFindings": 1,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "every check takes its expected text")]
    fn check(resource_type: Option<&'static str>, failure: Option<FailureKind>, expected: Expect) {
        let calls = Calls { sent: 5, retried: 2, throttled: 1 };
        let measured =
            Measured { at_ms: 1_795_348_801_000, resource_type, failure, calls, duration_ms: 321, counted: None };
        expected.assert_eq(&format!("{:#}\n", document(&measured)));
    }

    #[test]
    fn a_success_is_counted_by_resource_type() {
        check(
            Some("Custom::DelegatedRole"),
            None,
            expect![[r#"
                {
                  "AwsCalls": 5,
                  "Duration": 321,
                  "Failures": 0,
                  "Faults": 0,
                  "Requests": 1,
                  "ResourceType": "Custom::DelegatedRole",
                  "Retries": 2,
                  "Throttles": 1,
                  "_aws": {
                    "CloudWatchMetrics": [
                      {
                        "Dimensions": [
                          [],
                          [
                            "ResourceType"
                          ]
                        ],
                        "Metrics": [
                          {
                            "Name": "Requests",
                            "Unit": "Count"
                          },
                          {
                            "Name": "Failures",
                            "Unit": "Count"
                          },
                          {
                            "Name": "AwsCalls",
                            "Unit": "Count"
                          },
                          {
                            "Name": "Retries",
                            "Unit": "Count"
                          },
                          {
                            "Name": "Throttles",
                            "Unit": "Count"
                          },
                          {
                            "Name": "Duration",
                            "Unit": "Milliseconds"
                          }
                        ],
                        "Namespace": "ServiceProviderAccess"
                      },
                      {
                        "Dimensions": [
                          []
                        ],
                        "Metrics": [
                          {
                            "Name": "Faults",
                            "Unit": "Count"
                          }
                        ],
                        "Namespace": "ServiceProviderAccess"
                      }
                    ],
                    "Timestamp": 1795348801000
                  }
                }
            "#]],
        );
    }

    #[test]
    fn a_failure_is_counted_by_kind_and_an_unknown_resource_type_as_unknown() {
        check(
            None,
            Some(FailureKind::Unanswered),
            expect![[r#"
                {
                  "AwsCalls": 5,
                  "Duration": 321,
                  "FailureKind": "Unanswered",
                  "Failures": 1,
                  "Faults": 1,
                  "Requests": 1,
                  "ResourceType": "Unknown",
                  "Retries": 2,
                  "Throttles": 1,
                  "_aws": {
                    "CloudWatchMetrics": [
                      {
                        "Dimensions": [
                          [],
                          [
                            "ResourceType"
                          ]
                        ],
                        "Metrics": [
                          {
                            "Name": "Requests",
                            "Unit": "Count"
                          },
                          {
                            "Name": "Failures",
                            "Unit": "Count"
                          },
                          {
                            "Name": "AwsCalls",
                            "Unit": "Count"
                          },
                          {
                            "Name": "Retries",
                            "Unit": "Count"
                          },
                          {
                            "Name": "Throttles",
                            "Unit": "Count"
                          },
                          {
                            "Name": "Duration",
                            "Unit": "Milliseconds"
                          }
                        ],
                        "Namespace": "ServiceProviderAccess"
                      },
                      {
                        "Dimensions": [
                          []
                        ],
                        "Metrics": [
                          {
                            "Name": "Faults",
                            "Unit": "Count"
                          }
                        ],
                        "Namespace": "ServiceProviderAccess"
                      },
                      {
                        "Dimensions": [
                          [
                            "FailureKind"
                          ]
                        ],
                        "Metrics": [
                          {
                            "Name": "Failures",
                            "Unit": "Count"
                          }
                        ],
                        "Namespace": "ServiceProviderAccess"
                      }
                    ],
                    "Timestamp": 1795348801000
                  }
                }
            "#]],
        );
    }
}
