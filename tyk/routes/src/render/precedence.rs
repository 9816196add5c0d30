//! The order in which rules of the Gateway API are asked, as Istio has it: not the one in which
//! they stand.

use crate::mesh::{Arrival, PathMatch};
use std::cmp::Reverse;

/// A path as an HTTPRoute says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RulePath {
    /// `Exact`.
    Exact(String),
    /// `PathPrefix`: whole segments.
    Segments(String),
    /// `RegularExpression`.
    Regex(String),
}

impl RulePath {
    /// Returns what an HTTPRoute calls it.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Exact(_) => "Exact",
            Self::Segments(_) => "PathPrefix",
            Self::Regex(_) => "RegularExpression",
        }
    }

    /// Returns the path.
    pub(super) fn value(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Segments(text) | Self::Regex(text) => text,
        }
    }

    /// Returns what rules are sorted by: exact before prefix before regular expression, the longer
    /// first, then those that ask for more.
    fn rank(&self, arrival: &Arrival) -> (u8, Reverse<usize>, Reverse<usize>) {
        let kind = match self {
            Self::Exact(_) => 0,
            Self::Segments(_) => 1,
            Self::Regex(_) => 2,
        };
        (kind, Reverse(self.value().len()), Reverse(arrival.conditions.len()))
    }

    fn as_match(&self) -> Option<PathMatch> {
        match self {
            Self::Exact(path) => Some(PathMatch::Exact(path.clone())),
            Self::Segments(path) if path == "/" => Some(PathMatch::Prefix("/".to_owned())),
            Self::Segments(path) => PathMatch::regex(&format!("{}(?:/.*)?", regex::escape(path))),
            Self::Regex(source) => PathMatch::regex(source),
        }
    }
}

/// Returns the paths of an arrival among others of its host.
pub(super) fn rule_paths(
    arrival: &Arrival,
    others: &[&Arrival],
    is_all_regex: bool,
) -> Vec<RulePath> {
    let mut paths: Vec<RulePath> = Vec::new();
    for path in &arrival.paths {
        let rule = match path {
            PathMatch::Regex { source, .. } => RulePath::Regex(source.clone()),
            PathMatch::Exact(path) if !is_all_regex => RulePath::Exact(path.clone()),
            PathMatch::Exact(path) => RulePath::Regex(regex::escape(path)),
            PathMatch::Prefix(prefix)
                if !is_all_regex && can_end_a_segment(prefix, arrival, others) =>
            {
                let short = prefix.trim_end_matches('/');
                RulePath::Segments(if short.is_empty() { "/".to_owned() } else { short.to_owned() })
            }
            PathMatch::Prefix(prefix) => RulePath::Regex(format!("{}.*", regex::escape(prefix))),
        };
        paths.push(rule);
    }
    // A prefix of segments holds the path without its slash.
    let held: Vec<String> = paths
        .iter()
        .filter_map(|path| match path {
            RulePath::Segments(path) => Some(path.clone()),
            _ => None,
        })
        .collect();
    paths.retain(|path| !matches!(path, RulePath::Exact(exact) if held.contains(exact)));
    paths
}

/// Returns whether a prefix may lose the slash at its end: where the path without it is nobody
/// else's.
fn can_end_a_segment(prefix: &str, arrival: &Arrival, others: &[&Arrival]) -> bool {
    let Some(short) = prefix.strip_suffix('/') else { return false };
    short.is_empty()
        || !others.iter().any(|other| {
            other.name() != arrival.name() && other.paths.iter().any(|path| path.matches(short))
        })
}

/// Returns the first two, of arrivals in the order that they must have, that the Gateway API would
/// ask the other way round.
pub(super) fn misplaced<'a>(
    arrivals: &[(&'a Arrival, Vec<RulePath>)],
) -> Option<(&'a Arrival, &'a Arrival)> {
    for (index, (later, later_paths)) in arrivals.iter().enumerate() {
        for (earlier, earlier_paths) in arrivals.iter().take(index) {
            if earlier.name() == later.name() || earlier.port != later.port {
                continue;
            }
            // Of two that nothing tells apart, either may be first where they are the same; not the
            // wider of them.
            let is_alike = later.is_mistaken_for(earlier);
            let is_before = |mine: &RulePath, their: &RulePath| {
                let (mine, their) = (mine.rank(later), their.rank(earlier));
                mine < their || (mine == their && !is_alike)
            };
            let meets =
                |mine: &RulePath, their: &RulePath| match (mine.as_match(), their.as_match()) {
                    (Some(mine), Some(their)) => mine.overlaps(&their),
                    _ => false,
                };
            let is_wrong = later_paths.iter().any(|mine| {
                earlier_paths.iter().any(|their| is_before(mine, their) && meets(mine, their))
            });
            if is_wrong && !(later.excludes(earlier)) {
                return Some((earlier, later));
            }
        }
    }
    None
}
