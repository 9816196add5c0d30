//! Any header map: no identity header survives that the filter did not write, whatever happens to
//! the request.

#![no_main]

use arbitrary::Arbitrary;
use attache_fuzz::{NOW, document, good_tokens};
// Links the filter, whose callbacks are reached by symbol alone.
use attache_filter as _;
use libfuzzer_sys::fuzz_target;
use proxy_wasm_test_host::Request;
use proxy_wasm_test_host::native::Host;
use std::cell::RefCell;

/// The headers that the configuration writes.
const IDENTITY: [&str; 3] = ["x-user", "x-roles", "x-jwt-payload"];

/// What marks a value that only a client can have sent.
const FORGED: &[u8] = b"forged!";

#[derive(Arbitrary, Debug)]
struct Case {
    headers: Vec<(FuzzedName, FuzzedValue)>,
}

#[derive(Arbitrary, Debug)]
enum FuzzedName {
    /// One of the identity headers; the bits say where `-` is `_`.
    Identity(u8, u8),
    Known(u8),
    Any(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum FuzzedValue {
    Bytes(Vec<u8>),
    Word(u8),
    Token { which: u8, form: u8, tail: Vec<u8> },
}

const KNOWN: [&str; 14] = [
    ":method",
    ":path",
    ":authority",
    ":scheme",
    "authorization",
    "x-token",
    "cookie",
    "content-type",
    "origin",
    "access-control-request-method",
    "x-request-id",
    "traceparent",
    "b3",
    "host",
];

const WORDS: [&str; 10] = [
    "GET",
    "POST",
    "OPTIONS",
    "/orders",
    "/orders/old",
    "/healthz",
    "/guest",
    "/orders?a=b",
    "application/grpc",
    "*",
];

impl FuzzedName {
    /// As codecs hand names over: lower case, no byte that ends a name.
    fn text(&self) -> String {
        match self {
            Self::Identity(which, bits) => {
                let name = IDENTITY[usize::from(*which) % IDENTITY.len()];
                let mut dashes = 0;
                let spell = |character| match character {
                    '-' => {
                        dashes += 1;
                        if bits >> (dashes - 1) & 1 == 1 { '_' } else { '-' }
                    }
                    other => other,
                };
                name.chars().map(spell).collect()
            }
            Self::Known(which) => KNOWN[usize::from(*which) % KNOWN.len()].to_owned(),
            Self::Any(bytes) => String::from_utf8_lossy(bytes).to_ascii_lowercase(),
        }
    }
}

impl FuzzedValue {
    fn bytes(&self, tokens: &[String]) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Word(which) => WORDS[usize::from(*which) % WORDS.len()].as_bytes().to_vec(),
            Self::Token { which, form, tail } => {
                let token = &tokens[usize::from(*which) % tokens.len()];
                let text = match form % 6 {
                    0 => format!("Bearer {token}"),
                    1 => token.clone(),
                    2 => format!("session={token}"),
                    3 => format!("a=1; session=\"{token}\""),
                    4 => format!("/orders?access_token={token}"),
                    _ => format!("bearer {token}, Bearer {token}"),
                };
                [text.as_bytes(), tail].concat()
            }
        }
    }
}

fn is_identity(name: &str) -> bool {
    IDENTITY.contains(&name.replace('_', "-").as_str())
}

struct World {
    host: Host,
    tokens: Vec<String>,
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::new({
        let host = Host::configured(&document().to_string());
        host.set_time(NOW);
        World { host, tokens: good_tokens() }
    });
}

fuzz_target!(|case: Case| {
    WORLD.with_borrow_mut(|World { host, tokens }| {
        let mut request = Request::empty();
        for (name, value) in case.headers.iter().take(32) {
            let (name, mut value) = (name.text(), value.bytes(tokens));
            if is_identity(&name) {
                value = [FORGED, &value].concat();
            }
            request = request.with(&name, value);
        }
        let response = host.request(&request);
        for name in IDENTITY {
            let written = response.headers.iter().filter(|(key, _)| key == name).count();
            assert!(written <= 1, "`{name}` {written} times: {request:?}");
        }
        for (name, value) in response.headers.iter().filter(|(name, _)| is_identity(name)) {
            assert!(
                response.goes_on && IDENTITY.contains(&name.as_str()),
                "`{name}` survives: {request:?}"
            );
            assert!(!value.starts_with(FORGED), "a forged `{name}` survives: {request:?}");
            assert!(
                value.iter().all(|byte| matches!(byte, b' '..=b'~')),
                "`{name}` is torn: {request:?}"
            );
        }
        for line in host.take_log() {
            assert!(!line.text.contains(['\n', '\r']), "a log line is forged: {request:?}");
            for token in tokens.iter() {
                let (_, signature) = token.rsplit_once('.').expect("a token");
                assert!(!line.text.contains(signature), "a signature is logged: {request:?}");
            }
        }
    });
});
