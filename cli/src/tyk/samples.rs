//! Paths and methods of requests that a rule is for.

use attache_plugin_config::{Operation, PathPattern, PathSegment};
use attache_tyk_routes::drift::{METHODS, Sample};

/// What stands for a segment that may be any.
const SEGMENT: &str = "x";

/// Returns requests that an operation of a rule may be for, with each of its methods; those that
/// its other parts leave out are among them. `within` are paths near which they are looked for
/// where a pattern leaves that open.
pub(super) fn samples(operation: &Operation, within: &[String]) -> Vec<Sample> {
    let mut paths: Vec<String> =
        operation.paths.iter().flat_map(|pattern| paths(pattern, within)).collect();
    if operation.paths.is_empty() {
        paths.extend_from_slice(within);
    }
    let mut methods: Vec<&str> = operation.methods.iter().map(String::as_str).collect();
    if methods.is_empty() {
        let excluded = |method: &str| operation.not_methods.iter().any(|other| other == method);
        methods.extend(METHODS.iter().filter(|method| !excluded(method)));
    }
    let mut samples = Vec::new();
    for path in &paths {
        for method in &methods {
            samples.push(Sample { method: (*method).to_owned(), path: path.clone() });
        }
    }
    samples
}

/// Returns paths that a pattern is for.
fn paths(pattern: &PathPattern, within: &[String]) -> Vec<String> {
    match pattern {
        PathPattern::Any => within.to_vec(),
        PathPattern::Exact(path) => vec![path.clone()],
        PathPattern::Prefix(start) => {
            let below = format!("{}/{SEGMENT}", start.trim_end_matches('/'));
            let mut paths = vec![start.clone(), format!("{start}{SEGMENT}"), below];
            paths.extend(within.iter().filter(|path| path.starts_with(start)).cloned());
            paths
        }
        PathPattern::Suffix(end) => {
            let border = if end.starts_with('/') { String::new() } else { format!("/{SEGMENT}") };
            within
                .iter()
                .map(|path| format!("{}{border}{end}", path.trim_end_matches('/')))
                .collect()
        }
        PathPattern::Template(segments) => {
            let mut paths = filled(segments, &[]);
            for path in within {
                let near: Vec<&str> =
                    path.split('/').filter(|segment| !segment.is_empty()).collect();
                paths.extend(filled(segments, &near));
            }
            paths.dedup();
            paths
        }
    }
}

/// Returns a template's paths whose open segments are those of a path at the same place, as far as
/// it has some.
fn filled(segments: &[PathSegment], near: &[&str]) -> Vec<String> {
    let has_many = segments.contains(&PathSegment::Many);
    let most = if has_many { near.len().max(1) } else { 0 };
    let mut paths = Vec::new();
    for many in 0..=most {
        let mut path: Vec<&str> = Vec::new();
        for segment in segments {
            let count = if *segment == PathSegment::Many { many } else { 1 };
            for _ in 0..count {
                path.push(match segment {
                    PathSegment::Literal(text) => text,
                    _ => near.get(path.len()).copied().unwrap_or(SEGMENT),
                });
            }
        }
        paths.push(format!("/{}", path.join("/")));
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_for_its_paths_and_they_are_near_what_arrives() {
        let within = ["/v2".to_owned(), "/v2/x/1".to_owned()];
        for (pattern, expected) in [
            ("*", "/v2"),
            ("/v2/accounts", "/v2/accounts"),
            ("/v2/accounts*", "/v2/accounts"),
            ("/v2*", "/v2/x/1"),
            ("/v2/accounts/{**}", "/v2/accounts"),
            ("/v2/accounts/{**}", "/v2/accounts/x"),
            ("/v2/accounts/{id}", "/v2/accounts/x"),
            ("/{*}/accounts", "/v2/accounts"),
            ("/{**}/accounts", "/v2/accounts"),
            ("*.css", "/v2/x.css"),
            ("*/accounts", "/v2/accounts"),
        ] {
            let found = paths(&PathPattern::parse(pattern).unwrap(), &within);
            assert!(found.iter().any(|path| path == expected), "{pattern}: {found:?}");
        }
    }

    #[test]
    fn an_operation_without_methods_is_for_the_usual_ones() {
        let operation = Operation {
            paths: vec![PathPattern::Exact("/a".into())],
            not_methods: vec!["GET".into()],
            ..Operation::default()
        };
        let methods: Vec<String> =
            samples(&operation, &[]).into_iter().map(|sample| sample.method).collect();
        assert_eq!(methods, ["POST", "PUT", "PATCH", "DELETE"]);
    }
}
