//! Audit lines. (That they hold no secret is checked with every request of every test.)

use crate::support::{NOW, Worker, document_with, token};
use proxy_wasm_test_host::{LogLevel, Request};
use serde_json::{Value, json};

const PEER: [&str; 2] = ["connection", "uri_san_peer_certificate"];

#[test]
fn an_allowed_request_leaves_a_whole_line() {
    let mut worker = Worker::new();
    worker.set_property(&PEER, "spiffe://cluster.local/ns/web/sa/web");
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let token = token(json!({"jti": "t-1", "roles": ["reader"]}));
    let request = Request::get("/orders/17?card=4111111111111111").bearer(&token);
    let request = request
        .with("x-request-id", "5b5e9bb6-9d54-4c3b-b1d4-3ecf4bd7e6a0")
        .with("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
        .with("cookie", "session=verysecretcookie");
    worker.send(request);
    let expected = json!({
        "log": "attache",
        "time": "2026-01-01T00:00:00.000Z",
        "requestId": "5b5e9bb6-9d54-4c3b-b1d4-3ecf4bd7e6a0",
        "traceId": trace,
        "verdict": "allowed",
        "policy": "orders",
        "rule": "read",
        "issuer": "tyk",
        "claims": {"sub": "alice", "jti": "t-1", "roles": ["reader"]},
        "caller": "cluster.local/ns/web/sa/web",
        "method": "GET",
        "host": "orders.example",
        "path": "/orders/17",
    });
    let line = worker.take_log().into_iter().find(|line| line.text.starts_with('{')).unwrap();
    assert_eq!(line.level, LogLevel::Info);
    assert!(line.text.starts_with(r#"{"log":"attache","time":"#), "{}", line.text);
    assert_eq!(serde_json::from_str::<Value>(&line.text).unwrap(), expected);
}

#[test]
fn a_refused_request_leaves_its_reason_and_as_much_as_is_known() {
    let mut worker = Worker::new();
    worker.send(Request::new("DELETE", "/orders").bearer(&token(json!({}))));
    worker.send(Request::get("/orders"));
    let lines = worker.take_log();
    assert!(
        lines
            .iter()
            .filter(|line| line.text.starts_with('{'))
            .all(|line| line.level == LogLevel::Warn)
    );
    let lines: Vec<Value> =
        lines.iter().filter_map(|line| serde_json::from_str(&line.text).ok()).collect();
    let expected = json!([
        {
            "log": "attache", "time": "2026-01-01T00:00:00.000Z", "verdict": "denied", "policy": "orders",
            "rule": "no-deletes", "reason": "rule-denied", "issuer": "tyk", "claims": {"sub": "alice"},
            "method": "DELETE", "host": "orders.example", "path": "/orders",
        },
        {
            "log": "attache", "time": "2026-01-01T00:00:00.000Z", "verdict": "denied", "reason": "token-missing",
            "method": "GET", "host": "orders.example", "path": "/orders",
        },
    ]);
    assert_eq!(Value::from(lines), expected);
}

#[test]
fn a_shadowed_verdict_stands_beside_the_one_that_holds() {
    let mut worker = Worker::new();
    let token = token(json!({}));
    worker.send(Request::get("/orders/old").bearer(&token));
    worker.send(Request::get("/reports").bearer(&token));
    let lines = worker.audit();
    assert_eq!(lines[0]["verdict"], "allowed");
    assert_eq!(
        lines[0]["shadow"],
        json!({"verdict": "denied", "policy": "orders", "rule": "soon-denied", "reason": "rule-denied"})
    );
    assert_eq!(
        (&lines[1]["verdict"], &lines[1]["reason"]),
        (&json!("denied"), &json!("no-rule-matched"))
    );
    assert_eq!(
        lines[1]["shadow"],
        json!({"verdict": "allowed", "policy": "orders", "rule": "soon-allowed"})
    );
}

#[test]
fn the_configuration_says_which_requests_leave_a_line() {
    for (log, expected) in [
        ("NONE", vec![]),
        ("DENIED", vec!["/orders/old", "/nowhere"]),
        ("ALL", vec!["/orders", "/orders/old", "/nowhere"]),
    ] {
        let mut worker =
            Worker::with(&document_with(|document| document["audit"] = json!({"log": log})));
        for path in ["/orders", "/orders/old", "/nowhere"] {
            worker.send(Request::get(path).bearer(&token(json!({}))));
        }
        let paths: Vec<Value> =
            worker.audit().into_iter().map(|line| line["path"].clone()).collect();
        assert_eq!(paths, expected, "{log}");
    }
}

#[test]
fn no_line_is_made_that_envoy_would_throw_away() {
    let mut worker = Worker::new();
    worker.set_log_level(LogLevel::Warn);
    worker.send(Request::get("/orders").bearer(&token(json!({}))));
    worker.send(Request::get("/nowhere").bearer(&token(json!({}))));
    let lines = worker.audit();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["path"], "/nowhere");
}

#[test]
fn what_a_client_sends_can_neither_flood_nor_forge_a_line() {
    let mut worker = Worker::new();
    let smuggled = token(json!({"sub": "smuggled"}));
    let long = format!("/{}", "ä".repeat(20_000));
    let request = Request::new(&"M".repeat(5000), &long)
        .with("x-request-id", &smuggled)
        .with("traceparent", "00-\"}-\n-01")
        .with("b3", &smuggled);
    worker.send(request);
    worker.send(Request::get("/a\n{\"log\":\"attache\",\"verdict\":\"allowed\"}\x1b[2J"));
    worker.send(Request::new("GET", "").with("x-request-id", b"\xff\xfe"));
    worker.send(Request::get(&format!("/orders/{smuggled}/x")));
    let log = worker.take_log();
    let lines: Vec<_> =
        log.iter().filter(|line| line.text.contains("\"log\":\"attache\"")).collect();
    assert_eq!(lines.len(), 4);
    for line in &lines {
        assert!(line.text.len() < 3000, "{} bytes", line.text.len());
        assert!(!line.text.contains(['\n', '\x1b']), "{:?}", line.text);
        assert!(!line.text.contains(&smuggled[..40]), "{}", line.text);
        let parsed: Value = serde_json::from_str(&line.text).unwrap();
        assert_eq!((&parsed["verdict"], parsed.get("requestId")), (&json!("denied"), None));
    }
    let path: Value = serde_json::from_str(&lines[3].text).unwrap();
    assert_eq!(path["path"], "/orders/[token]/x");
}

#[test]
fn the_time_is_envoys() {
    let mut worker = Worker::new();
    worker.set_time(NOW + 86_400);
    worker.send(Request::get("/nowhere"));
    assert_eq!(worker.audit()[0]["time"], "2026-01-02T00:00:00.000Z");
}

#[test]
fn a_flood_of_refusals_leaves_so_many_lines_and_one_that_counts_the_rest() {
    let mut worker = Worker::new();
    for _ in 0..250 {
        worker.send(Request::get("/orders"));
    }
    worker.send(Request::new("DELETE", "/orders").bearer(&token(json!({}))));
    let of_requests =
        |lines: &[Value]| lines.iter().filter(|line| line.get("verdict").is_some()).count();
    let lines = |worker: &mut Worker| -> Vec<Value> {
        worker.take_log().iter().filter_map(|line| serde_json::from_str(&line.text).ok()).collect()
    };
    worker.tick();
    assert_eq!(
        of_requests(&lines(&mut worker)),
        101,
        "strangers' lines, and one of a caller who is known"
    );
    worker.set_time(NOW + 1);
    worker.tick();
    let expected = json!([{
        "log": "attache", "time": "2026-01-01T00:00:01.000Z", "event": "lines-dropped", "strangers": 150, "callers": 0,
    }]);
    assert_eq!(json!(lines(&mut worker)), expected);
    assert_eq!(worker.counter("attache.audit.dropped"), 150);
    worker.send(Request::get("/orders"));
    assert_eq!(of_requests(&lines(&mut worker)), 1);
}
