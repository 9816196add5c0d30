//! Whatever the document and the request: a dry run, and what is in SHADOW on its own, tell of exactly the refusals that the
//! same document in force brings.

use crate::support::{Shop, issuer, removed, replaced, shop, token, written};
use attache_engine::{Decided, Outcome};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A request as the client sends it.
#[derive(Clone, Debug)]
struct Ask {
    line: String,
    headers: Vec<(&'static str, String)>,
    ends_with_headers: bool,
    principal: Option<String>,
}

impl Ask {
    fn of(&self, shop: &mut Shop) -> Decided<'static> {
        shop.ends_with_headers = self.ends_with_headers;
        shop.peer.principal.clone_from(&self.principal);
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        shop.request(&self.line, &headers)
    }

    /// Whether a token is bad that is not one of several cookies, of which stale ones count for nothing.
    fn has_bad_token(&self) -> bool {
        let bad = [4, 5, 6].map(tokens);
        let bearers =
            self.headers.iter().filter(|(name, _)| *name == "authorization").map(|(_, value)| value);
        bearers.chain([&self.line]).any(|text| bad.iter().any(|bad| text.contains(bad.as_str())))
    }
}

/// Those from 4 to 6 are bad, and nobody can verify those beyond.
fn tokens(number: usize) -> String {
    match number {
        0 => token(json!({"roles": ["reader"]})),
        1 => token(json!({"roles": ["writer"], "sub": "bob", "one": "a"})),
        2 => token(json!({"sub": "a\nb", "roles": ["reader"]})),
        3 => token(json!({"roles": {"odd": 1}, "one": true})),
        4 => token(json!({"exp": 1})),
        5 => "a.b.c".to_owned(),
        6 => token(json!({"iss": "https://elsewhere.example"})),
        _ => token(json!({"iss": "https://remote.example.com", "roles": ["reader"]})),
    }
}

fn asks() -> impl Strategy<Value = Ask> {
    let line = (
        select(vec!["GET", "POST", "DELETE", "OPTIONS", "get"]),
        select(vec![
            "/a", "/a/b", "/a/", "/A", "/a%2fb", "/x/../a", "/a//b", "/a;v=1", "/%zz", "/b", "/a\\b", "*",
        ]),
        option::weighted(
            0.2,
            select(vec!["_method=DELETE".to_owned(), format!("t={}", tokens(0)), format!("t={}", tokens(4))]),
        ),
    );
    let bearer = |number: usize| ("authorization", format!("Bearer {}", tokens(number)));
    let cookie = |number: usize| ("cookie", format!("x=1; s={}", tokens(number)));
    let header = prop_oneof![
        6 => (0..8_usize).prop_map(bearer),
        2 => (0..8_usize).prop_map(cookie),
        1 => Just(("x-user", "root".to_owned())),
        1 => Just(("X_User", "root".to_owned())),
        1 => Just(("connection", "close, x-user".to_owned())),
        1 => Just(("x-http-method-override", "DELETE".to_owned())),
        1 => Just(("origin", "https://page.example".to_owned())),
        1 => Just(("access-control-request-method", "GET".to_owned())),
    ];
    let preflight = vec![
        ("origin", "https://page.example".to_owned()),
        ("access-control-request-method", "GET".to_owned()),
    ];
    let headers = (vec(header, 0..4), prop::bool::weighted(0.2)).prop_map(move |(headers, asks_first)| {
        if asks_first { [headers, preflight.clone()].concat() } else { headers }
    });
    let principal = option::of(Just("td/ns/a/sa/x".to_owned()));
    (line, headers, any::<bool>(), principal).prop_map(
        |((method, path, query), headers, ends_with_headers, principal)| {
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            Ask { line: format!("{method} {path}{query}"), headers, ends_with_headers, principal }
        },
    )
}

fn rules() -> impl Strategy<Value = Value> {
    let kind = select(vec![
        json!({}),
        json!({"authentication": "OPTIONAL"}),
        json!({"authentication": "OPTIONAL", "onKeysUnavailable": "ALLOW"}),
        json!({"authentication": "NONE"}),
        json!({"action": "DENY"}),
        json!({"roles": {"anyOf": ["reader"]}}),
        json!({"roles": {"noneOf": ["writer"]}, "onKeysUnavailable": "ALLOW"}),
        json!({"when": [{"claim": "one", "equals": "a"}]}),
        json!({"action": "DENY", "when": [{"claim": "one", "notEquals": "a"}]}),
        json!({"action": "DENY", "roles": {"anyOf": ["writer"]}}),
    ]);
    let to = option::weighted(
        0.8,
        select(vec![
            json!([{"paths": ["/a"]}]),
            json!([{"methods": ["GET"]}]),
            json!([{"methods": ["GET", "OPTIONS"], "paths": ["/a/{*}", "/b"]}]),
            json!([{"paths": ["/{**}"]}]),
            json!([{"notPaths": ["/a/*"]}]),
            json!([{"methods": ["DELETE"]}, {"paths": ["/b"]}]),
            json!([{"hosts": ["orders.shop"]}]),
        ]),
    );
    let from = option::weighted(0.2, Just(json!([{"namespaces": ["a"]}])));
    (kind, to, from, prop::bool::weighted(0.3)).prop_map(|(mut rule, to, from, shadow)| {
        let more = [("to", to), ("from", from), ("mode", shadow.then(|| json!("SHADOW")))];
        for (key, value) in more {
            if let Some(value) = value {
                rule[key] = value;
            }
        }
        rule
    })
}

fn documents() -> impl Strategy<Value = Value> {
    let policy = (vec(rules(), 0..5), prop::bool::weighted(0.3), prop::bool::weighted(0.2)).prop_map(
        |(rules, shadow, allows)| {
            let mut policy = json!({"rules": rules});
            policy["mode"] = json!(if shadow { "SHADOW" } else { "ENFORCE" });
            policy["defaultAction"] = json!(if allows { "ALLOW" } else { "DENY" });
            policy
        },
    );
    let settings = (
        select(vec!["COMPARE", "REFUSE", "NORMALIZE"]),
        select(vec!["ALLOW", "ENFORCE"]),
        select(vec!["COMPARE", "REFUSE", "IGNORE"]),
    );
    (vec(policy, 0..4), settings, any::<bool>(), any::<bool>()).prop_map(
        |(mut policies, (ambiguous, preflight, r#override), forwards, allows_without_keys)| {
            for (index, policy) in policies.iter_mut().enumerate() {
                policy["name"] = json!(format!("p{index}"));
                for (index, rule) in policy["rules"].as_array_mut().unwrap().iter_mut().enumerate() {
                    rule["name"] = json!(format!("r{index}"));
                }
            }
            let places = json!({"fromHeaders": [{"name": "Authorization", "prefix": "Bearer "}], "fromCookies": ["s"],
                "fromParams": ["t"], "forwardOriginalToken": forwards});
            let mut remote = issuer(json!({"name": "remote", "issuer": "https://remote.example.com",
                "jwksUri": "https://remote.example.com/keys", "jwks": null,
                "onKeysUnavailable": if allows_without_keys { "ALLOW" } else { "DENY" }}));
            remote.as_object_mut().unwrap().extend(places.as_object().unwrap().clone());
            json!({"issuers": [issuer(places), remote], "policies": policies, "paths": {"ambiguous": ambiguous},
                "cors": {"preflight": preflight}, "methods": {"override": r#override}})
        },
    )
}

fn is_taken(document: &Value) -> bool {
    attache_plugin_config::parse(document.to_string().as_bytes()).is_ok()
}

/// The reason with its detail, and the rule by name: numbers differ between documents.
fn verdict(shop: &Shop, decision: &Decided<'_>) -> (String, Option<String>) {
    (format!("{:?}", decision.cause()), shop.rule(decision))
}

fn shadow_verdict(shop: &Shop, decision: &Decided<'_>) -> (String, Option<String>) {
    let shadow = decision.shadow.as_ref().unwrap();
    let rule = shadow.rule.and_then(|rule| shop.engine().rule(rule));
    (format!("{:?}", shadow.cause.as_ref()), rule.map(|names| format!("{}/{}", names.policy, names.rule)))
}

fn is_identity(name: &str) -> bool {
    name.to_lowercase().replace('_', "-") == "x-user"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn a_dry_run_tells_of_what_is_refused_in_force(document in documents().prop_filter("good", is_taken), asks in vec(asks(), 1..6)) {
        let mut dry = document.clone();
        dry["mode"] = json!("SHADOW");
        let (mut dry, mut in_force) = (shop(dry), shop(document));
        for ask in &asks {
            let (tried, held) = (ask.of(&mut dry), ask.of(&mut in_force));
            prop_assert!(matches!(tried.outcome, Outcome::Forward), "{ask:?}");
            for (name, _) in ask.headers.iter().filter(|(name, _)| is_identity(name)) {
                prop_assert!(removed(&tried).iter().any(|removed| removed == name), "{name} goes on: {ask:?}");
            }
            if matches!(held.outcome, Outcome::Forward) {
                prop_assert_eq!((removed(&tried), replaced(&tried), written(&tried)), (removed(&held), replaced(&held), written(&held)));
                prop_assert_eq!((tried.rule, tried.unverified), (held.rule, held.unverified));
                prop_assert!(tried.shadow.is_none(), "{ask:?}: {:?}", tried.shadow);
                continue;
            }
            prop_assert!(tried.shadow.is_some(), "{ask:?}: {:?}", held.cause());
            prop_assert_eq!(shadow_verdict(&dry, &tried), verdict(&in_force, &held), "{:?}", ask);
            prop_assert_eq!((tried.rule, tried.unverified), (None, None));
            // Connection names no identity header either, nor does anything but a good token give one.
            let connection = replaced(&tried).into_iter().find(|(name, _)| name == "connection");
            let named = connection.map(|(_, value)| value);
            prop_assert!(named.is_none_or(|named| !named.contains("x-user")));
            prop_assert!(written(&tried).is_empty() || !ask.has_bad_token(), "{ask:?}");
        }
    }

    #[test]
    fn shadow_tells_of_what_differs_once_it_is_in_force(document in documents().prop_filter("good", is_taken), asks in vec(asks(), 1..6)) {
        let (mut without, mut promoted) = (document.clone(), document.clone());
        for policies in [&mut without, &mut promoted].map(|document| document["policies"].as_array_mut().unwrap()) {
            for rule in policies.iter_mut().flat_map(|policy| policy["rules"].as_array_mut().unwrap()) {
                rule["mode"] = if rule["mode"].is_null() { json!("ENFORCE") } else { rule["mode"].take() };
            }
        }
        let is_shadow = |value: &Value| value["mode"] == "SHADOW";
        without["policies"].as_array_mut().unwrap().retain(|policy| !is_shadow(policy));
        for policy in without["policies"].as_array_mut().unwrap() {
            policy["rules"].as_array_mut().unwrap().retain(|rule| !is_shadow(rule));
        }
        for policy in promoted["policies"].as_array_mut().unwrap() {
            policy["mode"] = json!("ENFORCE");
            policy["rules"].as_array_mut().unwrap().iter_mut().for_each(|rule| rule["mode"] = json!("ENFORCE"));
        }
        let [mut mixed, mut without, mut promoted] = [document, without, promoted].map(shop);
        for ask in &asks {
            let (decision, held, would) = (ask.of(&mut mixed), ask.of(&mut without), ask.of(&mut promoted));
            prop_assert_eq!(verdict(&mixed, &decision), verdict(&without, &held), "{:?}", ask);
            prop_assert_eq!(
                (removed(&decision), replaced(&decision), written(&decision)),
                (removed(&held), replaced(&held), written(&held)),
                "{:?}", ask
            );
            let differs = held.cause().is_some() != would.cause().is_some();
            prop_assert_eq!(decision.shadow.is_some(), differs, "{:?}: {:?}, {:?}", ask, held.cause(), would.cause());
            if differs {
                prop_assert_eq!(shadow_verdict(&mixed, &decision), verdict(&promoted, &would), "{:?}", ask);
            }
        }
    }
}

/// What the properties meet: without this they could hold for want of anything to tell.
#[test]
fn the_documents_and_requests_have_every_kind_of_verdict() {
    let seen = RefCell::new(BTreeSet::new());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = (documents().prop_filter("good", is_taken), vec(asks(), 6));
    for _ in 0..400 {
        let (document, asks) = strategy.new_tree(&mut runner).unwrap().current();
        let mut shop = shop(document);
        for ask in &asks {
            let decision = ask.of(&mut shop);
            let reason = decision.reason().map_or("allowed", |reason| reason.as_str());
            let shadow = decision
                .shadow
                .as_ref()
                .map_or("same", |shadow| if shadow.cause.is_some() { "denied" } else { "allowed" });
            seen.borrow_mut().extend([reason.to_owned(), format!("shadow {shadow}")]);
        }
    }
    let seen = seen.into_inner();
    for word in [
        "allowed",
        "token-missing",
        "token-malformed",
        "token-expired",
        "issuer-unknown",
        "keys-unavailable",
        "path-ambiguous",
        "method-ambiguous",
        "tokens-conflict",
        "role-missing",
        "rule-denied",
        "no-rule-matched",
        "claim-unwritable",
        "shadow same",
        "shadow denied",
        "shadow allowed",
    ] {
        assert!(seen.contains(word), "{word} is not met: {seen:?}");
    }
}
