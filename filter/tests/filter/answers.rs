//! Every reason of a refusal has one answer for HTTP and one for gRPC.

use crate::support::{NOW, Verdict, Worker, document_with, signed, tampered, token};
use attache_engine::Reason;
use attache_test_fixtures::token::{Tamper, TokenSpec};
use proxy_wasm_test_host::{LocalReply, Request, Response};
use serde_json::{Value, json};

fn orders() -> Request {
    Request::get("/orders")
}

/// A request for every reason that inline keys can bring about.
fn refusals() -> Vec<(Reason, Request)> {
    let with = |claims: Value| orders().bearer(&token(claims));
    let unknown_key =
        TokenSpec { header: json_map(json!({"kid": "nobody"})), ..TokenSpec::default() };
    vec![
        (Reason::TokenMissing, orders()),
        (Reason::TokenMalformed, orders().bearer("a.b")),
        (Reason::TokenMalformed, orders().bearer(&tampered(Tamper::FiveParts))),
        (Reason::TokenMalformed, orders().bearer(&tampered(Tamper::Padding))),
        (Reason::TokenOpaque, orders().bearer("5e9d9544a1dcd60001d0ed20")),
        (Reason::TokenTooLarge, orders().bearer(&"a".repeat(8193))),
        (Reason::IssuerUnknown, with(json!({"iss": "https://other.example"}))),
        (Reason::AlgorithmNotAllowed, orders().bearer(&signed("p256", "none"))),
        (Reason::AlgorithmNotAllowed, orders().bearer(&signed("rsa", "RS512"))),
        (Reason::KeyNotFound, orders().bearer(&unknown_key.mint(NOW).unwrap())),
        (Reason::SignatureInvalid, orders().bearer(&tampered(Tamper::Signature))),
        (Reason::SignatureInvalid, orders().bearer(&tampered(Tamper::Payload))),
        (Reason::TokenExpired, with(json!({"exp": NOW - 61}))),
        (Reason::TokenNotYetValid, with(json!({"nbf": NOW + 61}))),
        (Reason::LifetimeTooLong, with(json!({"exp": NOW + 7200}))),
        (Reason::AudienceMismatch, with(json!({"aud": "elsewhere"}))),
        (Reason::ClaimMismatch, with(json!({"org": "evil"}))),
        (Reason::TokenRevoked, with(json!({"jti": "stolen"}))),
        (Reason::PresenterNotAllowed, with(json!({"iss": "https://presented.example"}))),
        (Reason::PathAmbiguous, Request::get("/orders/1%2F2").bearer(&token(json!({})))),
        (Reason::PathAmbiguous, Request::get("/orders/%zz")),
        (Reason::MethodAmbiguous, Request::new("delete", "/orders").bearer(&token(json!({})))),
        (
            Reason::HostAmbiguous,
            Request::empty()
                .with(":authority", "x@admin.example")
                .with(":path", "/orders")
                .with(":method", "GET")
                .bearer(&token(json!({}))),
        ),
        (Reason::TokensConflict, with(json!({})).bearer(&token(json!({"sub": "bob"})))),
        (
            Reason::RoleMissing,
            Request::new("POST", "/orders").bearer(&token(json!({"roles": ["reader"]}))),
        ),
        (Reason::RuleDenied, Request::new("DELETE", "/orders").bearer(&token(json!({})))),
        (Reason::NoRuleMatched, Request::get("/nowhere").bearer(&token(json!({})))),
        (Reason::ClaimUnwritable, with(json!({"sub": "alice\r\nx-user: root"}))),
    ]
}

fn json_map(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn worker() -> Worker {
    Worker::with(&document_with(|document| {
        let issuers = document["issuers"].as_array_mut().unwrap();
        issuers[0]["algorithms"] = json!(["ES256", "RS256"]);
        let keys = issuers[0]["jwks"]["keys"].as_array_mut().unwrap();
        keys.retain(|key| ["p256", "rsa"].iter().any(|name| key["kid"] == *name));
        let mut presented = issuers[0].clone();
        presented["name"] = json!("presented");
        presented["issuer"] = json!("https://presented.example");
        presented["presenters"] = json!(["cluster.local/ns/tyk/sa/tyk-gateway"]);
        issuers.push(presented);
        let rules = document["policies"][0]["rules"].as_array_mut().unwrap();
        rules.push(
            json!({"name": "no-admin", "action": "DENY", "to": [{"hosts": ["admin.example"]}]}),
        );
    }))
}

/// HTTP status, gRPC status, and the challenge's parameters behind the realm.
fn expected(reason: Reason) -> (u32, &'static str, Option<&'static str>) {
    use Reason::*;
    match reason {
        TokenMissing => (401, "16", Some("")),
        PathAmbiguous | MethodAmbiguous | HostAmbiguous | TokensConflict => (400, "3", None),
        RoleMissing | RuleDenied | NoRuleMatched | ClaimUnwritable => {
            (403, "7", Some(r#", error="insufficient_scope""#))
        }
        KeysUnavailable | ConfigurationInvalid => (503, "14", None),
        _ => (401, "16", Some(r#", error="invalid_token", error_description=""#)),
    }
}

fn check_challenge(response: &Response, expected: Option<&str>) {
    let challenge = response.reply.as_ref().unwrap().header("www-authenticate");
    match (challenge, expected) {
        (None, None) => {}
        (Some(challenge), Some(rest)) => {
            let start = format!(r#"Bearer realm="shop"{rest}"#);
            assert!(challenge.starts_with(&start), "{challenge}");
            assert!(rest.ends_with("=\"") || challenge == start, "{challenge}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_reason_is_tried() {
    let tried: Vec<Reason> = refusals().into_iter().map(|(reason, _)| reason).collect();
    for reason in Reason::ALL {
        // No request brings these about alone: `signatures` and `configuration` try them.
        let is_elsewhere = matches!(reason, Reason::KeysUnavailable | Reason::ConfigurationInvalid);
        assert!(tried.contains(&reason) || is_elsewhere, "{reason} is not");
    }
}

/// Returns an answer as text: its status, its headers, which have no order, and its body.
fn worded(reply: &LocalReply) -> String {
    let line =
        |(name, value): &(String, Vec<u8>)| format!("{name}: {}\n", String::from_utf8_lossy(value));
    let mut headers: Vec<String> = reply.headers.iter().map(line).collect();
    headers.sort();
    let body = String::from_utf8_lossy(&reply.body);
    format!("{}\n{}\n{body}\n", reply.status, headers.concat())
}

#[test]
fn every_refusal_is_worded_as_clients_know_it() {
    let mut worker = worker();
    let mut answers = String::new();
    for (reason, request) in refusals() {
        let reply = worker.send(request).reply.unwrap();
        answers.push_str(&format!("# {reason}\n{}\n", worded(&reply)));
    }
    insta::assert_snapshot!(answers);
}

#[test]
fn an_http_client_gets_a_status_a_challenge_and_a_problem() {
    let mut worker = worker();
    for (reason, request) in refusals() {
        let response = worker.send(request);
        assert_eq!(response.reason().as_deref(), Some(reason.as_str()));
        let (status, _, challenge) = expected(reason);
        assert_eq!(response.status(), status, "{reason}");
        check_challenge(&response, challenge);
        let reply = response.reply.unwrap();
        assert_eq!((reply.grpc_status, reply.header("grpc-status")), (-1, None), "{reason}");
        assert_eq!(reply.header("content-type"), Some("application/problem+json"));
        let problem: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(
            (&problem["type"], &problem["status"]),
            (&json!(reason.as_str()), &json!(status))
        );
    }
}

#[test]
fn a_grpc_client_gets_its_status_and_the_same_challenge() {
    let mut worker = worker();
    for content_type in ["application/grpc", "application/grpc+proto", "application/grpc-web"] {
        for (reason, request) in refusals() {
            let response = worker.send(request.with("content-type", content_type));
            assert_eq!(response.reason().as_deref(), Some(reason.as_str()));
            let (status, grpc_status, challenge) = expected(reason);
            check_challenge(&response, challenge);
            let reply = response.reply.unwrap();
            assert_eq!(reply.header("grpc-status"), Some(grpc_status), "{reason}");
            assert_eq!(
                reply.status, status,
                "{reason}: never a 200, should Envoy take it for HTTP"
            );
            assert_eq!(reply.body, reason.as_str().as_bytes(), "Envoy makes grpc-message of it");
        }
    }
}

#[test]
fn the_body_is_what_the_configuration_says() {
    for (body, content_type, expected) in
        [("TEXT", Some("text/plain"), "token-missing\n"), ("NONE", None, "")]
    {
        let mut worker =
            Worker::with(&document_with(|document| document["responses"]["body"] = json!(body)));
        let reply = worker.send(orders()).reply.unwrap();
        assert_eq!(reply.header("content-type"), content_type);
        assert_eq!(reply.body, expected.as_bytes());
    }
}

#[test]
fn a_stranger_learns_nothing_of_the_rules() {
    let mut worker = worker();
    for path in ["/orders", "/nowhere", "/reports"] {
        assert_eq!(
            worker.send(Request::get(path)).reason().as_deref(),
            Some("token-missing"),
            "{path}"
        );
    }
}
