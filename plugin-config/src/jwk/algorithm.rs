//! Algorithms, and sets of them.

use serde::Deserialize;
use std::fmt;

/// A JWS signature algorithm (RFC 7518 section 3, RFC 8037). `none` has no value here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema_transform::add_ed25519))]
#[expect(missing_docs, reason = "each is the name that the registry gives it")]
#[repr(u8)]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    // With the curve Ed25519 alone, which RFC 9864 gives a name of its own.
    #[serde(alias = "Ed25519")]
    EdDSA,
    HS256,
    HS384,
    HS512,
}

impl Algorithm {
    /// All of them, strongest habit first.
    pub const ALL: [Self; 13] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::EdDSA,
        Self::HS256,
        Self::HS384,
        Self::HS512,
    ];

    /// Reads a registered name, letter case included. `Ed25519` (RFC 9864) is `EdDSA`, which has no other curve here.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "Ed25519" => Some(Self::EdDSA),
            _ => Self::ALL.into_iter().find(|algorithm| algorithm.name() == name),
        }
    }

    /// Returns the registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::ES512 => "ES512",
            Self::EdDSA => "EdDSA",
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
        }
    }

    /// Returns whether hosts verify it in native code: RSASSA-PKCS1-v1_5 and ECDSA, which Envoy knows. All others are
    /// arithmetic inside the VM.
    pub const fn is_of_hosts(self) -> bool {
        matches!(self, Self::RS256 | Self::RS384 | Self::RS512 | Self::ES256 | Self::ES384 | Self::ES512)
    }

    /// Returns whether to refute a signature takes many times as long as by RS256: what is arithmetic inside the VM, and
    /// P-384 and P-521, for which BoringSSL has no code of their own (`docs/performance.md` has figures).
    pub const fn is_dear(self) -> bool {
        match self {
            Self::RS256 | Self::RS384 | Self::RS512 | Self::ES256 => false,
            Self::ES384 | Self::ES512 | Self::EdDSA | Self::PS256 | Self::PS384 | Self::PS512 => true,
            // A hash.
            Self::HS256 | Self::HS384 | Self::HS512 => false,
        }
    }

    /// Returns whether the key is a shared secret.
    pub const fn is_hmac(self) -> bool {
        matches!(self, Self::HS256 | Self::HS384 | Self::HS512)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct AlgorithmSet(u16);

impl AlgorithmSet {
    /// Returns whether the set has this algorithm.
    pub const fn contains(self, algorithm: Algorithm) -> bool {
        self.0 & (1 << algorithm as u16) != 0
    }

    /// Returns whether the set has no member.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns what a key that can do these is used for where neither its `alg` nor the issuer's `algorithms` names an
    /// algorithm: the one thing that it can do, or what hosts verify. Otherwise a stranger chooses by `alg` what the VM
    /// computes.
    #[must_use]
    pub fn unnamed(self) -> Self {
        match self.0.count_ones() {
            1 => self,
            _ => self.iter().filter(|algorithm| algorithm.is_of_hosts()).collect(),
        }
    }

    /// Returns the members of both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the members of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the members, in the order of [`Algorithm::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL.into_iter().filter(move |&algorithm| self.contains(algorithm))
    }
}

impl FromIterator<Algorithm> for AlgorithmSet {
    fn from_iter<T: IntoIterator<Item = Algorithm>>(iter: T) -> Self {
        Self(iter.into_iter().fold(0, |set, algorithm| set | 1 << algorithm as u16))
    }
}
