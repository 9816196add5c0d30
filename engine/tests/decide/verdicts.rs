//! The order of the steps, shadow, preflight and paths.

use crate::support::{removed, shop, shop_with_policies, token, with_roles};
use attache_engine::{Reason, Shadow};
use serde_json::json;

#[test]
fn without_a_policy_a_request_needs_a_good_token_and_nothing_more() {
    let shop = shop_with_policies(json!([]));
    assert_eq!(shop.reason("GET /anything", Some(&token(json!({})))), None);
    assert_eq!(shop.reason("GET /anything", None), Some(Reason::TokenMissing));
    assert_eq!(shop.reason("GET /anything", Some("a.b.c")), Some(Reason::TokenMalformed));
}

#[test]
fn a_policy_of_another_workload_does_not_apply() {
    let shop = shop_with_policies(json!([
        {"name": "billing", "selector": {"labels": {"app": "billing"}}, "rules": []},
    ]));
    assert_eq!(shop.reason("GET /", Some(&token(json!({})))), None);
}

fn orders() -> crate::support::Shop {
    shop_with_policies(
        json!([{"name": "orders", "selector": {"labels": {"app": "orders"}}, "rules": [
            {"name": "health", "authentication": "NONE", "to": [{"methods": ["GET"], "paths": ["/healthz"]}]},
            {"name": "read", "to": [{"methods": ["GET"], "paths": ["/orders", "/orders/{*}"]}], "roles": {"anyOf": ["reader"]}},
            {"name": "own", "to": [{"paths": ["/users/{id}/orders/{**}"]}], "when": [{"claim": "sub", "equalsPath": "id"}]},
            {"name": "open", "authentication": "OPTIONAL", "to": [{"paths": ["/catalog"]}]},
            {"name": "no-deletes", "action": "DENY", "to": [{"methods": ["DELETE"]}], "when": [{"claim": "mfa", "notEquals": true}]},
            {"name": "write", "to": [{"methods": ["DELETE"], "paths": ["/orders/{*}"]}], "roles": {"anyOf": ["writer"]}},
        ]}]),
    )
}

#[test]
fn a_stranger_learns_nothing_of_the_rules_before_showing_a_good_token() {
    for line in ["GET /orders", "GET /no-such-path", "DELETE /orders/1"] {
        assert_eq!(orders().reason(line, None), Some(Reason::TokenMissing), "{line}");
        assert_eq!(orders().reason(line, Some("a.b.c")), Some(Reason::TokenMalformed), "{line}");
    }
}

#[test]
fn the_rule_that_decided_is_named() {
    let (shop, reader) = (orders(), with_roles(&["reader"]));
    let bearer = format!("Bearer {reader}");
    let read = shop.request("GET /orders/7?page=2", &[("authorization", &bearer)]);
    assert_eq!((read.reason(), shop.rule(&read).as_deref()), (None, Some("orders/read")));
    let delete = shop.request("DELETE /orders/7", &[("authorization", &bearer)]);
    assert_eq!(
        (delete.reason(), shop.rule(&delete).as_deref()),
        (Some(Reason::RuleDenied), Some("orders/no-deletes"))
    );
}

#[test]
fn roles_and_conditions_decide() {
    let shop = orders();
    let good = token(json!({"roles": ["writer"], "mfa": true}));
    assert_eq!(shop.reason("DELETE /orders/7", Some(&good)), None);
    assert_eq!(shop.reason("GET /orders", Some(&good)), Some(Reason::RoleMissing));
    assert_eq!(shop.reason("GET /users/alice/orders/1/items", Some(&good)), None);
    assert_eq!(shop.reason("GET /users/bob/orders", Some(&good)), Some(Reason::NoRuleMatched));
}

#[test]
fn a_public_path_does_not_look_at_tokens() {
    let shop = orders();
    let decision = shop.request(
        "GET /healthz",
        &[("authorization", "Bearer a.b.c"), ("authorization", "Bearer d")],
    );
    assert_eq!(decision.reason(), None);
    assert_eq!(decision.verification, Default::default());
    assert!(decision.authenticated.is_none());
    assert_eq!(removed(&decision), ["authorization"]);
}

#[test]
fn an_optional_token_may_be_missing_but_not_bad() {
    let shop = orders();
    assert_eq!(shop.reason("GET /catalog", None), None);
    assert_eq!(shop.reason("GET /catalog", Some("a.b.c")), Some(Reason::TokenMalformed));
    assert_eq!(shop.reason("GET /catalog", Some(&token(json!({})))), None);
}

#[test]
fn a_shadowed_rule_is_told_and_not_held() {
    let shop = shop_with_policies(json!([{"name": "orders", "rules": [
        {"name": "all", "roles": {"anyOf": ["reader"]}},
        {"name": "new", "mode": "SHADOW", "action": "DENY", "to": [{"paths": ["/old*"]}]},
    ]}]));
    let bearer = format!("Bearer {}", with_roles(&["reader"]));
    let old = shop.request("GET /old/1", &[("authorization", &bearer)]);
    assert_eq!(old.reason(), None);
    let Some(Shadow { cause: Some(cause), rule: Some(rule) }) = old.shadow else {
        panic!("{:?}", old.shadow)
    };
    assert_eq!(cause.reason, Reason::RuleDenied);
    assert_eq!(shop.engine().rule(rule).unwrap().rule.as_str(), "new");
    assert_eq!(shop.request("GET /new", &[("authorization", &bearer)]).shadow, None);
}

#[test]
fn a_shadowed_path_rule_refuses_no_ambiguous_path() {
    let shop = shop_with_policies(json!([{"name": "orders", "mode": "SHADOW", "rules": [
        {"name": "read", "to": [{"paths": ["/orders"]}]},
    ]}]));
    let bearer = format!("Bearer {}", token(json!({})));
    for (path, would_be) in [
        ("/a/../orders", Some(Reason::PathAmbiguous)),
        ("/a//b", Some(Reason::NoRuleMatched)),
        ("/orders%zz", Some(Reason::PathAmbiguous)),
    ] {
        let decision = shop.request(&format!("GET {path}"), &[("authorization", &bearer)]);
        assert_eq!(decision.reason(), None, "{path}");
        assert_eq!(decision.shadow.and_then(|shadow| shadow.reason()), would_be, "{path}");
    }
}

#[test]
fn a_preflight_request_needs_no_token_unless_the_document_says_so() {
    let preflight =
        [("origin", "https://app.example.com"), ("access-control-request-method", "GET")];
    assert_eq!(orders().request("OPTIONS /orders", &preflight).reason(), None);
    assert_eq!(
        orders().request("OPTIONS /orders", &preflight[..1]).reason(),
        Some(Reason::TokenMissing)
    );
    let issuer = crate::support::issuer(json!({}));
    let strict = shop(json!({"issuers": [issuer], "cors": {"preflight": "ENFORCE"}}));
    assert_eq!(strict.request("OPTIONS /orders", &preflight).reason(), Some(Reason::TokenMissing));
}

#[test]
fn a_deny_rule_refuses_a_public_and_a_preflight_request_too() {
    let mut shop = shop_with_policies(json!([{"name": "p", "rules": [
        {"name": "public", "authentication": "NONE", "to": [{"methods": ["GET", "OPTIONS"]}]},
        {"name": "banned", "action": "DENY", "from": [{"ipBlocks": ["192.0.2.0/24"]}]},
    ]}]));
    let preflight =
        [("origin", "https://app.example.com"), ("access-control-request-method", "GET")];
    shop.peer.source_ip = Some("192.0.2.7".parse().unwrap());
    assert_eq!(shop.reason("GET /", None), Some(Reason::RuleDenied));
    assert_eq!(shop.request("OPTIONS /", &preflight).reason(), Some(Reason::RuleDenied));
    shop.peer.source_ip = Some("198.51.100.7".parse().unwrap());
    assert_eq!(shop.reason("GET /", None), None);
}
