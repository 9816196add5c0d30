//! A dry run refuses nothing, and says what would be refused as it would be.

use crate::support::{Shop, issuer, removed, replaced, shop, token, with_roles, written};
use attache_engine::{Outcome, Reason};
use serde_json::{Value, json};

fn document(more: Value) -> Value {
    let mut document = json!({
        "issuers": [issuer(json!({}))],
        "policies": [{"name": "orders", "rules": [
            {"name": "read", "to": [{"methods": ["GET"], "paths": ["/orders", "/orders/{*}"]}], "roles": {"anyOf": ["reader"]}},
            {"name": "public", "authentication": "NONE", "to": [{"paths": ["/healthz"]}]},
            {"name": "banned", "action": "DENY", "to": [{"paths": ["/healthz/*"]}]},
        ]}],
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    document
}

fn dry(more: Value) -> Shop {
    let mut more = more;
    more["mode"] = json!("SHADOW");
    shop(document(more))
}

#[test]
fn it_tells_of_the_refusal_that_the_same_document_brings_in_force() {
    let (dry, in_force) = (dry(json!({})), shop(document(json!({}))));
    let tokens = [
        None,
        Some(with_roles(&["reader"])),
        Some(token(json!({}))),
        Some("a.b.c".to_owned()),
        Some("opaque".to_owned()),
        Some(token(json!({"iss": "https://elsewhere.example"}))),
        Some(token(json!({"exp": 1}))),
        Some(token(json!({"sub": "a\nb", "roles": ["reader"]}))),
    ];
    let mut reasons = std::collections::BTreeSet::new();
    for line in [
        "GET /orders",
        "GET /orders%2f7",
        "get /orders",
        "GET /healthz",
        "GET /healthz/x",
        "POST /orders",
        "GET /%zz",
    ] {
        for token in &tokens {
            let value = token.as_ref().map(|token| format!("Bearer {token}"));
            let headers: Vec<_> =
                value.iter().map(|value| ("authorization", value.as_str())).collect();
            let [tried, held] = [&dry, &in_force].map(|shop| shop.request(line, &headers));
            assert!(matches!(tried.outcome, Outcome::Forward), "{line} {token:?}");
            let shadow = tried.shadow.as_ref();
            assert_eq!(
                shadow.and_then(|shadow| shadow.cause.as_ref()),
                held.cause(),
                "{line} {token:?}"
            );
            assert_eq!(shadow.is_some(), held.cause().is_some());
            match held.cause() {
                Some(cause) => {
                    assert_eq!(shadow.and_then(|shadow| shadow.rule), held.rule);
                    reasons.insert(cause.reason);
                }
                None => assert_eq!(
                    (tried.rule, removed(&tried), written(&tried)),
                    (held.rule, removed(&held), written(&held))
                ),
            }
        }
    }
    for reason in [
        Reason::TokenMissing,
        Reason::TokenMalformed,
        Reason::TokenOpaque,
        Reason::IssuerUnknown,
        Reason::TokenExpired,
        Reason::PathAmbiguous,
        Reason::MethodAmbiguous,
        Reason::RoleMissing,
        Reason::RuleDenied,
        Reason::NoRuleMatched,
        Reason::ClaimUnwritable,
    ] {
        assert!(reasons.contains(&reason), "{reason} is not tried");
    }
}

#[test]
fn only_a_good_token_gives_an_identity() {
    let shop = dry(json!({}));
    let alice = vec![("x-user".to_owned(), "alice".to_owned())];
    for (line, token, identity, gone) in [
        ("POST /orders", token(json!({})), alice.clone(), vec!["x-user", "authorization"]),
        // Refused before anybody looks at the token; it is good all the same.
        ("GET /orders%2f7", token(json!({})), alice, vec!["x-user", "authorization"]),
        ("GET /orders%2f7", token(json!({"exp": 1})), vec![], vec!["x-user"]),
        ("GET /orders", token(json!({"exp": 1})), vec![], vec!["x-user"]),
        ("GET /orders", "a.b.c".to_owned(), vec![], vec!["x-user"]),
    ] {
        let bearer = format!("Bearer {token}");
        let decision = shop.request(line, &[("x-user", "root"), ("authorization", &bearer)]);
        assert_eq!(written(&decision), identity, "{line} {token}");
        assert_eq!(removed(&decision), gone, "{line} {token}");
    }
}

#[test]
fn it_is_for_the_workloads_that_a_selector_fits() {
    for (selectors, refused) in [
        (json!([{"namespaces": ["shop"]}]), false),
        (json!([{"labels": {"app": "web"}}, {"serviceAccounts": ["orders"]}]), false),
        (json!([{"namespaces": ["shop"], "labels": {"app": "web"}}]), true),
        (json!([{"namespaces": ["billing"]}]), true),
    ] {
        let shop = shop(document(json!({"shadowSelectors": selectors})));
        let decision = shop.request("GET /orders", &[]);
        assert_eq!(decision.reason().is_some(), refused, "{selectors}");
        assert_eq!(decision.shadow.is_some(), !refused, "{selectors}");
        assert_eq!(shop.engine().is_dry_run(), !refused);
    }
}

#[test]
fn a_normalised_path_goes_on_only_where_the_request_would() {
    let shop = dry(json!({"paths": {"ambiguous": "NORMALIZE"}}));
    let reader = format!("Bearer {}", with_roles(&["reader"]));
    let path = |line: &str, headers: &[(&str, &str)]| {
        let decision = shop.request(line, headers);
        replaced(&decision).into_iter().find(|(name, _)| name == ":path").map(|(_, value)| value)
    };
    assert_eq!(path("GET /x/../orders", &[("authorization", &reader)]), Some("/orders".to_owned()));
    assert_eq!(path("GET /x/../orders", &[]), None, "it goes on as it came");
}

#[test]
fn keys_that_cannot_be_had_are_told_as_such() {
    let mut entry = issuer(json!({"jwksUri": "https://tyk.example.com/jwks"}));
    entry.as_object_mut().unwrap().remove("jwks");
    let shop = dry(json!({"issuers": [entry]}));
    let bearer = format!("Bearer {}", token(json!({})));
    let decision = shop.request("GET /orders", &[("authorization", &bearer), ("x-user", "root")]);
    assert!(matches!(decision.outcome, Outcome::Forward));
    assert_eq!(
        decision.shadow.as_ref().and_then(|shadow| shadow.reason()),
        Some(Reason::KeysUnavailable)
    );
    assert_eq!((written(&decision), removed(&decision)), (vec![], vec!["x-user".to_owned()]));
}
