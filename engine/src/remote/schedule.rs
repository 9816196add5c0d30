//! When a provider is asked.

use super::UnixMillis;
use super::refresh_state::RefreshState;
use attache_plugin_config::Refresh;
use std::time::Duration;

/// How often one provider is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub(super) refresh: Refresh,
    /// For how long one attempt may go on before another worker takes over.
    pub(super) lease: Duration,
}

impl Schedule {
    /// Returns a schedule for attempts of so many questions, one after the other.
    pub(super) fn new(refresh: Refresh, questions: u32) -> Self {
        let lease =
            refresh.timeout.saturating_mul(questions).saturating_add(Duration::from_secs(1));
        Self { refresh, lease }
    }

    /// Returns when the provider is asked again after a good answer: after `interval`, sooner if
    /// the answer stays fresh for less, never sooner than `minInterval`. Up to a tenth is taken off
    /// at random, so that a mesh that was started in one go does not ask in step.
    pub(super) fn after_success(
        &self,
        now: UnixMillis,
        max_age: Option<Duration>,
        jitter: u64,
    ) -> UnixMillis {
        let Refresh { interval, min_interval, .. } = self.refresh;
        let delay = max_age.map_or(interval, |max_age| max_age.clamp(min_interval, interval));
        now.plus(delay.saturating_sub(share(delay, jitter, 10)).max(min_interval))
    }

    /// Returns when it is asked again after a number of failures in a row: after `retryAfter`,
    /// doubled with each, and up to half as much again at random.
    pub(super) fn after_failure(&self, now: UnixMillis, failures: u64, jitter: u64) -> UnixMillis {
        let Refresh { interval, retry_after, .. } = self.refresh;
        let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let delay = retry_after.saturating_mul(2_u32.saturating_pow(doublings)).min(interval);
        now.plus(delay.saturating_add(share(delay, jitter, 2)))
    }

    /// Returns whether an attempt is under way. A lease that lasts longer than any does is one from
    /// before the clock was set back, and is not waited for.
    pub(super) fn is_under_way(&self, state: &RefreshState, now: UnixMillis) -> bool {
        now < state.lease_until && state.lease_until.since(now) <= self.lease
    }

    /// Returns from when on an attempt may begin for requests that wait for it.
    pub(super) fn on_demand_at(&self, state: &RefreshState, now: UnixMillis) -> UnixMillis {
        if state.attempt == 0 || state.attempted_at > now {
            return now;
        }
        state.attempted_at.plus(self.refresh.min_interval).min(self.due_at(state, now))
    }

    /// Returns whether an attempt may begin now.
    pub(super) fn is_due(&self, state: &RefreshState, now: UnixMillis, demand: bool) -> bool {
        let at = if demand { self.on_demand_at(state, now) } else { self.due_at(state, now) };
        !self.is_under_way(state, now) && now >= at
    }

    /// Returns when the next attempt is due though no request waits. What lies further ahead than
    /// any delay was written before the clock was set back: then it is due now.
    fn due_at(&self, state: &RefreshState, now: UnixMillis) -> UnixMillis {
        let longest = self.refresh.interval.saturating_mul(2);
        if state.next_at.since(now) > longest { now } else { state.next_at }
    }
}

/// Returns a part of a duration: from nothing up to, but not quite, one of `parts`, chosen by the
/// jitter.
fn share(whole: Duration, jitter: u64, parts: u32) -> Duration {
    let part = whole.checked_div(parts).unwrap_or_default();
    let fraction = (jitter >> 12) as f64 / (1_u64 << 52) as f64;
    part.mul_f64(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

    fn schedule() -> Schedule {
        Schedule::new(Refresh::default(), 1)
    }

    #[test]
    fn freshness_shortens_and_never_lengthens() {
        let after = |max_age: Option<u64>| {
            schedule().after_success(NOW, max_age.map(Duration::from_secs), 0).since(NOW).as_secs()
        };
        assert_eq!(after(None), 300);
        assert_eq!(after(Some(3600)), 300);
        assert_eq!(after(Some(60)), 60);
        assert_eq!(after(Some(0)), 10);
    }

    #[test]
    fn failures_back_off() {
        let after = |failures| schedule().after_failure(NOW, failures, 0).since(NOW).as_secs();
        assert_eq!([1, 2, 3, 4, 9, 10, 100, u64::MAX].map(after), [1, 2, 4, 8, 256, 300, 300, 300]);
    }

    #[test]
    fn demand_brings_an_attempt_forward_once_in_a_while() {
        let state = RefreshState {
            attempt: 1,
            attempted_at: NOW,
            next_at: NOW.plus(300 * SECOND),
            ..RefreshState::default()
        };
        let due =
            |seconds: u32, demand| schedule().is_due(&state, NOW.plus(seconds * SECOND), demand);
        assert!(!due(9, true));
        assert!(!due(10, false));
        assert!(due(10, true));
        assert!(due(300, false));
    }

    #[test]
    fn nobody_asks_while_another_does() {
        let state = RefreshState {
            attempt: 1,
            lease_until: NOW.plus(6 * SECOND),
            ..RefreshState::default()
        };
        assert!(!schedule().is_due(&state, NOW.plus(5 * SECOND), true));
        assert!(schedule().is_due(&state, NOW.plus(6 * SECOND), false), "its worker is gone");
    }

    #[test]
    fn a_clock_that_was_set_back_stops_nothing() {
        let hour = 3600 * SECOND;
        let state = RefreshState {
            attempt: 1,
            attempted_at: NOW.plus(hour),
            lease_until: NOW.plus(hour),
            next_at: NOW.plus(hour),
            ..RefreshState::default()
        };
        assert!(schedule().is_due(&state, NOW, false));
        assert!(schedule().is_due(&state, NOW, true));
    }

    proptest! {
        #[test]
        fn every_delay_stays_within_its_bounds(
            max_age in proptest::option::of(0_u64..100_000),
            failures in 1_u64..,
            jitter: u64,
        ) {
            let Refresh { interval, min_interval, retry_after, .. } = Refresh::default();
            let success = schedule().after_success(NOW, max_age.map(Duration::from_secs), jitter).since(NOW);
            prop_assert!(success >= min_interval && success <= interval);
            let failure = schedule().after_failure(NOW, failures, jitter).since(NOW);
            prop_assert!(failure >= retry_after && failure <= interval.mul_f64(1.5));
            // Whatever was scheduled is believed, and comes due in the end.
            let state = RefreshState { attempt: 1, attempted_at: NOW, next_at: NOW.plus(failure), ..RefreshState::default() };
            prop_assert!(!schedule().is_due(&state, NOW, false));
            prop_assert!(schedule().is_due(&state, NOW.plus(failure), false));
        }
    }
}
