//! Requests that wait for keys.

use crate::host::{self, GaugeId};
use attache_engine::IssuerIndex;
use attache_engine::remote::{Missing, UnixMillis};
use std::cell::{OnceCell, RefCell};

/// The most requests that wait in one worker for the keys of one issuer.
pub(crate) const PLACES: usize = 256;

/// The waiting requests of one worker and configuration.
pub(crate) struct Room {
    waiters: RefCell<Vec<Waiter>>,
    /// How many wait in all workers.
    gauge: OnceCell<Option<GaugeId>>,
}

/// A request that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiter {
    /// Its context.
    pub(crate) context: u32,
    /// Whose keys it waits for.
    pub(crate) issuer: IssuerIndex,
    /// What it lacks.
    pub(crate) missing: Missing,
    /// When it came.
    pub(crate) arrived: UnixMillis,
    /// The version of the keys that did not do.
    pub(crate) version: u64,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self { waiters: RefCell::default(), gauge: OnceCell::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiters.try_borrow().is_ok_and(|waiters| waiters.is_empty())
    }

    pub(crate) fn is_awaited(&self, issuer: IssuerIndex) -> bool {
        self.count(issuer) > 0
    }

    pub(crate) fn is_full(&self, issuer: IssuerIndex) -> bool {
        self.count(issuer) >= PLACES
    }

    pub(crate) fn enter(&self, waiter: Waiter) {
        if let Ok(mut waiters) = self.waiters.try_borrow_mut() {
            waiters.push(waiter);
            self.tell(1);
        }
    }

    /// Takes out the request of a context that is gone, if it waited.
    pub(crate) fn leave(&self, context: u32) {
        self.take(|waiter| waiter.context == context);
    }

    /// Takes out the requests that a test is true of, in the order in which they came.
    pub(crate) fn take(&self, mut test: impl FnMut(&Waiter) -> bool) -> Vec<Waiter> {
        let Ok(mut waiters) = self.waiters.try_borrow_mut() else { return Vec::new() };
        let taken: Vec<Waiter> = waiters.extract_if(.., |waiter| test(waiter)).collect();
        drop(waiters);
        if let Ok(count @ 1..) = i64::try_from(taken.len()) {
            self.tell(count.saturating_neg());
        }
        taken
    }

    fn count(&self, issuer: IssuerIndex) -> usize {
        let waiters = self.waiters.try_borrow();
        waiters.map_or(0, |waiters| waiters.iter().filter(|waiter| waiter.issuer == issuer).count())
    }

    fn tell(&self, change: i64) {
        if let Some(gauge) = self.gauge.get_or_init(|| host::define_gauge("attache.keys.waiting")) {
            host::add_to_gauge(*gauge, change);
        }
    }
}
