//! What was found, for people.

use super::consent::is_safe;
use super::results::{Result, Results, running};
use crate::counted::counted;
use crate::shown::shown;
use attache_tyk_limits::judge::{Judgement, StepJudgement};
use std::fmt::Write as _;

/// Returns all of it.
pub(super) fn text(results: &Results) -> String {
    let requests: usize = results.list.iter().map(|result| result.plan.requests()).sum();
    let seconds: f64 = results.list.iter().map(|result| result.plan.seconds()).sum();
    let gateways = counted(results.gateways, "gateway");
    let sent = counted(requests, "request");
    let mut text = format!("seed {}, {gateways}: {sent}, {seconds:.0} s at most\n", results.seed);
    for idle in &results.idle {
        let word = if idle.is_mistake { "mistake" } else { "not tried" };
        _ = writeln!(text, "\n{word}: {}: {}", shown(&idle.api), shown(&idle.reason));
    }
    for result in &results.list {
        text.push('\n');
        one(&mut text, result);
    }
    text
}

fn one(text: &mut String, result: &Result) {
    _ = writeln!(text, "{}", shown(&result.target.name()));
    for (check, (behaviour, envelope)) in result.target.checks.iter().zip(&result.envelopes) {
        let (said, scope, origin) = (check.limit.describe(), check.scope, shown(&check.origin));
        _ = writeln!(text, "  {said}, {scope}, by {origin}: {behaviour}");
        let most = |count: f64| {
            if count.is_finite() { count.to_string() } else { "any number".to_owned() }
        };
        _ = writeln!(
            text,
            "  in a window {} must pass and {} may; of more without end, {}",
            envelope.least,
            most(envelope.most),
            most(envelope.overload)
        );
    }
    for note in &result.notes {
        _ = writeln!(text, "  note: {}", shown(note));
    }
    for reason in &result.plan.left_out {
        _ = writeln!(text, "  left out: {reason}");
    }
    match (&result.judgement, &result.not_tried) {
        (Some(judgement), _) => judged(text, judgement),
        (None, Some(reason)) => _ = writeln!(text, "  not tried: {}", shown(reason)),
        (None, None) if result.plan.steps.is_empty() => match result.target.obstacle {
            Some(obstacle) => _ = writeln!(text, "  not tried: {obstacle}"),
            None => text.push_str("  not tried\n"),
        },
        (None, None) => planned(text, result),
    }
}

fn planned(text: &mut String, result: &Result) {
    if !is_safe(&result.target.method) {
        text.push_str("  is not sent unasked, since its method is not safe: --unsafe-methods\n");
    }
    _ = writeln!(text, "  {:<12}{:>6}{:>10}{:>12}", "step", "send", "every", "after rest");
    for step in &result.plan.steps {
        let (every, rest) = (format!("{:.3} s", step.spacing), format!("{:.1} s", step.rest));
        _ = writeln!(text, "  {:<12}{:>6}{every:>10}{rest:>12}", step.kind.name(), step.requests);
    }
}

fn judged(text: &mut String, judgement: &Judgement) {
    _ = writeln!(
        text,
        "  {:<12}{:>6}{:>8}{:>10}{:>11}",
        "step", "sent", "passed", "expected", "first 429"
    );
    for step in &judgement.steps {
        let first = step.first_refused.map_or_else(|| "-".to_owned(), |index| index.to_string());
        let mark = if step.holds { "" } else { "  <" };
        let after =
            step.recovery.map_or_else(String::new, |seconds| format!("  after {seconds:.1} s"));
        _ = writeln!(
            text,
            "  {:<12}{:>6}{:>8}{:>10}{first:>11}{after}{mark}",
            step.kind.name(),
            step.sent,
            step.passed,
            expected(step)
        );
    }
    for problem in &judgement.problems {
        _ = writeln!(text, "  problem: {problem}");
    }
    for step in &judgement.untried {
        _ = writeln!(text, "  not tried: {}: {}", step.kind.name(), step.reason);
    }
    let verdict = if judgement.holds { "holds" } else { "does not hold" };
    _ = writeln!(text, "  {verdict}; running: {}", shown(&running(&judgement.running)));
}

/// Returns how many may pass of a step.
pub(super) fn expected(step: &StepJudgement) -> String {
    if step.least == step.most {
        step.least.to_string()
    } else {
        format!("{}-{}", step.least, step.most)
    }
}
