//! Policies: Envoy's RBAC filters behind jwt_authn, as Istio puts them for AuthorizationPolicies,
//! and Attaché's rules, as far as both can say the same.

use crate::differences::Judge;
use crate::pair::{Pairs, issuer, jwt_authn};
use crate::random::Random;
use crate::tokens::keys;
use anyhow::{Result, ensure};
use attache_test_fixtures::token::{self, TokenSpec};
use serde_json::{Value, json};

/// Policies, and requests to each of them.
const POLICIES: usize = 16;
const REQUESTS: usize = 64;

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
const HOSTS: [&str; 4] = ["orders.example", "orders.shop", "a.orders.shop", "billing.example"];
const ROLES: [&str; 4] = ["reader", "writer", "admin", "auditor"];
const SUBJECTS: [&str; 4] = ["alice", "bob", "alicia", "carol"];
const PATHS: [&str; 9] = [
    "/",
    "/orders",
    "/orders/",
    "/orders/1",
    "/orders/1/items",
    "/order",
    "/healthz",
    "/a.json",
    "/orders/a.json",
];
const PATTERNS: [&str; 9] =
    ["/", "/orders", "/orders/*", "/order*", "*.json", "*s", "/healthz", "*", "/orders/1/*"];

/// Ways to write a path that backends read differently; Envoy matches them as they stand.
const AMBIGUOUS: [(&str, &str); 5] = [
    ("encoded-slash", "/orders%2f1"),
    ("dot-segment", "/orders/../orders/1"),
    ("two-slashes", "/orders//1"),
    ("parameter", "/orders;a=b/1"),
    ("backslash", "/orders\\1"),
];

/// A rule in words that both sides have.
#[derive(Debug, Default)]
struct Rule {
    denies: bool,
    methods: Vec<&'static str>,
    not_methods: Vec<&'static str>,
    paths: Vec<&'static str>,
    not_paths: Vec<&'static str>,
    hosts: Vec<&'static str>,
    roles: Vec<&'static str>,
    subject: Option<(&'static str, &'static str)>,
}

fn rule(random: &mut Random) -> Rule {
    let mut rule = Rule { denies: random.rarely(4), ..Rule::default() };
    if random.rarely(2) {
        rule.methods = random.some(&METHODS, 2);
    } else if random.rarely(4) {
        rule.not_methods = random.some(&METHODS, 2);
    }
    if !random.rarely(4) {
        rule.paths = random.some(&PATTERNS, 3);
    }
    if random.rarely(4) {
        rule.not_paths = random.some(&PATTERNS[..7], 2);
        // Attaché refuses a configuration in which a pattern stands on both sides.
        rule.not_paths.retain(|pattern| !rule.paths.contains(pattern));
    }
    if random.rarely(4) {
        rule.hosts = random.some(&["orders.example", "*.shop", "orders.*"], 2);
    }
    if random.rarely(2) {
        rule.roles = random.some(&ROLES, 2);
    }
    if random.rarely(3) {
        rule.subject = Some((
            random.one(&["equals", "prefix", "suffix"]),
            random.one(&["alice", "ali", "ce", "bob"]),
        ));
    }
    if rule.methods.is_empty() && rule.paths.is_empty() && rule.hosts.is_empty() {
        rule.paths = vec!["/orders*"];
    }
    rule
}

impl Rule {
    fn attache(&self, index: usize) -> Value {
        let mut to = json!({});
        for (name, list) in [
            ("methods", &self.methods),
            ("notMethods", &self.not_methods),
            ("paths", &self.paths),
            ("notPaths", &self.not_paths),
            ("hosts", &self.hosts),
        ] {
            let mut list = list.clone();
            list.sort_unstable();
            list.dedup();
            if !list.is_empty() {
                to[name] = json!(list);
            }
        }
        let mut rule = json!({"name": format!("r{index}"), "to": [to]});
        if self.denies {
            rule["action"] = json!("DENY");
        }
        if !self.roles.is_empty() {
            let mut roles = self.roles.clone();
            roles.sort_unstable();
            roles.dedup();
            rule["roles"] = json!({"anyOf": roles});
        }
        if let Some((operator, text)) = self.subject {
            rule["when"] = json!([{"claim": "sub", operator: text}]);
        }
        rule
    }

    fn native(&self) -> Value {
        let any = |list: Vec<Value>| json!({"or_rules": {"rules": list}});
        let method = |method: &&str| json!({"header": {"name": ":method", "string_match": {"exact": method}}});
        let path = |pattern: &&str| json!({"url_path": {"path": string_match(pattern)}});
        let host = |pattern: &&str| json!({"header": {"name": ":authority", "string_match": string_match(pattern)}});
        let mut rules = vec![json!({"any": true})];
        if !self.methods.is_empty() {
            rules.push(any(self.methods.iter().map(method).collect()));
        }
        if !self.not_methods.is_empty() {
            rules.push(json!({"not_rule": any(self.not_methods.iter().map(method).collect())}));
        }
        if !self.paths.is_empty() {
            rules.push(any(self.paths.iter().map(path).collect()));
        }
        if !self.not_paths.is_empty() {
            rules.push(json!({"not_rule": any(self.not_paths.iter().map(path).collect())}));
        }
        if !self.hosts.is_empty() {
            rules.push(any(self.hosts.iter().map(host).collect()));
        }
        let mut ids = vec![json!({"any": true})];
        if !self.roles.is_empty() {
            let one = |role: &&str| {
                let string = json!({"string_match": {"exact": role}});
                metadata("roles", &json!({"list_match": {"one_of": string}}))
            };
            ids.push(json!({"or_ids": {"ids": self.roles.iter().map(one).collect::<Vec<_>>()}}));
        }
        if let Some((operator, text)) = self.subject {
            let kind = if operator == "equals" { "exact" } else { operator };
            ids.push(metadata("sub", &json!({"string_match": {kind: text}})));
        }
        json!({"permissions": [{"and_rules": {"rules": rules}}], "principals": [{"and_ids": {"ids": ids}}]})
    }
}

fn string_match(pattern: &str) -> Value {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => json!({"safe_regex": {"regex": ".+"}}),
        (Some(suffix), _) => json!({"suffix": suffix}),
        (_, Some(prefix)) => json!({"prefix": prefix}),
        _ => json!({"exact": pattern}),
    }
}

fn metadata(claim: &str, value: &Value) -> Value {
    json!({"sourced_metadata": {"metadata_matcher": {
        "filter": "envoy.filters.http.jwt_authn", "path": [{"key": "payload"}, {"key": claim}], "value": value,
    }}})
}

fn rbac(action: &str, rules: &[Rule]) -> Value {
    let policies: serde_json::Map<String, Value> = rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.denies == (action == "DENY"))
        .map(|(index, rule)| (format!("r{index}"), rule.native()))
        .collect();
    json!({
        "name": "envoy.filters.http.rbac",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
            "rules": {"action": action, "policies": policies},
        },
    })
}

fn pair(random: &mut Random, keys: &Value) -> (Vec<Value>, Value) {
    let rules: Vec<Rule> = (0..=random.below(5)).map(|_| rule(random)).collect();
    let listed: Vec<Value> =
        rules.iter().enumerate().map(|(index, rule)| rule.attache(index)).collect();
    let document = json!({
        "issuers": [issuer(keys)], "policies": [{"name": "p", "rules": listed}], "audit": {"log": "NONE"},
    });
    (vec![jwt_authn(keys), rbac("DENY", &rules), rbac("ALLOW", &rules)], document)
}

/// What is odd about a path that backends read alike.
fn plain(path: &'static str) -> (&'static str, &'static str) {
    // With or without the slash, one of the patterns is for it.
    let case = if path.trim_end_matches('/') == "/orders" { "slash-at-the-end" } else { "plain" };
    (case, path)
}

#[tokio::test]
async fn both_sides_allow_and_refuse_the_same_requests() -> Result<()> {
    let keys = keys()?;
    let mut random = Random::new(2);
    let policies: Vec<_> = (0..POLICIES).map(|_| pair(&mut random, &keys)).collect();
    let pairs = Pairs::start(&policies).await?;
    let mut judge = Judge::of_policies()?;
    for (index, (_, document)) in policies.iter().enumerate() {
        for number in 0..REQUESTS {
            let ambiguous = AMBIGUOUS.get(number).copied();
            let (case, path) = ambiguous.unwrap_or_else(|| plain(random.one(&PATHS)));
            let path =
                if random.rarely(5) { format!("{path}?a=/healthz") } else { path.to_owned() };
            let method = random.one(&METHODS);
            let mut headers = vec![("host".to_owned(), random.one(&HOSTS).to_owned())];
            if !random.rarely(12) {
                let claims = json!({"sub": random.one(&SUBJECTS), "roles": random.some(&ROLES, 2)});
                headers.push((
                    "authorization".to_owned(),
                    format!("Bearer {}", TokenSpec::with_claims(claims).mint(token::now())?),
                ));
            }
            let verdicts = pairs.ask(index, method, &path, &headers).await?;
            judge.note(
                &[case],
                &format!("{method} {path} {headers:?} under {}", document["policies"]),
                &verdicts,
            );
        }
    }
    let [refused, accepted] = judge.agreed;
    println!(
        "{} requests: both allow {accepted}, both refuse {refused}, they differ as listed in {}",
        POLICIES * REQUESTS,
        judge.differed
    );
    judge.finish()?;
    ensure!(accepted > 100 && refused > 100, "the requests were all alike\n{}", pairs.log());
    Ok(())
}
