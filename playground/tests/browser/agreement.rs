//! The page and the program say the same: of every suite of examples, and of every field.

use crate::both::Both;
use crate::suites::questions;
use attache_test_fixtures::document::{document, key_set};
use attache_test_fixtures::token::{TokenSpec, now};
use serde_json::{Map, Value, json};

/// A rule for each field, which matches by that field alone.
const FIELDS: &str = "\
issuers:
- {name: a, issuer: https://a.example, jwksUri: https://a.example/keys, roleClaims: [{claim: roles}]}
- {name: b, issuer: https://b.example, jwksUri: https://b.example/keys, roleClaims: [{claim: groups}]}
policies:
- name: all
  rules:
  - {name: host, authentication: OPTIONAL, to: [{paths: [/host], hosts: [orders.shop]}]}
  - {name: port, authentication: OPTIONAL, to: [{paths: [/port], ports: [8080]}]}
  - {name: caller, authentication: OPTIONAL, to: [{paths: [/caller]}], from: [{principals: [cluster.local/ns/shop/sa/web]}]}
  - {name: peer, authentication: OPTIONAL, to: [{paths: [/peer]}], from: [{ipBlocks: [10.0.0.0/8]}]}
  - {name: client, authentication: OPTIONAL, to: [{paths: [/client]}], from: [{remoteIpBlocks: [10.0.0.0/8]}]}
  - {name: issuer, to: [{paths: [/issuer]}], roles: {anyOf: [staff]}}
  - {name: time, to: [{paths: [/time]}]}
- name: orders
  selector: {namespaces: [shop], labels: {app: orders}, serviceAccounts: [orders]}
  rules:
  - {name: workload, authentication: OPTIONAL, to: [{paths: [/workload]}]}
";

#[test]
fn page_and_program_say_the_same_of_every_example() {
    let Some(mut both) = Both::open() else { return };
    let mut agreed = Map::new();
    for (name, fields) in questions() {
        println!("{name}");
        let Some(told) = both.ask(&fields) else { continue };
        let reason = told["decision"]["reason"].as_str().unwrap_or("allowed").to_owned();
        let count = agreed.get(&reason).and_then(Value::as_u64).unwrap_or_default();
        agreed.insert(reason, json!(count + 1));
    }
    both.playground.must_be_quiet();
    let count: u64 = agreed.values().filter_map(Value::as_u64).sum();
    println!("{count} questions, answered alike: {}", Value::Object(agreed.clone()));
    assert!(count >= 60, "{count} questions");
    for reason in [
        "allowed",
        "role-missing",
        "no-rule-matched",
        "token-missing",
        "token-expired",
        "rule-denied",
    ] {
        assert!(agreed.contains_key(reason), "no question is answered with {reason}");
    }
}

#[test]
fn every_field_counts_in_both() {
    let Some(mut both) = Both::open() else { return };
    let staff = r#"{"sub": "it's alice", "groups": ["staff"]}"#;
    let late = r#"{"sub": "alice", "exp": 1800000000}"#;
    let workload =
        json!({"workload": "shop/orders", "labels": "app=orders\nx=y", "serviceAccount": "orders"});
    for (path, fields) in [
        ("host", json!({"host": "orders.shop"})),
        ("port", json!({"port": "8080"})),
        ("caller", json!({"caller": "spiffe://cluster.local/ns/shop/sa/web"})),
        ("peer", json!({"address": "10.1.2.3"})),
        ("client", json!({"clientAddress": "10.1.2.3"})),
        ("issuer", json!({"credential": "claims", "claims": staff, "issuer": "b"})),
        (
            "time",
            json!({"credential": "claims", "claims": late, "issuer": "a", "time": "1799999999"}),
        ),
        ("workload", workload),
    ] {
        let request = format!("GET /{path}");
        let mut asked = json!({"configuration": FIELDS, "request": request, "credential": "none"});
        for (fields, outcome) in [(json!({}), "refuse"), (fields, "forward")] {
            asked
                .as_object_mut()
                .expect("fields")
                .extend(fields.as_object().cloned().expect("fields"));
            let told = both.ask(&asked).expect("an explanation");
            assert_eq!(told["decision"]["outcome"], outcome, "{asked}");
        }
    }
}

#[test]
fn a_token_and_the_keys_of_its_provider_count_in_both() {
    let Some(mut both) = Both::open() else { return };
    let mut document = document().expect("a document");
    let issuer = document["issuers"][0].as_object_mut().expect("an issuer");
    issuer.remove("jwks");
    issuer.insert("jwksUri".to_owned(), "https://issuer.example/keys".into());
    let keys = key_set().expect("keys");
    let token = TokenSpec::default().mint(now()).expect("a token");
    both.write("tyk.json", &keys.to_string());
    both.write("token.jwt", &token);
    let mut asked = json!({
        "configuration": document.to_string(),
        "request": "GET /orders/old",
        "credential": "token",
        "token": token,
        "keys": json!({"tyk": keys}).to_string(),
        "headers": "x-user: root",
        "body": true,
        "withShadow": true,
    });
    let told = both.ask(&asked).expect("an explanation");
    assert_eq!(told["token"]["state"], "good");
    assert_eq!(told["decision"]["shadow"]["verdict"], "rule-denied");
    assert_eq!(told["decision"]["headers"][0]["remove"], "x-user", "{told}");
    asked["keys"] = "".into();
    let told = both.ask(&asked).expect("an explanation");
    assert_eq!(told["decision"]["reason"], "keys-unavailable");
}
