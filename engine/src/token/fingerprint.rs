//! What stands for a key.

/// Returns the first 64 bits of a hash.
pub(super) fn first_eight(hash: [u8; 32]) -> u64 {
    hash.first_chunk().copied().map(u64::from_le_bytes).unwrap_or_default()
}
