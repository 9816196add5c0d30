//! The keys that sign the benchmark's tokens: the fixed ones of `e2e/keys`, so that every run verifies the same.

use anyhow::{Context, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
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
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    random: SystemRandom,
}

impl Keys {
    pub(crate) fn load() -> Result<Self> {
        let random = SystemRandom::new();
        let rsa = RsaKeyPair::from_pkcs8(&der(include_str!("../../e2e/keys/rsa.pem"))?)
            .map_err(|error| anyhow!("e2e/keys/rsa.pem: {error}"))?;
        let p256 = der(include_str!("../../e2e/keys/p256.pem"))?;
        let p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &p256, &random)
            .map_err(|error| anyhow!("e2e/keys/p256.pem: {error}"))?;
        Ok(Self { rsa, p256, random })
    }

    /// Both public keys, as Istio's policy has them: every chain chooses by `kid`.
    pub(crate) fn jwks(&self) -> Value {
        let rsa = PublicKeyComponents::<Vec<u8>>::from(self.rsa.public());
        // An uncompressed point: 4, x, y.
        let point = self.p256.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
        json!({"keys": [
            {"kty": "RSA", "kid": "RS256", "alg": "RS256", "use": "sig",
             "n": base64url(&rsa.n), "e": base64url(&rsa.e)},
            {"kty": "EC", "kid": "ES256", "alg": "ES256", "use": "sig", "crv": "P-256",
             "x": base64url(x), "y": base64url(y)},
        ]})
    }

    /// The public key on a curve, one of `P-256`, `P-384` and `P-521`, without a `kid`.
    pub(crate) fn curve(&self, name: &str) -> Result<Value> {
        let (pem, bytes) = match name {
            "P-256" => (include_str!("../../e2e/keys/p256.pem"), 32),
            "P-384" => (include_str!("../../e2e/keys/p384.pem"), 48),
            _ => (include_str!("../../e2e/keys/p521.pem"), 66),
        };
        // PKCS #8 ends with the point (RFC 5915 section 3).
        let der = der(pem)?;
        let (rest, y) = der.split_at(der.len().saturating_sub(bytes));
        let x = rest.get(rest.len().saturating_sub(bytes)..).unwrap_or_default();
        Ok(json!({"kty": "EC", "crv": name, "x": base64url(x), "y": base64url(y)}))
    }

    /// The public key of Ed25519: 32 bytes.
    pub(crate) fn ed25519(&self) -> Result<Vec<u8>> {
        let pair =
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der(include_str!("../../e2e/keys/ed25519.pem"))?)
                .map_err(|error| anyhow!("e2e/keys/ed25519.pem: {error}"))?;
        Ok(pair.public_key().as_ref().to_vec())
    }

    pub(crate) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>> {
        match algorithm {
            Algorithm::Rs256 => {
                let mut signature = vec![0; self.rsa.public().modulus_len()];
                self.rsa
                    .sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature)
                    .map_err(|_| anyhow!("the RSA key does not sign"))?;
                Ok(signature)
            }
            Algorithm::Es256 => {
                let signature = self
                    .p256
                    .sign(&self.random, message)
                    .map_err(|_| anyhow!("the P-256 key does not sign"))?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn der(pem: &str) -> Result<Vec<u8>> {
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(text).context("a key of e2e/keys is not PEM")
}
