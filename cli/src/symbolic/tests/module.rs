//! What is worked out, held against the module that ships.

use super::generated::Draft;
use super::{Analysis, AnalysisError, Region, Scope, Side, scope, seeds, side};
use crate::explain::Client;
use crate::symbolic::witness::Witness;
use attache_plugin_config::{Config, parse};
use attache_test_fixtures::keys::{SigningKey, jwks};
use attache_test_fixtures::token::TokenSpec;
use fastrand::Rng;
use proxy_wasm_test_host::interpreter::Vm;
use proxy_wasm_test_host::{Request, State};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

fn module() -> Vec<u8> {
    let path = std::env::var_os("ATTACHE_MODULE").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/plugin.wasm")),
        PathBuf::from,
    );
    std::fs::read(&path)
        .unwrap_or_else(|_| panic!("no module at {}: run scripts/build", path.display()))
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

/// The module, which gets one configuration after another.
struct Module {
    vm: Vm,
    configured: String,
    next_context: i32,
    key: SigningKey,
}

impl Module {
    fn start(document: &str, key: SigningKey) -> Self {
        let vm = Vm::configured(&module(), State::default(), document).unwrap();
        Self { vm, configured: document.to_owned(), next_context: 2, key }
    }

    /// Returns whether it lets a request through.
    fn lets_through(
        &mut self,
        document: &str,
        witness: &Witness,
        number: usize,
        side: &Side,
    ) -> bool {
        if self.configured != document {
            assert!(self.vm.configure(document.as_bytes()).unwrap(), "{document}");
            document.clone_into(&mut self.configured);
        }
        self.place(&witness.client, side.now);
        let mut request = Request { headers: witness.request(number, side).unwrap().headers };
        if let Some(token) = &witness.token {
            let (claims, _) = token.whole(number, side).unwrap();
            let spec = TokenSpec {
                payload_text: Some(Value::Object(claims).to_string()),
                ..TokenSpec::default()
            };
            let signed = spec.mint_with(&self.key, side.now).unwrap();
            let header =
                request.headers.iter_mut().find(|(name, _)| name == "authorization").unwrap();
            header.1 = format!("Bearer {signed}").into_bytes();
        }
        self.next_context = self.next_context.wrapping_add(1);
        self.vm.request(self.next_context, &request).unwrap().goes_on
    }

    /// Tells the proxy who sends a request, and when.
    fn place(&mut self, client: &Client, now: u64) {
        let state = self.vm.state_mut();
        state.now = Duration::from_secs(now);
        state.properties.clear();
        let Client { principal, address, client_address, port } = client;
        if let Some(principal) = principal {
            let uri = format!("spiffe://{principal}");
            state.set_property(&["connection", "uri_san_peer_certificate"], uri);
        }
        // An address from a header has no port.
        let direct = address.map(|address| (address, 4711));
        if let Some((address, port)) = direct.or(client_address.map(|address| (address, 0))) {
            state.set_property(&["source", "address"], SocketAddr::new(address, port).to_string());
        }
        if let Some(port) = port {
            state.set_property(&["destination", "port"], i64::from(*port).to_le_bytes());
        }
    }
}

/// Returns an answer; `None` where it is that there are too many combinations.
fn answered<T>(answer: Result<T, AnalysisError>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(AnalysisError::TooComplex(_)) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
#[ignore = "needs the module: scripts/build, then cargo test -p attache-cli --lib module -- --ignored"]
fn the_module_decides_as_was_worked_out() {
    let key = SigningKey::fixed("p256").unwrap();
    let mut module: Option<Module> = None;
    let (mut compared, mut proven, mut unanswered) = (0_u64, 0_u64, 0_u64);
    for seed in seeds(1000) {
        let mut random = Rng::with_seed(seed);
        let mut draft = Draft { random: &mut random, compares: true };
        let (document, config) = draft.config();
        let (changed, _) = draft.changed(&document);
        let [old, new] = [&document, &changed].map(|document| with_key(document, &key));
        let module =
            module.get_or_insert_with(|| Module::start(&old.0, SigningKey::fixed("p256").unwrap()));
        let sides = [side(&old.1, &[]), side(&new.1, &[])];
        let analysis = Analysis::new(&sides, &[]);
        let Some(differences) = answered(analysis.and_then(|mut it| it.differences())) else {
            unanswered += 1;
            continue;
        };
        for difference in differences {
            for (number, (document, outcome)) in
                [(&old.0, &difference.old), (&new.0, &difference.new)].into_iter().enumerate()
            {
                let goes_on =
                    module.lets_through(document, &difference.witness, number, &sides[number]);
                assert_eq!(
                    goes_on,
                    outcome.is_allowed(),
                    "{seed}: {:?}\n{document}",
                    difference.witness
                );
                compared += 1;
            }
        }
        let Some(within) = scope(&document, &mut draft) else { continue };
        let unless = if draft.rarely(3) { scope(&document, &mut draft) } else { None };
        let region = Region { scope: within, unless };
        let scopes: Vec<&Scope> = region.scopes().collect();
        let sides = [side(&config, &scopes)];
        let Some(mut analysis) = answered(Analysis::new(&sides, &scopes)) else {
            unanswered += 1;
            continue;
        };
        for allowed in [true, false] {
            let Some(found) = answered(analysis.find(&region, allowed)) else {
                unanswered += 1;
                continue;
            };
            let Some(found) = found else { continue };
            let goes_on = module.lets_through(&old.0, &found.witness, 0, &sides[0]);
            assert_eq!(goes_on, allowed, "{seed}: {:?}\n{document}", found.witness);
            proven += 1;
        }
    }
    println!(
        "the module was sent {compared} requests of differences and {proven} of assertions; {unanswered} too complex"
    );
    assert!(unanswered * 1000 <= seeds(1000).end, "too many are too complex: {unanswered}");
    assert!(
        compared * 3 > seeds(1000).end && proven * 3 > seeds(300).end,
        "{compared} and {proven}"
    );
}
