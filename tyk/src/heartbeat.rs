//! Notices when the process no longer gets its work done.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the process shows that it can work.
pub const BEAT: Duration = Duration::from_secs(5);

/// How long it may fail to before it counts as stalled: longer than a machine hesitates, shorter
/// than people wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// When work was last done.
#[derive(Debug)]
pub struct Heartbeat(Mutex<Instant>);

impl Heartbeat {
    /// Creates a heartbeat that beats now.
    pub fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    /// Notes that work was done just now.
    pub fn beat(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Returns whether no work was done for too long.
    pub fn stalled(&self) -> bool {
        self.stalled_at(Instant::now())
    }

    fn stalled_at(&self, now: Instant) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.saturating_duration_since(last) > PATIENCE
    }
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_misses_several_beats_is_stalled_until_the_next() {
        let (pulse, now) = (Heartbeat::new(), Instant::now());
        assert!(!pulse.stalled_at(now + BEAT * 5));
        assert!(pulse.stalled_at(now + BEAT * 7));
        pulse.beat();
        assert!(!pulse.stalled());
    }
}
