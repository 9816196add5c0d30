//! Sets of paths, as routes of a mesh say them.

use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};
use std::fmt;

/// A set of paths, without queries.
#[derive(Clone, Debug)]
pub enum PathMatch {
    /// This path.
    Exact(String),
    /// Every path that begins so, whether or not a segment ends there.
    Prefix(String),
    /// Every path that all of this matches, in the syntax of RE2.
    Regex {
        /// As it is written, without anchors.
        source: String,
        /// The same with anchors.
        regex: Regex,
    },
}

impl PathMatch {
    /// Creates a set by a regular expression for all of a path; `None` where that is none.
    #[must_use]
    pub fn regex(source: &str) -> Option<Self> {
        let regex = Regex::new(&format!("^(?:{source})$")).ok()?;
        Some(Self::Regex { source: source.to_owned(), regex })
    }

    /// Returns whether a path is in the set.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        match self {
            Self::Exact(exact) => path == exact,
            Self::Prefix(prefix) => path.starts_with(prefix),
            Self::Regex { regex, .. } => regex.is_match(path),
        }
    }

    /// Returns some paths of the set, the shortest first.
    #[must_use]
    pub fn examples(&self) -> Vec<String> {
        match self {
            Self::Exact(path) => vec![path.clone()],
            Self::Prefix(prefix) => {
                let border = if prefix.ends_with('/') { "" } else { "/" };
                vec![prefix.clone(), format!("{prefix}{border}x/1"), format!("{prefix}x")]
            }
            Self::Regex { source, .. } => {
                let Ok(hir) = regex_syntax::parse(source) else { return Vec::new() };
                let paths = [0, 1].map(|extra| {
                    let mut path = String::new();
                    example(&hir, extra, &mut path);
                    path
                });
                paths.into_iter().filter(|path| self.matches(path)).collect()
            }
        }
    }

    /// Returns whether two sets have a path in common, as far as examples of each tell.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.examples().iter().any(|path| other.matches(path))
            || other.examples().iter().any(|path| self.matches(path))
    }

    /// Returns whether every path of another set is in this one, as far as examples tell.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Prefix(own), Self::Prefix(prefix)) => prefix.starts_with(own.as_str()),
            (Self::Exact(_), Self::Prefix(_)) => false,
            _ => {
                let examples = other.examples();
                !examples.is_empty() && examples.iter().all(|path| self.matches(path))
            }
        }
    }
}

impl PartialEq for PathMatch {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(a), Self::Exact(b)) | (Self::Prefix(a), Self::Prefix(b)) => a == b,
            (Self::Regex { source: a, .. }, Self::Regex { source: b, .. }) => a == b,
            _ => false,
        }
    }
}

impl Eq for PathMatch {}

/// Writes `/v1/*` for a prefix, and `~` before a regular expression.
impl fmt::Display for PathMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(path) => f.write_str(path),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::Regex { source, .. } => write!(f, "~{source}"),
        }
    }
}

/// Adds a text that a regular expression matches, with each repetition as often as it must be and
/// `extra` times more.
fn example(hir: &Hir, extra: u32, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.push(member(class)),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            let times = repetition.min.saturating_add(extra).min(most).min(64);
            for _ in 0..times {
                example(&repetition.sub, extra, text);
            }
        }
        HirKind::Capture(capture) => example(&capture.sub, extra, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| example(part, extra, text)),
        HirKind::Alternation(parts) => {
            if let Some(part) = parts.first() {
                example(part, extra, text);
            }
        }
    }
}

/// Returns a character of a class, a letter or digit where it has one.
fn member(class: &Class) -> char {
    let is_member = |c: char| match class {
        Class::Unicode(class) => {
            class.iter().any(|range| (range.start()..=range.end()).contains(&c))
        }
        Class::Bytes(class) => u8::try_from(c)
            .is_ok_and(|c| class.iter().any(|range| (range.start()..=range.end()).contains(&c))),
    };
    let first = match class {
        Class::Unicode(class) => class.iter().next().map(|range| range.start()),
        Class::Bytes(class) => class.iter().next().map(|range| char::from(range.start())),
    };
    ('a'..='z').chain('0'..='9').chain('A'..='Z').find(|c| is_member(*c)).or(first).unwrap_or('x')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(source: &str) -> PathMatch {
        PathMatch::regex(source).unwrap()
    }

    #[test]
    fn examples_are_members() {
        assert_eq!(regex("/a/[0-9]{2}.*").examples(), ["/a/00", "/a/00a"]);
        assert_eq!(regex("/(?:x|y)/[^/]+").examples(), ["/x/a", "/x/aa"]);
        let prefix = PathMatch::Prefix("/foo".into());
        assert!(prefix.examples().iter().all(|path| prefix.matches(path)));
    }

    #[test]
    fn sets_overlap_and_cover() {
        let prefix = |text: &str| PathMatch::Prefix(text.into());
        assert!(
            prefix("/foo").overlaps(&prefix("/foobar"))
                && prefix("/foo").covers(&prefix("/foobar"))
        );
        assert!(!prefix("/foobar").covers(&prefix("/foo")));
        assert!(!prefix("/foo/").overlaps(&PathMatch::Exact("/foo".into())));
        assert!(
            prefix("/a/").overlaps(&regex("/a/[0-9]+"))
                && !prefix("/b/").overlaps(&regex("/a/[0-9]+"))
        );
    }
}
