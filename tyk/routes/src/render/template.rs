//! Endpoints of a definition as paths of a policy.

use crate::Settings;

/// An endpoint's pattern as paths of a rule.
pub(super) struct RulePaths {
    /// The paths, without what stands before them.
    pub(super) paths: Vec<String>,
    /// How they say less than Tyk does; `None` where they say the same.
    pub(super) lacks: Option<&'static str>,
}

/// Returns an endpoint's pattern as paths of a rule; `None` where it is a regular expression that
/// they can't say.
pub(super) fn rule_paths(pattern: &str, settings: &Settings) -> Option<RulePaths> {
    let is_anchored = pattern.starts_with('^');
    let ends = pattern.ends_with('$') || settings.matches_suffix;
    let text = pattern.trim_start_matches('^').trim_end_matches('$');
    let (text, is_open) = match text.strip_suffix("/*") {
        Some(short) => (format!("{short}/"), true),
        None => (text.to_owned(), false),
    };
    if !text.starts_with('/') {
        return None;
    }
    let segments: Option<Vec<&str>> = text.split('/').skip(1).map(segment).collect();
    let segments = segments?;
    let path = format!("/{}", segments.join("/"));
    let has_parameter = segments.contains(&PARAMETER);
    let starts = is_anchored || settings.matches_prefix;
    let mut paths = Vec::new();
    let mut lacks = (!starts).then_some("it matches anywhere in a path until enable_path_prefix_matching is on, and the rule from its beginning");
    if ends && !is_open {
        paths.push(path);
    } else if !has_parameter {
        paths.push(path + "*");
    } else if path.ends_with('/') {
        paths.push(format!("{path}{{**}}"));
    } else {
        paths.push(path.clone());
        paths.push(format!("{path}/{{**}}"));
        if segments.last() != Some(&PARAMETER) {
            lacks = lacks.or(Some("it goes on after its last segment until enable_path_suffix_matching is on, and the rule at a `/`"));
        }
    }
    Some(RulePaths { paths, lacks })
}

/// What stands for one segment.
const PARAMETER: &str = "{*}";

/// Returns a segment as a rule has it; `None` where it is more than a text or a parameter.
fn segment(segment: &str) -> Option<&str> {
    if segment == "*"
        || (segment.starts_with('{') && segment.find('}') == Some(segment.len().saturating_sub(1)))
    {
        return Some(PARAMETER);
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_~.!,;:@=".contains(c);
    segment.chars().all(is_plain).then_some(segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_paths_that_say_no_more() {
        let both = Settings { matches_prefix: true, matches_suffix: true, ..Settings::default() };
        let prefix = Settings { matches_prefix: true, ..Settings::default() };
        for (pattern, settings, paths, says_all) in [
            ("/users/{id}", &both, vec!["/users/{*}"], true),
            ("/users", &prefix, vec!["/users*"], true),
            ("/users/{id}", &prefix, vec!["/users/{*}", "/users/{*}/{**}"], true),
            (
                "/users/{id}/orders",
                &prefix,
                vec!["/users/{*}/orders", "/users/{*}/orders/{**}"],
                false,
            ),
            ("/a/*", &both, vec!["/a/*"], true),
            ("/users", &Settings::default(), vec!["/users*"], false),
        ] {
            let found = rule_paths(pattern, settings).unwrap();
            assert_eq!(
                (found.paths, found.lacks.is_none()),
                (paths.iter().map(|path| (*path).to_owned()).collect(), says_all),
                "{pattern}"
            );
        }
        assert!(
            rule_paths("/users/[0-9]+", &both).is_none() && rule_paths("users", &both).is_none()
        );
    }
}
