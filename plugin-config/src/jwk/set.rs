//! Sets of keys (RFC 7517 section 5).

use super::read::{Outcome, read_key};
use super::{Jwk, KeySet};
use crate::json::{self, At, Fault, Node, quote};
use crate::{ConfigError, Errors};

/// The most keys of a set.
const MOST_KEYS: usize = 256;
/// The longest remote set, in bytes.
const LONGEST_REMOTE: usize = 256 * 1024;

/// A key of a remote set that cannot be used here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its index in the set.
    pub index: usize,
    /// Its `kid`, where it has one: 256 characters at most.
    pub key_id: Option<String>,
    /// Why it cannot be used.
    pub reason: Errors,
}

impl KeySet {
    /// Reads a set whose every key must be fit to verify, as in a document.
    ///
    /// # Errors
    /// Everything that is wrong with the set or any of its keys.
    pub fn parse(json: &[u8]) -> Result<Self, Errors> {
        let mut faults = Vec::new();
        let set = json::read(json, &At::Root, &mut faults)
            .and_then(|node| read_inline(&node, &At::Root, &mut faults))
            .unwrap_or_default();
        Errors::check(faults.into_iter().map(ConfigError::from).collect()).map(|()| set)
    }

    /// Reads a set that a provider serves, 256 KiB at most. Keys for other uses, of other types and too weak ones are
    /// skipped, as RFC 7517 section 5 asks: never used, and reported.
    ///
    /// # Errors
    /// What makes the whole set unfit: not JSON, no list of keys, a member given twice, more than 256 keys, a private
    /// or symmetric key, two usable keys with one `kid`, or no usable key at all.
    pub fn parse_remote(json: &[u8]) -> Result<(Self, Vec<Skipped>), Errors> {
        if json.len() > LONGEST_REMOTE {
            let message = format!("a key set has {LONGEST_REMOTE} bytes at most, this one {}", json.len());
            return Err(ConfigError::new("", message).into());
        }
        let mut faults = Vec::new();
        let (keys, skipped) = json::read(json, &At::Root, &mut faults)
            .map(|node| read_remote(&node, &mut faults))
            .unwrap_or_default();
        Errors::check(faults.into_iter().map(ConfigError::from).collect()).map(|()| (Self { keys }, skipped))
    }
}

/// Reads the set of a document.
pub(crate) fn read_inline(node: &Node, at: &At<'_>, faults: &mut Vec<Fault>) -> Option<KeySet> {
    let before = faults.len();
    let mut keys = Vec::new();
    for (index, node) in members(node, at, faults)?.iter().enumerate() {
        let list = at.key("keys");
        let at = list.index(index);
        match read_key(node, &at) {
            Outcome::Key(key) => add(&mut keys, key, &at, faults),
            Outcome::Unfit(mut unfit) => faults.append(&mut unfit),
            Outcome::Secret(fault) => faults.push(fault),
        }
    }
    (faults.len() == before).then_some(KeySet { keys })
}

fn read_remote(node: &Node, faults: &mut Vec<Fault>) -> (Vec<Jwk>, Vec<Skipped>) {
    let mut keys = Vec::new();
    let mut skipped = Vec::new();
    let list = At::Root.key("keys");
    for (index, node) in members(node, &At::Root, faults).unwrap_or_default().iter().enumerate() {
        let at = list.index(index);
        match read_key(node, &at) {
            Outcome::Key(key) => add(&mut keys, key, &at, faults),
            Outcome::Secret(fault) => faults.push(fault),
            Outcome::Unfit(mut unfit) if is_symmetric(node) => faults.append(&mut unfit),
            Outcome::Unfit(unfit) => {
                let reason = unfit.into_iter().map(ConfigError::from).collect();
                skipped.push(Skipped { index, key_id: key_id(node), reason: Errors::of(reason) });
            }
        }
    }
    if keys.is_empty() && faults.is_empty() {
        faults.push(list.fault(format!("none of {} keys can verify a signature here", skipped.len())));
    }
    (keys, skipped)
}

/// The members of `keys`.
fn members<'n>(node: &'n Node, at: &At<'_>, faults: &mut Vec<Fault>) -> Option<&'n [Node]> {
    let fault = match node.get("keys") {
        Some(Node::Array(keys)) if keys.is_empty() => {
            at.key("keys").fault("there is no key; give at least one")
        }
        Some(Node::Array(keys)) if keys.len() > MOST_KEYS => {
            at.key("keys").fault(format!("a set has {MOST_KEYS} keys at most, this one {}", keys.len()))
        }
        Some(Node::Array(keys)) => return Some(keys),
        Some(other) => at.key("keys").fault(format!("expected a list of keys, got {}", other.kind())),
        None if matches!(node, Node::Object(_)) => {
            at.fault("`keys` is missing; a JWK set is an object with a list of keys under `keys`")
        }
        None => at.fault(format!("expected a JWK set, got {}", node.kind())),
    };
    faults.push(fault);
    None
}

fn add(keys: &mut Vec<Jwk>, key: Jwk, at: &At<'_>, faults: &mut Vec<Fault>) {
    match &key.key_id {
        Some(kid) if keys.iter().any(|other| other.key_id.as_ref() == Some(kid)) => {
            let message = format!("{} names another key of this set; give each its own", quote(kid));
            faults.push(at.key("kid").fault(message));
        }
        _ => keys.push(key),
    }
}

fn is_symmetric(node: &Node) -> bool {
    matches!(node.get("kty"), Some(Node::String(kind)) if kind == "oct")
}

fn key_id(node: &Node) -> Option<String> {
    match node.get("kid") {
        Some(Node::String(kid)) => Some(kid.chars().take(256).collect()),
        _ => None,
    }
}
