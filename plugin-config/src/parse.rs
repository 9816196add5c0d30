//! The way in.

use crate::check::{Checker, check};
use crate::json::{Fault, Node, Place, Step};
use crate::{Config, ConfigError, Errors, document};
use hmac_sha256::Hash;

/// The longest document, in bytes.
pub const LONGEST_DOCUMENT: usize = 4 * 1024 * 1024;

/// The most errors that are reported one by one: a log line has an end.
const MOST_ERRORS: usize = 100;

/// Reads a configuration from the JSON document that a WasmPlugin carries.
///
/// # Errors
/// Everything that is wrong with the document, each with its place, in the document's order. What follows only from
/// another error is left out. Past 100 errors the rest is counted.
pub fn parse(json: &[u8]) -> Result<Config, Errors> {
    if json.len() > LONGEST_DOCUMENT {
        let message = format!(
            "a configuration has {LONGEST_DOCUMENT} bytes at most, this one {}; split it",
            json.len()
        );
        return Err(ConfigError::new("", message).into());
    }
    let reading = document::read(json);
    let mut checker = Checker::new(reading.spoiled);
    let config = reading.document.map(|document| check(&document, Hash::hash(json), &mut checker));
    let mut faults = reading.faults;
    let (mut found, warnings) = checker.into_faults_and_warnings();
    faults.append(&mut found);
    match config {
        Some(config) if faults.is_empty() => Ok(Config { warnings, ..config }),
        _ => Err(in_order(faults, &reading.tree)),
    }
}

/// The faults in the document's order.
fn in_order(mut faults: Vec<Fault>, tree: &Node) -> Errors {
    faults.sort_by_cached_key(|fault| rank(&fault.place, tree));
    let rest = faults.len().saturating_sub(MOST_ERRORS);
    faults.truncate(MOST_ERRORS);
    let mut errors: Vec<ConfigError> = faults.into_iter().map(ConfigError::from).collect();
    if rest > 0 {
        errors.push(ConfigError::new("", format!("there are {rest} more errors; mend these first")));
    }
    Errors::of(errors)
}

/// Where a place stands in the document: the position of each of its steps. What is not in the document stands where
/// it would be added.
fn rank(place: &Place, tree: &Node) -> Vec<usize> {
    let mut node = Some(tree);
    let mut rank = Vec::with_capacity(place.0.len());
    for step in &place.0 {
        let (position, next) = match (node, step) {
            (Some(Node::Object(members)), Step::Key(key)) => {
                let position = members.iter().position(|(name, _)| name == key);
                (
                    position.unwrap_or(members.len()),
                    position.and_then(|index| members.get(index)).map(|(_, node)| node),
                )
            }
            (Some(Node::Array(items)), Step::Index(index)) => (*index, items.get(*index)),
            (_, Step::Index(index)) => (*index, None),
            (_, Step::Key(_)) => (usize::MAX, None),
        };
        rank.push(position);
        node = next;
    }
    rank
}
