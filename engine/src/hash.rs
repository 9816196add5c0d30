//! Hash tables that a client can't fill with collisions.

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;

/// A table with this VM's own random seed.
pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, SeedableRandomState>;

/// Returns fast hashing, seeded once a VM from the operating system's (or Envoy's) random numbers.
/// What foldhash takes for random on its own are addresses and a clock, and those are the same in
/// every VM.
pub(crate) fn seeded() -> SeedableRandomState {
    static SEED: OnceLock<SharedSeed> = OnceLock::new();
    let random = || RandomState::new().hash_one(0_u8);
    SeedableRandomState::with_seed(random(), SEED.get_or_init(|| SharedSeed::from_u64(random())))
}

pub(crate) fn map<K, V>() -> HashMap<K, V> {
    HashMap::with_hasher(seeded())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tables_hash_differently() {
        assert_ne!(seeded().hash_one(b"token"), seeded().hash_one(b"token"));
    }
}
