//! The keys of one issuer, and which of them a token calls for.

use super::fingerprint::first_eight;
use super::secret::Secret;
use super::signer::{MAX_TRIED, MAX_TRIED_DEAR, Refusal, Signer, first_good, to_try};
use super::{Allowed, Backend, Compact, PublicKey};
use crate::Detail;
use crate::host::{Environment, HostCrypto};
use crate::order::sorted;
use attache_plugin_config::{Diagnostic, Diagnostics, KeySet, KeySource, Path, Skipped};

/// The keys of one issuer, prepared once.
#[derive(Debug)]
pub struct IssuerKeys {
    keys: Keys,
    /// What turned out to be no key once its numbers were looked at.
    skipped: Vec<Skipped>,
    fingerprint: u64,
}

/// Public keys and secrets never stand together: no token can have the one taken for the other.
#[derive(Debug)]
enum Keys {
    Public(Vec<PublicKey>),
    Secret(Vec<Secret>),
}

impl IssuerKeys {
    /// Prepares the keys of a configuration.
    ///
    /// # Errors
    /// Every key that can't be used, with its place below the issuer: `jwks.keys[1]` or
    /// `secrets[0]`.
    #[inline(never)]
    pub fn new(source: &KeySource, environment: &dyn Environment) -> Result<Self, Diagnostics> {
        match source {
            KeySource::Inline(set) => Self::from_inline(set),
            // None yet: they come one set at a time.
            KeySource::Remote(_) => Self::from_set(&KeySet::default()),
            KeySource::Secrets(secrets) => {
                all(secrets, |secret| Secret::fetch(secret, environment), "secrets")
                    .map(Self::from_secrets)
            }
        }
    }

    /// Prepares the set of a configuration, with places below the issuer.
    fn from_inline(set: &KeySet) -> Result<Self, Diagnostics> {
        let jwks = || Path::default().key("jwks");
        let mut keys = Self::from_set(set).map_err(|errors| errors.below(&jwks()))?;
        for Skipped { reason, .. } in &mut keys.skipped {
            reason.path = jwks().join(std::mem::take(&mut reason.path));
        }
        Ok(keys)
    }

    /// Prepares a key set, wherever it came from. Keys whose numbers are no key are left out, as
    /// those of which the set itself knew are; see [`IssuerKeys::skipped`].
    ///
    /// # Errors
    /// Every key of a set that has none that can be used, with its place within the set: `keys[1]`.
    pub fn from_set(set: &KeySet) -> Result<Self, Diagnostics> {
        let (mut keys, mut skipped) = (Vec::with_capacity(set.keys.len()), Vec::new());
        for jwk in &set.keys {
            match PublicKey::new(jwk) {
                Ok(key) => keys.push(key),
                Err(message) => skipped.push(Skipped {
                    key_id: jwk.key_id.clone(),
                    reason: Diagnostic::error(jwk.path.clone(), message),
                }),
            }
        }
        if keys.is_empty() {
            Diagnostics::check(
                skipped.iter().map(|Skipped { reason, .. }| reason.clone()).collect(),
            )?;
        }
        let fingerprint = join(keys.iter().map(PublicKey::fingerprint).collect());
        Ok(Self { keys: Keys::Public(keys), skipped, fingerprint })
    }

    fn from_secrets(secrets: Vec<Secret>) -> Self {
        let fingerprint = join(secrets.iter().map(Secret::fingerprint).collect());
        Self { keys: Keys::Secret(secrets), skipped: Vec::new(), fingerprint }
    }

    /// Returns the keys that are left out, besides those that the set itself names.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Stands for all the keys in whatever order: the same in every VM and at every start.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Returns whether verifying takes so much arithmetic that it is worth asking whether another
    /// worker has done it.
    pub fn are_public(&self) -> bool {
        matches!(self.keys, Keys::Public(_))
    }

    /// Returns whether one of the keys has this fingerprint: a token that an earlier set verified
    /// is good as long as its key is here.
    pub fn has_key(&self, fingerprint: u64) -> bool {
        match &self.keys {
            Keys::Public(keys) => keys.iter().any(|key| key.fingerprint() == fingerprint),
            Keys::Secret(secrets) => {
                secrets.iter().any(|secret| secret.fingerprint() == fingerprint)
            }
        }
    }

    /// Returns the fingerprint of each key, and its `kid` where it has one.
    pub fn entries(&self) -> impl Iterator<Item = (u64, Option<&str>)> {
        let (keys, secrets): (&[PublicKey], &[Secret]) = match &self.keys {
            Keys::Public(keys) => (keys, &[]),
            Keys::Secret(secrets) => (&[], secrets),
        };
        let keys = keys.iter().map(|key| (key.fingerprint(), key.key_id()));
        keys.chain(secrets.iter().map(|secret| (secret.fingerprint(), secret.key_id())))
    }

    /// Returns the `kid`s of the keys that have one.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        let (keys, secrets): (&[PublicKey], &[Secret]) = match &self.keys {
            Keys::Public(keys) => (keys, &[]),
            Keys::Secret(secrets) => (&[], secrets),
        };
        keys.iter().filter_map(PublicKey::key_id).chain(secrets.iter().filter_map(Secret::key_id))
    }

    /// Verifies a signature. A token with a `kid` calls for the keys with that `kid` and for those
    /// that have none; one without calls for those that have none, and then for all. Of these it is
    /// tried with few, in this order: with [`MAX_TRIED`], or [`MAX_TRIED_DEAR`] where that takes
    /// long, so that no junk costs much more than other junk; the host hears of each that was tried
    /// so in vain. `known_signer` is the fingerprint of a key that is known to have made this
    /// token's signature: if it is a key that the token is tried with, nothing is left to verify.
    ///
    /// # Errors
    /// In this order: the algorithm is unknown or not `allowed`; no key fits; the worker has done
    /// enough arithmetic for strangers; none that fits made the signature. A token with a `kid`
    /// that no key has calls for a key that is not here, whatever those without `kid` say.
    #[inline(never)]
    pub fn verify(
        &self,
        jws: &Compact<'_>,
        allowed: Allowed,
        host: &dyn HostCrypto,
        known_signer: Option<u64>,
    ) -> Result<Signer<'_>, Refusal> {
        let algorithm = jws.header().algorithm().ok_or(Detail::AlgorithmUnknown)?;
        if !allowed.algorithms.contains(algorithm) {
            return Err(Detail::AlgorithmNotOfIssuer.into());
        }
        let wanted = jws.header().key_id();
        let outcome = match &self.keys {
            Keys::Public(keys) => {
                let most = if algorithm.is_dear() { MAX_TRIED_DEAR } else { MAX_TRIED };
                let tried = to_try(keys, wanted, most, PublicKey::key_id, |key| {
                    key.serves(algorithm, allowed)
                });
                let is_free = |key: &&PublicKey| known_signer == Some(key.fingerprint());
                if algorithm.is_dear() && !tried.iter().all(is_free) && !host.has_time() {
                    return Err(Detail::VerificationLimit.into());
                }
                first_good(
                    tried,
                    |key| match known_signer == Some(key.fingerprint()) {
                        true => Ok(Backend::Shared),
                        false => {
                            let outcome =
                                key.verify(algorithm, jws.signing_input(), jws.signature(), host);
                            if algorithm.is_dear() && outcome.is_err() {
                                host.tried_in_vain();
                            }
                            outcome
                        }
                    },
                    |key| (key.fingerprint(), key.key_id()),
                )
            }
            Keys::Secret(secrets) => first_good(
                to_try(secrets, wanted, MAX_TRIED, Secret::key_id, |secret| {
                    secret.algorithm() == algorithm
                }),
                |secret| match secret.verify(jws.signing_input(), jws.signature()) {
                    // Cheaper than to ask whether another worker did it.
                    true => Ok(Backend::Software),
                    false => Err(Some(Backend::Software)),
                },
                |secret| (secret.fingerprint(), secret.key_id()),
            ),
        };
        match outcome {
            Some(Ok(signer)) => Ok(signer),
            Some(Err(refusal)) => Err(self.why_refused(wanted, Some(refusal))),
            None => Err(self.why_refused(wanted, None)),
        }
    }

    /// Tells why a token with this `kid` is refused, given what the keys said that were tried.
    #[inline(never)]
    fn why_refused(&self, key_id: Option<&str>, refusal: Option<Refusal>) -> Refusal {
        match (key_id, refusal) {
            (Some(wanted), refusal) if !self.key_ids().any(|known| known == wanted) => Refusal {
                cause: Detail::KeyIdUnknown.into(),
                backend: refusal.and_then(|refusal| refusal.backend),
            },
            (_, Some(refusal)) => refusal,
            (_, None) => Detail::KeyForOtherAlgorithm.into(),
        }
    }
}

/// Prepares every key, or tells of every one that can't be.
fn all<T, K, M: Into<String>>(
    sources: &[T],
    prepare: impl Fn(&T) -> Result<K, M>,
    list: &str,
) -> Result<Vec<K>, Diagnostics> {
    let mut keys = Vec::with_capacity(sources.len());
    let mut errors = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        match prepare(source) {
            Ok(key) => keys.push(key),
            Err(message) => {
                errors.push(Diagnostic::error(Path::default().key(list).index(index), message))
            }
        }
    }
    Diagnostics::check(errors).map(|()| keys)
}

fn join(fingerprints: Vec<u64>) -> u64 {
    let mut hash = hmac_sha256::Hash::new();
    for fingerprint in sorted(fingerprints, u64::cmp) {
        hash.update(fingerprint.to_le_bytes());
    }
    first_eight(hash.finalize())
}

#[cfg(test)]
mod tests;
