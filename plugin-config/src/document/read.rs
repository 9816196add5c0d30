//! A whole document into its types, with everything that is wrong in its form.

use super::Document;
use crate::json::{self, At, Fault, Node, Place, Problem, Step};
use serde::Deserialize;

/// What a document came to.
pub(crate) struct Reading {
    /// What could be read of it.
    pub(crate) document: Option<Document>,
    /// What is wrong.
    pub(crate) faults: Vec<Fault>,
    /// Where nothing could be read: what lies around such a place is not complete.
    pub(crate) spoiled: Vec<Place>,
    /// The tree, to bring errors into the document's order.
    pub(crate) tree: Node,
}

/// Faults of form after which reading ends: each costs a pass over the document.
const MOST_FAULTS: usize = 100;

/// Reads a document. Where something is wrong, that is noted, its place is marked as spoiled, and the document is
/// read again, until what is left can be read: so every fault comes to light, and none because of another.
pub(crate) fn read(json: &[u8]) -> Reading {
    let mut faults = Vec::new();
    let mut spoiled = Vec::new();
    let Some(mut tree) = json::read(json, &At::Root, &mut faults) else {
        return Reading { document: None, faults, spoiled, tree: Node::Null };
    };
    if let Some(message) = is_a_resource(&tree) {
        faults.push(At::Root.fault(message));
        return Reading { document: None, faults, spoiled, tree };
    }
    let document = loop {
        let error = match Document::deserialize(&tree) {
            Ok(document) => break Some(document),
            Err(error) => error,
        };
        let place = error.place();
        let (at, message, spot) = match error.problem {
            Problem::Value(message) => (place.clone(), message, place),
            Problem::UnknownKey { key, message } => {
                let spot = place.key(&key);
                (spot.clone(), message, spot)
            }
            Problem::MissingKey(key) => (place.clone(), format!("`{key}` is missing"), place.key(key)),
            Problem::Null(expected) => (place.clone(), format!("expected {expected}, got null"), place),
            Problem::NoValue(expected) => (place.clone(), no_value(&place, &expected), place),
        };
        faults.push(Fault { place: at, message });
        if spot.0.is_empty() || faults.len() >= MOST_FAULTS || !spoil(&mut tree, &spot.0) {
            break None;
        }
        spoiled.push(spot);
    };
    Reading { document, faults, spoiled, tree }
}

/// What to do where the document is not the configuration alone, but the Kubernetes resource that holds it.
fn is_a_resource(tree: &Node) -> Option<String> {
    let kind = match tree.get("kind") {
        Some(Node::String(kind)) => json::quote(kind),
        _ => "a resource".to_owned(),
    };
    let inner = if tree.get("pluginConfig").is_some() {
        "pluginConfig"
    } else if tree.get("spec").is_some() || tree.get("apiVersion").is_some() {
        "spec.pluginConfig"
    } else {
        return None;
    };
    Some(format!("this is {kind} as a whole; give what is below its `{inner}`, which begins with `issuers`"))
}

/// The message about a key below which nothing stands.
fn no_value(place: &Place, expected: &str) -> String {
    match place.0.last() {
        Some(Step::Key(key)) => {
            format!("{} has no value; write {expected}, or remove the line", json::quote(key))
        }
        _ => format!("no value; write {expected}"),
    }
}

/// Marks a place; false if there is none or it was marked before, so that no fault can come twice.
fn spoil(tree: &mut Node, steps: &[Step]) -> bool {
    let mut node = tree;
    for (depth, step) in steps.iter().enumerate() {
        node = match (node, step) {
            (Node::Array(items), Step::Index(index)) => match items.get_mut(*index) {
                Some(item) => item,
                None => return false,
            },
            (Node::Object(members), Step::Key(key)) => {
                let found = members.iter().position(|(name, _)| name == key);
                let last = depth.saturating_add(1) == steps.len();
                let index = match found {
                    Some(index) => index,
                    None if last => {
                        members.push((key.clone(), Node::Null));
                        members.len().saturating_sub(1)
                    }
                    None => return false,
                };
                match members.get_mut(index) {
                    Some((_, value)) => value,
                    None => return false,
                }
            }
            _ => return false,
        };
    }
    !matches!(std::mem::replace(node, Node::Spoiled), Node::Spoiled)
}
