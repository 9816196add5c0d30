//! A configuration, tokens for it, and numbers that are the same in every run.

use attache_e2e::keys::{SigningKey, jwks};
use attache_e2e::token::TokenSpec;
use proxy_wasm_test_host::{Request, START_TIME};
use serde_json::{Value, json};

/// Issuers of every kind, and a rule of every kind.
pub(crate) fn document() -> Value {
    let keys = jwks([&SigningKey::fixed("p256").unwrap()]).unwrap();
    let headers = json!([{"header": "x-user", "claim": "sub"}, {"header": "x-roles", "claim": "roles"}]);
    json!({
        "issuers": [
            {
                "name": "test", "issuer": "https://issuer.example", "audiences": ["mesh"], "jwks": keys,
                "fromHeaders": [{"name": "Authorization", "prefix": "Bearer "}, {"name": "x-token"}],
                "fromCookies": ["session"], "fromParams": ["access_token"], "maxLifetime": "1h",
                "claims": [{"claim": "org", "notEquals": "evil"}], "roleClaims": [{"claim": "roles"}],
                "revoked": {"tokenIds": ["stolen"]}, "outputPayloadToHeader": "x-jwt-payload",
                "outputClaimToHeaders": headers,
            },
            {
                "name": "presented", "issuer": "https://presented.example", "jwks": keys,
                "presenters": ["cluster.local/ns/tyk/sa/gateway"],
            },
            {
                "name": "remote", "issuer": "https://remote.example", "jwksUri": "https://remote.example/jwks",
                "cluster": "remote",
            },
        ],
        "policies": [{"name": "shop", "rules": [
            {"name": "health", "authentication": "NONE", "to": [{"paths": ["/healthz"]}]},
            {"name": "read", "to": [{"methods": ["GET"], "paths": ["/orders", "/orders/{*}"]}]},
            {"name": "write", "to": [{"methods": ["POST"], "paths": ["/orders"]}], "roles": {"anyOf": ["writer"]}},
            {"name": "guest", "authentication": "OPTIONAL", "to": [{"paths": ["/guest"]}]},
            {"name": "no-deletes", "action": "DENY", "to": [{"methods": ["DELETE"]}]},
            {"name": "no-admins", "action": "DENY", "to": [{"hosts": ["admin.example"]}]},
            {"name": "soon", "mode": "SHADOW", "to": [{"paths": ["/reports"]}]},
        ]}],
        "audit": {"log": "ALL", "claims": ["sub"]},
    })
}

pub(crate) fn token(claims: Value) -> String {
    TokenSpec::with_claims(claims).mint(START_TIME).unwrap()
}

/// A request for a path, with a bearer token where there is one.
pub(crate) fn request(method: &str, path: &str, token: Option<&str>) -> Request {
    let request = Request::new(method, path);
    match token {
        Some(token) => request.bearer(token),
        None => request,
    }
}

/// Numbers that are the same in every run.
pub(crate) struct Random(fastrand::Rng);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0.usize(..limit)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.0.u8(..)
    }

    pub(crate) fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        (0..length).map(|_| self.byte()).collect()
    }

    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}
