//! From a request to the sites that may fit it: by path, then, where many sites share a path, by host and by caller.

mod affix;
mod bucket;
mod patterns;
mod templates;

use super::site::{Asked, Site, SiteId};
use attache_plugin_config::{PathPattern, PathSegment, StringPattern};
use bucket::Bucket;
use patterns::Patterns;
use std::collections::BTreeMap;
use templates::Templates;

/// All sites, by their path.
#[derive(Debug)]
pub(super) struct PathIndex {
    patterns: Patterns<Bucket>,
    templates: Templates<Bucket>,
    /// The sites that any path fits.
    anywhere: Bucket,
}

impl PathIndex {
    pub(super) fn new(sites: &[Site]) -> Self {
        let mut by_pattern: BTreeMap<StringPattern, Vec<SiteId>> = BTreeMap::new();
        let mut by_template: BTreeMap<Vec<PathSegment>, Vec<SiteId>> = BTreeMap::new();
        let mut anywhere = Vec::new();
        for (id, site) in (0..).map(SiteId).zip(sites) {
            match key(site.path.as_ref()) {
                Key::Pattern(pattern) => by_pattern.entry(pattern).or_default().push(id),
                Key::Template(segments) => by_template.entry(segments).or_default().push(id),
                Key::Anywhere => anywhere.push(id),
            }
        }
        let bucket = |ids: Vec<SiteId>| Bucket::new(ids, sites);
        Self {
            patterns: by_pattern.into_iter().map(|(pattern, ids)| (pattern, bucket(ids))).collect(),
            templates: by_template.into_iter().map(|(segments, ids)| (segments, bucket(ids))).collect(),
            anywhere: bucket(anywhere),
        }
    }

    /// Visits all sites that fit the request, and some that don't; one may come twice.
    pub(super) fn visit(&self, asked: &Asked<'_>, found: &mut impl FnMut(SiteId)) {
        self.anywhere.visit(asked, found);
        self.patterns.visit(asked.path(), &mut |bucket| bucket.visit(asked, found));
        self.templates.visit(asked.path(), &mut |bucket| bucket.visit(asked, found));
    }
}

enum Key {
    Pattern(StringPattern),
    Template(Vec<PathSegment>),
    Anywhere,
}

fn key(path: Option<&PathPattern>) -> Key {
    match path {
        None => Key::Anywhere,
        Some(PathPattern::Exact(text)) => Key::Pattern(StringPattern::Exact(text.clone())),
        Some(PathPattern::Prefix(text)) => Key::Pattern(StringPattern::Prefix(text.clone())),
        Some(PathPattern::Suffix(text)) => Key::Pattern(StringPattern::Suffix(text.clone())),
        Some(PathPattern::Any) => Key::Pattern(StringPattern::Any),
        Some(PathPattern::Template(segments)) => Key::Template(segments.iter().map(unnamed).collect()),
    }
}

/// Templates that differ only in what they call a segment match the same paths.
fn unnamed(segment: &PathSegment) -> PathSegment {
    match segment {
        PathSegment::Named(_) => PathSegment::One,
        other => other.clone(),
    }
}
