//! Seeded private keys, made and used by libraries of RustCrypto; their public halves as JWKs.

use data_encoding::BASE64URL_NOPAD;
use p256::ecdsa::signature::Signer as _;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::RngCore as _;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use rsa::{BigUint, RsaPrivateKey};
use serde_json::{Value, json};

/// A private key for one algorithm.
pub(super) struct Key {
    pub(super) algorithm: &'static str,
    pub(super) material: Material,
}

pub(super) enum Material {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    Ed25519(ed25519_compact::KeyPair),
}

pub(super) fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Returns the text that a signature signs: header and payload, each in base64url.
pub(super) fn message(header: &Value, payload: &Value) -> String {
    format!(
        "{}.{}",
        base64url(header.to_string().as_bytes()),
        base64url(payload.to_string().as_bytes())
    )
}

impl Key {
    pub(super) fn rsa(algorithm: &'static str, random: &mut ChaCha20Rng) -> Self {
        Self {
            algorithm,
            material: Material::Rsa(Box::new(RsaPrivateKey::new(random, 2048).unwrap())),
        }
    }

    pub(super) fn p256(random: &mut ChaCha20Rng) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&scalar::<32>(random)).unwrap();
        Self { algorithm: "ES256", material: Material::P256(key) }
    }

    pub(super) fn p384(random: &mut ChaCha20Rng) -> Self {
        let key = p384::ecdsa::SigningKey::from_slice(&scalar::<48>(random)).unwrap();
        Self { algorithm: "ES384", material: Material::P384(key) }
    }

    pub(super) fn ed25519(random: &mut ChaCha20Rng) -> Self {
        let seed = ed25519_compact::Seed::new(scalar(random));
        Self {
            algorithm: "EdDSA",
            material: Material::Ed25519(ed25519_compact::KeyPair::from_seed(seed)),
        }
    }

    /// Returns the public half, for this key's one algorithm.
    pub(super) fn jwk(&self) -> Value {
        let mut jwk = match &self.material {
            Material::Rsa(key) => json!({
                "kty": "RSA",
                "n": base64url(&key.n().to_bytes_be()),
                "e": base64url(&key.e().to_bytes_be()),
            }),
            Material::P256(_) => ec("P-256", &self.public()),
            Material::P384(_) => ec("P-384", &self.public()),
            Material::Ed25519(_) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(&self.public()) })
            }
        };
        jwk["alg"] = self.algorithm.into();
        jwk
    }

    /// Returns the bytes of the public half: an uncompressed point, an Ed25519 key, or RFC 8017's
    /// RSAPublicKey.
    pub(super) fn public(&self) -> Vec<u8> {
        match &self.material {
            Material::Rsa(key) => {
                let numbers =
                    [integer(&key.n().to_bytes_be()), integer(&key.e().to_bytes_be())].concat();
                super::der::value(0x30, &numbers)
            }
            Material::P256(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Material::P384(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Material::Ed25519(key) => key.pk.to_vec(),
        }
    }

    /// Signs a text as JOSE has it (RFC 7518 section 3). RSA keys sign by RSASSA-PKCS1-v1_5 with
    /// SHA-256.
    pub(super) fn sign(&self, message: &str) -> Vec<u8> {
        match &self.material {
            Material::Rsa(_) => self.raise(&super::rsa::pkcs1(&super::rsa::digest_info(message))),
            Material::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message.as_bytes());
                signature.to_bytes().to_vec()
            }
            Material::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign(message.as_bytes());
                signature.to_bytes().to_vec()
            }
            Material::Ed25519(key) => key.sk.sign(message, None).to_vec(),
        }
    }

    /// Returns `encoded` raised to the private exponent: what makes any encoded message, good or
    /// bad, a signature.
    pub(super) fn raise(&self, encoded: &[u8]) -> Vec<u8> {
        let Material::Rsa(key) = &self.material else { panic!("this is an RSA key's affair") };
        let power = BigUint::from_bytes_be(encoded).modpow(key.d(), key.n()).to_bytes_be();
        [vec![0; key.size() - power.len()], power].concat()
    }
}

/// Returns a secret below every curve's order, and not 0.
fn scalar<const BYTES: usize>(random: &mut ChaCha20Rng) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    random.fill_bytes(&mut bytes);
    bytes[0] &= 0x7f;
    bytes
}

fn ec(curve: &str, point: &[u8]) -> Value {
    let (x, y) = point[1..].split_at(point.len() / 2);
    json!({ "kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y) })
}

/// Returns a positive INTEGER in DER.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let significant: Vec<u8> = bytes.iter().copied().skip_while(|&byte| byte == 0).collect();
    let sign: &[u8] = if significant.first().is_none_or(|&byte| byte >= 0x80) { &[0] } else { &[] };
    super::der::value(0x02, &[sign, &significant].concat())
}
