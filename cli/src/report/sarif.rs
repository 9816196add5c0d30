//! SARIF 2.1.0 (OASIS), for code scanning and editors. The few objects that it takes are written
//! here: a crate of all of them is made from its schema when it is built, which takes longer than
//! the rest of the tool.

use super::json::severity;
use crate::finding::{DOUBTFUL, Finding, INVALID, RESOURCE, Rule, SYNTAX};
use crate::shown::json_text;
use crate::{drift_rules, import, lint};
use attache_config_reader::Span;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn render(findings: &[Finding]) -> Result<String, serde_json::Error> {
    let own = [&SYNTAX, &RESOURCE, &INVALID, &DOUBTFUL].into_iter();
    let rules: Vec<&Rule> =
        own.chain(lint::rules()).chain(import::rules()).chain(drift_rules::rules()).collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, &rules)).collect();
    let report = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "attache",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| describe(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    Ok(json_text(&report))
}

fn describe(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "defaultConfiguration": {"level": severity(rule.severity)},
    })
}

fn result(finding: &Finding, rules: &[&Rule]) -> Value {
    let remedy = finding.remedy.iter().map(|remedy| format!("; {remedy}"));
    let message: String = std::iter::once(finding.problem.clone()).chain(remedy).collect();
    let mut result = json!({
        "ruleId": finding.rule.id,
        "ruleIndex": rules.iter().position(|rule| rule.id == finding.rule.id),
        "level": severity(finding.rule.severity),
        "message": {"text": message},
        "locations": [location(finding, finding.span)],
    });
    if let (Some((span, label)), Some(members)) = (&finding.also, result.as_object_mut()) {
        let mut related = location(finding, Some(*span));
        if let Some(members) = related.as_object_mut() {
            members.insert("message".to_owned(), json!({"text": label}));
        }
        members.insert("relatedLocations".to_owned(), json!([related]));
    }
    result
}

fn location(finding: &Finding, span: Option<Span>) -> Value {
    let artifact = json!({"uri": uri(&finding.file.name)});
    match span {
        None => json!({"physicalLocation": {"artifactLocation": artifact}}),
        Some(Span { start, end }) => json!({"physicalLocation": {
            "artifactLocation": artifact,
            "region": {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            },
        }}),
    }
}

/// Returns a path as a URI reference (RFC 3986): a relative one stays one.
fn uri(name: &str) -> String {
    let scheme = if Path::new(name).is_absolute() { "file://" } else { "" };
    let mut uri = scheme.to_owned();
    for byte in name.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
