//! How mutants that no test notices are told of.

use super::{Score, Survivor};
use crate::counted::counted;
use crate::shown::escaped;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Returns a line for each such mutant, then how many there were of each kind.
pub(crate) fn text(score: &Score) -> String {
    let mut text = String::new();
    for survivor in &score.survivors {
        let mutation = &survivor.mutation;
        let effect = mutation.effect.words();
        let line = format!(
            "{}: no test notices {}: {} ({effect})",
            place(survivor),
            mutation.owner,
            mutation.change
        );
        _ = writeln!(text, "{}", escaped(&line));
    }
    match score.percent() {
        Some(percent) => {
            _ = write!(
                text,
                "{} of {} noticed, {percent} %",
                score.noticed,
                counted(score.ran(), "mutant")
            );
        }
        None => text.push_str("no mutant was run"),
    }
    if score.invalid > 0 {
        _ = write!(text, "; {} left out that the filter refuses", score.invalid);
    }
    if score.not_run > 0 {
        _ = write!(text, "; no time for {}: raise --timeout", score.not_run);
    }
    text.push('\n');
    text
}

/// Returns the same for programs. Keys are added and never change their meaning.
pub(crate) fn json(score: &Score) -> Value {
    json!({
        "score": score.percent(),
        "noticed": score.noticed,
        "unnoticed": score.survivors.len(),
        "invalid": score.invalid,
        "notRun": score.not_run,
        "mutants": score.survivors.iter().map(survivor).collect::<Vec<_>>(),
    })
}

fn survivor(survivor: &Survivor) -> Value {
    let mutation = &survivor.mutation;
    let start = survivor.location.map(|location| location.span().start);
    json!({
        "file": survivor.file,
        "line": start.map(|start| start.line),
        "column": start.map(|start| start.column),
        "path": mutation.at.to_string(),
        "owner": mutation.owner,
        "change": mutation.change,
        "effect": mutation.effect.words(),
    })
}

fn place(survivor: &Survivor) -> String {
    match survivor.location.map(|location| location.span().start) {
        Some(start) => format!("{}:{}:{}", survivor.file, start.line, start.column),
        None => survivor.file.clone(),
    }
}
