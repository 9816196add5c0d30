//! Which requests to try of a gateway's APIs, and which limits no request comes to.

use crate::grant::Grant;
use crate::passable::Asked;
use crate::pattern::{is_met, joined, names_listen_path, sample};
use crate::settings::Settings;
use crate::target::Target;
use attache_tyk_routes::gateway::{Gateway, Served};
use std::collections::BTreeMap;

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
            targets.add(gateway, served, grants, settings);
        }
        targets
    }

    fn add(
        &mut self,
        gateway: &Gateway,
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
        if api.versions.are_named && api.versions.list.len() > 1 {
            let names: Vec<&str> = api.versions.list.keys().map(String::as_str).collect();
            let names = names.join("`, `");
            self.idle.push(idle(format!(
                "limits of the versions that requests name (`{names}`): requests are sent without a version"
            )));
        }
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
            let asked = Asked { gateway, served, grant, settings };
            let path = joined(served.listen.text(), &sample(pattern));
            let target = Target::of(served, grant, method, &path, settings);
            if !pattern.is_empty() && names_listen_path(served, pattern) {
                let reason = unmet(served, method, pattern);
                self.idle.push(Idle { is_mistake: true, ..idle(reason) });
                // What holds for the path that was meant, where that is not what holds for all.
                let meant = Target::of(served, grant, method, &sample(pattern), settings);
                let is_known = self
                    .list
                    .iter()
                    .any(|known| known.api == meant.api && known.checks == meant.checks);
                if !is_known && gateway.lets_through(served, &meant.method, &meant.path) {
                    self.push(meant);
                }
                continue;
            }
            let is_unmet = !pattern.is_empty() && !is_met(served, pattern, &path, settings);
            if target.checks.is_empty() && !is_unmet {
                if pattern.is_empty() && paths.is_empty() && !api.limits.is_rate_off {
                    self.idle.push(idle("no limit holds for it".to_owned()));
                }
                continue;
            }
            match asked.let_through(target, pattern) {
                Ok(target) => self.push(target),
                Err(reason) => self.idle.push(idle(reason)),
            }
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
    let (listen, rest) = (served.listen.text(), served.listen.strip(pattern));
    format!(
        "the limit of {method} `{pattern}` does not hold for that path: Tyk looks at it without the listen path \
         `{listen}`; write `{rest}`"
    )
}
