//! For programs. Keys are added and never change their meaning.

use crate::finding::Finding;
use crate::shown::escaped_json;
use attache_config_reader::{Severity, Span};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
struct Report<'f> {
    findings: Vec<Entry<'f>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'f> {
    rule: &'f str,
    severity: &'f str,
    file: &'f str,
    #[serde(skip_serializing_if = "str::is_empty")]
    path: &'f str,
    #[serde(flatten)]
    place: Option<Place>,
    problem: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    see: Option<See<'f>>,
}

/// Lines and columns from 1, columns in characters; the end is the first character that is no part
/// of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct See<'f> {
    #[serde(flatten)]
    place: Place,
    label: &'f str,
}

pub(super) fn render(findings: &[Finding]) -> Result<String, serde_json::Error> {
    let report = Report { findings: findings.iter().map(entry).collect() };
    Ok(escaped_json(&serde_json::to_string_pretty(&report)?) + "\n")
}

/// Returns the list of findings as it stands in a report.
///
/// # Errors
/// As [`super::render`].
pub(crate) fn list(findings: &[Finding]) -> Result<Value, serde_json::Error> {
    let findings: Vec<Finding> = findings.iter().map(Finding::without_secrets).collect();
    let entries: Vec<Entry<'_>> = findings.iter().map(entry).collect();
    serde_json::to_value(entries)
}

fn entry(finding: &Finding) -> Entry<'_> {
    Entry {
        rule: finding.rule.id,
        severity: severity(finding.rule.severity),
        file: &finding.file.name,
        path: &finding.path,
        place: finding.span.map(place),
        problem: &finding.problem,
        remedy: finding.remedy.as_deref(),
        see: finding.also.as_ref().map(|(span, label)| See { place: place(*span), label }),
    }
}

/// Returns what JSON, SARIF and GitHub all call it.
pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn place(span: Span) -> Place {
    Place {
        line: span.start.line,
        column: span.start.column,
        end_line: span.end.line,
        end_column: span.end.column,
    }
}
