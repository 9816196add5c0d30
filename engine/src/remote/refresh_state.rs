//! The shared record of who asks a provider, and when.

use super::UnixMillis;
use hmac_sha256::Hash;

/// What all workers know of one source of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RefreshState {
    /// The number of the last attempt, from 1.
    pub(super) attempt: u64,
    /// Which worker made it.
    pub(super) holder: u64,
    /// When it began.
    pub(super) attempted_at: UnixMillis,
    /// Until when its worker may take to end it; zero: it has ended.
    pub(super) lease_until: UnixMillis,
    /// When the next is due.
    pub(super) next_at: UnixMillis,
    /// How many have failed in a row.
    pub(super) failures: u64,
    /// The number of the key set that holds, which is that of the attempt that brought it; zero:
    /// there was none yet.
    pub(super) sequence: u64,
    /// When the provider last said that this is its key set.
    pub(super) confirmed_at: UnixMillis,
}

const MAGIC: [u8; 8] = *b"attkled1";
const FIELDS: usize = 8;

impl RefreshState {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for field in self.fields() {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(&checksum(&bytes));
        bytes
    }

    /// Reads a record; `None` for one that is torn or was written by somebody else.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (content, sum) = bytes.split_last_chunk::<8>()?;
        let fields = content.strip_prefix(&MAGIC)?;
        if *sum != checksum(content) || fields.len() != FIELDS.saturating_mul(8) {
            return None;
        }
        let mut fields = fields.as_chunks::<8>().0.iter().map(|field| u64::from_le_bytes(*field));
        let mut next = || fields.next();
        Some(Self {
            attempt: next()?,
            holder: next()?,
            attempted_at: UnixMillis(next()?),
            lease_until: UnixMillis(next()?),
            next_at: UnixMillis(next()?),
            failures: next()?,
            sequence: next()?,
            confirmed_at: UnixMillis(next()?),
        })
    }

    const fn fields(&self) -> [u64; FIELDS] {
        [
            self.attempt,
            self.holder,
            self.attempted_at.0,
            self.lease_until.0,
            self.next_at.0,
            self.failures,
            self.sequence,
            self.confirmed_at.0,
        ]
    }
}

fn checksum(content: &[u8]) -> [u8; 8] {
    Hash::hash(content).first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_ledger_is_read_as_it_was_written(fields in any::<[u64; FIELDS]>()) {
            let [attempt, holder, attempted_at, lease_until, next_at, failures, sequence, confirmed_at] = fields;
            let state = RefreshState {
                attempt,
                holder,
                attempted_at: UnixMillis(attempted_at),
                lease_until: UnixMillis(lease_until),
                next_at: UnixMillis(next_at),
                failures,
                sequence,
                confirmed_at: UnixMillis(confirmed_at),
            };
            prop_assert_eq!(RefreshState::decode(&state.encode()), Some(state));
        }

        #[test]
        fn one_changed_byte_makes_a_ledger_worthless(at in 0_usize..80, change in 1_u8..) {
            let mut bytes = RefreshState { attempt: 7, ..RefreshState::default() }.encode();
            bytes[at] ^= change;
            prop_assert_eq!(RefreshState::decode(&bytes), None);
        }

        #[test]
        fn foreign_bytes_are_no_ledger(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(RefreshState::decode(&bytes), None);
        }
    }

    #[test]
    fn a_torn_ledger_is_worthless() {
        let bytes = RefreshState::default().encode();
        assert_eq!(bytes.len(), 80);
        for end in 0..bytes.len() {
            assert_eq!(RefreshState::decode(&bytes[..end]), None);
        }
        assert_eq!(RefreshState::decode(&[bytes.as_slice(), b"x"].concat()), None);
    }
}
