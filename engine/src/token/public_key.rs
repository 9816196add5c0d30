//! One public key, prepared once for both verifiers.

use super::{Allowed, Backend, der};
use crate::host::HostCrypto;
use attache_plugin_config::{
    Algorithm, AlgorithmSet, EcCurve, Hash, Jwk, JwkMaterial, Scheme, is_fit_for_rsa,
};
use p521::ecdsa::signature::Verifier as _;
use std::fmt;
use superboring::bn::BigNum;
use superboring::hash::MessageDigest;
use superboring::pkey::{PKey, Public};
use superboring::rsa::{Padding, Rsa};
use superboring::sign::Verifier;

/// A public key that may verify signatures.
pub struct PublicKey {
    key_id: Option<String>,
    algorithms: AlgorithmSet,
    fingerprint: u64,
    spki_der: Option<Box<[u8]>>,
    material: Material,
}

/// The key as the engine's own verifier takes it.
enum Material {
    Rsa { key: PKey<Public>, signature_bytes: usize },
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    Ed25519(ed25519_compact::PublicKey),
}

/// Whether a signature is good, and what said so; in an `Err`, `None` where it could be refused by its shape alone.
pub type Outcome = Result<Backend, Option<Backend>>;

impl PublicKey {
    /// Prepares a key.
    ///
    /// # Errors
    /// What is wrong with its numbers: a point off its curve, a weak Ed25519 key, an RSA modulus or exponent that the
    /// verifier does not take.
    pub fn new(jwk: &Jwk) -> Result<Self, &'static str> {
        let (material, spki_der) = match &jwk.material {
            JwkMaterial::Rsa { n, e } => rsa(n, e).ok_or(
                "this is no RSA key that can be used: take a modulus of 2048 to 4096 bits and exponent 65537",
            )?,
            JwkMaterial::Ec { curve, x, y } => {
                let point = [&[UNCOMPRESSED], x.as_slice(), y.as_slice()].concat();
                ec(*curve, &point).ok_or("`x` and `y` are no point on this curve: copy the key again")?
            }
            JwkMaterial::Ed25519 { x } => {
                let key = ed25519_key(x).ok_or("`x` is no usable Ed25519 public key: copy the key again")?;
                (Material::Ed25519(key), None)
            }
        };
        Ok(Self {
            key_id: jwk.key_id.clone(),
            algorithms: jwk.algorithms,
            fingerprint: fingerprint(jwk),
            spki_der,
            material,
        })
    }

    /// Returns `kid`, where the key has one.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns what the key may verify.
    pub fn algorithms(&self) -> AlgorithmSet {
        self.algorithms
    }

    /// Returns whether the key verifies an issuer's signatures by this algorithm.
    pub fn serves(&self, algorithm: Algorithm, allowed: Allowed) -> bool {
        let algorithms = if allowed.are_named { self.algorithms } else { self.algorithms.unnamed() };
        algorithms.contains(algorithm)
    }

    /// Returns the SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) of an RSA or EC key, for a host's verifier.
    pub fn spki_der(&self) -> Option<&[u8]> {
        self.spki_der.as_deref()
    }

    /// Stands for the key's numbers, its `kid` and its algorithms: the same in every VM and at every start.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Returns whether the key made this signature, which is in JOSE form (RFC 7518 section 3). The host is asked first
    /// where it could know: about RSASSA-PKCS1-v1_5 and about ECDSA, the latter in DER.
    ///
    /// # Errors
    /// What refuted it; `None` where its shape, or an algorithm that is not this key's type's, did.
    pub fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
        host: &dyn HostCrypto,
    ) -> Outcome {
        match &self.material {
            Material::Rsa { key, signature_bytes } => {
                let (digest, padding) = rsa_scheme(algorithm).ok_or(None)?;
                if signature.len() != *signature_bytes {
                    return Err(None);
                }
                let software = || verify_rsa(key, digest, padding, message, signature);
                match padding {
                    Padding::PKCS1 => self.verdict(host, algorithm, message, signature, software),
                    _ => in_software(software()),
                }
            }
            Material::P256(key) => {
                let parsed = p256::ecdsa::Signature::from_slice(signature).map_err(|_| None)?;
                let software = || verify_p256(key, message, &parsed);
                self.verdict(host, algorithm, message, &der::ecdsa_signature(signature), software)
            }
            Material::P384(key) => {
                let parsed = p384::ecdsa::Signature::from_slice(signature).map_err(|_| None)?;
                let software = || verify_p384(key, message, &parsed);
                self.verdict(host, algorithm, message, &der::ecdsa_signature(signature), software)
            }
            Material::P521(key) => {
                let parsed = p521::ecdsa::Signature::from_slice(signature).map_err(|_| None)?;
                let software = || verify_p521(key, message, &parsed);
                self.verdict(host, algorithm, message, &der::ecdsa_signature(signature), software)
            }
            Material::Ed25519(key) => {
                let signature = ed25519_compact::Signature::from_slice(signature).map_err(|_| None)?;
                in_software(verify_ed25519(key, message, &signature))
            }
        }
    }

    #[inline(never)]
    fn verdict(
        &self,
        host: &dyn HostCrypto,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
        software: impl FnOnce() -> bool,
    ) -> Outcome {
        let verdict = self.spki_der().and_then(|key| host.verify(key, algorithm, message, signature));
        match verdict {
            Some(true) => Ok(Backend::Host),
            Some(false) => Err(Some(Backend::Host)),
            None => in_software(software()),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("key_id", &self.key_id)
            .field("fingerprint", &format_args!("{:016x}", self.fingerprint))
            .finish_non_exhaustive()
    }
}

/// The first byte of an uncompressed point (SEC 1 section 2.3.3).
const UNCOMPRESSED: u8 = 4;

fn in_software(good: bool) -> Outcome {
    if good { Ok(Backend::Software) } else { Err(Some(Backend::Software)) }
}

#[inline(never)]
fn rsa(n: &[u8], e: &[u8]) -> Option<(Material, Option<Box<[u8]>>)> {
    if !is_fit_for_rsa(n, e) {
        return None;
    }
    let (modulus, exponent) = (BigNum::from_slice(n).ok()?, BigNum::from_slice(e).ok()?);
    let key = PKey::from_rsa(Rsa::<Public>::from_public_components(modulus, exponent).ok()?).ok()?;
    Some((Material::Rsa { key, signature_bytes: n.len() }, Some(der::rsa_key(n, e))))
}

#[inline(never)]
fn ec(curve: EcCurve, point: &[u8]) -> Option<(Material, Option<Box<[u8]>>)> {
    let material = match curve {
        EcCurve::P256 => Material::P256(p256_key(point)?),
        EcCurve::P384 => Material::P384(p384_key(point)?),
        EcCurve::P521 => Material::P521(p521_key(point)?),
    };
    Some((material, Some(der::ec_key(curve, point))))
}

// The arithmetic of each curve stays in functions of its own: a compiler's memory grows faster than the function that it
// compiles, and every worker of a proxy compiles all of them.

/// Returns a point of Ed25519 that is on the curve and not of small order, under which any signature could be good.
fn ed25519_key(x: &[u8]) -> Option<ed25519_compact::PublicKey> {
    let key = ed25519_compact::PublicKey::from_slice(x).ok()?;
    key.validate().is_ok().then_some(key)
}

#[inline(never)]
fn p256_key(point: &[u8]) -> Option<p256::ecdsa::VerifyingKey> {
    p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()
}

#[inline(never)]
fn p384_key(point: &[u8]) -> Option<p384::ecdsa::VerifyingKey> {
    p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()
}

#[inline(never)]
fn p521_key(point: &[u8]) -> Option<p521::ecdsa::VerifyingKey> {
    p521::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()
}

#[inline(never)]
fn verify_p256(key: &p256::ecdsa::VerifyingKey, message: &[u8], signature: &p256::ecdsa::Signature) -> bool {
    key.verify(message, signature).is_ok()
}

#[inline(never)]
fn verify_p384(key: &p384::ecdsa::VerifyingKey, message: &[u8], signature: &p384::ecdsa::Signature) -> bool {
    key.verify(message, signature).is_ok()
}

#[inline(never)]
fn verify_p521(key: &p521::ecdsa::VerifyingKey, message: &[u8], signature: &p521::ecdsa::Signature) -> bool {
    key.verify(message, signature).is_ok()
}

#[inline(never)]
fn verify_ed25519(
    key: &ed25519_compact::PublicKey,
    message: &[u8],
    signature: &ed25519_compact::Signature,
) -> bool {
    key.verify(message, signature).is_ok()
}

/// Returns the digest and the padding of an RSA algorithm (RFC 7518 sections 3.3 and 3.5; the salt of PSS is as long as
/// the digest).
fn rsa_scheme(algorithm: Algorithm) -> Option<(MessageDigest, Padding)> {
    let (hash, padding) = match algorithm.scheme() {
        Scheme::RsaPkcs1(hash) => (hash, Padding::PKCS1),
        Scheme::RsaPss(hash) => (hash, Padding::PKCS1_PSS),
        Scheme::Ecdsa(_) | Scheme::Ed25519 | Scheme::Hmac(_) => return None,
    };
    let digest = match hash {
        Hash::Sha256 => MessageDigest::sha256(),
        Hash::Sha384 => MessageDigest::sha384(),
        Hash::Sha512 => MessageDigest::sha512(),
    };
    Some((digest, padding))
}

#[inline(never)]
fn verify_rsa(
    key: &PKey<Public>,
    digest: MessageDigest,
    padding: Padding,
    message: &[u8],
    signature: &[u8],
) -> bool {
    Verifier::new(digest, key).is_ok_and(|mut verifier| {
        verifier.set_rsa_padding(padding).is_ok()
            && verifier.update(message).is_ok()
            && verifier.verify(signature).unwrap_or(false)
    })
}

/// Returns the fingerprint of a key's parts. Each goes in with its length before it, so that no two keys give the hash
/// the same bytes.
#[inline(never)]
fn fingerprint(jwk: &Jwk) -> u64 {
    let algorithms: Vec<u8> = jwk.algorithms.iter().map(|algorithm| algorithm as u8).collect();
    let (kind, first, second): (&str, &[u8], &[u8]) = match &jwk.material {
        JwkMaterial::Rsa { n, e } => ("RSA", n, e),
        JwkMaterial::Ec { curve, x, y } => (curve.name(), x, y),
        JwkMaterial::Ed25519 { x } => ("Ed25519", x, &[]),
    };
    let key_id = jwk.key_id.as_deref().unwrap_or_default().as_bytes();
    let mut hash = hmac_sha256::Hash::new();
    for part in [kind.as_bytes(), first, second, key_id, &algorithms] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    super::fingerprint::first_eight(hash.finalize())
}

#[cfg(test)]
mod tests;
