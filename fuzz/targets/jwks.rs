//! Any bytes as a key set: read or refused in the same way inline and served, never with a key that
//! is not public or too weak, and what is read can be used or is named.

#![no_main]

use attache_engine::token::IssuerKeys;
use attache_plugin_config::{JwkMaterial, KeySet, KeySource};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Members that only a private key has (RFC 7518 section 6).
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

fn holds_a_private_key(set: &[u8]) -> bool {
    let set = set.strip_prefix(b"\xef\xbb\xbf").unwrap_or(set);
    let Ok(set) = serde_json::from_slice::<Value>(set) else { return false };
    let keys = set["keys"].as_array().into_iter().flatten();
    let alone =
        std::iter::once(&set).filter(|set| set.get("keys").is_none() && set.get("kty").is_some());
    keys.chain(alone).any(|key| {
        PRIVATE.iter().any(|member| key.get(member).is_some_and(|value| !value.is_null()))
    })
}

/// The set of a configuration whose `jwks` is this text.
fn inline(set: &[u8]) -> Option<KeySet> {
    let text = str::from_utf8(set).ok()?;
    let issuer = serde_json::json!({"name": "a", "issuer": "a", "jwks": text});
    let config = attache_plugin_config::parse(
        serde_json::json!({"issuers": [issuer]}).to_string().as_bytes(),
    )
    .ok()?;
    match &config.issuers.first()?.keys {
        KeySource::Inline(set) => Some(set.clone()),
        _ => None,
    }
}

fuzz_target!(|set: &[u8]| {
    let served = KeySet::parse(set);
    if str::from_utf8(set).is_ok() {
        assert_eq!(
            served.as_ref().ok(),
            inline(set).as_ref(),
            "inline and served sets are read alike"
        );
    }
    let Ok(read) = served else { return };
    assert!(!holds_a_private_key(set), "a private key is taken");
    assert!((1..=256).contains(&read.keys.len()) && read.skipped.len() <= 65);
    for key in &read.keys {
        assert!(
            !key.algorithms.is_empty()
                && key.algorithms.iter().all(|algorithm| !algorithm.is_hmac())
        );
        assert!(key.key_id.as_ref().is_none_or(|id| (1..=256).contains(&id.len())));
        if let JwkMaterial::Rsa { n, e } = &key.material {
            assert!((256..=512).contains(&n.len()) && n[0] != 0 && *e == [1, 0, 1]);
        }
    }
    for skipped in &read.skipped {
        assert!(!skipped.reason.to_string().contains(['\n', '\r']), "a reason is a line");
    }
    if let Ok(keys) = IssuerKeys::from_set(&read) {
        assert!(
            keys.are_public() && keys.entries().count() + keys.skipped().len() == read.keys.len()
        );
    }
});
