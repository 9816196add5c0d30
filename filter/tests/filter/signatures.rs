//! Who checks a signature: the host where it can, the engine where not, and nobody twice.

use crate::support::{
    NOW, Verdict, Worker, document_of_all_algorithms, document_with, signed, tampered, token,
};
use attache_test_fixtures::keys::SigningKey;
use attache_test_fixtures::token::{Tamper, TokenSpec};
use prost::Message;
use proxy_wasm_test_host::native::Host;
use proxy_wasm_test_host::verify_signature::{self, Verdict as HostVerdict};
use proxy_wasm_test_host::{ForeignFunction, Request, Status};
use serde_json::json;

fn verified(worker: &mut Worker) -> (u64, u64) {
    (worker.counter("attache.verify.host"), worker.counter("attache.verify.software"))
}

#[test]
fn the_host_checks_what_it_can_and_the_engine_the_rest() {
    for (key, algorithm, by_host) in [
        ("rsa", "RS256", true),
        ("rsa", "RS384", true),
        ("rsa", "RS512", true),
        ("p256", "ES256", true),
        ("p384", "ES384", true),
        ("rsa", "PS256", false),
        ("rsa", "PS384", false),
        ("rsa", "PS512", false),
        ("ed25519", "EdDSA", false),
    ] {
        let mut worker = Worker::with(&document_of_all_algorithms());
        let token = signed(key, algorithm);
        let response = worker.send(Request::get("/orders").bearer(&token));
        assert!(response.goes_on, "{algorithm}: {:?}", response.reason());
        assert_eq!(verified(&mut worker), if by_host { (1, 0) } else { (0, 1) }, "{algorithm}");
        let (message, signature) = token.rsplit_once('.').unwrap();
        let spoiled = format!("{message}.A{}", signature.get(1..).unwrap());
        let spoiled = if spoiled == token {
            format!("{message}.B{}", signature.get(1..).unwrap())
        } else {
            spoiled
        };
        let response = worker.send(Request::get("/orders").bearer(&spoiled));
        assert_eq!(response.reason().as_deref(), Some("signature-invalid"), "{algorithm}");
    }
}

#[test]
fn hmac_secrets_come_from_the_environment() {
    let secret = SigningKey::fixed("hmac").unwrap();
    Host::set_variable(
        "ATTACHE_TEST_SECRET",
        std::str::from_utf8(secret.secret().unwrap()).unwrap(),
    );
    for algorithm in ["HS256", "HS384", "HS512"] {
        let mut worker = Worker::with(&document_with(|document| {
            let issuer = document["issuers"][0].as_object_mut().unwrap();
            issuer.remove("jwks");
            let secrets =
                json!([{"env": "ATTACHE_TEST_SECRET", "algorithm": algorithm, "kid": "hmac"}]);
            issuer.insert("secrets".into(), secrets);
        }));
        let response = worker.send(Request::get("/orders").bearer(&signed("hmac", algorithm)));
        assert!(response.goes_on, "{algorithm}: {:?}", response.reason());
        assert_eq!(verified(&mut worker), (0, 1));
        assert_eq!(
            worker.send(Request::get("/orders").bearer(&token(json!({})))).reason().as_deref(),
            Some("algorithm-not-allowed")
        );
    }
}

#[cfg(feature = "software-signatures")]
#[test]
fn a_host_without_the_function_is_asked_once() {
    let mut worker = Worker::new();
    worker.set_foreign_function(verify_signature::NAME, None);
    let mut asked = 0;
    for subject in ["a", "b", "c"] {
        let response = worker.send(Request::get("/orders").bearer(&token(json!({"sub": subject}))));
        assert!(response.goes_on, "{:?}", response.reason());
        asked += response.calls.get("proxy_call_foreign_function").copied().unwrap_or(0);
    }
    assert_eq!(asked, 1);
    assert_eq!(verified(&mut worker), (0, 3));
    let warnings = worker.log().into_iter().filter(|line| line.text.contains("verify_signature"));
    assert_eq!(warnings.count(), 1);
    let response = worker.send(Request::get("/orders").bearer(&tampered(Tamper::Signature)));
    assert_eq!(response.reason().as_deref(), Some("signature-invalid"));
}

#[cfg(feature = "software-signatures")]
#[test]
fn a_host_that_fails_babbles_or_is_unable_is_not_believed() {
    let hosts: [(&str, ForeignFunction); 3] = [
        ("fails", |_| Err(Status::InternalFailure)),
        ("babbles", |_| Ok(b"\xff\xff\xff".to_vec())),
        ("is unable", |_| Ok(HostVerdict::unable().encode_to_vec())),
    ];
    for (what, verify) in hosts {
        let mut worker = Worker::new();
        worker.set_foreign_function(verify_signature::NAME, Some(verify));
        assert!(
            worker.send(Request::get("/orders").bearer(&token(json!({})))).goes_on,
            "it {what}"
        );
        let response = worker.send(Request::get("/orders").bearer(&tampered(Tamper::Signature)));
        assert_eq!(response.reason().as_deref(), Some("signature-invalid"), "it {what}");
        assert_eq!(verified(&mut worker), (0, 2), "it {what}");
    }
}

#[test]
fn a_token_that_was_verified_is_not_verified_again() {
    let mut worker = Worker::new();
    let request = Request::get("/orders").bearer(&token(json!({})));
    for _ in 0..10 {
        assert!(worker.send(request.clone()).goes_on);
    }
    assert_eq!(verified(&mut worker), (1, 0));
    assert_eq!(
        (worker.counter("attache.cache.hits"), worker.counter("attache.cache.misses")),
        (9, 1)
    );
}

#[test]
fn a_bad_token_is_never_cached_as_good() {
    let mut worker = Worker::new();
    let (good, bad) = (token(json!({})), tampered(Tamper::Signature));
    for _ in 0..3 {
        assert!(worker.send(Request::get("/orders").bearer(&good)).goes_on);
        assert!(!worker.send(Request::get("/orders").bearer(&bad)).goes_on);
    }
}

#[test]
fn strangers_have_a_worker_compute_so_much_a_second_and_no_more() {
    for key in ["ed25519", "p384"] {
        computes_so_much_and_no_more(key);
    }
}

fn computes_so_much_and_no_more(key: &str) {
    let mut worker = Worker::with(&document_of_all_algorithms());
    let known = signed("rsa", "PS256");
    assert!(worker.send(Request::get("/orders").bearer(&known)).goes_on);
    let junk = |number: u32| {
        let token = TokenSpec {
            key: Some(key.into()),
            tamper: vec![Tamper::Signature],
            ..TokenSpec::with_claims(json!({"jti": format!("{number}")}))
        };
        Request::get("/orders").bearer(&token.mint(NOW).unwrap())
    };
    for number in 0..50 {
        assert_eq!(worker.send(junk(number)).reason().as_deref(), Some("signature-invalid"));
    }
    let response = worker.send(junk(50));
    assert_eq!((response.status(), response.reason().as_deref()), (503, Some("keys-unavailable")));
    assert_eq!(
        response.reply.and_then(|reply| reply.header("retry-after").map(str::to_owned)).as_deref(),
        Some("1")
    );
    // Those whose tokens are known, and those whose tokens the host verifies, notice nothing.
    assert!(worker.send(Request::get("/orders").bearer(&known)).goes_on);
    assert!(worker.send(Request::get("/orders").bearer(&token(json!({"sub": "bob"})))).goes_on);
    let stranger = signed("ed25519", "EdDSA");
    assert_eq!(worker.send(Request::get("/orders").bearer(&stranger)).status(), 503);
    worker.set_time(NOW + 1);
    assert!(
        worker.send(Request::get("/orders").bearer(&stranger)).goes_on,
        "the next second has its own"
    );
    assert_eq!(worker.send(junk(51)).reason().as_deref(), Some("signature-invalid"));
}
