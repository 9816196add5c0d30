//! What the fuzz targets share: fixed keys, one issuer that trusts them, and seeds.

#[path = "../../e2e/src/keys.rs"]
pub mod keys;
pub mod oracle;
#[path = "../../e2e/src/token.rs"]
pub mod token;

use token::TokenSpec;

use keys::{SigningKey, jwks};
use serde_json::{Value, json};

/// When every request of the targets comes.
pub const NOW: u64 = 1_767_225_600;

/// The public keys of the issuer of the targets. Their `kid` is their name.
pub const TRUSTED: [&str; 4] = ["p256", "p384", "rsa", "ed25519"];

/// The keys that are trusted, as they sign.
pub fn trusted() -> Vec<SigningKey> {
    TRUSTED.iter().map(|name| SigningKey::fixed(name).expect("a key of e2e/keys")).collect()
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

/// A configuration with one issuer, whose identity headers are `x-user`, `x-roles` and `x-jwt-payload`.
pub fn document() -> Value {
    json!({
        "issuers": [{
            "name": "test",
            "issuer": "https://issuer.example",
            "audiences": ["mesh"],
            "jwks": jwks(&trusted()).expect("public keys"),
            "algorithms": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"],
            "fromHeaders": [{"name": "Authorization", "prefix": "Bearer "}, {"name": "x-token"}],
            "fromCookies": ["session"],
            "fromParams": ["access_token"],
            "roleClaims": [{"claim": "roles"}],
            "outputPayloadToHeader": "x-jwt-payload",
            "outputClaimToHeaders": [
                {"header": "x-user", "claim": "sub"},
                {"header": "x-roles", "claim": "roles", "format": "CSV"},
            ],
        }],
        "policies": [{
            "name": "shop",
            "rules": [
                {"name": "health", "authentication": "NONE", "to": [{"paths": ["/healthz"]}]},
                {"name": "guest", "authentication": "OPTIONAL", "to": [{"paths": ["/guest"]}]},
                {"name": "read", "to": [{"methods": ["GET"], "paths": ["/orders", "/orders/{*}"]}]},
                {"name": "write", "to": [{"methods": ["POST"]}], "roles": {"anyOf": ["writer"]}},
                {"name": "soon", "action": "DENY", "mode": "SHADOW", "to": [{"paths": ["/orders/old"]}]},
            ],
        }],
    })
}
