//! Which limits hold for a request, in the order in which Tyk asks them.

use crate::grant::{Grant, KeyEndpoint, Obstacle, Quota};
use crate::limit::Limit;
use crate::pattern::{is_for, is_for_in_api};
use crate::settings::Settings;
use attache_tyk_routes::definition::{EndpointRate, Form};
use attache_tyk_routes::gateway::Served;
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
    /// What makes answers tell nothing of the limits, so that nothing is sent.
    pub obstacle: Option<Obstacle>,
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
            obstacle: grant.filter(|_| !api.is_open).and_then(|grant| grant.obstacle),
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
    let is_asked =
        |one: &EndpointRate| one.method == method && is_for_in_api(&one.path, stripped, settings);
    let found = enabled.iter().find(|one| is_asked(one));
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
    endpoint.method.eq_ignore_ascii_case(method) && is_for(&endpoint.path, stripped, settings)
}
