//! No identity header reaches the service, or an access log, that the filter did not write.

use crate::support::{Verdict, Worker, document_with, tampered, token};
use attache_test_fixtures::token::Tamper;
use proxy_wasm_test_host::{Request, Response};
use serde_json::json;

/// Headers that the configuration writes, in every spelling that a backend may take for the same.
const FORGED: [&str; 9] = [
    "x-user",
    "x_user",
    "x-roles",
    "x_roles",
    "x-jwt-payload",
    "x_jwt_payload",
    "x-jwt_payload",
    "x_jwt-payload",
    "x-user",
];

fn forge(request: Request) -> Request {
    FORGED.iter().fold(request, |request, name| request.with(name, "root"))
}

fn assert_nothing_forged(response: &Response, case: &str) {
    for name in FORGED {
        assert!(
            !response.all(name).iter().any(|value| value == "root"),
            "{case}: `{name}` survives"
        );
    }
}

#[test]
fn a_good_token_writes_its_claims_in_place_of_what_the_client_sent() {
    let token = token(json!({"roles": ["a", "b,c"]}));
    let response = Worker::new().send(forge(Request::get("/orders").bearer(&token)));
    assert!(response.goes_on);
    assert_nothing_forged(&response, "good token");
    assert_eq!(response.header("x-user").as_deref(), Some("alice"));
    assert_eq!(response.header("x-roles").as_deref(), Some("a,b%2Cc"));
    assert_eq!(response.header("x-jwt-payload").as_deref(), token.split('.').nth(1));
    assert_eq!(response.header("x_user"), None);
}

#[test]
fn no_path_lets_a_forged_header_through() {
    let preflight = |path| {
        Request::new("OPTIONS", path)
            .with("origin", "https://a.example")
            .with("access-control-request-method", "PUT")
    };
    let good = token(json!({}));
    let cases = [
        ("public", true, Request::get("/healthz")),
        ("public with a bad token", true, Request::get("/healthz").bearer("a.b")),
        ("preflight", true, preflight("/orders")),
        ("preflight of nowhere", true, preflight("/nowhere")),
        ("without identity", true, Request::get("/guest")),
        ("allowed", true, Request::get("/orders").bearer(&good)),
        ("without a claim for the header", true, Request::get("/orders").bearer(&good)),
        ("denied in shadow", true, Request::get("/orders/old").bearer(&good)),
        ("allowed in shadow", false, Request::get("/reports").bearer(&good)),
        ("token missing", false, Request::get("/orders")),
        ("bad token", false, Request::get("/orders").bearer(&tampered(Tamper::Signature))),
        ("bad token on an optional path", false, Request::get("/guest").bearer("a.b")),
        ("ambiguous path", false, Request::get("/orders/1%2f2").bearer(&good)),
        ("broken path", false, Request::get("/orders/%zz")),
        ("denied", false, Request::new("DELETE", "/orders").bearer(&good)),
        ("role missing", false, Request::new("POST", "/orders").bearer(&good)),
        ("two tokens", false, Request::get("/orders").bearer(&good).bearer("x.y")),
    ];
    let mut worker = Worker::new();
    for round in ["first", "cached"] {
        for (case, goes_on, request) in &cases {
            let response = worker.send(forge(request.clone()));
            assert_eq!(response.goes_on, *goes_on, "{round} {case}: {:?}", response.reason());
            assert_nothing_forged(&response, case);
        }
    }
}

#[test]
fn a_claim_that_is_absent_leaves_no_header() {
    let response = Worker::new()
        .send(Request::get("/orders").bearer(&token(json!({}))).with("x-roles", "root"));
    assert!(response.goes_on);
    assert_eq!(response.header("x-roles"), None);
}

#[test]
fn a_header_of_another_issuer_is_removed_too() {
    let mut worker = Worker::with(&document_with(|document| {
        let issuers = document["issuers"].as_array_mut().unwrap();
        let mut other = issuers[0].clone();
        other["name"] = json!("other");
        other["issuer"] = json!("https://other.example");
        other["outputClaimToHeaders"] = json!([{"header": "x-tenant", "claim": "org"}]);
        issuers.push(other);
    }));
    let request = || {
        Request::get("/orders")
            .with("x-tenant", "root")
            .with("x_tenant", "root")
            .with("x-user", "root")
    };
    let of = |iss: &str| token(json!({"iss": iss, "org": "acme"}));
    let response = worker.send(request().bearer(&of("https://issuer.example")));
    assert_eq!(
        (response.header("x-user").as_deref(), response.header("x-tenant")),
        (Some("alice"), None)
    );
    let response = worker.send(request().bearer(&of("https://other.example")));
    assert_eq!(
        (response.header("x-user"), response.header("x-tenant").as_deref()),
        (None, Some("acme"))
    );
    assert_eq!(response.header("x_tenant"), None);
}

#[test]
fn headers_that_are_nobodys_business_stay() {
    let request = Request::get("/orders").bearer(&token(json!({})));
    let request =
        request.with("x-username", "bob").with("user", "bob").with("x-bytes", b"\xff\xfe");
    let response = Worker::new().send(request);
    assert_eq!(response.header("x-username").as_deref(), Some("bob"));
    assert_eq!(response.header("user").as_deref(), Some("bob"));
    assert!(response.headers.contains(&("x-bytes".to_owned(), b"\xff\xfe".to_vec())));
}
