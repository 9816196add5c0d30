//! What was found, for programs. Keys are added and never change their meaning.

use super::results::{Result, Results, running};
use attache_tyk_limits::judge::{Judgement, Running};
use serde_json::{Value, json};

/// Returns all of it as one object.
pub(super) fn json(results: &Results) -> Value {
    let idle: Vec<Value> = results
        .idle
        .iter()
        .map(|idle| json!({"api": idle.api, "reason": idle.reason, "isMistake": idle.is_mistake}))
        .collect();
    json!({
        "seed": results.seed,
        "gateways": results.gateways,
        "holds": !results.fail(),
        "notTried": idle,
        "targets": results.list.iter().map(target).collect::<Vec<Value>>(),
    })
}

fn target(result: &Result) -> Value {
    let limits: Vec<Value> = result
        .target
        .checks
        .iter()
        .zip(&result.envelopes)
        .map(|(check, (behaviour, envelope))| {
            json!({
                "rate": check.limit.rate, "per": check.limit.per, "scope": check.scope.to_string(),
                "origin": check.origin, "algorithm": behaviour.to_string(),
                // Without a bound where it is null.
                "envelope": {"window": envelope.window, "least": envelope.least, "most": envelope.most,
                    "overload": envelope.overload},
            })
        })
        .collect();
    let mut value = json!({
        "api": result.target.api, "method": result.target.method, "path": result.target.path,
        "limits": limits, "notes": result.notes, "leftOut": result.plan.left_out,
        "requests": result.plan.requests(),
    });
    let Some(members) = value.as_object_mut() else { return value };
    if let Some(reason) = &result.not_tried {
        members.insert("notTried".to_owned(), json!(reason));
    }
    if let Some(judgement) = &result.judgement {
        members.insert("judgement".to_owned(), judged(judgement));
    }
    value
}

fn judged(judgement: &Judgement) -> Value {
    let steps: Vec<Value> = judgement
        .steps
        .iter()
        .map(|step| {
            json!({
                "step": step.kind, "sent": step.sent, "passed": step.passed, "least": step.least, "most": step.most,
                "firstRefused": step.first_refused, "recoverySeconds": step.recovery, "holds": step.holds,
            })
        })
        .collect();
    let curve: Vec<Value> = judgement
        .curve
        .iter()
        .map(|point| {
            json!({"step": point.kind, "at": point.at, "passed": point.passed, "least": point.least, "most": point.most})
        })
        .collect();
    let untried: Vec<Value> = judgement
        .untried
        .iter()
        .map(|step| json!({"step": step.kind, "reason": step.reason}))
        .collect();
    let fitting: &[String] = match &judgement.running {
        Running::Expected(_, alike) => alike,
        Running::Other(names) => names,
        Running::Unknown(_) | Running::Untold => &[],
    };
    let is_known = !matches!(judgement.running, Running::Unknown(_) | Running::Untold);
    json!({
        "holds": judgement.holds, "running": running(&judgement.running), "isKnown": is_known,
        "fitting": fitting,
        "problems": judgement.problems, "notTried": untried, "steps": steps, "curve": curve,
    })
}
