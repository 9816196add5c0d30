//! From a request to the groups that may fit it: by path, then, where many groups share a path, by
//! host and by caller.

mod affix;
mod bucket;
mod patterns;
mod templates;

use super::lazy_request::LazyRequest;
use super::pattern::PathTest;
use super::rule_group::{GroupId, RuleGroup};
use crate::order::grouped;
use attache_plugin_config::{PathEquality, PathPattern, PathSegment, StringPattern};
use bucket::Bucket;
use patterns::Patterns;
use templates::Templates;

/// All groups, by their path.
#[derive(Debug)]
pub(super) struct PathIndex {
    /// Of paths that are compared exactly.
    exact: Paths,
    /// Of others, by what counts as the same: DENY rules are here.
    loose: Box<[(PathEquality, Paths)]>,
    /// The groups that any path fits.
    anywhere: Bucket,
}

/// Groups by paths that are compared in one way.
#[derive(Debug)]
struct Paths {
    patterns: Patterns<Bucket>,
    templates: Templates<Bucket>,
}

impl PathIndex {
    #[inline(never)]
    pub(super) fn new(groups: &[RuleGroup]) -> Self {
        let (mut placed, mut anywhere) = (Vec::new(), Vec::new());
        for (id, rule_group) in (0..).map(GroupId).zip(groups) {
            match &rule_group.path {
                Some(PathTest { pattern, equality }) => placed.push((*equality, (pattern, id))),
                None => anywhere.push(id),
            }
        }
        let mut exact = Vec::new();
        let mut loose = Vec::new();
        for (equality, placed) in grouped(placed) {
            if equality == PathEquality::default() {
                exact = placed;
            } else {
                loose.push((equality, Paths::new(placed, groups)));
            }
        }
        Self {
            exact: Paths::new(exact, groups),
            loose: loose.into(),
            anywhere: Bucket::new(anywhere, groups),
        }
    }

    /// Visits all groups that fit the request, and some that don't; one may come twice.
    pub(super) fn visit(&self, request: &LazyRequest<'_>, found: &mut impl FnMut(GroupId)) {
        self.anywhere.visit(request, found);
        self.exact.visit(request.path(), request, found);
        for (equality, paths) in &self.loose {
            paths.visit(request.path_as(*equality), request, found);
        }
    }
}

impl Paths {
    #[inline(never)]
    fn new(placed: Vec<(&PathPattern, GroupId)>, groups: &[RuleGroup]) -> Self {
        let (mut patterns, mut templates) = (Vec::new(), Vec::new());
        for (pattern, id) in placed {
            let pattern = match pattern {
                PathPattern::Exact(text) => StringPattern::Exact(text.clone()),
                PathPattern::Prefix(text) => StringPattern::Prefix(text.clone()),
                PathPattern::Suffix(text) => StringPattern::Suffix(text.clone()),
                PathPattern::Any => StringPattern::Any,
                PathPattern::Template(segments) => {
                    templates.push((segments.iter().map(unnamed).collect::<Vec<_>>(), id));
                    continue;
                }
            };
            patterns.push((pattern, id));
        }
        Self {
            patterns: buckets(patterns, groups).into_iter().collect(),
            templates: buckets(templates, groups).into_iter().collect(),
        }
    }

    fn visit(&self, path: &str, request: &LazyRequest<'_>, found: &mut impl FnMut(GroupId)) {
        self.patterns.visit(path, &mut |bucket| bucket.visit(request, found));
        self.templates.visit(path, &mut |bucket| bucket.visit(request, found));
    }
}

/// Returns the groups that are found by each key.
#[inline(never)]
fn buckets<K: Ord>(placed: Vec<(K, GroupId)>, groups: &[RuleGroup]) -> Vec<(K, Bucket)> {
    grouped(placed).into_iter().map(|(key, ids)| (key, Bucket::new(ids, groups))).collect()
}

/// Templates that differ only in what they call a segment match the same paths.
fn unnamed(segment: &PathSegment) -> PathSegment {
    match segment {
        PathSegment::Named(_) => PathSegment::One,
        other => other.clone(),
    }
}
