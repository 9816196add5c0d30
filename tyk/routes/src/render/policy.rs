//! Rules of a policy of Attaché, by the paths that reach the mesh.

use super::plan::{Options, Service};
use super::template::rule_paths;
use super::{Rendered, resource_name};
use crate::Settings;
use crate::definition::{Action, Endpoint, Version};
use crate::gap::{Gap, Kind};
use crate::gateway::{Gateway, Served, endpoint_expression};
use crate::mesh::{Arrival, HostSeen, Mesh, PathMatch};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Returns one document with a policy for each service: who may call what, as far as the
/// definitions say.
#[must_use]
pub fn policies(gateway: &Gateway, mesh: &Mesh, options: &Options) -> Rendered {
    let mut gaps = mesh.gaps.clone();
    let mut rules: BTreeMap<Service, Vec<Value>> = BTreeMap::new();
    for arrival in &mesh.arrivals {
        let Some(service) = options.service(&arrival.host, arrival.port) else { continue };
        let Some(served) = gateway.served_as(&arrival.api) else { continue };
        let made = Rules { gateway, served, arrival, gaps: &mut gaps }.all();
        let known = rules.entry(service).or_default();
        for rule in made {
            if !known.contains(&rule) {
                known.push(rule);
            }
        }
    }
    let policies: Vec<Value> =
        rules.into_iter().filter(|(_, rules)| !rules.is_empty()).map(policy).collect();
    let resources =
        if policies.is_empty() { Vec::new() } else { vec![json!({"policies": policies})] };
    Rendered { resources, gaps }
}

fn policy((service, mut rules): (Service, Vec<Value>)) -> Value {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for rule in &mut rules {
        let Some(name) = rule.get("name").and_then(Value::as_str).map(str::to_owned) else {
            continue;
        };
        let times = names.entry(name.clone()).or_default();
        *times = times.saturating_add(1);
        if *times > 1 {
            set(rule, "name", json!(format!("{name}-{times}")));
        }
    }
    json!({
        "name": resource_name(&["tyk", &service.name, &service.namespace]),
        "selector": {"namespaces": [service.namespace], "labels": {"app": service.name}},
        "rules": rules,
    })
}

/// Sets a member of an object.
fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value);
    }
}

struct Rules<'r> {
    gateway: &'r Gateway,
    served: &'r Served,
    arrival: &'r Arrival,
    gaps: &'r mut Vec<Gap>,
}

impl<'r> Rules<'r> {
    /// Returns the rules for what arrives: those of lists where there are some, one for all of it
    /// otherwise.
    fn all(&mut self) -> Vec<Value> {
        let mut rules = Vec::new();
        let Some(version) = self.version() else { return rules };
        let base = self.base();
        let has_list = version.endpoints.iter().any(|endpoint| endpoint.action == Action::Allow);
        for endpoint in &version.endpoints {
            let suffix = match endpoint.action {
                Action::Allow => "allowed",
                Action::Block => "blocked",
                Action::Ignore => "open",
                _ => continue,
            };
            // It has no route either, which is listed with the routes' gaps.
            if endpoint.action != Action::Block
                && answers_all(self.gateway.settings(), version, endpoint)
            {
                continue;
            }
            let Some(base) = &base else {
                self.gap(
                    endpoint,
                    "it stands after a listen path with a pattern, or after a version, that no rule says",
                );
                continue;
            };
            let Some(paths) = self.paths(endpoint, version, base) else { continue };
            let mut rule =
                self.rule(&format!("{}-{suffix}", self.arrival.api), &endpoint.method, &paths);
            match endpoint.action {
                Action::Block => set(&mut rule, "action", json!("DENY")),
                Action::Ignore => set(&mut rule, "authentication", json!("NONE")),
                _ => self.demand(&mut rule),
            }
            rules.push(rule);
        }
        if !has_list && let Some(paths) = self.whole() {
            let mut rule = self.rule(&self.arrival.name(), "", &paths);
            self.demand(&mut rule);
            rules.push(rule);
        }
        rules
    }

    fn version(&self) -> Option<&'r Version> {
        let versions = &self.served.api.versions.list;
        versions.get(&self.arrival.version).or_else(|| versions.values().next())
    }

    /// Returns what stands before an endpoint's path where it arrives; `None` where that is not one
    /// text.
    fn base(&self) -> Option<String> {
        let target = crate::gateway::targets(self.served, self.version()?).into_iter().next()?;
        let target = target.path.trim_end_matches('/').to_owned();
        if self.served.api.strips {
            return Some(target);
        }
        self.served
            .listen
            .regex()
            .is_none()
            .then(|| target + self.served.listen.text().trim_end_matches('/'))
    }

    fn paths(&mut self, endpoint: &Endpoint, version: &Version, base: &str) -> Option<Vec<String>> {
        let is_same =
            |other: &&Endpoint| other.path == endpoint.path && other.method == endpoint.method;
        let is_rewritten = version
            .endpoints
            .iter()
            .filter(is_same)
            .any(|other| matches!(other.action, Action::Rewrite(_)));
        if is_rewritten {
            self.gap(
                endpoint,
                "its URL is rewritten, and the rule of the API is for where it goes",
            );
            return self.whole();
        }
        let Some(found) = rule_paths(&endpoint.path, self.gateway.settings()) else {
            self.gap(
                endpoint,
                "it is a regular expression that no rule says; write it with `{name}`",
            );
            return None;
        };
        if let Some(lacks) = found.lacks {
            self.gap(endpoint, lacks);
        }
        Some(found.paths.into_iter().map(|path| format!("{base}{path}")).collect())
    }

    /// Returns all paths of the arrival.
    fn whole(&mut self) -> Option<Vec<String>> {
        let mut paths = Vec::new();
        for path in &self.arrival.paths {
            match path {
                PathMatch::Exact(path) if !path.contains(['*', '{']) => paths.push(path.clone()),
                PathMatch::Prefix(prefix) if !prefix.contains(['*', '{']) => {
                    paths.push(format!("{prefix}*"))
                }
                _ => match segments(path) {
                    Some(found) => paths.extend(found),
                    None => {
                        let reason = format!("no rule says `{path}`; write one by hand");
                        let gap = Gap {
                            kind: Kind::PolicyPath,
                            api: self.arrival.api.clone(),
                            place: self.arrival.place.clone(),
                            reason,
                        };
                        if !self.gaps.contains(&gap) {
                            self.gaps.push(gap);
                        }
                    }
                },
            }
        }
        (!paths.is_empty()).then_some(paths)
    }

    fn rule(&self, name: &str, method: &str, paths: &[String]) -> Value {
        let mut to = json!({"paths": paths});
        if !method.is_empty() {
            set(&mut to, "methods", json!([method]));
        }
        if self.arrival.host_seen == HostSeen::Target {
            set(&mut to, "hosts", json!([self.arrival.host]));
        }
        json!({"name": resource_name(&[name]), "to": [to]})
    }

    /// Has a rule ask for what Tyk asks for.
    fn demand(&self, rule: &mut Value) {
        if self.served.api.is_open {
            set(rule, "authentication", json!("NONE"));
        } else if !self.served.api.scopes.is_empty() {
            set(rule, "roles", json!({"anyOf": self.served.api.scopes}));
        }
    }

    fn gap(&mut self, endpoint: &Endpoint, why: &str) {
        let method = if endpoint.method.is_empty() { "every method" } else { &endpoint.method };
        let gap = Gap {
            kind: Kind::PolicyPath,
            api: self.arrival.api.clone(),
            place: endpoint.place.clone(),
            reason: format!("{method} of `{}`: {why}", endpoint.path),
        };
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }
}

/// Returns whether Tyk answers everything itself that an endpoint of a version is for, by a mock, or
/// by a script where scripts run; as far as examples tell.
fn answers_all(settings: &Settings, version: &Version, endpoint: &Endpoint) -> bool {
    let is_answer = |other: &&Endpoint| match other.action {
        Action::Mock | Action::Reply => true,
        Action::Virtual => settings.runs_scripts,
        _ => false,
    };
    let is_method = |other: &&Endpoint| other.method.is_empty() || other.method == endpoint.method;
    let covers = |other: &Endpoint| {
        if other.path == endpoint.path {
            return true;
        }
        let paths =
            [other, endpoint].map(|it| PathMatch::regex(&endpoint_expression(&it.path, settings)));
        matches!(paths, [Some(their), Some(own)] if their.covers(&own))
    };
    version.endpoints.iter().filter(is_answer).filter(is_method).any(covers)
}

/// Returns a regular expression of whole segments, and of anything after them, as paths of a rule.
fn segments(path: &PathMatch) -> Option<Vec<String>> {
    let PathMatch::Regex { source, .. } = path else { return None };
    let text = source
        .strip_suffix("/.*")
        .or_else(|| source.strip_suffix(".*"))?
        .replace("(?:[^/]+)", "{*}")
        .replace("\\-", "-");
    let text = text.trim_end_matches('/');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_{*}".contains(c);
    let is_border = source.ends_with("/.*") || text.ends_with("{*}");
    (is_border && text.chars().all(is_plain))
        .then(|| vec![text.to_owned(), format!("{text}/{{**}}")])
}
