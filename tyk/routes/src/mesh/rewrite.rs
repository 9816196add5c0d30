//! What a rewrite makes of URLs, as far as it tells before there is a request.

use super::shape::Shape;
use crate::definition::Rewrite;
use crate::url::Target;
use regex::Regex;

/// What stands for what a request, a session or a store says.
const VARIABLE: &str = r"\$(?:\d+|(?:tyk_context|tyk_meta|secret_conf|secret_env|secret_vault|secret_consul|secret_file)\.[A-Za-z0-9_/.\-]+)";

/// A URL that a rewrite makes.
pub(super) struct Rewritten {
    /// The URL, variables and all.
    pub(super) url: Target,
    /// The paths that it may have.
    pub(super) shape: Shape,
    /// Whether a variable says where it goes.
    pub(super) is_unknown: bool,
}

/// Returns what a rewrite may make of a URL.
pub(super) fn rewritten(rewrite: &Rewrite) -> Vec<Rewritten> {
    let all = std::iter::once(&rewrite.to).chain(&rewrite.triggers);
    all.filter(|to| !to.is_empty()).map(|to| one(to)).collect()
}

fn one(to: &str) -> Rewritten {
    let url = Target::parse(to);
    let is_unknown = to.starts_with('$') || url.authority.contains('$');
    let path = if url.path.starts_with('/') { url.path.clone() } else { format!("/{}", url.path) };
    Rewritten { shape: shape(&path), url, is_unknown }
}

/// Returns the paths that a text with variables stands for.
fn shape(path: &str) -> Shape {
    let Ok(variable) = Regex::new(VARIABLE) else { return Shape::Any };
    let mut found = variable.find_iter(path).peekable();
    let Some(first) = found.peek().map(|found| found.start()) else {
        return Shape::Exact(path.to_owned());
    };
    let mut source = String::new();
    let mut end = 0;
    for found in found {
        source.push_str(&regex::escape(path.get(end..found.start()).unwrap_or_default()));
        source.push_str(".*");
        end = found.end();
    }
    source.push_str(&regex::escape(path.get(end..).unwrap_or_default()));
    Shape::Regex { source, length: first }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_stand_for_anything() {
        let shape = |to: &str| one(to).shape;
        assert_eq!(shape("/new/$1/x?y=$2"), Shape::Regex { source: "/new/.*/x".into(), length: 5 });
        assert_eq!(shape("/new"), Shape::Exact("/new".into()));
        assert!(one("http://$1/x").is_unknown && !one("tyk://self/x/$1").is_unknown);
    }
}
