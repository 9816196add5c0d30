//! A private key, by jwt-simple, which the engine verifies with too.

use clap::ValueEnum;
use jwt_simple::algorithms::{
    ECDSAP256KeyPairLike as _, ES256KeyPair, Ed25519KeyPair, EdDSAKeyPairLike as _, RS256KeyPair,
    RSAKeyPairLike as _,
};
use jwt_simple::claims::{Claims, JWTClaims};
use jwt_simple::common::HeaderOptions;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The bits of an RSA key's modulus.
const RSA_BITS: usize = 2048;

/// What a key signs by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "verbatim")]
pub(crate) enum TestAlgorithm {
    /// ECDSA on P-256
    ES256,
    /// RSA with 2048 bits
    RS256,
    /// Ed25519
    EdDSA,
}

/// A private key.
pub(crate) enum TestKey {
    Es256(Box<ES256KeyPair>),
    Rs256(Box<RS256KeyPair>),
    EdDsa(Box<Ed25519KeyPair>),
}

impl TestKey {
    /// Makes one.
    ///
    /// # Errors
    /// The library can't.
    pub(crate) fn generate(algorithm: TestAlgorithm) -> Result<Self, String> {
        Ok(match algorithm {
            TestAlgorithm::ES256 => Self::Es256(Box::new(ES256KeyPair::generate())),
            TestAlgorithm::RS256 => {
                let pair = RS256KeyPair::generate(RSA_BITS);
                Self::Rs256(Box::new(
                    pair.map_err(|error| format!("no key could be made: {error}"))?,
                ))
            }
            TestAlgorithm::EdDSA => Self::EdDsa(Box::new(Ed25519KeyPair::generate())),
        })
    }

    /// Reads one from PEM (PKCS#8).
    ///
    /// # Errors
    /// It is no private key of those that can be made here.
    pub(crate) fn read(pem: &str) -> Result<Self, String> {
        ES256KeyPair::from_pem(pem)
            .map(|pair| Self::Es256(Box::new(pair)))
            .or_else(|_| RS256KeyPair::from_pem(pem).map(|pair| Self::Rs256(Box::new(pair))))
            .or_else(|_| Ed25519KeyPair::from_pem(pem).map(|pair| Self::EdDsa(Box::new(pair))))
            .map_err(|_| {
                "no private key in PEM (PKCS#8) on P-256, of RSA or of Ed25519; `attache keys` makes one"
                    .to_owned()
            })
    }

    /// Returns it with a `kid`; where none is given, the thumbprint of its public half (RFC 7638).
    #[must_use]
    pub(crate) fn with_key_id(self, key_id: Option<&str>) -> Self {
        match self {
            Self::Es256(pair) => {
                let key_id = key_id.map_or_else(|| pair.jwk_thumbprint(), str::to_owned);
                Self::Es256(Box::new(pair.with_key_id(&key_id)))
            }
            Self::Rs256(pair) => {
                let key_id = key_id.map_or_else(|| pair.jwk_thumbprint(), str::to_owned);
                Self::Rs256(Box::new(pair.with_key_id(&key_id)))
            }
            Self::EdDsa(pair) => {
                let key_id = key_id.map_or_else(|| pair.jwk_thumbprint(), str::to_owned);
                Self::EdDsa(Box::new(pair.with_key_id(&key_id)))
            }
        }
    }

    /// Returns the private half as PEM (PKCS#8).
    ///
    /// # Errors
    /// The library can't write it.
    pub(crate) fn pem(&self) -> Result<String, String> {
        let failed = |error: jwt_simple::Error| format!("the key can't be written: {error}");
        match self {
            Self::Es256(pair) => pair.to_pem().map_err(failed),
            Self::Rs256(pair) => pair.to_pem().map_err(failed),
            Self::EdDsa(pair) => Ok(pair.to_pem()),
        }
    }

    /// Returns the public half as a JWK Set (RFC 7517 section 5).
    ///
    /// # Errors
    /// The library wrote what is no JSON.
    pub(crate) fn jwks(&self) -> Result<Value, String> {
        let jwk = match self {
            Self::Es256(pair) => pair.public_key().to_jwk(),
            Self::Rs256(pair) => pair.public_key().to_jwk(),
            Self::EdDsa(pair) => pair.public_key().to_jwk(),
        };
        let jwk: Value = serde_json::from_str(&jwk)
            .map_err(|error| format!("the key can't be written: {error}"))?;
        Ok(json!({"keys": [jwk]}))
    }

    /// Signs claims as they are; `typ` is the header's, `JWT` where none is given.
    ///
    /// # Errors
    /// The library can't.
    pub(crate) fn sign(
        &self,
        claims: Map<String, Value>,
        typ: Option<&str>,
    ) -> Result<String, String> {
        let options =
            HeaderOptions { signature_type: typ.map(str::to_owned), ..HeaderOptions::default() };
        let claims = as_they_are(claims);
        let signed = match self {
            Self::Es256(pair) => pair.sign_with_options(claims, &options),
            Self::Rs256(pair) => pair.sign_with_options(claims, &options),
            Self::EdDsa(pair) => pair.sign_with_options(claims, &options),
        };
        signed.map_err(|error| format!("the token can't be signed: {error}"))
    }
}

/// Returns claims to which the library adds none of its own.
fn as_they_are(claims: Map<String, Value>) -> JWTClaims<Map<String, Value>> {
    let whole = Claims::with_custom_claims(claims, Duration::ZERO.into());
    JWTClaims { issued_at: None, expires_at: None, invalid_before: None, ..whole }
}
