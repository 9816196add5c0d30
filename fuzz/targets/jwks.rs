//! Any bytes as a key set: read or refused, never with a key that is not public, and what is read can be used.

#![no_main]

use attache_engine::token::IssuerKeys;
use attache_plugin_config::KeySet;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Members that only a private or a symmetric key has (RFC 7518 section 6).
const SECRET: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

fn holds_a_secret(set: &[u8]) -> bool {
    let Ok(set) = serde_json::from_slice::<Value>(set) else { return false };
    let keys = set["keys"].as_array().into_iter().flatten();
    let kinds = ["RSA", "EC", "OKP"];
    keys.filter(|key| key["kty"].as_str().is_some_and(|kind| kinds.contains(&kind)) || key["kty"] == "oct")
        .any(|key| SECRET.iter().any(|member| key.get(member).is_some()))
}

fuzz_target!(|set: &[u8]| {
    let inline = KeySet::parse(set);
    let remote = KeySet::parse_remote(set);
    if holds_a_secret(set) {
        assert!(inline.is_err(), "a private key is taken");
        assert!(remote.is_err(), "a provider's private key is taken");
    }
    if let Ok(inline) = &inline {
        let (keys, skipped) = remote.as_ref().expect("what a document may hold a provider may serve");
        assert!(keys.keys.len() == inline.keys.len() && skipped.is_empty());
    }
    for set in [inline.ok(), remote.ok().map(|(set, _)| set)].into_iter().flatten() {
        if let Ok(keys) = IssuerKeys::from_set(&set) {
            assert!(keys.are_public() && keys.entries().count() == set.keys.len());
        }
    }
});
