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

/// The curves, as a message names them.
pub(super) const CURVES: &str = "`P-256`, `P-384` or `P-521`";

impl EcCurve {
    /// Returns the registered name (RFC 7518 section 6.2.1.1).
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Returns the object identifier (RFC 5480 section 2.1.1.1) as it stands in DER, without tag
    /// and length.
    pub const fn oid(self) -> &'static [u8] {
        match self {
            // 1.2.840.10045.3.1.7
            Self::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
            // 1.3.132.0.34
            Self::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
            // 1.3.132.0.35
            Self::P521 => &[0x2b, 0x81, 0x04, 0x00, 0x23],
        }
    }

    /// Returns the length of a coordinate, in bytes.
    pub const fn field_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// Returns the hash that goes with it in ECDSA (RFC 7518 section 3.4).
    pub const fn hash(self) -> Hash {
        match self {
            Self::P256 => Hash::Sha256,
            Self::P384 => Hash::Sha384,
            Self::P521 => Hash::Sha512,
        }
    }
}
