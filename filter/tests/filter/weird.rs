//! Whatever a client sends: the filter answers, and never panics.

use crate::support::{Worker, token};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use proxy_wasm_test_host::Request;
use proxy_wasm_test_host::native::Host;
use serde_json::json;
use std::cell::RefCell;

const NAMES: [&str; 14] = [
    ":method",
    ":path",
    ":authority",
    ":scheme",
    "authorization",
    "cookie",
    "x-user",
    "x_user",
    "x-jwt-payload",
    "content-type",
    "origin",
    "x-request-id",
    "traceparent",
    "é",
];

#[test]
fn values_that_are_not_text_are_just_values() {
    let mut worker = Worker::new();
    for name in NAMES {
        for value in [
            &b"\xff\xfe"[..],
            b"",
            b"\0",
            b"Bearer \xff.\xff.\xff",
            b"%",
            b"/%zz?%",
            "Bearer é.é.é".as_bytes(),
        ] {
            let request = Request::get("/orders").with(name, value).bearer(&token(json!({})));
            let response = worker.send(request);
            assert!(response.all("x-user").iter().all(|user| user == "alice"), "{name} {value:?}");
        }
    }
}

#[test]
fn a_request_with_nothing_in_it_is_refused() {
    let mut worker = Worker::new();
    assert!(!worker.send(Request::empty()).goes_on);
}

#[test]
fn contexts_end_in_any_order() {
    let mut worker = Worker::new();
    for _ in 0..300 {
        worker.send(Request::get("/orders").bearer(&token(json!({}))));
        worker.tick();
    }
    assert_eq!(worker.counter("attache.requests.allowed"), 300);
}

/// Credentials stand where credentials are taken; anything else may stand anywhere.
fn header() -> impl Strategy<Value = (String, Vec<u8>)> {
    let names = |credentials: bool| {
        let takes = |name: &&str| matches!(*name, "authorization" | "cookie") == credentials;
        NAMES.into_iter().filter(takes).map(str::to_owned).collect::<Vec<_>>()
    };
    let credentials = [token(json!({})), token(json!({"sub": "bob", "roles": ["writer"]}))];
    let credentials = credentials
        .iter()
        .flat_map(|token| [format!("Bearer {token}"), format!("session={token}")]);
    let words = ["GET", "OPTIONS", "/orders", "/healthz", "/orders?a=b", "application/grpc", "eyJ"];
    prop_oneof![
        (prop::sample::select(names(true)), value(credentials.map(String::into_bytes).collect())),
        (
            prop::sample::select(names(false)),
            value(words.map(|word| word.as_bytes().to_vec()).into())
        ),
    ]
}

/// One of these, one with another byte in it, or any bytes at all.
fn value(words: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(words);
    let spoiled = (word.clone(), any::<prop::sample::Index>(), any::<u8>());
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        word,
        spoiled.prop_map(|(mut word, at, byte)| {
            let at = at.index(word.len());
            word[at] = byte;
            word
        }),
    ]
}

#[test]
fn whatever_comes_is_decided_and_no_forged_header_survives() {
    let worker = RefCell::new(Worker::new());
    let requests = prop::collection::vec(header(), 0..12);
    run(&requests, |headers| {
        let request = headers
            .iter()
            .fold(Request::empty(), |request, (name, value)| request.with(name, value));
        let response = worker.borrow_mut().send(request);
        let users = response.all("x-user");
        prop_assert!(response.all("x_user").is_empty());
        prop_assert!(
            users.iter().all(|user| response.goes_on && (user == "alice" || user == "bob")),
            "{users:?}"
        );
        Ok(())
    });
}

#[test]
fn whatever_is_given_as_a_configuration_is_read_or_refused() {
    let good = crate::support::document().to_string();
    run(&".{0,60}", |document| {
        let mut host = Host::configured(&good);
        prop_assert!(!host.configure(&document));
        prop_assert!(
            host.log().iter().any(|line| line.text.starts_with("attache: configuration: "))
        );
        Ok(())
    });
}

fn run<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config =
        ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() };
    if let Err(failure) = TestRunner::new(config).run(strategy, test) {
        panic!("{failure}");
    }
}
