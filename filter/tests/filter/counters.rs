//! What Envoy's counters say.

use crate::support::{Verdict, Worker, document, document_with, token};
use attache_engine::Reason;
use attache_engine::remote::FetchOutcome;
use proxy_wasm_test_host::Request;
use serde_json::json;
use std::time::Duration;

#[test]
fn every_request_is_counted_by_outcome_reason_and_rule() {
    let mut worker = Worker::new();
    let reader = token(json!({"roles": ["reader"]}));
    worker.send(Request::get("/orders").bearer(&reader));
    worker.send(Request::get("/orders").bearer(&reader));
    worker.send(Request::get("/healthz"));
    worker.send(Request::get("/orders"));
    worker.send(Request::new("POST", "/orders").bearer(&reader));
    worker.send(Request::new("DELETE", "/orders").bearer(&reader));
    let expected = [
        ("attache.cache.hits", 3),
        ("attache.cache.misses", 1),
        ("attache.reasons.role-missing", 1),
        ("attache.reasons.rule-denied", 1),
        ("attache.reasons.token-missing", 1),
        ("attache.requests.allowed", 3),
        ("attache.requests.denied", 3),
        ("attache.rules.orders/health", 1),
        ("attache.rules.orders/no-deletes", 1),
        ("attache.rules.orders/read", 2),
        // It would have allowed the request, but for the role.
        ("attache.rules.orders/write", 1),
        ("attache.verify.host", 1),
    ];
    let mut counters = worker.counters();
    counters.retain(|_, count| *count > 0);
    assert_eq!(counters, expected.map(|(name, count)| (name.to_owned(), count)).into());
}

#[test]
fn what_alerts_read_is_there_before_it_counts() {
    let worker = Worker::with(&document_with(|document| {
        document["issuers"][0].as_object_mut().unwrap().remove("jwks");
        document["issuers"][0]["jwksUri"] = json!("https://issuer.example/keys");
    }));
    let counters = worker.shown_counters();
    let reasons = Reason::ALL.iter().map(|reason| format!("attache.reasons.{reason}"));
    let would_be = Reason::ALL.iter().map(|reason| format!("attache.would_be_denied.{reason}"));
    let outcomes =
        FetchOutcome::ALL.iter().map(|outcome| format!("attache.keys.fetches.{outcome}"));
    let others = [
        "requests.allowed",
        "requests.denied",
        "requests.unverified",
        "requests.would_be_denied",
        "requests.would_be_allowed",
        "audit.dropped",
    ]
    .map(|name| format!("attache.{name}"));
    for name in reasons.chain(would_be).chain(outcomes).chain(others) {
        assert_eq!(counters.get(&name), Some(&0), "{name}");
    }
    // Where nothing is in SHADOW and no provider is asked there is nothing to see of either.
    let plain = json!({"issuers": document()["issuers"]});
    let counters = Worker::with(&plain).shown_counters();
    assert!(
        !counters.keys().any(|name| name.contains("would_be_denied.") || name.contains("keys.")),
        "{counters:#?}"
    );
}

#[test]
fn a_dry_run_counts_what_would_be_refused_and_refuses_nothing() {
    let mut worker = Worker::with(&document_with(|document| document["mode"] = json!("SHADOW")));
    assert!(
        worker
            .take_log()
            .iter()
            .any(|line| line.text.contains("a dry run: nothing is refused here"))
    );
    let reader = token(json!({"roles": ["reader"]}));
    for (request, reason) in [
        (Request::get("/orders"), Some("token-missing")),
        (Request::new("POST", "/orders").bearer(&reader), Some("role-missing")),
        (Request::new("DELETE", "/orders").bearer(&reader), Some("rule-denied")),
        (Request::get("/reports").bearer(&reader), Some("no-rule-matched")),
        (Request::get("/orders").bearer(&reader), None),
        // What is in SHADOW on its own stays out: it would not be refused once the dry run is over.
        (Request::get("/orders/old").bearer(&reader), None),
    ] {
        let response = worker.send(request);
        assert!(response.goes_on);
        assert_eq!(response.state("attache.shadow_reason").as_deref(), reason);
    }
    let counters = worker.counters();
    for (name, count) in [
        ("requests.allowed", 6),
        ("requests.denied", 0),
        ("requests.would_be_denied", 4),
        ("would_be_denied.token-missing", 1),
        ("would_be_denied.role-missing", 1),
        ("would_be_denied.rule-denied", 1),
        ("would_be_denied.no-rule-matched", 1),
        // The rule would have refused one.
        ("rules.orders/no-deletes", 1),
    ] {
        assert_eq!(counters.get(&format!("attache.{name}")), Some(&count), "{name}");
    }
}

#[test]
fn policies_that_leave_everything_open_are_warned_of() {
    let warned = |policies: serde_json::Value| {
        let mut worker =
            Worker::with(&json!({"issuers": document()["issuers"], "policies": policies}));
        worker.take_log().iter().any(|line| line.text.contains("defaultAction: ALLOW"))
    };
    let open = json!({"name": "open", "defaultAction": "ALLOW", "rules": [{"name": "read", "to": [{"methods": ["GET"]}]}]});
    let denies = json!({"name": "denies", "defaultAction": "ALLOW",
        "rules": [{"name": "no-deletes", "action": "DENY", "to": [{"methods": ["DELETE"]}]}]});
    let shadow = json!({"name": "shadow", "mode": "SHADOW", "defaultAction": "ALLOW"});
    let closed = json!({"name": "closed"});
    for (policies, expected) in [
        (json!([open]), true),
        (json!([open, denies]), true),
        (json!([shadow]), true),
        (json!([open, closed]), false),
        // It only ever refuses, which is what it says.
        (json!([denies]), false),
        (json!([]), false),
    ] {
        assert_eq!(warned(policies.clone()), expected, "{policies}");
    }
}

#[test]
fn shadow_is_counted_where_it_differs() {
    let mut worker = Worker::new();
    let token = token(json!({}));
    let response = worker.send(Request::get("/orders/old").bearer(&token));
    assert!(response.goes_on);
    assert_eq!(response.state("attache.shadow_reason").as_deref(), Some("rule-denied"));
    let response = worker.send(Request::get("/reports").bearer(&token));
    assert_eq!(response.reason().as_deref(), Some("no-rule-matched"));
    assert_eq!(response.state("attache.shadow_reason").as_deref(), Some("allowed"));
    worker.send(Request::get("/orders").bearer(&token));
    let counters = worker.counters();
    assert_eq!(counters.get("attache.requests.would_be_denied"), Some(&1));
    assert_eq!(counters.get("attache.requests.would_be_allowed"), Some(&1));
}

#[test]
fn counts_go_to_envoy_with_the_tick_and_only_once() {
    let mut worker = Worker::new();
    worker.tick();
    assert_eq!(worker.tick_period(), Some(Duration::from_secs(1)));
    assert_eq!(worker.send(Request::get("/healthz")).calls.get("proxy_increment_metric"), None);
    worker.tick();
    worker.tick();
    assert_eq!(worker.counter("attache.requests.allowed"), 1);
}

#[test]
fn a_configuration_that_goes_tells_what_it_had_counted() {
    let mut worker = Worker::new();
    worker.send(Request::get("/healthz"));
    assert!(worker.configure(&document().to_string()));
    worker.send(Request::get("/healthz"));
    assert_eq!(worker.counter("attache.requests.allowed"), 2);
}
