//! Configurations and requests that are made up.

use crate::comparison::{Tally, compare};
use crate::interpreter::Interpreter;
use crate::question::{Question, Subject, logging_all};
use crate::random::Random;
use crate::sidecar::Sidecar;
use anyhow::{Result, ensure};
use attache_e2e::envoy::Workload;
use attache_plugin_config::parse;
use attache_test_fixtures::document::key_set;
use attache_test_fixtures::token::{Tamper, TokenSpec, now};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many requests are made up where nobody says it, and how many to each configuration.
const REQUESTS: usize = 100;
const TO_EACH: usize = 50;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "OPTIONS"];
const HOSTS: [&str; 4] = ["orders.example", "orders.shop", "a.orders.shop:8080", "billing.example"];
const ROLES: [&str; 4] = ["reader", "writer", "admin", "auditor"];
const PATTERNS: [&str; 11] = [
    "/orders",
    "/orders/*",
    "/order*",
    "*.json",
    "*",
    "/orders/{id}",
    "/orders/{id}/items",
    "/{**}",
    "/a/{**}/z",
    "/healthz",
    "/users/{user}/{**}",
];
/// Among them some that backends read in several ways. Dot segments and `\` are not among them: the
/// proxy resolves these before the filter sees them.
const PATHS: [&str; 17] = [
    "/",
    "/orders",
    "/orders/",
    "/Orders",
    "/orders/7",
    "/orders/7/items",
    "/orders/a.json",
    "/healthz",
    "/a/z",
    "/a/b/c/z",
    "/users/alice/x",
    "/users/bob/x",
    "/orders%2f7",
    "/orders//7",
    "/orders;a=b/7",
    "/orders%5c7",
    "/orders/7?_method=DELETE",
];
const CLAIMS: [&str; 6] = ["sub", "tenant", "level", "vip", "groups", "address.country"];

/// Returns a configuration that the filter takes.
fn configuration(random: &mut Random, keys: &Value) -> Value {
    loop {
        let policies: Vec<Value> = (0..=usize::from(random.rarely(2)))
            .map(|index| {
                let mut policy = json!({"name": format!("p{index}"), "rules": rules(random)});
                if random.rarely(5) {
                    policy["defaultAction"] = json!("ALLOW");
                }
                if random.rarely(6) {
                    policy["paths"] = json!({"caseSensitive": false, "trailingSlash": "SAME"});
                }
                if random.rarely(8) {
                    policy["selector"] =
                        json!({"labels": {"app": random.one(&["orders", "billing"])}});
                }
                policy
            })
            .collect();
        let mut document = json!({
            "issuers": [{
                "name": "test", "issuer": "https://issuer.example", "audiences": ["mesh"], "jwks": keys,
                "roleClaims": [{"claim": "roles"}], "outputClaimToHeaders": [{"header": "x-user", "claim": "sub"}],
            }],
            "policies": policies,
        });
        if random.rarely(3) {
            document["roleHierarchy"] = json!({"admin": ["writer"], "writer": ["reader"]});
        }
        if random.rarely(4) {
            document["paths"] =
                json!({"ambiguous": random.one(&["COMPARE", "REFUSE", "NORMALIZE"])});
        }
        if random.rarely(4) {
            document["methods"] = json!({"override": random.one(&["COMPARE", "REFUSE", "IGNORE"])});
        }
        if random.rarely(4) {
            document["cors"] = json!({"preflight": "ENFORCE"});
        }
        let document = logging_all(document);
        if parse(document.to_string().as_bytes()).is_ok() {
            return document;
        }
    }
}

fn rules(random: &mut Random) -> Vec<Value> {
    let count = if random.rarely(2) { 3 } else { 6 };
    (0..count).map(|index| rule(random, index)).collect()
}

fn rule(random: &mut Random, index: usize) -> Value {
    let mut rule = json!({"name": format!("r{index}")});
    let denies = random.rarely(4);
    if denies {
        rule["action"] = json!("DENY");
    }
    if random.rarely(10) {
        rule["mode"] = json!("SHADOW");
    }
    let mut to = json!({});
    if random.rarely(2) {
        to["methods"] = json!(random.some(&METHODS, 3));
    }
    if !random.rarely(4) {
        to["paths"] = json!(random.some(&PATTERNS, 3));
    }
    if random.rarely(5) {
        to["notPaths"] = json!(random.some(&PATTERNS, 1));
    }
    if random.rarely(5) {
        to["hosts"] = json!(random.some(&["orders.example", "*.shop", "orders.*"], 2));
    }
    if to != json!({}) {
        rule["to"] = json!([to]);
    }
    if random.rarely(6) {
        rule["from"] = json!([{"namespaces": random.some(&["web", "edge"], 2)}]);
    }
    if !denies && random.rarely(5) {
        rule["authentication"] = json!(random.one(&["NONE", "OPTIONAL"]));
        return rule;
    }
    if random.rarely(2) {
        let key = random.one(&["anyOf", "allOf", "noneOf"]);
        rule["roles"] = json!({key: random.some(&ROLES, 2)});
    }
    if random.rarely(3) {
        rule["when"] = json!([condition(random)]);
    }
    rule
}

fn condition(random: &mut Random) -> Value {
    let claim = random.one(&CLAIMS);
    match random.one(&[
        "equals",
        "notEquals",
        "in",
        "prefix",
        "exists",
        "lessThan",
        "contains",
        "equalsHeader",
    ]) {
        "equals" => json!({"claim": claim, "equals": random.one(&["alice", "acme", "5"])}),
        "notEquals" => json!({"claim": claim, "notEquals": random.one(&["alice", "acme", "5"])}),
        "in" => json!({"claim": claim, "in": ["acme", "alice", 5]}),
        "prefix" => json!({"claim": claim, "prefix": "a"}),
        "exists" => json!({"claim": claim, "exists": random.rarely(2)}),
        "lessThan" => json!({"claim": claim, "lessThan": 7}),
        "contains" => json!({"claim": claim, "contains": "staff"}),
        _ => json!({"claim": claim, "equalsHeader": "x-tenant"}),
    }
}

fn question(random: &mut Random, now: u64) -> Result<Question> {
    let mut headers = Vec::new();
    if let Some(token) = token(random, now)? {
        headers.push(("authorization".to_owned(), format!("Bearer {token}")));
    }
    let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
    if random.rarely(6) {
        add("x-http-method-override", random.one(&METHODS));
    }
    if random.rarely(6) {
        add("x-user", "root");
    }
    if random.rarely(4) {
        add("x-tenant", random.one(&["acme", "globex", "alice"]));
    }
    if random.rarely(6) {
        add("origin", "https://page.example");
        add("access-control-request-method", "GET");
    }
    Ok(Question {
        name: "made up".to_owned(),
        method: random.one(&METHODS).to_owned(),
        path: random.one(&PATHS).to_owned(),
        host: random.one(&HOSTS).to_owned(),
        headers,
        caller: None,
    })
}

/// Returns a token, mostly a good one.
fn token(random: &mut Random, now: u64) -> Result<Option<String>> {
    if random.rarely(8) {
        return Ok(None);
    }
    let mut claims = json!({"sub": random.one(&["alice", "bob", "user\nroot"]), "roles": random.some(&ROLES, 2)});
    for (name, values) in [
        ("tenant", [json!("acme"), json!("globex"), json!(null)]),
        ("level", [json!(5), json!("5"), json!(7.5)]),
        ("vip", [json!(true), json!("true"), json!(false)]),
        ("groups", [json!(["staff", "dev"]), json!("staff"), json!([])]),
        ("address", [json!({"country": "acme"}), json!("acme"), json!({})]),
    ] {
        if !random.rarely(3) {
            let [one, other, another] = &values;
            claims[name] = random.one(&[one, other, another]).clone();
        }
    }
    if random.rarely(12) {
        claims["exp"] = json!(now - 600);
    }
    if random.rarely(12) {
        claims["aud"] = json!("elsewhere");
    }
    let mut spec = TokenSpec::with_claims(claims);
    if random.rarely(12) {
        spec.tamper = vec![*random.one(&[&Tamper::Signature, &Tamper::Payload, &Tamper::TwoParts])];
    }
    if random.rarely(4) {
        spec.key = Some(random.one(&["rsa", "ed25519", "p384"]).to_owned());
    }
    spec.mint(now).map(Some)
}

#[tokio::test]
async fn made_up_requests_are_decided_alike_everywhere() -> Result<()> {
    let requests = match std::env::var("ATTACHE_VERDICTS") {
        Ok(count) => count.parse()?,
        Err(_) => REQUESTS,
    };
    let keys = key_set()?;
    let mut random = Random::new(20);
    let mut tally = Tally::default();
    let mut places: Option<(Interpreter, Sidecar)> = None;
    while tally.requests < requests {
        let configuration = configuration(&mut random, &keys);
        let now = now();
        let questions = (0..TO_EACH).map(|_| question(&mut random, now)).collect::<Result<_>>()?;
        let subject = Subject {
            name: format!("after {} requests", tally.requests),
            configuration,
            workload: Workload::default(),
            environment: BTreeMap::new(),
            now,
            questions,
        };
        if places.is_none() {
            let interpreter =
                Interpreter::start(&subject.workload, &subject.configuration.to_string())?;
            places = Some((interpreter, Sidecar::start(&subject).await?));
        }
        if let Some((interpreter, sidecar)) = &mut places {
            compare(&subject, Some(interpreter), sidecar, &mut tally).await?;
        }
    }
    println!("{tally:?}");
    let share = |count: usize| count * 100 / tally.requests;
    ensure!((20..=90).contains(&share(tally.refused)) && share(tally.by_rule) >= 20, "{tally:?}");
    ensure!(tally.waiting == 0 && tally.unexplained == 0, "{tally:?}");
    Ok(())
}
