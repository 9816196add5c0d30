//! Objects of a document, member by member.

use attache_config_reader::Node;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Returns the keys of two objects whose values are not the same.
pub(super) fn differing(one: &Value, other: &Value) -> Vec<String> {
    let none = Map::new();
    let [one, other] = [one, other].map(|value| value.as_object().unwrap_or(&none));
    let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    keys.into_iter().filter(|key| one.get(*key) != other.get(*key)).cloned().collect()
}

/// Returns a node without the order of its members.
pub(super) fn value(node: &Node) -> Value {
    serde_json::to_value(node).unwrap_or_default()
}
