//! The log in Redis, with every request of the last window (`rate.SlidingLog`).

use super::Limiter;
use super::smoothing::Allowances;
use crate::behaviour::{Behaviour, to_float};
use crate::limit::Limit;
use fastrand::Rng;
use std::collections::VecDeque;

/// The log.
pub(super) struct SlidingLog {
    rate: f64,
    window: f64,
    /// From which distance to the rate it refuses: 1, as the request is not yet in the log; 2 with
    /// a sentinel.
    margin: f64,
    times: VecDeque<f64>,
    allowances: Option<Allowances>,
    /// How often an allowance can't be changed since the request has ended.
    misses: Option<(Rng, f64)>,
}

impl SlidingLog {
    pub(super) fn new(limit: &Limit, behaviour: &Behaviour) -> Self {
        let smoothing = limit.smoothing.filter(|_| behaviour.is_smoothed);
        Self {
            rate: limit.whole_requests(),
            window: limit.whole_window(),
            margin: if behaviour.is_short { 2.0 } else { 1.0 },
            times: VecDeque::new(),
            allowances: smoothing.map(|smoothing| Allowances::new(smoothing, behaviour.gateways)),
            misses: None,
        }
    }

    /// Has it written behind answers: never, at times, or always too late for a change of
    /// allowance.
    pub(super) fn behind_answers(mut self, chance: u64) -> Self {
        let rate = match chance % 3 {
            0 => 0.0,
            1 => 0.5,
            _ => 1.0,
        };
        self.misses = Some((Rng::with_seed(chance), rate));
        self
    }
}

impl Limiter for SlidingLog {
    fn admits(&mut self, at: f64, gateway: usize) -> bool {
        while self.times.front().is_some_and(|time| *time <= at - self.window) {
            self.times.pop_front();
        }
        let count = to_float(self.times.len());
        // What is refused is written down, too.
        self.times.push_back(at);
        let allowed = match &mut self.allowances {
            Some(allowances) => {
                let is_late = self.misses.as_mut().is_some_and(|(rng, rate)| rng.f64() < *rate);
                allowances.current(at, gateway, count, self.rate, is_late)
            }
            None => self.rate,
        };
        count <= allowed - self.margin
    }
}
