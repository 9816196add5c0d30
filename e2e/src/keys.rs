//! Keys that sign test tokens: fixed ones from `e2e/keys`, so that runs are alike, and fresh ones for the demo.

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair, RsaKeyPair,
};
use ring::{hmac, rsa};
use serde_json::{Value, json};

/// A private key or secret, and the name that is its `kid`.
#[derive(Debug)]
pub struct SigningKey {
    name: String,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa(Box<RsaKeyPair>),
    Ec(&'static str, EcdsaKeyPair),
    #[cfg(feature = "scenarios")]
    P521(Box<p521::ecdsa::SigningKey>),
    Ed25519(Ed25519KeyPair),
    Secret(Vec<u8>),
}

/// A fresh P-256 key as a PKCS#8 file.
///
/// # Errors
/// The system has no randomness.
pub fn fresh_p256_pem() -> Result<String> {
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map_err(|_| anyhow!("no key could be made"))?;
    let text = STANDARD.encode(der.as_ref());
    // RFC 7468 section 2: lines of 64 characters.
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n"))
}

impl SigningKey {
    /// A key of `e2e/keys` by its file's name: `rsa`, `rsa-other`, `p256`, `p256-other`, `p384`, `p521`, `ed25519` or
    /// `hmac`.
    ///
    /// # Errors
    /// There is no such key.
    pub fn fixed(name: &str) -> Result<Self> {
        let pem = match name {
            "rsa" => include_str!("../keys/rsa.pem"),
            "rsa-other" => include_str!("../keys/rsa-other.pem"),
            "p256" => include_str!("../keys/p256.pem"),
            "p256-other" => include_str!("../keys/p256-other.pem"),
            "p384" => include_str!("../keys/p384.pem"),
            "p521" => include_str!("../keys/p521.pem"),
            "ed25519" => include_str!("../keys/ed25519.pem"),
            "hmac" => {
                let secret = include_str!("../keys/hmac.txt").trim_end().into();
                return Ok(Self { name: name.into(), material: Material::Secret(secret) });
            }
            _ => bail!("there is no key `{name}` in e2e/keys"),
        };
        let der = pkcs8(pem)?;
        let material = match name.split('-').next() {
            Some("rsa") => {
                Material::Rsa(Box::new(RsaKeyPair::from_pkcs8(&der).map_err(|e| rejected(name, e))?))
            }
            Some("p256") => ec("P-256", &ECDSA_P256_SHA256_FIXED_SIGNING, &der)?,
            Some("p384") => ec("P-384", &ECDSA_P384_SHA384_FIXED_SIGNING, &der)?,
            #[cfg(feature = "scenarios")]
            Some("p521") => {
                use p521::pkcs8::DecodePrivateKey;
                let secret = p521::SecretKey::from_pkcs8_der(&der).map_err(|e| rejected(name, e))?;
                Material::P521(Box::new(secret.into()))
            }
            Some("ed25519") => Material::Ed25519(
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|e| rejected(name, e))?,
            ),
            _ => bail!("key `{name}` needs the feature `scenarios`"),
        };
        Ok(Self { name: name.into(), material })
    }

    /// A fresh P-256 key.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn fresh_p256(name: &str) -> Result<Self> {
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|_| anyhow!("no key could be made"))?;
        Ok(Self { name: name.into(), material: ec("P-256", &ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref())? })
    }

    /// The name, which is the `kid`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The secret of an HMAC key.
    pub fn secret(&self) -> Option<&[u8]> {
        match &self.material {
            Material::Secret(secret) => Some(secret),
            _ => None,
        }
    }

    /// The algorithm that the key signs with where nothing else is said.
    pub fn default_algorithm(&self) -> &'static str {
        match &self.material {
            Material::Rsa(_) => "RS256",
            Material::Ec("P-256", _) => "ES256",
            Material::Ec(..) => "ES384",
            #[cfg(feature = "scenarios")]
            Material::P521(_) => "ES512",
            Material::Ed25519(_) => "EdDSA",
            Material::Secret(_) => "HS256",
        }
    }

    /// The public key as a JWK (RFC 7517), without `alg`: whatever the key can do, it may.
    ///
    /// # Errors
    /// A secret has no public key.
    pub fn jwk(&self) -> Result<Value> {
        let mut jwk = match &self.material {
            Material::Rsa(key) => {
                let public = rsa::PublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({"kty": "RSA", "n": base64url(&public.n), "e": base64url(&public.e)})
            }
            Material::Ec(curve, key) => ec_jwk(curve, key.public_key().as_ref())?,
            #[cfg(feature = "scenarios")]
            Material::P521(key) => ec_jwk("P-521", key.verifying_key().to_sec1_point(false).as_bytes())?,
            Material::Ed25519(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(key.public_key().as_ref())})
            }
            Material::Secret(_) => bail!("`{}` is a secret: it belongs into the environment", self.name),
        };
        if let Some(object) = jwk.as_object_mut() {
            object.insert("kid".into(), self.name.clone().into());
            object.insert("use".into(), "sig".into());
        }
        Ok(jwk)
    }

    /// Signs as a JWS algorithm (RFC 7518 section 3.1) says.
    ///
    /// # Errors
    /// The key can't do the algorithm.
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>> {
        let random = SystemRandom::new();
        match (&self.material, algorithm) {
            (Material::Rsa(key), _) => {
                let padding: &dyn signature::RsaEncoding = match algorithm {
                    "RS256" => &signature::RSA_PKCS1_SHA256,
                    "RS384" => &signature::RSA_PKCS1_SHA384,
                    "RS512" => &signature::RSA_PKCS1_SHA512,
                    "PS256" => &signature::RSA_PSS_SHA256,
                    "PS384" => &signature::RSA_PSS_SHA384,
                    "PS512" => &signature::RSA_PSS_SHA512,
                    _ => return Err(cannot(&self.name, algorithm)),
                };
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(padding, &random, message, &mut signature)
                    .map_err(|_| cannot(&self.name, algorithm))?;
                Ok(signature)
            }
            (Material::Ec("P-256", key), "ES256") | (Material::Ec("P-384", key), "ES384") => {
                let signature = key.sign(&random, message).map_err(|_| cannot(&self.name, algorithm))?;
                Ok(signature.as_ref().to_vec())
            }
            #[cfg(feature = "scenarios")]
            (Material::P521(key), "ES512") => {
                use p521::ecdsa::signature::Signer;
                let signature: p521::ecdsa::Signature = key.sign(message);
                Ok(signature.to_bytes().to_vec())
            }
            (Material::Ed25519(key), "EdDSA") => Ok(key.sign(message).as_ref().to_vec()),
            (Material::Secret(secret), _) => {
                let hash = match algorithm {
                    "HS256" => hmac::HMAC_SHA256,
                    "HS384" => hmac::HMAC_SHA384,
                    "HS512" => hmac::HMAC_SHA512,
                    _ => return Err(cannot(&self.name, algorithm)),
                };
                Ok(hmac::sign(&hmac::Key::new(hash, secret), message).as_ref().to_vec())
            }
            _ => Err(cannot(&self.name, algorithm)),
        }
    }
}

/// A JWK Set (RFC 7517 section 5) of these keys.
///
/// # Errors
/// One of them is a secret.
pub fn jwks<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Result<Value> {
    let keys: Vec<Value> = keys.into_iter().map(SigningKey::jwk).collect::<Result<_>>()?;
    Ok(json!({"keys": keys}))
}

/// Base64url without padding (RFC 7515 section 2).
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn pkcs8(pem: &str) -> Result<Vec<u8>> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).context("a key in e2e/keys is not PEM")
}

fn ec(
    curve: &'static str,
    algorithm: &'static signature::EcdsaSigningAlgorithm,
    der: &[u8],
) -> Result<Material> {
    let pair =
        EcdsaKeyPair::from_pkcs8(algorithm, der, &SystemRandom::new()).map_err(|e| rejected(curve, e))?;
    Ok(Material::Ec(curve, pair))
}

/// `point` is uncompressed (SEC 1 section 2.3.3): 4, then both coordinates.
fn ec_jwk(curve: &str, point: &[u8]) -> Result<Value> {
    let coordinates = point.get(1..).context("a public key is empty")?;
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    Ok(json!({"kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y)}))
}

fn rejected(name: &str, error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("key `{name}` can't be used: {error}")
}

fn cannot(name: &str, algorithm: &str) -> anyhow::Error {
    anyhow!("key `{name}` can't sign {algorithm}")
}

#[cfg(all(test, feature = "scenarios"))]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_has_a_key_that_signs_it() {
        for (name, algorithms) in [
            ("rsa", vec!["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
            ("p256", vec!["ES256"]),
            ("p384", vec!["ES384"]),
            ("p521", vec!["ES512"]),
            ("ed25519", vec!["EdDSA"]),
            ("hmac", vec!["HS256", "HS384", "HS512"]),
        ] {
            let key = SigningKey::fixed(name).unwrap();
            for algorithm in algorithms {
                assert!(!key.sign(algorithm, b"message").unwrap().is_empty(), "{name} {algorithm}");
            }
            assert!(key.sign("none", b"message").is_err());
        }
    }

    #[test]
    fn a_secret_never_becomes_a_public_key() {
        assert!(SigningKey::fixed("hmac").unwrap().jwk().is_err());
    }
}
