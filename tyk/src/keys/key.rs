//! One key: read from PEM, named by its thumbprint, shown as a JWK, used to sign.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_simple::algorithms::{
    ECDSAP256KeyPairLike, ES256KeyPair, ES256PublicKey, RS256KeyPair, RS256PublicKey,
};
use jwt_simple::claims::{Claims, JWTClaims};
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::RSA_PKCS1_SHA256;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Map, Value, json};
use std::fmt;

/// A key that signs: RSA of 2048 to 4096 bits (RS256), or ECDSA on P-256 (ES256).
pub struct Signer {
    key_id: String,
    pair: Pair,
}

enum Pair {
    /// Signed with ring: several times as fast as pure Rust, and in constant time.
    Rs256(Box<rsa::KeyPair>),
    Es256(Box<ES256KeyPair>),
}

/// A public key as verifiers are told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct PublicKey {
    /// The JWK's thumbprint (RFC 7638, SHA-256): a key that is replaced under its file's name has
    /// another.
    pub key_id: String,
    /// `RS256` or `ES256`.
    pub algorithm: &'static str,
    /// The JWK (RFC 7517), with `kid`, `use` and `alg`.
    pub jwk: Value,
}

/// Why a file holds no key that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no PEM with a key.
    #[error("holds no PEM `PRIVATE KEY` or `PUBLIC KEY`")]
    NoKey,
    /// It is a private key in an older form.
    #[error("is not PKCS#8; convert it with `openssl pkcs8 -topk8 -nocrypt`")]
    NotPkcs8,
    /// It is encrypted.
    #[error("is encrypted; mount the key without a passphrase")]
    Encrypted,
    /// It is another kind of key, or too short.
    #[error("is no key that fits; use RSA with 2048 to 4096 bits, or ECDSA on P-256")]
    Unfit,
}

/// Why a token could not be signed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("can't sign: {0}")]
pub struct SignError(String);

/// Reads a PEM file: a private key comes with its public half.
///
/// # Errors
/// It holds no key that fits.
pub fn parse(pem: &str) -> Result<(PublicKey, Option<Signer>), KeyError> {
    if pem.contains("-----BEGIN PRIVATE KEY-----") {
        let (public, pair) = if let Ok(pair) = ES256KeyPair::from_pem(pem) {
            let public = es256(&pair.public_key())?;
            let pair = Pair::Es256(Box::new(pair.with_key_id(&public.key_id)));
            (public, pair)
        } else {
            let pair = RS256KeyPair::from_pem(pem).map_err(|_| KeyError::Unfit)?;
            let public = rs256(&pair.public_key())?;
            let der =
                PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyError::Unfit)?;
            let pair =
                rsa::KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| KeyError::Unfit)?;
            (public, Pair::Rs256(Box::new(pair)))
        };
        let key_id = public.key_id.clone();
        return Ok((public, Some(Signer { key_id, pair })));
    }
    if pem.contains("-----BEGIN PUBLIC KEY-----") {
        let public = match ES256PublicKey::from_pem(pem) {
            Ok(key) => es256(&key)?,
            Err(_) => rs256(&RS256PublicKey::from_pem(pem).map_err(|_| KeyError::Unfit)?)?,
        };
        return Ok((public, None));
    }
    Err(match pem {
        pem if pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") => KeyError::Encrypted,
        pem if pem.contains(" PRIVATE KEY-----") => KeyError::NotPkcs8,
        _ => KeyError::NoKey,
    })
}

fn es256(key: &ES256PublicKey) -> Result<PublicKey, KeyError> {
    public_key(key.jwk_thumbprint(), "ES256", &key.to_jwk())
}

fn rs256(key: &RS256PublicKey) -> Result<PublicKey, KeyError> {
    public_key(key.jwk_thumbprint(), "RS256", &key.to_jwk())
}

fn public_key(key_id: String, algorithm: &'static str, jwk: &str) -> Result<PublicKey, KeyError> {
    let mut jwk: Map<String, Value> = serde_json::from_str(jwk).map_err(|_| KeyError::Unfit)?;
    for (name, value) in [("kid", key_id.as_str()), ("use", "sig"), ("alg", algorithm)] {
        jwk.insert(name.to_owned(), value.into());
    }
    Ok(PublicKey { key_id, algorithm, jwk: Value::Object(jwk) })
}

impl Signer {
    /// Returns the key's thumbprint.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Returns a JWT of these claims; `typ` is `JWT`.
    ///
    /// # Errors
    /// The cryptography failed.
    pub fn sign(&self, claims: Map<String, Value>) -> Result<String, SignError> {
        match &self.pair {
            Pair::Rs256(pair) => rs256_token(pair, &self.key_id, &claims),
            Pair::Es256(pair) => {
                let none = jwt_simple::reexports::coarsetime::Duration::from_secs(0);
                let (issued_at, expires_at, invalid_before) = (None, None, None);
                let rest = Claims::with_custom_claims(claims, none);
                let claims = JWTClaims { issued_at, expires_at, invalid_before, ..rest };
                pair.sign(claims).map_err(|error| SignError(error.to_string()))
            }
        }
    }
}

/// Returns a JWT in compact form (RFC 7515 section 7.1).
fn rs256_token(
    pair: &rsa::KeyPair,
    key_id: &str,
    claims: &Map<String, Value>,
) -> Result<String, SignError> {
    let header = json!({"alg": "RS256", "kid": key_id, "typ": "JWT"}).to_string();
    let claims = serde_json::to_string(claims).map_err(|error| SignError(error.to_string()))?;
    let mut token =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
        .map_err(|error| SignError(error.to_string()))?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}
