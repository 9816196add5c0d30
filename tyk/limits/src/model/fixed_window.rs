//! A counter for each window of the clock (`limiters.FixedWindow`).

use super::Limiter;
use crate::limit::Limit;

/// Seconds from the year 1, at which Go's windows begin, to 1970.
const EPOCH: f64 = 62_135_596_800.0;

/// The counter of the window that is on.
pub(super) struct FixedWindow {
    capacity: f64,
    window: f64,
    wall: f64,
    current: f64,
    count: f64,
}

impl FixedWindow {
    pub(super) fn new(limit: &Limit, wall: f64) -> Self {
        Self {
            capacity: limit.whole_requests(),
            window: limit.per,
            wall,
            current: f64::NEG_INFINITY,
            count: 0.0,
        }
    }
}

/// Returns how far into its window a moment of the wall clock is, in seconds.
pub(crate) fn phase(wall: f64, window: f64) -> f64 {
    if window <= 0.0 {
        0.0
    } else {
        (wall.rem_euclid(window) + EPOCH.rem_euclid(window)).rem_euclid(window)
    }
}

impl Limiter for FixedWindow {
    fn admits(&mut self, at: f64, _: usize) -> bool {
        let now = self.wall + at;
        let start = now - phase(now, self.window);
        // Times near 2e9 are exact to a microsecond.
        if (start - self.current).abs() > 1e-3 {
            self.current = start;
            self.count = 0.0;
        }
        self.count += 1.0;
        self.count <= self.capacity
    }
}
