//! From a request to the groups that may fit it: by path, then, where many groups share a path, by
//! host and by caller.

mod affix;
mod bucket;
mod patterns;
mod templates;

use super::lazy_request::LazyRequest;
use super::pattern::PathTest;
use super::rule_group::{GroupId, RuleGroup};
use attache_plugin_config::{PathEquality, PathPattern, PathSegment, StringPattern};
use bucket::Bucket;
use patterns::Patterns;
use std::collections::BTreeMap;
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
        let mut drafts: BTreeMap<PathEquality, Draft> = BTreeMap::new();
        let mut anywhere = Vec::new();
        for (id, rule_group) in (0..).map(GroupId).zip(groups) {
            match &rule_group.path {
                Some(PathTest { pattern, equality }) => {
                    drafts.entry(*equality).or_default().add(pattern, id)
                }
                None => anywhere.push(id),
            }
        }
        let exact = drafts.remove(&PathEquality::default()).unwrap_or_default();
        Self {
            exact: exact.finish(groups),
            loose: drafts
                .into_iter()
                .map(|(equality, draft)| (equality, draft.finish(groups)))
                .collect(),
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
    fn visit(&self, path: &str, request: &LazyRequest<'_>, found: &mut impl FnMut(GroupId)) {
        self.patterns.visit(path, &mut |bucket| bucket.visit(request, found));
        self.templates.visit(path, &mut |bucket| bucket.visit(request, found));
    }
}

/// Sites by what they are found by.
#[derive(Default)]
struct Draft {
    patterns: BTreeMap<StringPattern, Vec<GroupId>>,
    templates: BTreeMap<Vec<PathSegment>, Vec<GroupId>>,
}

impl Draft {
    fn add(&mut self, pattern: &PathPattern, id: GroupId) {
        let pattern = match pattern {
            PathPattern::Exact(text) => StringPattern::Exact(text.clone()),
            PathPattern::Prefix(text) => StringPattern::Prefix(text.clone()),
            PathPattern::Suffix(text) => StringPattern::Suffix(text.clone()),
            PathPattern::Any => StringPattern::Any,
            PathPattern::Template(segments) => {
                let segments = segments.iter().map(unnamed).collect();
                return self.templates.entry(segments).or_default().push(id);
            }
        };
        self.patterns.entry(pattern).or_default().push(id);
    }

    #[inline(never)]
    fn finish(self, groups: &[RuleGroup]) -> Paths {
        let bucket = |ids: Vec<GroupId>| Bucket::new(ids, groups);
        Paths {
            patterns: self
                .patterns
                .into_iter()
                .map(|(pattern, ids)| (pattern, bucket(ids)))
                .collect(),
            templates: self
                .templates
                .into_iter()
                .map(|(segments, ids)| (segments, bucket(ids)))
                .collect(),
        }
    }
}

/// Templates that differ only in what they call a segment match the same paths.
fn unnamed(segment: &PathSegment) -> PathSegment {
    match segment {
        PathSegment::Named(_) => PathSegment::One,
        other => other.clone(),
    }
}
