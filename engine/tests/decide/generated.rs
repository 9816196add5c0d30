//! Documents and requests, whatever they are.

use crate::support::{Shop, issuer, token};
use attache_engine::Decided;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// A request as the client sends it.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) line: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) ends_with_headers: bool,
    pub(crate) principal: Option<String>,
}

impl Ask {
    pub(crate) fn of(&self, shop: &mut Shop) -> Decided<'static> {
        shop.ends_with_headers = self.ends_with_headers;
        shop.peer.principal.clone_from(&self.principal);
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        shop.request(&self.line, &headers)
    }

    /// Whether a token is bad that is not one of several cookies, of which stale ones count for
    /// nothing.
    pub(crate) fn has_bad_token(&self) -> bool {
        let bad = [4, 5, 6].map(tokens);
        let bearers = self
            .headers
            .iter()
            .filter(|(name, _)| *name == "authorization")
            .map(|(_, value)| value);
        bearers.chain([&self.line]).any(|text| bad.iter().any(|bad| text.contains(bad.as_str())))
    }
}

/// Those from 4 to 6 are bad, and nobody can verify those beyond.
pub(crate) fn tokens(number: usize) -> String {
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

pub(crate) fn asks() -> impl Strategy<Value = Ask> {
    let line = (
        select(vec!["GET", "POST", "DELETE", "OPTIONS", "get"]),
        select(vec![
            "/a", "/a/b", "/a/", "/A", "/a%2fb", "/x/../a", "/a//b", "/a;v=1", "/%zz", "/b",
            "/a\\b", "*",
        ]),
        option::weighted(
            0.2,
            select(vec![
                "_method=DELETE".to_owned(),
                format!("t={}", tokens(0)),
                format!("t={}", tokens(4)),
            ]),
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
    let headers =
        (vec(header, 0..4), prop::bool::weighted(0.2)).prop_map(move |(headers, asks_first)| {
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

pub(crate) fn rules() -> impl Strategy<Value = Value> {
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

pub(crate) fn documents() -> impl Strategy<Value = Value> {
    let policy = (vec(rules(), 0..5), prop::bool::weighted(0.3), prop::bool::weighted(0.2))
        .prop_map(|(rules, shadow, allows)| {
            let mut policy = json!({"rules": rules});
            policy["mode"] = json!(if shadow { "SHADOW" } else { "ENFORCE" });
            policy["defaultAction"] = json!(if allows { "ALLOW" } else { "DENY" });
            policy
        });
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

pub(crate) fn is_taken(document: &Value) -> bool {
    attache_plugin_config::parse(document.to_string().as_bytes()).is_ok()
}
