//! How many audit lines a worker writes in a second, so that no flood of requests becomes a flood
//! of lines.

use std::cell::Cell;
use std::time::Duration;

/// The most lines a second of each kind of caller: some 240 kB at their longest.
const LINES: u32 = 100;

/// Counts the lines of the second that is running.
#[derive(Default)]
pub(crate) struct Ration {
    /// The second, since 1970.
    second: Cell<u64>,
    /// Strangers have lines of their own, lest they use up those of callers who are known.
    strangers: Share,
    callers: Share,
}

#[derive(Default)]
struct Share {
    written: Cell<u32>,
    dropped: Cell<u32>,
}

/// How many lines were left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// Of requests without a good token.
    pub(crate) strangers: u32,
    /// Of requests with one.
    pub(crate) callers: u32,
}

impl Ration {
    /// Returns whether one more line may be written, about a request that came at this time since
    /// 1970; if not, it is counted.
    pub(crate) fn takes(&self, at: Duration, is_known: bool) -> bool {
        if self.second.replace(at.as_secs()) != at.as_secs() {
            self.strangers.written.set(0);
            self.callers.written.set(0);
        }
        let share = if is_known { &self.callers } else { &self.strangers };
        let fits = share.written.get() < LINES;
        let count = if fits { &share.written } else { &share.dropped };
        count.set(count.get().saturating_add(1));
        fits
    }

    /// Returns what was left out since this was asked last. `None` for nothing, and while the
    /// second still runs, so that a second has one answer.
    pub(crate) fn take_dropped(&self, now: Duration) -> Option<Dropped> {
        if self.second.get() == now.as_secs() {
            return None;
        }
        let dropped = Dropped {
            strangers: self.strangers.dropped.take(),
            callers: self.callers.dropped.take(),
        };
        (dropped.strangers > 0 || dropped.callers > 0).then_some(dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1_000);

    #[test]
    fn a_second_has_so_many_lines_and_what_is_beyond_is_counted() {
        let ration = Ration::default();
        let written = (0..250).filter(|_| ration.takes(SECOND, false)).count();
        assert_eq!(written, 100);
        assert!(ration.takes(SECOND, true), "callers who are known have their own");
        assert_eq!(ration.take_dropped(SECOND), None);
        let next = SECOND + Duration::from_secs(1);
        assert!(ration.takes(next, false), "the next second has lines again");
        let later = next + Duration::from_secs(1);
        assert_eq!(ration.take_dropped(later), Some(Dropped { strangers: 150, callers: 0 }));
        assert_eq!(ration.take_dropped(later), None);
    }
}
