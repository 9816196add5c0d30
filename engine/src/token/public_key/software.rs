//! What hosts verify, done in pure Rust: for tools, and for a module on a host that lacks
//! cryptography.
//!
//! The arithmetic of each curve stays in a function of its own: a compiler's memory grows faster
//! than the function that it compiles, and a proxy's workers compile all of them.

use super::HostScheme;
use attache_plugin_config::{EcCurve, Hash};
use p256::ecdsa::signature::Verifier as _;
use p256::pkcs8::DecodePublicKey as _;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::{Pkcs1v15Sign, RsaPublicKey};

/// Returns whether a key, a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), made a signature by
/// RSASSA-PKCS1-v1_5 or ECDSA, which is in JOSE form (RFC 7518 section 3).
pub(super) fn verify(key: &[u8], scheme: HostScheme, message: &[u8], signature: &[u8]) -> bool {
    let verdict = match scheme {
        HostScheme::RsaPkcs1(hash) => pkcs1(key, hash, message, signature),
        HostScheme::Ecdsa(EcCurve::P256) => p256(key, message, signature),
        HostScheme::Ecdsa(EcCurve::P384) => p384(key, message, signature),
        HostScheme::Ecdsa(EcCurve::P521) => p521(key, message, signature),
    };
    verdict.is_some()
}

#[inline(never)]
fn pkcs1(key: &[u8], hash: Hash, message: &[u8], signature: &[u8]) -> Option<()> {
    let key = RsaPublicKey::from_public_key_der(key).ok()?;
    let verdict = match hash {
        Hash::Sha256 => {
            let hashed = hmac_sha256::Hash::hash(message);
            key.verify(Pkcs1v15Sign::new::<hmac_sha256::WrappedHash>(), &hashed, signature)
        }
        Hash::Sha384 => {
            let hashed = hmac_sha512::sha384::Hash::hash(message);
            key.verify(Pkcs1v15Sign::new::<hmac_sha512::sha384::WrappedHash>(), &hashed, signature)
        }
        Hash::Sha512 => {
            let hashed = hmac_sha512::Hash::hash(message);
            key.verify(Pkcs1v15Sign::new::<hmac_sha512::WrappedHash>(), &hashed, signature)
        }
    };
    verdict.ok()
}

#[inline(never)]
fn p256(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = p256::ecdsa::VerifyingKey::from_public_key_der(key).ok()?;
    key.verify(message, &p256::ecdsa::Signature::from_slice(signature).ok()?).ok()
}

#[inline(never)]
fn p384(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = p384::ecdsa::VerifyingKey::from_public_key_der(key).ok()?;
    key.verify(message, &p384::ecdsa::Signature::from_slice(signature).ok()?).ok()
}

#[inline(never)]
fn p521(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = p521::ecdsa::VerifyingKey::from_public_key_der(key).ok()?;
    key.verify(message, &p521::ecdsa::Signature::from_slice(signature).ok()?).ok()
}
