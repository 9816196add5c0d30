//! Keys, signatures and hosts for tests.

use super::IssuerKeys;
use crate::host::{Environment, HostCrypto};
use attache_plugin_config::{
    Algorithm, ClaimPath, EcCurve, HeaderLocation, HeaderName, Issuer, IssuerId, IssuerLocations,
    Jwk, JwkMaterial, KeySet, KeySource, Name, NonEmpty, Revoked, SecretRef,
};
use attache_test_fixtures::keys::SigningKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use p256::pkcs8::{DecodePublicKey as _, SubjectPublicKeyInfoRef};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Value, json};
use std::cell::Cell;
use std::sync::OnceLock;
use std::time::Duration;

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const NOW: u64 = 1_700_000_000;

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
    fn verify(
        &self,
        key: &[u8],
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Option<bool> {
        self.calls.set(self.calls.get().saturating_add(1));

        Some(match algorithm {
            Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 => {
                let padding: &dyn VerificationAlgorithm = match algorithm {
                    Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
                    Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
                    _ => &RSA_PKCS1_2048_8192_SHA512,
                };
                let key = SubjectPublicKeyInfoRef::try_from(key).unwrap();
                let key = UnparsedPublicKey::new(padding, key.subject_public_key.raw_bytes());
                key.verify(message, signature).is_ok()
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

/// The environment in which every variable is the secret of [`sign`], but `UNSET`.
pub(crate) struct Env;

impl Environment for Env {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        (name != "UNSET").then(|| key(Algorithm::HS256).secret().unwrap().to_vec())
    }
}

/// The fixed key of the algorithm's type.
fn key(algorithm: Algorithm) -> &'static SigningKey {
    static KEYS: [OnceLock<SigningKey>; 6] = [const { OnceLock::new() }; 6];
    let (index, name) = match algorithm {
        Algorithm::ES256 => (0, "p256"),
        Algorithm::ES384 => (1, "p384"),
        Algorithm::ES512 => (2, "p521"),
        Algorithm::EdDSA => (3, "ed25519"),
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => (4, "hmac"),
        _ => (5, "rsa"),
    };
    KEYS[index].get_or_init(|| SigningKey::fixed(name).unwrap())
}

/// A signature in JOSE form with the one test key of the algorithm's type.
pub(crate) fn sign(algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
    key(algorithm).sign(algorithm.name(), message).unwrap()
}

/// Returns the public half of the key that [`sign`] uses.
pub(crate) fn jwk(algorithm: Algorithm, key_id: Option<&str>) -> Jwk {
    let jwk = key(algorithm).jwk().unwrap();
    let number = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let ec = |curve| JwkMaterial::Ec { curve, x: number("x"), y: number("y") };
    let material = match algorithm {
        Algorithm::ES256 => ec(EcCurve::P256),
        Algorithm::ES384 => ec(EcCurve::P384),
        Algorithm::ES512 => ec(EcCurve::P521),
        Algorithm::EdDSA => JwkMaterial::Ed25519 { x: number("x").try_into().unwrap() },
        _ => JwkMaterial::Rsa { n: number("n"), e: number("e") },
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
        KeySource::Secrets(NonEmpty::one(SecretRef { env: "SECRET".into(), algorithm, key_id }))
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
        locations: IssuerLocations {
            headers: vec![HeaderLocation {
                name: HeaderName::new("authorization").unwrap(),
                prefix: "Bearer ".into(),
            }],
            ..IssuerLocations::default()
        },
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
    ClaimPath::parse(dotted).unwrap()
}
