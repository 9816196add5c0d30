//! How many requests a way of counting lets pass, at least and at most, up to each of them.

use super::{Hypothesis, Run};
use crate::behaviour::to_float;
use crate::plan::Kind;
use crate::record::{Answer, Outcome};
use std::collections::{BTreeMap, BTreeSet};

/// How often each way of counting is played.
const PLAYS: u64 = 40;

/// The bounds at each request.
pub(super) struct Band {
    /// In the order of the answers, each counted from the beginning of its step.
    bounds: Vec<(Kind, usize, usize)>,
}

/// How many had passed at a request, and how many may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Of which step.
    pub kind: Kind,
    /// When it was sent, in seconds.
    pub at: f64,
    /// How many had passed since the beginning of the step, with this one.
    pub passed: usize,
    /// At least.
    pub least: usize,
    /// At most.
    pub most: usize,
}

impl Band {
    pub(super) fn of(hypothesis: &Hypothesis, answers: &[Answer], run: Run<'_>) -> Self {
        let mut bounds: Vec<(Kind, usize, usize)> =
            answers.iter().map(|answer| (answer.step, usize::MAX, 0)).collect();
        for sample in 0..PLAYS {
            let verdicts = hypothesis.play(answers, run, sample);
            for (bound, passed) in bounds.iter_mut().zip(running(answers, &verdicts)) {
                bound.1 = bound.1.min(passed);
                bound.2 = bound.2.max(passed);
            }
        }
        Self { bounds }
    }

    /// Returns the bounds at the end of a step.
    pub(super) fn bounds(&self, kind: Kind) -> (usize, usize) {
        let last = self.bounds.iter().rev().find(|bound| bound.0 == kind);
        last.map_or((0, 0), |(_, least, most)| (*least, *most))
    }

    /// Returns by how many requests what came back lies outside, at the worst of each step
    /// together.
    pub(super) fn excess(&self, answers: &[Answer]) -> f64 {
        let kinds: BTreeSet<Kind> = answers.iter().map(|answer| answer.step).collect();
        kinds.into_iter().map(|kind| self.excess_of(kind, answers)).sum()
    }

    /// Returns the same for one step.
    pub(super) fn excess_of(&self, kind: Kind, answers: &[Answer]) -> f64 {
        let end = self.bounds.iter().rposition(|bound| bound.0 == kind);
        let unclear = |answer: &&Answer| answer.outcome() == Outcome::Failed && answer.step == kind;
        let unclear = answers.iter().filter(unclear).count();
        let mut worst: usize = 0;
        for (index, ((own, least, most), passed)) in
            self.bounds.iter().zip(observed(answers)).enumerate()
        {
            if *own != kind {
                continue;
            }
            // Neighbours may pass each other on the way; at the end of a short step all have come.
            let slack = usize::from(kind.is_long() || Some(index) != end);
            let missing =
                least.saturating_sub(passed).saturating_sub(slack).saturating_sub(unclear);
            let beyond = passed.saturating_sub(*most).saturating_sub(slack);
            worst = worst.max(missing).max(beyond);
        }
        to_float(worst)
    }

    /// Returns how wide it is: the distance of its bounds, on average.
    pub(super) fn width(&self) -> f64 {
        let total: usize =
            self.bounds.iter().map(|(_, least, most)| most.saturating_sub(*least)).sum();
        to_float(total) / to_float(self.bounds.len().max(1))
    }

    /// Returns what had passed at each request, step by step.
    pub(super) fn curve(&self, answers: &[Answer]) -> Vec<Point> {
        let points = self.bounds.iter().zip(answers).zip(observed(answers));
        let mut curve: Vec<Point> = points
            .map(|(((kind, least, most), answer), passed)| Point {
                kind: *kind,
                at: answer.sent,
                passed,
                least: *least,
                most: *most,
            })
            .collect();
        curve.sort_by_key(|point| point.kind);
        curve
    }
}

fn observed(answers: &[Answer]) -> Vec<usize> {
    let passed: Vec<bool> =
        answers.iter().map(|answer| answer.outcome() == Outcome::Passed).collect();
    running(answers, &passed)
}

/// Returns how many have passed up to each request of its step. The last of a burst may be sent
/// among the first of the step behind it.
fn running(answers: &[Answer], passed: &[bool]) -> Vec<usize> {
    let mut list = Vec::with_capacity(answers.len());
    let mut sums: BTreeMap<Kind, usize> = BTreeMap::new();
    for (answer, passed) in answers.iter().zip(passed) {
        let sum = sums.entry(answer.step).or_default();
        *sum = sum.saturating_add(usize::from(*passed));
        list.push(*sum);
    }
    list
}
