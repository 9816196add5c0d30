//! The patterns of endpoints.

use super::template::last_line;
use crate::Settings;
use crate::definition::Endpoint;
use regex::Regex;

/// What an endpoint's path matches, and for a rewrite what its URL must match.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    path: Regex,
    pub(super) url: Option<Regex>,
}

impl Pattern {
    pub(super) fn new(endpoint: &Endpoint, settings: &Settings) -> Result<Self, String> {
        let mut source = translate(&endpoint.path, settings);
        if endpoint.ignores_case || settings.ignores_case {
            source.insert_str(0, "(?i)");
        }
        let compile = |source: &str| Regex::new(source).map_err(|error| last_line(&error));
        let url = match &endpoint.action {
            crate::definition::Action::Rewrite(rewrite) => Some(compile(&rewrite.pattern)?),
            _ => None,
        };
        Ok(Self { path: compile(&source)?, url })
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        self.path.is_match(path)
    }
}

/// Returns the regular expression that Tyk makes of an endpoint's path.
#[must_use]
pub fn translate(path: &str, settings: &Settings) -> String {
    let open = path.matches('{').count();
    let mut source = if open > 0 && open == path.matches('}').count() {
        parameters(path)
    } else {
        path.to_owned()
    };
    if source.contains("/*") {
        source = source.replace("/*/", "/[^/]+/").replace("/*", "/.*");
    }
    if settings.matches_prefix && source.starts_with('/') {
        source.insert(0, '^');
    }
    if settings.matches_suffix && !source.ends_with('$') {
        source.push('$');
    }
    source
}

/// Puts what stands for one segment in the place of each `{…}`.
fn parameters(path: &str) -> String {
    let mut source = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        source.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) if !name.is_empty() => {
                source.push_str("([^/]+)");
                rest = tail;
            }
            _ => {
                source.push('{');
                rest = after;
            }
        }
    }
    source + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switches_anchor() {
        let settings = |matches_prefix, matches_suffix| Settings {
            matches_prefix,
            matches_suffix,
            ..Settings::default()
        };
        for (path, prefix, suffix, source) in [
            ("/users/{id}", false, false, "/users/([^/]+)"),
            ("/users/{id}", true, true, "^/users/([^/]+)$"),
            ("users$", true, true, "users$"),
            ("/a/*/b/*", false, false, "/a/[^/]+/b/.*"),
            ("/a/{id", true, false, "^/a/{id"),
        ] {
            assert_eq!(translate(path, &settings(prefix, suffix)), source);
        }
    }
}
