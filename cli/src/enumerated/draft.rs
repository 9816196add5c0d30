//! Policies and assertions that speak of what is in a small world.

use super::world::{Extra, World};
use attache_plugin_config::{Config, parse};
use fastrand::Rng;
use serde_json::{Map, Value, json};

const PATTERNS: [&str; 13] = [
    "/",
    "/a",
    "/a/",
    "/A",
    "/a/b",
    "/a*",
    "/a/*",
    "*b",
    "*",
    "/{*}",
    "/{**}",
    "/a/{**}",
    "/{id}/{**}",
];
const HOSTS: [&str; 4] = ["a.test", "*.test", "a.*", "other"];

/// What makes a rule a scope.
const SCOPE: [&str; 4] = ["to", "from", "roles", "when"];

pub(super) struct Draft<'w> {
    pub(super) world: &'w World,
    pub(super) random: &'w mut Rng,
}

impl Draft<'_> {
    /// Makes a configuration that the filter takes.
    pub(super) fn config(&mut self) -> (Value, Config) {
        loop {
            let document = self.document();
            if let Ok(config) = parse(document.to_string().as_bytes()) {
                return (document, config);
            }
        }
    }

    /// Changes a configuration a little.
    pub(super) fn changed(&mut self, document: &Value) -> (Value, Config) {
        loop {
            let (mut changed, fresh) = (document.clone(), self.document());
            match self.random.u8(..8) {
                0 => changed["roleHierarchy"] = fresh["roleHierarchy"].clone(),
                1 => changed["issuers"] = fresh["issuers"].clone(),
                2 => _ = changed["policies"].as_array_mut().unwrap().pop(),
                3 => changed["policies"].as_array_mut().unwrap().push(self.policy(9)),
                4 => {
                    let key = self.one(&["selector", "defaultAction", "mode", "paths"]);
                    let value = self.policy(0)[key].clone();
                    replace(&mut changed["policies"][0], key, value);
                }
                5 => {
                    let key = self.one(&[
                        "to",
                        "from",
                        "roles",
                        "when",
                        "action",
                        "authentication",
                        "mode",
                    ]);
                    let value = self.rule(0)[key].clone();
                    replace(&mut changed["policies"][0]["rules"][0], key, value);
                }
                6 => {
                    let rule = self.rule(9);
                    changed["policies"][0]["rules"].as_array_mut().unwrap().push(rule);
                }
                _ => _ = changed["policies"][0]["rules"].as_array_mut().unwrap().pop(),
            }
            if let Ok(config) = parse(changed.to_string().as_bytes()) {
                return (changed, config);
            }
        }
    }

    /// Makes assertions about a configuration: some by chance, some of what one of its rules says.
    pub(super) fn assertions(&mut self, document: &Value) -> Vec<Value> {
        (0..6).map(|number| self.assertion(number, document)).collect()
    }

    fn document(&mut self) -> Value {
        let policies: Vec<Value> =
            (0..self.random.usize(1..3)).map(|number| self.policy(number)).collect();
        let mut issuers = vec![self.issuer("one")];
        if self.world.has(Extra::Issuer) {
            issuers.push(self.issuer("two"));
        }
        let hierarchy = if self.rarely(3) { json!({"r0": ["r1"]}) } else { json!({}) };
        json!({"issuers": issuers, "roleHierarchy": hierarchy, "policies": policies})
    }

    fn issuer(&mut self, name: &str) -> Value {
        let mut issuer = json!({"name": name, "issuer": format!("https://{name}.test"),
            "jwksUri": format!("https://{name}.test/keys"), "roleClaims": [{"claim": "roles"}]});
        if self.rarely(5) {
            issuer["claims"] = json!([self.condition(false)]);
        }
        issuer
    }

    fn policy(&mut self, number: usize) -> Value {
        let rules: Vec<Value> =
            (0..self.random.usize(1..4)).map(|number| self.rule(number)).collect();
        let mut policy = json!({"name": format!("p{number}"), "rules": rules});
        if self.rarely(4) {
            policy["defaultAction"] = json!("ALLOW");
        }
        if self.rarely(10) {
            policy["mode"] = json!("SHADOW");
        }
        if self.rarely(4) {
            policy["selector"] = json!({"labels": {"app": self.one(&["orders", "billing"])}});
        }
        if self.rarely(4) {
            policy["paths"] = json!({"caseSensitive": self.random.bool(), "trailingSlash": self.one(&["SAME", "DISTINCT"])});
        }
        policy
    }

    fn rule(&mut self, number: usize) -> Value {
        let mut rule = json!({"name": format!("r{number}")});
        let denies = self.rarely(3);
        if denies {
            rule["action"] = json!("DENY");
        }
        if self.rarely(10) {
            rule["mode"] = json!("SHADOW");
        }
        let names_segment = self.rarely(6);
        if names_segment {
            rule["to"] = json!([{"paths": ["/{id}"]}]);
        } else if !self.rarely(5) {
            rule["to"] = (0..self.random.usize(1..3)).map(|_| self.operation()).collect();
        }
        if self.rarely(2) && (self.world.has(Extra::Caller) || self.world.has(Extra::Address)) {
            rule["from"] = json!([self.source()]);
        }
        match self.random.u8(..8) {
            0 if !denies => rule["authentication"] = json!("NONE"),
            1 if !denies => rule["authentication"] = json!("OPTIONAL"),
            _ => {
                if self.rarely(2) {
                    rule["roles"] = self.roles();
                }
                if names_segment || self.rarely(2) {
                    rule["when"] = json!([self.condition(names_segment)]);
                }
            }
        }
        rule
    }

    fn operation(&mut self) -> Value {
        let mut operation = Map::new();
        let mut add = |key: &str, value: Value| _ = operation.insert(key.to_owned(), value);
        if self.rarely(2) {
            add(
                self.one(&["methods", "methods", "notMethods"]),
                json!([self.one(&["GET", "POST"])]),
            );
        }
        if !self.rarely(3) {
            add("paths", json!([self.one(&PATTERNS), self.one(&PATTERNS)]));
        }
        if self.rarely(5) {
            add("notPaths", json!([self.one(&PATTERNS)]));
        }
        if self.world.has(Extra::Host) && self.rarely(2) {
            add(self.one(&["hosts", "notHosts"]), json!([self.one(&HOSTS)]));
        }
        operation.into()
    }

    fn source(&mut self) -> Value {
        let mut source = Map::new();
        let mut add = |key: &str, value: Value| _ = source.insert(key.to_owned(), value);
        if self.world.has(Extra::Caller) {
            match self.random.u8(..3) {
                0 => add(
                    self.one(&["principals", "notPrincipals"]),
                    json!([self.one(&["td/ns/a/sa/x", "*/sa/y", "*"])]),
                ),
                1 => add(
                    self.one(&["namespaces", "notNamespaces"]),
                    json!([self.one(&["a", "b", "c"])]),
                ),
                _ => add(
                    self.one(&["serviceAccounts", "notServiceAccounts"]),
                    json!([self.one(&["x", "b/y"])]),
                ),
            }
        }
        if self.world.has(Extra::Address) && (!self.world.has(Extra::Caller) || self.rarely(2)) {
            add(self.one(&["ipBlocks", "notIpBlocks", "remoteIpBlocks"]), json!(["10.0.0.0/8"]));
        }
        source.into()
    }

    fn roles(&mut self) -> Value {
        let key = self.one(&["anyOf", "anyOf", "allOf", "noneOf"]);
        let roles = [json!(["r0"]), json!(["r1"]), json!(["r0", "r1"])];
        let mut wanted = Map::new();
        wanted.insert(key.to_owned(), self.random.choice(roles).unwrap());
        wanted.into()
    }

    fn condition(&mut self, names_segment: bool) -> Value {
        if names_segment {
            return json!({"claim": "one", "equalsPath": "id"});
        }
        let claim = match self.random.u8(..5) {
            0 => "roles",
            1 if self.world.has(Extra::Claim) => "other",
            _ => "one",
        };
        let value = self.one(&["a", "b", "r0"]);
        match self.random.u8(..10) {
            0 => json!({"claim": claim, "notEquals": value}),
            1 => json!({"claim": claim, "in": [value, "c"]}),
            2 => json!({"claim": claim, "notIn": [value, "c"]}),
            3 => json!({"claim": claim, "contains": value}),
            4 => json!({"claim": claim, "prefix": value}),
            5 => json!({"claim": claim, "exists": self.random.bool()}),
            6 => json!({"claim": claim, "matches": "[ar].*"}),
            7 if self.world.has(Extra::Header) => {
                json!({"claim": claim, "equalsHeader": "x-claim"})
            }
            8 if self.world.has(Extra::Claim) => json!({"claim": "one", "equalsClaim": "other"}),
            _ => json!({"claim": claim, "equals": value}),
        }
    }

    fn assertion(&mut self, number: usize, document: &Value) -> Value {
        let policies = document["policies"].as_array().unwrap();
        let policy = self.random.choice(policies).unwrap();
        let rule = self.random.choice(policy["rules"].as_array().unwrap()).unwrap().clone();
        let mut assertion = match self.random.u8(..4) {
            // What a rule is for, whoever asks; but for whom it lets in.
            0 => {
                let mut assertion = scope(&rule, &["to"]);
                let unless = scope(&rule, &["from", "roles", "when"]);
                if unless != json!({}) && !rule.to_string().contains("equalsPath") {
                    assertion["unless"] = unless;
                }
                assertion
            }
            // Those that a rule is for.
            1 => scope(&rule, &SCOPE),
            _ => scope(&self.rule(0), &SCOPE),
        };
        if self.rarely(4) {
            let unless = scope(&self.rule(0), &SCOPE);
            if unless != json!({}) {
                assertion["unless"] = unless;
            }
        }
        assertion["name"] = json!(format!("a{number}"));
        assertion["expect"] = json!(self.one(&["ALLOWED", "REFUSED"]));
        if self.rarely(3) {
            assertion["token"] = json!(self.one(&["GOOD", "NONE"]));
        }
        if self.rarely(4) {
            assertion["paths"] = json!({"caseSensitive": self.random.bool(), "trailingSlash": self.one(&["SAME", "DISTINCT"])});
        }
        assertion
    }

    fn one<'v>(&mut self, of: &[&'v str]) -> &'v str {
        self.random.choice(of).copied().unwrap()
    }

    fn rarely(&mut self, times: usize) -> bool {
        self.random.usize(..times) == 0
    }
}

/// Returns some keys of a rule.
fn scope(rule: &Value, keys: &[&str]) -> Value {
    let has = keys.iter().filter_map(|key| Some(((*key).to_owned(), rule.get(key)?.clone())));
    has.collect::<Map<_, _>>().into()
}

/// Sets a key, or takes it away where there is no value.
fn replace(object: &mut Value, key: &str, value: Value) {
    let object = object.as_object_mut().unwrap();
    if value.is_null() {
        object.remove(key);
    } else {
        object.insert(key.to_owned(), value);
    }
}
