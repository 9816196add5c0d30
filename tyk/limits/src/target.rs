//! Which limits hold for a request, in the order in which Tyk asks them.

use crate::grant::{Grant, KeyEndpoint, Quota};
use crate::limit::Limit;
use crate::pattern::{is_met, joined, matches, names_listen_path, sample};
use crate::settings::Settings;
use attache_tyk_routes::definition::{EndpointRate, Form};
use attache_tyk_routes::gateway::{Gateway, Served};
use std::collections::BTreeMap;
use std::fmt;

/// Who and what a limit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// An endpoint, for all callers together.
    ApiEndpoint,
    /// An API, for all callers together.
    Api,
    /// An endpoint, for one key.
    KeyEndpoint,
    /// An API, for one key.
    KeyPerApi,
    /// All APIs, for one key.
    Key,
}

impl Scope {
    /// Returns whether each key has a count of its own.
    #[must_use]
    pub const fn is_of_key(self) -> bool {
        matches!(self, Self::KeyEndpoint | Self::KeyPerApi | Self::Key)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiEndpoint => "endpoint, all callers",
            Self::Api => "API, all callers",
            Self::KeyEndpoint => "endpoint, each key",
            Self::KeyPerApi => "API, each key",
            Self::Key => "each key",
        })
    }
}

/// A limit that a request must pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Who and what it is for.
    pub scope: Scope,
    /// How many.
    pub limit: Limit,
    /// Who says so.
    pub origin: String,
}

/// A request to try.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The API's id.
    pub api: String,
    /// The method.
    pub method: String,
    /// The path, as clients ask for it.
    pub path: String,
    /// The header with the key; none where the API asks for none.
    pub key_header: Option<String>,
    /// What must be passed, one after the other: the key's, then the API's.
    pub checks: Vec<Check>,
    /// How many may pass in all.
    pub quota: Quota,
    /// Other limits that are written down: what may hold by mistake.
    pub others: Vec<(String, Limit)>,
}

/// What is written down and can't come to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Idle {
    /// The API's id.
    pub api: String,
    /// What and why, lower case, without a final stop.
    pub reason: String,
    /// Whether it is written down for requests that it never holds for.
    pub is_mistake: bool,
}

/// The requests to try, and what no request comes to.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// One for each API, and one for each of its endpoints with a limit.
    pub list: Vec<Target>,
    /// Limits that hold for nothing.
    pub idle: Vec<Idle>,
}

impl Targets {
    /// Works out what to try of a gateway's APIs, for a key with these grants; `None` for no key.
    #[must_use]
    pub fn of(
        gateway: &Gateway,
        grants: Option<&BTreeMap<String, Grant>>,
        settings: &Settings,
    ) -> Self {
        let mut targets = Self::default();
        for served in gateway.served().iter().filter(|served| !served.api.is_internal) {
            targets.add(served, grants, settings);
        }
        targets
    }

    fn add(
        &mut self,
        served: &Served,
        grants: Option<&BTreeMap<String, Grant>>,
        settings: &Settings,
    ) {
        let api = &served.api;
        let grant = grants.and_then(|grants| grants.get(&api.id));
        let idle = |reason: String| Idle { api: api.id.clone(), reason, is_mistake: false };
        if !api.is_open && grant.is_none() {
            self.idle.push(idle("the key has no access to it".to_owned()));
            return;
        }
        if api.limits.is_rate_off {
            self.idle.push(idle(
                "`disable_rate_limit` is on: no rate limit holds, of no key either".to_owned(),
            ));
        }
        self.idle.extend(without_interval(served));
        let enabled = api.limits.endpoints.iter().filter(|endpoint| !endpoint.rate.is_disabled);
        let of_api = enabled.map(|endpoint| (&endpoint.method, &endpoint.path));
        let of_key = grant.iter().flat_map(|grant| &grant.endpoints);
        let of_key = of_key.map(|endpoint| (&endpoint.method, &endpoint.path));
        let mut paths: Vec<(String, String)> = Vec::new();
        for (method, path) in of_api.chain(of_key) {
            let one = (method.clone(), path.clone());
            if !paths.contains(&one) {
                paths.push(one);
            }
        }
        let whole = [("GET".to_owned(), String::new())];
        for (method, pattern) in whole.iter().chain(&paths) {
            let path = joined(served.listen.text(), &sample(pattern));
            let target = Target::of(served, grant, method, &path, settings);
            if !pattern.is_empty() && !is_met(served, pattern, &path, settings) {
                let is_mistake = names_listen_path(served, pattern);
                self.idle.push(Idle { is_mistake, ..idle(unmet(served, method, pattern)) });
                if is_mistake {
                    // What holds for the path that was meant, where that is not what holds for all.
                    let meant = Target::of(served, grant, method, &sample(pattern), settings);
                    let is_known = self
                        .list
                        .iter()
                        .any(|known| known.api == meant.api && known.checks == meant.checks);
                    if !is_known {
                        self.push(meant);
                    }
                }
                continue;
            }
            if target.checks.is_empty() {
                if pattern.is_empty() && paths.is_empty() && !api.limits.is_rate_off {
                    self.idle.push(idle("no limit holds for it".to_owned()));
                }
                continue;
            }
            self.push(target);
        }
    }

    /// Adds a target, unless its request is there already: what is sent twice would be judged by
    /// one and the same answers.
    pub fn push(&mut self, target: Target) {
        let is_same = |known: &Target| {
            known.api == target.api && known.method == target.method && known.path == target.path
        };
        if !self.list.iter().any(is_same) {
            self.list.push(target);
        }
    }
}

/// Returns the limits whose interval can't be read, which hold nothing back.
fn without_interval(served: &Served) -> Vec<Idle> {
    let limits = &served.api.limits;
    let endpoints = limits.endpoints.iter();
    let endpoints =
        endpoints.map(|one| (format!("the limit of {} `{}`", one.method, one.path), one.rate));
    let all = endpoints.chain([("the API's limit".to_owned(), limits.whole)]);
    let wrong = all.filter(|(_, rate)| rate.has_no_interval && !rate.is_disabled);
    let reason = |name: String| {
        format!("{name} holds nothing back: its `per` is no duration; write a unit, as in `4s`")
    };
    let idle =
        |name: String| Idle { api: served.api.id.clone(), reason: reason(name), is_mistake: true };
    wrong.map(|(name, _)| idle(name)).collect()
}

fn unmet(served: &Served, method: &str, pattern: &str) -> String {
    let listen = served.listen.text();
    if names_listen_path(served, pattern) {
        let rest = served.listen.strip(pattern);
        return format!(
            "the limit of {method} `{pattern}` does not hold for that path: Tyk looks at it without the listen path \
             `{listen}`; write `{rest}`"
        );
    }
    format!("the limit of {method} `{pattern}` is tried at no path: none was found that it matches")
}

impl Target {
    /// Works out which limits hold for a request.
    #[must_use]
    pub fn of(
        served: &Served,
        grant: Option<&Grant>,
        method: &str,
        path: &str,
        settings: &Settings,
    ) -> Self {
        let api = &served.api;
        let stripped = served.listen.strip(path);
        let mut checks = Vec::new();
        let mut others = Vec::new();
        if let Some(grant) = grant.filter(|_| !api.is_open) {
            let endpoint =
                grant.endpoints.iter().find(|one| fits(one, method, &stripped, settings));
            let scope = if grant.is_own { Scope::KeyPerApi } else { Scope::Key };
            let whole = Check { scope, limit: grant.limit.clone(), origin: grant.origin.clone() };
            others.push((format!("{} ({scope})", grant.origin), grant.limit.clone()));
            checks.push(endpoint.map_or(whole, |one| Check {
                scope: Scope::KeyEndpoint,
                limit: Limit { smoothing: grant.limit.smoothing, ..one.limit.clone() },
                origin: format!("{} `{}` of the key's rights", one.method, one.path),
            }));
            for one in &grant.endpoints {
                others.push((
                    format!("{} `{}` of the key's rights", one.method, one.path),
                    one.limit.clone(),
                ));
            }
        }
        checks.extend(api_check(served, method, &stripped, settings));
        let whole = api.limits.whole;
        others.push(("the API's own".to_owned(), Limit::new(whole.rate, whole.per)));
        for one in &api.limits.endpoints {
            let limit = Limit::new(one.rate.rate, one.rate.per);
            others.push((format!("{} `{}` of the API", one.method, one.path), limit));
        }
        checks.retain(|check| !api.limits.is_rate_off && !check.limit.is_unlimited());
        others.retain(|(_, limit)| {
            !limit.is_unlimited() && checks.iter().all(|check| check.limit != *limit)
        });
        let quota = grant
            .filter(|_| !api.limits.is_quota_off)
            .map_or_else(Quota::default, |grant| grant.quota);
        Self {
            api: api.id.clone(),
            method: method.to_owned(),
            path: path.to_owned(),
            key_header: (!api.is_open).then(|| api.limits.key_header.clone()),
            checks,
            quota,
            others,
        }
    }

    /// Returns what it is called: the API and the request.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {} {}", self.api, self.method, self.path)
    }

    /// Returns the check that holds back first: that with the lowest rate.
    #[must_use]
    pub fn tightest(&self) -> Option<&Check> {
        let order =
            |one: &&Check, other: &&Check| one.limit.spacing().total_cmp(&other.limit.spacing());
        self.checks.iter().max_by(order)
    }
}

/// Returns the check of the API itself, for all callers (`RateLimitForAPI`).
fn api_check(served: &Served, method: &str, stripped: &str, settings: &Settings) -> Option<Check> {
    let limits = &served.api.limits;
    let enabled: Vec<&EndpointRate> =
        limits.endpoints.iter().filter(|one| !one.rate.is_disabled).collect();
    let found =
        enabled.iter().find(|one| one.method == method && matches(&one.path, stripped, settings));
    if let Some(one) = found.filter(|one| one.rate.per > 0.0 && one.rate.rate != 0.0) {
        return Some(Check {
            scope: Scope::ApiEndpoint,
            limit: Limit::new(one.rate.rate, one.rate.per),
            origin: format!("{} `{}` of the API", one.method, one.path),
        });
    }
    // Where an endpoint has a limit, Tyk takes the API's own though it is switched off.
    let is_on = !enabled.is_empty() || !limits.whole.is_disabled;
    is_on.then(|| Check {
        scope: Scope::Api,
        limit: Limit::new(limits.whole.rate, limits.whole.per),
        origin: if served.api.form == Form::Oas {
            "upstream.rateLimit"
        } else {
            "global_rate_limit"
        }
        .to_owned(),
    })
}

fn fits(endpoint: &KeyEndpoint, method: &str, stripped: &str, settings: &Settings) -> bool {
    endpoint.method.eq_ignore_ascii_case(method) && matches(&endpoint.path, stripped, settings)
}
