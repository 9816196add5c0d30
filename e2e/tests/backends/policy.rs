//! Policies of every kind of rule, as data that both the filter's configuration and the judge are
//! made from.

use fastrand::Rng;
use serde_json::{Value, json};

/// A role policy of the service, and how it is told to take ambiguous paths.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) rules: Vec<Rule>,
    /// `paths.ambiguous`; `None` leaves the default.
    pub(crate) ambiguous: Option<&'static str>,
    pub(crate) service: Service,
}

/// Which paths the policy says that its service takes for the same.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Service {
    /// `paths.caseSensitive: false`.
    pub(crate) any_case: bool,
    /// `paths.trailingSlash: SAME`.
    pub(crate) any_trailing_slash: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    pub(crate) denies: bool,
    pub(crate) public: bool,
    /// `authentication: OPTIONAL`.
    pub(crate) optional: bool,
    pub(crate) to: Operation,
    /// `roles.anyOf`.
    pub(crate) roles: Vec<&'static str>,
    pub(crate) when: Option<When>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Operation {
    pub(crate) methods: Vec<&'static str>,
    pub(crate) not_methods: Vec<&'static str>,
    pub(crate) paths: Vec<&'static str>,
    pub(crate) not_paths: Vec<&'static str>,
    pub(crate) hosts: Vec<&'static str>,
    pub(crate) not_hosts: Vec<&'static str>,
}

/// A condition besides roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// The claim `sub` is the path's `{id}`.
    OwnPath,
    /// The claim `tenant` is the header `x-tenant`.
    OwnTenant,
}

const ALLOWED: [&str; 12] = [
    "/orders",
    "/orders/{*}",
    "/orders/*",
    "/users/{id}",
    "/users/{id}/orders",
    "/users/{id}/{**}",
    "/files/{**}",
    "/files/*",
    "/admin/{**}",
    "*.txt",
    "*/orders",
    "*",
];
const DENIED: [&str; 12] = [
    "/admin",
    "/admin/*",
    "/admin/{**}",
    "/admin*",
    "/admin/users",
    "/users/{id}",
    "/users/{id}/orders",
    "/files/secret/{**}",
    "/files/secret/*",
    "/orders/{*}",
    "*/orders",
    "*.txt",
];
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
const PUBLIC: [&str; 4] = ["/healthz", "/files/public/{**}", "/healthz", "/orders"];

impl Policy {
    /// The policy of this number: the same in every run with this seed.
    pub(crate) fn draw(random: &mut Rng) -> Self {
        let mut rules = Vec::new();
        if random.u8(..4) > 0 {
            rules.push(public(random));
        }
        if random.u8(..3) > 0 {
            // Everything, for whoever is known: what a DENY rule lets slip shows.
            let mut rule = Rule { to: broad(random), roles: roles(random, 3), ..Rule::default() };
            rule.optional = random.u8(..4) == 0 && needs_nobody(&rule);
            rules.push(rule);
        } else {
            for _ in 0..=random.u8(..3) {
                rules.push(narrow(random));
            }
        }
        for _ in 0..=random.u8(..2) {
            rules.push(denial(random));
        }
        let ambiguous = [None, None, None, None, Some("NORMALIZE"), Some("REFUSE")];
        let ambiguous = one(random, &ambiguous);
        let service =
            Service { any_case: random.u8(..4) == 0, any_trailing_slash: random.u8(..4) == 0 };
        Self { rules, ambiguous, service }
    }

    /// The whole configuration of the filter; `realm` tells it from others.
    pub(crate) fn configuration(&self, keys: &Value, realm: &str) -> Value {
        let rules: Vec<_> =
            self.rules.iter().enumerate().map(|(index, rule)| rule.json(index)).collect();
        let headers = [("x-user", "sub"), ("x-roles", "roles"), ("x-org", "tenant")];
        let headers: Vec<_> = headers
            .iter()
            .map(|(header, claim)| json!({"header": header, "claim": claim}))
            .collect();
        let mut document = json!({
            "issuers": [{
                "name": "test", "issuer": "https://issuer.example", "audiences": ["mesh"], "jwks": keys,
                "roleClaims": [{"claim": "roles"}], "outputClaimToHeaders": headers,
            }],
            "policies": [{"name": "p", "rules": rules, "paths": self.service.json()}],
            "responses": {"realm": realm},
            "audit": {"log": "NONE"},
        });
        if let (Some(mode), Some(members)) = (self.ambiguous, document.as_object_mut()) {
            members.insert("paths".into(), json!({"ambiguous": mode}));
        }
        document
    }

    /// The rules alone, for a report.
    pub(crate) fn in_short(&self) -> String {
        let rules: Vec<_> =
            self.rules.iter().enumerate().map(|(index, rule)| rule.json(index)).collect();
        json!({"ambiguous": self.ambiguous, "paths": self.service.json(), "rules": rules})
            .to_string()
    }
}

impl Service {
    fn json(self) -> Value {
        let slash = if self.any_trailing_slash { "SAME" } else { "DISTINCT" };
        json!({"caseSensitive": !self.any_case, "trailingSlash": slash})
    }
}

impl Rule {
    fn json(&self, index: usize) -> Value {
        let mut rule = serde_json::Map::new();
        rule.insert("name".into(), json!(format!("r{index}")));
        if self.denies {
            rule.insert("action".into(), json!("DENY"));
        }
        if self.public {
            rule.insert("authentication".into(), json!("NONE"));
        } else if self.optional {
            rule.insert("authentication".into(), json!("OPTIONAL"));
        }
        let to = self.to.json();
        if to.as_object().is_some_and(|to| !to.is_empty()) {
            rule.insert("to".into(), json!([to]));
        }
        if !self.roles.is_empty() {
            rule.insert("roles".into(), json!({"anyOf": self.roles}));
        }
        match self.when {
            Some(When::OwnPath) => {
                _ = rule.insert("when".into(), json!([{"claim": "sub", "equalsPath": "id"}]))
            }
            Some(When::OwnTenant) => {
                _ = rule.insert(
                    "when".into(),
                    json!([{"claim": "tenant", "equalsHeader": "x-tenant"}]),
                );
            }
            None => {}
        }
        Value::Object(rule)
    }
}

impl Operation {
    fn json(&self) -> Value {
        let lists = [
            ("methods", &self.methods),
            ("notMethods", &self.not_methods),
            ("paths", &self.paths),
            ("notPaths", &self.not_paths),
            ("hosts", &self.hosts),
            ("notHosts", &self.not_hosts),
        ];
        lists
            .into_iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(name, list)| (name, json!(list)))
            .collect()
    }
}

fn public(random: &mut Rng) -> Rule {
    let mut to = Operation { paths: vec![one(random, &PUBLIC)], ..Operation::default() };
    match random.u8(..4) {
        0 => to.methods = vec!["GET"],
        1 => to.not_methods = vec!["DELETE"],
        2 => to.not_hosts = vec!["admin.example"],
        _ => {}
    }
    Rule { public: true, to, ..Rule::default() }
}

fn broad(random: &mut Rng) -> Operation {
    let mut to = Operation::default();
    match random.u8(..8) {
        0 => to.not_paths = vec![one(random, &DENIED)],
        1 => to.not_methods = vec!["DELETE"],
        2 => to.not_hosts = vec!["admin.example"],
        3 => to.paths = vec!["*"],
        _ => {}
    }
    to
}

fn narrow(random: &mut Rng) -> Rule {
    let mut rule = Rule { roles: roles(random, 3), ..Rule::default() };
    match random.u8(..4) {
        0 => {
            rule.to.paths =
                vec![one(random, &["/users/{id}", "/users/{id}/orders", "/users/{id}/{**}"])];
            rule.when = Some(When::OwnPath);
        }
        1 => {
            rule.to.paths = vec![one(random, &ALLOWED)];
            rule.when = Some(When::OwnTenant);
        }
        _ => rule.to.paths = vec![one(random, &ALLOWED)],
    }
    match random.u8(..6) {
        0 => rule.to.methods = vec!["GET"],
        1 => rule.to.methods = vec!["GET", "POST"],
        2 => rule.to.not_methods = vec!["DELETE"],
        3 => rule.to.hosts = vec!["orders.example", "*.shop.example"],
        4 => {
            let not = one(random, &DENIED);
            if !rule.to.paths.contains(&not) {
                rule.to.not_paths = vec![not];
            }
        }
        _ => {}
    }
    rule.optional = random.u8(..3) == 0 && needs_nobody(&rule);
    rule
}

/// Whether a request without a token can match it: a rule that none can is refused with OPTIONAL.
fn needs_nobody(rule: &Rule) -> bool {
    rule.roles.is_empty() && rule.when.is_none()
}

fn denial(random: &mut Rng) -> Rule {
    let mut rule = Rule { denies: true, ..Rule::default() };
    match random.u8(..8) {
        0 => rule.to.methods = vec![one(random, &METHODS)],
        1 => rule.to.hosts = vec![one(random, &["admin.example", "admin*", "*.internal.example"])],
        2 => {
            rule.to.paths = vec![one(random, &DENIED)];
            rule.to.methods = vec![one(random, &METHODS)];
        }
        3 => {
            rule.to.paths = vec![one(random, &["/admin*", "/files/*", "/admin/*"])];
            rule.to.not_paths = vec![one(random, &["/admin/users", "/files/a.txt"])];
        }
        4 => rule.roles = vec!["suspended"],
        _ => rule.to.paths = vec![one(random, &DENIED)],
    }
    rule
}

fn roles(random: &mut Rng, rarely: u8) -> Vec<&'static str> {
    if random.u8(..rarely) == 0 { vec!["reader", "admin"] } else { Vec::new() }
}

pub(crate) fn one<T: Clone>(random: &mut Rng, of: &[T]) -> T {
    of[random.usize(..of.len())].clone()
}
