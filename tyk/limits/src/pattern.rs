//! Patterns of endpoints: which paths they are for.

use crate::settings::Settings;
use attache_tyk_routes::gateway::{Served, endpoint_expression};
use regex::Regex;

/// Returns whether a pattern is for a path as clients ask for it.
pub(crate) fn is_met(served: &Served, pattern: &str, path: &str, settings: &Settings) -> bool {
    matches(pattern, &served.listen.strip(path), settings) && !names_listen_path(served, pattern)
}

/// Returns whether a pattern begins with the listen path, which Tyk takes away before it looks.
pub(crate) fn names_listen_path(served: &Served, pattern: &str) -> bool {
    let listen = served.listen.text().trim_end_matches('/');
    let rest = pattern.trim_start_matches('^').strip_prefix(listen);
    !listen.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns whether a pattern is for a path without the listen path; one that can't be read is for
/// none.
pub(crate) fn matches(pattern: &str, path: &str, settings: &Settings) -> bool {
    let source = endpoint_expression(pattern, &settings.routing);
    Regex::new(&source).is_ok_and(|regex| regex.is_match(path))
}

/// Returns a path that a pattern matches: `1` for a parameter.
pub(crate) fn sample(pattern: &str) -> String {
    let mut path = String::new();
    let mut rest = pattern.trim_start_matches('^').trim_end_matches('$');
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        path.push('1');
        rest = after.split_once('}').map_or("", |(_, tail)| tail);
    }
    (path + rest).replace('*', "1")
}

/// Returns a path below a listen path.
pub(crate) fn joined(listen: &str, rest: &str) -> String {
    format!("{}/{}", sample(listen).trim_end_matches('/'), rest.trim_start_matches('/'))
}
