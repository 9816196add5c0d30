//! Keys as the verifier takes them.

use super::{AlgorithmSet, EcCurve};
use attache_config_reader::{Diagnostic, Path};

/// The public numbers of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JwkMaterial {
    /// RSA: modulus of 2048 to 4096 bits and exponent 65537, big-endian without leading zeros,
    /// however they were written.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// A point on a NIST curve, each coordinate as long as the field. That it lies on the curve is
    /// the verifier's to see.
    Ec {
        /// The curve.
        curve: EcCurve,
        /// The first coordinate.
        x: Vec<u8>,
        /// The second coordinate.
        y: Vec<u8>,
    },
    /// An Ed25519 public key.
    Ed25519 {
        /// The 32 bytes.
        x: [u8; 32],
    },
}

impl JwkMaterial {
    /// Returns the `kty` of such a key (RFC 7518 section 6.1, RFC 8037 section 2).
    pub(super) const fn key_type(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => "RSA",
            Self::Ec { .. } => "EC",
            Self::Ed25519 { .. } => "OKP",
        }
    }
}

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
