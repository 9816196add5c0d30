//! RSASSA-PSS (RFC 8017 section 8.1.2), which no host offers.

use attache_plugin_config::Hash;
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, Pss, RsaPublicKey};

/// Returns whether a key made this signature, whose salt is as long as the hash (RFC 7518 section
/// 3.5).
#[inline(never)]
pub(super) fn verify(key: &RsaPublicKey, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
    // RFC 8017 section 5.2.2, which the library leaves to its caller: from the modulus on, a number
    // stands for a smaller one.
    if BigUint::from_bytes_be(signature) >= *key.n() {
        return false;
    }
    let verdict = match hash {
        Hash::Sha256 => {
            let hashed = hmac_sha256::Hash::hash(message);
            key.verify(Pss::new::<hmac_sha256::WrappedHash>(), &hashed, signature)
        }
        Hash::Sha384 => {
            let hashed = hmac_sha512::sha384::Hash::hash(message);
            key.verify(Pss::new::<hmac_sha512::sha384::WrappedHash>(), &hashed, signature)
        }
        Hash::Sha512 => {
            let hashed = hmac_sha512::Hash::hash(message);
            key.verify(Pss::new::<hmac_sha512::WrappedHash>(), &hashed, signature)
        }
    };
    verdict.is_ok()
}
