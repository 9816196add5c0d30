//! A configuration, tokens for it, and numbers that are the same in every run.

use attache_test_fixtures::document;
use attache_test_fixtures::token::TokenSpec;
use proxy_wasm_test_host::{Request, START_TIME};
use serde_json::{Value, json};

/// Issuers of every kind, and a rule of every kind.
pub(crate) fn document() -> Value {
    let keys = document::key_set().unwrap();
    let mut document = document::document().unwrap();
    let places = json!({
        "fromHeaders": [{"name": "Authorization", "prefix": "Bearer "}, {"name": "x-token"}],
        "fromCookies": ["session"],
        "fromParams": ["access_token"],
    });
    document::extend(&mut document["issuers"][0], places);
    document["issuers"].as_array_mut().unwrap().extend([
        json!({
            "name": "presented", "issuer": "https://presented.example", "jwks": keys,
            "presenters": ["cluster.local/ns/tyk/sa/gateway"],
        }),
        json!({
            "name": "remote", "issuer": "https://remote.example", "jwksUri": "https://remote.example/jwks",
            "cluster": "remote",
        }),
    ]);
    let no_admins =
        json!({"name": "no-admins", "action": "DENY", "to": [{"hosts": ["admin.example"]}]});
    document["policies"][0]["rules"].as_array_mut().unwrap().push(no_admins);
    document
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
