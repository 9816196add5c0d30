//! Keeps what clients do from filling the log: lines that a request may cause are so many a second.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// LogLimiter a second.
const PER_SECOND: u32 = 10;

/// Lets ten lines a second pass, and counts the others.
#[derive(Debug)]
pub struct LogLimiter(Mutex<Second>);

#[derive(Debug)]
struct Second {
    began: Instant,
    passed: u32,
    left_out: u64,
}

impl LogLimiter {
    /// Creates a limiter that has logged nothing yet.
    pub fn new() -> Self {
        Self(Mutex::new(Second { began: Instant::now(), passed: 0, left_out: 0 }))
    }

    /// Returns how many lines were left out since the last one if a line may be logged now, which
    /// then says so.
    pub fn pass(&self) -> Option<u64> {
        self.pass_at(Instant::now())
    }

    fn pass_at(&self, now: Instant) -> Option<u64> {
        let mut second = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(second.began) >= Duration::from_secs(1) {
            second.began = now;
            second.passed = 0;
        }
        if second.passed >= PER_SECOND {
            second.left_out = second.left_out.saturating_add(1);
            return None;
        }
        second.passed = second.passed.saturating_add(1);
        Some(std::mem::take(&mut second.left_out))
    }
}

impl Default for LogLimiter {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_lines_pass_each_second_and_the_next_tells_of_the_others() {
        let lines = LogLimiter::new();
        let now = Instant::now();
        let passed = (0..1000).filter(|_| lines.pass_at(now).is_some()).count();
        assert_eq!(passed, 10);
        assert_eq!(lines.pass_at(now + Duration::from_secs(1)), Some(990));
        assert_eq!(lines.pass_at(now + Duration::from_secs(1)), Some(0));
    }
}
