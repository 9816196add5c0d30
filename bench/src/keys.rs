//! The keys that sign the benchmark's tokens: the fixed ones of `testing/fixtures`, so that every
//! run verifies the same.

use anyhow::Result;
use attache_test_fixtures::document::extend;
use attache_test_fixtures::keys::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 2] = [Self::Rs256, Self::Es256];

    /// The name that `alg` has, and the `kid` of its key.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One key an algorithm.
#[derive(Debug)]
pub(crate) struct Keys {
    rsa: SigningKey,
    p256: SigningKey,
}

impl Keys {
    pub(crate) fn load() -> Result<Self> {
        Ok(Self { rsa: SigningKey::fixed("rsa")?, p256: SigningKey::fixed("p256")? })
    }

    /// Returns both public keys, as Istio's policy has them: every chain chooses by `kid`.
    pub(crate) fn jwks(&self) -> Result<Value> {
        let keys = Algorithm::ALL.into_iter().map(|algorithm| {
            let mut jwk = self.key(algorithm).jwk()?;
            extend(&mut jwk, json!({"kid": algorithm.name(), "alg": algorithm.name()}));
            Ok(jwk)
        });
        Ok(json!({"keys": keys.collect::<Result<Vec<_>>>()?}))
    }

    pub(crate) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>> {
        self.key(algorithm).sign(algorithm.name(), message)
    }

    const fn key(&self, algorithm: Algorithm) -> &SigningKey {
        match algorithm {
            Algorithm::Rs256 => &self.rsa,
            Algorithm::Es256 => &self.p256,
        }
    }
}

/// Returns the public key of a fixed key, without a `kid`.
pub(crate) fn public(name: &str) -> Result<Value> {
    let mut jwk = SigningKey::fixed(name)?.jwk()?;
    if let Some(members) = jwk.as_object_mut() {
        members.retain(|name, _| name != "kid" && name != "use");
    }
    Ok(jwk)
}
