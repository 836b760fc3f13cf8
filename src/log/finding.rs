//! One log line for each finding of an audit. Nobody reads the result of a scheduled audit, so the log has the findings.

use std::time::{Duration, SystemTime};

use delegated_role_core::audit::report::Report;

use super::lines::REQUEST;
use super::metrics::of_finding;

/// Writes a line for each finding, with its metric.
pub fn write(report: &Report, at: SystemTime) {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let at_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    for entry in &report.entries {
        for finding in &entry.findings {
            let (role, code) = (entry.role.arn.as_str(), finding.code.name());
            let (severity, message) = (finding.severity.name(), finding.message.as_str());
            let metrics = of_finding(at_ms, code).to_string();
            tracing::warn!(target: REQUEST, role, code, severity, finding = message, metrics, "finding");
        }
    }
}
