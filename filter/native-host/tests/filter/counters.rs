//! What Envoy's counters say.

use crate::support::{Worker, document, token};
use attache_native_host::Request;
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
        ("attache.rules.orders.health", 1),
        ("attache.rules.orders.no-deletes", 1),
        ("attache.rules.orders.read", 2),
        // It would have allowed the request, but for the role.
        ("attache.rules.orders.write", 1),
        ("attache.verify.host", 1),
    ];
    assert_eq!(worker.counters(), expected.map(|(name, count)| (name.to_owned(), count)).into());
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
    assert_eq!(counters.get("attache.requests.shadow_denied"), Some(&1));
    assert_eq!(counters.get("attache.requests.shadow_allowed"), Some(&1));
}

#[test]
fn counts_go_to_envoy_with_the_tick_and_only_once() {
    let mut worker = Worker::new();
    worker.tick();
    assert_eq!(worker.tick_period(), Some(Duration::from_secs(1)));
    assert_eq!(worker.send(Request::get("/healthz")).calls.get("increment_metric"), None);
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
