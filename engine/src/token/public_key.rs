//! One public key, prepared once for the host's verifier and for the engine's own.

mod curve;
mod pss;
#[cfg(feature = "software-signatures")]
mod software;

use super::{Allowed, Backend, der};
use crate::host::HostCrypto;
use attache_plugin_config::{
    Algorithm, AlgorithmSet, EcCurve, Hash, Jwk, JwkMaterial, Scheme, is_fit_for_rsa,
};
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPublicKey};
use std::fmt;

/// A public key that may verify signatures.
pub struct PublicKey {
    key_id: Option<String>,
    algorithms: AlgorithmSet,
    fingerprint: u64,
    spki_der: Option<Box<[u8]>>,
    material: Material,
}

/// What the engine itself needs of a key.
enum Material {
    Rsa(RsaPublicKey),
    Ec(EcCurve),
    Ed25519(ed25519_compact::PublicKey),
}

/// How what hosts verify is signed.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(feature = "software-signatures"),
    expect(dead_code, reason = "only what verifies without a host asks which it is")
)]
enum HostScheme {
    RsaPkcs1(Hash),
    Ecdsa(EcCurve),
}

/// Whether a signature is good, and what said so; in an `Err`, `None` where it is refused without
/// arithmetic: by its shape, or since nothing here can verify it.
pub type Outcome = Result<Backend, Option<Backend>>;

impl PublicKey {
    /// Prepares a key.
    ///
    /// # Errors
    /// What is wrong with its numbers: a point off its curve, a weak Ed25519 key, an RSA modulus or
    /// exponent that the verifier does not take.
    pub fn new(jwk: &Jwk) -> Result<Self, &'static str> {
        let (material, spki_der) = match &jwk.material {
            JwkMaterial::Rsa { n, e } => rsa(n, e).ok_or(
                "this is no RSA key that can be used: take a modulus of 2048 to 4096 bits and exponent 65537",
            )?,
            JwkMaterial::Ec { curve, x, y } => {
                ec(*curve, x, y).ok_or("`x` and `y` are no point on this curve: copy the key again")?
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
        let algorithms =
            if allowed.are_named { self.algorithms } else { self.algorithms.unnamed() };
        algorithms.contains(algorithm)
    }

    /// Returns the SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) of an RSA or EC key, for a
    /// host's verifier.
    pub fn spki_der(&self) -> Option<&[u8]> {
        self.spki_der.as_deref()
    }

    /// Stands for the key's numbers, its `kid` and its algorithms: the same in every VM and at
    /// every start.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Returns whether the key made this signature, which is in JOSE form (RFC 7518 section 3).
    /// RSASSA-PKCS1-v1_5 and ECDSA are the host's, which gets an ECDSA signature in DER; where it
    /// can't tell, the engine verifies, if it is built with `software-signatures`.
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
            Material::Rsa(key) => {
                if signature.len() != key.size() {
                    return Err(None);
                }
                match algorithm.scheme() {
                    Scheme::RsaPkcs1(hash) => {
                        let how = (algorithm, HostScheme::RsaPkcs1(hash));
                        self.ask(host, how, message, signature, signature)
                    }
                    Scheme::RsaPss(hash) => in_software(pss::verify(key, hash, message, signature)),
                    Scheme::Ecdsa(_) | Scheme::Ed25519 | Scheme::Hmac(_) => Err(None),
                }
            }
            Material::Ec(curve) => {
                let fits = algorithm.scheme() == Scheme::Ecdsa(*curve);
                if !fits || !curve::could_have_signed(*curve, signature) {
                    return Err(None);
                }
                let how = (algorithm, HostScheme::Ecdsa(*curve));
                self.ask(host, how, message, signature, &der::ecdsa_signature(signature))
            }
            Material::Ed25519(key) => {
                if algorithm.scheme() != Scheme::Ed25519 {
                    return Err(None);
                }
                let signature =
                    ed25519_compact::Signature::from_slice(signature).map_err(|_| None)?;
                in_software(verify_ed25519(key, message, &signature))
            }
        }
    }

    /// Asks the host about a signature, which is given in JOSE form and as hosts take it.
    #[inline(never)]
    fn ask(
        &self,
        host: &dyn HostCrypto,
        (algorithm, scheme): (Algorithm, HostScheme),
        message: &[u8],
        jose: &[u8],
        signature: &[u8],
    ) -> Outcome {
        let key = self.spki_der().ok_or(None)?;
        match host.verify(key, algorithm, message, signature) {
            Some(true) => Ok(Backend::Host),
            Some(false) => Err(Some(Backend::Host)),
            None => without_host(key, scheme, message, jose),
        }
    }
}

/// Verifies what the host could not.
#[cfg(feature = "software-signatures")]
fn without_host(key: &[u8], scheme: HostScheme, message: &[u8], jose: &[u8]) -> Outcome {
    in_software(software::verify(key, scheme, message, jose))
}

/// Refuses what the host could not verify.
#[cfg(not(feature = "software-signatures"))]
const fn without_host(_: &[u8], _: HostScheme, _: &[u8], _: &[u8]) -> Outcome {
    Err(None)
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
    let key = RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e)).ok()?;
    Some((Material::Rsa(key), Some(der::rsa_key(n, e))))
}

#[inline(never)]
fn ec(curve: EcCurve, x: &[u8], y: &[u8]) -> Option<(Material, Option<Box<[u8]>>)> {
    if !curve::holds(curve, x, y) {
        return None;
    }
    let point = [&[UNCOMPRESSED], x, y].concat();
    Some((Material::Ec(curve), Some(der::ec_key(curve, &point))))
}

/// Returns a point of Ed25519 that is on the curve and not of small order, under which any
/// signature could be good.
fn ed25519_key(x: &[u8]) -> Option<ed25519_compact::PublicKey> {
    let key = ed25519_compact::PublicKey::from_slice(x).ok()?;
    key.validate().is_ok().then_some(key)
}

#[inline(never)]
fn verify_ed25519(
    key: &ed25519_compact::PublicKey,
    message: &[u8],
    signature: &ed25519_compact::Signature,
) -> bool {
    key.verify(message, signature).is_ok()
}

/// Returns the fingerprint of a key's parts. Each goes in with its length before it, so that no two
/// keys give the hash the same bytes.
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
