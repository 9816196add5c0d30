//! Keys as the verifier takes them.

use super::AlgorithmSet;

/// The curve of an EC key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the name that the registry gives it")]
pub enum EcCurve {
    P256,
    P384,
    P521,
}

/// The public numbers of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JwkMaterial {
    /// RSA: modulus of 2048 to 4096 bits and exponent 65537, big-endian without leading zeros.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// A point on a NIST curve, each coordinate as long as the field. That it lies on the curve is the verifier's to see.
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

/// A public key that may verify signatures (RFC 7517): its `use`, `key_ops` and `alg`, where present, say so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Jwk {
    /// `kid`: 1 to 256 bytes, where the key has one.
    pub key_id: Option<String>,
    /// What the key may verify: its `alg` where it has one, else all that its type can do.
    pub algorithms: AlgorithmSet,
    /// The public numbers.
    pub material: JwkMaterial,
}

/// The keys of one issuer: at least one, `kid`s unique, 256 at most.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct KeySet {
    /// The keys, in the set's order.
    pub keys: Vec<Jwk>,
}
