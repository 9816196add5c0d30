//! Any bytes as a configuration: read or refused, and what is read decides about a request.

#![no_main]

use attache_engine::host::{Environment, HostCrypto, Peer, SharedStore, UnixSeconds, Workload};
use attache_engine::host_context::HostContext;
use attache_engine::{Decision, Engine, HeaderEdit};
use attache_plugin_config::Algorithm;
use libfuzzer_sys::fuzz_target;
use std::net::IpAddr;

/// A host that knows nothing.
struct Nothing;

impl Environment for Nothing {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        Some(b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".to_vec())
    }
}

impl Peer for Nothing {
    fn principal(&self) -> Option<String> {
        None
    }
    fn source_ip(&self) -> Option<IpAddr> {
        None
    }

    fn remote_ip(&self) -> Option<IpAddr> {
        None
    }
    fn destination_port(&self) -> Option<u16> {
        None
    }
}

impl SharedStore for Nothing {
    fn read(&self, _: &str) -> Option<(Vec<u8>, Option<u32>)> {
        None
    }

    fn compare_and_set(&self, _: &str, _: &[u8], _: Option<u32>) -> bool {
        false
    }
}

impl HostCrypto for Nothing {
    fn verify(&self, _: &[u8], _: Algorithm, _: &[u8], _: &[u8]) -> Option<bool> {
        None
    }
}

fuzz_target!(|document: &[u8]| {
    let config = match attache_plugin_config::parse(document) {
        Ok(config) => config,
        Err(errors) => {
            assert!(errors.iter().count() > 0, "a refusal says why");
            for error in errors.iter() {
                let line = error.to_string();
                assert!(
                    !line.is_empty() && !line.contains(['\n', '\r']),
                    "an error is a line: {line:?}"
                );
            }
            return;
        }
    };
    let whole: serde_json::Value =
        serde_json::from_slice(document).expect("what is accepted is JSON");
    assert!(whole.is_object());
    let Ok(engine) = Engine::new(&config, &Workload::default(), &Nothing) else { return };
    let host_context = HostContext {
        peer: &Nothing,
        shared: &Nothing,
        crypto: &Nothing,
        key_wait: &(),
        now: UnixSeconds(attache_fuzz::NOW),
        ends_with_headers: true,
    };
    let identity = config.identity_headers();
    for path in ["/", "/orders/1", "/%2e", "*"] {
        let mut headers = vec![
            (":method".to_owned(), b"GET".to_vec()),
            (":path".to_owned(), path.as_bytes().to_vec()),
        ];
        headers.extend(identity.iter().map(|name| (name.as_str().to_owned(), b"forged".to_vec())));
        let Decision::Decided(decided) = engine.decide(&headers, &host_context) else {
            panic!("a request waits, though its host never lets one");
        };
        for name in &identity {
            let removed = HeaderEdit::Remove(name.as_str());
            assert!(decided.edits.iter().any(|edit| edit == removed), "{name:?} stays");
        }
    }
});
