//! Tokens against fixed keys: none is accepted that no trusted key has signed.
//!
//! The first byte says what the rest is: 0 edits of a good token, 1 a header and a payload to sign;
//! any other byte begins a token as it stands.

#![no_main]

use attache_fuzz::oracle::Oracle;
use attache_fuzz::{NOW, document, good_tokens};
use attache_test_fixtures::keys::SigningKey;
use attache_test_fixtures::token::TokenSpec;
// Links the filter, whose callbacks are reached by symbol alone.
use attache_filter as _;
use libfuzzer_sys::fuzz_target;
use proxy_wasm_test_host::Request;
use proxy_wasm_test_host::native::Host;
use std::cell::RefCell;

struct World {
    host: Host,
    oracle: Oracle,
    good: Vec<String>,
    signers: Vec<SigningKey>,
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new());
}

impl World {
    fn new() -> Self {
        let mut document = document();
        // Good tokens are all that counts.
        document["policies"] = serde_json::json!([]);
        let host = Host::configured(&document.to_string());
        host.set_time(NOW);
        let signers = ["p256", "ed25519", "p256-other", "hmac"];
        let signers = signers.iter().map(|name| SigningKey::fixed(name).expect("a key")).collect();
        Self { host, oracle: Oracle::default(), good: good_tokens(), signers }
    }

    fn token(&self, input: &[u8]) -> Option<(Vec<u8>, bool)> {
        match input {
            [0, which, edits @ ..] => {
                let mut token =
                    self.good.get(usize::from(*which) % self.good.len())?.clone().into_bytes();
                let original = token.clone();
                for edit in edits.chunks_exact(4) {
                    let [operation, high, low, byte] = edit else { continue };
                    if token.is_empty() {
                        break;
                    }
                    let at = usize::from(u16::from_be_bytes([*high, *low])) % token.len();
                    match operation % 4 {
                        0 => token[at] = *byte,
                        1 => token.insert(at, *byte),
                        2 => _ = token.remove(at),
                        _ => token.truncate(at),
                    }
                }
                let untouched = token == original;
                Some((token, untouched))
            }
            [1, which, rest @ ..] => {
                let key = self.signers.get(usize::from(*which) % self.signers.len())?;
                let text = String::from_utf8_lossy(rest);
                let (header, payload) = text.split_once('\n').unwrap_or((&text, "{}"));
                let spec = TokenSpec {
                    header_text: Some(header.to_owned()),
                    payload_text: Some(payload.to_owned()),
                    ..TokenSpec::default()
                };
                Some((spec.mint_with(key, NOW).ok()?.into_bytes(), false))
            }
            raw => Some((raw.to_vec(), false)),
        }
    }
}

fuzz_target!(|input: &[u8]| {
    WORLD.with_borrow_mut(|world| {
        let Some((token, untouched)) = world.token(input) else { return };
        let value = [b"Bearer ", token.as_slice()].concat();
        let request = Request::get("/orders").with("authorization", value);
        // The second time the cache may answer.
        for round in 0..2 {
            let response = world.host.request(&request);
            let shown = token.escape_ascii();
            // Spaces around a token are no part of it.
            let good = || world.oracle.accepts(token.trim_ascii());
            assert!(
                !response.goes_on || good(),
                "round {round}: accepted though nobody signed it: {shown}"
            );
            assert!(
                !untouched || response.goes_on,
                "round {round}: a good token is refused: {shown}"
            );
        }
        world.host.take_log();
    });
});
