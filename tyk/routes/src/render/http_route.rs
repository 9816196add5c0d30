//! The Gateway API's HTTPRoute, for a service of the mesh: whole segments, and an order of its own.

use super::plan::{Host, Options, Service, plan};
use super::precedence::{RulePath, misplaced, rule_paths};
use super::{Rendered, resource_name};
use crate::gap::{Gap, Kind};
use crate::mesh::{Arrival, Condition, Mesh};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How many matches a rule may have.
const MAX_MATCHES: usize = 8;
/// How many rules a route may have.
const MAX_RULES: usize = 16;

/// Returns HTTPRoutes in Tyk's namespace, one for each API and service, and the grants that let
/// them lead elsewhere.
#[must_use]
pub fn http_routes(mesh: &Mesh, options: &Options) -> Rendered {
    let (hosts, more) = plan(mesh, options);
    let mut gaps: Vec<Gap> = mesh.gaps.iter().cloned().chain(more).collect();
    let mut resources = Vec::new();
    let mut granted = BTreeSet::new();
    for host in &hosts {
        let is_of_service =
            |(_, service): &(&Arrival, Service)| service.host(&options.domain) == host.name;
        if !host.arrivals.iter().all(is_of_service) {
            gaps.extend(host.arrivals.iter().map(|(arrival, _)| foreign(arrival, &host.name)));
            continue;
        }
        let rules = rules(host, &mut gaps);
        let mut by_api: BTreeMap<(String, &Service), Vec<Value>> = BTreeMap::new();
        for ((arrival, paths), (_, service)) in rules.iter().zip(&host.arrivals) {
            let matches: Vec<Value> = paths.iter().map(|path| matched(path, arrival)).collect();
            by_api.entry((arrival.name(), service)).or_default().extend(matches);
            granted.insert(service.namespace.clone());
        }
        for ((name, service), matches) in by_api {
            resources.extend(routes(&name, service, &matches, options));
        }
    }
    granted.remove(&options.namespace);
    resources.extend(granted.iter().map(|namespace| grant(namespace, options)));
    Rendered { resources, gaps }
}

/// Returns the paths of each arrival, in a form that keeps their order where there is one.
fn rules<'m>(host: &Host<'m>, gaps: &mut Vec<Gap>) -> Vec<(&'m Arrival, Vec<RulePath>)> {
    let arrivals: Vec<&Arrival> = host.arrivals.iter().map(|(arrival, _)| *arrival).collect();
    let of = |is_all_regex: bool| -> Vec<(&'m Arrival, Vec<RulePath>)> {
        arrivals
            .iter()
            .map(|arrival| (*arrival, rule_paths(arrival, &arrivals, is_all_regex)))
            .collect()
    };
    let rules = of(false);
    let Some((earlier, later)) = misplaced(&rules) else { return rules };
    let all_regex = of(true);
    if misplaced(&all_regex).is_none() {
        return all_regex;
    }
    gaps.push(Gap {
        kind: Kind::RuleOrder,
        api: earlier.api.clone(),
        place: earlier.place.clone(),
        reason: format!(
            "`{}` comes before `{}` at {}, and the Gateway API, which orders rules by their kind and length, asks the other first; \
             use VirtualServices",
            earlier.name(),
            later.name(),
            host.name
        ),
    });
    rules
}

fn foreign(arrival: &Arrival, host: &str) -> Gap {
    Gap {
        kind: Kind::ClientHost,
        api: arrival.api.clone(),
        place: arrival.place.clone(),
        reason: format!(
            "an HTTPRoute of a service is for its own name, and requests name `{host}`; use VirtualServices"
        ),
    }
}

fn matched(path: &RulePath, arrival: &Arrival) -> Value {
    let mut matched = json!({"path": {"type": path.kind(), "value": path.value()}});
    let of = |is_header: bool| -> Vec<Value> {
        let fitting = arrival.conditions.iter().filter_map(|condition| match condition {
            Condition::Header(name, value) if is_header => Some((name, value)),
            Condition::Parameter(name, value) if !is_header => Some((name, value)),
            _ => None,
        });
        fitting
            .map(|(name, value)| json!({"type": "Exact", "name": name, "value": value}))
            .collect()
    };
    if let Some(members) = matched.as_object_mut() {
        for (key, entries) in [("headers", of(true)), ("queryParams", of(false))] {
            if !entries.is_empty() {
                members.insert(key.to_owned(), Value::Array(entries));
            }
        }
    }
    matched
}

/// Returns as many HTTPRoutes as the matches need.
fn routes(name: &str, service: &Service, matches: &[Value], options: &Options) -> Vec<Value> {
    let rules: Vec<Value> = matches
        .chunks(MAX_MATCHES)
        .map(|matches| {
            let backend =
                json!({"name": service.name, "namespace": service.namespace, "port": service.port});
            json!({"matches": matches, "backendRefs": [backend]})
        })
        .collect();
    let chunks = rules.chunks(MAX_RULES).enumerate();
    chunks
        .map(|(index, rules)| {
            let number = if index == 0 { String::new() } else { index.to_string() };
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "HTTPRoute",
                "metadata": {
                    "name": resource_name(&["tyk", &service.name, &service.port.to_string(), name, &number]),
                    "namespace": options.namespace,
                },
                "spec": {
                    "parentRefs": [{
                        "group": "", "kind": "Service",
                        "name": service.name, "namespace": service.namespace, "port": service.port,
                    }],
                    "rules": rules,
                },
            })
        })
        .collect()
}

fn grant(namespace: &str, options: &Options) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1beta1",
        "kind": "ReferenceGrant",
        "metadata": {"name": resource_name(&["tyk", &options.namespace]), "namespace": namespace},
        "spec": {
            "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": options.namespace}],
            "to": [{"group": "", "kind": "Service"}],
        },
    })
}
