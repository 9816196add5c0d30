//! What the fuzz targets share: fixed keys, one issuer that trusts them, and seeds.

pub mod oracle;

use attache_test_fixtures::document;
use attache_test_fixtures::keys::SigningKey;
use attache_test_fixtures::token::TokenSpec;
use serde_json::{Value, json};

/// When every request of the targets comes.
pub const NOW: u64 = 1_767_225_600;

/// The keys that are trusted, as they sign.
pub fn trusted() -> Vec<SigningKey> {
    document::TRUSTED
        .iter()
        .map(|name| SigningKey::fixed(name).expect("a key of the fixtures"))
        .collect()
}

/// Good tokens, one for each algorithm.
pub fn good_tokens() -> Vec<String> {
    let algorithms = [
        ("p256", "ES256"),
        ("p384", "ES384"),
        ("ed25519", "EdDSA"),
        ("rsa", "RS256"),
        ("rsa", "RS384"),
        ("rsa", "RS512"),
        ("rsa", "PS256"),
        ("rsa", "PS384"),
        ("rsa", "PS512"),
    ];
    let mint = |(key, algorithm): (&str, &str)| {
        let claims = json!({"roles": ["reader", "writer"], "sub": format!("user of {algorithm}")});
        let spec = TokenSpec {
            key: Some(key.into()),
            algorithm: Some(algorithm.into()),
            ..TokenSpec::with_claims(claims)
        };
        spec.mint(NOW).expect("a key that can sign")
    };
    algorithms.into_iter().map(mint).collect()
}

/// The configuration that tests start from, with all places of tokens and all algorithms of its
/// keys.
pub fn document() -> Value {
    let mut document = document::document().expect("the document of the fixtures");
    let more = json!({
        "algorithms": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"],
        "fromHeaders": [{"name": "Authorization", "prefix": "Bearer "}, {"name": "x-token"}],
        "fromCookies": ["session"],
        "fromParams": ["access_token"],
    });
    document::extend(&mut document["issuers"][0], more);
    document
}
