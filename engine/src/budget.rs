//! How much arithmetic strangers may have a worker do.
//!
//! To refute a signature by RSASSA-PSS or EdDSA, which are computed inside the VM, or on P-384 or
//! P-521, takes many times as long as by RS256. Anyone can have it done, with a token that is junk.
//! So keys that are tried in vain are counted, and past [`MAX_TRIES`] in a second no further
//! unknown token is verified so in that second. Good ones cost nothing of that, and tokens that
//! this or another worker has verified need no arithmetic.

use crate::host::{HostCrypto, UnixSeconds};
use attache_plugin_config::Algorithm;
use std::cell::Cell;

/// The most keys that one worker tries in vain in one second: about a thirtieth of its time with
/// RSA keys of 2048 bits by RSASSA-PSS, and a twentieth on P-521.
pub(crate) const MAX_TRIES: u32 = 50;

/// What one worker has spent.
#[derive(Debug)]
pub(crate) struct Budget {
    second: Cell<UnixSeconds>,
    spent: Cell<u32>,
}

impl Budget {
    pub(crate) const fn new() -> Self {
        Self { second: Cell::new(UnixSeconds(0)), spent: Cell::new(0) }
    }

    /// Counts a key that was tried in vain.
    fn spend(&self, now: UnixSeconds) {
        self.turn(now);
        self.spent.set(self.spent.get().saturating_add(1));
    }

    fn has_left(&self, now: UnixSeconds) -> bool {
        self.turn(now);
        self.spent.get() < MAX_TRIES
    }

    fn turn(&self, now: UnixSeconds) {
        if self.second.replace(now) != now {
            self.spent.set(0);
        }
    }
}

/// The host's cryptography, beside what is left of the budget.
pub(crate) struct Metered<'a> {
    pub(crate) crypto: &'a dyn HostCrypto,
    pub(crate) budget: &'a Budget,
    pub(crate) now: UnixSeconds,
}

impl HostCrypto for Metered<'_> {
    fn verify(
        &self,
        key: &[u8],
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Option<bool> {
        self.crypto.verify(key, algorithm, message, signature)
    }

    fn has_time(&self) -> bool {
        self.budget.has_left(self.now)
    }

    fn tried_in_vain(&self) {
        self.budget.spend(self.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_has_a_budget_of_its_own() {
        let (budget, now) = (Budget::new(), UnixSeconds(1_700_000_000));
        for _ in 0..MAX_TRIES {
            assert!(budget.has_left(now));
            budget.spend(now);
        }
        assert!(!budget.has_left(now));
        assert!(budget.has_left(UnixSeconds(1_700_000_001)));
        // A clock that is set back stops nothing for longer than a second.
        budget.spend(now);
        assert!(budget.has_left(now));
    }
}
