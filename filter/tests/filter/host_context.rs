//! What the filter asks of the node and of the connection.

use crate::support::{Verdict, Worker, document, token};
use proxy_wasm_test_host::native::Host;
use proxy_wasm_test_host::{LogLevel, Request};
use serde_json::{Value, json};

/// The document with these policies and no others.
fn with_policies(policies: Value) -> String {
    let mut document = document();
    document["policies"] = policies;
    document.to_string()
}

fn metadata(host: &Host, path: &[&str], value: &str) {
    host.set_property(&[&["xds", "node", "metadata"], path].concat(), value);
}

#[test]
fn a_policy_holds_where_its_selector_fits() {
    let denying = |selector: Value| {
        let rule = json!({"name": "all", "action": "DENY", "to": [{"paths": ["*"]}]});
        with_policies(json!([{"name": "deny", "selector": selector, "rules": [rule]}]))
    };
    for (selector, fits) in [
        (json!({"namespaces": ["shop"]}), true),
        (json!({"namespaces": ["bank"]}), false),
        (json!({"serviceAccounts": ["orders"]}), true),
        (json!({"serviceAccounts": ["invoices"]}), false),
        (json!({"labels": {"app": "orders"}}), true),
        (json!({"labels": {"app": "invoices"}}), false),
        (json!({"labels": {"app.kubernetes.io/name": "orders"}}), true),
        (json!({"labels": {"tier": "front"}}), false),
        (
            json!({"namespaces": ["shop"], "labels": {"app": "orders"}, "serviceAccounts": ["orders"]}),
            true,
        ),
        (json!({"namespaces": ["shop"], "labels": {"app": "invoices"}}), false),
    ] {
        let mut worker = Worker::around(Host::new());
        metadata(&worker, &["NAMESPACE"], "shop");
        metadata(&worker, &["WORKLOAD_NAME"], "orders-v2");
        metadata(&worker, &["SERVICE_ACCOUNT"], "orders");
        metadata(&worker, &["LABELS", "app"], "orders");
        metadata(&worker, &["LABELS", "app.kubernetes.io/name"], "orders");
        assert!(worker.configure(&denying(selector.clone())), "{:#?}", worker.log());
        let response = worker.send(Request::get("/orders").bearer(&token(json!({}))));
        assert_eq!(response.goes_on, !fits, "{selector}: {:?}", response.reason());
    }
}

#[test]
fn a_rule_may_ask_who_calls_from_where_and_on_which_port() {
    let document = with_policies(json!([{
        "name": "orders",
        "rules": [
            {"name": "caller", "authentication": "NONE", "to": [{"paths": ["/caller"]}],
             "from": [{"principals": ["cluster.local/ns/web/sa/*"]}]},
            {"name": "address", "authentication": "NONE", "to": [{"paths": ["/address"]}],
             "from": [{"ipBlocks": ["10.0.0.0/8", "2001:db8::/32"]}]},
            {"name": "port", "authentication": "NONE", "to": [{"paths": ["/port"], "ports": [8080]}]},
        ],
    }]));
    let port = |port: i64| port.to_le_bytes().to_vec();
    let principal = ["connection", "uri_san_peer_certificate"];
    let cases: [(&str, &[&str], Vec<u8>, bool); 9] = [
        ("/caller", &principal, b"spiffe://cluster.local/ns/web/sa/web".to_vec(), true),
        ("/caller", &principal, b"spiffe://cluster.local/ns/bank/sa/web".to_vec(), false),
        ("/caller", &principal, b"".to_vec(), false),
        ("/address", &["source", "address"], b"10.1.2.3:4711".to_vec(), true),
        ("/address", &["source", "address"], b"[2001:db8::7]:4711".to_vec(), true),
        ("/address", &["source", "address"], b"192.168.0.1:4711".to_vec(), false),
        ("/address", &["source", "address"], b"nonsense".to_vec(), false),
        ("/port", &["destination", "port"], port(8080), true),
        ("/port", &["destination", "port"], port(8081), false),
    ];
    for (path, property, value, goes_on) in cases {
        let mut worker = Worker::around(Host::configured(&document));
        assert!(!worker.send(Request::get(path)).goes_on, "{path}: nothing is known");
        worker.set_property(property, &value);
        let response = worker.send(Request::get(path));
        assert_eq!(response.goes_on, goes_on, "{path} {}", String::from_utf8_lossy(&value));
    }
}

#[test]
fn a_header_never_stands_for_the_direct_peer() {
    let document = with_policies(json!([{
        "name": "orders",
        "rules": [
            {"name": "direct", "authentication": "NONE", "to": [{"paths": ["/direct"]}],
             "from": [{"ipBlocks": ["10.0.0.0/8"]}]},
            {"name": "client", "authentication": "NONE", "to": [{"paths": ["/client"]}],
             "from": [{"remoteIpBlocks": ["10.0.0.0/8"]}]},
            {"name": "anyone", "authentication": "NONE", "to": [{"paths": ["/anyone"]}]},
            {"name": "banned", "action": "DENY", "to": [{"paths": ["/anyone"]}],
             "from": [{"ipBlocks": ["192.0.2.0/24"]}]},
        ],
    }]));
    // Envoy tells an address that it has from a header with port 0.
    for (address, header, direct, client, anyone) in [
        ("10.1.2.3:4711", None, true, true, true),
        ("10.1.2.3:0", None, false, true, false),
        ("10.1.2.3:0", Some("10.1.2.3"), false, true, false),
        // Envoy was told to add the direct peer's address to the header, and to go by nothing else.
        ("10.1.2.3:4711", Some("192.0.2.7, 10.1.2.3"), true, true, true),
        ("[2001:db8::1]:0", None, false, false, false),
    ] {
        let mut worker = Worker::around(Host::configured(&document));
        worker.set_property(&["source", "address"], address);
        for (path, goes_on) in [("/direct", direct), ("/client", client), ("/anyone", anyone)] {
            let mut request = Request::get(path);
            if let Some(header) = header {
                request = request.with("x-forwarded-for", header);
            }
            assert_eq!(worker.send(request).goes_on, goes_on, "{path} {address} {header:?}");
        }
    }
}

#[test]
fn a_property_is_read_once_a_request_and_only_where_a_rule_asks() {
    let rule = |name: &str| {
        json!({
            "name": name, "authentication": "NONE", "to": [{"paths": ["/caller"]}],
            "from": [{"principals": [format!("cluster.local/ns/{name}/sa/x")]}],
        })
    };
    let mut document: Value = serde_json::from_str(&with_policies(json!([{
        "name": "orders", "rules": [rule("a"), rule("b"), rule("c"), {
            "name": "other", "authentication": "NONE", "to": [{"paths": ["/other"]}],
        }],
    }])))
    .unwrap();
    document["audit"] = json!({"log": "NONE"});
    let mut worker = Worker::with(&document);
    worker.set_property(
        &["connection", "uri_san_peer_certificate"],
        "spiffe://cluster.local/ns/c/sa/x",
    );
    let response = worker.send(Request::get("/caller"));
    assert!(response.goes_on);
    assert_eq!(response.calls.get("proxy_get_property"), Some(&1));
    assert_eq!(worker.send(Request::get("/other")).calls.get("proxy_get_property"), None);
}

#[test]
fn a_panic_says_what_and_where_before_it_ends_the_vm() {
    let host = Host::configured(&document().to_string());
    let line = line!() + 1;
    let outcome = std::panic::catch_unwind(|| panic!("a trial"));
    assert!(outcome.is_err());
    let said: Vec<_> =
        host.log().into_iter().filter(|line| line.level == LogLevel::Critical).collect();
    let [said] = said.as_slice() else { panic!("{said:?}") };
    assert!(said.text.contains(&format!("{}:{line}:", file!())), "{}", said.text);
    assert!(said.text.contains("a trial"), "{}", said.text);
}
