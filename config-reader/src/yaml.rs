//! YAML, read by the rules of JSON: a key twice is an error, and no word but `true` and `false` is
//! a Boolean.

use crate::{Diagnostic, Node, PathRef};

/// Reads one document of YAML 1.2.
///
/// ```
/// use attache_config_reader::{Node, read_yaml};
///
/// let node = read_yaml("id: no\n").unwrap();
/// assert_eq!(node.get("id"), Some(&Node::String("no".to_owned())));
/// ```
///
/// # Errors
/// What is no YAML, a key that is repeated, or more than one document, with line and column, and
/// without the lines: they may hold a secret.
pub fn read_yaml(text: &str) -> Result<Node, Diagnostic> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| not_yaml(&error))
}

/// Reads every document of a stream of YAML 1.2, those without content left out, so that the result
/// is parallel to [`SourceText::documents`](crate::SourceText::documents).
///
/// ```
/// use attache_config_reader::read_yaml_stream;
///
/// assert_eq!(read_yaml_stream("a: 1\n---\n---\na: 2\n").unwrap().len(), 2);
/// ```
///
/// # Errors
/// As [`read_yaml`].
pub fn read_yaml_stream(text: &str) -> Result<Vec<Node>, Diagnostic> {
    serde_saphyr::from_multiple_with_options(text, options()).map_err(|error| not_yaml(&error))
}

/// Returns the options of YAML 1.2, where `no` is a word. An error has no line of the text.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! { strict_booleans: true, with_snippet: false }
}

fn not_yaml(error: &serde_saphyr::Error) -> Diagnostic {
    PathRef::Root.error(format!("not valid YAML: {error}"))
}
