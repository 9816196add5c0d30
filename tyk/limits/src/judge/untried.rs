//! What was not sent as it was planned, so that nothing is known of it.

use crate::behaviour::to_float;
use crate::plan::{Kind, Plan, Step};
use crate::record::Answer;
use crate::target::Target;

/// A step that shows nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Untried {
    /// Its kind.
    pub kind: Kind,
    /// Why, lower case, without a final stop.
    pub reason: String,
}

/// By which part of their distance requests are off by design, and a little more.
const JITTER: f64 = 0.25;

/// Returns the steps of a plan that were not tried: what was sent is less than is planned, or was
/// not sent when it was due.
///
/// Times are held against the step's first request. They may be off by as much as the rest before a
/// step is longer than a window: a twentieth of the window, and 0.2 s at least.
pub(super) fn untried(target: &Target, plan: &Plan, answers: &[Answer]) -> Vec<Untried> {
    let window = target.tightest().map_or(1.0, |check| check.limit.per.max(1.0));
    let slack = (window / 20.0).max(0.2);
    let mut list = Vec::new();
    for step in &plan.steps {
        let sent: Vec<f64> = answers
            .iter()
            .filter(|answer| answer.step == step.kind)
            .map(|answer| answer.sent)
            .collect();
        if let Some(reason) = reason(step, &sent, slack) {
            list.push(Untried { kind: step.kind, reason });
        }
    }
    list
}

/// Returns why a step shows nothing; `sent` is in the order of time.
fn reason(step: &Step, sent: &[f64], slack: f64) -> Option<String> {
    if sent.len() < step.requests {
        return Some(format!("{} of {} requests were sent", sent.len(), step.requests));
    }
    let first = sent.first().copied()?;
    let mut worst: f64 = 0.0;
    for (index, at) in sent.iter().enumerate() {
        let due = first + to_float(index) * step.spacing;
        worst = worst.max((at - due).abs());
    }
    (worst > slack + step.spacing * JITTER).then(|| {
        format!(
            "requests were sent up to {worst:.1} s off their time: answers come too slowly, or this machine is too busy, \
             to send {} in {:.1} s",
            step.requests,
            to_float(step.requests) * step.spacing
        )
    })
}
