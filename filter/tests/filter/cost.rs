//! What a request costs in hostcalls, each of which leaves the VM and enters it again.

use crate::support::{Worker, document_with, token};
use proxy_wasm_test_host::Request;
use serde_json::json;

#[test]
fn a_cached_request_reads_once_and_writes_its_headers() {
    let mut worker =
        Worker::with(&document_with(|document| document["audit"] = json!({"log": "DENIED"})));
    let request = Request::get("/orders").bearer(&token(json!({"roles": ["reader"]})));
    worker.send(request.clone());
    let calls = worker.send(request).calls;
    let expected = [
        ("proxy_get_current_time_nanoseconds", 1),
        ("proxy_get_header_map_pairs", 1),
        // The token.
        ("proxy_remove_header_map_value", 1),
        // x-user, x-roles, x-jwt-payload.
        ("proxy_add_header_map_value", 3),
    ];
    assert_eq!(calls, expected.map(|(call, count)| (call.to_owned(), count)).into());
}

#[test]
fn only_a_header_that_the_client_sent_is_replaced() {
    let mut worker =
        Worker::with(&document_with(|document| document["audit"] = json!({"log": "DENIED"})));
    let request =
        Request::get("/orders").bearer(&token(json!({"roles": ["reader"]}))).with("x-user", "root");
    let calls = worker.send(request).calls;
    assert_eq!(calls.get("proxy_replace_header_map_value"), Some(&1));
    assert_eq!(calls.get("proxy_add_header_map_value"), Some(&2));
}

#[test]
fn a_public_request_costs_a_look_at_its_headers() {
    let mut worker =
        Worker::with(&document_with(|document| document["audit"] = json!({"log": "DENIED"})));
    let calls = worker.send(Request::get("/healthz")).calls;
    let expected = ["proxy_get_current_time_nanoseconds", "proxy_get_header_map_pairs"];
    assert_eq!(calls, expected.map(|call| (call.to_owned(), 1)).into());
}
