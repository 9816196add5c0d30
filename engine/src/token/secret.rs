//! HMAC secrets (RFC 7518 section 3.2).

use crate::host::Environment;
use attache_plugin_config::{Algorithm, Hash, SecretRef};
use std::fmt;
use zeroize::Zeroizing;

/// A secret for one algorithm.
pub struct Secret {
    key_id: Option<String>,
    algorithm: Algorithm,
    fingerprint: u64,
    bytes: Zeroizing<Vec<u8>>,
}

impl Secret {
    /// Fetches a secret from the environment.
    ///
    /// # Errors
    /// Why it can't be used: unset, or shorter than the hash (RFC 7518 section 3.2).
    #[inline(never)]
    pub fn fetch(source: &SecretRef, environment: &dyn Environment) -> Result<Self, String> {
        let env = &source.env;
        let bytes = environment.variable(env).map(Zeroizing::new).ok_or_else(|| {
            format!(
                "environment variable `{env}` is not set: hand it to the VM (vmConfig.env of a WasmPlugin)"
            )
        })?;
        let needed = tag_bytes(source.algorithm).ok_or_else(|| {
            format!("`{}` takes no secret: use HS256, HS384 or HS512", source.algorithm)
        })?;
        if bytes.len() < needed {
            return Err(format!(
                "environment variable `{env}` holds {} bytes: {} needs at least {needed}",
                bytes.len(),
                source.algorithm,
            ));
        }
        Ok(Self {
            key_id: source.key_id.clone(),
            algorithm: source.algorithm,
            fingerprint: fingerprint(source, &bytes),
            bytes,
        })
    }

    /// Returns `kid`, where the secret has one.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns the one algorithm it serves.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Stands for the secret, its `kid` and its algorithm, without giving it away.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Returns whether this is the message's tag; takes the same time for every wrong tag of the
    /// right length.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        let key = self.bytes.as_slice();
        match self.algorithm.hmac() {
            Some(Hash::Sha256) => {
                tag.try_into().is_ok_and(|tag| hmac_sha256::HMAC::verify(message, key, tag))
            }
            Some(Hash::Sha384) => {
                tag.try_into().is_ok_and(|tag| hmac_sha512::sha384::HMAC::verify(message, key, tag))
            }
            Some(Hash::Sha512) => {
                tag.try_into().is_ok_and(|tag| hmac_sha512::HMAC::verify(message, key, tag))
            }
            None => false,
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// Returns the length of a tag, which is the least that a secret may have.
fn tag_bytes(algorithm: Algorithm) -> Option<usize> {
    algorithm.hmac().map(Hash::bytes)
}

/// Returns the fingerprint of a secret, keyed by the secret itself, so that it tells no more of it
/// than any token does.
fn fingerprint(source: &SecretRef, secret: &[u8]) -> u64 {
    let mut hash = hmac_sha256::HMAC::new(secret);
    hash.update("attache key fingerprint\0");
    hash.update(source.algorithm.name());
    hash.update("\0");
    hash.update(source.key_id.as_deref().unwrap_or_default());
    super::fingerprint::first_eight(hash.finalize())
}
