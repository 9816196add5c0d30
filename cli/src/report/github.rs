//! Annotations of GitHub Actions: workflow commands, which GitHub shows beside the line of a pull
//! request.

use super::json::severity;
use crate::finding::Finding;
use crate::shown::escaped;
use std::fmt::Write;

pub(super) fn render(findings: &[Finding]) -> String {
    findings.iter().map(line).collect()
}

fn line(finding: &Finding) -> String {
    let mut line =
        format!("::{} file={}", severity(finding.rule.severity), property(&finding.file.name));
    if let Some(span) = finding.span {
        let (start, end) = (span.start, span.end);
        // It takes columns within one line only.
        let columns = if start.line == end.line && start.column < end.column {
            format!(",col={},endColumn={}", start.column, end.column.saturating_sub(1))
        } else {
            String::new()
        };
        _ = write!(line, ",line={}{columns}", start.line);
    }
    let remedy = finding.remedy.iter().map(|remedy| format!("; {remedy}"));
    let message: String = std::iter::once(finding.problem.clone()).chain(remedy).collect();
    let title = property(&format!("attache: {}", finding.rule.id));
    line + &format!(",title={title}::{}\n", data(&message))
}

/// Escapes what a message may not hold: a line's end and a terminal's commands among it.
fn data(text: &str) -> String {
    escaped(text).replace('%', "%25")
}

/// Escapes what the value of a property may not hold.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
