//! A way of counting that may be at work, played with the times of requests.

use super::Run;
use crate::behaviour::Behaviour;
use crate::limit::Limit;
use crate::model::{Limiter, Scene, limiter};
use crate::record::Answer;
use fastrand::Rng;
use std::collections::HashMap;

/// A way of counting that may be at work.
#[derive(Clone, Debug)]
pub(super) struct Hypothesis {
    /// What it is, in words.
    pub(super) name: String,
    /// What a request must pass, one after the other.
    pub(super) counts: Vec<Count>,
    /// What becomes of every request, whatever is counted.
    pub(super) verdict: Option<bool>,
    /// Whether each second begins with new counts, as where a session is touched.
    pub(super) is_renewed: bool,
    /// Which gateways requests come to.
    pub(super) spread: Spread,
    /// Whether it is another algorithm for the same limits, and no mistake of another kind.
    pub(super) is_algorithm: bool,
}

/// A limit, and how it is counted.
#[derive(Clone, Debug)]
pub(super) struct Count {
    /// How many.
    pub(super) limit: Limit,
    /// How they are counted.
    pub(super) behaviour: Behaviour,
    /// Whether each key has a count of its own.
    pub(super) is_of_key: bool,
}

/// Which of the gateways that share a limit a request comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spread {
    /// Each URL is one of them.
    ByUrl,
    /// Something before them divides requests, in turn or by chance.
    Balanced,
}

impl Hypothesis {
    /// Makes one of counts.
    pub(super) fn new(name: String, counts: Vec<Count>, spread: Spread) -> Self {
        Self { name, counts, verdict: None, is_renewed: false, spread, is_algorithm: false }
    }

    /// Plays it once, and returns for each answer whether its request would have passed.
    pub(super) fn play(&self, answers: &[Answer], run: Run<'_>, sample: u64) -> Vec<bool> {
        let mut rng = Rng::with_seed(run.seed.wrapping_mul(0x9E37_79B9).wrapping_add(sample));
        let mut arrivals: Vec<(f64, usize)> = Vec::new();
        for (index, answer) in answers.iter().enumerate() {
            arrivals.push((arrival(answer, sample, &mut rng), index));
        }
        arrivals.sort_by(|one, other| one.0.total_cmp(&other.0));
        let scene = Scene {
            wall: run.started + (rng.f64() - 0.5) * CLOCK_ERROR,
            lag: 0.0002 + rng.f64() * MAX_LAG,
            chance: sample,
        };
        // When in a second they begin is not known.
        let offset = rng.f64();
        let mut limiters: HashMap<(usize, usize, u64), Box<dyn Limiter>> = HashMap::new();
        let mut verdicts = vec![false; answers.len()];
        for (turn, (at, index)) in arrivals.into_iter().enumerate() {
            let Some(answer) = answers.get(index) else { continue };
            let epoch = if self.is_renewed { seconds(scene.wall + at + offset) } else { 0 };
            let gateway = match self.spread {
                Spread::ByUrl => answer.gateway,
                Spread::Balanced if sample.is_multiple_of(2) => turn,
                Spread::Balanced => rng.usize(..usize::MAX),
            };
            let mut passes = self.verdict.unwrap_or(true);
            for (number, count) in self.counts.iter().enumerate() {
                if !passes {
                    break;
                }
                let key = if count.is_of_key { answer.key } else { 0 };
                let own = limiters
                    .entry((number, key, epoch))
                    .or_insert_with(|| limiter(&count.limit, &count.behaviour, scene));
                passes = own.admits(at, gateway);
            }
            if let Some(verdict) = verdicts.get_mut(index) {
                *verdict = passes;
            }
        }
        verdicts
    }
}

/// By how many seconds, to both sides together, clocks may differ.
const CLOCK_ERROR: f64 = 0.1;

/// How long, in seconds, the sentinel's log may take behind an answer.
const MAX_LAG: f64 = 0.02;

/// Returns a moment between sending and answer: in the first plays the same part of the way for
/// all, then any.
fn arrival(answer: &Answer, sample: u64, rng: &mut Rng) -> f64 {
    let part = match sample {
        0 => 0.0,
        1 => 0.5,
        2 => 1.0,
        _ => rng.f64(),
    };
    answer.sent + (answer.received - answer.sent) * part
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a clock's seconds")]
fn seconds(wall: f64) -> u64 {
    wall.max(0.0) as u64
}
