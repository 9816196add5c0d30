//! Wider patterns of paths.

/// Returns a pattern that fits a little more than another: what begins with it, or with all but its
/// last segment; `None` where it fits everything, or only its end is known.
pub(super) fn widened(pattern: &str) -> Option<String> {
    if pattern.starts_with('*') || pattern == "/*" || pattern == "/{**}" {
        return None;
    }
    if let Some(head) = pattern.strip_suffix("/{**}") {
        return Some(format!("{}/{{**}}", parent(head)));
    }
    if pattern.contains('{') {
        return Some(format!("{}/{{**}}", parent(pattern)));
    }
    if let Some(head) = pattern.strip_suffix('*') {
        return Some(format!("{}/*", parent(head)));
    }
    Some(format!("{pattern}*"))
}

/// Returns a path without its last segment and the slash before it.
fn parent(path: &str) -> &str {
    let path = path.strip_suffix('/').unwrap_or(path);
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use attache_plugin_config::PathPattern;

    #[test]
    fn a_pattern_is_wider_by_a_segment_and_still_a_pattern() {
        for (pattern, wider) in [
            ("/orders", "/orders*"),
            ("/", "/*"),
            ("/orders/7", "/orders/7*"),
            ("/orders*", "/*"),
            ("/a/b*", "/a/*"),
            ("/a/b/*", "/a/*"),
            ("/orders/{id}", "/orders/{**}"),
            ("/orders/{id}/items", "/orders/{id}/{**}"),
            ("/users/{id}/orders/{**}", "/users/{id}/{**}"),
            ("/a/{**}", "/{**}"),
        ] {
            assert_eq!(widened(pattern).as_deref(), Some(wider), "{pattern}");
            assert!(PathPattern::parse(wider).is_ok(), "{wider}");
        }
        for pattern in ["*", "*.css", "/*", "/{**}"] {
            assert_eq!(widened(pattern), None, "{pattern}");
        }
    }
}
