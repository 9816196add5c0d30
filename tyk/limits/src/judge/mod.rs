//! Holds what came back against what may: does the limit hold, and which algorithm is running?
//!
//! Every way of counting that may be at work is played with the times of the requests. When a
//! request came to the gateway is known only as between its sending and its answer, so each is
//! played many times with other moments between them: what came back must lie within what those
//! plays let pass.

mod band;
mod candidates;
mod hypothesis;
mod untried;

pub use band::Point;
pub use untried::Untried;

use crate::plan::{Kind, Plan};
use crate::record::{Answer, Outcome, Tried};
use crate::settings::Settings;
use crate::target::Target;
use band::Band;
use candidates::{candidates, expected};
use hypothesis::Hypothesis;
use untried::untried;

/// What is known of a run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'r> {
    /// How the gateways are set up.
    pub settings: &'r Settings,
    /// How many share the limits.
    pub gateways: usize,
    /// How many URLs there were.
    pub urls: usize,
    /// The clock at the beginning.
    pub started: f64,
    /// What chance goes by.
    pub seed: u64,
}

/// What was found of a target.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Whether it fares as is written down, and all that was planned was tried.
    pub holds: bool,
    /// Each step.
    pub steps: Vec<StepJudgement>,
    /// What is running.
    pub running: Running,
    /// What is wrong besides.
    pub problems: Vec<String>,
    /// Steps that show nothing, since they were not sent as planned.
    pub untried: Vec<Untried>,
    /// How many had passed at each request, and how many may have.
    pub curve: Vec<Point>,
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepJudgement {
    /// Its kind.
    pub kind: Kind,
    /// How many were sent.
    pub sent: usize,
    /// How many passed.
    pub passed: usize,
    /// How many must pass.
    pub least: usize,
    /// How many may pass.
    pub most: usize,
    /// Which request was the first to get 429, from 1.
    pub first_refused: Option<usize>,
    /// Seconds from the last request before it until the first that passed, of a recovery.
    pub recovery: Option<f64>,
    /// Whether it is as expected, to its end.
    pub holds: bool,
}

/// What is running.
#[derive(Clone, Debug, PartialEq)]
pub enum Running {
    /// What is written down, and what can't be told from it by what was tried.
    Expected(String, Vec<String>),
    /// Something else: what explains all answers, the likeliest first.
    Other(Vec<String>),
    /// Nothing that is known; what comes nearest.
    Unknown(String),
    /// Nothing can be told of it, as no request came as far as a limit.
    Untold,
}

/// Judges what was tried of a target, by the plan that it was sent by.
#[must_use]
pub fn judge(target: &Target, plan: &Plan, tried: &Tried, run: Run<'_>) -> Judgement {
    let mut answers = tried.answers.clone();
    answers.sort_by(|one, other| one.sent.total_cmp(&other.sent));
    let wanted = expected(target, run);
    let band = Band::of(&wanted, &answers, run);
    let mut problems = problems(&answers);
    let is_usable = problems.is_empty();
    let running = if is_turned_away(&answers) {
        Running::Untold
    } else if band.excess(&answers) == 0.0 {
        let all = candidates(target, run);
        let alike = all.iter().filter(|other| other.is_algorithm && explains(other, &answers, run));
        Running::Expected(wanted.name.clone(), alike.map(|other| other.name.clone()).collect())
    } else {
        other(target, &answers, run)
    };
    if answers.is_empty() {
        problems.push("nothing was sent".to_owned());
    }
    let untried = untried(target, plan, &answers);
    let is_expected = matches!(running, Running::Expected(..));
    Judgement {
        holds: is_expected && is_usable && !answers.is_empty() && untried.is_empty(),
        steps: steps(&answers, &band),
        running,
        problems,
        untried,
        curve: band.curve(&answers),
    }
}

fn explains(hypothesis: &Hypothesis, answers: &[Answer], run: Run<'_>) -> bool {
    Band::of(hypothesis, answers, run).excess(answers) == 0.0
}

fn other(target: &Target, answers: &[Answer], run: Run<'_>) -> Running {
    let mut tried: Vec<(f64, f64, String)> = Vec::new();
    for hypothesis in candidates(target, run) {
        let band = Band::of(&hypothesis, answers, run);
        tried.push((band.excess(answers), band.width(), hypothesis.name));
    }
    // Of several that explain it all, the one that allows for least.
    tried.sort_by(|one, other| (one.0.total_cmp(&other.0)).then(one.1.total_cmp(&other.1)));
    let explaining: Vec<String> =
        tried.iter().filter(|(excess, ..)| *excess == 0.0).map(|(.., name)| name.clone()).collect();
    match tried.first() {
        Some((.., name)) if explaining.is_empty() => Running::Unknown(name.clone()),
        _ => Running::Other(explaining),
    }
}

/// Returns whether each request was turned away before any limit.
fn is_turned_away(answers: &[Answer]) -> bool {
    !answers.is_empty() && answers.iter().all(|answer| matches!(answer.status, 401 | 403))
}

fn problems(answers: &[Answer]) -> Vec<String> {
    let mut problems = Vec::new();
    let count = |outcome| answers.iter().filter(|answer| answer.outcome() == outcome).count();
    let total = answers.len();
    for (outcome, said) in [
        (Outcome::Failed, "failed: a 500 of Tyk's own, or no answer"),
        (Outcome::OverQuota, "got 403 since the key's quota is used up"),
        (Outcome::Denied, "got 401 or 403: the key is not taken"),
    ] {
        let met = count(outcome);
        if met > 0 {
            problems.push(format!("{met} of {total} requests {said}"));
        }
    }
    if total > 0 && problems.is_empty() && is_turned_away(answers) {
        problems.push("every answer was 401 or 403: is the key one of these gateways?".to_owned());
    }
    problems
}

fn steps(answers: &[Answer], band: &Band) -> Vec<StepJudgement> {
    let mut list: Vec<StepJudgement> = Vec::new();
    let mut last_before = None;
    for first in answers {
        if list.iter().any(|known| known.kind == first.step) {
            continue;
        }
        let part: Vec<&Answer> =
            answers.iter().filter(|answer| answer.step == first.step).collect();
        let passed = part.iter().filter(|answer| answer.outcome() == Outcome::Passed).count();
        let (least, most) = band.bounds(first.step);
        let recovered = part.iter().find(|answer| answer.outcome() == Outcome::Passed);
        let recovery = match (first.step, recovered, last_before) {
            (Kind::Recovery, Some(answer), Some(before)) => Some(answer.sent - before),
            _ => None,
        };
        let refused = part.iter().position(|answer| answer.outcome() == Outcome::Refused);
        list.push(StepJudgement {
            kind: first.step,
            sent: part.len(),
            passed,
            least,
            most,
            first_refused: refused.map(|index| index.saturating_add(1)),
            recovery,
            holds: band.excess_of(first.step, answers) == 0.0,
        });
        last_before = part.last().map(|answer| answer.sent);
    }
    list
}
