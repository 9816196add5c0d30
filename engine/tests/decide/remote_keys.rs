//! Keys that a provider serves: while there are none, once they come, and when they go.

use crate::support::{Shop, public_jwk, removed, replaced, shop, token, written};
use attache_engine::remote::{MissingKeys, WaitDecision};
use attache_engine::token::IssuerKeys;
use attache_engine::{Cause, Detail, Outcome, Reason};
use attache_plugin_config::KeySet;
use serde_json::{Value, json};
use std::rc::Rc;

/// A shop whose issuer's keys a provider serves. None are there yet.
fn remote_shop(issuer: Value, rules: Value) -> Shop {
    let mut entry =
        crate::support::issuer(json!({"jwks": null, "jwksUri": "https://tyk.example.com/jwks"}));
    entry.as_object_mut().unwrap().extend(issuer.as_object().unwrap().clone());
    shop(json!({"issuers": [entry], "policies": [{"name": "orders", "rules": rules}]}))
}

fn any() -> Value {
    json!([{"name": "any"}])
}

/// Has the provider serve these keys, or none.
fn serve(shop: &Shop, keys: &[Value]) {
    let issuer = shop.engine().remote_issuers().next().unwrap().index;
    let set = (!keys.is_empty()).then(|| {
        let set = KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap();
        Rc::new(IssuerKeys::from_set(&set).unwrap())
    });
    shop.engine().set_keys(issuer, set);
}

fn other_key() -> Value {
    let mut key = public_jwk();
    key["kid"] = json!("other");
    key
}

#[test]
fn a_request_waits_for_the_first_keys_and_is_then_decided_about() {
    let shop = remote_shop(json!({}), any());
    let good = token(json!({}));
    shop.key_wait.wait_decision.set(WaitDecision::Wait);
    let headers = [("authorization", &*format!("Bearer {good}")), ("x-user", "mallory")];
    assert_eq!(shop.waits_for("GET /orders", &headers), Some(MissingKeys::Keys));
    serve(&shop, &[public_jwk()]);
    let decision = shop.request("GET /orders", &headers);
    assert!(matches!(decision.outcome, Outcome::Forward));
    assert_eq!(written(&decision), [("x-user".to_owned(), "alice".to_owned())]);
}

#[test]
fn without_hope_it_is_told_when_to_come_again() {
    let shop = remote_shop(json!({}), any());
    let good = format!("Bearer {}", token(json!({})));
    let decision = shop.request("GET /orders", &[("authorization", &good)]);
    let Outcome::Refuse { cause: Cause { reason: Reason::KeysUnavailable, .. }, answer } =
        decision.outcome
    else {
        panic!("{:?}", decision.outcome)
    };
    assert_eq!((answer.status, answer.grpc_status), (503, 14));
    assert_eq!(answer.headers, [("retry-after", "3".to_owned())]);
}

#[test]
fn an_unknown_key_id_is_worth_waiting_for_once() {
    let shop = remote_shop(json!({}), any());
    serve(&shop, &[other_key()]);
    let good = token(json!({}));
    shop.key_wait.wait_decision.set(WaitDecision::Wait);
    let value = format!("Bearer {good}");
    assert_eq!(
        shop.waits_for("GET /orders", &[("authorization", &value)]),
        Some(MissingKeys::KeyId)
    );
    shop.key_wait.wait_decision.set(WaitDecision::GiveUp(std::time::Duration::ZERO));
    assert_eq!(shop.reason("GET /orders", Some(&good)), Some(Reason::KeyNotFound));
    assert_eq!(*shop.key_wait.asked.borrow(), [MissingKeys::KeyId, MissingKeys::KeyId]);
}

#[test]
fn a_full_room_is_an_outage_and_no_verdict() {
    // Whatever the issuer says of keys that can't be obtained: here there are keys.
    for on_keys_unavailable in ["DENY", "ALLOW"] {
        let shop = remote_shop(json!({"onKeysUnavailable": on_keys_unavailable}), any());
        serve(&shop, &[other_key()]);
        shop.key_wait.wait_decision.set(WaitDecision::Full);
        let value = format!("Bearer {}", token(json!({})));
        let decision = shop.request("GET /orders", &[("authorization", &value)]);
        let Outcome::Refuse { cause, answer } = decision.outcome else {
            panic!("{:?}", decision.outcome)
        };
        assert_eq!(cause.detail, Some(Detail::WaitingRoomFull));
        assert_eq!(cause.unverified_issuer(), Some("https://tyk.example.com"));
        assert_eq!((answer.status, answer.grpc_status), (503, 14));
        assert_eq!(answer.headers, [("retry-after", "1".to_owned())]);
    }
    // Without any keys it is an outage like any other.
    let shop = remote_shop(json!({"onKeysUnavailable": "ALLOW"}), any());
    shop.key_wait.wait_decision.set(WaitDecision::Full);
    assert_eq!(shop.reason("GET /orders", Some(&token(json!({})))), None);
}

#[test]
fn nothing_waits_for_a_bad_token() {
    let shop = remote_shop(json!({"algorithms": ["RS256"]}), any());
    serve(&shop, &[public_jwk()]);
    shop.key_wait.wait_decision.set(WaitDecision::Wait);
    assert_eq!(
        shop.reason("GET /orders", Some(&token(json!({})))),
        Some(Reason::AlgorithmNotAllowed)
    );
    assert_eq!(shop.reason("GET /orders", Some("no-jwt")), Some(Reason::TokenOpaque));
    assert_eq!(shop.reason("GET /orders", None), Some(Reason::TokenMissing));
    assert!(shop.key_wait.asked.borrow().is_empty());
}

#[test]
fn a_key_that_goes_takes_cached_tokens_with_it() {
    let shop = remote_shop(json!({}), any());
    let good = token(json!({}));
    serve(&shop, &[public_jwk(), other_key()]);
    assert_eq!(shop.reason("GET /orders", Some(&good)), None);
    serve(&shop, &[other_key()]);
    assert_eq!(shop.reason("GET /orders", Some(&good)), Some(Reason::KeyNotFound));
    serve(&shop, &[]);
    assert_eq!(shop.reason("GET /orders", Some(&good)), Some(Reason::KeysUnavailable));
    serve(&shop, &[public_jwk()]);
    assert_eq!(shop.reason("GET /orders", Some(&good)), None);
}

#[test]
fn a_new_set_with_the_same_key_keeps_cached_tokens() {
    let shop = remote_shop(json!({}), any());
    let value = format!("Bearer {}", token(json!({})));
    serve(&shop, &[public_jwk()]);
    shop.request("GET /orders", &[("authorization", &value)]);
    serve(&shop, &[other_key(), public_jwk()]);
    let decision = shop.request("GET /orders", &[("authorization", &value)]);
    assert_eq!((decision.verification.hits, decision.verification.software), (1, 0));
}

#[test]
fn an_issuer_that_fails_open_forwards_without_identity() {
    let shop = remote_shop(json!({"onKeysUnavailable": "ALLOW"}), any());
    let value = format!("Bearer {}", token(json!({})));
    let decision = shop.request("GET /orders", &[("authorization", &value), ("x-user", "mallory")]);
    assert!(matches!(decision.outcome, Outcome::Forward));
    assert_eq!(decision.unverified, Some(Reason::KeysUnavailable));
    assert!(decision.authenticated.is_none());
    assert!(
        removed(&decision).contains(&"x-user".to_owned()),
        "what the client claims is taken off"
    );
    assert!(
        removed(&decision).contains(&"authorization".to_owned()),
        "and so is the token that nobody has verified"
    );
    // It opens to tokens that can't be verified, not to requests without one, nor to bad ones.
    assert_eq!(shop.reason("GET /orders", None), Some(Reason::TokenMissing));
    assert_eq!(shop.reason("GET /orders", Some("no-jwt")), Some(Reason::TokenOpaque));
    // While there are keys, an unknown one opens nothing.
    serve(&shop, &[other_key()]);
    assert_eq!(shop.reason("GET /orders", Some(&token(json!({})))), Some(Reason::KeyNotFound));
}

#[test]
fn rules_say_where_it_fails_open() {
    let rules = json!([
        {"name": "browse", "to": [{"paths": ["/catalogue/{**}"]}], "onKeysUnavailable": "ALLOW"},
        {"name": "buy", "to": [{"paths": ["/orders"]}]},
        {"name": "secret", "to": [{"paths": ["/catalogue/secret"]}], "onKeysUnavailable": "DENY"},
        {"name": "no-deletes", "action": "DENY", "to": [{"methods": ["DELETE"]}]},
        {"name": "mfa", "action": "DENY", "to": [{"methods": ["PUT"]}], "when": [{"claim": "mfa", "notEquals": true}]},
    ]);
    let shop = remote_shop(json!({}), rules);
    let good = token(json!({"mfa": true}));
    let reason = |line| shop.reason(line, Some(&good));
    assert_eq!(reason("GET /catalogue/a"), None);
    assert_eq!(reason("GET /orders"), Some(Reason::KeysUnavailable));
    assert_eq!(reason("GET /catalogue/secret"), Some(Reason::KeysUnavailable), "one DENY suffices");
    assert_eq!(reason("DELETE /catalogue/a"), Some(Reason::RuleDenied));
    assert_eq!(
        reason("PUT /catalogue/a"),
        Some(Reason::RuleDenied),
        "a claim that nobody vouches for is absent"
    );
}

#[test]
fn failing_open_opens_no_path_that_no_rule_is_for() {
    let rules =
        json!([{"name": "orders", "to": [{"paths": ["/orders"]}], "roles": {"anyOf": ["reader"]}}]);
    let shop = remote_shop(json!({"onKeysUnavailable": "ALLOW"}), rules);
    let good = token(json!({}));
    assert_eq!(shop.reason("GET /orders", Some(&good)), None);
    assert_eq!(shop.reason("GET /admin", Some(&good)), Some(Reason::NoRuleMatched));
}

/// A shop with three issuers, each with its header, cookie and parameter: `own` holds its keys and
/// hides its tokens; the providers of `kept`, which forwards its tokens, and of `hidden`, which
/// does not, are away.
fn three_issuers(kept: &str, hidden: &str) -> Shop {
    let entry = |name: &str, more: Value| {
        let mut entry = crate::support::issuer(json!({
            "name": name,
            "issuer": format!("https://{name}.example.com"),
            "fromHeaders": [{"name": format!("x-{name}")}],
            "fromCookies": [name],
            "fromParams": [name],
            "outputClaimToHeaders": [],
        }));
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    };
    let remote = |name: &str, forwards: bool, on_keys_unavailable: &str| {
        let more = json!({
            "jwksUri": format!("https://{name}.example.com/jwks"),
            "onKeysUnavailable": on_keys_unavailable,
            "forwardOriginalToken": forwards,
        });
        let mut entry = entry(name, more);
        entry.as_object_mut().unwrap().remove("jwks");
        entry
    };
    shop(json!({"issuers": [
        entry("own", json!({})), remote("kept", true, kept), remote("hidden", false, hidden),
    ]}))
}

fn of(issuer: &str) -> String {
    token(json!({"iss": format!("https://{issuer}.example.com")}))
}

#[test]
fn each_token_is_hidden_or_forwarded_as_its_own_issuer_says_while_keys_are_away() {
    let shop = three_issuers("ALLOW", "ALLOW");
    let [own, kept, hidden] = ["own", "kept", "hidden"].map(of);
    for names in [["kept", "own", "hidden"], ["hidden", "kept", "own"], ["own", "hidden", "kept"]] {
        let headers: Vec<(String, String)> =
            names.iter().map(|name| (format!("x-{name}"), of(name))).collect();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let decision = shop.request("GET /", &headers);
        assert_eq!(decision.unverified, Some(Reason::KeysUnavailable), "{names:?}");
        let mut gone = removed(&decision);
        gone.sort_unstable();
        assert_eq!(gone, ["x-hidden", "x-own"], "{names:?}");
    }
    let cookies = format!("kept={kept}; own={own}; a=1; hidden={hidden}");
    let decision = shop.request("GET /", &[("cookie", &cookies)]);
    assert_eq!(replaced(&decision), [("cookie".to_owned(), format!("kept={kept}; a=1"))]);
    let line = format!("GET /?kept={kept}&own={own}&a=1&hidden={hidden}");
    let decision = shop.request(&line, &[]);
    assert_eq!(replaced(&decision), [(":path".to_owned(), format!("/?kept={kept}&a=1"))]);
    // A stale cookie is nobody's.
    let stale = token(json!({"iss": "https://else.example.com"}));
    let cookies = format!("kept={stale}; kept={kept}; own={own}");
    let decision = shop.request("GET /", &[("cookie", &cookies)]);
    assert_eq!(decision.unverified, Some(Reason::KeysUnavailable));
    assert_eq!(replaced(&decision), [("cookie".to_owned(), format!("kept={kept}"))]);
}

#[test]
fn the_order_of_tokens_opens_nothing_while_keys_are_away() {
    for (kept, hidden) in
        [("DENY", "ALLOW"), ("ALLOW", "DENY"), ("DENY", "DENY"), ("ALLOW", "ALLOW")]
    {
        let shop = three_issuers(kept, hidden);
        let expected = (kept == "DENY" || hidden == "DENY").then_some(Reason::KeysUnavailable);
        for names in [["kept", "hidden"], ["hidden", "kept"]] {
            let values = names.map(|name| (format!("x-{name}"), of(name)));
            let headers: Vec<(&str, &str)> =
                values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(
                shop.request("GET /", &headers).reason(),
                expected,
                "{kept} {hidden}: {names:?}"
            );
        }
    }
}

#[test]
fn an_unknown_key_is_refused_beside_a_token_that_may_go_on_unverified() {
    let shop = three_issuers("ALLOW", "ALLOW");
    serve(&shop, &[other_key()]);
    for names in [["kept", "hidden"], ["hidden", "kept"]] {
        let values = names.map(|name| (format!("x-{name}"), of(name)));
        let headers: Vec<(&str, &str)> =
            values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            shop.request("GET /", &headers).reason(),
            Some(Reason::KeyNotFound),
            "{names:?}"
        );
    }
}

#[test]
fn a_bad_cookie_is_refused_beside_a_token_that_may_go_on_unverified() {
    let shop = three_issuers("ALLOW", "ALLOW");
    let bad = |sub: &str| token(json!({"iss": "https://own.example.com", "exp": 1, "sub": sub}));
    let cookies = format!("kept={}; own={}; own={}", of("kept"), bad("a"), bad("b"));
    assert_eq!(shop.request("GET /", &[("cookie", &cookies)]).reason(), Some(Reason::TokenExpired));
}
