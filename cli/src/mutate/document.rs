//! Reading what a document says, as far as mutants need it.

use crate::input::text;
use attache_config_reader::Node;

/// Returns the elements of a member that is a list; none where it is absent.
pub(super) fn list<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    match node.get(key) {
        Some(Node::Array(items)) => items,
        _ => &[],
    }
}

/// Returns the text of a member; nothing where it is absent.
pub(super) fn word<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key).and_then(text).unwrap_or_default()
}

/// Returns the keys of an object.
pub(super) fn keys(node: &Node) -> impl Iterator<Item = &str> {
    let members = match node {
        Node::Object(members) => members.as_slice(),
        _ => &[],
    };
    members.iter().map(|(key, _)| key.as_str())
}

/// Returns a value as a report shows it: as JSON, without the quotes of a text.
pub(super) fn shown(node: &Node) -> String {
    match node {
        Node::String(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}
