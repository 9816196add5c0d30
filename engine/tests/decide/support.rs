//! A workload under test: a document, a key of the test's own, and requests.

use attache_engine::host::{Environment, HostCrypto, Peer, SharedStore, UnixSeconds, Workload};
use attache_engine::host_context::HostContext;
use attache_engine::policy::View;
use attache_engine::remote::KeyWait;
use attache_engine::remote::{MissingKeys, WaitDecision};
use attache_engine::{Decided, Decision, Engine, Explanation, HeaderEdit, IssuerIndex, Reason};
use attache_plugin_config::{Algorithm, Config};
use attache_test_fixtures::keys::SigningKey;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

/// The moment at which all requests of the tests come.
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) struct Shop {
    pub(crate) config: Config,
    pub(crate) workload: Workload,
    pub(crate) engine: Engine,
    pub(crate) peer: TestPeer,
    pub(crate) shared: Rc<TestData>,
    pub(crate) crypto: NoCrypto,
    pub(crate) key_wait: TestKeyWait,
    pub(crate) now: u64,
    pub(crate) ends_with_headers: bool,
}

#[derive(Default)]
pub(crate) struct TestPeer {
    pub(crate) principal: Option<String>,
    pub(crate) source_ip: Option<IpAddr>,
    pub(crate) remote_ip: Option<IpAddr>,
}

impl Peer for TestPeer {
    fn principal(&self) -> Option<String> {
        self.principal.clone()
    }
    fn source_ip(&self) -> Option<IpAddr> {
        self.source_ip
    }

    fn remote_ip(&self) -> Option<IpAddr> {
        self.remote_ip
    }
    fn destination_port(&self) -> Option<u16> {
        Some(8080)
    }
}

/// Data that the workers of a test share.
#[derive(Default)]
pub(crate) struct TestData(RefCell<HashMap<String, Vec<u8>>>);

impl SharedStore for TestData {
    fn read(&self, key: &str) -> Option<(Vec<u8>, Option<u32>)> {
        self.0.borrow().get(key).map(|value| (value.clone(), None))
    }

    fn compare_and_set(&self, key: &str, value: &[u8], _: Option<u32>) -> bool {
        self.0.borrow_mut().insert(key.to_owned(), value.to_vec());
        true
    }
}

/// A host without cryptography, which counts how often it is asked.
#[derive(Default)]
pub(crate) struct NoCrypto {
    pub(crate) asked: Cell<u32>,
}

impl HostCrypto for NoCrypto {
    fn verify(&self, _: &[u8], _: Algorithm, _: &[u8], _: &[u8]) -> Option<bool> {
        self.asked.set(self.asked.get() + 1);
        None
    }
}

/// Waits for as long as a test says, and remembers what for.
pub(crate) struct TestKeyWait {
    pub(crate) wait_decision: Cell<WaitDecision>,
    pub(crate) asked: RefCell<Vec<MissingKeys>>,
}

impl Default for TestKeyWait {
    fn default() -> Self {
        Self {
            wait_decision: Cell::new(WaitDecision::GiveUp(Duration::from_millis(2_100))),
            asked: RefCell::default(),
        }
    }
}

impl KeyWait for TestKeyWait {
    fn wait_decision(&self, _: IssuerIndex, missing: MissingKeys) -> WaitDecision {
        self.asked.borrow_mut().push(missing);
        self.wait_decision.get()
    }
}

struct NoEnvironment;

impl Environment for NoEnvironment {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

/// An issuer's entry with the test's key, and whatever else is given.
pub(crate) fn issuer(more: Value) -> Value {
    let mut entry = json!({
        "name": "tyk",
        "issuer": "https://tyk.example.com",
        "jwks": {"keys": [public_jwk()]},
        "roleClaims": [{"claim": "roles"}],
        "outputClaimToHeaders": [{"header": "x-user", "claim": "sub"}],
    });
    merge(&mut entry, more);
    entry
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
        // What the base has and this shop has not.
        into.retain(|_, value| !value.is_null());
    }
}

pub(crate) fn shop(document: Value) -> Shop {
    let config = attache_plugin_config::parse(document.to_string().as_bytes())
        .unwrap_or_else(|e| panic!("{e}"));
    let workload = Workload {
        namespace: Some("shop".to_owned()),
        name: Some("orders".to_owned()),
        service_account: Some("orders".to_owned()),
        labels: [("app".to_owned(), "orders".to_owned())].into(),
    };
    let engine = Engine::new(&config, &workload, &NoEnvironment).unwrap_or_else(|e| panic!("{e}"));
    Shop {
        config,
        workload,
        engine,
        peer: TestPeer::default(),
        shared: Rc::default(),
        crypto: NoCrypto::default(),
        key_wait: TestKeyWait::default(),
        now: NOW,
        ends_with_headers: true,
    }
}

/// A shop with one issuer and these policies.
pub(crate) fn shop_with_policies(policies: Value) -> Shop {
    shop(json!({"issuers": [issuer(json!({}))], "policies": policies}))
}

impl Shop {
    pub(crate) fn decide(&self, headers: &[(&str, &str)]) -> Decided<'static> {
        self.decide_map(own(headers))
    }

    /// What a request lacks that waits.
    pub(crate) fn waits_for(&self, line: &str, headers: &[(&str, &str)]) -> Option<MissingKeys> {
        match self.decision(own(&with_line(line, headers))) {
            Decision::Wait { missing, .. } => Some(missing),
            Decision::Decided(_) => None,
        }
    }

    /// The decision about `METHOD /path` with one header, whose value need be no text.
    pub(crate) fn request_bytes(&self, line: &str, name: &str, value: &[u8]) -> Decided<'static> {
        let (method, path) = line.split_once(' ').unwrap();
        let map = [(":method", method.as_bytes()), (":path", path.as_bytes()), (name, value)];
        self.decide_map(map.map(|(name, value)| (name.to_owned(), value.to_vec())).to_vec())
    }

    fn decide_map(&self, map: HeaderMap) -> Decided<'static> {
        match self.decision(map) {
            Decision::Decided(decided) => decided,
            Decision::Wait { missing, .. } => panic!("it waits for {missing:?}"),
        }
    }

    /// What is decided borrows from the request, which no test wants to carry about: it is never
    /// freed.
    fn decision(&self, map: HeaderMap) -> Decision<'static> {
        self.engine.decide(map.leak(), &self.host_context())
    }

    fn host_context(&self) -> HostContext<'_> {
        HostContext {
            peer: &self.peer,
            shared: &*self.shared,
            crypto: &self.crypto,
            key_wait: &self.key_wait,
            now: UnixSeconds(self.now),
            ends_with_headers: self.ends_with_headers,
        }
    }

    /// Why `METHOD /path` with these headers is decided as it is.
    pub(crate) fn explain(&self, line: &str, headers: &[(&str, &str)]) -> Explanation<'static> {
        let map = own(&with_line(line, headers)).leak();
        self.engine.explain(&self.config, &self.workload, View::Enforced, map, &self.host_context())
    }

    /// The decision about `METHOD /path` with these headers.
    pub(crate) fn request(&self, line: &str, headers: &[(&str, &str)]) -> Decided<'static> {
        self.decide(&with_line(line, headers))
    }

    /// The reason for which a request with this token is refused; `None` where it goes on.
    pub(crate) fn reason(&self, line: &str, token: Option<&str>) -> Option<Reason> {
        let value = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<(&str, &str)> =
            value.iter().map(|value| ("authorization", value.as_str())).collect();
        self.request(line, &headers).reason()
    }

    /// `policy/rule` of the rule that decided.
    pub(crate) fn rule(&self, decision: &Decided<'_>) -> Option<String> {
        decision.rule.and_then(|rule| self.engine.rule(rule)).map(|names| names.to_string())
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

type HeaderMap = Vec<(String, Vec<u8>)>;

fn own(headers: &[(&str, &str)]) -> HeaderMap {
    headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

fn with_line<'a>(line: &'a str, headers: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let (method, path) = line.split_once(' ').unwrap();
    let mut all = vec![(":method", method), (":path", path), (":authority", "orders.shop:8080")];
    all.extend_from_slice(headers);
    all
}

/// The identity headers that a decision writes.
pub(crate) fn written(decided: &Decided<'_>) -> Vec<(String, String)> {
    set_or_added(decided).into_iter().filter(|(name, _)| is_identity(decided, name)).collect()
}

/// The headers that it removes.
pub(crate) fn removed(decided: &Decided<'_>) -> Vec<String> {
    let removed = decided.edits.iter().filter_map(|edit| match edit {
        HeaderEdit::Remove(name) => Some(name.to_owned()),
        HeaderEdit::Set(..) | HeaderEdit::Add(..) => None,
    });
    removed.collect()
}

/// The headers that it changes, but for identity headers.
pub(crate) fn replaced(decided: &Decided<'_>) -> Vec<(String, String)> {
    set_or_added(decided).into_iter().filter(|(name, _)| !is_identity(decided, name)).collect()
}

fn set_or_added(decided: &Decided<'_>) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    let set = decided.edits.iter().filter_map(|edit| match edit {
        HeaderEdit::Remove(_) => None,
        HeaderEdit::Set(name, value) | HeaderEdit::Add(name, value) => {
            Some((name.to_owned(), text(value)))
        }
    });
    set.collect()
}

fn is_identity(decided: &Decided<'_>, name: &str) -> bool {
    let headers = decided
        .authenticated
        .as_ref()
        .and_then(|authenticated| authenticated.headers.as_ref().ok());
    headers.into_iter().flatten().any(|(known, _)| known.as_str() == name)
}

fn key() -> SigningKey {
    SigningKey::fixed("p256").unwrap()
}

pub(crate) fn public_jwk() -> Value {
    let mut jwk = key().jwk().unwrap();
    jwk["kid"] = json!("test");
    jwk
}

/// A good token with these claims on top of the usual ones.
pub(crate) fn token(claims: Value) -> String {
    let mut all = json!({"iss": "https://tyk.example.com", "sub": "alice", "exp": NOW + 300});
    merge(&mut all, claims);
    sign(&json!({"alg": "ES256", "kid": "test", "typ": "JWT"}).to_string(), &all.to_string())
}

pub(crate) fn with_roles(roles: &[&str]) -> String {
    token(json!({"roles": roles}))
}

pub(crate) fn sign(header: &str, payload: &str) -> String {
    let input = format!("{}.{}", BASE64.encode(header), BASE64.encode(payload));
    format!("{input}.{}", BASE64.encode(signature(&input)))
}

/// What the test's key says to a text.
pub(crate) fn signature(input: &str) -> Vec<u8> {
    key().sign("ES256", input.as_bytes()).unwrap()
}
