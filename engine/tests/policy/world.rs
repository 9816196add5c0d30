//! Short ways to say what a test is about.

use attache_engine::claims::Claims;
use attache_engine::host::{Peer, Workload};
use attache_engine::policy::{
    ClaimTable, Headers, Identity, Policies, PolicyTrace, RequestFacts, Verdict, View,
};
use attache_plugin_config::*;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::net::IpAddr;

pub(crate) fn config(policies: Vec<Policy>) -> Config {
    Config {
        dry_run: Default::default(),
        digest: [0; 32],
        warnings: Vec::new(),
        issuers: Vec::new(),
        role_hierarchy: BTreeMap::new(),
        policies,
        preflight: Preflight::default(),
        ambiguous_paths: AmbiguousPaths::default(),
        method_override: MethodOverride::default(),
        responses: Responses::default(),
        cache: CacheLimits::default(),
        audit: Audit::default(),
    }
}

pub(crate) fn policy(name: &str, rules: Vec<Rule>) -> Policy {
    Policy {
        name: Name::new(name).unwrap(),
        selector: Selector::default(),
        default_action: Action::Deny,
        mode: Mode::Enforce,
        paths: PathEquality::default(),
        rules,
    }
}

pub(crate) fn allow(name: &str) -> Rule {
    Rule {
        name: Name::new(name).unwrap(),
        action: Action::Allow,
        mode: Mode::Enforce,
        authentication: Authentication::Required,
        on_keys_unavailable: None,
        to: Vec::new(),
        from: Vec::new(),
        roles: RoleRequirement::default(),
        when: Vec::new(),
    }
}

pub(crate) fn deny(name: &str) -> Rule {
    Rule { action: Action::Deny, ..allow(name) }
}

/// A request and who sends it.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) host: String,
    pub(crate) principal: Option<String>,
    pub(crate) source_ip: Option<IpAddr>,
    pub(crate) remote_ip: Option<IpAddr>,
    pub(crate) port: Option<u16>,
    pub(crate) headers: Vec<(String, String)>,
    /// `None`: no token.
    pub(crate) claims: Option<Value>,
}

impl Ask {
    pub(crate) fn get(path: &str) -> Self {
        Self {
            method: "GET".into(),
            path: path.into(),
            host: "orders.shop".into(),
            principal: None,
            source_ip: None,
            remote_ip: None,
            port: None,
            headers: Vec::new(),
            claims: Some(serde_json::json!({})),
        }
    }

    pub(crate) fn claims(&self) -> Option<Claims> {
        let members: Option<Map<String, Value>> =
            self.claims.as_ref().and_then(|value| value.as_object().cloned());
        members.map(|members| Claims::from_json(members).unwrap())
    }
}

impl Peer for Ask {
    fn principal(&self) -> Option<String> {
        self.principal.clone()
    }

    fn source_ip(&self) -> Option<IpAddr> {
        self.source_ip
    }

    fn remote_ip(&self) -> Option<IpAddr> {
        self.remote_ip
    }

    fn destination_port(&self) -> Option<u16> {
        self.port
    }
}

impl Headers for Ask {
    fn unique(&self, name: &HeaderName) -> Option<&[u8]> {
        let mut values = self.headers.iter().filter(|(key, _)| key == name.as_str());
        values.next().filter(|_| values.next().is_none()).map(|(_, value)| value.as_bytes())
    }
}

/// The places where tests put roles.
pub(crate) fn role_claims() -> Vec<RoleClaim> {
    vec![RoleClaim {
        claim: ClaimPath::new(vec!["roles".into()]).unwrap(),
        form: RoleForm::Strings,
        split: Some(" ".into()),
        prefix: String::new(),
    }]
}

/// What the policies of a configuration say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) authentication: Authentication,
    pub(crate) verdict: Verdict,
    pub(crate) candidates: Vec<u32>,
    pub(crate) without_keys: Option<OnKeysUnavailable>,
}

pub(crate) struct Compiled {
    pub(crate) policies: Policies,
    claims: ClaimTable,
}

impl Compiled {
    pub(crate) fn new(config: &Config) -> Self {
        Self::at(config, &Workload::default())
    }

    pub(crate) fn at(config: &Config, workload: &Workload) -> Self {
        let mut claims = ClaimTable::default();
        let policies = Policies::compile(config, workload, &mut claims);
        Self { policies, claims }
    }

    /// Asks about a request and what its token says.
    fn ask<T>(&self, ask: &Ask, about: impl FnOnce(&RequestFacts<'_>, Option<&Identity<'_>>) -> T) -> T {
        let Ask { method, path, host, .. } = ask;
        let facts = RequestFacts { method, path, host, peer: ask, headers: ask };
        let token = ask.claims();
        let roles = token.as_ref().map(|token| self.policies.roles().read(token, &role_claims()));
        let values: Vec<Option<Value>> = (self.claims.paths().iter())
            .map(|path| token.as_ref().and_then(|token| token.get(path)).cloned())
            .collect();
        let identity = roles.as_ref().map(|roles| Identity { roles, claims: &values });
        about(&facts, identity.as_ref())
    }

    pub(crate) fn say(&self, view: View, ask: &Ask) -> Said {
        self.ask(ask, |facts, identity| {
            let candidates = self.policies.candidates(facts);
            let authentication = candidates.authentication(view);
            Said {
                authentication,
                verdict: candidates.verdict(view, authentication, facts, identity),
                without_keys: candidates.on_keys_unavailable(view),
                candidates: candidates.rules().into_iter().map(|rule| rule.0).collect(),
            }
        })
    }

    /// What the same tests say, one by one.
    pub(crate) fn trace(&self, config: &Config, view: View, ask: &Ask) -> PolicyTrace {
        self.ask(ask, |facts, identity| {
            let (policies, claims) = (&self.policies, &self.claims);
            PolicyTrace::run(config, &Workload::default(), policies, claims, view, facts, identity)
        })
    }

    /// A verdict as `allow`, `allow: policy/rule` or `reason: policy/rule`.
    pub(crate) fn names(&self, verdict: &Verdict) -> String {
        let (word, rule) = match verdict {
            Verdict::Allow { rule } => ("allow", rule),
            Verdict::Deny { reason, rule } => (reason.as_str(), rule),
        };
        match rule.map(|rule| self.policies.rule(rule).unwrap()) {
            Some(names) => format!("{word}: {}/{}", names.policy, names.rule),
            None => word.to_owned(),
        }
    }
}
