//! Whether a token is good, told by other libraries and in another way than the engine's.

use crate::{NOW, trusted};
use attache_test_fixtures::keys::SigningKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::Value;

/// The trusted keys, as another library verifies with them.
pub struct Oracle(Vec<(String, Value)>);

impl Default for Oracle {
    fn default() -> Self {
        let jwk = |key: &SigningKey| (key.name().to_owned(), key.jwk().expect("a public key"));
        Self(trusted().iter().map(jwk).collect())
    }
}

impl Oracle {
    /// Whether a trusted key signed exactly this text, and its claims may be believed now. Leaves
    /// out what only the engine is strict about, so it may call a token good that the engine
    /// refuses, never the other way round.
    pub fn accepts(&self, token: &[u8]) -> bool {
        self.check(token).unwrap_or(false)
    }

    fn check(&self, token: &[u8]) -> Option<bool> {
        let token = std::str::from_utf8(token).ok()?;
        let parts: Vec<&str> = token.split('.').collect();
        let [header, payload, signature] = parts.as_slice() else { return None };
        let message = token.get(..token.rfind('.')?)?;
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let algorithm = header["alg"].as_str()?;
        let signed = self.0.iter().any(|(name, jwk)| {
            let called = header.get("kid").is_none_or(|kid| kid.as_str() == Some(name.as_str()));
            called && verifies(jwk, algorithm, message.as_bytes(), &signature).unwrap_or(false)
        });
        let number = |name: &str| claims.get(name).map(|value| value.as_f64());
        let alive = number("exp")??.floor() + 60.0 > NOW as f64;
        let begun =
            number("nbf").is_none_or(|start| start.is_some_and(|start| start <= NOW as f64 + 61.0));
        let audience = match &claims["aud"] {
            Value::Array(list) => list.iter().any(|one| one == "mesh"),
            one => one == "mesh",
        };
        Some(signed && alive && begun && audience && claims["iss"] == "https://issuer.example")
    }
}

fn verifies(jwk: &Value, algorithm: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
    let number = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str()?).ok();
    let fixed = |library: &'static dyn VerificationAlgorithm, key: Vec<u8>| {
        Some(UnparsedPublicKey::new(library, key).verify(message, signature).is_ok())
    };
    let rsa = |library: &'static RsaParameters| {
        let key = RsaPublicKeyComponents { n: number("n")?, e: number("e")? };
        Some(key.verify(library, message, signature).is_ok())
    };
    let point = || Some([vec![4], number("x")?, number("y")?].concat());
    match (algorithm, jwk["kty"].as_str()?, jwk["crv"].as_str()) {
        ("ES256", "EC", Some("P-256")) => fixed(&ECDSA_P256_SHA256_FIXED, point()?),
        ("ES384", "EC", Some("P-384")) => fixed(&ECDSA_P384_SHA384_FIXED, point()?),
        ("EdDSA" | "Ed25519", "OKP", Some("Ed25519")) => fixed(&ED25519, number("x")?),
        ("RS256", "RSA", _) => rsa(&RSA_PKCS1_2048_8192_SHA256),
        ("RS384", "RSA", _) => rsa(&RSA_PKCS1_2048_8192_SHA384),
        ("RS512", "RSA", _) => rsa(&RSA_PKCS1_2048_8192_SHA512),
        ("PS256", "RSA", _) => rsa(&RSA_PSS_2048_8192_SHA256),
        ("PS384", "RSA", _) => rsa(&RSA_PSS_2048_8192_SHA384),
        ("PS512", "RSA", _) => rsa(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}
