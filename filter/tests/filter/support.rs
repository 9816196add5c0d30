//! A document that most tests start from, tokens for it, and a worker that watches for secrets in
//! what it says.

use attache_test_fixtures::document;
use attache_test_fixtures::token::{Tamper, TokenSpec};
use proxy_wasm_test_host::native::Host;
use proxy_wasm_test_host::{Request, Response, START_TIME};
use serde_json::{Value, json};
use std::ops::{Deref, DerefMut};

/// What the clock of a [`Host`] says at first.
pub(crate) const NOW: u64 = START_TIME;

/// What the filter says of a request.
pub(crate) trait Verdict {
    /// Returns the reason of the refusal, as the answer and the filter state both say it.
    fn reason(&self) -> Option<String>;
}

impl Verdict for Response {
    fn reason(&self) -> Option<String> {
        self.state("attache.reason")
    }
}

/// The public keys of the issuer `tyk`.
pub(crate) fn key_set() -> Value {
    document::key_set().unwrap()
}

/// One issuer, a policy of every kind of rule.
pub(crate) fn document() -> Value {
    document::document().unwrap()
}

/// The document with a change.
pub(crate) fn document_with(change: impl FnOnce(&mut Value)) -> Value {
    let mut document = document();
    change(&mut document);
    document
}

/// The document, with all that its keys can do named, also what the VM computes.
pub(crate) fn document_of_all_algorithms() -> Value {
    document_with(|document| {
        document["issuers"][0]["algorithms"] =
            json!(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"])
    })
}

/// A good token with these claims besides.
pub(crate) fn token(claims: Value) -> String {
    TokenSpec::with_claims(claims).mint(NOW).unwrap()
}

/// A token that was good and was tampered with.
pub(crate) fn tampered(how: Tamper) -> String {
    TokenSpec { tamper: vec![how], ..TokenSpec::default() }.mint(NOW).unwrap()
}

/// A token signed with this algorithm by this key.
pub(crate) fn signed(key: &str, algorithm: &str) -> String {
    TokenSpec { key: Some(key.into()), algorithm: Some(algorithm.into()), ..TokenSpec::default() }
        .mint(NOW)
        .unwrap()
}

/// A worker whose every word is searched for what the request was let in by.
pub(crate) struct Worker(Host);

impl Worker {
    /// With the document that most tests start from.
    pub(crate) fn new() -> Self {
        Self::with(&document())
    }

    pub(crate) fn with(document: &Value) -> Self {
        Self(Host::configured(&document.to_string()))
    }

    /// Around a host that may not be configured yet.
    pub(crate) fn around(host: Host) -> Self {
        Self(host)
    }

    pub(crate) fn send(&mut self, request: Request) -> Response {
        let secrets = secrets(&request);
        let response = self.0.request(&request);
        let log = self.0.log();
        let replies = response.reply.iter().flat_map(|reply| {
            let headers = reply.headers.iter().map(|(_, value)| value);
            headers.chain([&reply.body]).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        });
        let state =
            response.filter_state.values().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        for said in log.iter().map(|line| line.text.clone()).chain(replies).chain(state) {
            for secret in &secrets {
                assert!(!said.contains(secret), "`{secret}` of {request:?} is told: {said}");
            }
        }
        response
    }

    /// The audit lines since the last time, as JSON.
    pub(crate) fn audit(&mut self) -> Vec<Value> {
        let lines = self.0.take_log().into_iter().filter(|line| line.text.starts_with('{'));
        lines.map(|line| serde_json::from_str(&line.text).unwrap()).collect()
    }
}

impl Deref for Worker {
    type Target = Host;
    fn deref(&self) -> &Host {
        &self.0
    }
}

impl DerefMut for Worker {
    fn deref_mut(&mut self) -> &mut Host {
        &mut self.0
    }
}

/// The pieces of a request that nobody else may see: of its credentials, its cookies and its query.
fn secrets(request: &Request) -> Vec<String> {
    let mut secrets = Vec::new();
    for (name, value) in &request.headers {
        let value = String::from_utf8_lossy(value);
        let secret = match name.as_str() {
            ":path" => value.split_once('?').map(|(_, query)| query.to_owned()),
            "authorization" | "cookie" | "x-token" => Some(value.into_owned()),
            _ => None,
        };
        let pieces =
            secret.iter().flat_map(|secret| secret.split(|c: char| !c.is_ascii_alphanumeric()));
        secrets.extend(pieces.filter(|piece| piece.len() >= 12).map(str::to_owned));
    }
    secrets
}
