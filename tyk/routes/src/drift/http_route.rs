//! Reads an HTTPRoute of a service, as a proxy asks its rules.

use super::route::{Route, RouteMatch};
use crate::gap::Place;
use crate::mesh::{Condition, PathMatch};
use crate::render::Options;
use attache_config_reader::Path;
use serde_json::Value;

/// Returns the rules of an HTTPRoute, once for each service that is its parent.
pub(super) fn read(value: &Value, place: &Place, namespace: &str, options: &Options) -> Vec<Route> {
    let list =
        |pointer: &str| value.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    let name = value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let mut routes = Vec::new();
    for parent in list("/spec/parentRefs")
        .filter(|parent| parent.get("kind").and_then(Value::as_str) == Some("Service"))
    {
        let text = |key: &str| parent.get(key).and_then(Value::as_str);
        let host = format!(
            "{}.{}.svc.{}",
            text("name").unwrap_or_default(),
            text("namespace").unwrap_or(namespace),
            options.domain
        );
        let port = parent.get("port").and_then(Value::as_f64).and_then(to_port);
        for (index, rule) in list("/spec/rules").enumerate() {
            let matches = rule.get("matches").and_then(Value::as_array).into_iter().flatten();
            let mut matches: Vec<RouteMatch> =
                matches.map(|matched| read_match(matched, port)).collect();
            if matches.is_empty() {
                matches.push(RouteMatch { port, ..RouteMatch::default() });
            }
            routes.push(Route {
                resource: format!("HTTPRoute {namespace}/{name}"),
                place: place.join(Path::default().key("spec").key("rules").index(index)),
                host: host.clone(),
                matches,
            });
        }
    }
    routes
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is looked at first"
)]
fn to_port(port: f64) -> Option<u16> {
    (1.0..65536.0).contains(&port).then_some(port as u16)
}

fn read_match(value: &Value, port: Option<u16>) -> RouteMatch {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let path = text("/path/value").unwrap_or("/");
    let path = match text("/path/type").unwrap_or("PathPrefix") {
        "Exact" => Some(PathMatch::Exact(path.to_owned())),
        "RegularExpression" => PathMatch::regex(path),
        _ if path.trim_end_matches('/').is_empty() => Some(PathMatch::Prefix("/".to_owned())),
        _ => PathMatch::regex(&format!("{}(?:/.*)?", regex::escape(path.trim_end_matches('/')))),
    };
    let mut conditions = Vec::new();
    let mut is_narrow = value.get("method").is_some();
    for (key, of) in [
        ("headers", Condition::Header as fn(String, String) -> Condition),
        ("queryParams", Condition::Parameter),
    ] {
        for entry in value.get(key).and_then(Value::as_array).into_iter().flatten() {
            let text =
                |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            if text("type") == "RegularExpression" {
                is_narrow = true;
            } else {
                conditions.push(of(text("name"), text("value")));
            }
        }
    }
    RouteMatch { path, port, conditions, is_narrow }
}
