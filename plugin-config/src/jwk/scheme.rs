//! What algorithms are made of (RFC 7518 section 3, RFC 8037 section 3.1).

/// How an algorithm signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(Hash),
    /// RSASSA-PSS, with a salt as long as the hash.
    RsaPss(Hash),
    /// ECDSA, with the hash of the curve ([`EcCurve::hash`]).
    Ecdsa(EcCurve),
    /// Ed25519.
    Ed25519,
    /// HMAC with a shared secret.
    Hmac(Hash),
}

/// A hash function (FIPS 180-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the name that its standard gives it")]
pub enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// Returns the length of what it makes, in bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// The curve of an EC key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the name that the registry gives it")]
pub enum EcCurve {
    P256,
    P384,
    P521,
}

impl EcCurve {
    /// Returns the hash that goes with it in ECDSA (RFC 7518 section 3.4).
    pub const fn hash(self) -> Hash {
        match self {
            Self::P256 => Hash::Sha256,
            Self::P384 => Hash::Sha384,
            Self::P521 => Hash::Sha512,
        }
    }
}
