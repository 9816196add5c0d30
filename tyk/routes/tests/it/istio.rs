//! What Istio's control plane makes of routes for a sidecar: route tables of Envoy, one for each
//! port.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The domains and the routes of one port.
pub(crate) type Tables = BTreeMap<u16, Vec<Value>>;

/// Returns the route tables for VirtualServices.
pub(crate) fn of_virtual_services(resources: &[Value], cluster: &str) -> Tables {
    let mut tables = Tables::new();
    for resource in resources {
        let host = resource["spec"]["hosts"][0].as_str().unwrap();
        let mut by_port: BTreeMap<u16, Vec<Value>> = BTreeMap::new();
        for route in resource["spec"]["http"].as_array().unwrap() {
            for matched in route["match"].as_array().unwrap() {
                let port = port(&matched["port"]);
                by_port.entry(port).or_default().push(json!({
                    "name": route["name"],
                    "match": of_match(matched),
                    "route": {"cluster": cluster},
                    "response_headers_to_add": backend(&route["route"][0]["destination"]),
                }));
            }
        }
        for (port, routes) in by_port {
            tables.entry(port).or_default().push(virtual_host(host, port, routes));
        }
    }
    tables
}

fn backend(destination: &Value) -> Value {
    let service =
        format!("{}:{}", destination["host"].as_str().unwrap(), destination["port"]["number"]);
    json!([
        {"header": {"key": "x-route", "value": "%ROUTE_NAME%"}},
        {"header": {"key": "x-backend", "value": service}}
    ])
}

fn port(value: &Value) -> u16 {
    u16::try_from(value.as_u64().unwrap()).unwrap()
}

fn of_match(matched: &Value) -> Value {
    let uri = &matched["uri"];
    let mut route = match (uri["exact"].as_str(), uri["prefix"].as_str(), uri["regex"].as_str()) {
        (Some(path), _, _) => json!({"path": path}),
        (_, Some(prefix), _) => json!({"prefix": prefix}),
        (_, _, Some(regex)) => json!({"safe_regex": {"regex": regex}}),
        _ => panic!("{matched}"),
    };
    let exact = |(name, value): (&String, &Value)| json!({"name": name, "string_match": {"exact": value["exact"]}});
    let list = |key: &str| -> Vec<Value> {
        matched[key]
            .as_object()
            .map(|members| members.iter().map(exact).collect())
            .unwrap_or_default()
    };
    route["headers"] = json!(list("headers"));
    route["query_parameters"] = json!(list("queryParams"));
    route
}

/// Returns the virtual host with every name that a sidecar in Tyk's namespace may call a service
/// by.
fn virtual_host(host: &str, port: u16, routes: Vec<Value>) -> Value {
    let mut names = vec![host.to_owned()];
    if let Some(short) = host.strip_suffix(".svc.cluster.local") {
        names.extend([format!("{short}.svc"), short.to_owned()]);
        names.extend(short.strip_suffix(".tyk").map(str::to_owned));
    }
    let with_port: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
    let domains: Vec<String> = names.into_iter().chain(with_port).collect();
    json!({"name": format!("{host}:{port}"), "domains": domains, "routes": routes})
}

/// Returns the route tables for HTTPRoutes of services: rules sorted as the control plane does.
pub(crate) fn of_http_routes(resources: &[Value], cluster: &str) -> Tables {
    let mut by_service: BTreeMap<(String, u16), Vec<(Value, String)>> = BTreeMap::new();
    for resource in resources.iter().filter(|resource| resource["kind"] == "HTTPRoute") {
        let parent = &resource["spec"]["parentRefs"][0];
        let host = format!(
            "{}.{}.svc.cluster.local",
            parent["name"].as_str().unwrap(),
            parent["namespace"].as_str().unwrap()
        );
        let rules = by_service.entry((host, port(&parent["port"]))).or_default();
        let name = resource["metadata"]["name"].as_str().unwrap();
        for rule in resource["spec"]["rules"].as_array().unwrap() {
            rules.extend(
                rule["matches"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|matched| (matched.clone(), name.to_owned())),
            );
        }
    }
    let mut tables = Tables::new();
    for ((host, port), mut rules) in by_service {
        rules.sort_by_key(|(matched, _)| rank(matched));
        let backend = backend(&json!({"host": host, "port": {"number": port}}));
        let routes = rules.iter().map(|(matched, name)| {
            json!({
                "name": name, "match": of_rule(matched), "route": {"cluster": cluster}, "response_headers_to_add": backend
            })
        });
        tables.entry(port).or_default().push(virtual_host(&host, port, routes.collect()));
    }
    tables
}

fn rank(
    matched: &Value,
) -> (u8, std::cmp::Reverse<usize>, std::cmp::Reverse<usize>, std::cmp::Reverse<usize>) {
    let kind = match matched["path"]["type"].as_str().unwrap() {
        "Exact" => 0,
        "PathPrefix" => 1,
        _ => 2,
    };
    let count = |key: &str| std::cmp::Reverse(matched[key].as_array().map_or(0, Vec::len));
    let length = std::cmp::Reverse(matched["path"]["value"].as_str().unwrap().len());
    (kind, length, count("headers"), count("queryParams"))
}

fn of_rule(matched: &Value) -> Value {
    let value = &matched["path"]["value"];
    let mut route = match matched["path"]["type"].as_str().unwrap() {
        "Exact" => json!({"path": value}),
        "PathPrefix" if value == "/" => json!({"prefix": "/"}),
        "PathPrefix" => json!({"path_separated_prefix": value}),
        _ => json!({"safe_regex": {"regex": value}}),
    };
    let exact =
        |entry: &Value| json!({"name": entry["name"], "string_match": {"exact": entry["value"]}});
    let list = |key: &str| -> Vec<Value> {
        matched[key]
            .as_array()
            .map(|entries| entries.iter().map(exact).collect())
            .unwrap_or_default()
    };
    route["headers"] = json!(list("headers"));
    route["query_parameters"] = json!(list("queryParams"));
    route
}
