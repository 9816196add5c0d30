//! Configurations from small alphabets, so that their rules meet often.

use attache_plugin_config::{Config, parse};
use fastrand::Rng;
use serde_json::{Map, Value, json};

const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"a","alg":"ES256",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
const PATHS: [&str; 18] = [
    "/",
    "/a",
    "/A",
    "/a/",
    "/a/b",
    "/a*",
    "/a/*",
    "/b*",
    "*",
    "*b",
    "*.css",
    "/{*}",
    "/{**}",
    "/a/{**}",
    "/{**}/b",
    "/u/{id}",
    "/u/{id}/{**}",
    "/{*}/b/",
];
const METHODS: [&str; 3] = ["GET", "POST", "DELETE"];
const HOSTS: [&str; 8] =
    ["a.test", "a.test:80", "*.test", "b.a.test:8080", "a.*", "other", "10.0.0.1", "*:8080"];
const ROLES: [&str; 5] = ["r0", "r1", "r2", "r3", "r4"];
const PRINCIPALS: [&str; 6] =
    ["td/ns/a/sa/x", "td/ns/a/sa/y", "td/ns/*", "*/sa/x", "*", "other/ns/b/sa/z"];

pub(super) struct Draft<'r> {
    pub(super) random: &'r mut Rng,
    /// Whether claims are compared with segments, headers and each other, too.
    pub(super) compares: bool,
}

impl Draft<'_> {
    /// Makes a document that the filter takes.
    pub(super) fn config(&mut self) -> (Value, Config) {
        loop {
            let document = self.document();
            if let Ok(config) = parse(document.to_string().as_bytes()) {
                return (document, config);
            }
        }
    }

    /// Changes a document a little.
    pub(super) fn changed(&mut self, document: &Value) -> (Value, Config) {
        loop {
            let mut changed = document.clone();
            let fresh = self.document();
            let Some(policies) = changed["policies"].as_array_mut() else { continue };
            match self.random.u8(..6) {
                0 => policies.push(self.policy(7)),
                1 => _ = policies.pop(),
                2 => changed["roleHierarchy"] = fresh["roleHierarchy"].clone(),
                3 => changed["issuers"] = fresh["issuers"].clone(),
                _ => {
                    let Some(policy) = policies.first_mut() else { continue };
                    let rule = self.rule(9);
                    let Some(rules) = policy["rules"].as_array_mut() else { continue };
                    let at = self.random.usize(..=rules.len());
                    if self.random.bool() && at < rules.len() {
                        rules.remove(at);
                    } else {
                        rules.insert(at, rule);
                    }
                }
            }
            if let Ok(config) = parse(changed.to_string().as_bytes()) {
                return (changed, config);
            }
        }
    }

    fn document(&mut self) -> Value {
        let policies: Vec<Value> =
            (0..self.random.usize(..3)).map(|number| self.policy(number)).collect();
        let mut issuers = vec![self.issuer("one")];
        if self.rarely(3) {
            issuers.push(self.issuer("two"));
        }
        json!({"issuers": issuers, "roleHierarchy": self.hierarchy(), "policies": policies})
    }

    fn issuer(&mut self, name: &str) -> Value {
        let mut issuer = json!({"name": name, "issuer": format!("https://{name}.test"),
            "jwks": serde_json::from_str::<Value>(KEYS).unwrap()});
        issuer["roleClaims"] = match self.random.u8(..6) {
            0 => json!([{"claim": "realm.roles"}]),
            1 => json!([{"claim": "scope", "split": " "}]),
            2 => json!([{"claim": "roles"}, {"claim": "more", "prefix": "r"}]),
            3 => json!([{"claim": "roles", "form": "KEYS"}]),
            _ => json!([{"claim": "roles"}]),
        };
        if self.rarely(3) {
            issuer["claims"] = json!([self.condition("", false)]);
        }
        if self.rarely(5) {
            issuer["presenters"] = json!([self.one(&PRINCIPALS)]);
        }
        if self.rarely(4) {
            issuer["subjectPrefix"] = json!(self.one(&["a", "p:"]));
        }
        if self.rarely(5) {
            issuer["subjects"] = json!([{"prefix": "a"}, {"exact": "x"}]);
        }
        if self.rarely(4) {
            issuer["audiences"] = json!(["mesh"]);
        }
        if self.rarely(3) {
            issuer["outputClaimToHeaders"] =
                json!([{"header": "x-out", "claim": "one", "format": "PERCENT_ENCODED"}]);
        }
        issuer
    }

    fn hierarchy(&mut self) -> Value {
        let mut hierarchy = Map::new();
        if self.rarely(2) {
            hierarchy.insert("r0".to_owned(), json!(["r1", "r2"]));
        }
        if self.rarely(3) {
            hierarchy.insert("r2".to_owned(), json!(["r3"]));
        }
        hierarchy.into()
    }

    fn policy(&mut self, number: usize) -> Value {
        let rules: Vec<Value> =
            (0..self.random.usize(1..5)).map(|number| self.rule(number)).collect();
        let mut policy = json!({"name": format!("p{number}"), "rules": rules});
        if self.rarely(4) {
            policy["defaultAction"] = json!("ALLOW");
        }
        if self.rarely(8) {
            policy["mode"] = json!("SHADOW");
        }
        if self.rarely(4) {
            policy["paths"] = json!({"caseSensitive": self.random.bool(), "trailingSlash": self.one(&["SAME", "DISTINCT"])});
        }
        policy
    }

    pub(super) fn rule(&mut self, number: usize) -> Value {
        let mut rule = json!({"name": format!("r{number}")});
        let denies = self.rarely(3);
        if denies {
            rule["action"] = json!("DENY");
        }
        if self.rarely(8) {
            rule["mode"] = json!("SHADOW");
        }
        let authentication = if denies { 9 } else { self.random.u8(..8) };
        if !self.rarely(5) {
            rule["to"] = (0..self.random.usize(1..3)).map(|_| self.operation()).collect();
        }
        if self.rarely(3) {
            rule["from"] = (0..self.random.usize(1..3)).map(|_| self.source()).collect();
        }
        match authentication {
            0 => rule["authentication"] = json!("NONE"),
            1 => rule["authentication"] = json!("OPTIONAL"),
            _ => {}
        }
        if authentication > 0 {
            if self.rarely(2) {
                rule["roles"] = self.roles();
            }
            if self.rarely(2) {
                let name = rule["to"].to_string().contains("{id}")
                    && !rule["to"].to_string().contains("methods");
                let count = self.random.usize(1..3);
                rule["when"] = (0..count)
                    .map(|_| self.condition(if name { "id" } else { "" }, denies))
                    .collect();
            }
        }
        rule
    }

    fn operation(&mut self) -> Value {
        let mut operation = Map::new();
        let mut add = |key: &str, value: Value| _ = operation.insert(key.to_owned(), value);
        if self.rarely(2) {
            add(self.one(&["methods", "methods", "notMethods"]), json!([self.one(&METHODS)]));
        }
        if !self.rarely(3) {
            add("paths", json!([self.one(&PATHS), self.one(&PATHS)]));
        }
        if self.rarely(5) {
            add("notPaths", json!([self.one(&PATHS)]));
        }
        if self.rarely(4) {
            add(
                self.one(&["hosts", "hosts", "notHosts"]),
                json!([self.one(&HOSTS), self.one(&HOSTS)]),
            );
        }
        if self.rarely(6) {
            add(self.one(&["ports", "notPorts"]), json!([80]));
        }
        operation.into()
    }

    fn source(&mut self) -> Value {
        let mut source = Map::new();
        let mut add = |key: &str, value: Value| _ = source.insert(key.to_owned(), value);
        match self.random.u8(..5) {
            0 => add(self.one(&["principals", "notPrincipals"]), json!([self.one(&PRINCIPALS)])),
            1 => add(
                self.one(&["namespaces", "notNamespaces"]),
                json!([self.one(&["a", "b", "a*", "*"])]),
            ),
            2 => add(
                self.one(&["serviceAccounts", "notServiceAccounts"]),
                json!([self.one(&["x", "a/x", "b/z"])]),
            ),
            3 => add(
                self.one(&["ipBlocks", "notIpBlocks"]),
                json!([self.one(&["10.0.0.0/8", "10.0.0.0/24", "2001:db8::/32"])]),
            ),
            _ => add("remoteIpBlocks", json!([self.one(&["10.0.0.0/8", "192.168.0.0/16"])])),
        }
        if self.rarely(4) {
            source.insert("notRemoteIpBlocks".to_owned(), json!(["10.1.0.0/16"]));
        }
        source.into()
    }

    fn roles(&mut self) -> Value {
        let mut roles = Map::new();
        if !self.rarely(3) {
            roles.insert("anyOf".to_owned(), json!([self.one(&ROLES), self.one(&ROLES)]));
        }
        if self.rarely(4) {
            roles.insert("allOf".to_owned(), json!([self.one(&ROLES)]));
        }
        if self.rarely(3) {
            roles.insert("noneOf".to_owned(), json!([self.one(&ROLES)]));
        }
        roles.into()
    }

    fn condition(&mut self, segment: &str, _denies: bool) -> Value {
        let claim = self.one(&["one", "one", "other", "sub", "realm", "roles", "one.two"]);
        let scalar = |it: &mut Self| {
            it.random.choice([json!("a"), json!("b"), json!(true), json!(5), json!("5")]).unwrap()
        };
        let kinds = if self.compares { 14 } else { 11 };
        let (key, value) = match self.random.u8(..kinds) {
            0 | 1 => ("equals", scalar(self)),
            2 => ("notEquals", scalar(self)),
            3 => ("in", json!([scalar(self), "c"])),
            4 => ("notIn", json!([scalar(self), "c"])),
            5 => ("contains", scalar(self)),
            6 => ("prefix", json!(self.one(&["a", "ab", "p:"]))),
            7 => ("suffix", json!(self.one(&["b", "ab"]))),
            8 => ("exists", json!(self.random.bool())),
            9 => (self.one(&["lessThan", "greaterThan"]), json!(self.random.u8(4..7))),
            10 => ("matches", json!(self.one(&["a.*", "[ab]+", "a|x"]))),
            11 if !segment.is_empty() => ("equalsPath", json!(segment)),
            12 => ("equalsHeader", json!("x-claim")),
            _ => ("equalsClaim", json!("other")),
        };
        json!({"claim": claim, key: value})
    }

    pub(super) fn one<'v>(&mut self, of: &[&'v str]) -> &'v str {
        self.random.choice(of).copied().unwrap()
    }

    pub(super) fn rarely(&mut self, times: usize) -> bool {
        self.random.usize(..times) == 0
    }
}
