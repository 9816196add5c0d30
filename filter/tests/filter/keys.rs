//! Keys that a provider serves, where it matters in which order things happen. The rest is shown on
//! a real Envoy.

use crate::support::{NOW, Verdict, document_with, key_set, token};
use attache_test_fixtures::keys::{SigningKey, jwks};
use attache_test_fixtures::token::TokenSpec;
use proxy_wasm_test_host::native::Host;
use proxy_wasm_test_host::{Request, SharedData};
use serde_json::{Value, json};

/// The document, but for its keys, which a provider serves.
fn document() -> String {
    let document = document_with(|document| {
        let Some(Value::Object(issuer)) = document.pointer_mut("/issuers/0") else {
            panic!("one issuer")
        };
        issuer.remove("jwks");
        issuer.insert("jwksUri".to_owned(), json!("http://provider.example/jwks"));
        issuer.insert("cluster".to_owned(), json!("provider"));
    });
    document.to_string()
}

/// Has the provider be asked, and answers for it with these keys.
fn fetch(host: &mut Host, keys: &Value) {
    host.tick();
    let call = host.http_calls().last().expect("a call").token;
    host.answer_call(call, &[(":status", "200")], keys.to_string().as_bytes());
}

#[test]
fn workers_hear_of_new_keys_before_anyone_else_does() {
    let mut host = Host::configured(&document());
    fetch(&mut host, &key_set());
    let changed = host.take_changed();
    let told = |name: &str| changed.iter().position(|changed| changed == name);
    let (workers, envoy) = (told("attache.keys.generation"), told("attache.keys.fetches.updated"));
    assert!(workers.is_some() && envoy.is_some() && workers < envoy, "{changed:?}");
    assert!(host.request(&Request::get("/orders").bearer(&token(json!({})))).goes_on);
}

/// A token that another key signed under the `kid` of the first.
fn of_the_successor() -> String {
    let mut spec = TokenSpec::with_claims(json!({}));
    spec.header.insert("kid".to_owned(), json!("p256"));
    let key = SigningKey::fixed("p256-other").expect("a key");
    spec.mint_with(&key, NOW).expect("a token")
}

#[test]
fn a_refuted_signature_has_the_provider_asked_once_in_a_while() {
    let mut host = Host::configured(&document());
    fetch(&mut host, &key_set());
    let reason = |host: &mut Host| {
        host.request(&Request::get("/orders").bearer(&of_the_successor())).reason()
    };
    let asked = |host: &mut Host, later: u64| {
        host.set_time(NOW + later);
        host.tick();
        host.http_calls().len()
    };
    assert_eq!(asked(&mut host, 11), 1, "nobody doubts the keys");
    for _ in 0..3 {
        assert_eq!(reason(&mut host).as_deref(), Some("signature-invalid"));
    }
    assert_eq!(asked(&mut host, 12), 2);
    assert_eq!(reason(&mut host).as_deref(), Some("signature-invalid"));
    let mut successor = SigningKey::fixed("p256-other").and_then(|key| key.jwk()).expect("a key");
    successor["kid"] = json!("p256");
    let call = host.http_calls().last().expect("a call").token;
    host.answer_call(
        call,
        &[(":status", "200")],
        json!({"keys": [successor]}).to_string().as_bytes(),
    );
    assert_eq!(reason(&mut host), None);
    assert_eq!(asked(&mut host, 13), 2, "within `minInterval`");
    assert_eq!(asked(&mut host, 23), 3, "the doubt from before the answer");
    assert_eq!(asked(&mut host, 60), 3);
}

#[test]
fn who_was_too_slow_takes_over_what_a_faster_worker_has_fetched() {
    let shared = SharedData::default();
    let mut slow = Host::sharing(&shared);
    assert!(slow.configure(&document()));
    slow.tick();
    let call = slow.http_calls().last().expect("a call").token;
    // Its lease is over, and another worker asks in its place.
    let later = NOW + 60;
    let theirs = shared.clone();
    let other = std::thread::spawn(move || {
        let mut other = Host::sharing(&theirs);
        other.set_time(later);
        assert!(other.configure(&document()));
        fetch(&mut other, &key_set());
    });
    other.join().expect("the other worker");
    slow.set_time(later);
    let answer = jwks(&[SigningKey::fixed("p384").expect("a key")]).expect("a key set").to_string();
    slow.answer_call(call, &[(":status", "200")], answer.as_bytes());
    assert_eq!(slow.counters().get("attache.keys.fetches.late"), Some(&1), "{:?}", slow.log());
    let response = slow.request(&Request::get("/orders").bearer(&token(json!({}))));
    assert!(response.goes_on, "{:?}", response.reason());
}

#[test]
fn a_provider_that_fails_for_another_reason_is_told_of_again() {
    let document = document_with(|document| {
        let Some(Value::Object(issuer)) = document.pointer_mut("/issuers/0") else {
            panic!("one issuer")
        };
        issuer.remove("jwks");
        issuer.insert("issuer".to_owned(), json!("http://provider.example"));
        issuer.insert("discovery".to_owned(), json!(true));
        issuer.insert("cluster".to_owned(), json!("provider"));
    });
    let mut host = Host::configured(&document.to_string());
    let anothers =
        json!({"issuer": "http://other.example", "jwks_uri": "http://provider.example/jwks"});
    let elsewhere =
        json!({"issuer": "http://provider.example", "jwks_uri": "http://orders.example/admin"});
    let mut now = NOW;
    for document in [&anothers, &anothers, &elsewhere, &elsewhere] {
        fetch(&mut host, document);
        now += 3600;
        host.set_time(now);
    }
    let said = host.log().iter().filter(|line| line.text.contains("(bad_discovery)")).count();
    assert_eq!(host.counters().get("attache.keys.fetches.bad_discovery"), Some(&4));
    assert_eq!(said, 2, "{:#?}", host.log());
}

#[test]
fn requests_that_wait_for_keys_each_go_on_with_their_own_headers() {
    let mut host = Host::configured(&document());
    let open = |host: &mut Host, subject: &str| {
        host.open(
            &Request::get("/orders").bearer(&token(json!({"sub": subject}))).with("x-user", "root"),
        )
    };
    let (first, left, second) =
        (open(&mut host, "alice"), open(&mut host, "eve"), open(&mut host, "bob"));
    assert!(!host.close(left).goes_on, "a client that leaves before the keys come");
    fetch(&mut host, &key_set());
    for (stream, user) in [(first, "alice"), (second, "bob")] {
        let response = host.close(stream);
        assert!(response.goes_on && response.reply.is_none(), "{user}: {:?}", response.reason());
        assert_eq!(response.header("x-user").as_deref(), Some(user));
    }
}
