//! Keys, signatures and hosts for tests.

use super::IssuerKeys;
use crate::host::{Environment, HostCrypto};
use attache_plugin_config::{
    Algorithm, ClaimPath, EcCurve, HeaderLocation, HeaderName, Issuer, IssuerId, Jwk, JwkMaterial, KeySet,
    KeySource, Name, Revoked, SecretRef,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed};
use jwt_simple::algorithms::RSAKeyPair;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::pkcs8::DecodePublicKey as _;
use serde_json::{Value, json};
use std::cell::Cell;
use std::sync::OnceLock;
use std::time::Duration;
use superboring::hash::MessageDigest;
use superboring::pkey::{PKey, Private};
use superboring::rsa::{Padding, Rsa};
use superboring::sign::{Signer, Verifier};

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const NOW: u64 = 1_700_000_000;
pub(crate) const SECRET: [u8; 64] = [0x5a; 64];

/// A host that knows nothing.
pub(crate) struct NoHost;

impl HostCrypto for NoHost {
    fn verify(&self, _: &[u8], _: Algorithm, _: &[u8], _: &[u8]) -> Option<bool> {
        None
    }
}

/// A host that verifies as Envoy does: from the SubjectPublicKeyInfo, with ECDSA signatures in DER.
#[derive(Default)]
pub(crate) struct DerHost {
    pub(crate) calls: Cell<u32>,
}

impl HostCrypto for DerHost {
    fn verify(&self, key: &[u8], algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Option<bool> {
        self.calls.set(self.calls.get().saturating_add(1));

        Some(match algorithm {
            Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 => {
                let key = PKey::from_rsa(Rsa::public_key_from_der(key).unwrap()).unwrap();
                let mut verifier = Verifier::new(digest(algorithm), &key).unwrap();
                verifier.set_rsa_padding(Padding::PKCS1).unwrap();
                verifier.verify_oneshot(signature, message).unwrap()
            }
            Algorithm::ES256 => p256::ecdsa::VerifyingKey::from_public_key_der(key)
                .unwrap()
                .verify(message, &p256::ecdsa::Signature::from_der(signature).unwrap())
                .is_ok(),
            Algorithm::ES384 => p384::ecdsa::VerifyingKey::from_public_key_der(key)
                .unwrap()
                .verify(message, &p384::ecdsa::Signature::from_der(signature).unwrap())
                .is_ok(),
            Algorithm::ES512 => p521::ecdsa::VerifyingKey::from_public_key_der(key)
                .unwrap()
                .verify(message, &p521::ecdsa::Signature::from_der(signature).unwrap())
                .is_ok(),
            other => panic!("the host is never asked about {other}"),
        })
    }
}

/// The environment in which every variable is [`SECRET`], but `UNSET`.
pub(crate) struct Env;

impl Environment for Env {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        (name != "UNSET").then(|| SECRET.to_vec())
    }
}

fn rsa() -> &'static RSAKeyPair {
    static KEY: OnceLock<RSAKeyPair> = OnceLock::new();
    KEY.get_or_init(|| RSAKeyPair::generate(2048).unwrap())
}

fn p256() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
}

fn p384() -> p384::ecdsa::SigningKey {
    p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap()
}

fn p521() -> p521::ecdsa::SigningKey {
    let mut scalar = [7; 66];
    scalar[0] = 0;
    p521::ecdsa::SigningKey::from_slice(&scalar).unwrap()
}

fn ed25519() -> KeyPair {
    KeyPair::from_seed(Seed::new([7; 32]))
}

fn digest(algorithm: Algorithm) -> MessageDigest {
    match algorithm {
        Algorithm::RS256 | Algorithm::PS256 => MessageDigest::sha256(),
        Algorithm::RS384 | Algorithm::PS384 => MessageDigest::sha384(),
        _ => MessageDigest::sha512(),
    }
}

/// A signature in JOSE form with the one test key of the algorithm's type.
pub(crate) fn sign(algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
    match algorithm {
        Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 => {
            sign_rsa(algorithm, Padding::PKCS1, message)
        }
        Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512 => {
            sign_rsa(algorithm, Padding::PKCS1_PSS, message)
        }
        Algorithm::ES256 => {
            let signature: p256::ecdsa::Signature = p256().sign(message);
            signature.to_bytes().to_vec()
        }
        Algorithm::ES384 => {
            let signature: p384::ecdsa::Signature = p384().sign(message);
            signature.to_bytes().to_vec()
        }
        Algorithm::ES512 => {
            let signature: p521::ecdsa::Signature = p521().sign(message);
            signature.to_bytes().to_vec()
        }
        Algorithm::EdDSA => ed25519().sk.sign(message, None).to_vec(),
        Algorithm::HS256 => hmac_sha256::HMAC::mac(message, SECRET).to_vec(),
        Algorithm::HS384 => hmac_sha512::sha384::HMAC::mac(message, SECRET).to_vec(),
        Algorithm::HS512 => hmac_sha512::HMAC::mac(message, SECRET).to_vec(),
    }
}

fn sign_rsa(algorithm: Algorithm, padding: Padding, message: &[u8]) -> Vec<u8> {
    let key: PKey<Private> = PKey::from_rsa(rsa().as_ref().clone()).unwrap();
    let mut signer = Signer::new(digest(algorithm), &key).unwrap();
    signer.set_rsa_padding(padding).unwrap();
    signer.sign_oneshot_to_vec(message).unwrap()
}

/// Returns the public half of the key that [`sign`] uses.
pub(crate) fn jwk(algorithm: Algorithm, key_id: Option<&str>) -> Jwk {
    let ec = |curve, point: &[u8]| {
        let (x, y) = point[1..].split_at(point.len() / 2);
        JwkMaterial::Ec { curve, x: x.to_vec(), y: y.to_vec() }
    };
    let material = match algorithm {
        Algorithm::ES256 => ec(EcCurve::P256, p256().verifying_key().to_sec1_point(false).as_bytes()),
        Algorithm::ES384 => ec(EcCurve::P384, p384().verifying_key().to_sec1_point(false).as_bytes()),
        Algorithm::ES512 => ec(EcCurve::P521, p521().verifying_key().to_sec1_point(false).as_bytes()),
        Algorithm::EdDSA => JwkMaterial::Ed25519 { x: *ed25519().pk },
        _ => {
            let key = rsa().as_ref();
            JwkMaterial::Rsa { n: key.n().to_vec(), e: key.e().to_vec() }
        }
    };
    Jwk {
        path: attache_plugin_config::Path::default(),
        key_id: key_id.map(str::to_owned),
        algorithms: [algorithm].into_iter().collect(),
        material,
    }
}

/// One key for one algorithm.
pub(crate) fn source(algorithm: Algorithm, key_id: Option<&str>) -> KeySource {
    if algorithm.is_hmac() {
        let key_id = key_id.map(str::to_owned);
        KeySource::Secrets(vec![SecretRef { env: "SECRET".into(), algorithm, key_id }])
    } else {
        KeySource::Inline(key_set([jwk(algorithm, key_id)]))
    }
}

/// A set of these keys.
pub(crate) fn key_set(keys: impl IntoIterator<Item = Jwk>) -> KeySet {
    let keys = keys.into_iter().enumerate().map(|(index, key)| Jwk {
        path: attache_plugin_config::Path::default().key("keys").index(index),
        ..key
    });
    KeySet { keys: keys.collect(), skipped: Vec::new() }
}

/// One key for one algorithm, prepared.
pub(crate) fn keys(algorithm: Algorithm, key_id: Option<&str>) -> IssuerKeys {
    IssuerKeys::new(&source(algorithm, key_id), &Env).unwrap()
}

/// A compact JWS of any two texts, signed as told.
pub(crate) fn compact(algorithm: Algorithm, header: &str, payload: &str) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(sign(algorithm, input.as_bytes()));
    format!("{input}.{signature}")
}

/// A JWT with no `kid`.
pub(crate) fn token(algorithm: Algorithm, payload: &Value) -> String {
    compact(algorithm, &json!({"alg": algorithm.name()}).to_string(), &payload.to_string())
}

/// Good claims, for an hour.
pub(crate) fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "user:ann", "aud": "mesh", "exp": NOW.saturating_add(3600), "jti": "t1"})
}

/// An entry that asks for nothing but a signature and `exp`.
pub(crate) fn issuer(algorithm: Algorithm) -> Issuer {
    Issuer {
        name: Name::new("tyk").unwrap(),
        issuer: IssuerId::Exact(ISSUER.into()),
        audiences: vec![],
        algorithms: [algorithm].into_iter().collect(),
        keys: source(algorithm, None),
        from_headers: vec![HeaderLocation {
            name: HeaderName::new("authorization").unwrap(),
            prefix: "Bearer ".into(),
        }],
        from_cookies: vec![],
        from_params: vec![],
        forward_original_token: false,
        padding: Default::default(),
        clock_skew: Duration::from_secs(60),
        require_expiration: true,
        names_algorithms: true,
        subject_prefix: String::new(),
        max_lifetime: None,
        require_issued_at: false,
        max_age: None,
        token_types: vec![],
        subjects: vec![],
        claims: vec![],
        role_claims: vec![],
        presenters: vec![],
        revoked: Revoked::default(),
        output_payload_to_header: None,
        output_claim_to_headers: vec![],
    }
}

/// A claim's path of one step or several, parted by dots.
pub(crate) fn path(dotted: &str) -> ClaimPath {
    ClaimPath(dotted.split('.').map(str::to_owned).collect())
}
