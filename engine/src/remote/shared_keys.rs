//! One issuer's keys as all workers share them: a state, and the set that it speaks of.

use super::UnixMillis;
use super::prepare::prepare;
use super::refresh_state::RefreshState;
use super::shared_set::SharedSet;
use crate::host::SharedStore;
use crate::token::IssuerKeys;
use std::rc::Rc;
use std::time::Duration;

/// A version that no value has. Where there is no value yet it does no harm, and so has the first
/// of several workers write it, and the others see that they were late.
const ABSENT: u32 = u32::MAX;

/// The keys as this worker last saw them.
#[derive(Debug)]
pub(super) struct SharedKeys {
    state_key: String,
    set_key: String,
    keep_for: Duration,
    /// The shared state as it was last seen.
    state: RefreshState,
    held: Option<Held>,
}

/// The key set that holds.
#[derive(Debug)]
struct Held {
    keys: Rc<IssuerKeys>,
    set: SharedSet,
    confirmed_at: UnixMillis,
}

impl SharedKeys {
    /// Returns none yet, under names that `id` tells from those of other issuers.
    pub(super) fn new(id: &str, keep_for: Duration) -> Self {
        Self {
            state_key: format!("attache.keys.{id}.ledger"),
            set_key: format!("attache.keys.{id}.set"),
            keep_for,
            state: RefreshState::default(),
            held: None,
        }
    }

    /// Returns the keys that hold.
    pub(super) fn keys(&self) -> Option<&Rc<IssuerKeys>> {
        self.held.as_ref().map(|held| &held.keys)
    }

    /// Returns the set that holds.
    pub(super) fn set(&self) -> Option<&SharedSet> {
        self.held.as_ref().map(|held| &held.set)
    }

    /// Returns how long ago the provider last spoke for the keys that hold.
    pub(super) fn age(&self, now: UnixMillis) -> Option<Duration> {
        self.held.as_ref().map(|held| now.since(held.confirmed_at))
    }

    /// Returns the number of the set that holds; 0 where there is none.
    pub(super) fn sequence(&self) -> u64 {
        self.set().map_or(0, |set| set.sequence)
    }

    /// Returns the shared state as it was last seen.
    pub(super) const fn state(&self) -> &RefreshState {
        &self.state
    }

    /// Reads state and key set together: a state that is ahead of the keys would tell a request
    /// that it need not wait for them. Returns the state's version.
    pub(super) fn catch_up(&mut self, now: UnixMillis, store: &dyn SharedStore) -> Option<u32> {
        let mut version = None;
        if let Some((state, its_version)) = self.read_state(store) {
            (self.state, version) = (state, its_version);
        }
        let RefreshState { sequence, confirmed_at, .. } = self.state;
        let fresh = |confirmed_at: UnixMillis| now.since(confirmed_at) <= self.keep_for;
        if sequence != 0 && fresh(confirmed_at) {
            match &mut self.held {
                Some(held) if held.set.sequence == sequence => held.confirmed_at = confirmed_at,
                _ => {
                    let set =
                        store.read(&self.set_key).and_then(|(bytes, _)| SharedSet::decode(&bytes));
                    // A set of another number is about to be followed by its state, or is a
                    // leftover.
                    let set = set.filter(|set| set.sequence == sequence);
                    let held = set.and_then(|set| {
                        Some(Held { keys: prepare(&set.body).ok()?.keys, set, confirmed_at })
                    });
                    self.held = held.or(self.held.take());
                }
            }
        }
        self.held = self.held.take().filter(|held| fresh(held.confirmed_at));
        version
    }

    /// Reads the state, and its version.
    pub(super) fn read_state(
        &self,
        store: &dyn SharedStore,
    ) -> Option<(RefreshState, Option<u32>)> {
        let (bytes, version) = store.read(&self.state_key)?;
        // Foreign bytes are overwritten by whoever comes next; their version is needed for that.
        Some((RefreshState::decode(&bytes).unwrap_or_default(), version))
    }

    /// Writes the first state, or the one that follows a version. Returns whether no other worker
    /// was faster.
    pub(super) fn claim(
        &mut self,
        state: RefreshState,
        version: Option<u32>,
        store: &dyn SharedStore,
    ) -> bool {
        self.write_state(state, Some(version.unwrap_or(ABSENT)), store)
    }

    /// Writes the state that follows a version. Returns whether no other worker was faster.
    pub(super) fn write_state(
        &mut self,
        state: RefreshState,
        version: Option<u32>,
        store: &dyn SharedStore,
    ) -> bool {
        let is_written = store.compare_and_set(&self.state_key, &state.encode(), version);
        if is_written {
            self.state = state;
        }
        is_written
    }

    /// Writes a set, whatever was there.
    pub(super) fn write_set(&self, set: &SharedSet, store: &dyn SharedStore) {
        store.compare_and_set(&self.set_key, &set.encode(), None);
    }

    /// Has keys hold that the provider spoke for just now.
    pub(super) fn hold(&mut self, keys: Rc<IssuerKeys>, set: SharedSet, now: UnixMillis) {
        self.held = Some(Held { keys, set, confirmed_at: now });
    }
}
