//! Paths of requests on their way through the gateway, as far as a definition tells.

use super::PathMatch;
use crate::gateway::ListenPath;

/// A set of paths within the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Any.
    Any,
    /// One.
    Exact(String),
    /// What begins so; at the end of a segment where that is asked for.
    Begins { text: String, is_strict: bool },
    /// What all of a regular expression matches, and the length by which Tyk orders it.
    Regex { source: String, length: usize },
}

impl Shape {
    /// Returns the paths that a listen path is for.
    pub(super) fn of(listen: &ListenPath, is_strict: bool) -> Self {
        match listen.regex() {
            None => Self::Begins { text: listen.text().to_owned(), is_strict },
            Some(source) => Self::Regex { source: format!("{source}.*"), length: listen.length() },
        }
    }

    /// Returns what becomes of the paths where a listen path is stripped.
    pub(super) fn strip(&self, listen: &ListenPath) -> Vec<Self> {
        match self {
            Self::Any => vec![Self::Any],
            Self::Exact(path) => vec![Self::Exact(listen.strip(path))],
            Self::Begins { text, is_strict } => {
                if listen.regex().is_none()
                    && listen.text().starts_with(text.as_str())
                    && listen.text() != text
                {
                    // Some begin with it.
                    return vec![self.clone(), Self::Any];
                }
                if !listen.matches(text) {
                    return vec![self.clone()];
                }
                let rest = listen.strip(text);
                let is_all = rest == "/";
                vec![if is_all {
                    Self::Any
                } else {
                    Self::Begins { text: rest, is_strict: *is_strict }
                }]
            }
            Self::Regex { source, .. } => {
                let own = listen.regex().is_some_and(|regex| source.starts_with(regex));
                let rest =
                    listen.regex().and_then(|regex| source.strip_prefix(regex)).unwrap_or_default();
                match (own, rest) {
                    (false, _) => vec![self.clone()],
                    (true, ".*") => vec![Self::Any],
                    (true, rest) => {
                        vec![Self::Regex { source: rest.to_owned(), length: rest.len() }]
                    }
                }
            }
        }
    }

    /// Returns the paths of these whose first part after the listen path is this one; `None` where
    /// that is not told.
    pub(super) fn with_part(&self, part: &str) -> Option<Self> {
        let escaped = regex::escape(part);
        match self {
            Self::Begins { text, .. } if text.ends_with('/') => {
                Some(Self::Begins { text: format!("{text}{part}"), is_strict: true })
            }
            Self::Begins { text, .. } => Some(Self::Regex {
                source: format!("{}/?{escaped}(?:/.*)?", regex::escape(text)),
                length: text.len().saturating_add(part.len()),
            }),
            Self::Regex { source, length } => Some(Self::Regex {
                source: format!("{}/?{escaped}(?:/.*)?", source.strip_suffix(".*")?),
                length: length.saturating_add(part.len()),
            }),
            Self::Any | Self::Exact(_) => None,
        }
    }

    /// Returns the length by which paths of this shape are ordered.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Any => 1,
            Self::Exact(text) | Self::Begins { text, .. } => text.len(),
            Self::Regex { length, .. } => *length,
        }
    }

    /// Returns the paths with a target's path before them.
    pub(super) fn join(&self, target: &str) -> Vec<PathMatch> {
        let base = target.trim_end_matches('/');
        let all = || {
            if base.is_empty() {
                vec![PathMatch::Prefix("/".to_owned())]
            } else {
                vec![PathMatch::Exact(base.to_owned()), PathMatch::Prefix(format!("{base}/"))]
            }
        };
        match self {
            Self::Any => all(),
            Self::Exact(path) if path.trim_matches('/').is_empty() => {
                let mut paths = vec![PathMatch::Exact(if base.is_empty() {
                    "/".to_owned()
                } else {
                    base.to_owned()
                })];
                if !base.is_empty() && target.ends_with('/') {
                    paths.push(PathMatch::Exact(format!("{base}/")));
                }
                paths
            }
            Self::Exact(path) => vec![PathMatch::Exact(format!("{base}{path}"))],
            Self::Begins { text, .. } if text == "/" => all(),
            Self::Begins { text, is_strict: false } => {
                vec![PathMatch::Prefix(format!("{base}{text}"))]
            }
            Self::Begins { text, is_strict: true } => {
                vec![
                    PathMatch::Exact(format!("{base}{text}")),
                    PathMatch::Prefix(format!("{base}{text}/")),
                ]
            }
            Self::Regex { source, .. } => {
                PathMatch::regex(&format!("{}{source}", regex::escape(base))).into_iter().collect()
            }
        }
    }
}
