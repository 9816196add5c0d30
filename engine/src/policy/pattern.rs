//! Matching one pattern of paths against one path.

use super::lazy_request::LazyRequest;
use super::loose::Comparison;
use attache_plugin_config::{PathEquality, PathPattern, PathSegment};

/// A pattern of paths that is compared with the form of a path in which those are equal that count
/// as the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PathTest {
    pub pattern: PathPattern,
    pub equality: PathEquality,
}

impl PathTest {
    /// Returns the tests of which one matches where a pattern does.
    pub(super) fn compile(
        pattern: &PathPattern,
        comparison: Comparison,
    ) -> impl Iterator<Item = Self> {
        let patterns = comparison.patterns(pattern).into_iter();
        patterns.map(move |pattern| Self { pattern, equality: comparison.equality })
    }

    pub(super) fn matches(&self, request: &LazyRequest<'_>) -> bool {
        matches_path(&self.pattern, request.path_as(self.equality))
    }
}

/// Returns whether a pattern matches a path.
pub(super) fn matches_path(pattern: &PathPattern, path: &str) -> bool {
    match pattern {
        PathPattern::Exact(text) => path == text,
        PathPattern::Prefix(text) => path.starts_with(text.as_str()),
        PathPattern::Suffix(text) => path.ends_with(text.as_str()),
        PathPattern::Any => !path.is_empty(),
        PathPattern::Template(segments) => matches_template(segments, path),
    }
}

/// Returns the segment that `{name}` stands for in a path that the pattern matches.
pub(super) fn capture<'a>(pattern: &PathPattern, name: &str, path: &'a str) -> Option<&'a str> {
    let PathPattern::Template(segments) = pattern else { return None };
    let position = segments
        .iter()
        .position(|segment| matches!(segment, PathSegment::Named(own) if own == name))?;
    let path = path.strip_prefix('/')?;
    let (before, after) = segments.split_at_checked(position)?;
    if before.contains(&PathSegment::Many) {
        path.rsplit('/').nth(after.len().checked_sub(1)?)
    } else {
        path.split('/').nth(position)
    }
}

fn matches_template(segments: &[PathSegment], path: &str) -> bool {
    let Some(path) = path.strip_prefix('/') else { return false };
    let many = segments.iter().position(|segment| *segment == PathSegment::Many);
    let (head, tail) =
        segments.split_at_checked(many.unwrap_or(segments.len())).unwrap_or_default();
    let mut left = Some(path);
    for segment in head {
        let Some(path) = left else { return false };
        let (actual, rest) = first_segment(path);
        if !segment_matches(segment, actual) {
            return false;
        }
        left = rest;
    }
    // The first of the tail is the `{**}` itself.
    for segment in tail.iter().skip(1).rev() {
        let Some(path) = left else { return false };
        let (rest, actual) = last_segment(path);
        if !segment_matches(segment, actual) {
            return false;
        }
        left = rest;
    }
    many.is_some() || left.is_none()
}

fn segment_matches(segment: &PathSegment, actual: &str) -> bool {
    match segment {
        PathSegment::Literal(text) => actual == text,
        PathSegment::One | PathSegment::Named(_) => !actual.is_empty(),
        PathSegment::Many => true,
    }
}

/// Returns the first segment of a path without its leading slash, and the others, if there are
/// others.
pub(super) fn first_segment(path: &str) -> (&str, Option<&str>) {
    path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)))
}

/// Returns the last segment of a path without its leading slash, and the others, if there are
/// others.
pub(super) fn last_segment(path: &str) -> (Option<&str>, &str) {
    path.rsplit_once('/').map_or((None, path), |(rest, last)| (Some(rest), last))
}
