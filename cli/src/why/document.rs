//! What an audit line comes to, told to programs.

use super::remedy;
use super::report::{Told, words};
use super::said::said;
use super::way::Seen;
use crate::logged::{Fate, Need, Outcome};
use serde_json::{Value, json};

/// Returns it as JSON.
pub(crate) fn document(told: &Told<'_>) -> Value {
    let (verdict, reason, rule) = match told.fate {
        Fate::Known(Outcome::Allowed { rule }) => ("allowed", None, *rule),
        Fate::Known(Outcome::Refused { says, rule }) => ("refused", Some(words(*says)), *rule),
        Fate::Unknown(_) => ("unknown", None, None),
    };
    let needs = match told.fate {
        Fate::Unknown(needs) => needs.iter().map(need).collect(),
        Fate::Known(_) => Vec::new(),
    };
    let proposals = told.proposals.iter().map(|proposal| {
        let steps: Vec<String> = proposal.steps.iter().map(|step| step.words(told.configuration)).collect();
        json!({"steps": steps, "opens": proposal.opens, "dependsOn": proposal.needs.iter().map(need).collect::<Vec<_>>()})
    });
    json!({
        "line": told.picked.number,
        "time": told.logged.time,
        "requestId": told.logged.request_id,
        "way": told.picked.way.iter().map(seen).collect::<Vec<_>>(),
        "method": told.logged.method,
        "path": told.logged.path(),
        "said": said(told.logged, &told.picked.line),
        "configuration": told.configuration.to_string(),
        "here": {
            "verdict": verdict,
            "reason": reason,
            "rule": rule.map(|rule| told.judged.judge.rule(rule)),
            "dependsOn": needs,
        },
        "differs": told.differs(),
        "doubts": told.doubts,
        "flaw": told.judged.trace.flaw.as_ref().map(|(reason, words)| json!({"reason": reason.as_str(), "words": words})),
        "mend": remedy::of_line(&told.picked.line),
        "proposals": proposals.collect::<Vec<_>>(),
    })
}

fn seen(Seen { number, line }: &Seen) -> Value {
    json!({
        "line": number, "program": line.program.name(), "time": line.time, "traceId": line.trace_id, "words": line.words,
    })
}

fn need(need: &Need) -> Value {
    json!({"fact": need.to_string(), "how": need.remedy()})
}
