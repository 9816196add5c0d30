//! For people.

use super::comparison::{Change, Comparison};
use super::setting::texts;
use super::version::Version;
use crate::shown::escaped;
use crate::symbolic::Outcome;
use anstyle::{AnsiColor, Style};
use std::fmt::Write as _;

/// Tells what differs between two versions, changes first.
pub(crate) fn text(comparison: &Comparison<'_>, is_styled: bool) -> String {
    let mut text = String::new();
    for change in &comparison.changes {
        text.push_str(&told(change, comparison, is_styled));
        text.push('\n');
    }
    let settings = &comparison.settings;
    list(
        &mut text,
        "changed, not compared by requests, and may allow more",
        &texts(settings, true),
    );
    list(
        &mut text,
        "changed, not compared by requests, and allows no more",
        &texts(settings, false),
    );
    let limits: Vec<String> = comparison.limits.iter().cloned().collect();
    list(&mut text, "not followed to the end", &limits);
    text
}

fn told(change: &Change, comparison: &Comparison<'_>, is_styled: bool) -> String {
    let Comparison { old, new, .. } = comparison;
    let (witness, is_allowed) = (&change.difference.witness, change.is_allowed_now());
    let color = if is_allowed { AnsiColor::Red } else { AnsiColor::Yellow };
    let style = if is_styled { color.on_default().bold() } else { Style::new() };
    let word = if is_allowed { "allowed" } else { "refused" };
    let now = by(&change.difference.new, new);
    let (method, path) = (escaped(&witness.method), escaped(&witness.path));
    let mut text = format!("{style}{word} now{style:#}: {method} {path}{now}\n");
    let before = by(&change.difference.old, old);
    let other = if is_allowed { "refused" } else { "allowed" };
    _ = writeln!(text, "  {other} before{before}");
    _ = writeln!(text, "  for {}", escaped(&change.workloads.join("; ")));
    _ = writeln!(text, "  {}", witness.curl());
    for line in witness.circumstances(&new.config, escaped) {
        _ = writeln!(text, "  {line}");
    }
    for line in change.difference.others.lines(escaped) {
        _ = writeln!(text, "  {line}");
    }
    text
}

fn by(outcome: &Outcome, version: &Version<'_>) -> String {
    let reason = outcome.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{reason}{}", outcome.by(version.configuration, &version.config))
}

fn list(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    _ = writeln!(text, "{title}:");
    for line in lines {
        _ = writeln!(text, "  {line}");
    }
    text.push('\n');
}
