//! Patterns of endpoints: which paths they are for.
//!
//! Limits heed neither `ignore_case` of an entry nor `ignore_endpoint_case` of a version. The
//! gateway's `ignore_endpoint_case` counts for endpoints of an API, and not for those of a key.

use crate::settings::Settings;
use attache_tyk_routes::gateway::{Served, endpoint_expression};
use regex::Regex;

/// Returns whether a pattern is for a path as clients ask for it.
pub(crate) fn is_met(served: &Served, pattern: &str, path: &str, settings: &Settings) -> bool {
    is_for(pattern, &served.listen.strip(path), settings) && !names_listen_path(served, pattern)
}

/// Returns whether a pattern begins with the listen path, which Tyk takes away before it looks.
pub(crate) fn names_listen_path(served: &Served, pattern: &str) -> bool {
    let listen = served.listen.text().trim_end_matches('/');
    let rest = pattern.trim_start_matches('^').strip_prefix(listen);
    !listen.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns whether a pattern of a key's rights is for a path without the listen path; one that
/// can't be read is for none.
pub(crate) fn is_for(pattern: &str, path: &str, settings: &Settings) -> bool {
    matches(&endpoint_expression(pattern, &settings.routing), path)
}

/// Returns whether a pattern of an API is for a path without the listen path; one that can't be
/// read is for none.
pub(crate) fn is_for_in_api(pattern: &str, path: &str, settings: &Settings) -> bool {
    let case = if settings.routing.ignores_case { "(?i)" } else { "" };
    matches(&format!("{case}{}", endpoint_expression(pattern, &settings.routing)), path)
}

fn matches(expression: &str, path: &str) -> bool {
    Regex::new(expression).is_ok_and(|regex| regex.is_match(path))
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
