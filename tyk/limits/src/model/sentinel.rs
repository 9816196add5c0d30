//! The sentinel: a mark in Redis that refuses everything, which the log sets behind each answer
//! (`limitSentinel`).

use super::sliding_log::SlidingLog;
use super::{Limiter, Scene};
use crate::behaviour::Behaviour;
use crate::limit::Limit;
use std::collections::VecDeque;

/// Redis tells how long a mark has left in whole seconds, rounded: in its last half second it
/// refuses nothing.
const UNSEEN: f64 = 0.5;

/// The mark, and what is not yet in the log.
pub(super) struct Sentinel {
    log: SlidingLog,
    window: f64,
    lag: f64,
    /// Requests that were answered and not yet written down: when they will be, and at which
    /// gateway.
    pending: VecDeque<(f64, usize)>,
    /// When the mark goes away.
    mark: Option<f64>,
}

impl Sentinel {
    pub(super) fn new(limit: &Limit, behaviour: &Behaviour, scene: Scene) -> Self {
        let short = Behaviour { is_short: true, ..*behaviour };
        let log = SlidingLog::new(limit, &short).behind_answers(scene.chance);
        Self {
            log,
            window: limit.whole_window(),
            lag: scene.lag,
            pending: VecDeque::new(),
            mark: None,
        }
    }

    fn write_down(&mut self, until: f64) {
        while let Some((time, gateway)) =
            self.pending.front().copied().filter(|(time, _)| *time <= until)
        {
            self.pending.pop_front();
            let is_fine = self.log.admits(time, gateway);
            // A mark that is there is not made longer.
            if !is_fine && self.mark.is_none_or(|end| time >= end) {
                self.mark = Some(time + self.window);
            }
        }
    }
}

impl Limiter for Sentinel {
    fn admits(&mut self, at: f64, gateway: usize) -> bool {
        self.write_down(at);
        self.pending.push_back((at + self.lag, gateway));
        self.mark.is_none_or(|end| end - at < UNSEEN)
    }
}
