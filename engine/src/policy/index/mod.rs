//! From a request to the sites that may fit it: by path, then, where many sites share a path, by host and by caller.

mod affix;
mod bucket;
mod patterns;
mod templates;

use super::pattern::PathTest;
use super::site::{Asked, Site, SiteId};
use attache_plugin_config::{PathEquality, PathPattern, PathSegment, StringPattern};
use bucket::Bucket;
use patterns::Patterns;
use std::collections::BTreeMap;
use templates::Templates;

/// All sites, by their path.
#[derive(Debug)]
pub(super) struct PathIndex {
    /// Of paths that are compared exactly.
    exact: Paths,
    /// Of others, by what counts as the same: DENY rules are here.
    loose: Box<[(PathEquality, Paths)]>,
    /// The sites that any path fits.
    anywhere: Bucket,
}

/// Sites by paths that are compared in one way.
#[derive(Debug)]
struct Paths {
    patterns: Patterns<Bucket>,
    templates: Templates<Bucket>,
}

impl PathIndex {
    pub(super) fn new(sites: &[Site]) -> Self {
        let mut drafts: BTreeMap<PathEquality, Draft> = BTreeMap::new();
        let mut anywhere = Vec::new();
        for (id, site) in (0..).map(SiteId).zip(sites) {
            match &site.path {
                Some(PathTest { pattern, equality }) => drafts.entry(*equality).or_default().add(pattern, id),
                None => anywhere.push(id),
            }
        }
        let exact = drafts.remove(&PathEquality::default()).unwrap_or_default();
        Self {
            exact: exact.finish(sites),
            loose: drafts.into_iter().map(|(equality, draft)| (equality, draft.finish(sites))).collect(),
            anywhere: Bucket::new(anywhere, sites),
        }
    }

    /// Visits all sites that fit the request, and some that don't; one may come twice.
    pub(super) fn visit(&self, asked: &Asked<'_>, found: &mut impl FnMut(SiteId)) {
        self.anywhere.visit(asked, found);
        self.exact.visit(asked.path(), asked, found);
        for (equality, paths) in &self.loose {
            paths.visit(asked.path_as(*equality), asked, found);
        }
    }
}

impl Paths {
    fn visit(&self, path: &str, asked: &Asked<'_>, found: &mut impl FnMut(SiteId)) {
        self.patterns.visit(path, &mut |bucket| bucket.visit(asked, found));
        self.templates.visit(path, &mut |bucket| bucket.visit(asked, found));
    }
}

/// Sites by what they are found by.
#[derive(Default)]
struct Draft {
    patterns: BTreeMap<StringPattern, Vec<SiteId>>,
    templates: BTreeMap<Vec<PathSegment>, Vec<SiteId>>,
}

impl Draft {
    fn add(&mut self, pattern: &PathPattern, id: SiteId) {
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

    fn finish(self, sites: &[Site]) -> Paths {
        let bucket = |ids: Vec<SiteId>| Bucket::new(ids, sites);
        Paths {
            patterns: self.patterns.into_iter().map(|(pattern, ids)| (pattern, bucket(ids))).collect(),
            templates: self.templates.into_iter().map(|(segments, ids)| (segments, bucket(ids))).collect(),
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
