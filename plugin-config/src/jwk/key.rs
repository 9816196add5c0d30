//! Keys as the verifier takes them.

use super::{AlgorithmSet, JwkMaterial};
use attache_config_reader::{Diagnostic, Path};

/// A public key that may verify signatures (RFC 7517): its `use`, `key_ops` and `alg`, where
/// present, say so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Jwk {
    /// Where it stands in its set: `keys[1]`; empty where the set is this key alone.
    pub path: Path,
    /// `kid`: 1 to 256 bytes, where the key has one. Others of the set may have the same.
    pub key_id: Option<String>,
    /// What the key may verify: its `alg` where it has one, else all that its type can do.
    pub algorithms: AlgorithmSet,
    /// The public numbers.
    pub material: JwkMaterial,
}

/// The keys of one issuer: 256 at most, and at least one in a set that was read.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct KeySet {
    /// The keys that can be used, in the set's order.
    pub keys: Vec<Jwk>,
    /// The keys that are left out, in the set's order; past the first 64 the rest is counted in one
    /// more entry.
    pub skipped: Vec<Skipped>,
}

/// A key of a set that can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its `kid`, where it has one: 256 characters at most.
    pub key_id: Option<String>,
    /// Why it can't be used; its place is that of the key or of one of its members, within the set:
    /// `keys[0].use`.
    pub reason: Diagnostic,
}
