//! A scenario: what the tool is told, and what gateways are really like.

use attache_tyk_limits::grant::{Documents, grants};
use attache_tyk_limits::judge::{Judgement, Run, judge};
use attache_tyk_limits::plan::{Bounds, Plan};
use attache_tyk_limits::record::Record;
use attache_tyk_limits::settings::Settings;
use attache_tyk_limits::target::Target;
use attache_tyk_limits::targets::{Idle, Targets};
use attache_tyk_routes::definition::{Definitions, Document};
use attache_tyk_routes::gateway::Gateway;
use serde_json::{Value, json};

/// What the tool reads, or what gateways have.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) conf: Value,
    pub(crate) definition: Value,
    pub(crate) policies: Value,
    pub(crate) session: Value,
    pub(crate) gateways: usize,
}

/// What happens while requests are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meanwhile {
    Nothing,
    /// The key is written anew, again and again; with or without `suppress_reset`.
    KeyUpdates {
        is_quiet: bool,
    },
    /// Redis ends between two steps, while gateways still remember the session.
    RedisEnds,
}

#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) told: World,
    pub(crate) real: World,
    /// How many of the gateways are named.
    pub(crate) urls: usize,
    /// Whether each gateway has a Redis of its own.
    pub(crate) is_apart: bool,
    /// Whether the issuer mints a token for each request.
    pub(crate) has_issuer: bool,
    pub(crate) meanwhile: Meanwhile,
    pub(crate) path: &'static str,
    /// What must be said of it; none where it must hold.
    pub(crate) finding: Option<&'static str>,
}

/// A definition with a key, that leads to the service of the test.
pub(crate) fn definition() -> Value {
    json!({
        "name": "orders", "api_id": "orders", "org_id": "acme", "active": true,
        "use_keyless": false, "use_standard_auth": true,
        "auth_configs": {"authToken": {"auth_header_name": "X-Api-Key"}},
        "version_data": {"not_versioned": true, "versions": {"Default": {"name": "Default", "use_extended_paths": true}}},
        "proxy": {"listen_path": "/orders/", "target_url": "http://127.0.0.1:1/", "strip_listen_path": true}
    })
}

/// A policy for the API.
pub(crate) fn policy(id: &str, rate: f64, per: f64) -> Value {
    json!({
        "id": id, "org_id": "acme", "name": id, "active": true, "state": "active",
        "rate": rate, "per": per, "quota_max": -1,
        "access_rights": {"orders": {"api_id": "orders", "api_name": "orders", "versions": ["Default"]}}
    })
}

/// A session with these policies.
pub(crate) fn session(policies: &[&str]) -> Value {
    json!({"org_id": "acme", "apply_policies": policies})
}

impl World {
    /// One gateway as it is by default, with a policy of so many requests in two seconds.
    pub(crate) fn of(rate: f64) -> Self {
        Self {
            conf: json!({}),
            definition: definition(),
            policies: json!({"plan": policy("plan", rate, 2.0)}),
            session: session(&["plan"]),
            gateways: 1,
        }
    }

    pub(crate) fn with_conf(mut self, conf: Value) -> Self {
        self.conf = conf;
        self
    }

    pub(crate) fn with_gateways(mut self, gateways: usize) -> Self {
        self.gateways = gateways;
        self
    }

    /// Sets a value of the definition by its pointer, whose last step may be new.
    pub(crate) fn with_definition(mut self, pointer: &str, value: Value) -> Self {
        set(&mut self.definition, pointer, value);
        self
    }

    pub(crate) fn with_policy(mut self, pointer: &str, value: Value) -> Self {
        set(&mut self.policies, pointer, value);
        self
    }

    pub(crate) fn with_session(mut self, session: Value) -> Self {
        self.session = session;
        self
    }

    fn settings(&self) -> Settings {
        Settings::read(&self.conf).unwrap()
    }

    /// Returns what the tool makes of it.
    pub(crate) fn targets(&self) -> Targets {
        let settings = self.settings();
        let (gateway, grants) = (self.gateway(&settings), self.grants());
        Targets::of(&gateway, Some(&grants), &settings)
    }

    fn gateway(&self, settings: &Settings) -> Gateway {
        let documents = [Document { value: self.definition.clone(), is_named: true }];
        let definitions = Definitions::read(&documents);
        assert!(definitions.problems.is_empty(), "{:?}", definitions.problems);
        Gateway::new(definitions.apis, settings.routing.clone())
    }

    fn grants(&self) -> std::collections::BTreeMap<String, attache_tyk_limits::grant::Grant> {
        let mut documents = Documents::default();
        documents.add_policies(&self.policies);
        documents.set_session(&self.session);
        assert!(documents.problems.is_empty(), "{:?}", documents.problems);
        grants(&documents.session.unwrap(), &documents.policies).unwrap()
    }
}

fn set(into: &mut Value, pointer: &str, value: Value) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let parent = into.pointer_mut(parent).unwrap_or_else(|| panic!("there is no {parent}"));
    parent[last] = value;
}

impl Scenario {
    /// Gateways that are as is told.
    pub(crate) fn clean(name: &str, world: World) -> Self {
        Self {
            name: name.to_owned(),
            urls: world.gateways,
            told: world.clone(),
            real: world,
            is_apart: false,
            has_issuer: false,
            meanwhile: Meanwhile::Nothing,
            path: "/orders/list",
            finding: None,
        }
    }

    /// Gateways that are otherwise than is told.
    pub(crate) fn fault(name: &str, told: World, real: World, finding: &'static str) -> Self {
        Self { urls: told.gateways, real, finding: Some(finding), ..Self::clean(name, told) }
    }

    pub(crate) fn target(&self) -> Target {
        let settings = self.told.settings();
        let (gateway, grants) = (self.told.gateway(&settings), self.told.grants());
        let served = &gateway.served()[0];
        Target::of(served, grants.get(&served.api.id), "GET", self.path, &settings)
    }

    pub(crate) fn plan(&self) -> Plan {
        Plan::of(&self.target(), true, Bounds { requests: 2000, seconds: 120.0 })
    }

    pub(crate) fn judge(&self, record: &Record) -> Judgement {
        let settings = self.told.settings();
        let run = Run {
            settings: &settings,
            gateways: self.told.gateways,
            urls: record.urls,
            started: record.started,
            seed: record.seed,
        };
        judge(&self.target(), &self.plan(), &record.targets[0], run)
    }

    /// Fails where what is said of a record is not what must be.
    pub(crate) fn assert_judged(&self, record: &Record) {
        let judgement = self.judge(record);
        let mistakes: Vec<Idle> =
            self.told.targets().idle.into_iter().filter(|idle| idle.is_mistake).collect();
        let said = format!(
            "{:?} {:?} {:?}\n{:#?}",
            judgement.running, judgement.problems, mistakes, judgement.steps
        );
        match self.finding {
            None => assert!(
                judgement.holds && mistakes.is_empty(),
                "{} does not hold: {said}",
                self.name
            ),
            Some(finding) => {
                assert!(!judgement.holds || !mistakes.is_empty(), "{} holds: {said}", self.name);
                assert!(said.contains(finding), "{}: `{finding}` is not said: {said}", self.name);
            }
        }
    }
}
