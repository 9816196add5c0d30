//! What is said of a request of which not everything is known is what the engine says when it is.

use super::{Fate, Judge, Knows, Logged, LoggedToken, Outcome, Recorded, Says, Taking, TokenState};
use crate::explain::{Client, RequestLine, TokenPlace, TrialHost, header_map, trusting, unsigned};
use crate::input::{Configuration, Input};
use attache_engine::host::Workload;
use attache_engine::policy::View;
use attache_engine::{Class, Decided, Decision, Engine};
use attache_plugin_config::Config;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const CLAIMS: [&str; 4] = ["sub", "roles", "tenant", "mfa"];

/// A request, whole.
#[derive(Clone, Debug)]
struct Whole {
    method: &'static str,
    path: &'static str,
    host: &'static str,
    client: Client,
    tenant_header: Option<&'static str>,
    token: Sent,
}

#[derive(Clone, Debug)]
enum Sent {
    Nothing,
    Good(Map<String, Value>),
    Expired,
}

/// What of it a log has.
#[derive(Clone, Debug)]
struct Mask {
    knows: Knows,
    state: bool,
    claims: Vec<&'static str>,
}

fn some<T: Clone + std::fmt::Debug + 'static>(values: Vec<T>) -> impl Strategy<Value = Vec<T>> {
    let most = values.len().min(2);
    subsequence(values, 0..=most)
}

fn operation() -> impl Strategy<Value = Value> {
    let methods = some(vec!["GET", "POST", "DELETE"]);
    let paths = some(vec!["/a", "/a/{id}", "/a/*", "/b*", "*"]);
    let not_paths = some(vec!["/a/x", "/b/{**}"]);
    let hosts = some(vec!["a.example"]);
    let ports = some(vec![8080]);
    (methods, paths, not_paths, hosts, ports).prop_map(|(methods, paths, not_paths, hosts, ports)| {
        let mut operation = json!({"methods": methods, "paths": paths, "notPaths": not_paths, "hosts": hosts, "ports": ports});
        let members = operation.as_object_mut().unwrap();
        members.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
        if members.is_empty() {
            members.insert("methods".to_owned(), json!(["GET"]));
        }
        operation
    })
}

fn condition() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"claim": "tenant", "in": ["acme", "globex"]}),
        json!({"claim": "tenant", "notEquals": "acme"}),
        json!({"claim": "mfa", "notEquals": true}),
        json!({"claim": "mfa", "exists": true}),
        json!({"claim": "tenant", "equalsHeader": "x-tenant"}),
        json!({"claim": "sub", "equalsClaim": "tenant"}),
        json!({"claim": "sub", "prefix": "a"}),
    ])
}

fn rule() -> impl Strategy<Value = Value> {
    let roles = (some(vec!["reader", "writer"]), some(vec!["banned"]));
    let from = prop::option::of(select(vec![
        json!({"namespaces": ["shop"]}),
        json!({"notNamespaces": ["shop"]}),
        json!({"ipBlocks": ["10.0.0.0/8"]}),
        json!({"remoteIpBlocks": ["10.0.0.0/8"]}),
    ]));
    let kind = select(vec![
        ("ALLOW", "REQUIRED"),
        ("ALLOW", "REQUIRED"),
        ("ALLOW", "OPTIONAL"),
        ("ALLOW", "NONE"),
        ("DENY", ""),
    ]);
    (
        kind,
        prop::collection::vec(operation(), 0..3),
        from,
        roles,
        prop::collection::vec(condition(), 0..2),
        any::<bool>(),
    )
        .prop_map(
            |((action, authentication), to, from, (any_of, none_of), when, is_shadow)| {
                let mut rule = json!({"action": action});
                let members = rule.as_object_mut().unwrap();
                if !to.is_empty() {
                    members.insert("to".to_owned(), json!(to));
                }
                if let Some(from) = from {
                    members.insert("from".to_owned(), json!([from]));
                }
                if action == "ALLOW" {
                    members.insert("authentication".to_owned(), json!(authentication));
                }
                if authentication == "REQUIRED" || action == "DENY" {
                    let mut roles = json!({"anyOf": any_of, "noneOf": none_of});
                    roles
                        .as_object_mut()
                        .unwrap()
                        .retain(|_, value| value.as_array().is_some_and(|list| !list.is_empty()));
                    if roles.as_object().is_some_and(|roles| !roles.is_empty()) {
                        members.insert("roles".to_owned(), roles);
                    }
                    if !when.is_empty() {
                        members.insert("when".to_owned(), json!(when));
                    }
                }
                if is_shadow && to.len() == 2 {
                    members.insert("mode".to_owned(), json!("SHADOW"));
                }
                rule
            },
        )
}

fn document() -> impl Strategy<Value = Value> {
    let policy = (prop::collection::vec(rule(), 1..5), select(vec!["DENY", "DENY", "ALLOW"]));
    (prop::collection::vec(policy, 1..3), select(vec!["COMPARE", "REFUSE", "NORMALIZE"])).prop_map(|(policies, ambiguous)| {
        let policies = policies.into_iter().enumerate().map(|(number, (rules, default))| {
            let rules = rules.into_iter().enumerate().map(|(number, mut rule)| {
                rule.as_object_mut().unwrap().insert("name".to_owned(), json!(format!("r{number}")));
                rule
            });
            json!({"name": format!("p{number}"), "defaultAction": default, "rules": rules.collect::<Vec<_>>()})
        });
        json!({
            "issuers": [{"name": "tyk", "issuer": "https://tyk.example.com", "jwksUri": "https://tyk.example.com/keys",
                "roleClaims": [{"claim": "roles"}]}],
            "policies": policies.collect::<Vec<_>>(),
            "paths": {"ambiguous": ambiguous},
        })
    })
}

fn whole() -> impl Strategy<Value = Whole> {
    let claims = (
        select(vec![json!("alice"), json!("acme"), json!("x")]),
        prop::option::of(select(vec![
            json!(["reader"]),
            json!(["writer", "banned"]),
            json!(["other"]),
        ])),
        prop::option::of(select(vec![json!("acme"), json!("globex"), json!("initech")])),
        prop::option::of(select(vec![json!(true), json!(false)])),
    );
    let good = claims.prop_map(|(sub, roles, tenant, mfa)| {
        let all = [("sub", Some(sub)), ("roles", roles), ("tenant", tenant), ("mfa", mfa)];
        Sent::Good(
            all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
        )
    });
    let token = prop_oneof![1 => Just(Sent::Nothing), 4 => good, 1 => Just(Sent::Expired)];
    let principal = select(vec![
        None,
        Some("cluster.local/ns/shop/sa/web"),
        Some("cluster.local/ns/billing/sa/x"),
    ]);
    let address = select(vec!["10.1.2.3", "192.0.2.1"]);
    (
        select(vec!["GET", "POST", "DELETE"]),
        select(vec![
            "/a",
            "/a/x",
            "/b",
            "/b/c",
            "/a/%2e%2e/b",
            "/a//x",
            "/a%2fx",
            "/a;b/x",
            "/%zz",
            "/c",
        ]),
        select(vec!["a.example", "b.example", "a@b"]),
        principal,
        address,
        select(vec![8080_u16, 80]),
        select(vec![None, Some("acme"), Some("x")]),
        token,
    )
        .prop_map(|(method, path, host, principal, address, port, tenant_header, token)| {
            Whole {
                method,
                path,
                host,
                client: Client {
                    principal: principal.map(str::to_owned),
                    address: address.parse().ok(),
                    client_address: None,
                    port: Some(port),
                },
                tenant_header,
                token,
            }
        })
}

fn mask() -> impl Strategy<Value = Mask> {
    let flags = prop::array::uniform8(prop::bool::weighted(0.8));
    (flags, prop::bool::weighted(0.8), subsequence(CLAIMS.to_vec(), 0..=CLAIMS.len())).prop_map(
        |(flags, state, claims)| {
            let [method, path, host, headers, caller, port, address, client_address] = flags;
            let knows =
                Knows { method, path, host, headers, caller, port, address, client_address };
            Mask { knows, state, claims }
        },
    )
}

const EVERYTHING: Knows = Knows {
    method: true,
    path: true,
    host: true,
    headers: true,
    caller: true,
    port: true,
    address: true,
    client_address: true,
};

impl Whole {
    /// Returns what a log with this mask has of it.
    fn logged(&self, mask: &Mask) -> Logged {
        let mut token = LoggedToken { issuer: Some("tyk".to_owned()), ..LoggedToken::default() };
        token.state = match (&self.token, mask.state) {
            (_, false) => TokenState::Unknown,
            (Sent::Nothing, true) => TokenState::Missing,
            (Sent::Good(_), true) => TokenState::Good,
            (Sent::Expired, true) => TokenState::Bad,
        };
        if let (Sent::Good(claims), TokenState::Good) = (&self.token, token.state) {
            for name in &mask.claims {
                match claims.get(*name) {
                    Some(value) => _ = token.claims.insert((*name).to_owned(), value.clone()),
                    None => token.absent.push((*name).to_owned()),
                }
            }
        }
        let Knows { method, path, host, headers, caller, port, address, client_address } =
            mask.knows;
        // What is not known is something else, so that a verdict that looks at it shows.
        Logged {
            method: if method { self.method } else { "PATCH" }.to_owned(),
            target: if path { self.path } else { "/elsewhere" }.to_owned(),
            host: if host { self.host } else { "elsewhere.example" }.to_owned(),
            headers: self
                .tenant_header
                .filter(|_| headers)
                .map(|value| ("x-tenant".to_owned(), value.to_owned()))
                .into_iter()
                .collect(),
            client: Client {
                principal: self.client.principal.clone().filter(|_| caller),
                address: self.client.address.filter(|_| address && client_address),
                client_address: self.client.address.filter(|_| client_address && !address),
                port: self.client.port.filter(|_| port),
            },
            knows: Knows { address: address && client_address, ..mask.knows },
            token,
            before: super::Before::Allowed,
            rule: None,
            time: None,
            request_id: None,
        }
    }

    fn headers(&self, config: &Config) -> Vec<(String, Vec<u8>)> {
        let line = RequestLine { method: self.method.to_owned(), target: self.path.to_owned() };
        let mut headers =
            header_map(&line, self.host, self.tenant_header.map(|value| ("x-tenant", value)));
        let claims = match &self.token {
            Sent::Nothing => return headers,
            Sent::Good(claims) => claims.clone(),
            Sent::Expired => Map::from_iter([("exp".to_owned(), json!(1))]),
        };
        let token = unsigned(claims, &[], None, NOW, config).unwrap();
        headers.push(TokenPlace::of(config).header(&token));
        headers
    }
}

const NOW: u64 = 1_700_000_000;

/// Returns nothing where the filter would refuse it: for two conditions that never hold together.
fn configuration(document: &Value) -> Option<(Configuration, Config)> {
    let configuration =
        Input::of_text("generated.json".to_owned(), document.to_string()).only().unwrap();
    let config = configuration.parse().ok()?;
    Some((configuration, config))
}

/// What the engine says: the reason, `None` where the request goes on, and the rule.
fn said(
    engine: &Engine,
    whole: &Whole,
    config: &Config,
) -> (Option<attache_engine::Reason>, Option<String>) {
    let host = TrialHost {
        client: whole.client.clone(),
        trusts_signatures: true,
        now: NOW,
        ends_with_headers: true,
    };
    let headers = whole.headers(config);
    let Decision::Decided(Decided { outcome, rule, .. }) = engine.decide(&headers, &host.context())
    else {
        panic!("it waits")
    };
    let reason = match outcome {
        attache_engine::Outcome::Forward => None,
        attache_engine::Outcome::Refuse { cause, .. } => Some(cause.reason),
    };
    (reason, rule.and_then(|rule| engine.rule(rule)).map(|names| names.to_string()))
}

#[expect(
    clippy::unwrap_in_result,
    reason = "what can't fail fails the test; the result is proptest's"
)]
fn check(document: &Value, whole: &Whole, mask: &Mask) -> Result<Option<Fate>, TestCaseError> {
    let Some((configuration, config)) = configuration(document) else { return Ok(None) };
    let trial = trusting(&config);
    let engine = Engine::new(&trial, &Workload::default(), &configuration.environment()).unwrap();
    let (reason, rule) = said(&engine, whole, &trial);
    let judge = Judge::new(
        &configuration,
        &config,
        Workload::default(),
        View::Enforced,
        Taking::EveryToken,
    )
    .unwrap();

    let all = whole.logged(&Mask { knows: EVERYTHING, state: true, claims: CLAIMS.to_vec() });
    let fate = judge.judge(&all).unwrap().fate(&Recorded::default());
    let (is_same, own_rule) = match (fate, reason) {
        (Fate::Known(Outcome::Allowed { rule }), None) => (true, rule),
        (Fate::Known(Outcome::Refused { says: Says::BadToken, rule }), Some(reason)) => {
            (reason.class() == Class::BadToken, rule)
        }
        (Fate::Known(Outcome::Refused { says: Says::Reason(own), rule }), Some(reason)) => {
            (own == reason, rule)
        }
        _ => (false, None),
    };
    prop_assert!(
        is_same,
        "{fate:?} is not {reason:?}",
        fate = judge.judge(&all).unwrap().fate(&Recorded::default())
    );
    prop_assert_eq!(own_rule.map(|rule| judge.rule(rule)), rule);

    let part = whole.logged(mask);
    let fate = judge.judge(&part).unwrap().fate(&Recorded::default());
    match &fate {
        Fate::Known(outcome) => {
            prop_assert_eq!(outcome.is_allowed(), reason.is_none(), "{:?} {:?}", outcome, reason)
        }
        Fate::Unknown(needs) => {
            prop_assert!(!needs.is_empty(), "nothing is needed, and nothing known")
        }
    }
    if let Fate::Known(Outcome::Refused { says: Says::Reason(own), .. }) = &fate {
        prop_assert_eq!(Some(*own), reason);
    }
    Ok(Some(fate))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn a_known_verdict_is_that_of_the_engine(document in document(), whole in whole(), mask in mask()) {
        check(&document, &whole, &mask)?;
    }
}

#[test]
fn the_generated_requests_are_of_every_kind() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = (document(), whole(), mask());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..300 {
        let (document, whole, mask) = strategy.new_tree(&mut runner).unwrap().current();
        let kind = match check(&document, &whole, &mask).unwrap() {
            Some(Fate::Known(Outcome::Allowed { .. })) => "allowed",
            Some(Fate::Known(Outcome::Refused { .. })) => "refused",
            Some(Fate::Unknown(_)) => "unknown",
            None => "invalid",
        };
        *counts.entry(kind).or_default() += 1;
    }
    assert!(counts.get("invalid").is_none_or(|count| *count < 100), "{counts:?}");
    for kind in ["allowed", "refused", "unknown"] {
        assert!(counts.get(kind).is_some_and(|count| *count >= 20), "{counts:?}");
    }
}

#[test]
fn a_denial_that_one_reading_may_meet_is_not_told_as_another_refusal() {
    let of = |rules: Value| {
        json!({
            "issuers": [{
                "name": "tyk",
                "issuer": "https://tyk.example.com",
                "jwksUri": "https://tyk.example.com/keys",
                "roleClaims": [{"claim": "roles"}],
            }],
            "policies": [{"name": "p0", "rules": rules}],
        })
    };
    let denial = json!({
        "name": "r0", "action": "DENY", "to": [{"paths": ["/a"]}], "roles": {"noneOf": ["banned"]},
    });
    let allowed = |path: &str| json!({"name": "r1", "to": [{"paths": [path]}]});
    let whole = Whole {
        method: "GET",
        path: "/a;b/x",
        host: "a.example",
        client: Client::default(),
        tenant_header: None,
        token: Sent::Good(Map::from_iter([("sub".to_owned(), json!("alice"))])),
    };
    let mask = Mask { knows: EVERYTHING, state: true, claims: Vec::new() };
    for rules in
        [json!([denial]), json!([denial, allowed("/a")]), json!([denial, allowed("/a;b/x")])]
    {
        check(&of(rules), &whole, &mask).unwrap();
    }
}
