//! Istio's VirtualService: routes in order, prefixes of characters.

use super::plan::{Host, Options, Service, plan};
use super::{Rendered, resource_name};
use crate::mesh::{Arrival, Condition, Mesh, PathMatch};
use serde_json::{Map, Value, json};

/// Returns a VirtualService for each host, in Tyk's namespace and for it alone: what others send to
/// the same services is not touched.
#[must_use]
pub fn virtual_services(mesh: &Mesh, options: &Options) -> Rendered {
    let (hosts, gaps) = plan(mesh, options);
    let resources = hosts.iter().map(|host| virtual_service(host, options)).collect();
    Rendered { resources, gaps: mesh.gaps.iter().cloned().chain(gaps).collect() }
}

fn virtual_service(host: &Host<'_>, options: &Options) -> Value {
    let routes: Vec<Value> =
        host.arrivals.iter().map(|(arrival, service)| route(arrival, service, options)).collect();
    json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": resource_name(&["tyk", &host.name]), "namespace": options.namespace},
        "spec": {"hosts": [host.name], "exportTo": ["."], "http": routes},
    })
}

fn route(arrival: &Arrival, service: &Service, options: &Options) -> Value {
    let matches: Vec<Value> = arrival.paths.iter().map(|path| matched(path, arrival)).collect();
    json!({
        "name": arrival.name(),
        "match": matches,
        "route": [{"destination": {"host": service.host(&options.domain), "port": {"number": service.port}}}],
    })
}

fn matched(path: &PathMatch, arrival: &Arrival) -> Value {
    let uri = match path {
        PathMatch::Exact(path) => json!({"exact": path}),
        PathMatch::Prefix(prefix) => json!({"prefix": prefix}),
        PathMatch::Regex { source, .. } => json!({"regex": source}),
    };
    let mut matched = json!({"uri": uri, "port": arrival.port});
    let mut headers = Map::new();
    let mut parameters = Map::new();
    for condition in &arrival.conditions {
        match condition {
            Condition::Header(name, value) => {
                headers.insert(name.to_ascii_lowercase(), json!({"exact": value}))
            }
            Condition::Parameter(name, value) => {
                parameters.insert(name.clone(), json!({"exact": value}))
            }
        };
    }
    if let Some(members) = matched.as_object_mut() {
        for (key, entries) in [("headers", headers), ("queryParams", parameters)] {
            if !entries.is_empty() {
                members.insert(key.to_owned(), Value::Object(entries));
            }
        }
    }
    matched
}
