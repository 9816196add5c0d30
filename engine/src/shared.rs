//! Signatures that another worker has verified, told through data that all workers of a proxy
//! share.
//!
//! A record says one thing: a key made this token's signature. Everything else a worker checks and
//! reads on its own, so that a removed key, a revoked token or another configuration makes a record
//! worthless at once. There is a fixed number of slots, each overwritten in place: shared data has
//! no bound of its own, outlives configurations, and keeps the name of what was removed.

use crate::host::SharedStore;
use attache_plugin_config::CacheLimits;
use siphasher::sip128::{Hasher128 as _, SipHasher24};
use std::fmt;
use std::hash::Hasher as _;

/// The form of a record; another form is not read.
const VERSION: u8 = 2;
/// Version, seal, key.
const HEADER: usize = 1 + 16 + 8;

/// The slots of one configuration.
pub(crate) struct SharedVerifications {
    slots: u64,
    /// Seals records. It comes from the configuration, which other plugins of the proxy do not see:
    /// what they write, by accident or not, and what another configuration of this one wrote, has
    /// another seal.
    key: [u8; 16],
}

impl SharedVerifications {
    /// Makes the slots of a configuration. `secret` is the digest of everything that was
    /// configured.
    pub(crate) fn new(limits: &CacheLimits, secret: &[u8; 32]) -> Self {
        let mut key = [0; 16];
        key.iter_mut().zip(secret).for_each(|(to, from)| *to = *from);
        Self { slots: u64::from(limits.shared_slots), key }
    }

    /// Returns the place of a token, the same in every worker; `None` where the configuration wants
    /// no slots. Slots are not named for the configuration, so that a new one takes the places of
    /// the old.
    pub(crate) fn slot<'t>(&self, token: &'t [u8]) -> Option<Slot<'t>> {
        if self.slots == 0 {
            return None;
        }
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write(token);
        let hash = hasher.finish128();
        let number = hash.h1.checked_rem(self.slots)?;
        Some(Slot {
            name: format!("attache.signature.{number}"),
            key: self.key,
            token,
            hash: hash.as_bytes(),
        })
    }
}

/// Where workers tell each other of one token.
pub(crate) struct Slot<'t> {
    name: String,
    key: [u8; 16],
    token: &'t [u8],
    /// Of the token, with the key: hashed once, as the token is long.
    hash: [u8; 16],
}

impl Slot<'_> {
    /// Returns the fingerprint of the key that made this token's signature, if a worker has told
    /// so.
    pub(crate) fn lookup(&self, store: &dyn SharedStore) -> Option<u64> {
        let (record, _) = store.read(&self.name)?;
        let (header, told) = record.split_first_chunk::<HEADER>()?;
        let (version, header) = header.split_first()?;
        let (seal, key) = header.split_first_chunk::<16>()?;
        let key = u64::from_le_bytes(*key.first_chunk()?);
        (*version == VERSION && told == self.token && *seal == self.seal(key)).then_some(key)
    }

    /// Tells the other workers that this key made this token's signature.
    pub(crate) fn publish(&self, key: u64, store: &dyn SharedStore) {
        let mut record = Vec::with_capacity(HEADER.saturating_add(self.token.len()));
        record.push(VERSION);
        record.extend_from_slice(&self.seal(key));
        record.extend_from_slice(&key.to_le_bytes());
        record.extend_from_slice(self.token);
        store.compare_and_set(&self.name, &record, None);
    }

    fn seal(&self, key: u64) -> [u8; 16] {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write_u64(key);
        hasher.write(&self.hash);
        hasher.finish128().as_bytes()
    }
}

impl fmt::Debug for SharedVerifications {
    /// Returns the key stays out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedVerifications").field("slots", &self.slots).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Table;

    fn worker(slots: u32, secret: u8) -> SharedVerifications {
        SharedVerifications::new(
            &CacheLimits { shared_slots: slots, ..CacheLimits::default() },
            &[secret; 32],
        )
    }

    fn publish(worker: &SharedVerifications, token: &[u8], data: &Table) {
        if let Some(slot) = worker.slot(token) {
            slot.publish(7, data);
        }
    }

    fn lookup(worker: &SharedVerifications, token: &[u8], data: &Table) -> Option<u64> {
        worker.slot(token)?.lookup(data)
    }

    #[test]
    fn what_one_worker_tells_another_reads() {
        let data = Table::default();
        publish(&worker(16, 1), b"a.b.c", &data);
        assert_eq!(lookup(&worker(16, 1), b"a.b.c", &data), Some(7));
        assert_eq!(lookup(&worker(16, 1), b"a.b.d", &data), None);
    }

    #[test]
    fn a_record_of_another_configuration_is_not_read() {
        let data = Table::default();
        publish(&worker(1, 1), b"a.b.c", &data);
        assert_eq!(lookup(&worker(1, 2), b"a.b.c", &data), None);
    }

    #[test]
    fn a_record_with_any_byte_changed_or_missing_is_not_read() {
        let data = Table::default();
        publish(&worker(1, 1), b"a.b.c", &data);
        let whole = data.read("attache.signature.0").unwrap().0;
        for at in 0..whole.len() {
            let mut torn = whole.clone();
            torn[at] ^= 1;
            data.compare_and_set("attache.signature.0", &torn, None);
            assert_eq!(lookup(&worker(1, 1), b"a.b.c", &data), None, "byte {at}");
            data.compare_and_set("attache.signature.0", &whole[..at], None);
            assert_eq!(lookup(&worker(1, 1), b"a.b.c", &data), None, "cut at {at}");
        }
        data.compare_and_set("attache.signature.0", &whole, None);
        assert_eq!(lookup(&worker(1, 1), b"a.b.c", &data), Some(7));
    }

    #[test]
    fn there_are_never_more_records_than_slots() {
        let data = Table::default();
        for token in 0..1000 {
            publish(&worker(8, 1), format!("{token}.b.c").as_bytes(), &data);
        }
        assert!(data.keys().len() <= 8);
    }

    #[test]
    fn without_slots_nothing_is_told() {
        let data = Table::default();
        publish(&worker(0, 1), b"a.b.c", &data);
        assert!(data.keys().is_empty());
        assert_eq!(lookup(&worker(0, 1), b"a.b.c", &data), None);
    }
}
