//! Forgeries of this repository's own making, so that every clone meets every kind that published
//! vectors hold: paddings, numbers at the edge of a curve's order, spellings of base64, tokens in
//! pieces, keys of the wrong kind, JSON.
//!
//! All is made from one seed. Each forgery is judged three times, and the verdicts must agree: by
//! the engine, by libraries that the engine does not use (ring, data-encoding and jiter, see
//! `oracle`), and by what its maker meant.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "what the tests share fails as a test does"
)]

mod der;
mod ecdsa;
mod json;
mod keys;
mod oracle;
mod rsa;
mod text;

use attache_engine::host::HostCrypto;
use attache_engine::token::{Allowed, Compact, IssuerKeys};
use attache_plugin_config::{Algorithm, KeySet};
use keys::Key;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use serde_json::json;
use std::fmt::Write as _;

/// Returns the source of all chance in a test: the same numbers in every run.
fn seeded(test: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(0x000a_77ac_4e00 + test)
}

/// A host without cryptography: everything is verified in software.
struct NoHost;

impl HostCrypto for NoHost {
    fn verify(&self, _: &[u8], _: Algorithm, _: &[u8], _: &[u8]) -> Option<bool> {
        None
    }
}

/// Judges the forgeries for one key and gathers where verdicts differ.
struct Bench<'a> {
    key: &'a Key,
    engine: IssuerKeys,
    judged: usize,
    complaints: String,
}

impl<'a> Bench<'a> {
    fn new(key: &'a Key) -> Self {
        let set = json!({ "keys": [key.jwk()] }).to_string();
        let engine = IssuerKeys::from_set(&KeySet::parse(set.as_bytes()).unwrap()).unwrap();
        Self { key, engine, judged: 0, complaints: String::new() }
    }

    /// Compares the three verdicts on a token.
    fn judge(&mut self, kind: &str, token: &str, meant: bool) {
        self.judged += 1;
        let engine = self.engine_accepts(token);
        let oracle = oracle::accepts(self.key, token);
        if engine != meant || oracle != meant {
            writeln!(
                self.complaints,
                "{kind}: meant to be {}, engine {}, oracle {}: {token}",
                verdict(meant),
                verdict(engine),
                verdict(oracle)
            )
            .unwrap();
        }
    }

    fn engine_accepts(&self, token: &str) -> bool {
        let Ok(jws) = Compact::parse(token.as_bytes()) else { return false };
        let allowed = Allowed { algorithms: Algorithm::ALL.into_iter().collect(), are_named: true };
        jws.payload().is_ok() && self.engine.verify(&jws, allowed, &NoHost, None).is_ok()
    }

    /// Compares the three verdicts on a signature of `message`, which is the text before the second
    /// dot.
    fn judge_signature(&mut self, kind: &str, message: &str, signature: &[u8], meant: bool) {
        self.judge(kind, &format!("{message}.{}", keys::base64url(signature)), meant);
    }

    /// Fails unless all verdicts agreed, and at least so many were compared.
    fn finish(self, at_least: usize) {
        assert!(self.complaints.is_empty(), "\n{}", self.complaints);
        assert!(
            self.judged >= at_least,
            "only {} forgeries were judged, expected {at_least}",
            self.judged
        );
    }
}

fn verdict(good: bool) -> &'static str {
    if good { "good" } else { "bad" }
}
