//! Public numbers, checked in the same way wherever they were written.

use super::{Algorithm, AlgorithmSet, EcCurve, Scheme, bytes, rsa};

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

/// A key's numbers, and what a key of its type can verify.
pub(super) type Numbers = (JwkMaterial, AlgorithmSet);

/// Why numbers are no key that can be used.
#[derive(Debug)]
pub(super) struct Unfit {
    /// The member of a JWK that is at fault.
    pub(super) member: &'static str,
    pub(super) message: String,
}

/// Returns what an RSA key can verify.
fn of_rsa() -> AlgorithmSet {
    let is_rsa = |algorithm: &Algorithm| match algorithm.scheme() {
        Scheme::RsaPkcs1(_) | Scheme::RsaPss(_) => true,
        Scheme::Ecdsa(_) | Scheme::Ed25519 | Scheme::Hmac(_) => false,
    };
    Algorithm::ALL.into_iter().filter(is_rsa).collect()
}

/// Returns what a key can verify that signs by one scheme.
fn of(scheme: Scheme) -> AlgorithmSet {
    Algorithm::ALL.into_iter().filter(|algorithm| algorithm.scheme() == scheme).collect()
}

/// Reads an RSA key (RFC 7518 section 6.3.1). Zero bytes in front of a number, which the RFC
/// forbids and some providers write, say nothing and are dropped.
pub(super) fn rsa_key(n: &[u8], e: &[u8]) -> Result<Numbers, Unfit> {
    let (n, e) = (bytes::without_zeros(n), bytes::without_zeros(e));
    let bits = rsa::bits(n);
    if !rsa::MODULUS_BITS.contains(&bits) {
        let message =
            format!("an RSA key has 2048 to 4096 bits here, this one {bits}; make a new key");
        return Err(Unfit { member: "n", message });
    }
    if !rsa::is_odd(n) {
        let message = "an even number is no RSA modulus; copy the key anew".to_owned();
        return Err(Unfit { member: "n", message });
    }
    if rsa::is_roca(n) {
        let message = "this key has the weakness of CVE-2017-15361 (ROCA), anyone can compute its private half; make \
                       a new key";
        return Err(Unfit { member: "n", message: message.to_owned() });
    }
    if e != rsa::EXPONENT {
        let message = match e.first_chunk::<8>() {
            Some(_) => {
                "the exponent of an RSA key must be 65537 (`AQAB`), this one is larger; make a new key"
                    .to_owned()
            }
            None => {
                let value = e.iter().fold(0_u64, |value, &byte| (value << 8) | u64::from(byte));
                format!(
                    "the exponent of an RSA key must be 65537 (`AQAB`), this one is {value}; make a new key"
                )
            }
        };
        return Err(Unfit { member: "e", message });
    }
    Ok((JwkMaterial::Rsa { n: n.to_vec(), e: e.to_vec() }, of_rsa()))
}

/// Reads a point of a NIST curve (RFC 7518 section 6.2.1). Coordinates that lack the zero bytes in
/// front, or have too many, are brought to the length of the field.
pub(super) fn ec_key(curve: EcCurve, x: &[u8], y: &[u8]) -> Result<Numbers, Unfit> {
    let (x, y) = (coordinate(curve, x, "x")?, coordinate(curve, y, "y")?);
    Ok((JwkMaterial::Ec { curve, x, y }, of(Scheme::Ecdsa(curve))))
}

/// Reads an Ed25519 key (RFC 8037 section 2).
pub(super) fn ed25519_key(x: &[u8]) -> Result<Numbers, Unfit> {
    match <[u8; 32]>::try_from(x) {
        Ok(x) => Ok((JwkMaterial::Ed25519 { x }, of(Scheme::Ed25519))),
        Err(_) => {
            let message =
                format!("an Ed25519 public key has 32 bytes, not {}; copy the key anew", x.len());
            Err(Unfit { member: "x", message })
        }
    }
}

fn coordinate(curve: EcCurve, value: &[u8], member: &'static str) -> Result<Vec<u8>, Unfit> {
    let value = bytes::without_zeros(value);
    let length = curve.field_bytes();
    let Some(missing) = length.checked_sub(value.len()) else {
        let message = format!(
            "a coordinate of this curve has {length} bytes, not {}; copy the key anew",
            value.len()
        );
        return Err(Unfit { member, message });
    };
    let mut padded = vec![0; missing];
    padded.extend_from_slice(value);
    Ok(padded)
}
