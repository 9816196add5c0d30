//! What the engine says to every request of a world.

use super::world::{Request, World, sent};
use crate::explain::{seconds_now, trusting};
use crate::input::NoVariables;
use crate::symbolic::Scope;
use attache_engine::host::Workload;
use attache_engine::{Decision, Engine};
use attache_plugin_config::{Action, Authentication, Config, Mode, Name, Policy, Rule, Selector};
use std::collections::BTreeMap;

/// What was decided of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// Why it is refused; `None`: it is not.
    pub(super) reason: Option<&'static str>,
    pub(super) rule: Option<String>,
}

impl Said {
    pub(super) fn is_allowed(&self) -> bool {
        self.reason.is_none()
    }
}

/// All requests of a world, ready to be sent.
pub(super) struct Asked {
    pub(super) requests: Vec<Request>,
    headers: Vec<Vec<(String, Vec<u8>)>>,
    now: u64,
}

impl Asked {
    /// Writes all requests, with tokens of these issuers.
    pub(super) fn new(world: &World, config: &Config) -> Self {
        let now = seconds_now();
        let tokens = sent(&world.tokens(), config, now);
        let requests = world.requests();
        let headers = requests.iter().map(|request| request.headers(&tokens)).collect();
        Self { requests, headers, now }
    }

    /// Returns what is decided of each.
    pub(super) fn verdicts(&self, config: &Config, workload: &Workload) -> Vec<Said> {
        let engine = Engine::new(&trusting(config), workload, &NoVariables).unwrap();
        let all = self.requests.iter().zip(&self.headers);
        all.map(|(request, headers)| decide(&engine, request, headers, self.now)).collect()
    }

    /// Returns whether each has no token, or one that is good. Others nobody speaks of.
    pub(super) fn are_good(&self, config: &Config) -> Vec<bool> {
        let strict = Config { policies: Vec::new(), ..config.clone() };
        let said = self.verdicts(&strict, &Workload::default());
        said.iter()
            .zip(&self.requests)
            .map(|(said, request)| request.token.is_none() || said.is_allowed())
            .collect()
    }

    /// Returns whether each is in a scope: a policy that lets exactly the scope's requests in does
    /// so.
    pub(super) fn are_in(&self, scope: &Scope, config: &Config) -> Vec<bool> {
        let rule = Rule { authentication: Authentication::Optional, ..scope.rule.clone() };
        let policy = Policy {
            name: Name::new("scope").unwrap(),
            selector: Selector::default(),
            default_action: Action::Deny,
            mode: Mode::Enforce,
            paths: scope.paths,
            rules: vec![rule],
        };
        let only = Config { policies: vec![policy], ..config.clone() };
        let said = self.verdicts(&only, &Workload::default());
        let is_in = |(said, request): (&Said, &Request)| {
            said.is_allowed()
                && scope.token.is_none_or(|is_there| is_there == request.token.is_some())
        };
        said.iter().zip(&self.requests).map(is_in).collect()
    }
}

fn decide(engine: &Engine, request: &Request, headers: &[(String, Vec<u8>)], now: u64) -> Said {
    match engine.decide(headers, &request.proxy(now).context()) {
        Decision::Decided(decided) => Said {
            reason: decided.reason().map(|reason| reason.as_str()),
            rule: decided.rule.and_then(|rule| engine.rule(rule)).map(|names| names.to_string()),
        },
        Decision::Wait { .. } => panic!("the keys are there"),
    }
}

/// Returns the workloads that policies of a draft tell apart.
pub(super) fn workloads() -> Vec<Workload> {
    let labelled = |app: &str| Workload {
        labels: BTreeMap::from([("app".to_owned(), app.to_owned())]),
        ..Workload::default()
    };
    vec![Workload::default(), labelled("orders"), labelled("billing")]
}
