//! What is worked out, held against the module that ships.

use super::generated::Draft;
use super::{Analysis, Side, side};
use crate::explain::Client;
use crate::symbolic::witness::Witness;
use attache_plugin_config::{Config, parse};
use attache_test_fixtures::keys::{SigningKey, jwks};
use attache_test_fixtures::token::TokenSpec;
use fastrand::Rng;
use proxy_wasm_test_host::interpreter::Vm;
use proxy_wasm_test_host::{Request, State};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

fn module() -> Vec<u8> {
    let path = std::env::var_os("ATTACHE_MODULE").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/plugin.wasm")),
        PathBuf::from,
    );
    std::fs::read(&path).unwrap_or_else(|_| panic!("no module at {}: run scripts/build", path.display()))
}

/// The document with keys of which the test has the private part.
fn with_key(document: &Value, key: &SigningKey) -> (String, Config) {
    let mut document = document.clone();
    for issuer in document["issuers"].as_array_mut().unwrap() {
        issuer["jwks"] = jwks([key]).unwrap();
    }
    let text = document.to_string();
    let config = parse(text.as_bytes()).unwrap();
    (text, config)
}

/// Whether the module lets a request through.
fn goes_on(
    wasm: &[u8],
    document: &str,
    witness: &Witness,
    number: usize,
    side: &Side,
    key: &SigningKey,
) -> bool {
    let mut state = State::default();
    state.now = Duration::from_secs(side.now);
    let Client { principal, address, client_address, port } = witness.client.clone();
    if let Some(principal) = principal {
        let uri = format!("spiffe://{principal}");
        state.set_property(&["connection", "uri_san_peer_certificate"], uri);
    }
    // An address from a header has no port.
    let source = address.map(|address| (address, 4711)).or(client_address.map(|address| (address, 0)));
    if let Some((address, port)) = source {
        state.set_property(&["source", "address"], std::net::SocketAddr::new(address, port).to_string());
    }
    if let Some(port) = port {
        state.set_property(&["destination", "port"], i64::from(port).to_le_bytes());
    }
    let mut vm = Vm::configured(wasm, state, document).unwrap();
    let mut request = Request { headers: witness.request(number, side).unwrap().headers };
    if let Some(token) = &witness.token {
        let (claims, _) = token.whole(number, side).unwrap();
        let spec =
            TokenSpec { payload_text: Some(Value::Object(claims).to_string()), ..TokenSpec::default() };
        let signed = spec.mint_with(key, side.now).unwrap();
        let header = request.headers.iter_mut().find(|(name, _)| name == "authorization").unwrap();
        header.1 = format!("Bearer {signed}").into_bytes();
    }
    vm.request(2, &request).unwrap().goes_on
}

#[test]
#[ignore = "needs the module: scripts/build, then cargo test -p attache-cli --lib module -- --ignored"]
fn the_module_decides_as_was_worked_out() {
    let wasm = module();
    let key = SigningKey::fixed("p256").unwrap();
    let mut sent = 0;
    for seed in 0..300 {
        let mut random = Rng::with_seed(seed);
        let mut draft = Draft { random: &mut random, compares: true };
        let (document, _) = draft.config();
        let (changed, _) = draft.changed(&document);
        let [old, new] = [&document, &changed].map(|document| with_key(document, &key));
        let sides = [side(&old.1, &[]), side(&new.1, &[])];
        let differences = Analysis::new(&sides, &[]).unwrap().differences().unwrap();
        for difference in differences {
            for (number, (document, outcome)) in
                [(&old.0, &difference.old), (&new.0, &difference.new)].into_iter().enumerate()
            {
                let went_on = goes_on(&wasm, document, &difference.witness, number, &sides[number], &key);
                assert_eq!(went_on, outcome.is_allowed(), "{seed}: {:?}\n{document}", difference.witness);
                sent += 1;
            }
        }
    }
    assert!(sent > 100, "only {sent} requests were sent");
}
