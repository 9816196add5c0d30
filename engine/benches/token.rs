//! What a request costs by what is known of its token:
//! `cargo bench -p attache-engine --bench token`.
//!
//! The host verifies at no cost here, so that what is left is the engine's own.

#![expect(clippy::unwrap_used, reason = "a benchmark that fails here fails as it should")]

use attache_engine::claims::{Claims, identity_headers};
use attache_engine::host::{Environment, HostCrypto, Peer, SharedStore, UnixSeconds, Workload};
use attache_engine::host_context::HostContext;
use attache_engine::token::{Jws, LastHeader};
use attache_engine::{Decided, Decision, Engine, Outcome};
use attache_plugin_config::{Algorithm, Config, Padding};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use divan::{Bencher, black_box};
use serde_json::{Value, json};
use std::net::IpAddr;

fn main() {
    divan::main();
}

const NOW: u64 = 1_800_000_000;
const EXPIRES: u64 = 1_800_003_600;

/// Three parts, header and claims: what a token costs to read that nobody has seen.
#[divan::bench]
fn parse(bencher: Bencher<'_, '_>) {
    let token = token();
    bencher.bench_local(|| Jws::parse(black_box(token.as_bytes())).map(drop));
}

/// The same where the header is that of the token before.
#[divan::bench]
fn parse_with_a_known_header(bencher: Bencher<'_, '_>) {
    let (token, last) = (token(), LastHeader::default());
    bencher.bench_local(|| {
        Jws::parse_with(black_box(token.as_bytes()), &last, Padding::Refused).map(drop)
    });
}

/// Four claims into four headers.
#[divan::bench]
fn claims_to_headers(bencher: Bencher<'_, '_>) {
    let config = config(json!({}));
    let issuer = config.issuers.first().unwrap();
    let Value::Object(members) = payload() else { return };
    let claims = Claims::from_json(members).unwrap();
    bencher.bench_local(|| identity_headers(black_box(issuer), &claims, "").map(drop));
}

/// A whole decision about a token in the cache.
#[divan::bench]
fn decide_cached(bencher: Bencher<'_, '_>) {
    let shop = Shop::new(json!({}));
    assert_eq!(shop.decide().unwrap().verification.misses, 1);
    assert_eq!(shop.decide().unwrap().verification.hits, 1);
    bencher.bench_local(|| shop.decide());
}

/// A whole decision about a token that is in no cache.
#[divan::bench]
fn decide_uncached(bencher: Bencher<'_, '_>) {
    let shop = Shop::new(json!({"tokens": 0, "sharedSlots": 0}));
    assert_eq!(shop.decide().unwrap().verification.host, 1);
    assert_eq!(shop.decide().unwrap().verification.host, 1);
    bencher.bench_local(|| shop.decide());
}

struct Shop {
    engine: Engine,
    headers: Vec<(String, Vec<u8>)>,
}

impl Shop {
    fn new(cache: Value) -> Self {
        let engine = Engine::new(&config(cache), &Workload::default(), &Nothing).unwrap();
        let headers = [
            (":authority", "orders.shop.svc.cluster.local"),
            (":path", "/orders/7"),
            (":method", "GET"),
            (":scheme", "http"),
            ("user-agent", "bench"),
            ("accept", "*/*"),
            ("accept-encoding", "gzip"),
            ("x-forwarded-for", "10.0.0.7"),
            ("x-forwarded-proto", "http"),
            ("x-request-id", "0b9a77aa-1111-2222-3333-444455556666"),
            ("authorization", &format!("Bearer {}", token())),
        ]
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        Self { engine, headers: headers.into() }
    }

    /// What is decided of a request that goes on.
    fn decide(&self) -> Option<Decided<'_>> {
        let host_context = HostContext {
            peer: &Nothing,
            shared: &Nothing,
            crypto: &Nothing,
            key_wait: &(),
            now: UnixSeconds(NOW),
            ends_with_headers: true,
        };
        match self.engine.decide(black_box(&self.headers), &host_context) {
            Decision::Decided(decided @ Decided { outcome: Outcome::Forward, .. }) => Some(decided),
            _ => None,
        }
    }
}

fn config(cache: Value) -> Config {
    let rule = |name: &str, method: &str, path: &str, role: &str| {
        json!({
            "name": name,
            "to": [{"methods": [method], "paths": [path]}],
            "roles": {"anyOf": [role]},
        })
    };
    let document = json!({
        "issuers": [{
            "name": "tyk",
            "issuer": "tyk",
            "audiences": ["orders"],
            "jwks": {"keys": [{
                "kty": "RSA",
                "kid": "k",
                // The engine holds its numbers to be a key's, and the host says that it signed.
                "n": BASE64.encode([&[0xd1][..], &[0x5a; 254], &[0x91]].concat()),
                "e": "AQAB",
            }]},
            "roleClaims": [{"claim": "roles"}],
            "outputClaimToHeaders": [
                {"header": "x-sub", "claim": "sub"},
                {"header": "x-org-id", "claim": "org_id"},
                {"header": "x-email", "claim": "email"},
                {"header": "x-scope", "claim": "scope"},
            ],
        }],
        "policies": [{"name": "orders", "rules": [
            rule("admin-delete", "DELETE", "/admin*", "superuser"),
            rule("reports", "GET", "/reports*", "auditor"),
            rule("write-orders", "POST", "/orders*", "writer"),
            rule("read-orders", "GET", "/orders/*", "ops"),
            rule("read-all", "GET", "/*", "admin"),
        ]}],
        "cache": cache,
    });
    attache_plugin_config::parse(document.to_string().as_bytes()).unwrap()
}

fn payload() -> Value {
    json!({
        "iss": "tyk",
        "aud": "orders",
        "sub": "user-0000000",
        "org_id": "acme",
        "email": "user-0000000@acme.example",
        "scope": "orders:read orders:write",
        "roles": ["reader", "ops"],
        "iat": NOW,
        "exp": EXPIRES,
        "jti": "0000000000000000",
    })
}

fn token() -> String {
    let header = json!({"alg": "RS256", "kid": "k", "typ": "JWT"}).to_string();
    let parts =
        [BASE64.encode(header), BASE64.encode(payload().to_string()), BASE64.encode([7; 256])];
    parts.join(".")
}

/// A host that knows nothing, and takes every signature for good.
struct Nothing;

impl HostCrypto for Nothing {
    fn verify(&self, _: &[u8], _: Algorithm, _: &[u8], _: &[u8]) -> Option<bool> {
        Some(true)
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

impl Environment for Nothing {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
}
