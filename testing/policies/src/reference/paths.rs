//! Paths and their patterns.

use attache_plugin_config::{PathEquality, PathPattern, PathSegment};
use std::collections::BTreeMap;

/// What the named segments of a template have caught.
pub type Captures = BTreeMap<String, String>;

pub(super) const LOOSEST: PathEquality = PathEquality { any_case: true, any_trailing_slash: true };

/// How a list of paths is compared.
#[derive(Clone, Copy)]
pub(super) struct Compared {
    pub(super) by: PathEquality,
    /// What matches allows less.
    pub(super) denies: bool,
}

impl Compared {
    pub(super) fn any(self, patterns: &[PathPattern], path: &str) -> bool {
        patterns.iter().any(|pattern| self.one(pattern, path).is_some())
    }

    /// A path is another in any letter case, and without slashes at its end or with one.
    pub(super) fn one(self, pattern: &PathPattern, asked: &str) -> Option<Captures> {
        if self.denies && *pattern == PathPattern::Any {
            return Some(Captures::new());
        }
        let bare = match asked.trim_end_matches('/') {
            "" if asked.starts_with('/') => "/".to_owned(),
            bare => bare.to_owned(),
        };
        let spellings = match self.by.any_trailing_slash {
            true if bare.len() > 1 => vec![bare.clone(), format!("{bare}/")],
            true => vec![bare],
            false => vec![asked.to_owned()],
        };
        spellings.iter().find_map(|spelling| path(pattern, spelling, self.by.any_case))
    }
}

/// Letters of these tests are those of ASCII, and some that have one capital letter each.
pub(super) fn spelled(text: &str, any_case: bool) -> String {
    if any_case { text.to_lowercase() } else { text.to_owned() }
}

/// Matches a path with a pattern, in any letter case or as it is; `None` where it does not match.
pub fn path(pattern: &PathPattern, path: &str, any_case: bool) -> Option<Captures> {
    let compared = spelled(path, any_case);
    let matches = match pattern {
        PathPattern::Exact(text) => compared == spelled(text, any_case),
        PathPattern::Prefix(text) => compared.starts_with(&spelled(text, any_case)),
        PathPattern::Suffix(text) => compared.ends_with(&spelled(text, any_case)),
        PathPattern::Any => !path.is_empty(),
        PathPattern::Template(segments) => {
            let actual: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
            return template(segments, &actual, any_case);
        }
    };
    matches.then(Captures::new)
}

fn template(segments: &[PathSegment], actual: &[&str], any_case: bool) -> Option<Captures> {
    let Some((segment, segments)) = segments.split_first() else {
        return actual.is_empty().then(Captures::new);
    };
    if *segment == PathSegment::Many {
        return (0..=actual.len()).find_map(|many| template(segments, &actual[many..], any_case));
    }
    let (first, actual) = actual.split_first()?;
    match segment {
        PathSegment::Literal(text) => {
            (spelled(text, any_case) == spelled(first, any_case)).then_some(())?
        }
        _ => (!first.is_empty()).then_some(())?,
    }
    let mut captures = template(segments, actual, any_case)?;
    if let PathSegment::Named(name) = segment {
        captures.insert(name.clone(), (*first).to_owned());
    }
    Some(captures)
}
