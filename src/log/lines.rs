//! Formats a log line. A field of a tracing event is text or a number, never an object, so the metrics come as JSON text.
//! Here their members become members of the line.

use std::fmt;

use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The target of the line, for filters.
pub const REQUEST: &str = "service_provider_access::request";

/// The field that contains the metrics, until [`lines`] makes them members of the line.
pub(super) const METRICS: &str = "metrics";

/// JSON lines with the metrics where CloudWatch expects them.
#[derive(Debug)]
pub struct WithMetrics<Json>(pub Json);

impl<S, N, Json> FormatEvent<S, N> for WithMetrics<Json>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    Json: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if event.metadata().target() != REQUEST {
            return self.0.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(with_metrics(&line).as_ref().unwrap_or(&line))
    }
}

/// The line with the members of its metrics instead of their text.
fn with_metrics(line: &str) -> Option<String> {
    let members: Map<String, Value> = serde_json::from_str(line).ok()?;
    let text = members.get(METRICS)?;
    let metrics = text.as_str()?;
    serde_json::from_str::<Map<String, Value>>(metrics).ok()?;
    let metrics = metrics.strip_prefix('{')?.strip_suffix('}')?;
    // In place, so that the line still begins with its time. No other text can contain this, because its quotation marks
    // would be escaped.
    Some(line.replacen(&format!("\"{METRICS}\":{text}"), metrics, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_of_the_metrics_become_members_of_the_line() {
        let line = r#"{"level":"INFO","metrics":"{\"_aws\":{\"Timestamp\":1},\"Requests\":1}","outcome":"success"}"#;
        let expected = r#"{"level":"INFO","_aws":{"Timestamp":1},"Requests":1,"outcome":"success"}"#;
        assert_eq!(with_metrics(line).as_deref(), Some(expected));
    }

    #[test]
    fn a_line_without_metrics_is_unchanged() {
        for line in [r#"{"level":"INFO"}"#, r#"{"metrics":7}"#, r#"{"metrics":"not JSON"}"#, "no JSON"] {
            assert_eq!(with_metrics(line), None, "{line}");
        }
    }
}
