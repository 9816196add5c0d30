//! A dry run tells in metrics, log and filter state what the same document tells in force, and
//! refuses nothing.

use crate::support::{Verdict, Worker, document_with, tampered, token};
use attache_test_fixtures::token::Tamper;
use proxy_wasm_test_host::{Request, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn document(mode: &str) -> Value {
    document_with(|document| {
        document["mode"] = json!(mode);
        document["audit"]["log"] = json!("DENIED");
        // What is in SHADOW on its own has lines of its own in force.
        let rules = document["policies"][0]["rules"].as_array_mut().unwrap();
        rules.retain(|rule| rule["mode"].is_null());
    })
}

/// Requests of every kind, twice, so that caches count too.
fn requests() -> Vec<Request> {
    let tokens = [
        token(json!({"roles": ["reader"]})),
        token(json!({"roles": ["writer"]})),
        token(json!({"sub": "a\nb"})),
        token(json!({"org": "evil"})),
        token(json!({"aud": "other"})),
        token(json!({"jti": "stolen"})),
        token(json!({"iss": "https://elsewhere.example"})),
        token(json!({"exp": 1})),
        tampered(Tamper::Signature),
        "a.b.c".to_owned(),
        "opaque".to_owned(),
    ];
    let mut requests = Vec::new();
    for (method, path) in [
        ("GET", "/orders"),
        ("POST", "/orders"),
        ("DELETE", "/orders"),
        ("GET", "/healthz"),
        ("DELETE", "/healthz"),
        ("GET", "/guest"),
        ("GET", "/reports"),
        ("GET", "/orders%2fx"),
        ("get", "/orders"),
        ("GET", "/%zz"),
    ] {
        let request = || Request::new(method, path).with("x-user", "root").with("X_User", "root");
        requests.extend(tokens.iter().map(|token| request().bearer(token)));
        requests.push(request());
        requests.push(request().bearer(&tokens[0]).bearer(&tokens[1]));
        requests.push(request().with("content-type", "application/grpc").bearer(&tokens[7]));
        let upgrade = request().with("connection", "Upgrade, x-user").with("upgrade", "websocket");
        requests.push(upgrade.bearer(&tokens[0]));
    }
    [requests.clone(), requests].concat()
}

/// What a worker told of requests, a second each.
struct Told {
    responses: Vec<Response>,
    /// The line of each request that has one.
    lines: Vec<Option<Value>>,
    counters: BTreeMap<String, u64>,
}

fn send_all(document: &Value, requests: &[Request]) -> Told {
    let mut worker = Worker::with(document);
    worker.take_log();
    let (mut responses, mut lines) = (Vec::new(), Vec::new());
    for request in requests {
        responses.push(worker.send(request.clone()));
        let told = worker.audit();
        assert!(told.len() <= 1, "{told:#?}");
        lines.push(told.into_iter().next());
        worker.set_time(worker.time() + 1);
    }
    Told { responses, lines, counters: worker.counters() }
}

/// What a line says of why, and of the rule; `verdict` is where it says so.
fn why(line: &Value, verdict: &Value) -> Value {
    let said = ["verdict", "policy", "rule", "reason"].map(|key| verdict[key].clone());
    let more = ["detail", "claim", "header", "unverifiedIssuer", "caller", "method", "path"]
        .map(|key| line[key].clone());
    json!([said, more])
}

#[test]
fn it_tells_what_the_same_document_tells_in_force() {
    let requests = requests();
    let (held, tried) =
        (send_all(&document("ENFORCE"), &requests), send_all(&document("SHADOW"), &requests));
    let mut reasons = BTreeMap::new();
    for (index, request) in requests.iter().enumerate() {
        let (in_force, dry) = (&held.responses[index], &tried.responses[index]);
        assert!(dry.goes_on, "{request:?}");
        assert_eq!(dry.state("attache.shadow_reason"), in_force.reason(), "{request:?}");
        assert_eq!(dry.reason(), None, "{request:?}");
        for name in ["x-user", "X_User", "x-roles", "x-jwt-payload"] {
            assert!(!dry.all(name).iter().any(|value| value == "root"), "{request:?}");
        }
        let (Some(line), Some(shadow)) = (&held.lines[index], &tried.lines[index]) else {
            assert_eq!((&held.lines[index], &tried.lines[index]), (&None, &None), "{request:?}");
            assert_eq!(dry.headers, in_force.headers, "what may go on goes on alike");
            continue;
        };
        assert_eq!(why(shadow, &shadow["shadow"]), why(line, line), "{request:?}");
        assert_eq!(shadow["verdict"], "allowed");
        *reasons.entry(in_force.reason().unwrap()).or_insert(0) += 1;
    }
    assert!(reasons.len() > 12, "{reasons:?}");
    for (reason, count) in &reasons {
        let counted = |told: &Told, family: &str| {
            told.counters.get(&format!("attache.{family}.{reason}")).copied()
        };
        assert_eq!(counted(&held, "reasons"), Some(*count), "{reason}");
        assert_eq!(counted(&tried, "would_be_denied"), Some(*count), "{reason}");
        assert_eq!(counted(&tried, "reasons"), Some(0), "{reason}");
    }
    let rules = |told: &Told| -> Vec<(String, u64)> {
        let rules = told.counters.iter().filter(|(name, _)| name.starts_with("attache.rules."));
        rules.map(|(name, count)| (name.clone(), *count)).collect()
    };
    assert_eq!(rules(&tried), rules(&held));
    assert_eq!(tried.counters["attache.requests.denied"], 0);
    assert_eq!(
        tried.counters["attache.requests.would_be_denied"],
        held.counters["attache.requests.denied"]
    );
    assert_eq!(tried.counters["attache.requests.allowed"], u64::try_from(requests.len()).unwrap());
}

#[test]
fn a_flood_leaves_as_many_lines_and_every_count() {
    let dropped = |mode: &str| {
        let mut worker = Worker::with(&document(mode));
        for _ in 0..250 {
            worker.send(Request::get("/orders"));
        }
        let lines = worker.audit().len();
        worker.set_time(worker.time() + 1);
        worker.tick();
        (lines, worker.counter("attache.audit.dropped"))
    };
    assert_eq!(dropped("ENFORCE"), (100, 150));
    assert_eq!(dropped("SHADOW"), (100, 150));
}
