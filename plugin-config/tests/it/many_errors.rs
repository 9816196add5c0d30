//! All errors of a document come at once, in its order.

use crate::support::{errors, key, with_issuer};
use serde_json::{Value, json};

#[test]
fn ten_errors_of_ten_kinds_come_together() {
    let mut weak = key();
    weak["use"] = json!("enc");
    let text = json!({
        "issuers": [
            {"name": "Tyk", "issuer": "x", "jwks": {"keys": [weak]}, "clockSkew": "6m"},
            {"name": "b", "issuer": "y", "jwksUrl": "z", "secrets": [{"algorithm": "HS256"}]},
        ],
        "roleHierarchy": {"a": ["a"]},
        "policies": [{"name": "p", "mode": "shadow", "rules": [
            {"name": "r", "to": [{"paths": ["orders"]}], "when": [{"claim": "s", "matches": "("}]},
            7,
            {"name": "r", "to": [{"ports": "8080"}]},
        ]}],
        "cache": {"tokens": 1.5},
    })
    .to_string();
    // A key twice, which no JSON value can hold.
    let text = text.replace("\"issuer\":\"y\"", "\"issuer\":\"y\",\"issuer\":\"z\"");
    let errors = attache_plugin_config::parse(text.as_bytes()).expect_err("refused");
    // serde_json's values are ordered by key, and so is the document made of them.
    insta::assert_snapshot!(errors);
}

#[test]
fn errors_follow_the_order_of_the_document() {
    let text =
        br#"{"cache": {"tokens": 1.5, "sharedSlots": "x"}, "audit": {"log": "X"}, "issuers": []}"#;
    let errors = attache_plugin_config::parse(text).expect_err("refused");
    let at: Vec<String> = errors.iter().map(|error| error.path.to_string()).collect();
    assert_eq!(at, ["cache.tokens", "cache.sharedSlots", "audit.log", "issuers"]);
}

#[test]
fn past_a_hundred_errors_the_rest_is_counted() {
    let audiences = vec![""; 250];
    let cookies: Vec<String> = (0..250).map(|n| format!("a={n}")).collect();
    let found = errors(&with_issuer(json!({"fromCookies": cookies})));
    assert_eq!(found.len(), 101);
    assert_eq!(
        found[100],
        (String::new(), "there are 150 more errors; mend these first".to_owned())
    );
    let types: Vec<Value> = (0..250).map(|n| json!(n)).collect();
    let found = errors(&with_issuer(json!({"audiences": types, "tokenTypes": audiences})));
    assert!((100..=101).contains(&found.len()), "{}", found.len());
}
