//! What a line says of its request, in words.

use super::pick::PickedLine;
use crate::logged::{Before, Logged};
use crate::shown::shown;
use std::fmt::Write as _;

/// Returns what a line says of its request: its verdict, and that which it names beside.
pub(super) fn said(logged: &Logged, line: &PickedLine) -> String {
    let by =
        logged.rule.as_deref().map(|rule| format!(", by rule {}", shown(rule))).unwrap_or_default();
    let verdict = match &logged.before {
        Before::Allowed => format!("allowed{by}{}", unverified(line)),
        Before::Refused(None) => "refused; an access log does not tell why".to_owned(),
        Before::Refused(Some(reason)) => {
            format!("refused: {}{}{by}", shown(reason), detail(line))
        }
    };
    let PickedLine::Audit(audit) = line else { return verdict };
    let Some(shadow) = &audit.shadow else { return verdict };
    let reason = shadow.reason.as_deref().unwrap_or("allowed");
    let by =
        shadow.rule_name().map(|rule| format!(", by rule {}", shown(&rule))).unwrap_or_default();
    format!(
        "{verdict}; with what is in SHADOW, or without the dry run: {}{}{by}",
        shown(reason),
        detail(line)
    )
}

/// Tells why a request went on without the identity that its token claims.
fn unverified(line: &PickedLine) -> String {
    let PickedLine::Audit(line) = line else { return String::new() };
    let reason = line.unverified.as_deref().map(shown);
    reason.map(|reason| format!(", without identity: {reason}")).unwrap_or_default()
}

/// Returns what else is behind a verdict, in brackets: a detail, a claim, a header.
fn detail(line: &PickedLine) -> String {
    let PickedLine::Audit(line) = line else { return String::new() };
    let mut words = String::new();
    for (name, value) in [("", &line.detail), ("claim ", &line.claim), ("header ", &line.header)] {
        if let Some(value) = value {
            _ = write!(
                words,
                "{}{name}{}",
                if words.is_empty() { " (" } else { ", " },
                shown(value)
            );
        }
    }
    if words.is_empty() { words } else { words + ")" }
}
