//! The engine against published test vectors, those that this machine has (`attache-test-vectors`).
//!
//! Where the engine does not do what a vector says, an [`Exceptions`] table gives the reason. An
//! entry that is not needed fails the test as a missing one does.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "what the tests share fails as a test does"
)]

mod cookbook;
mod json_suite;
mod wycheproof_jose;
mod wycheproof_raw;

use attache_engine::host::{Environment, HostCrypto};
use attache_engine::token::{Allowed, Compact, IssuerKeys};
use attache_plugin_config::{Algorithm, KeySet, KeySource, NonEmpty, SecretRef};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::fs;
use std::path::Path;

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Vectors that the engine rightly does not obey, each with the reason.
type Exceptions<'a, K> = &'a [(K, &'a str)];

/// Gathers what was found, and compares it with what was expected and with the exceptions.
struct Tally<'a, K> {
    exceptions: Exceptions<'a, K>,
    used: Vec<K>,
    agreed: usize,
    complaints: String,
}

impl<'a, K: PartialEq + Clone + Debug> Tally<'a, K> {
    fn new(exceptions: Exceptions<'a, K>) -> Self {
        Self { exceptions, used: Vec::new(), agreed: 0, complaints: String::new() }
    }

    fn note(&mut self, vector: K, comment: &str, accepted: bool, expected: bool) {
        let excused = self.exceptions.iter().any(|(key, _)| *key == vector);
        if accepted == expected {
            self.agreed += 1;
        } else if excused {
            self.used.push(vector);
        } else {
            let verb = if accepted { "accepted" } else { "refused" };
            writeln!(self.complaints, "{vector:?} ({comment}) was {verb}").unwrap();
        }
    }

    /// Fails unless all vectors agreed or were excused, `at_least` of them agreed, and no excuse is
    /// left over.
    fn finish(mut self, at_least: usize) {
        for (vector, reason) in
            self.exceptions.iter().filter(|(vector, _)| !self.used.contains(vector))
        {
            writeln!(self.complaints, "{vector:?} needs no exception ({reason})").unwrap();
        }
        assert!(self.complaints.is_empty(), "\n{}", self.complaints);
        assert!(
            self.agreed >= at_least,
            "only {} vectors were read, expected {at_least}",
            self.agreed
        );
    }
}

/// A host without cryptography: everything is verified in software.
struct NoHost;

impl HostCrypto for NoHost {
    fn verify(&self, _: &[u8], _: Algorithm, _: &[u8], _: &[u8]) -> Option<bool> {
        None
    }
}

/// Secrets by variable.
struct Secrets(BTreeMap<String, Vec<u8>>);

impl Environment for Secrets {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        self.0.get(name).cloned()
    }
}

/// The keys of a JWK or a JWK set: secrets if all are symmetric, else public keys. `None` where any
/// can't be used.
fn keys(jwks: &Value) -> Option<IssuerKeys> {
    let list = jwks
        .get("keys")
        .map_or_else(|| vec![jwks.clone()], |keys| keys.as_array().unwrap().clone());
    if list.iter().any(|key| key["kty"] != "oct") {
        let set = KeySet::parse(json!({ "keys": list }).to_string().as_bytes()).ok()?;
        let whole = |keys: &IssuerKeys| set.skipped.is_empty() && keys.skipped().is_empty();
        return IssuerKeys::from_set(&set).ok().filter(whole);
    }
    let mut environment = BTreeMap::new();
    let mut references = Vec::new();
    for (index, key) in list.iter().enumerate() {
        let env = format!("SECRET_{index}");
        environment.insert(env.clone(), URL_SAFE_NO_PAD.decode(key["k"].as_str()?).ok()?);
        references.push(SecretRef {
            env,
            algorithm: Algorithm::from_name(key["alg"].as_str()?)?,
            key_id: key["kid"].as_str().map(str::to_owned),
        });
    }
    let source = KeySource::Secrets(NonEmpty::new(references)?);
    IssuerKeys::new(&source, &Secrets(environment)).ok()
}

/// Whether a signature is good. The payloads of the vectors are seldom claims, so only the JWS is
/// looked at.
fn accepts(keys: &IssuerKeys, token: &str) -> bool {
    let allowed = Allowed { algorithms: Algorithm::ALL.into_iter().collect(), are_named: true };
    Compact::parse(token.as_bytes())
        .is_ok_and(|jws| jws.payload().is_ok() && keys.verify(&jws, allowed, &NoHost, None).is_ok())
}
