//! Reads a VirtualService.

use super::route::{Route, RouteMatch, full_host};
use crate::gap::Place;
use crate::mesh::{Condition, PathMatch};
use crate::render::Options;
use attache_config_reader::Path;
use serde_json::Value;

/// Keys of a match that are looked at here.
const KNOWN: [&str; 5] = ["uri", "port", "headers", "queryParams", "name"];

/// Returns the routes of a VirtualService, once for each host.
pub(super) fn read(value: &Value, place: &Place, namespace: &str, options: &Options) -> Vec<Route> {
    let list =
        |pointer: &str| value.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    let name = value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let mut routes = Vec::new();
    for host in list("/spec/hosts").filter_map(Value::as_str) {
        for (index, route) in list("/spec/http").enumerate() {
            let matches = route
                .get("match")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(matched)
                .collect();
            routes.push(Route {
                resource: format!("VirtualService {namespace}/{name}"),
                place: place.join(Path::default().key("spec").key("http").index(index)),
                host: full_host(host, namespace, options),
                matches,
            });
        }
    }
    routes
}

fn matched(value: &Value) -> RouteMatch {
    let uri = |kind: &str| value.pointer(&format!("/uri/{kind}")).and_then(Value::as_str);
    let ignores_case = value.get("ignoreUriCase").and_then(Value::as_bool) == Some(true);
    let path = match (uri("exact"), uri("prefix"), uri("regex")) {
        (Some(path), _, _) => Some(PathMatch::Exact(path.to_owned())),
        (_, Some(prefix), _) => Some(PathMatch::Prefix(prefix.to_owned())),
        (_, _, Some(source)) => PathMatch::regex(source),
        _ => None,
    };
    let mut conditions = Vec::new();
    let mut is_narrow = ignores_case;
    for (key, of) in [
        ("headers", Condition::Header as fn(String, String) -> Condition),
        ("queryParams", Condition::Parameter),
    ] {
        for (name, value) in value.get(key).and_then(Value::as_object).into_iter().flatten() {
            match value.get("exact").and_then(Value::as_str) {
                Some(exact) => conditions.push(of(name.clone(), exact.to_owned())),
                None => is_narrow = true,
            }
        }
    }
    let others =
        value.as_object().into_iter().flatten().any(|(key, _)| !KNOWN.contains(&key.as_str()));
    let port =
        value.get("port").and_then(Value::as_f64).filter(|port| (1.0..65536.0).contains(port));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range was looked at"
    )]
    let port = port.map(|port| port as u16);
    RouteMatch { path, port, conditions, is_narrow: is_narrow || others }
}
