//! Policies and requests in the making, the same in every run.

use crate::random::Random;
use anyhow::Result;
use attache_test_fixtures::token::{self, Tamper, TokenSpec};
use serde_json::{Map, Value, json};

pub(crate) const CALLERS: [&str; 5] = [
    "cluster.local/ns/shop/sa/web",
    "cluster.local/ns/shop/sa/admin",
    "cluster.local/ns/billing/sa/invoicer",
    "cluster.local/ns/shopping/sa/web",
    "td.example/ns/shop/sa/web",
];
const METHODS: [&str; 6] = ["GET", "GET", "POST", "PUT", "DELETE", "HEAD"];

/// Paths that are written in one way.
const PLAIN: [&str; 14] = [
    "/",
    "/orders",
    "/orders",
    "/orders/1",
    "/orders/1/items",
    "/orders/1/items/2",
    "/order",
    "/healthz",
    "/a.json",
    "/orders/a.json",
    "/admin",
    "/admin/users",
    "/a/x/b",
    "/a/b",
];
/// Paths that a service may read in several ways, or that a pattern of Istio's tells from others.
const ODD: [&str; 24] = [
    "/orders/",
    "/Orders",
    "/ADMIN/users",
    "/admin/",
    "/orders//1",
    "//orders",
    "/orders/../admin",
    "/orders/./1",
    "/orders%2f1",
    "/orders;a=b/1",
    "/orders\\1",
    "/%6frders",
    "/orders/a*b",
    "/orders/a=b",
    "/orders/[1]",
    "/a/x/b/",
    "/a//b",
    "/v1/items:get",
    "/v1/items%3Aget",
    "/v1/items%3aget",
    "/a%20b",
    "/orders/%e4",
    "/orders/%C3%A4",
    "/admin%00",
];
const HOSTS: [&str; 3] = ["orders.example", "a.orders.example", "billing.test"];
const ODD_HOSTS: [&str; 5] = [
    "ORDERS.example",
    "orders.example:8080",
    "orders.example.",
    "orders.example.:8080",
    "a.Orders.example:1",
];

/// A request.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) caller: Option<&'static str>,
    /// Whether it is written as anybody would write it.
    pub(crate) is_plain: bool,
}

/// Returns a RequestAuthentication of one issuer or of two.
pub(crate) fn authentication(random: &mut Random, jwks: &str, words: Words) -> Value {
    let mut rules = vec![json!({"issuer": "https://issuer.example", "jwks": jwks})];
    if random.rarely(3) {
        rules[0]["audiences"] = json!(["mesh", "other"]);
    }
    if words == Words::All && random.rarely(4) {
        rules.push(json!({"issuer": "https://a.example", "jwks": jwks}));
    }
    match random.below(6) {
        0 => rules[0]["fromHeaders"] = json!([{"name": "x-token"}]),
        1 => rules[0]["fromParams"] = json!(["token"]),
        2 => rules[0]["fromCookies"] = json!(["token"]),
        _ => {}
    }
    json!({
        "apiVersion": "security.istio.io/v1", "kind": "RequestAuthentication",
        "metadata": {"name": "keys", "namespace": "shop"}, "spec": {"jwtRules": rules},
    })
}

/// What policies are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// Whatever Istio has.
    All,
    /// What has an exact equal.
    Exact,
}

/// Returns AuthorizationPolicies: none, or up to three.
pub(crate) fn policies(random: &mut Random, words: Words) -> Vec<Value> {
    let count = if random.rarely(12) { 0 } else { 1 + random.below(3) };
    (0..count).map(|index| policy(random, index, words)).collect()
}

fn policy(random: &mut Random, index: usize, words: Words) -> Value {
    let denies = random.rarely(3);
    let least = usize::from(denies || !random.rarely(16));
    let rule = match words {
        Words::All => rule,
        Words::Exact => exact_rule,
    };
    let rules: Vec<Value> = (0..least + random.below(3)).map(|_| rule(random, denies)).collect();
    json!({
        "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
        "metadata": {"name": format!("policy-{index}"), "namespace": "shop"},
        "spec": {"action": if denies { "DENY" } else { "ALLOW" }, "rules": rules},
    })
}

fn rule(random: &mut Random, denies: bool) -> Value {
    let mut rule = Map::new();
    if random.rarely(2) {
        let sources = (0..1 + random.below(2)).map(|_| json!({"source": source(random)}));
        rule.insert("from".to_owned(), sources.collect());
    }
    // A DENY rule for everything would leave nothing to compare.
    if denies || !random.rarely(4) {
        let operations = (0..1 + random.below(2)).map(|_| json!({"operation": operation(random)}));
        rule.insert("to".to_owned(), operations.collect());
    }
    if random.rarely(2) {
        let conditions = (0..1 + random.below(2)).map(|_| condition(random));
        rule.insert("when".to_owned(), conditions.collect());
    }
    Value::Object(rule)
}

/// Returns a rule of what has an exact equal: of a DENY rule, and of what must not be, nothing that
/// is compared loosely.
fn exact_rule(random: &mut Random, denies: bool) -> Value {
    let mut rule = Map::new();
    if denies || random.rarely(2) {
        let sources: &[(&str, &[&str])] = &[
            ("principals", &[CALLERS[0], CALLERS[2], "*", "cluster.local/*", "*/sa/web"]),
            ("notPrincipals", &[CALLERS[0], "*/sa/web"]),
            (
                "requestPrincipals",
                &["*", "https://issuer.example/alice", "https://issuer.example/*", "*/bob"],
            ),
            ("notRequestPrincipals", &["https://issuer.example/alice", "*/bob"]),
            ("namespaces", &["shop", "sh*", "*"]),
            ("notNamespaces", &["shop", "*ing"]),
            ("trustDomains", &["cluster.local", "td*"]),
            ("remoteIpBlocks", &["127.0.0.1", "10.0.0.0/8"]),
        ];
        let (key, values) = random.one(sources);
        rule.insert("from".to_owned(), json!([{"source": {key: random.some(values, 2)}}]));
    }
    let operations: &[(&str, &[&str])] = &[
        ("methods", &["GET", "POST", "DELETE"]),
        ("notMethods", &["PUT", "DELETE"]),
        ("hosts", &["orders*", "*"]),
        ("notPorts", &["1", "2"]),
        (
            "paths",
            &[
                "/orders",
                "/orders/*",
                "/order*",
                "*.json",
                "/healthz",
                "/admin*",
                "/a/x/b",
                "/",
                "*",
            ],
        ),
        ("paths", &["/orders*", "/a*"]),
    ];
    let (key, values) = random.one(if denies { &operations[..2] } else { operations });
    rule.insert("to".to_owned(), json!([{"operation": {key: random.some(values, 3)}}]));
    if !denies && random.rarely(2) {
        let conditions: &[(&str, &[&str])] = &[
            ("request.auth.claims[roles]", &["reader", "writer", "admin"]),
            ("request.auth.claims[roles]", &["re*", "*er", "*"]),
            ("request.auth.claims[org][team]", &["red", "blue"]),
            ("request.auth.claims[a.b]", &["red"]),
            ("request.auth.presenter", &["app"]),
            ("source.namespace", &["shop", "shop*"]),
        ];
        let (key, values) = random.one(conditions);
        rule.insert("when".to_owned(), json!([{"key": key, "values": random.some(values, 2)}]));
    }
    Value::Object(rule)
}

/// Returns an object with some of these keys, one at least, each with some of its values; now and
/// then the `not…` twin.
fn keyed(random: &mut Random, keys: &[(&str, &[&str])]) -> Value {
    let mut object = Map::new();
    for _ in 0..1 + random.below(2) {
        let (key, values) = random.one(keys);
        let name = if random.rarely(4) {
            let (first, rest) = key.split_at(1);
            format!("not{}{rest}", first.to_ascii_uppercase())
        } else {
            key.to_owned()
        };
        object.insert(name, json!(random.some(values, 2)));
    }
    Value::Object(object)
}

const REQUEST_PRINCIPALS: &[&str] = &[
    "*",
    "*",
    "https://issuer.example/alice",
    "https://issuer.example/*",
    "*/bob",
    "https://issuer.example/al*",
    "https://other.example/alice",
    "*ice",
    "https://a.example/*",
    "https://issuer.ex*",
    "*a.example/alice",
];

fn source(random: &mut Random) -> Value {
    keyed(
        random,
        &[
            (
                "principals",
                &[
                    CALLERS[0],
                    CALLERS[2],
                    "*",
                    "cluster.local/*",
                    "*/sa/web",
                    "td.example/ns/shop/*",
                ],
            ),
            ("principals", &[CALLERS[0], CALLERS[1]]),
            ("requestPrincipals", REQUEST_PRINCIPALS),
            ("namespaces", &["shop", "billing", "sh*", "*ing", "*"]),
            ("ipBlocks", &["127.0.0.0/8", "10.0.0.0/8", "127.1.2.3/8"]),
            ("remoteIpBlocks", &["127.0.0.1", "10.0.0.0/8"]),
            ("trustDomains", &["cluster.local", "td.example", "td*", "*"]),
        ],
    )
}

fn operation(random: &mut Random) -> Value {
    keyed(
        random,
        &[
            ("methods", &["GET", "POST", "DELETE", "HEAD"]),
            ("methods", &["GET", "P*", "*", "*T"]),
            (
                "paths",
                &[
                    "/orders",
                    "/orders/*",
                    "/order*",
                    "*.json",
                    "/healthz",
                    "/admin",
                    "/admin/*",
                    "/a/x/b",
                    "/",
                ],
            ),
            ("paths", &["/orders", "/orders/", "*", "*s", "/orders/1/items"]),
            (
                "paths",
                &[
                    "/orders/{*}",
                    "/orders/{**}",
                    "/a/{*}/b",
                    "/a/{**}/b",
                    "/{*}",
                    "/orders/{*}/{**}",
                    "/{**}",
                ],
            ),
            ("paths", &["/v1/items:get", "/a%20b", "/orders;*", "orders", "/orders/a*b"]),
            (
                "hosts",
                &[
                    "orders.example",
                    "*.orders.example",
                    "orders*",
                    "orders.*",
                    "*",
                    "orders.example:*",
                    "billing.test",
                ],
            ),
            // No request comes in on port 1.
            ("ports", &["1", "2"]),
        ],
    )
}

fn condition(random: &mut Random) -> Value {
    let roles: &[&str] = &["reader", "writer", "admin"];
    let (key, values) = random.one(&[
        ("request.auth.claims[roles]", roles),
        ("request.auth.claims[roles]", roles),
        ("request.auth.claims[roles]", &["re*", "*er", "*", "true", "7"]),
        ("request.auth.claims[scope]", &["read", "write", "re*", "*te", "*", "read write"]),
        ("request.auth.claims[org][team]", &["red", "blue", "r*"]),
        ("request.auth.claims[a.b]", &["red", "blue"]),
        ("request.auth.claims[suspended]", &["true", "*"]),
        ("request.auth.audiences", &["mesh", "other", "m*"]),
        ("request.auth.presenter", &["app", "ap*"]),
        ("request.auth.principal", REQUEST_PRINCIPALS),
        ("request.headers[x-tier]", &["gold", "g*", "*"]),
        ("source.principal", &[CALLERS[0], "*", "*/sa/web", "cluster.local/ns/shop*"]),
        ("source.namespace", &["shop", "billing", "shop*"]),
        ("source.serviceAccount", &["web", "billing/invoicer"]),
        ("source.ip", &["127.0.0.1", "10.0.0.0/8"]),
        ("remote.ip", &["127.0.0.0/8", "10.1.0.0/16"]),
        ("destination.ip", &["127.0.0.1", "10.0.0.0/8"]),
        ("destination.port", &["1", "2"]),
        ("connection.sni", &["workload.test", "other.test"]),
    ]);
    let mut condition = json!({"key": key});
    let name = if random.rarely(4) { "notValues" } else { "values" };
    condition[name] = json!(random.some(values, 2));
    condition
}

/// Returns a request, for a workload whose issuers are those of a RequestAuthentication.
pub(crate) fn request(random: &mut Random, authentication: &Value) -> Result<Draft> {
    let (odd_path, odd_host) = (random.rarely(4), random.rarely(8));
    let mut path = random.one(if odd_path { &ODD[..] } else { &PLAIN[..] }).to_owned();
    let host = random.one(if odd_host { &ODD_HOSTS[..] } else { &HOSTS[..] }).to_owned();
    let mut headers = vec![("host".to_owned(), host)];
    let mut query = if random.rarely(8) { vec!["a=/healthz".to_owned()] } else { Vec::new() };
    let has_token = !random.rarely(4);
    let (token, odd_token) = token(random)?;
    if has_token {
        let rule = &authentication["spec"]["jwtRules"][0];
        let own = rule["fromHeaders"][0]["name"].as_str();
        match random.below(5) {
            0 => query.push(format!("access_token={token}")),
            1 if own.is_some() => headers.push(("x-token".to_owned(), token)),
            1 if rule["fromCookies"].is_array() => {
                headers.push(("cookie".to_owned(), format!("a=b; token={token}")))
            }
            1 => query.push(format!("token={token}")),
            _ => headers.push(("authorization".to_owned(), format!("Bearer {token}"))),
        }
    }
    if random.rarely(6) {
        headers.push(("x-tier".to_owned(), random.one(&["gold", "silver"]).to_owned()));
    }
    if random.rarely(8) {
        headers.push((
            "x-forwarded-for".to_owned(),
            random.one(&["10.1.2.3", "192.0.2.1"]).to_owned(),
        ));
    }
    let is_preflight = !has_token && random.rarely(8);
    let mut method = random.one(&METHODS).to_owned();
    if is_preflight {
        method = "OPTIONS".to_owned();
        headers.push(("origin".to_owned(), "https://page.example".to_owned()));
        headers.push(("access-control-request-method".to_owned(), "GET".to_owned()));
    }
    if random.rarely(16) {
        headers.push(("x-http-method-override".to_owned(), "DELETE".to_owned()));
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let caller = (!random.rarely(3)).then(|| random.one(&CALLERS));
    let is_plain = !(odd_path || odd_host || has_token && odd_token);
    Ok(Draft { method, path, headers, caller, is_plain })
}

/// Returns a token, and whether its claims are such as no provider writes.
fn token(random: &mut Random) -> Result<(String, bool)> {
    let mut claims = json!({"sub": random.one(&["alice", "bob", "alicia", "carol"])});
    let odd = random.rarely(8);
    claims["roles"] = match random.below(if odd { 9 } else { 4 }) {
        0 => json!(["reader"]),
        1 => json!(["writer", "auditor"]),
        2 => json!("reader"),
        3 => json!(["admin", "reader"]),
        4 => json!(true),
        5 => json!(7),
        6 => json!([["reader"], 7, true, "x"]),
        7 => json!({"reader": true}),
        _ => json!(""),
    };
    match random.below(if odd { 7 } else { 4 }) {
        0 => {}
        1 => claims["scope"] = json!("read"),
        2 => claims["scope"] = json!("read write"),
        3 => claims["scope"] = json!(["read", "write"]),
        4 => claims["scope"] = json!(["read write"]),
        5 => claims["scope"] = json!("  "),
        _ => claims["scope"] = json!(" write  read "),
    }
    if random.rarely(2) {
        claims["org"] = json!({"team": random.one(&["red", "blue"])});
    }
    if random.rarely(4) {
        claims["a.b"] = json!("red");
    }
    if random.rarely(4) {
        claims["suspended"] = random.one(&[json!(true), json!(false), json!("true"), Value::Null]);
    }
    if random.rarely(3) {
        claims["azp"] = json!("app");
    }
    claims["aud"] = random.one(&[json!("mesh"), json!(["other", "mesh"]), json!(["other"])]);
    if random.rarely(6) {
        claims["iss"] = json!(random.one(&["https://a.example", "https://nobody.example"]));
    }
    let mut spec = TokenSpec::with_claims(claims);
    if odd {
        match random.below(4) {
            0 => spec.without.push("sub".to_owned()),
            1 => _ = spec.claims.insert("sub".to_owned(), json!("")),
            2 => _ = spec.claims.insert("sub".to_owned(), json!("al\nice")),
            _ => spec.without.push("exp".to_owned()),
        }
    }
    if random.rarely(8) {
        spec.tamper.push(Tamper::Signature);
    }
    Ok((spec.mint(token::now())?, odd))
}
