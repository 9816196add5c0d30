//! The endpoints of a version, in the order in which Tyk puts them.

use super::{Action, Endpoint, Rewrite, Version};
use crate::fields::{Fields, to_path};
use crate::gap::Place;
use attache_config_reader::{Diagnostic, Path};
use serde_json::Value;
use std::cell::RefCell;

/// The lists of `extended_paths` that Tyk puts together, in its order, and what their entries do.
const LISTS: [(&str, Action); 18] = [
    ("mock_response", Action::Reply),
    ("ignored", Action::Ignore),
    ("black_list", Action::Block),
    ("white_list", Action::Allow),
    ("advance_cache_config", Action::Other),
    ("transform", Action::Other),
    ("transform_response", Action::Other),
    ("transform_headers", Action::Other),
    ("transform_response_headers", Action::Other),
    ("hard_timeouts", Action::Other),
    ("circuit_breakers", Action::Other),
    // A rewrite says more, and is read by itself.
    ("url_rewrites", Action::Method(String::new())),
    ("size_limits", Action::Other),
    ("virtual", Action::Virtual),
    ("method_transforms", Action::Method(String::new())),
    ("validate_json", Action::Other),
    ("internal", Action::Internal),
    ("rate_limit", Action::Other),
];

/// Reads a version of a classic definition.
pub(super) fn version(
    value: &Value,
    place: &Place,
    problems: &RefCell<Vec<Diagnostic>>,
) -> Version {
    let fields = Fields::new(value, &place.path, problems);
    let ignores_case = fields.flag("ignore_endpoint_case");
    let mut endpoints = Vec::new();
    if fields.flag("use_extended_paths") {
        for (list, action) in LISTS {
            let at = place.join(to_path(&format!("extended_paths/{list}")));
            let items = fields.items(&format!("extended_paths/{list}"));
            for (index, item) in items.iter().enumerate() {
                let at = Place { document: at.document, path: at.path.clone().index(index) };
                endpoints.extend(endpoint(item, list, &action, at, ignores_case, problems));
            }
        }
    } else {
        for (list, action) in [
            ("ignored", Action::Ignore),
            ("black_list", Action::Block),
            ("white_list", Action::Allow),
        ] {
            let at = place.join(to_path(&format!("paths/{list}")));
            for (index, path) in fields.texts(&format!("paths/{list}")).into_iter().enumerate() {
                let place = Place { document: at.document, path: at.path.clone().index(index) };
                let method = String::new();
                endpoints.push(Endpoint {
                    place,
                    path,
                    method,
                    ignores_case: false,
                    action: action.clone(),
                });
            }
        }
    }
    Version {
        name: fields.text("name"),
        target: fields.text("override_target"),
        endpoints,
        operations: Vec::new(),
    }
}

/// Reads an entry of a list; several where it names actions by method, as old definitions do.
fn endpoint(
    item: &Value,
    list: &str,
    action: &Action,
    place: Place,
    ignores_case: bool,
    problems: &RefCell<Vec<Diagnostic>>,
) -> Vec<Endpoint> {
    let at: Path = place.path.clone();
    let fields = Fields::new(item, &at, problems);
    if fields.flag("disabled") {
        return Vec::new();
    }
    let action = match (list, action) {
        ("url_rewrites", _) => Action::Rewrite(Rewrite {
            pattern: fields.text("match_pattern"),
            to: fields.text("rewrite_to"),
            triggers: fields.items("triggers").iter().filter_map(trigger).collect(),
        }),
        ("method_transforms", _) => Action::Method(fields.text("to_method").to_ascii_uppercase()),
        (_, action) => action.clone(),
    };
    let one = |method: String, action: Action| Endpoint {
        place: place.clone(),
        path: fields.text("path"),
        method,
        ignores_case: has_case_switches(list) && (ignores_case || fields.flag("ignore_case")),
        action,
    };
    let by_method = fields.members("method_actions");
    if by_method.is_empty() {
        return vec![one(fields.text("method"), action)];
    }
    let replies = |value: &Value| value.get("action").and_then(Value::as_str) == Some("reply");
    let of_method = |(method, value): (&String, &Value)| {
        one(method.clone(), if replies(value) { Action::Reply } else { action.clone() })
    };
    by_method.into_iter().map(of_method).collect()
}

/// Returns whether letter case can be switched off for a list by itself: Tyk passes over what a
/// version or an entry says of it but for these, and leaves the others to the gateway's switch.
fn has_case_switches(list: &str) -> bool {
    matches!(list, "mock_response" | "ignored" | "black_list" | "white_list")
}

fn trigger(value: &Value) -> Option<String> {
    value.get("rewrite_to").and_then(Value::as_str).map(str::to_owned)
}
