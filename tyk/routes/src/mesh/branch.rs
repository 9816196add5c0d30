//! The ways that a request may take within an API, by the version that it names.

use super::Condition;
use super::shape::Shape;
use crate::definition::{Location, Selector};
use crate::gateway::Served;

/// A way into an API, or into a version of it.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    /// The paths as they are on it.
    pub(super) shapes: Vec<Shape>,
    /// What tells of it.
    pub(super) conditions: Vec<Condition>,
}

/// Returns the way of requests that name a version; `None` where none can.
pub(super) fn named(served: &Served, from: &Branch, version: &str) -> Option<Branch> {
    let selector = &served.api.selector;
    let mut branch = from.clone();
    match selector.location {
        Location::Unknown => return None,
        Location::Header if !selector.strips => {
            branch.conditions.push(Condition::Header(selector.key.clone(), version.to_owned()));
        }
        Location::Parameter if !selector.strips => {
            branch.conditions.push(Condition::Parameter(selector.key.clone(), version.to_owned()));
        }
        Location::Header | Location::Parameter => {}
        Location::Path if is_stripped(selector, version) => {
            // Where nothing follows it, it stays.
            let ends = from.shapes.iter().filter_map(|shape| shape.with_part(version));
            branch.shapes.extend(ends.collect::<Vec<_>>());
        }
        Location::Path => {
            branch.shapes =
                from.shapes.iter().filter_map(|shape| shape.with_part(version)).collect();
        }
    }
    Some(branch)
}

/// Returns the way of requests that name no version, or one that there is not.
pub(super) fn unnamed(served: &Served, from: &Branch) -> Branch {
    let selector = &served.api.selector;
    let mut branch = from.clone();
    if selector.location == Location::Path && !selector.falls_back {
        // Whatever follows the listen path is a version.
        branch.shapes = from.shapes.iter().flat_map(bare).collect();
    }
    branch
}

fn bare(shape: &Shape) -> Vec<Shape> {
    match shape {
        Shape::Begins { text, .. } if text.ends_with('/') => vec![Shape::Exact(text.clone())],
        Shape::Begins { text, .. } => {
            vec![Shape::Exact(text.clone()), Shape::Exact(format!("{text}/"))]
        }
        other => vec![other.clone()],
    }
}

fn is_stripped(selector: &Selector, version: &str) -> bool {
    let fits = regex::Regex::new(&selector.pattern).map_or(true, |regex| regex.is_match(version));
    selector.strips && (selector.pattern.is_empty() || fits)
}
