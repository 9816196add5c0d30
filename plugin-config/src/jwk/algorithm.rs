//! Algorithms, and sets of them.

use super::{EcCurve, Hash, Scheme};
use attache_config_reader::{Node, PathRef, Reader, Reported, Value};
use std::fmt;

/// Makes the algorithms, and all that is said of each by its name alone, of one list; another name
/// of the same stands before a bar.
macro_rules! algorithms {
    ($first:ident, $($($alias:literal |)? $name:ident),+ $(,)?) => {
        /// A JWS signature algorithm (RFC 7518 section 3, RFC 8037). `none` has no value here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(
            feature = "schema",
            derive(schemars::JsonSchema),
            schemars(transform = crate::schema_transform::add_ed25519)
        )]
        #[expect(missing_docs, reason = "each is the name that the registry gives it")]
        #[repr(u8)]
        pub enum Algorithm {
            $first,
            $($name,)+
        }

        impl Algorithm {
            /// All of them, strongest habit first.
            pub const ALL: [Self; [stringify!($first), $(stringify!($name)),+].len()] =
                [Self::$first, $(Self::$name),+];

            /// Every name that a document may call one by.
            const NAMES: &[&str] = &[stringify!($first), $($($alias,)? stringify!($name)),+];

            /// Returns the registered name.
            pub const fn name(self) -> &'static str {
                match self {
                    Self::$first => stringify!($first),
                    $(Self::$name => stringify!($name),)+
                }
            }
        }

        impl Value for Algorithm {
            const EXPECTED: &'static str = concat!(
                "one of ", stringify!($first), $($(", ", $alias,)? ", ", stringify!($name)),+
            );

            fn read(
                node: &Node,
                at: &PathRef<'_>,
                reader: &mut Reader<'_>,
            ) -> Result<Self, Reported> {
                let Node::String(name) = node else {
                    return Err(reader.mismatch(at, Self::EXPECTED, node));
                };
                Self::from_name(name).ok_or_else(|| reader.unknown_word(at, name, Self::NAMES))
            }
        }
    };
}

algorithms! {
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
    "Ed25519" | EdDSA,
    HS256,
    HS384,
    HS512,
}

impl Algorithm {
    /// Reads a registered name, letter case included. `Ed25519` (RFC 9864) is `EdDSA`, which has no
    /// other curve here.
    ///
    /// ```
    /// use attache_plugin_config::Algorithm;
    ///
    /// assert_eq!(Algorithm::from_name("ES256"), Some(Algorithm::ES256));
    /// assert_eq!(Algorithm::from_name("none"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "Ed25519" => Some(Self::EdDSA),
            _ => Self::ALL.into_iter().find(|algorithm| algorithm.name() == name),
        }
    }

    /// Returns how it signs: all else that is known of it follows from that.
    pub const fn scheme(self) -> Scheme {
        match self {
            Self::RS256 => Scheme::RsaPkcs1(Hash::Sha256),
            Self::RS384 => Scheme::RsaPkcs1(Hash::Sha384),
            Self::RS512 => Scheme::RsaPkcs1(Hash::Sha512),
            Self::PS256 => Scheme::RsaPss(Hash::Sha256),
            Self::PS384 => Scheme::RsaPss(Hash::Sha384),
            Self::PS512 => Scheme::RsaPss(Hash::Sha512),
            Self::ES256 => Scheme::Ecdsa(EcCurve::P256),
            Self::ES384 => Scheme::Ecdsa(EcCurve::P384),
            Self::ES512 => Scheme::Ecdsa(EcCurve::P521),
            Self::EdDSA => Scheme::Ed25519,
            Self::HS256 => Scheme::Hmac(Hash::Sha256),
            Self::HS384 => Scheme::Hmac(Hash::Sha384),
            Self::HS512 => Scheme::Hmac(Hash::Sha512),
        }
    }

    /// Returns whether hosts verify it in native code: RSASSA-PKCS1-v1_5 and ECDSA, which Envoy
    /// knows. All others are arithmetic inside the VM.
    pub const fn is_of_hosts(self) -> bool {
        match self.scheme() {
            Scheme::RsaPkcs1(_) | Scheme::Ecdsa(_) => true,
            Scheme::RsaPss(_) | Scheme::Ed25519 | Scheme::Hmac(_) => false,
        }
    }

    /// Returns whether to refute a signature takes many times as long as by RS256: what is
    /// arithmetic inside the VM, and P-384 and P-521, for which BoringSSL has no code of their own
    /// (`docs/performance.md` has figures).
    pub const fn is_dear(self) -> bool {
        match self.scheme() {
            Scheme::RsaPkcs1(_) | Scheme::Ecdsa(EcCurve::P256) => false,
            Scheme::Ecdsa(EcCurve::P384 | EcCurve::P521) | Scheme::Ed25519 | Scheme::RsaPss(_) => {
                true
            }
            // A hash.
            Scheme::Hmac(_) => false,
        }
    }

    /// Returns whether the key is a shared secret.
    pub const fn is_hmac(self) -> bool {
        self.hmac().is_some()
    }

    /// Returns the hash of HMAC, where the key is a shared secret.
    pub const fn hmac(self) -> Option<Hash> {
        match self.scheme() {
            Scheme::Hmac(hash) => Some(hash),
            Scheme::RsaPkcs1(_) | Scheme::RsaPss(_) | Scheme::Ecdsa(_) | Scheme::Ed25519 => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Returns the curves that an algorithm is for.
pub(super) fn curves() -> impl Iterator<Item = EcCurve> {
    Algorithm::ALL.into_iter().filter_map(|algorithm| match algorithm.scheme() {
        Scheme::Ecdsa(curve) => Some(curve),
        Scheme::RsaPkcs1(_) | Scheme::RsaPss(_) | Scheme::Ed25519 | Scheme::Hmac(_) => None,
    })
}

/// A set of algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct AlgorithmSet(u16);

const _: () =
    assert!(Algorithm::ALL.len() <= u16::BITS as usize, "a set has a bit for each algorithm");

impl AlgorithmSet {
    /// Returns whether the set has this algorithm.
    pub const fn contains(self, algorithm: Algorithm) -> bool {
        self.0 & (1 << algorithm as u16) != 0
    }

    /// Returns whether the set has no member.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns what a key that can do these is used for where neither its `alg` nor the issuer's
    /// `algorithms` names an algorithm: the one thing that it can do, or what hosts verify.
    /// Otherwise a stranger chooses by `alg` what the VM computes.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwk::scheme::CURVES;

    #[test]
    fn messages_name_every_curve_once() {
        let names: Vec<String> = curves().map(|curve| format!("`{}`", curve.name())).collect();
        let named: Vec<&str> =
            CURVES.split([',', ' ']).filter(|word| word.starts_with('`')).collect();
        assert_eq!(named, names);
    }
}
